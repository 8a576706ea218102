// SPDX-License-Identifier: GPL-2.0
/*
 * test_table.c - what is printed of what controls have been caught by
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../guest/sched_fault.h"
#include "../runner/table.h"
#include "declare.h"
#include "kselftest_harness.h"

#define NR	4

FIXTURE(table) {
	struct ktstr_test test[NR];
	struct plan_instance inst[NR];
	struct plan plan;
	struct caught caught[NR];
	char text[4096];
	char *line[NR + 2];	/* those of text, ends with NULL */
};

FIXTURE_SETUP(table)
{
	unsigned int i;

	memset(self, 0, sizeof(*self));
	self->plan.inst = self->inst;
	for (i = 0; i < NR; i++) {
		self->test[i] = TEST_OF(.name = "plain");
		self->inst[i].test = &self->test[i];
	}
	self->plan.nr = NR;
}

FIXTURE_TEARDOWN(table)
{
}

/* What table_print() says of the first @nr instances. Returns how many lines there are. */
static unsigned int print(FIXTURE_DATA(table) *self, unsigned int nr)
{
	FILE *file = tmpfile();
	unsigned int lines = 0;
	char *at, *save;
	int out;

	if (!file)
		return ~0U;
	fflush(stdout);
	out = dup(STDOUT_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	table_print(&self->plan, self->caught, nr);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(file);
	self->text[fread(self->text, 1, sizeof(self->text) - 1, file)] = '\0';
	fclose(file);
	for (at = strtok_r(self->text, "\n", &save); at && lines <= NR;
	     at = strtok_r(NULL, "\n", &save))
		self->line[lines++] = at;
	return lines;
}

/* A line in the columns of the table, each of them where its heading is. */
static const char *row(const char *name, const char *fault, const char *by, const char *since_fault,
		       const char *since_start)
{
	static char buf[256];

	snprintf(buf, sizeof(buf), "# %-30s %-26s %-12s %11s %11s", name, fault, by, since_fault,
		 since_start);
	return buf;
}

static void control(FIXTURE_DATA(table) *self, unsigned int i, const char *name, enum cause cause)
{
	self->test[i].name = name;
	self->test[i].expect_fail.cause = cause;
}

TEST_F(table, nothing_without_controls)
{
	EXPECT_EQ(0, print(self, NR));
	EXPECT_EQ(0, print(self, 0));
}

TEST_F(table, a_heading_and_a_line_for_each_control)
{
	static const char *const stall[] = { "--fault", "stall-cpu=1@2", NULL };

	control(self, 1, "one_stalls", CAUSE_STALL);
	self->test[1].sched_args = stall;
	self->caught[1] = (struct caught){ CAUSE_STALL, 2600 * NSEC_PER_MSEC,
					   600 * NSEC_PER_MSEC };
	control(self, 3, "two_starves", CAUSE_STARVED);
	self->caught[3] = (struct caught){ CAUSE_STARVED, 1999999999, 0 };

	ASSERT_EQ(3, print(self, NR));
	EXPECT_STREQ(row("control", "fault", "caught by", "after fault", "after start"),
		     self->line[0]);
	EXPECT_STREQ(row("one_stalls", "stall-cpu=1@2", "stall", "600 ms", "2600 ms"),
		     self->line[1]);
	/* Time is cut to whole ms; what is not known is no number. */
	EXPECT_STREQ(row("two_starves", "(of the scenario)", "starved", "-", "1999 ms"),
		     self->line[2]);
}

/* It stands out: neither the cause that it should have had, nor a time. */
TEST_F(table, not_caught)
{
	control(self, 0, "escapes", CAUSE_STALL);
	control(self, 1, "other_cause", CAUSE_STALL);
	self->caught[1] = (struct caught){ CAUSE_UNFAIR, 1500 * NSEC_PER_MSEC, 0 };

	ASSERT_EQ(3, print(self, NR));
	EXPECT_STREQ(row("escapes", "(of the scenario)", "not caught", "-", "-"), self->line[1]);
	EXPECT_EQ(NULL, strstr(self->line[1], "stall"));
	/* What it was caught by, not what it should have been. */
	EXPECT_STREQ(row("other_cause", "(of the scenario)", "unfair", "-", "1500 ms"),
		     self->line[2]);
}

TEST_F(table, every_fault_is_named)
{
	static const char *const args[] = {
		"--fault", "slow=2", "--other", "x", "--fault", "unfair", NULL
	};
	static const char *const cut[] = { "--fault", NULL };
	char want[128];

	control(self, 0, "args", CAUSE_STUCK);
	self->test[0].sched_args = args;
	control(self, 1, "by_host", CAUSE_STUCK);
	self->test[1].sched_faults = 1U << 0 | 1U << 2;
	control(self, 2, "no_value", CAUSE_STUCK);
	self->test[2].sched_args = cut;

	ASSERT_EQ(4, print(self, NR));
	EXPECT_STREQ(row("args", "slow=2 unfair", "not caught", "-", "-"), self->line[1]);
	snprintf(want, sizeof(want), "%s (by the host) %s (by the host)", sched_fault_name(0),
		 sched_fault_name(2));
	EXPECT_STREQ(row("by_host", want, "not caught", "-", "-"), self->line[2]);
	EXPECT_STREQ(row("no_value", "(of the scenario)", "not caught", "-", "-"), self->line[3]);
}

/* A run that was ended early says nothing of what did not run. */
TEST_F(table, only_what_has_run)
{
	control(self, 0, "ran", CAUSE_STALL);
	control(self, 3, "did_not", CAUSE_STALL);
	ASSERT_EQ(2, print(self, 3));
	EXPECT_EQ(0, strncmp("# ran ", self->line[1], 6));
}

/* More than the column holds is not cut, nor more than there is room for an overflow. */
TEST_F(table, long_faults)
{
	static char word[200];
	static const char *const args[] = { "--fault", word, "--fault", word, NULL };

	memset(word, 'x', sizeof(word) - 1);
	control(self, 0, "long", CAUSE_STALL);
	self->test[0].sched_args = args;
	self->test[0].sched_faults = ~0U;
	ASSERT_EQ(2, print(self, NR));
	EXPECT_NE(NULL, strstr(self->line[1], "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
	EXPECT_NE(NULL, strstr(self->line[1], "not caught"));
}

TEST_HARNESS_MAIN
