// SPDX-License-Identifier: GPL-2.0
/*
 * test_truth.c - both halves of the check of what the monitor reads, without a guest
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "kselftest_harness.h"
#include "../guest/truth.h"
#include "../lib/truth.h"
#include "../monitor/truth.h"

KTSTR_TEST(declared, .desc = "to be found by its name");

/* --- sched/debug ---------------------------------------------------------- */

#define HEAD	"Sched Debug Version: v0.11, 1.2.3\nktime : 5012.0\nsysctl_sched\n  .clock : 1.000001\n"
#define CPU(_nr, _running, _clock, _curr)					\
	"\ncpu#" #_nr ", 1000.000 MHz\n"					\
	"  .nr_running                    : " #_running "\n"			\
	"  .nr_switches                   : 1234\n"				\
	"  .curr->pid                     : " #_curr "\n"			\
	"  .clock                         : " #_clock "\n"			\
	"  .clock_task                    : 77.000001\n"			\
	"\ncfs_rq[" #_nr "]:/\n"						\
	"  .nr_running                    : 99\n"				\
	"  .clock                         : 88.000001\n"

TEST(debug_is_parsed)
{
	struct truth_cpu cpu[11];

	memset(cpu, 0xff, sizeof(cpu));
	ASSERT_EQ(0, sched_debug_parse(HEAD CPU(0, 0, 5011.000042, 0) CPU(1, 3, 5012.345678, 77),
				       cpu, 2));
	EXPECT_EQ(0U, cpu[0].cpu);
	EXPECT_EQ(0U, cpu[0].nr_running);
	EXPECT_EQ(0U, cpu[0].curr);
	EXPECT_EQ(5011000042ULL, cpu[0].clock);
	EXPECT_EQ(1U, cpu[1].cpu);
	EXPECT_EQ(3U, cpu[1].nr_running);
	EXPECT_EQ(77U, cpu[1].curr);
	EXPECT_EQ(5012345678ULL, cpu[1].clock);
	EXPECT_EQ(UINT32_MAX, cpu[2].nr_running);
	/* CPU 10 is not CPU 1, and more CPUs than asked for are left out. */
	EXPECT_EQ(-ENODATA, sched_debug_parse(CPU(0, 1, 1.000000, 0) CPU(10, 1, 1.000000, 0), cpu, 2));
	EXPECT_EQ(0, sched_debug_parse(CPU(0, 1, 1.000000, 0) CPU(10, 1, 1.000000, 0), cpu, 1));
}

TEST(debug_is_incomplete)
{
	static const char whole[] = CPU(0, 1, 5011.000042, 0);
	char text[sizeof(whole)];
	struct truth_cpu cpu;
	size_t len;

	EXPECT_EQ(-ENODATA, sched_debug_parse("", &cpu, 1));
	EXPECT_EQ(-ENODATA, sched_debug_parse(HEAD, &cpu, 1));
	EXPECT_EQ(-ENODATA, sched_debug_parse("cpu#0\n.nr_running : x\n.clock : 1\n", &cpu, 1));
	EXPECT_EQ(-ENODATA, sched_debug_parse("cpu#99999999\n  .nr_running : 1\n", &cpu, 1));
	for (len = 0; len < (size_t)(strstr(whole, ".clock ") - whole); len++) {
		snprintf(text, sizeof(text), "%.*s", (int)len, whole);
		EXPECT_EQ(-ENODATA, sched_debug_parse(text, &cpu, 1));
	}
}

/* --- the check ------------------------------------------------------------ */

static const struct monitor_report have_all = {
	.have_nr_running = true, .have_clock = true, .have_scx = true, .have_idle = true,
};

static const char said[] =
	"stage run at 1 ms\n"
	"truth: cpu 1: nr_running 9 clock 9 curr 9 scx 9 slack 9\n"
	"truth: for 9 ns\n"
	"truth: cpu 0: nr_running 0 clock 1000000000 curr 0 scx 0 slack 0\n"
	"truth: cpu 1: nr_running 2 clock 1100000000 curr 77 scx 2 slack 0\n"
	"truth: cpu 2: nr_running 4 clock 1100000000 curr 1 scx 3 slack 1\n"
	"truth: for 5000000 ns\n";

#define MS	NSEC_PER_MSEC

