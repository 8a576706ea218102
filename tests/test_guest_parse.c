// SPDX-License-Identifier: GPL-2.0
/* What PID 1 reads: kernel log, sched_ext's files, a loader's log, the command line, the job. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kselftest_harness.h"
#include "../guest/cmdline.h"
#include "../guest/instrument.h"
#include "../guest/job.h"
#include "../guest/klog.h"
#include "../guest/sched_log.h"
#include "../guest/scx.h"
#include "../runner/handoff.h"

KTSTR_TEST(declared, .desc = "to be found by its name");

/* --- kernel log ----------------------------------------------------------- */

TEST(klog_record_format)
{
	static const struct {
		const char *record;
		int ret;
		unsigned int level;
		uint64_t seq, at_us;
		const char *text;
	} cases[] = {
		{ "6,339,5140900,-;NET: Registered protocol\n", 0, 6, 339, 5140900,
		  "NET: Registered protocol" },
		{ "30,340,5690716,-;udevd[80]: hi\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP\n", 0, 6, 340,
		  5690716, "udevd[80]: hi" },
		{ "4,1,2,c,caller=T1;WARNING: a;b\n", 0, 4, 1, 2, "WARNING: a;b" },
		{ "3,1,2,-;tab\\x09 back\\x5cslash \\x41\\xzz\\x4", 0, 3, 1, 2,
		  "tab  back\\slash A\\xzz\\x4" },
		{ "3,1,2,-;", 0, 3, 1, 2, "" },
		{ "3,1,2;text", 0, 3, 1, 2, "text" },
		{ .record = "3,1,2", .ret = -EBADMSG },
		{ .record = "3;1,2,-", .ret = -EBADMSG },
		{ .record = "", .ret = -EBADMSG },
		{ .record = ";", .ret = -EBADMSG },
		{ .record = "-1,2,3,-;x", .ret = -EBADMSG },
		{ .record = "99999999999999999999,2,3,-;x", .ret = -EBADMSG },
		{ .record = "text without a head", .ret = -EBADMSG },
	};
	struct klog_rec rec;
	char buf[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(buf, sizeof(buf), "%s", cases[i].record);
		ASSERT_EQ(cases[i].ret, klog_parse(buf, &rec)) {
			TH_LOG("record %zu: %s", i, cases[i].record);
		}
		if (cases[i].ret)
			continue;
		EXPECT_EQ(cases[i].level, rec.level);
		EXPECT_EQ(cases[i].seq, rec.seq);
		EXPECT_EQ(cases[i].at_us, rec.at_us);
		EXPECT_STREQ(cases[i].text, rec.text);
	}
}

TEST(klog_levels)
{
	EXPECT_TRUE(klog_wanted(&(struct klog_rec){ .level = 4, .text = "x" }));
	EXPECT_FALSE(klog_wanted(&(struct klog_rec){ .level = 5, .text = "x" }));
	EXPECT_TRUE(klog_wanted(&(struct klog_rec){ .level = 6, .text = "sched_ext: x" }));
}

/* A socket that keeps records apart, as /dev/kmsg does. */
TEST(klog_is_bounded)
{
	static const char quiet[] = "6,1,2,-;nothing of interest", bad[] = "no record";
	struct guest g = { .com2_fd = -1 };
	unsigned int i, nr = 0;
	struct shm_frame *frame = calloc(1, sizeof(*frame));
	struct shm host;
	char rec[1024];
	void *window;
	int fd[2];

	window = mmap(NULL, SHM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, window);
	shm_format(&host, window);
	ASSERT_EQ(0, shm_attach(&g.shm, window));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd));
	g.kmsg_fd = fd[0];
	i = 1 * MIB;
	setsockopt(fd[1], SOL_SOCKET, SO_SNDBUFFORCE, &i, sizeof(i));

	ASSERT_EQ((ssize_t)sizeof(quiet), write(fd[1], quiet, sizeof(quiet)));
	ASSERT_EQ((ssize_t)sizeof(bad), write(fd[1], bad, sizeof(bad)));
	memset(rec, 'y', sizeof(rec));
	memcpy(rec, "4,1,1234567,-;", 14);
	for (i = 0; i < KLOG_MAX_LINES + 3; i++) {
		if (write(fd[1], rec, i ? 64 : sizeof(rec)) < 0)
			SKIP(return, "a socket takes only %u records", i);
	}
	klog_send(&g);

	while (shm_recv(&host, frame) == 1 && frame->type == MSG_KLOG) {
		if (!nr++) {
			EXPECT_EQ(KLOG_MAX_LINE - 1, frame->len);
			EXPECT_EQ(0, strncmp((char *)frame->payload, "[    1.234567] yy", 17));
		}
	}
	EXPECT_EQ(KLOG_MAX_LINES + 1, nr);
	EXPECT_STREQ("(3 more lines not shown, 1 lost)", (char *)frame->payload);
	close(fd[0]);
	close(fd[1]);
	munmap(window, SHM_SIZE);
	free(frame);
}

