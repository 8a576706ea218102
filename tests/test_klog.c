// SPDX-License-Identifier: GPL-2.0
/*
 * test_klog.c - splats are found, boot noise is not taken for one
 */
#include <string.h>
#include "kselftest_harness.h"
#include "../runner/klog.h"

static const struct {
	const char *line;
	const char *what;
} splats[] = {
	{ "[    2.1] WARNING: CPU: 1 PID: 7 at kernel/sched/ext.c:1234 scx_foo+0x1/0x2",
	  "WARNING" },
	{ "[    2.100000] WARNING: kernel/sched/ext.c:1234 at scx_foo+0x1/0x2, CPU#1: x/7",
	  "WARNING" },
	{ "[    2.100000][   T12] WARNING: kernel/sched/core.c:1 at x", "WARNING" },
	{ "[    2.100000] [    T12] WARNING: kernel/sched/core.c:1 at x", "WARNING" },
	{ "[    2.100000][    C3] BUG: scheduling while atomic: x/7/0x00000002", "BUG" },
	{ "4,339,5140900,-;WARNING: kernel/sched/core.c:1 at x", "WARNING" },
	{ "4,339,5140900,-,caller=T1;WARNING: kernel/sched/core.c:1 at x", "WARNING" },
	{ "<4>[    2.100000] WARNING: kernel/sched/core.c:1 at x", "WARNING" },
	{ "[    2.1] WARNING: possible circular locking dependency detected", "lockdep" },
	{ "[    2.1] WARNING: possible recursive locking detected", "lockdep" },
	{ "[    2.1] WARNING: inconsistent lock state", "lockdep" },
	{ "[    2.1] WARNING: bad unlock balance detected!", "lockdep" },
	{ "[    2.1] INFO: trying to register non-static key.", "lockdep" },
	{ "[    2.1] WARNING: suspicious RCU usage", "suspicious RCU" },
	{ "[    2.1] BUG: kernel NULL pointer dereference, address: 0000000000000000", "BUG" },
	{ "[    2.1] BUG: sleeping function called from invalid context at x.c:1", "BUG" },
	{ "[    2.1] BUG: KASAN: slab-use-after-free in x+0x1/0x2", "KASAN" },
	{ "[    2.1] BUG: KFENCE: use-after-free read in x", "KFENCE" },
	{ "[    2.1] BUG: KCSAN: data-race in x / y", "KCSAN" },
	{ "[    2.1] BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!",
	  "workqueue lockup" },
	{ "[    2.1] BUG kmalloc-64 (Not tainted): Poison overwritten", "BUG" },
	{ "[    2.1] kernel BUG at kernel/sched/core.c:1!", "BUG" },
	{ "[    2.1] Oops: int3: 0000 [#1] SMP", "Oops" },
	{ "[    2.1] Oops: 0002 [#1] PREEMPT SMP NOPTI", "Oops" },
	{ "[    2.1] invalid opcode: 0000 [#1] SMP", "Oops" },
	{ "[    2.1] divide error: 0000 [#1] SMP", "Oops" },
	{ "[    2.1] general protection fault, probably for non-canonical address 0x1: 0000 [#1]",
	  "Oops" },
	{ "[    2.1] traps: PANIC: double fault, error_code: 0x0", "Oops" },
	{ "[    2.1] UBSAN: array-index-out-of-bounds in kernel/x.c:1:2", "UBSAN" },
	{ "[    2.1] rcu: INFO: rcu_preempt self-detected stall on CPU", "RCU stall" },
	{ "[    2.1] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", "RCU stall" },
	{ "[    2.1] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... }",
	  "RCU stall" },
	{ "[    2.1] INFO: rcu_tasks detected stalls on tasks:", "RCU stall" },
	{ "[    2.1] rcu: rcu_preempt kthread starved for 5250 jiffies! g1 f0x0", "RCU stall" },
	{ "[    2.1] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [x:7]", "soft lockup" },
	{ "[    2.1] watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1", "hard lockup" },
	{ "[    2.1] NMI watchdog: Watchdog detected hard LOCKUP on cpu 0", "hard lockup" },
	{ "[    2.1] INFO: task x:7 blocked for more than 120 seconds.", "hung task" },
	{ "[    2.1] Kernel panic - not syncing: sysrq triggered crash", "panic" },
	{ "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009", "panic" },
};

