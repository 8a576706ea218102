/* SPDX-License-Identifier: GPL-2.0 */
/*
 * klog.h - what in a kernel log is a failure
 *
 * A splat is known by how its first line begins, not by a word somewhere in it:
 * boot logs are full of lines such as "RETBleed: WARNING: ...".
 */
#ifndef KTSTR_RUNNER_KLOG_H
#define KTSTR_RUNNER_KLOG_H

#include <stdbool.h>
#include "../lib/wire.h"
#include "text.h"

#define KLOG_MAX_HITS	8
#define KLOG_LINE_LEN	224

struct klog_hit {
	const char *what;		/* "WARNING", "Oops", ... */
	enum cause cause;
	bool at_boot;			/* before the job began */
	char line[KLOG_LINE_LEN];	/* without time stamp and level */
};

struct klog {
	bool no_rcu_stall_check;	/* set before a scan: after the boot they are no hits */
	bool rcu_stall;			/* ... but there was one */
	unsigned int nr_hits;		/* in all; only the first KLOG_MAX_HITS are kept */
	struct klog_hit hit[KLOG_MAX_HITS];
	char panic[KLOG_LINE_LEN];	/* "Kernel panic - not syncing: ...", "" if none */
	uint32_t bad_eflags;		/* in a register dump: a value that no CPU has; 0: none */
};

/* klog_kept - how many of the hits are in .hit */
static inline unsigned int klog_kept(const struct klog *k)
{
	return k->nr_hits < KLOG_MAX_HITS ? k->nr_hits : KLOG_MAX_HITS;
}

/*
 * klog_match - what kind of splat begins with this line, and the @cause of a failure that it is;
 * NULL if none does, and @cause is as it was. The line may carry what the console or /dev/kmsg put
 * before a message: "<4>", "4,123,456,-;", "[ 1.2]", "[ T1]".
 */
const char *klog_match(const char *line, size_t len, enum cause *cause);

/*
 * klog_scan - judge a log. Hits before @job_off are marked as "at boot". Can be called for
 * several logs of the same guest: a line that was seen before counts once, and as "at boot" if it
 * is so in each of them.
 */
void klog_scan(struct klog *k, const char *text, size_t len, size_t job_off);

/*
 * klog_excerpt - the first hits of a log, with the lines that follow them, for a report; those
 * that are no hits for @k only where it has none.
 */
void klog_excerpt(const struct klog *k, const char *text, size_t len, struct textbuf *tb);

/* klog_strip - skip what the console or /dev/kmsg put before a message. */
const char *klog_strip(const char *line, const char *end);

#endif /* KTSTR_RUNNER_KLOG_H */
