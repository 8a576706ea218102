// SPDX-License-Identifier: GPL-2.0
/*
 * test_matrix.c - the matrix is whole: each fault has a row, and so has each limit
 */
#include <string.h>
#include "kselftest_harness.h"
#include "../guest/expect.h"
#include "../guest/sched_fault.h"
#include "matrix.c"

/* "--fault NAME", perhaps with more. */
static bool starts_with_it(const struct ktstr_test *test, const char *name)
{
	const size_t len = strlen(name);
	unsigned int i;

	for (i = 1; test->sched_args && test->sched_args[0] && test->sched_args[i]; i++)
		if (!strcmp(test->sched_args[i - 1], "--fault") &&
		    !strncmp(test->sched_args[i], name, len) &&
		    strchr("=@", test->sched_args[i][len]))
			return true;
	return false;
}

TEST(each_fault_has_a_row)
{
	const struct ktstr_test *const *test;
	unsigned int nr, row, host;
	bool over;

	for (nr = 0; nr < NR_SCHED_FAULTS; nr++) {
		row = 0;
		host = 0;
		for_each_test(test) {
			if ((*test)->expect_fail.cause == CAUSE_NONE)
				continue;
			row += starts_with_it(*test, sched_fault_name(nr));
			host += !!((*test)->sched_faults & 1U << nr);
		}
		EXPECT_NE(0U, row) TH_LOG("%s", sched_fault_name(nr));
		/* What is over when it is attached is nothing to switch. */
		over = nr == SCHED_FAULT_REJECT || nr == SCHED_FAULT_LATE_ATTACH ||
		       nr == SCHED_FAULT_NO_ATTACH;
		EXPECT_EQ(over, !host) TH_LOG("%s, by the host", sched_fault_name(nr));
	}
}

/* What is no limit on what is measured. */
static bool is_no_limit(const char *name)
{
	static const char *const names[] = { "sustain", "attach", "cpu-weight", "cpu-max", "kill",
					     "run" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Does a row fail for what this limit is about, and is the limit judged there? */
static bool has_row(const char *name)
{
	const struct ktstr_test *const *test;
	struct expect sched, merged;
	char text[64];

	snprintf(text, sizeof(text), "%s=off", name);
	if (expect_parse(text, NULL, &sched, NULL))
		return false;
	for_each_test(test) {
		if ((*test)->expect_fail.cause == CAUSE_NONE)
			continue;
		/* What is off has an effect only where it would be judged. */
		expect_merge(&(*test)->expect, &sched, &merged);
		if (expect_off_for(&merged, (*test)->expect_fail.cause))
			return true;
	}
	return false;
}

TEST(each_limit_has_a_row)
{
	struct err err = { "" };
	unsigned int nr = 0;
	struct expect none;
	char *name, *save;

	/* All names. */
	ASSERT_NE(0, expect_parse("?", NULL, &none, &err));
	name = strstr(err.msg, "there are: ");
	ASSERT_NE(NULL, name);
	for (name = strtok_r(name + strlen("there are: "), ", ", &save); name;
	     name = strtok_r(NULL, ", ", &save)) {
		nr++;
		EXPECT_TRUE(is_no_limit(name) || has_row(name)) TH_LOG("%s", name);
		EXPECT_FALSE(is_no_limit(name) && has_row(name)) TH_LOG("%s, too", name);
	}
	EXPECT_LT(20U, nr);
}

TEST_HARNESS_MAIN