TEST(splats_are_found)
{
	enum cause cause;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(splats); i++) {
		const char *what = klog_match(splats[i].line, strlen(splats[i].line), &cause);

		ASSERT_NE(NULL, what) TH_LOG("not found: %s", splats[i].line);
		EXPECT_STREQ(splats[i].what, what) TH_LOG("%s", splats[i].line);
	}
}

/* Lines that kernels print when nothing is wrong with their scheduler. */
static const char *const noise[] = {
	"[    0.1] Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible via Spectre v2 BHB attacks!",
	"[    0.1] RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks, data leaks possible!",
	"[    0.1] MDS CPU bug present and SMT on, data leak possible. See https://kernel.org for more details.",
	"[    0.1] *BAD*gran_size: 64K \tchunk_size: 128K \tnum_reg: 8 \tlose cover RAM: -10M",
	"[    0.1] kasan: KernelAddressSanitizer initialized (generic)",
	"[    0.1] kfence: initialized - using 2097152 bytes for 255 objects at 0x1-0x2",
	"[    0.1] NMI watchdog: Perf NMI watchdog permanently disabled",
	"[    0.1] rcu: Hierarchical RCU implementation.",
	"[    0.1] rcu: \tRCU debug extended QS entry/exit.",
	"[    0.1] rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies.",
	"[    0.1] rcu: rcu_preempt: wakeup of GP kthread",
	"[    0.1] x86/mm: Checked W+X mappings: passed, no W+X pages found.",
	"[    0.1] clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as unstable because the skew is too large:",
	"[    0.1] sched_ext: BPF scheduler \"x\" disabled (runtime error)",
	"[    0.1] traps: worker[123] general protection fault ip:401000 sp:7ffc0 error:0 in x[401000+1000]",
	"[    0.1] worker[123]: segfault at 0 ip 0000000000401000 sp 00007ffc0 error 4 in x",
	"[    0.1] workqueue: foo hogged CPU for >10000us 4 times, consider switching to WQ_UNBOUND",
	"[    0.1] printk: legacy console [ttyS0] enabled",
	"[    0.1] INFO: lockdep is turned off.",
	"[    0.1] mce: CPU0: WARNING-ish text",
	"[    0.1] hung_task: disabled",
	"[    0.1] BUGs are not mentioned here",
	"[    0.1] debug: WARNING: of somebody else",
	"[bracket] WARNING: not a time stamp",
	"------------[ cut here ]------------",
	"Call Trace:",
	"",
	"[",
	"<",
	"4,5,6,-",
};

TEST(impossible_flags_are_seen)
{
	static const struct {
		const char *line;
		uint32_t bad;
	} lines[] = {
		{ "[    0.1] RSP: 0018:ffffc90000013e20 EFLAGS: 00010246\n", 0 },
		{ "RSP: 0018:ffffc90000013e20 EFLAGS: 003f7fd7\n", 0 },
		{ "[    0.006754] RSP: 0000:ffffccb5c000fa18 EFLAGS: 81180002\n", 0x81180002 },
		{ "RSP: 0018:ffffc90000013e20 EFLAGS: 00400002", 0x00400002 },
		{ "RSP: 0018:ffffc90000013e20 EFLAGS: 8118000", 0 },
		{ "RSP: 0018:ffffc90000013e20 EFLAGS: 8118000x\n", 0 },
		{ "RSP: 0018:ffffc90000013e20 ORIG_RAX: 81180002\n", 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		struct klog k = {};

		klog_scan(&k, lines[i].line, strlen(lines[i].line), 0);
		EXPECT_EQ(k.bad_eflags, lines[i].bad) TH_LOG("%s", lines[i].line);
	}
}

TEST(noise_is_not)
{
	enum cause cause;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(noise); i++) {
		const char *line = noise[i];

		EXPECT_EQ(NULL, klog_match(line, strlen(line), &cause))
			TH_LOG("taken for a splat: %s", line);
	}
}

