// SPDX-License-Identifier: GPL-2.0
/*
 * Limits by their names, and whose limits count.
 */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "expect.h"

enum limit_kind {
	LIMIT_WHOLE,		/* an unsigned int */
	LIMIT_REAL,		/* a double */
	LIMIT_CHECK,		/* a bool: there is no number in it, it can only be off */
	LIMIT_CLAIM,		/* tests about that run only if it is on */
	LIMIT_PROMISE,		/* the same, but it is on unless it is off */
};

struct limit {
	const char *name;
	size_t offset;
	enum limit_kind kind;
	enum cause cause;	/* of a failure */
	double max;		/* CLAIM: its bit */
	double off;		/* what says that it is not judged; -1: it always is */
	uint32_t zero;		/* its bit, if it may be 0 */
};

#define FIELD(_field)				offsetof(struct expect, _field)
#define WHOLE(_name, _field, _cause, _max, _off)	\
	{ _name, FIELD(_field), LIMIT_WHOLE, CAUSE_##_cause, _max, _off, 0 }
#define REAL(_name, _field, _cause, _max)		\
	{ _name, FIELD(_field), LIMIT_REAL, CAUSE_##_cause, _max, 0, 0 }
/* Limits that may be 0. */
#define WHOLE_0(_name, _field, _cause, _max, _bit)	\
	{ _name, FIELD(_field), LIMIT_WHOLE, CAUSE_##_cause, _max, 0, ZERO_##_bit }
#define REAL_0(_name, _field, _cause, _max, _bit)	\
	{ _name, FIELD(_field), LIMIT_REAL, CAUSE_##_cause, _max, 0, ZERO_##_bit }
#define CHECK(_name, _field, _cause, _off)		\
	{ _name, FIELD(_field), LIMIT_CHECK, CAUSE_##_cause, 0, _off, 0 }
#define CLAIM(_name, _bit)	\
	{ _name, FIELD(claims), LIMIT_CLAIM, CAUSE_NONE, _bit, -1, 0 }
#define PROMISE(_name, _bit)	\
	{ _name, FIELD(claims), LIMIT_PROMISE, CAUSE_NONE, _bit, 0, 0 }

/* struct expect has a bit for each in .off. */
static const struct limit limits[] = {
	WHOLE("spread",		max_spread_pct,			UNFAIR,		100,	100),
	WHOLE("gap",		max_gap_ms,			STUCK,	3600000, EXPECT_GAP_OFF),
	REAL("throughput-cv",	max_throughput_cv,		THROUGHPUT,	1e6),
	REAL("work-rate",	min_work_rate,			THROUGHPUT,	1e12),
	REAL("iteration-rate",	min_iteration_rate,		THROUGHPUT,	1e12),
	REAL("wake-p50-us",	max_p50_wake_latency_us,	LATENCY,	1e12),
	REAL("wake-p99-us",	max_p99_wake_latency_us,	LATENCY,	1e12),
	REAL("wake-cv",		max_wake_latency_cv,		LATENCY,	1e6),
	REAL_0("migration",	max_migration_ratio,		MIGRATION,	1e6,	MIGRATION),
	REAL("locality",	min_page_locality,		NUMA,		1),
	REAL("node-share",	min_node_share,			NUMA,		1),
	REAL_0("slow-tier",	max_slow_tier_ratio,		NUMA,		1,	SLOW_TIER),
	REAL_0("cross-node",	max_cross_node_migration_ratio,	NUMA,		1e6,	CROSS_NODE),
	WHOLE("weight-error",	max_weight_error_pct,		SHARE,		100,	0),
	WHOLE("limit-error",	max_limit_error_pct,		SHARE,		100,	0),
	WHOLE("imbalance",	max_imbalance,			IMBALANCE,	1000000, 0),
	WHOLE("dsq-depth",	max_dsq_depth,			DSQ_DEPTH,	1000000, UINT_MAX),
	WHOLE("sustain",	sustain_ms,			NONE,		3600000, -1),
	WHOLE("stall",		max_stall_ms,			STALL,		3600000, UINT_MAX),
	WHOLE_0("fallback-rate", max_fallback_rate,		EVENTS,	1000000000, FALLBACK_RATE),
	WHOLE_0("keep-last-rate", max_keep_last_rate,		EVENTS,	1000000000, KEEP_LAST_RATE),
	WHOLE("teardown",	max_teardown_ms,		TEARDOWN,	600000,	0),
	WHOLE("attach",		attach_ms,			NONE,		600000,	-1),
	CHECK("isolation",	isolation,			ISOLATION,	false),
	CHECK("starvation",	no_starvation_check,		STARVED,	true),
	CHECK("stop",		no_stop_check,			WORKER,		true),
	CHECK("detach",		no_detach_check,		SCHED_DETACH,	true),
	CHECK("rcu-stall",	no_rcu_stall_check,		RCU_STALL,	true),
	CLAIM("cpu-weight",	CLAIM_CPU_WEIGHT),
	CLAIM("cpu-max",	CLAIM_CPU_MAX),
	PROMISE("kill",		CLAIM_KILL),
	PROMISE("run",		CLAIM_RUN),
};

_Static_assert(ARRAY_SIZE(limits) <= 32, "a bit for each");

static const struct limit *find(const char *name, size_t len)
{
	const struct limit *l;

	for (l = limits; l < limits + ARRAY_SIZE(limits); l++) {
		if (strlen(l->name) == len && !memcmp(l->name, name, len))
			return l;
	}
	return NULL;
}

static uint32_t bit(const struct limit *l)
{
	return 1U << (l - limits);
}

static double get(const struct expect *expect, const struct limit *l)
{
	const char *at = (const char *)expect + l->offset;

	switch (l->kind) {
	case LIMIT_WHOLE:
		return *(const unsigned int *)at;
	case LIMIT_REAL:
		return *(const double *)at;
	case LIMIT_CHECK:
		return *(const bool *)at;
	default:
		return 0;
	}
}

static void set(struct expect *expect, const struct limit *l, double val)
{
	char *at = (char *)expect + l->offset;

	switch (l->kind) {
	case LIMIT_WHOLE:
		*(unsigned int *)at = val;
		break;
	case LIMIT_REAL:
		*(double *)at = val;
		break;
	case LIMIT_CHECK:
		*(bool *)at = val;
		break;
	case LIMIT_CLAIM:
		*(uint32_t *)at |= (uint32_t)val;
		break;
	case LIMIT_PROMISE:
		*(uint32_t *)at &= ~(uint32_t)val;
		break;
	}
}

static bool is_set(const struct expect *expect, const struct limit *l)
{
	return expect_has(expect, get(expect, l), l->zero);
}

/* Would it be judged, if nothing were said of the scheduler? */
static bool judged(const struct expect *test, const struct limit *l)
{
	switch (l->offset) {
	/* Those that have a default. */
	case FIELD(max_spread_pct):
	case FIELD(max_gap_ms):
	case FIELD(no_starvation_check):
		return !test->no_starvation_check;
	case FIELD(no_stop_check):
		return !test->no_stop_check;
	case FIELD(no_detach_check):
		return true;
	case FIELD(no_rcu_stall_check):
		return !test->no_rcu_stall_check;
	case FIELD(max_dsq_depth):
	case FIELD(max_stall_ms):
		return !test->no_monitor;
	default:
		return is_set(test, l);
	}
}

static int unknown(const char *name, size_t len, struct err *err)
{
	const struct limit *l;
	char list[512] = "";
	size_t at = 0;

	for (l = limits; l < limits + ARRAY_SIZE(limits) && at < sizeof(list); l++)
		at += snprintf(list + at, sizeof(list) - at, "%s%s", at ? ", " : "", l->name);
	return err_set(err, -EINVAL, "'%.*s' is no limit; there are: %s", (int)min(len, 64UL), name,
		       list);
}

/* What it may be, but for a number. */
static const char *word_of(const struct limit *l)
{
	return l->kind == LIMIT_CLAIM ? "on" : l->off < 0 ? "" : "off";
}

static bool parse_word(const char *text, size_t len, const struct limit *l, struct expect *expect)
{
	const char *word = word_of(l);

	if (!len || strlen(word) != len || memcmp(text, word, len))
		return false;
	if (l->kind == LIMIT_CLAIM || l->kind == LIMIT_PROMISE) {
		set(expect, l, l->max);
		return true;
	}
	/* The last one counts. */
	if (l->kind != LIMIT_CHECK)
		set(expect, l, 0);
	expect->zero &= ~l->zero;
	expect->off |= bit(l);
	return true;
}

static int parse_number(const char *text, size_t len, const struct limit *l, struct expect *expect,
			struct err *err)
{
	const char *digits = l->kind == LIMIT_WHOLE ? "0123456789" : "0123456789.e-";
	double val = -1;
	char *stop;

	if (l->kind != LIMIT_WHOLE && l->kind != LIMIT_REAL)
		return err_set(err, -EINVAL, "%s: '%.*s' is not '%s'", l->name,
			       (int)min(len, 64UL), text, word_of(l));
	/* No sign, no "inf", no "nan", nor what is 0 only for want of digits. */
	errno = 0;
	if (len && *text != '-' && strspn(text, digits) >= len)
		val = strtod(text, &stop);
	if (!(val >= 0 && val <= l->max) || (val == 0 && !l->zero) || errno || stop != text + len)
		return err_set(err, -EINVAL, "%s: '%.*s' is not a%s number %s, up to %.10g%s",
			       l->name, (int)min(len, 64UL), text,
			       l->kind == LIMIT_WHOLE ? " whole" : "",
			       l->zero ? "from 0" : "above 0", l->max,
			       l->off < 0 ? "" : ", nor 'off'");
	set(expect, l, val);
	expect->off &= ~bit(l);
	expect->zero = val == 0 ? expect->zero | l->zero : expect->zero & ~l->zero;
	return 0;
}

/* "GLOB:" before a limit. */
static bool take_glob(const char **text, char glob[EXPECT_GLOB_LEN])
{
	size_t len = strcspn(*text, ":,");

	if ((*text)[len] != ':')
		return false;
	snprintf(glob, EXPECT_GLOB_LEN, "%.*s", (int)min_t(size_t, len, EXPECT_GLOB_LEN), *text);
	*text += len + 1;
	return true;
}

bool expect_next_glob(const char **text, char glob[EXPECT_GLOB_LEN])
{
	while (**text) {
		if (take_glob(text, glob))
			return true;
		*text += strcspn(*text, ",");
		*text += **text == ',';
	}
	return false;
}

/* Is it for the tests that it matches, or for all? */
static bool about(const char **text, const char *test)
{
	char glob[EXPECT_GLOB_LEN];

	return !take_glob(text, glob) || (test && !fnmatch(glob, test, 0));
}

char *expect_about(const char *text, const char *test, char *buf, size_t size)
{
	const char *limit;
	size_t len, at = 0;

	*buf = '\0';
	for (; *text; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		limit = text;
		if (about(&limit, test) && at < size)
			at += snprintf(buf + at, size - at, "%s%.*s", at ? "," : "", (int)len,
				       text);
	}
	return buf;
}

/* "name=number" or "name=word" at @text; *@end is what follows. */
static int parse_one(const char *text, struct expect *expect, const char **end, struct err *err)
{
	size_t len = strcspn(text, "=,");
	const struct limit *l = find(text, len);

	if (!l)
		return unknown(text, len, err);
	text += len;
	text += *text == '=';
	len = strcspn(text, ",");
	*end = text + len;
	return parse_word(text, len, l, expect) ? 0 : parse_number(text, len, l, expect, err);
}

int expect_parse(const char *text, const char *test, struct expect *expect, struct err *err)
{
	struct expect not = { };
	int ret;

	memset(expect, 0, sizeof(*expect));
	expect->claims = CLAIMS_DEFAULT;
	for (;;) {
		bool mine = about(&text, test);

		ret = parse_one(text, mine ? expect : &not, &text, err);
		if (ret || !*text)
			return ret;
		text++;
	}
}

/* What is out of reach on purpose need not be in it. */
static bool in_range(double val, const struct limit *l)
{
	return l->kind > LIMIT_REAL || val == l->off || (val >= 0 && val <= l->max);
}

int expect_check(const struct expect *expect, struct err *err)
{
	uint32_t known = 0;
	const struct limit *l;

	for (l = limits; l < limits + ARRAY_SIZE(limits); l++) {
		known |= l->zero;
		if (!in_range(get(expect, l), l))
			return err_set(err, -EINVAL, "limit %s is %g: must be up to %.10g", l->name,
				       get(expect, l), l->max);
		if (expect->zero & l->zero && get(expect, l) != 0)
			return err_set(err, -EINVAL, "limit %s is 0 and %g", l->name,
				       get(expect, l));
	}
	if (expect->zero & ~known)
		return err_set(err, -EINVAL, "limits of 0 %#x do not exist", expect->zero & ~known);
	return 0;
}

void expect_merge(const struct expect *test, const struct expect *sched, struct expect *merged)
{
	const struct limit *l;

	*merged = *test;
	merged->claims = sched->claims;
	for (l = limits; l < limits + ARRAY_SIZE(limits); l++) {
		if (l->kind > LIMIT_REAL || is_set(merged, l))
			continue;
		set(merged, l, get(sched, l));
		merged->zero |= sched->zero & l->zero;
	}
	for (l = limits; l < limits + ARRAY_SIZE(limits); l++) {
		if (!(sched->off & bit(l)) || !judged(test, l))
			continue;
		set(merged, l, l->off);
		merged->zero &= ~l->zero;
		merged->off |= bit(l);
	}
}

void expect_of(const char *said, const char *name, const struct expect *test,
	       struct expect *merged)
{
	struct expect sched = { .claims = CLAIMS_DEFAULT };

	if (*said)
		expect_parse(said, name, &sched, NULL);
	expect_merge(test, &sched, merged);
}

char *expect_off(const struct expect *merged, char *buf, size_t size)
{
	const struct limit *l;
	size_t len = 0;

	*buf = '\0';
	for (l = limits; l < limits + ARRAY_SIZE(limits) && len < size; l++)
		if (merged->off & bit(l))
			len += snprintf(buf + len, size - len, "%s%s", len ? ", " : "", l->name);
	return buf;
}

const char *expect_off_for(const struct expect *merged, enum cause cause)
{
	const struct limit *l;

	for (l = limits; l < limits + ARRAY_SIZE(limits); l++)
		if ((merged->off & bit(l)) && l->cause == cause)
			return l->name;
	return NULL;
}