TEST(readings_are_checked)
{
	static const struct {
		unsigned int cpu;
		struct cpu_sample s;
		const char *wrong;	/* NULL: right */
	} cases[] = {
		/* nr_running, clock, scx.nr_running, scx.flags, local DSQ, idle, offline */
		{ 1, { 2, 1100 * MS, 2, 1, 1, false, false }, NULL },
		{ 1, { 2, 1125 * MS, 2, 1, 1, false, false }, NULL },
		{ 1, { 2, 1125 * MS + 1, 2, 1, 1, false, false }, "clock" },
		{ 1, { 2, 1100 * MS - 1, 2, 1, 1, false, false }, "clock" },
		{ 1, { 3, 1100 * MS, 2, 1, 1, false, false }, "nr_running: the guest sees 2, the monitor reads 3" },
		{ 1, { 1, 1100 * MS, 2, 1, 1, false, false }, "nr_running: the guest sees 2, the monitor reads 1" },
		{ 1, { 9, 9, 9, 1, 1, false, false }, "nr_running" },
		{ 1, { 2, 1100 * MS, 2, 1, 1, true, false }, "idle" },
		{ 1, { 2, 1100 * MS, 1, 1, 1, false, false }, "scx.nr_running" },
		{ 1, { 2, 1100 * MS, 2, 0, 1, false, false }, "not online" },
		{ 1, { 2, 1100 * MS, 2, 1, 3, false, false }, "local DSQ" },
		/* Idle: an old clock that may have been brought up to date. */
		{ 0, { 0, 1000 * MS, 0, 1, 0, true, false }, NULL },
		{ 0, { 0, 1125 * MS, 0, 1, 0, true, false }, NULL },
		{ 0, { 0, 1125 * MS + 1, 0, 1, 0, true, false }, "clock" },
		{ 0, { 0, 1000 * MS, 0, 1, 0, false, false }, "idle" },
		/* Who counts may count itself, or not; sched_ext never has it. */
		{ 2, { 3, 1100 * MS, 3, 1, 1, true, false }, NULL },
		{ 2, { 5, 1100 * MS, 3, 1, 1, false, false }, NULL },
		{ 2, { 2, 1100 * MS, 3, 1, 1, false, false }, "nr_running" },
		{ 2, { 4, 1100 * MS, 4, 1, 1, false, false }, "scx.nr_running" },
		/* Nothing was said of it. */
		{ 3, { 0, 0, 0, 0, 0, false, false }, "said nothing of CPU 3" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { "" };
		int ret = truth_check_cpu(said, &have_all, cases[i].cpu, &cases[i].s, &err);

		EXPECT_EQ(!cases[i].wrong, !ret) {
			TH_LOG("case %zu: %s", i, err.msg);
		}
		if (cases[i].wrong)
			EXPECT_NE(NULL, strstr(err.msg, cases[i].wrong)) {
				TH_LOG("case %zu: %s", i, err.msg);
			}
	}
}

TEST(what_cannot_be_read_is_no_pass)
{
	const struct cpu_sample s = { 2, 1100 * MS, 2, 1, 1, false, false };
	struct monitor_report have = have_all;
	struct err err = { "" };

	have.have_clock = false;
	EXPECT_EQ(-ENODATA, truth_check_cpu(said, &have, 1, &s, &err));
	have = have_all;
	have.have_scx = false;
	EXPECT_EQ(-ENODATA, truth_check_cpu(said, &have, 1, &s, &err));
	EXPECT_EQ(-ENODATA, truth_check_cpu("", &have_all, 1, &s, &err));
	EXPECT_EQ(-ENODATA, truth_check_cpu("truth: cpu 1: nr_running 2 clock", &have_all, 1, &s, &err));
}

/* --- events --------------------------------------------------------------- */

#define NO_EVENTS	"truth: cpu 0: nr_running 0 clock 1000000000 curr 0 scx 0 slack 0\n"
#define EVENTS(_a, _b)								\
	NO_EVENTS "truth: event SCX_EV_A " #_a "\ntruth: event SCX_EV_BB " #_b "\n"

TEST(events_are_checked)
{
	static const struct {
		const char *said;
		int64_t a, bb;
		const char *wrong;
	} cases[] = {
		{ EVENTS(7, 0), 7, 0, NULL },
		{ EVENTS(-7, 9223372036854775807), -7, INT64_MAX, NULL },
		/* The last word counts. */
		{ EVENTS(6, 0) EVENTS(7, 0), 7, 0, NULL },
		{ EVENTS(6, 0) EVENTS(7, 0), 6, 0, "SCX_EV_A: the guest sees 7, the monitor reads 6" },
		{ EVENTS(7, 0), 7, 1, "SCX_EV_BB: the guest sees 0, the monitor reads 1" },
		{ EVENTS(7, 0), 0, 0, "SCX_EV_A: the guest sees 7, the monitor reads 0" },
		/* Without a scheduler. */
		{ NO_EVENTS, 0, 0, NULL },
		{ "", 0, 0, NULL },
		{ NO_EVENTS, 0, 1, "SCX_EV_BB: the guest sees 0, the monitor reads 1" },
		/* A name that begins alike, one without a number, one that nobody knows. */
		{ "truth: event SCX_EV_A_B 7\n", 0, 0, "the guest counts SCX_EV_A_B" },
		{ "truth: event SCX_EV_A\ntruth: event SCX_EV_BB 3\n", 0, 3, NULL },
		{ EVENTS(7, 0) "truth: event SCX_EV_C 0\n", 7, 0, "the guest counts SCX_EV_C" },
		/* Memory that is all 0 would be right as well. */
		{ EVENTS(0, 0), 0, 0, "proves nothing" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct event_sample s = { .nr = 2, .event = { { "SCX_EV_A", cases[i].a },
							      { "SCX_EV_BB", cases[i].bb } } };
		struct err err = { "" };
		int ret = truth_check_events(cases[i].said, &s, &err);

		EXPECT_EQ(!cases[i].wrong, !ret) {
			TH_LOG("case %zu: %s", i, err.msg);
		}
		if (cases[i].wrong)
			EXPECT_NE(NULL, strstr(err.msg, cases[i].wrong)) {
				TH_LOG("case %zu: %s", i, err.msg);
			}
	}
}

TEST(events_that_cannot_be_read)
{
	struct err err = { "" };

	EXPECT_EQ(0, truth_check_events(NO_EVENTS, NULL, &err));
	EXPECT_EQ(-ENODATA, truth_check_events(EVENTS(1, 2), NULL, &err));
	EXPECT_NE(NULL, strstr(err.msg, "SCX_EV_A"));
}

/* --- tasks ---------------------------------------------------------------- */

#define TASKS(_nr, _pid, _comm)	"truth: ext " #_nr " tasks, first " #_pid " " _comm "\n"

TEST(tasks_are_checked)
{
	static const struct {
		const char *said;
		struct ext_tasks found;
		const char *wrong;
	} cases[] = {
		{ TASKS(7, 2, "kthreadd"), { 7, 2, "kthreadd" }, NULL },
		{ TASKS(7, 2, "two words"), { 7, 2, "two words" }, NULL },
		{ TASKS(7, 2, "kthreadd"), { 8, 2, "kthreadd" },
		  "the guest sees 7, the monitor reads 8" },
		{ TASKS(7, 2, "kthreadd"), { 0, 0, "" },
		  "the guest sees 7, the monitor reads 0" },
		{ TASKS(7, 2, "kthreadd"), { 7, 3, "kthreadd" },
		  "the guest sees kthreadd[2], the monitor reads kthreadd[3]" },
		{ TASKS(7, 2, "kthreadd"), { 7, 2, "kthread" }, "the monitor reads kthread[2]" },
		/* The last word counts. */
		{ TASKS(6, 2, "a") TASKS(7, 3, "b"), { 7, 3, "b" }, NULL },
		{ TASKS(6, 2, "a") TASKS(7, 3, "b"), { 6, 2, "a" }, "the guest sees 7" },
		/* Memory that is all 0 would be right as well. */
		{ TASKS(0, 0, ""), { 0, 0, "" }, "proves nothing" },
		{ TASKS(0, 0, "x"), { 0, 0, "x" }, "proves nothing" },
		{ "", { 0, 0, "" }, "proves nothing" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { "" };
		int ret = truth_check_tasks(cases[i].said, &cases[i].found, &err);

		EXPECT_EQ(!cases[i].wrong, !ret) {
			TH_LOG("case %zu: %s", i, err.msg);
		}
		if (cases[i].wrong)
			EXPECT_NE(NULL, strstr(err.msg, cases[i].wrong)) {
				TH_LOG("case %zu: %s", i, err.msg);
			}
	}
}

TEST_HARNESS_MAIN
