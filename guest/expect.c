// SPDX-License-Identifier: GPL-2.0
/*
 * Limits by their names, and whose limits count.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "expect.h"

struct limit {
	const char *name;
	size_t offset;
	bool whole;		/* an unsigned int, else a double */
	double max;
};

#define WHOLE(_name, _field, _max)	{ _name, offsetof(struct expect, _field), true, _max }
#define REAL(_name, _field, _max)	{ _name, offsetof(struct expect, _field), false, _max }

static const struct limit limits[] = {
	WHOLE("spread",		max_spread_pct,			100),
	WHOLE("gap",		max_gap_ms,			3600000),
	REAL("throughput-cv",	max_throughput_cv,		1e6),
	REAL("work-rate",	min_work_rate,			1e12),
	REAL("iteration-rate",	min_iteration_rate,		1e12),
	REAL("wake-p99-us",	max_p99_wake_latency_us,	1e12),
	REAL("wake-cv",		max_wake_latency_cv,		1e6),
	REAL("migration",	max_migration_ratio,		1e6),
	REAL("locality",	min_page_locality,		1),
	REAL("node-share",	min_node_share,			1),
	REAL("slow-tier",	max_slow_tier_ratio,		1),
	REAL("cross-node",	max_cross_node_migration_ratio,	1e6),
	WHOLE("imbalance",	max_imbalance,			1000000),
	WHOLE("dsq-depth",	max_dsq_depth,			1000000),
	WHOLE("sustain",	sustain_ms,			3600000),
};

static const struct limit *find(const char *name, size_t len)
{
	const struct limit *l;

	for (l = limits; l < limits + ARRAY_SIZE(limits); l++) {
		if (strlen(l->name) == len && !memcmp(l->name, name, len))
			return l;
	}
	return NULL;
}

static double get(const struct expect *expect, const struct limit *l)
{
	const char *at = (const char *)expect + l->offset;

	return l->whole ? *(const unsigned int *)at : *(const double *)at;
}

static void set(struct expect *expect, const struct limit *l, double val)
{
	char *at = (char *)expect + l->offset;

	if (l->whole)
		*(unsigned int *)at = val;
	else
		*(double *)at = val;
}

static int unknown(const char *name, size_t len, struct err *err)
{
	const struct limit *l;
	char list[256] = "";
	size_t at = 0;

	for (l = limits; l < limits + ARRAY_SIZE(limits) && at < sizeof(list); l++)
		at += snprintf(list + at, sizeof(list) - at, "%s%s", at ? ", " : "", l->name);
	return err_set(err, -EINVAL, "'%.*s' is no limit; there are: %s", (int)min(len, 64UL), name,
		       list);
}

/* "name=number" at @text; *@end is what follows. */
static int parse_one(const char *text, struct expect *expect, const char **end, struct err *err)
{
	size_t len = strcspn(text, "=,"), digits;
	const struct limit *l = find(text, len);
	double val = 0;
	char *stop;

	if (!l)
		return unknown(text, len, err);
	text += len;
	text += *text == '=';
	/* No sign, no "inf", no "nan". */
	digits = strcspn(text, ",");
	if (digits && strspn(text, l->whole ? "0123456789" : "0123456789.e-") >= digits)
		val = strtod(text, &stop);
	if (!(val > 0 && val <= l->max) || stop != text + digits)
		return err_set(err, -EINVAL, "%s: '%.*s' is not a%s number above 0, up to %.10g",
			       l->name, (int)min(digits, 64UL), text, l->whole ? " whole" : "",
			       l->max);
	set(expect, l, val);
	*end = text + digits;
	return 0;
}

int expect_parse(const char *text, struct expect *expect, struct err *err)
{
	int ret;

	memset(expect, 0, sizeof(*expect));
	for (;;) {
		ret = parse_one(text, expect, &text, err);
		if (ret || !*text)
			return ret;
		text++;
	}
}

void expect_merge(const struct expect *test, const struct expect *sched, struct expect *merged)
{
	const struct limit *l;

	*merged = *test;
	for (l = limits; l < limits + ARRAY_SIZE(limits); l++) {
		if (!(get(merged, l) > 0))
			set(merged, l, get(sched, l));
	}
}
