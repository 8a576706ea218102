// SPDX-License-Identifier: GPL-2.0
/*
 * test_deadline.c - how long a guest may take, and how long it was kept from its CPU
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kselftest_harness.h"
#include "../runner/deadline.h"
#include "../vmm/starved.h"

static enum late late_at(struct deadline *d, uint64_t now_s, uint64_t starved_s, uint64_t guest_s,
			 char *text, size_t size)
{
	const struct host_time host = {
		.now_ns = now_s * NSEC_PER_SEC, .starved_ns = starved_s * NSEC_PER_SEC,
	};

	return deadline_passed(d, &host, guest_s * NSEC_PER_SEC, text, size);
}

FIXTURE(deadline) {
	struct plan_instance inst;
	struct deadline d;
	char text[160];
};

FIXTURE_SETUP(deadline)
{
	memset(self, 0, sizeof(*self));
	self->inst.topo = (struct topology){
		.nr_nodes = 1, .nr_llcs = 1, .cores_per_llc = 4, .threads_per_core = 1,
	};
	self->inst.run_ms = 2000;
	deadline_init(&self->d, &self->inst);
}

FIXTURE_TEARDOWN(deadline)
{
}

#define LATE(now, starved, guest) \
	late_at(&self->d, now, starved, guest, self->text, sizeof(self->text))

TEST(stopped)
{
	const uint64_t start = 100 * NSEC_PER_SEC;
	uint64_t looked = 0, now = start;

	EXPECT_EQ(0, deadline_stopped(&looked, now, 1000));
	EXPECT_EQ(start, looked);
	/* Late, as on a busy host. */
	now += 2 * NSEC_PER_SEC;
	EXPECT_EQ(0, deadline_stopped(&looked, now, 1000));
	now += 20 * NSEC_PER_SEC;
	EXPECT_EQ(18 * NSEC_PER_SEC, deadline_stopped(&looked, now, 1000));
	/* It counts once. */
	EXPECT_EQ(now, looked);
	EXPECT_EQ(0, deadline_stopped(&looked, now, 1000));
}

TEST_F(deadline, limits)
{
	EXPECT_EQ(128 * NSEC_PER_SEC, self->d.boot_ns);
	EXPECT_EQ(130 * NSEC_PER_SEC, self->d.job_ns);
	EXPECT_EQ(64 * NSEC_PER_SEC, self->d.guest_ns);
	/* More CPUs take longer to emulate. */
	self->inst.topo.cores_per_llc = 16;
	deadline_init(&self->d, &self->inst);
	EXPECT_EQ(157 * NSEC_PER_SEC, self->d.boot_ns);
	EXPECT_EQ(4 * 130 * NSEC_PER_SEC, self->d.job_ns);
	EXPECT_EQ(128 * NSEC_PER_SEC, self->d.guest_ns);
	self->inst.topo.cores_per_llc = 240;
	deadline_init(&self->d, &self->inst);
	EXPECT_EQ(1752 * NSEC_PER_SEC, self->d.boot_ns);
}

/* Of a scheduler that takes long to attach that is said, and it may do so more than once. */
TEST_F(deadline, attaching)
{
	self->inst.expect.attach_ms = 10000;
	deadline_init(&self->d, &self->inst);
	EXPECT_EQ(128 * NSEC_PER_SEC, self->d.boot_ns);
	EXPECT_EQ(330 * NSEC_PER_SEC, self->d.job_ns);
	EXPECT_EQ(94 * NSEC_PER_SEC, self->d.guest_ns);
	/* Before there is a job, it takes its time there. */
	deadline_attach(&self->d);
	EXPECT_EQ((128 + 330) * NSEC_PER_SEC, self->d.boot_ns);
	EXPECT_EQ(330 * NSEC_PER_SEC, self->d.job_ns);
}

/* Nor is a guest late that may still wait for a program. */
TEST_F(deadline, waiting)
{
	self->inst.wait_ms = 10000;
	deadline_init(&self->d, &self->inst);
	EXPECT_EQ(128 * NSEC_PER_SEC, self->d.boot_ns);
	EXPECT_EQ(330 * NSEC_PER_SEC, self->d.job_ns);
	EXPECT_EQ(84 * NSEC_PER_SEC, self->d.guest_ns);
}

