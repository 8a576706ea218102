// SPDX-License-Identifier: GPL-2.0
/*
 * test_result.c - what a guest says, and what the process of an instance hands on
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../runner/evidence.h"
#include "kselftest_harness.h"

/* --- messages of a guest, which may be anything --------------------------- */

static void frame_of(struct shm_frame *f, uint32_t type, const void *payload, size_t len)
{
	memset(f, 0, sizeof(*f));
	f->type = type;
	f->len = len;
	memcpy(f->payload, payload, len);
}

TEST(collect)
{
	struct msg_result res = { .verdict = VERDICT_PASS }, second = { .verdict = VERDICT_FAIL };
	struct msg_stage stage = { .stage = STAGE_RUN }, bad_stage = { .stage = NR_STAGES };
	struct collector c = { 0 };
	struct shm_frame *f = malloc(sizeof(*f));

	ASSERT_NE(NULL, f);
	frame_of(f, MSG_STAGE, &stage, sizeof(stage));
	collect_frame(&c, f);
	EXPECT_EQ(STAGE_RUN, c.ev.stage);
	frame_of(f, MSG_STAGE, &bad_stage, sizeof(bad_stage));
	collect_frame(&c, f);
	EXPECT_EQ(STAGE_RUN, c.ev.stage);
	frame_of(f, MSG_DETAIL, "one", 3);
	collect_frame(&c, f);
	EXPECT_STREQ("one\n", textbuf_str(&c.details));
	frame_of(f, MSG_RESULT, &res, sizeof(res) - 1);
	collect_frame(&c, f);
	EXPECT_FALSE(c.ev.have_result);
	frame_of(f, MSG_RESULT, &res, sizeof(res));
	collect_frame(&c, f);
	frame_of(f, MSG_RESULT, &second, sizeof(second));
	collect_frame(&c, f);
	EXPECT_EQ(VERDICT_PASS, c.ev.result.verdict);
	frame_of(f, 4711, "x", 1);
	collect_frame(&c, f);
	EXPECT_EQ(3, c.nr_bad);
	EXPECT_FALSE(c.ev.have_exit);
	frame_of(f, MSG_EXIT, "", 0);
	collect_frame(&c, f);
	EXPECT_TRUE(c.ev.have_exit);
	collector_free(&c);
	free(f);
}

/* --- the record in the pipe ----------------------------------------------- */

TEST(what_is_unmet)
{
	static const struct {
		uint32_t flags;
		bool asked;
		enum verdict verdict;
	} cases[] = {
		{ 0, false, VERDICT_FAIL }, { RESULT_NO_WINDOW, false, VERDICT_FAIL },
		{ RESULT_TOO_LARGE, false, VERDICT_SKIP }, { RESULT_TOO_LARGE, true, VERDICT_FAIL },
		{ RESULT_BUSY, false, VERDICT_SKIP }, { RESULT_BUSY, true, VERDICT_SKIP },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct instance_result res = {
			.flags = cases[i].flags, .outcome = { .verdict = VERDICT_FAIL },
		};

		result_unmet(&res, cases[i].asked);
		EXPECT_EQ(cases[i].verdict, res.outcome.verdict);
	}
}

static int transfer(const struct instance_result *in, size_t cut, struct instance_result *out)
{
	struct result_reader rd = { 0 };
	int fd[2], ret;

	if (pipe(fd))
		return -errno;
	ret = result_send(fd[1], in);
	close(fd[1]);
	while (!ret)
		ret = result_read(&rd, fd[0]);
	close(fd[0]);
	if (ret == 1) {
		rd.len -= min(cut, rd.len);
		ret = result_parse(&rd, out);
	}
	result_reader_free(&rd);
	return ret;
}

TEST(record)
{
	struct instance_result in = {
		.outcome = { .verdict = VERDICT_FAIL, .cause = CAUSE_STUCK, .at_ns = 9, .text = "text",
			     .unseen = "all is dark", .caught = { CAUSE_STALL, 3, 4 } },
		.flags = RESULT_NO_WINDOW, .have_result = true, .run_ns = 5,
		.phases = { .at_ns = { 1, 2 }, .thawed = true },
	}, out;

	textbuf_printf(&in.section[SECTION_DETAIL], "a");
	textbuf_printf(&in.section[SECTION_DETAIL], "b");
	textbuf_printf(&in.section[SECTION_LOG], "c");
	in.section[SECTION_LOG].nr_dropped = 7;
	ASSERT_EQ(0, transfer(&in, 0, &out));
	/* All of it: what one end leaves out is never seen at the other. */
	EXPECT_EQ(VERDICT_FAIL, out.outcome.verdict);
	EXPECT_EQ(CAUSE_STUCK, out.outcome.cause);
	EXPECT_EQ(9, out.outcome.at_ns);
	EXPECT_STREQ("text", out.outcome.text);
	EXPECT_STREQ("all is dark", out.outcome.unseen);
	EXPECT_EQ(CAUSE_STALL, out.outcome.caught.cause);
	EXPECT_EQ(3, out.outcome.caught.start_ns);
	EXPECT_EQ(4, out.outcome.caught.fault_ns);
	EXPECT_EQ(2, out.phases.at_ns[1]);
	EXPECT_TRUE(out.phases.thawed);
	EXPECT_EQ(RESULT_NO_WINDOW, out.flags);
	EXPECT_TRUE(out.have_result);
	EXPECT_EQ(5, out.run_ns);
	EXPECT_STREQ("a\nb\n", textbuf_str(&out.section[SECTION_DETAIL]));
	EXPECT_STREQ("", textbuf_str(&out.section[SECTION_SCHED]));
	EXPECT_STREQ("c\n", textbuf_str(&out.section[SECTION_LOG]));
	EXPECT_EQ(7, out.section[SECTION_LOG].nr_dropped);
	EXPECT_EQ(0, out.section[SECTION_DETAIL].nr_dropped);
	instance_result_free(&out);

	/* Anything less than the whole is nothing. */
	EXPECT_EQ(-EBADMSG, transfer(&in, 1, &out));
	EXPECT_EQ(-EBADMSG, transfer(&in, 100, &out));
	EXPECT_EQ(-EBADMSG, transfer(&in, 100000, &out));
	in.outcome.verdict = VERDICT_NONE;
	EXPECT_EQ(-EBADMSG, transfer(&in, 0, &out));
	in.outcome.verdict = VERDICT_FAIL;
	in.outcome.cause = NR_CAUSES;
	EXPECT_EQ(-EBADMSG, transfer(&in, 0, &out));
	in.outcome.cause = CAUSE_STUCK;
	memset(in.outcome.unseen, 'x', sizeof(in.outcome.unseen));
	EXPECT_EQ(-EBADMSG, transfer(&in, 0, &out));
	instance_result_free(&in);
}

TEST_HARNESS_MAIN
