// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../runner/evidence.h"
#include "kselftest_harness.h"

static void stage(struct collector *c, uint32_t stage)
{
	const struct msg_stage msg = { .stage = stage };
	struct shm_frame frame = { .type = MSG_STAGE, .len = sizeof(msg) };

	memcpy(frame.payload, &msg, sizeof(msg));
	collect_frame(c, &frame);
}

TEST(stages_become_phases)
{
	static const struct {
		enum stage stage;
		enum phase phase;
	} seen[] = {
		{ STAGE_INIT, PHASE_INIT }, { STAGE_READY, PHASE_READY }, { STAGE_JOB, PHASE_JOB },
		{ STAGE_SETUP, PHASE_ATTACHED }, { STAGE_RUN, PHASE_WORKERS },
	};
	struct msg_result res = { .verdict = VERDICT_PASS };
	struct shm_frame frame = { .type = MSG_RESULT, .len = sizeof(res) };
	struct collector c = { 0 };
	uint64_t first;
	unsigned int i;

	phase_reached(&c.phases, PHASE_START);
	/* The scheduler is being attached: not yet. */
	stage(&c, STAGE_SCHED);
	EXPECT_EQ(phases_last(&c.phases), PHASE_START);
	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		stage(&c, seen[i].stage);
		EXPECT_EQ(phases_last(&c.phases), seen[i].phase);
	}
	memcpy(frame.payload, &res, sizeof(res));
	collect_frame(&c, &frame);
	EXPECT_EQ(phases_last(&c.phases), PHASE_RESULT);

	/* The first time counts. */
	first = c.phases.at_ns[PHASE_WORKERS];
	stage(&c, STAGE_RUN);
	EXPECT_EQ(c.phases.at_ns[PHASE_WORKERS], first);
	for (i = PHASE_START + 1; i < NR_PHASES; i++)
		if (c.phases.at_ns[i])
			EXPECT_GE(c.phases.at_ns[i], c.phases.at_ns[PHASE_START]);
	collector_free(&c);
}

/* The messages of the guest that it was thawed from are still in its window. */
TEST(a_thawed_guest_has_no_boot)
{
	struct collector c = { .phases.thawed = true };

	phase_reached(&c.phases, PHASE_RUN);
	phase_reached(&c.phases, PHASE_BANNER);
	stage(&c, STAGE_INIT);
	stage(&c, STAGE_READY);
	EXPECT_EQ(phases_last(&c.phases), PHASE_RUN);
	stage(&c, STAGE_JOB);
	EXPECT_EQ(phases_last(&c.phases), PHASE_JOB);
	collector_free(&c);
}

TEST(banner)
{
	EXPECT_TRUE(phase_is_banner("[    0.000000] Linux version 6.18.15 (x@y)"));
	EXPECT_TRUE(phase_is_banner("[    0.000000][    T0] Linux version 6.18.15 (x@y)"));
	EXPECT_TRUE(phase_is_banner("Linux version 6.18.15"));
	EXPECT_FALSE(phase_is_banner("[    0.000000] Linux ver"));
	EXPECT_FALSE(phase_is_banner("[    1.630896] PCI: Fatal: No config space access function"));
	EXPECT_FALSE(phase_is_banner("[    1.6"));
	EXPECT_FALSE(phase_is_banner(""));
}

TEST(only_what_was_reached_is_printed)
{
	struct phases p = { .at_ns = {
		[PHASE_EXEC] = 1500000, [PHASE_START] = 5000000, [PHASE_CREATED] = 8100000, [PHASE_RUN] = 8500000,
		[PHASE_TEARDOWN] = 1005000000,
	} };
	char buf[256], *json = NULL;
	size_t len;
	FILE *f = open_memstream(&json, &len);

	EXPECT_STREQ(phases_line(&p, buf, sizeof(buf)),
		     "exec -3.5, created 3.1, run 3.5, teardown 1000.0");
	ASSERT_NE(f, NULL);
	phases_json(&p, f);
	fclose(f);
	EXPECT_STREQ(json,
		     "{\"exec\":-3500000,\"created\":3100000,\"run\":3500000,\"teardown\":1000000000}");
	free(json);
	/* A clock that went backwards, or nothing at all. */
	p.at_ns[PHASE_RUN] = 1;
	EXPECT_STREQ(phases_line(&p, buf, sizeof(buf)),
		     "exec -3.5, created 3.1, run 0.0, teardown 1000.0");
	memset(&p, 0, sizeof(p));
	EXPECT_STREQ(phases_line(&p, buf, sizeof(buf)), "");
	EXPECT_STREQ(phase_name(NR_PHASES), "?");
	/* Cut, not past its end. */
	p.at_ns[PHASE_START] = 1;
	p.at_ns[PHASE_CREATED] = 2;
	memset(buf, 'x', sizeof(buf));
	EXPECT_EQ(strlen(phases_line(&p, buf, 5)), 4);
	EXPECT_EQ(buf[5], 'x');
}

TEST_HARNESS_MAIN
