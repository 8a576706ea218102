// SPDX-License-Identifier: GPL-2.0
/* How PID 1 reports: messages both ways, results, the random generator, requests of the host. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include "kselftest_harness.h"
#include "../guest/com2.h"
#include "../guest/guest.h"

FIXTURE(pid1) {
	struct guest g;
	struct shm host;
	void *window;
	int com2;		/* the end that the host reads */
	char text[64 * KIB];
	const char *pos;
	size_t len;
	struct shm_frame frame;
};

FIXTURE_SETUP(pid1)
{
	int fd[2];

	memset(&self->g, 0, sizeof(self->g));
	self->window = mmap(NULL, SHM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	ASSERT_NE(MAP_FAILED, self->window);
	shm_format(&self->host, self->window);
	ASSERT_EQ(0, shm_attach(&self->g.shm, self->window));
	ASSERT_EQ(0, pipe2(fd, O_NONBLOCK | O_CLOEXEC));
	self->com2 = fd[0];
	self->g.com2_fd = fd[1];
	self->g.kmsg_fd = -1;
	self->pos = self->text;
	self->len = 0;
}

FIXTURE_TEARDOWN(pid1)
{
	close(self->com2);
	if (self->g.com2_fd >= 0)
		close(self->g.com2_fd);
	munmap(self->window, SHM_SIZE);
}

/* The next frame that went to the window, or to COM2; its type, 0 for none. */
static uint32_t next_window(FIXTURE_DATA(pid1) *self)
{
	return shm_recv(&self->host, &self->frame) == 1 ? self->frame.type : 0;
}

static uint32_t next_com2(FIXTURE_DATA(pid1) *self)
{
	ssize_t n;

	while (self->len < sizeof(self->text) &&
	       (n = read(self->com2, self->text + self->len, sizeof(self->text) - self->len)) > 0)
		self->len += (size_t)n;
	return frame_decode(&self->pos, self->text + self->len, &self->frame, NULL) == 1 ?
	       self->frame.type : 0;
}

TEST_F(pid1, both_ways)
{
	guest_stage(&self->g, STAGE_RUN);
	guest_log(&self->g, "only %s", "once");
	guest_detail(&self->g, "a\nb\tc");

	ASSERT_EQ(MSG_STAGE, next_window(self));
	EXPECT_EQ(STAGE_RUN, ((struct msg_stage *)self->frame.payload)->stage);
	ASSERT_EQ(MSG_LOG, next_window(self));
	EXPECT_STREQ("only once", (char *)self->frame.payload);
	ASSERT_EQ(MSG_DETAIL, next_window(self));
	EXPECT_STREQ("a b c", (char *)self->frame.payload);
	EXPECT_EQ(0, next_window(self));

	ASSERT_EQ(MSG_STAGE, next_com2(self));
	EXPECT_EQ(0, self->frame.seq);
	ASSERT_EQ(MSG_DETAIL, next_com2(self));
	EXPECT_EQ(1, self->frame.seq);
	EXPECT_EQ(0, next_com2(self));
}

TEST_F(pid1, no_window)
{
	self->g.shm.base = NULL;
	guest_log(&self->g, "hello");
	guest_signal(&self->g, SHM_GST_STARTED);
	EXPECT_EQ(0, guest_requests(&self->g));
	EXPECT_FALSE(guest_poll_requests(&self->g));
	EXPECT_EQ(0, next_window(self));
	ASSERT_EQ(MSG_LOG, next_com2(self));
	EXPECT_STREQ("hello", (char *)self->frame.payload);
}

TEST_F(pid1, nowhere)
{
	self->g.shm.base = NULL;
	close(self->g.com2_fd);
	self->g.com2_fd = -ENODEV;
	guest_detail(&self->g, "to nobody");
	EXPECT_EQ(0, next_com2(self));
}

TEST_F(pid1, cut_window)
{
	struct msg_result res = { .verdict = VERDICT_PASS };

	self->g.job.fault = JOB_FAULT_CUT_WINDOW;
	guest_stage(&self->g, STAGE_DONE);
	guest_send(&self->g, MSG_RESULT, &res, sizeof(res), true);
	guest_send(&self->g, MSG_EXIT, NULL, 0, true);
	EXPECT_EQ(MSG_STAGE, next_window(self));
	EXPECT_EQ(0, next_window(self));
	EXPECT_EQ(MSG_STAGE, next_com2(self));
	EXPECT_EQ(MSG_RESULT, next_com2(self));
	EXPECT_EQ(sizeof(res), self->frame.len);
	EXPECT_EQ(MSG_EXIT, next_com2(self));
}

TEST_F(pid1, cut_com2)
{
	struct msg_result res = { .verdict = VERDICT_PASS };

	self->g.job.fault = JOB_FAULT_CUT_COM2;
	guest_send(&self->g, MSG_RESULT, &res, sizeof(res), true);
	guest_send(&self->g, MSG_EXIT, NULL, 0, true);
	EXPECT_EQ(MSG_RESULT, next_window(self));
	EXPECT_EQ(MSG_EXIT, next_window(self));
	EXPECT_EQ(0, next_com2(self));
}

/* A full window drops and counts; what ends a run still fits. COM2 is quiet about the rest. */
TEST_F(pid1, full_window)
{
	char block[SHM_MAX_PAYLOAD] = "";
	unsigned int i;

	for (i = 0; i < 2 * SHM_RING_SIZE / SHM_MAX_PAYLOAD; i++)
		guest_send(&self->g, MSG_LOG, block, sizeof(block), false);
	EXPECT_LT(0, shm_drops(&self->host));
	guest_send(&self->g, MSG_EXIT, NULL, 0, true);
	while (next_window(self) == MSG_LOG)
		;
	EXPECT_EQ(MSG_EXIT, self->frame.type);
	EXPECT_EQ(MSG_EXIT, next_com2(self));
}

/* Nobody takes what the port sends: one limit is paid, then the port is given up. */
TEST_F(pid1, stuck_com2)
{
	char block[SHM_MAX_PAYLOAD] = "";
	uint64_t start = now_ns();
	unsigned int i;

	for (i = 0; i < 20; i++)
		guest_send(&self->g, MSG_DETAIL, block, sizeof(block), false);
	EXPECT_EQ(-1, self->g.com2_fd);
	EXPECT_LE(COM2_LIMIT_NS, now_ns() - start);
	EXPECT_GT(COM2_LIMIT_NS * 3 / 2, now_ns() - start);
	for (i = 0; i < 20; i++)
		EXPECT_EQ(MSG_DETAIL, next_window(self));
}

TEST_F(pid1, signals_and_requests)
{
	struct shm_header *hdr = shm_header(&self->host);

	guest_signal(&self->g, SHM_GST_ATTACHED);
	guest_signal(&self->g, SHM_GST_STARTED);
	EXPECT_EQ(SHM_GST_ATTACHED | SHM_GST_STARTED, atomic_load(&hdr->guest));
	EXPECT_FALSE(guest_poll_requests(&self->g));
	hdr->request = SHM_REQ_SHUTDOWN;
	EXPECT_EQ(SHM_REQ_SHUTDOWN, guest_requests(&self->g));
	EXPECT_TRUE(guest_poll_requests(&self->g));
	EXPECT_TRUE(guest_poll_requests(&self->g));
}

TEST_F(pid1, worst_result_first)
{
	struct msg_result res = { .verdict = VERDICT_PASS };
	char last = res.text[RESULT_TEXT_LEN - 1];

	result_set(&self->g, &res, VERDICT_SKIP, CAUSE_NONE, "no %s", "need");
	EXPECT_EQ(VERDICT_SKIP, res.verdict);
	EXPECT_STREQ("no need", res.text);
	EXPECT_EQ(last, res.text[RESULT_TEXT_LEN - 1]);

	result_set(&self->g, &res, VERDICT_INCONCLUSIVE, CAUSE_NONE, "noise");
	EXPECT_EQ(VERDICT_INCONCLUSIVE, res.verdict);

	result_set(&self->g, &res, VERDICT_FAIL, CAUSE_STUCK, "first");
	result_set(&self->g, &res, VERDICT_FAIL, CAUSE_UNFAIR, "second");
	result_set(&self->g, &res, VERDICT_SKIP, CAUSE_NONE, "third");
	EXPECT_EQ(VERDICT_FAIL, res.verdict);
	EXPECT_EQ(CAUSE_STUCK, res.cause);
	EXPECT_STREQ("first", res.text);

	/* Each was a detail, the losers too. */
	ASSERT_EQ(MSG_DETAIL, next_window(self));
	ASSERT_EQ(MSG_DETAIL, next_window(self));
	ASSERT_EQ(MSG_DETAIL, next_window(self));
	ASSERT_EQ(MSG_DETAIL, next_window(self));
	EXPECT_STREQ("second", (char *)self->frame.payload);
	ASSERT_EQ(MSG_DETAIL, next_window(self));
	EXPECT_EQ(0, next_window(self));
}

TEST_F(pid1, long_result)
{
	struct msg_result res = { .verdict = VERDICT_NONE };
	char text[2 * RESULT_TEXT_LEN];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[3] = '\n';
	result_set(&self->g, &res, VERDICT_FAIL, CAUSE_OTHER, "%s", text);
	EXPECT_EQ(RESULT_TEXT_LEN - 1, strlen(res.text));
	EXPECT_EQ(NULL, strchr(res.text, '\n'));
}

TEST_F(pid1, random)
{
	unsigned int i, hit[7] = { 0 };
	struct guest other = { .rng = 1 };

	EXPECT_EQ(0, guest_random(&self->g, 0));
	EXPECT_EQ(0, guest_random(&self->g, 1));

	self->g.rng = 0;
	for (i = 0; i < 7000; i++) {
		uint32_t x = guest_random(&self->g, 7);

		ASSERT_GT(7, x);
		hit[x]++;
	}
	for (i = 0; i < 7; i++) {
		EXPECT_LT(850, hit[i]);
		EXPECT_GT(1150, hit[i]);
	}

	/* Half of all values are rejected for this bound; it ends all the same. */
	for (i = 0; i < 100; i++)
		EXPECT_GE(1U << 31, guest_random(&self->g, (1U << 31) + 1));

	self->g.rng = 1;
	for (i = 0; i < 100; i++)
		ASSERT_EQ(guest_random(&other, 1000), guest_random(&self->g, 1000));
	self->g.rng = 1;
	other.rng = 2;
	for (i = 0; i < 100; i++)
		if (guest_random(&other, 1000) != guest_random(&self->g, 1000))
			break;
	EXPECT_GT(3, i);
}

TEST(com2_port)
{
	static const char text[] = "@ktstr 1\n\r\x01\xff";
	char name[64], buf[64];
	int master, slave, fd;

	EXPECT_EQ(-ENOENT, com2_open("/dev/there-is-no-such-port"));
	EXPECT_EQ(-ENOTTY, com2_open("/dev/null"));

	if (openpty(&master, &slave, name, NULL, NULL))
		SKIP(return, "no pseudo terminals");
	fd = com2_open(name);
	ASSERT_LE(0, fd);
	/* Raw: nothing is translated. */
	EXPECT_EQ(0, com2_write(fd, text, sizeof(text), NSEC_PER_SEC));
	EXPECT_EQ((ssize_t)sizeof(text), read(master, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(text, buf, sizeof(text)));
	EXPECT_EQ(0, com2_drain(fd, NSEC_PER_SEC));
	close(master);
	EXPECT_EQ(-EIO, com2_write(fd, text, sizeof(text), NSEC_PER_SEC));
	close(fd);
	close(slave);
}

TEST_HARNESS_MAIN
