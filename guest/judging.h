/* SPDX-License-Identifier: GPL-2.0 */
/*
 * judging.h - what the parts of the judge share; internal to judge.c and performance.c
 */
#ifndef KTSTR_GUEST_JUDGING_H
#define KTSTR_GUEST_JUDGING_H

#include "judge.h"

struct judge {
	const struct judge_input *in;
	judge_sink sink;
	void *ctx;
	unsigned int nr;		/* objections */
	unsigned int nr_cause;		/* of the cause at hand */
	enum verdict verdict;		/* of the last one */
	unsigned int nr_seen;		/* of what the limit at hand is about */
};

#define JUDGE_WHO_LEN	128

static inline uint64_t ms(uint64_t ns)
{
	return ns / NSEC_PER_MSEC;
}

/* judge_object - one more objection. */
void judge_object(struct judge *j, enum verdict verdict, enum cause cause, const char *fmt, ...)
	__printf(4, 5);

/* judge_end_cause - no more objections of one cause. */
void judge_end_cause(struct judge *j, enum cause cause);

/* judge_workers - all of them, for objections of one cause. */
void judge_workers(struct judge *j, enum cause cause,
		   void (*check)(struct judge *j, const struct worker *w));

uint64_t judge_at_ms(const struct judge_input *in, uint64_t ns);
const char *judge_who(const struct worker *w, char *buf);
/* judge_timing - the verdict on what has to do with time: a host that takes too much puts it in doubt. */
enum verdict judge_timing(const struct judge *j);
bool judge_first_of_its_like(const struct worker *list, const struct worker *w);

/* performance.c: all limits on what workers get done, and the figures that go with them. */
void judge_performance(struct judge *j);
bool judge_describe_more(const struct judge_input *in, const struct worker *w, char *buf,
			 size_t size);

#endif /* KTSTR_GUEST_JUDGING_H */