/* Boot, then the job, each with its own limit. */
TEST_F(deadline, real_time)
{
	const struct host_time start = { .now_ns = 1000 * NSEC_PER_SEC };
	struct host_time job = { .now_ns = 1100 * NSEC_PER_SEC };

	deadline_start(&self->d, &start, false);
	EXPECT_FALSE(deadline_near(&self->d, 1128 * NSEC_PER_SEC));
	EXPECT_TRUE(deadline_near(&self->d, 1129 * NSEC_PER_SEC));
	EXPECT_EQ(LATE_NOT, LATE(1128, 0, 0));
	EXPECT_EQ(LATE_GUEST, LATE(1129, 0, 0));
	EXPECT_STREQ("no job was taken in 129.0 s (limit 128.0 s)", self->text);
	deadline_job(&self->d, &job);
	job.now_ns = 1110 * NSEC_PER_SEC;
	deadline_job(&self->d, &job);
	EXPECT_FALSE(deadline_near(&self->d, 1230 * NSEC_PER_SEC));
	EXPECT_EQ(LATE_NOT, LATE(1230, 0, 0));
	EXPECT_EQ(LATE_GUEST, LATE(1231, 0, 0));
	EXPECT_STREQ("no result in real time 131.0 s (limit 130.0 s)", self->text);
}

/* Guest time decides where it is known, from the job on. */
TEST_F(deadline, guest_time)
{
	const struct host_time start = { .now_ns = 1000 * NSEC_PER_SEC };

	deadline_start(&self->d, &start, true);
	EXPECT_EQ(LATE_NOT, LATE(1001, 0, 500));
	EXPECT_EQ(LATE_NOT, LATE(1002, 0, 564));
	EXPECT_EQ(LATE_NOT, LATE(1002, 0, 0));
	EXPECT_EQ(LATE_GUEST, LATE(1003, 0, 565));
	EXPECT_STREQ("no result in guest time 65.0 s (limit 64.0 s)", self->text);
}

/* Only time in which it could have run counts, within reason. */
TEST_F(deadline, starved)
{
	const struct host_time start = {
		.now_ns = 1000 * NSEC_PER_SEC, .starved_ns = 7 * NSEC_PER_SEC,
	};

	deadline_start(&self->d, &start, false);
	EXPECT_EQ(LATE_NOT, LATE(1200, 79, 0));
	EXPECT_EQ(LATE_GUEST, LATE(1200, 78, 0));
	EXPECT_STREQ("no job was taken in 200.0 s (limit 128.0 s), 71.0 s of it without a CPU of the host",
		     self->text);
	EXPECT_EQ(LATE_NOT, LATE(1384, 350, 0));
	EXPECT_EQ(LATE_HOST, LATE(1385, 350, 0));
	EXPECT_EQ(LATE_HOST, LATE(1385, 328, 0));
	EXPECT_EQ(LATE_GUEST, LATE(1385, 327, 0));
	/* More than there is, and less than there was: numbers of other threads. */
	EXPECT_EQ(LATE_NOT, LATE(1200, 9999, 0));
	EXPECT_EQ(LATE_GUEST, LATE(1200, 3, 0));
}

TEST(run_delay)
{
	uint64_t ns = 0;

	EXPECT_EQ(0, schedstat_run_delay("100 23456789012 3\n", &ns));
	EXPECT_EQ(23456789012ULL, ns);
	EXPECT_EQ(-EBADMSG, schedstat_run_delay("", &ns));
	EXPECT_EQ(-EBADMSG, schedstat_run_delay("12\n", &ns));
	EXPECT_EQ(0, starved_ns(-1));
}

static void spin(uint64_t ns)
{
	uint64_t until = now_ns() + ns;

	while (now_ns() < until)
		;
}

/* Two that want the same CPU: each waits while the other runs. */
TEST(starved_by_another)
{
	uint64_t before = starved_ns(getpid());
	cpu_set_t one;
	pid_t pid;

	if (access("/proc/self/schedstat", R_OK))
		SKIP(return, "no /proc/PID/schedstat here");
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	pid = fork();
	ASSERT_GE(pid, 0);
	spin(100 * NSEC_PER_MSEC);
	if (!pid)
		_exit(0);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_GT(starved_ns(getpid()) - before, 10 * NSEC_PER_MSEC);
}

TEST_HARNESS_MAIN