/* --- sched_ext ------------------------------------------------------------ */

FIXTURE(scx) {
	char dir[64];
	struct scx_status st;
};

static void put(FIXTURE_DATA(scx) *self, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", self->dir, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

FIXTURE_SETUP(scx)
{
	snprintf(self->dir, sizeof(self->dir), "/tmp/ktstr-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	put(self, "state", "enabled\n");
	put(self, "enable_seq", "3\n");
	put(self, "nr_rejected", "0\n");
	put(self, "switch_all", "1\n");
}

FIXTURE_TEARDOWN(scx)
{
	static const char *const names[] = {
		"state", "enable_seq", "nr_rejected", "switch_all",
		"root/ops", "root/events", "root", "",
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", self->dir, names[i]);
		remove(path);
	}
}

TEST_F(scx, files)
{
	char path[128];

	ASSERT_EQ(0, scx_read(self->dir, &self->st));
	EXPECT_TRUE(scx_is(&self->st, "enabled"));
	EXPECT_FALSE(scx_is(&self->st, "enable"));
	EXPECT_STREQ("", self->st.ops);
	EXPECT_EQ(3, self->st.enable_seq);
	EXPECT_TRUE(self->st.switch_all);

	snprintf(path, sizeof(path), "%s/root", self->dir);
	ASSERT_EQ(0, mkdir(path, 0700));
	put(self, "root/ops", "simple_6.18\n");
	put(self, "switch_all", "0\n");
	ASSERT_EQ(0, scx_read(self->dir, &self->st));
	EXPECT_STREQ("simple_6.18", self->st.ops);
	EXPECT_FALSE(self->st.switch_all);
}

TEST_F(scx, events)
{
	static const char text[] = "SCX_EV_A 0\nSCX_EV_B 12\n";
	char path[128], buf[64] = "x", exact[sizeof(text)], room[sizeof(text) + 1];

	/* No scheduler; one in a kernel that does not count. */
	EXPECT_EQ(0, scx_read_events(self->dir, buf, sizeof(buf)));
	EXPECT_STREQ("", buf);
	snprintf(path, sizeof(path), "%s/root", self->dir);
	ASSERT_EQ(0, mkdir(path, 0700));
	EXPECT_EQ(0, scx_read_events(self->dir, buf, sizeof(buf)));
	EXPECT_STREQ("", buf);

	put(self, "root/events", text);
	EXPECT_EQ(0, scx_read_events(self->dir, buf, sizeof(buf)));
	EXPECT_STREQ(text, buf);
	/* All of it, or none. */
	EXPECT_EQ(0, scx_read_events(self->dir, room, sizeof(room)));
	EXPECT_EQ(-ENOSPC, scx_read_events(self->dir, exact, sizeof(exact)));
}

TEST_F(scx, nonsense)
{
	static const char *const bad[] = { "", "-1", "x", "3 4", "99999999999999999999" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		put(self, "enable_seq", bad[i]);
		EXPECT_EQ(-EBADMSG, scx_read(self->dir, &self->st));
	}
	put(self, "enable_seq", "3");
	put(self, "state", "");
	EXPECT_EQ(-EBADMSG, scx_read(self->dir, &self->st));
	EXPECT_EQ(-ENOENT, scx_read("/tmp/there-is-no-such-directory", &self->st));
}

TEST(scx_reasons)
{
	struct scx_reason r = { .name = "" };
	char buf[512];

	EXPECT_FALSE(scx_reason_normal(&r));
	scx_reason_line(&r, "sched_ext: BPF scheduler \"a\" enabled");
	scx_reason_line(&r, "sched_ext: a: message without a reason");
	EXPECT_STREQ("", r.name);

	scx_reason_line(&r, "sched_ext: BPF scheduler \"a b\" disabled (runnable task stall)");
	EXPECT_STREQ("a b", r.name);
	EXPECT_STREQ("runnable task stall", scx_reason_format(&r, buf, sizeof(buf)));
	scx_reason_line(&r, "sched_ext: c: not about this one");
	scx_reason_line(&r, "sched_ext: a b: spin[12] failed to run for 4.1s");
	scx_reason_line(&r, "sched_ext: a b: more");
	EXPECT_STREQ("runnable task stall (spin[12] failed to run for 4.1s)",
		     scx_reason_format(&r, buf, sizeof(buf)));
	EXPECT_FALSE(scx_reason_normal(&r));
	EXPECT_FALSE(scx_reason_rcu_stall(&r));

	/* Both kernels' words: 7.3, 6.18. */
	scx_reason_line(&r, "sched_ext: BPF scheduler \"a b\" disabled (runtime error)");
	EXPECT_FALSE(scx_reason_rcu_stall(&r));
	scx_reason_line(&r, "sched_ext: a b: RCU CPU stall on CPUs (1)");
	EXPECT_TRUE(scx_reason_rcu_stall(&r));
	scx_reason_line(&r, "sched_ext: BPF scheduler \"a b\" disabled (runtime error)");
	scx_reason_line(&r, "sched_ext: a b: RCU CPU stall detected!");
	EXPECT_TRUE(scx_reason_rcu_stall(&r));

	/* The next one replaces all of it. */
	scx_reason_line(&r, "sched_ext: BPF scheduler \"a b\" disabled (unregistered from user)");
	EXPECT_STREQ("unregistered from user", scx_reason_format(&r, buf, sizeof(buf)));
	EXPECT_TRUE(scx_reason_normal(&r));
	EXPECT_FALSE(scx_reason_hotplug(&r));
	scx_reason_line(&r, "sched_ext: BPF scheduler \"a\" disabled (unregistered from the main kernel)");
	EXPECT_TRUE(scx_reason_hotplug(&r));
	EXPECT_FALSE(scx_reason_normal(&r));
	scx_reason_line(&r, "sched_ext: BPF scheduler \"a\" disabled (unregistered from BPF)");
	EXPECT_FALSE(scx_reason_hotplug(&r));
	scx_reason_line(&r, "sched_ext: BPF scheduler \"a b\" disabled (unregistered from user)");

	scx_reason_line(&r, "sched_ext: BPF scheduler \"x\" disabled (no end");
	EXPECT_STREQ("a b", r.name);
}

TEST(scx_probe_task)
{
	EXPECT_EQ(0, scx_probe(false, 10 * NSEC_PER_SEC));
	EXPECT_EQ(-ETIMEDOUT, scx_probe(false, NSEC_PER_MSEC));
	wait(NULL);
	if (access(SCX_DIR "/state", F_OK)) {
		/* Without sched_ext the policy does not exist. */
		EXPECT_EQ(-EINVAL, scx_probe(true, 10 * NSEC_PER_SEC));
	}
	EXPECT_EQ(-1, wait(NULL));
}

TEST(scx_probe_is_asked_again)
{
	struct scx_probe p;

	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, scx_probe_start(&p, false));
	EXPECT_EQ(0, scx_probe_ask(&p, 10 * NSEC_PER_SEC));
	EXPECT_EQ(0, scx_probe_ask(&p, 10 * NSEC_PER_SEC));
	EXPECT_FALSE(p.late);
	/* It sleeps, and is left where it is. */
	ASSERT_EQ(0, kill(p.pid, SIGSTOP));
	EXPECT_EQ(-ETIMEDOUT, scx_probe_ask(&p, 100 * NSEC_PER_MSEC));
	EXPECT_TRUE(p.late);
	ASSERT_EQ(0, kill(p.pid, SIGKILL));
	EXPECT_EQ(-ESRCH, scx_probe_ask(&p, 10 * NSEC_PER_SEC));
	/* The same once it is known to be gone. */
	ASSERT_EQ(0, waitid(P_PID, p.pid, NULL, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, scx_probe_ask(&p, 10 * NSEC_PER_SEC));
	scx_probe_end(&p);
	EXPECT_EQ(0, p.pid);
	EXPECT_EQ(-1, wait(NULL));
	/* And one that is not there needs no end, nor says anything: its descriptors are others'. */
	scx_probe_end(&p);
	EXPECT_EQ(-1, p.ask_fd);
	EXPECT_EQ(-ESRCH, scx_probe_ask(&p, 10 * NSEC_PER_SEC));
}

/* --- a loader's log ------------------------------------------------------- */

TEST(telling_line)
{
	static const struct {
		const char *log, *line;
	} cases[] = {
		{ "", "" },
		{ "\n  \n", "" },
		{ "local=1\nlocal=2\n", "local=2" },
		{ "debug level 2\nlocal=1\n", "local=1" },
		{ "start\n  libbpf: failed to find BTF \nError: Failed to load\nbye\n",
		  "libbpf: failed to find BTF" },
		{ "libbpf: struct_ops x: member not found in kernel, skipping it as it's zero\n"
		  "libbpf: failed to load object\n", "libbpf: failed to load object" },
		{ "[SCX_BUG] scx_qmap.c:260 (No such file or directory)\ndump() missing\n",
		  "dump() missing" },
		{ "[SCX_BUG] scx_qmap.c:260 (No such file or directory)\n",
		  "[SCX_BUG] scx_qmap.c:260 (No such file or directory)" },
		{ "a error\nDEBUG DUMP\n===\nEXIT: runnable task stall (x[1] failed to run)\n",
		  "EXIT: runnable task stall (x[1] failed to run)" },
		{ "libbpf: prog 'f': BPF program load failed: -EACCES\n"
		  "libbpf: prog 'f': -- BEGIN PROG LOAD LOG --\n0: R1=ctx()\n1: (79) r1 = x\n"
		  "R1 invalid mem access 'scalar'\nprocessed 9 insns (limit 1000000)\n"
		  "-- END PROG LOAD LOG --\nlibbpf: failed to load object\n",
		  "libbpf: prog 'f': BPF program load failed: -EACCES: "
		  "R1 invalid mem access 'scalar'" },
		{ "libbpf: prog 'f': BPF program load failed: -EACCES\n-- BEGIN PROG LOAD LOG --\n"
		  "97: (7b) *(u64 *)(r7 +16) = r1\nR7 invalid mem access 'scalar'\n"
		  "Verification failed: Register Type Safety\nReason:\n  R7 is an integer\n"
		  "processed 71 insns (limit 1000000)\n-- END PROG LOAD LOG --\n[SCX_BUG] f.c:1\n",
		  "libbpf: prog 'f': BPF program load failed: -EACCES: "
		  "R7 invalid mem access 'scalar'" },
		{ "-- BEGIN PROG LOAD LOG --\nprocessed 0 insns\n", "processed 0 insns" },
	};
	char buf[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT_STREQ(cases[i].line, sched_log_telling(cases[i].log, buf, sizeof(buf)));
	EXPECT_STREQ("lib", sched_log_telling("libbpf: failed", buf, 4));
}

TEST(log_tail)
{
	EXPECT_STREQ("", sched_log_tail("", 3));
	EXPECT_STREQ("a", sched_log_tail("a", 3));
	EXPECT_STREQ("b\nc", sched_log_tail("a\nb\nc", 2));
	EXPECT_STREQ("b\n\n\nc\n", sched_log_tail("a\nb\n\n\nc\n", 2));
	EXPECT_STREQ("\n\na\n", sched_log_tail("\n\na\n", 2));
	EXPECT_STREQ("", sched_log_tail("a\nb\n", 0));
}

TEST(log_file)
{
	static const char text[] = "one\0two\nthree\n";
	int fd = memfd_create("log", MFD_CLOEXEC);
	char *log;

	ASSERT_LE(0, fd);
	ASSERT_EQ((ssize_t)sizeof(text) - 1, write(fd, text, sizeof(text) - 1));
	log = sched_log_read(fd);
	EXPECT_STREQ("one two\nthree\n", log);
	free(log);

	/* Only the end of a long one. */
	ASSERT_EQ(0, ftruncate(fd, 3 * SCHED_LOG_MAX_READ));
	ASSERT_EQ(1, pwrite(fd, "z", 1, 3 * SCHED_LOG_MAX_READ - 1));
	log = sched_log_read(fd);
	ASSERT_EQ(SCHED_LOG_MAX_READ, strlen(log));
	EXPECT_EQ('z', log[SCHED_LOG_MAX_READ - 1]);
	free(log);
	close(fd);
	EXPECT_EQ(NULL, sched_log_read(-1));
}

/* --- command line, load --------------------------------------------------- */

TEST(command_line)
{
	uint64_t base = 0, size = 0;
	char val[8];

	EXPECT_FALSE(cmdline_word("", "a=", val, sizeof(val)));
	EXPECT_FALSE(cmdline_word("xa=1", "a=", val, sizeof(val)));
	EXPECT_TRUE(cmdline_word("b a=1 c\n", "a=", val, sizeof(val)));
	EXPECT_STREQ("1", val);
	EXPECT_TRUE(cmdline_word("a=1 a=2\n", "a=", val, sizeof(val)));
	EXPECT_STREQ("2", val);
	EXPECT_TRUE(cmdline_word("a=123456789", "a=", val, sizeof(val)));
	EXPECT_STREQ("1234567", val);

	EXPECT_EQ(0, cmdline_window("x ktstr.shm=0xbf000000,0x1000000 y", &base, &size));
	EXPECT_EQ(0xbf000000, base);
	EXPECT_EQ(SHM_SIZE, size);
	EXPECT_EQ(-ENOENT, cmdline_window("ktstr.time=real", &base, &size));
	EXPECT_EQ(-EINVAL, cmdline_window("ktstr.shm=", &base, &size));
	EXPECT_EQ(-EINVAL, cmdline_window("ktstr.shm=0xbf000000", &base, &size));
	EXPECT_EQ(-EINVAL, cmdline_window("ktstr.shm=0xbf000000,0x1000", &base, &size));
	EXPECT_EQ(-EINVAL, cmdline_window("ktstr.shm=0xbf000000,0x1000000x", &base, &size));
	EXPECT_EQ(-EINVAL, cmdline_window("ktstr.shm=0xbf000001,0x1000000", &base, &size));
	EXPECT_EQ(-EINVAL, cmdline_window("ktstr.shm=0x0,0x1000000", &base, &size));
	EXPECT_EQ(-EINVAL, cmdline_window("ktstr.shm=0xfffffffffffffffff000,0x1000000", &base,
					  &size));

	EXPECT_TRUE(cmdline_virtual_time("a ktstr.time=virtual\n"));
	EXPECT_FALSE(cmdline_virtual_time("a ktstr.time=real\n"));
	EXPECT_FALSE(cmdline_virtual_time(""));
}

TEST(loadavg)
{
	unsigned int nr = 0;

	EXPECT_EQ(0, loadavg_running("0.20 0.18 0.12 1/80 11206\n", &nr));
	EXPECT_EQ(1, nr);
	EXPECT_EQ(0, loadavg_running("10.20 0.18 0.12 123/456 1\n", &nr));
	EXPECT_EQ(123, nr);
	EXPECT_EQ(-EBADMSG, loadavg_running("", &nr));
	EXPECT_EQ(-EBADMSG, loadavg_running("0.20 0.18 0.12", &nr));
}

/* --- the job -------------------------------------------------------------- */

static const struct job good_job = {
	.magic = JOB_MAGIC, .test = "declared", .topology = "1n1l2c1t",
	.nr_sched_args = 3, .sched_args = "-a\0\0--long=x",
};

TEST(job_checks)
{
	struct job *job = malloc(sizeof(*job));
	char *argv[1 + JOB_MAX_ARGS + 1];
	struct err err;

#define EXPECT_BAD(change) do {						\
		memcpy(job, &good_job, sizeof(*job));			\
		change;							\
		err.msg[0] = '\0';					\
		EXPECT_EQ(-EINVAL, job_check(job, &err));		\
		EXPECT_STRNE("", err.msg);				\
	} while (0)

	memcpy(job, &good_job, sizeof(*job));
	ASSERT_EQ(0, job_check(job, NULL));
	job_argv(job, argv, 1);
	EXPECT_STREQ("-a", argv[1]);
	EXPECT_STREQ("", argv[2]);
	EXPECT_STREQ("--long=x", argv[3]);
	EXPECT_EQ(NULL, argv[4]);

	EXPECT_BAD(job->magic = 0);
	EXPECT_BAD(job->test[0] = '\0');
	EXPECT_BAD(memset(job->test, 'x', sizeof(job->test)));
	EXPECT_BAD(memset(job->topology, 'x', sizeof(job->topology)));
	EXPECT_BAD(memset(job->sched_name, 'x', sizeof(job->sched_name)));
	EXPECT_BAD(job->sched_kind = SCHED_KIND_BUILTIN + 1);
	EXPECT_BAD(job->nr_sched_args = JOB_MAX_ARGS + 1);
	EXPECT_BAD(memset(job->sched_args, 'x', sizeof(job->sched_args)));
	EXPECT_BAD((memset(job->sched_args, 'x', sizeof(job->sched_args)),
		    job->sched_args[9] = '\0'));
	/* Ends exactly where the area does: two arguments, then nothing is left for a third. */
	EXPECT_BAD((memset(job->sched_args, 'x', sizeof(job->sched_args)),
		    job->sched_args[9] = '\0', job->sched_args[JOB_ARGS_LEN - 1] = '\0'));
	job->nr_sched_args = 2;
	EXPECT_EQ(0, job_check(job, NULL));
	free(job);
}

TEST(job_in_file)
{
	struct job *job = malloc(sizeof(*job));
	char path[64];
	int fd = memfd_create("job", 0);
	struct err err = { "" };

	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT_EQ(-EINVAL, job_read_file(path, job, &err));
	EXPECT_EQ(0, write_all(fd, &good_job, sizeof(good_job)));
	EXPECT_EQ(0, job_read_file(path, job, NULL));
	EXPECT_STREQ("declared", job->test);
	EXPECT_EQ(0, write_all(fd, "x", 1));
	EXPECT_GT(0, job_read_file(path, job, NULL));
	EXPECT_EQ(-ENOENT, job_read_file("/tmp/there-is-no-such-job", job, NULL));
	close(fd);
	free(job);
}

/* Without a doorbell to ring: the job is in the window from the start. */
TEST(job_in_window)
{
	struct guest g = { .com2_fd = -1 };
	const struct job *job;
	struct shm host;
	void *window;

	window = mmap(NULL, SHM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, window);
	shm_format(&host, window);
	ASSERT_EQ(0, shm_attach(&g.shm, window));
	memcpy(shm_job(&host), &good_job, sizeof(good_job));
	ASSERT_EQ(0, job_take(&g, NULL));
	EXPECT_STREQ("1n1l2c1t", g.job.topology);
	EXPECT_EQ(&ktstr_test_declared, job_find_test(g.job.test));
	EXPECT_EQ(NULL, job_find_test("undeclared"));

	/* Not taken twice. */
	job_drop(&g);
	job = shm_job(&host);
	EXPECT_EQ(0, atomic_load(&job->magic));
	munmap(window, SHM_SIZE);
}

static void *bring_job(void *vm)
{
	usleep(20000);
	handoff_job(vm, &good_job);
	return NULL;
}

/* Nor here: it will come. Who would ring must not be able to, and is seen by that. */
TEST(job_that_comes)
{
	struct guest g = { .com2_fd = -1 };
	struct vm vm = { 0 };
	pthread_t thread;
	void *window;

	window = mmap(NULL, SHM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, window);
	shm_format(&vm.shm, window);
	handoff_later(&vm);
	if (!geteuid())
		ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	ASSERT_EQ(0, shm_attach(&g.shm, window));
	ASSERT_EQ(0, pthread_create(&thread, NULL, bring_job, &vm));
	EXPECT_EQ(0, job_take(&g, NULL));
	EXPECT_STREQ("declared", g.job.test);
	pthread_join(thread, NULL);
	munmap(window, SHM_SIZE);
}

TEST_HARNESS_MAIN