/* A line that ends in the middle of a pattern must not be read beyond its end. */
TEST(cut_lines)
{
	enum cause cause;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(splats); i++) {
		size_t len = strlen(splats[i].line), n;

		for (n = 0; n < len; n++) {
			char *copy = malloc(n ? n : 1);

			ASSERT_NE(NULL, copy);
			memcpy(copy, splats[i].line, n);
			klog_match(copy, n, &cause);
			free(copy);
		}
	}
}

static const char log_text[] =
	"[    0.1] Linux version 7.3\r\n"
	"[    1.0] WARNING: kernel/a.c:1 at a+0x1/0x2, CPU#0: swapper/1\r\n"
	"[    1.0] Call Trace:\r\n"
	"[    1.0] ---[ end trace 0000000000000000 ]---\r\n"
	"[    1.1] nothing\r\n"
	"[    2.0] BUG: scheduling while atomic: b/7/0x2\r\n"
	"[    2.0] Call Trace:\r\n"
	"[    2.1] Kernel panic - not syncing: scheduling while atomic\r\n";

TEST(boot_and_job)
{
	size_t job = strstr(log_text, "[    1.1]") - log_text;
	struct klog k = { 0 };

	klog_scan(&k, log_text, strlen(log_text), job);
	ASSERT_EQ(3, k.nr_hits);
	EXPECT_TRUE(k.hit[0].at_boot);
	EXPECT_STREQ("WARNING", k.hit[0].what);
	EXPECT_STREQ("WARNING: kernel/a.c:1 at a+0x1/0x2, CPU#0: swapper/1", k.hit[0].line);
	EXPECT_FALSE(k.hit[1].at_boot);
	EXPECT_STREQ("BUG: scheduling while atomic: b/7/0x2", k.hit[1].line);
	EXPECT_STREQ("Kernel panic - not syncing: scheduling while atomic", k.panic);
}

TEST(same_line_from_two_logs_counts_once)
{
	static const char console[] = "[    0.9] WARNING: kernel/0.c:1 at 0\r\n"
				      "[    1.0] WARNING: kernel/a.c:1 at a\r\n";
	static const char kmsg[] = "WARNING: kernel/a.c:1 at a\nWARNING: kernel/b.c:1 at b\n";
	struct klog k = { 0 };

	klog_scan(&k, console, strlen(console), strlen(console));
	klog_scan(&k, kmsg, strlen(kmsg), 0);
	ASSERT_EQ(3, k.nr_hits);
	EXPECT_TRUE(k.hit[0].at_boot);
	/* The log that begins with the job has it as well. */
	EXPECT_FALSE(k.hit[1].at_boot);
	EXPECT_FALSE(k.hit[2].at_boot);
}

TEST(rcu_stalls_are_no_hits_where_they_are_not_judged)
{
	static const char text[] = "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"
				   "rcu: rcu_preempt kthread starved for 5257 jiffies!\n"
				   "WARNING: suspicious RCU usage\n"
				   "INFO: task a:1 blocked for more than 120 seconds.\n";
	struct klog k = { .no_rcu_stall_check = true }, boot = k, only = k, all = { };
	struct textbuf tb = { 0 };

	klog_scan(&k, text, strlen(text), 0);
	EXPECT_TRUE(k.rcu_stall);
	ASSERT_EQ(2, k.nr_hits);
	EXPECT_STREQ("suspicious RCU", k.hit[0].what);
	EXPECT_STREQ("hung task", k.hit[1].what);
	EXPECT_EQ(CAUSE_KERNEL_LOG, k.hit[1].cause);
	klog_excerpt(&k, text, strlen(text), &tb);
	EXPECT_EQ(NULL, strstr(textbuf_str(&tb), "detected stalls"));
	textbuf_free(&tb);

	klog_scan(&all, text, strlen(text), 0);
	EXPECT_FALSE(all.rcu_stall);
	ASSERT_EQ(4, all.nr_hits);
	EXPECT_EQ(CAUSE_RCU_STALL, all.hit[0].cause);

	/* It is no scheduler's that came later. And what is all there is can be seen. */
	klog_scan(&boot, text, strcspn(text, "\n"), 1);
	ASSERT_EQ(1, boot.nr_hits);
	EXPECT_TRUE(boot.hit[0].at_boot);
	klog_scan(&only, text, strcspn(text, "\n"), 0);
	EXPECT_EQ(0, only.nr_hits);
	klog_excerpt(&only, text, strcspn(text, "\n"), &tb);
	EXPECT_NE(NULL, strstr(textbuf_str(&tb), "detected stalls"));
	textbuf_free(&tb);
}

