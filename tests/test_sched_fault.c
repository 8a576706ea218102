// SPDX-License-Identifier: GPL-2.0
/*
 * test_sched_fault.c - options and switches of the built-in scheduler "fault"
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kselftest_harness.h"
#include "../guest/sched_fault.h"
#include "../guest/scheduler.h"

FIXTURE(faults) {
	struct sched_fault_options o;
	struct err err;
	struct sched s;
	struct sched_faults *page;
};

FIXTURE_SETUP(faults)
{
	memset(self, 0, sizeof(*self));
	sched_fault_defaults(&self->o);
	self->page = mmap(NULL, sizeof(*self->page), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	self->s.faults = self->page;
}

FIXTURE_TEARDOWN(faults)
{
	if (self->s.faults)
		sched_faults_close(&self->s);
}

TEST_F(faults, each_has_a_name_of_its_own)
{
	unsigned int i, j;

	for (i = 0; i < NR_SCHED_FAULTS; i++) {
		ASSERT_NE(NULL, sched_fault_name(i)) TH_LOG("fault %u", i);
		for (j = 0; j < i; j++)
			EXPECT_STRNE(sched_fault_name(j), sched_fault_name(i));
	}
	EXPECT_EQ(NULL, sched_fault_name(NR_SCHED_FAULTS));
}

TEST_F(faults, a_name_alone)
{
	EXPECT_EQ(0, sched_fault_parse("stall-cpu", &self->o, &self->err));
	EXPECT_TRUE(self->o.on[SCHED_FAULT_STALL_CPU]);
	EXPECT_FALSE(self->o.on[SCHED_FAULT_STALL_ALL]);
	EXPECT_EQ(1U, self->o.arg[SCHED_FAULT_STALL_CPU]);
	EXPECT_EQ(0., self->o.after_s[SCHED_FAULT_STALL_CPU]);
}

TEST_F(faults, argument_and_time)
{
	EXPECT_EQ(0, sched_fault_parse("drop=7@1.5", &self->o, &self->err));
	EXPECT_EQ(7U, self->o.arg[SCHED_FAULT_DROP]);
	EXPECT_EQ(1.5, self->o.after_s[SCHED_FAULT_DROP]);
	EXPECT_EQ(0, sched_fault_parse("starve=cg_1@2", &self->o, &self->err));
	EXPECT_STREQ("cg_1", self->o.cgroup);
	EXPECT_EQ(2., self->o.after_s[SCHED_FAULT_STARVE]);
	/* CPU 0 is one. */
	EXPECT_EQ(0, sched_fault_parse("stall-cpu=0", &self->o, &self->err));
	EXPECT_EQ(0U, self->o.arg[SCHED_FAULT_STALL_CPU]);
}

TEST_F(faults, nonsense_is_refused)
{
	static const char *const bad[] = {
		"", "@1", "stall", "stall-all=1", "stall-all@", "stall-all@x", "stall-all@-1",
		"stall-all@nan", "stall-all@1e9", "drop=", "drop=x", "drop=-1", "drop=1x",
		"drop=99999999999999999999", "stall-cpu=1024", "starve", "starve=",
		"starve=a_name_that_is_longer_than_any_there_is", "error@1@2",
	};
	unsigned int i, nr;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		self->err.msg[0] = '\0';
		EXPECT_EQ(-EINVAL, sched_fault_parse(bad[i], &self->o, &self->err))
			TH_LOG("%s", bad[i]);
		EXPECT_NE('\0', self->err.msg[0]) TH_LOG("%s", bad[i]);
	}
	for (nr = 0; nr < NR_SCHED_FAULTS; nr++)
		EXPECT_FALSE(self->o.on[nr]) TH_LOG("%s", sched_fault_name(nr));
}

TEST_F(faults, the_loader_sees_its_own)
{
	EXPECT_FALSE(sched_fault_strikes(NULL, SCHED_FAULT_DIE));
	EXPECT_FALSE(sched_fault_strikes(self->page, SCHED_FAULT_DIE));
	self->page->fault[SCHED_FAULT_DIE].from_ns = now_ns() + 3600 * NSEC_PER_SEC;
	EXPECT_FALSE(sched_fault_strikes(self->page, SCHED_FAULT_DIE));
	EXPECT_EQ(0ULL, self->page->fault[SCHED_FAULT_DIE].began_ns);
	self->page->fault[SCHED_FAULT_DIE].from_ns = 1;
	EXPECT_TRUE(sched_fault_strikes(self->page, SCHED_FAULT_DIE));
	EXPECT_NE(0ULL, self->page->fault[SCHED_FAULT_DIE].began_ns);
}

TEST_F(faults, the_host_switches)
{
	const uint32_t both = SCHED_FAULT(SLOW) | SCHED_FAULT(ERROR);
	unsigned long long from;

	/* What options have switched on is not the host's. */
	self->page->fault[SCHED_FAULT_DROP].from_ns = 1;
	sched_faults_switch(&self->s, both, 0);
	from = self->page->fault[SCHED_FAULT_SLOW].from_ns;
	EXPECT_NE(0ULL, from);
	EXPECT_NE(0ULL, self->page->fault[SCHED_FAULT_ERROR].from_ns);
	sched_faults_switch(&self->s, both, 0);
	EXPECT_EQ(from, self->page->fault[SCHED_FAULT_SLOW].from_ns);
	sched_faults_switch(&self->s, SCHED_FAULT(SLOW), 0);
	EXPECT_EQ(from, self->page->fault[SCHED_FAULT_SLOW].from_ns);
	EXPECT_EQ(0ULL, self->page->fault[SCHED_FAULT_ERROR].from_ns);
	sched_faults_switch(&self->s, 0, 0);
	EXPECT_EQ(0ULL, self->page->fault[SCHED_FAULT_SLOW].from_ns);
	EXPECT_EQ(1ULL, self->page->fault[SCHED_FAULT_DROP].from_ns);
	/* Not before. */
	sched_faults_switch(&self->s, both, UINT64_MAX);
	EXPECT_EQ(UINT64_MAX, self->page->fault[SCHED_FAULT_SLOW].from_ns);
}

TEST_F(faults, the_first_one_counts)
{
	sched_faults_close(&self->s);
	EXPECT_EQ(0UL, self->s.fault_ns);
	EXPECT_EQ(NULL, self->s.faults);
	/* One without any, as every other scheduler is. */
	sched_faults_switch(&self->s, ~0U, 0);
	sched_faults_close(&self->s);

	self->page = mmap(NULL, sizeof(*self->page), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	self->s.faults = self->page;
	self->page->fault[SCHED_FAULT_DROP].began_ns = 300;
	self->page->fault[SCHED_FAULT_HOG].began_ns = 200;
	sched_faults_close(&self->s);
	EXPECT_EQ(200UL, self->s.fault_ns);
}

TEST_HARNESS_MAIN
