// SPDX-License-Identifier: GPL-2.0
/*
 * klog.c - what in a kernel log is a failure
 */
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "klog.h"

/* A splat's own lines, at most: registers and one stack. */
#define KLOG_LINES	32
#define KLOG_EXCERPTS	3

/* Always 0: bits 3, 5, 15 and from 22 on (Intel SDM vol. 1, 3.4.3). */
#define EFLAGS_RESERVED	0xffc08028UL

/*
 * A message is a splat when it begins with .start (NULL: anywhere), and .has and .has2, where
 * given, occur behind it. First match wins.
 */
static const struct {
	const char *what;
	const char *start;
	const char *has;
	const char *has2;
	enum cause cause;		/* CAUSE_NONE: as most have it */
} patterns[] = {
	{ .what = "panic", .start = "Kernel panic - not syncing" },
	{ .what = "lockdep", .start = "WARNING: possible " },	/* circular, recursive, ... */
	{ .what = "lockdep", .start = "WARNING: inconsistent lock state" },
	{ .what = "lockdep", .start = "WARNING: bad unlock balance" },
	{ .what = "lockdep", .start = "WARNING: held lock freed" },
	{ .what = "lockdep", .start = "WARNING: lock held when returning" },
	{ .what = "lockdep", .start = "WARNING: Nested lock" },
	{ .what = "lockdep", .start = "INFO: trying to register non-static key" },
	{ .what = "suspicious RCU", .start = "WARNING: suspicious RCU usage" },
	{ .what = "WARNING", .start = "WARNING: " },
	{ .what = "KASAN", .start = "BUG: KASAN" },
	{ .what = "KFENCE", .start = "BUG: KFENCE" },
	{ .what = "KCSAN", .start = "BUG: KCSAN" },
	{ .what = "workqueue lockup", .start = "BUG: workqueue lockup" },
	{ .what = "BUG", .start = "BUG: " },
	/* "BUG kmalloc-64 (Not tainted): ..." */
	{ .what = "BUG", .start = "BUG ", .has = "ainted" },
	{ .what = "BUG", .start = "kernel BUG at " },
	{ .what = "Oops", .start = "Oops: " },
	{ .what = "Oops", .start = "Oops[" },
	/* "invalid opcode: 0000 [#1] SMP" */
	{ .what = "Oops", .has = ": 0", .has2 = " [#" },
	{ .what = "general protection", .start = "general protection fault" },
	{ .what = "Oops", .start = "PANIC: " },
	{ .what = "Oops", .start = "traps: PANIC: " },
	{ .what = "UBSAN", .start = "UBSAN: " },
	{ .what = "KASAN", .start = "KASAN: " },
	/* "rcu: INFO: rcu_sched self-detected stall on CPU" */
	{ .what = "RCU stall", .has = "INFO: rcu", .has2 = " stall", .cause = CAUSE_RCU_STALL },
	{ .what = "RCU stall", .start = "rcu: rcu_", .has = "kthread starved for",
	  .cause = CAUSE_RCU_STALL },
	{ .what = "soft lockup", .has = "BUG: soft lockup" },
	{ .what = "hard lockup", .has = "hard LOCKUP" },
	{ .what = "hung task", .start = "INFO: task ", .has = "blocked for more than" },
	{ .what = "hung task", .start = "INFO: task ", .has = "blocked in I/O wait for more than" },
};

static const char *find(const char *p, const char *end, const char *word)
{
	return p < end ? memmem(p, end - p, word, strlen(word)) : NULL;
}

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && isdigit((unsigned char)*p))
		p++;
	return p;
}

/* "[    1.234567] ", "[    T12] ", "[  C0] ": one bracket of the console's prefix, or NULL. */
static const char *skip_bracket(const char *p, const char *end)
{
	const char *start;

	if (p == end || *p != '[')
		return NULL;
	for (p++; p < end && *p == ' '; p++)
		;
	if (p < end && (*p == 'T' || *p == 'C'))
		p++;
	start = p;
	p = skip_digits(p, end);
	if (p == start)
		return NULL;
	if (p < end && *p == '.')
		p = skip_digits(p + 1, end);
	if (p == end || *p != ']')
		return NULL;
	for (p++; p < end && *p == ' '; p++)
		;
	return p;
}

/* "6,339,5140900,-;": the header of a /dev/kmsg record (Documentation/ABI/testing/dev-kmsg). */
static const char *skip_kmsg(const char *p, const char *end)
{
	const char *start, *semi;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		start = p;
		p = skip_digits(p, end);
		if (p == start || p == end || *p != ',')
			return NULL;
		p++;
	}
	semi = memchr(p, ';', end - p);
	return semi ? semi + 1 : NULL;
}