TEST(more_hits_than_are_kept)
{
	char text[64 * 64];
	struct klog k = { 0 };
	size_t len = 0;
	int i;

	for (i = 0; i < 64; i++)
		len += snprintf(text + len, sizeof(text) - len, "WARNING: kernel/x.c:%d at x\n", i);
	klog_scan(&k, text, len, 0);
	EXPECT_EQ(64, k.nr_hits);
	EXPECT_STREQ("WARNING: kernel/x.c:7 at x", k.hit[KLOG_MAX_HITS - 1].line);
}

TEST(long_line_is_cut)
{
	char line[4096] = "[ 1.0] WARNING: ";
	struct klog k = { 0 };

	memset(line + strlen(line), 'x', sizeof(line) - strlen(line) - 1);
	line[sizeof(line) - 1] = '\0';
	klog_scan(&k, line, strlen(line), 0);
	ASSERT_EQ(1, k.nr_hits);
	EXPECT_EQ(KLOG_LINE_LEN - 1, strlen(k.hit[0].line));
}

TEST(excerpt)
{
	const struct klog k = { .nr_hits = 3 };
	struct textbuf tb = { 0 };

	klog_excerpt(&k, log_text, strlen(log_text), &tb);
	EXPECT_EQ(NULL, strstr(textbuf_str(&tb), "nothing"));
	EXPECT_EQ(NULL, strstr(textbuf_str(&tb), "Linux version"));
	EXPECT_NE(NULL, strstr(textbuf_str(&tb), "end trace"));
	EXPECT_NE(NULL, strstr(textbuf_str(&tb), "panic"));
	EXPECT_EQ(NULL, strchr(textbuf_str(&tb), '\r'));
	textbuf_free(&tb);
}

TEST(textbuf_keeps_the_newest)
{
	struct textbuf tb = { 0 };
	char line[128];
	int i;

	for (i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line),
			 "line %d of a text that is much too long to be kept as a whole", i);
		textbuf_add(&tb, line, strlen(line));
		ASSERT_LE(tb.len, TEXTBUF_LIMIT);
	}
	EXPECT_GT(tb.nr_dropped, 0);
	EXPECT_NE(NULL, strstr(tb.data, "line 4999 "));
	EXPECT_EQ(NULL, strstr(tb.data, "line 0 "));
	EXPECT_EQ(0, strncmp(tb.data, "line ", 5));
	textbuf_free(&tb);

	textbuf_tail(&tb, "a\nb\r\nc\n\n", 8, 2);
	EXPECT_STREQ("b\nc\n", textbuf_str(&tb));
	textbuf_free(&tb);
	textbuf_tail(&tb, NULL, 0, 2);
	textbuf_tail(&tb, "", 0, 2);
	EXPECT_STREQ("", textbuf_str(&tb));
	textbuf_free(&tb);

	/* What comes after a NUL is not hidden by it. */
	textbuf_add(&tb, "a\0b\0", 4);
	textbuf_add(&tb, "c", 1);
	EXPECT_STREQ("a?b?\nc\n", textbuf_str(&tb));
	textbuf_free(&tb);
}

TEST_HARNESS_MAIN