const char *klog_strip(const char *line, const char *end)
{
	const char *p = line, *next;

	if (p < end && *p == '<') {
		next = skip_digits(p + 1, end);
		if (next > p + 1 && next < end && *next == '>')
			p = next + 1;
	}
	next = skip_kmsg(p, end);
	if (next)
		p = next;
	while ((next = skip_bracket(p, end)))
		p = next;
	return p;
}

const char *klog_match(const char *line, size_t len, enum cause *cause)
{
	const char *end = line + len, *msg = klog_strip(line, end), *p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		p = msg;
		if (patterns[i].start) {
			size_t n = strlen(patterns[i].start);

			if ((size_t)(end - msg) < n || memcmp(msg, patterns[i].start, n))
				continue;
			p += n;
		}
		if (patterns[i].has)
			p = find(p, end, patterns[i].has);
		if (!p)
			continue;
		if (patterns[i].has2 && !find(p, end, patterns[i].has2))
			continue;
		*cause = patterns[i].cause ?: CAUSE_KERNEL_LOG;
		return patterns[i].what;
	}
	return NULL;
}

static void copy_line(char *buf, const char *msg, const char *end)
{
	size_t len = min((size_t)(end - msg), (size_t)KLOG_LINE_LEN - 1);

	memcpy(buf, msg, len);
	buf[len] = '\0';
}

static struct klog_hit *klog_find(struct klog *k, const char *line)
{
	unsigned int i;

	for (i = 0; i < klog_kept(k); i++)
		if (!strcmp(k->hit[i].line, line))
			return &k->hit[i];
	return NULL;
}

/* "RSP: 0018:ffffc90000013e20 EFLAGS: 00010246": its value if a CPU cannot have it, else 0. */
static uint32_t bad_eflags(const char *line, size_t len)
{
	static const char name[] = " EFLAGS: ";
	const char *p = memmem(line, len, name, strlen(name));
	char digits[9] = "";
	unsigned long val;
	char *end;

	if (!p || line + len - p < (ptrdiff_t)(strlen(name) + 8))
		return 0;
	memcpy(digits, p + strlen(name), 8);
	val = strtoul(digits, &end, 16);
	if (end != digits + 8)
		return 0;
	return val & EFLAGS_RESERVED ? val : 0;
}

void klog_scan(struct klog *k, const char *text, size_t len, size_t job_off)
{
	const char *pos = text, *end = text + len, *line;
	struct klog_hit *known;
	char msg[KLOG_LINE_LEN];
	enum cause cause;
	const char *what;
	size_t line_len;
	bool at_boot;

	while (line_next(&pos, end, &line, &line_len)) {
		if (!k->bad_eflags)
			k->bad_eflags = bad_eflags(line, line_len);
		what = klog_match(line, line_len, &cause);
		if (!what)
			continue;
		at_boot = (size_t)(line - text) < job_off;
		if (k->no_rcu_stall_check && !at_boot && cause == CAUSE_RCU_STALL) {
			k->rcu_stall = true;
			continue;
		}
		copy_line(msg, klog_strip(line, line + line_len), line + line_len);
		if (!strcmp(what, "panic") && !k->panic[0])
			memcpy(k->panic, msg, sizeof(k->panic));
		known = klog_find(k, msg);
		if (known) {
			known->at_boot &= at_boot;
			continue;
		}
		if (k->nr_hits < KLOG_MAX_HITS) {
			struct klog_hit *hit = &k->hit[k->nr_hits];

			hit->what = what;
			hit->cause = cause;
			hit->at_boot = at_boot;
			memcpy(hit->line, msg, sizeof(hit->line));
		}
		k->nr_hits++;
	}
}

void klog_excerpt(const struct klog *k, const char *text, size_t len, struct textbuf *tb)
{
	const bool no_stalls = k->no_rcu_stall_check && k->nr_hits;
	const char *pos = text, *end = text + len, *line;
	unsigned int hits = 0, left = 0;
	enum cause cause;
	size_t line_len;

	while (line_next(&pos, end, &line, &line_len)) {
		/* A splat within another is part of it: "BUG: ..." then "Oops: ..." */
		if (!left && klog_match(line, line_len, &cause) &&
		    !(no_stalls && cause == CAUSE_RCU_STALL)) {
			if (hits++ == KLOG_EXCERPTS) {
				textbuf_printf(tb, "... more of them follow");
				return;
			}
			left = KLOG_LINES;
		}
		if (!left)
			continue;
		textbuf_add(tb, line, line_len);
		left--;
		if (memmem(line, line_len, "---[ end ", 9))
			left = 0;
	}
}
