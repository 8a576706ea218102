// SPDX-License-Identifier: GPL-2.0
/*
 * test_group.c - which instances are thawed from the same template
 */
#include <fcntl.h>
#include <string.h>
#include "../runner/group.h"
#include "declare.h"
#include "kselftest_harness.h"

#define NR	(8 * GROUP_ATTACH_MIN)

FIXTURE(group) {
	struct ktstr_test test[NR];
	struct plan_instance inst[NR];
	struct runner run;
	struct groups gs;
};

FIXTURE_SETUP(group)
{
	unsigned int i;

	memset(self, 0, sizeof(*self));
	self->run.plan.inst = self->inst;
	self->run.plan.nr = NR;
	for (i = 0; i < NR; i++) {
		self->test[i] = TEST_OF(.name = "plain");
		self->inst[i].test = &self->test[i];
		self->inst[i].topo = (struct topology){
			.nr_nodes = 1, .nr_llcs = 1, .cores_per_llc = 2, .threads_per_core = 1,
		};
		self->inst[i].mem_bytes = MIB;
	}
}

FIXTURE_TEARDOWN(group)
{
	groups_free(&self->gs);
}

/* @nr of them, from @first on, have that scheduler. */
static void give(FIXTURE_DATA(group) *self, unsigned int first, unsigned int nr, const char *sched)
{
	unsigned int i;

	for (i = first; i < first + nr; i++)
		self->test[i].sched = sched;
}

static struct group *of(FIXTURE_DATA(group) *self, unsigned int index)
{
	return groups_of(&self->gs, index);
}

TEST_F(group, one_for_each_machine)
{
	self->inst[1].topo.cores_per_llc = 4;
	self->inst[2].topo.cores_per_llc = 4;
	self->inst[3].mem_bytes = 2 * MIB;
	snprintf(self->inst[4].skip, sizeof(self->inst[4].skip), "no");
	ASSERT_EQ(0, groups_make(&self->gs, &self->run));
	EXPECT_EQ(3, self->gs.nr);
	EXPECT_EQ(of(self, 0), of(self, 5));
	EXPECT_EQ(NR - 4, of(self, 0)->nr_left);
	EXPECT_EQ(GROUP_NEW, of(self, 0)->state);
	EXPECT_EQ(of(self, 1), of(self, 2));
	EXPECT_EQ(2, of(self, 1)->nr_left);
	EXPECT_EQ(GROUP_NEW, of(self, 1)->state);
	/* Alone. */
	EXPECT_EQ(1, of(self, 3)->nr_left);
	EXPECT_EQ(GROUP_COLD, of(self, 3)->state);
	EXPECT_EQ(NULL, of(self, 4));
	groups_put(&self->gs, 4);
	EXPECT_FALSE(of(self, 0)->tmpl.attached);
}

TEST_F(group, a_scheduler_for_enough_of_them)
{
	give(self, 0, GROUP_ATTACH_MIN, "builtin:a");
	give(self, GROUP_ATTACH_MIN, GROUP_ATTACH_MIN - 1, "builtin:b");
	ASSERT_EQ(0, groups_make(&self->gs, &self->run));
	EXPECT_TRUE(of(self, 0)->tmpl.attached);
	EXPECT_EQ(GROUP_ATTACH_MIN, of(self, 0)->nr_left);
	/* The others have that of those who have none. */
	EXPECT_EQ(of(self, NR - 1), of(self, GROUP_ATTACH_MIN));
	EXPECT_FALSE(of(self, NR - 1)->tmpl.attached);
	EXPECT_EQ(NR - GROUP_ATTACH_MIN, of(self, NR - 1)->nr_left);
}

/* What is skipped is nobody's company. */
TEST_F(group, not_for_those_that_are_skipped)
{
	give(self, 0, GROUP_ATTACH_MIN, "builtin:a");
	snprintf(self->inst[1].skip, sizeof(self->inst[1].skip), "no");
	ASSERT_EQ(0, groups_make(&self->gs, &self->run));
	EXPECT_FALSE(of(self, 0)->tmpl.attached);
	EXPECT_EQ(of(self, NR - 1), of(self, 0));
}

TEST_F(group, other_arguments_other_scheduler)
{
	const char *const args[] = { "-x", NULL };
	unsigned int i;

	give(self, 0, 2 * GROUP_ATTACH_MIN, "builtin:a");
	for (i = 0; i < GROUP_ATTACH_MIN; i++)
		self->test[i].sched_args = args;
	self->inst[2 * GROUP_ATTACH_MIN - 1].expect.attach_ms = 1000;
	ASSERT_EQ(0, groups_make(&self->gs, &self->run));
	EXPECT_TRUE(of(self, 0)->tmpl.attached);
	/* One of the second half is too few for it to have enough. */
	EXPECT_FALSE(of(self, GROUP_ATTACH_MIN)->tmpl.attached);
}

TEST_F(group, only_so_many_and_the_largest)
{
	const char *const names[] = {
		"builtin:a", "builtin:b", "builtin:c", "builtin:d", "builtin:e",
	};
	unsigned int i, at = 0, nr;

	for (i = 0; i < ARRAY_SIZE(names); i++, at += nr) {
		nr = GROUP_ATTACH_MIN + (i ? 1 : 0);
		give(self, at, nr, names[i]);
	}
	ASSERT_EQ(5, GROUP_ATTACH_MAX + 1);
	ASSERT_EQ(0, groups_make(&self->gs, &self->run));
	EXPECT_FALSE(of(self, 0)->tmpl.attached);
	for (i = GROUP_ATTACH_MIN; i < at; i++)
		EXPECT_TRUE(of(self, i)->tmpl.attached);
}

TEST_F(group, cold)
{
	unsigned int i;

	give(self, 0, NR / 2, "builtin:a");
	self->run.opts.warm = WARM_NOT;
	ASSERT_EQ(0, groups_make(&self->gs, &self->run));
	for (i = 0; i < NR; i++) {
		EXPECT_FALSE(of(self, i)->tmpl.attached);
		EXPECT_EQ(GROUP_COLD, of(self, i)->state);
	}
}

/* As the run that is to be repeated was, in however many there are now. */
TEST_F(group, warm)
{
	self->inst[1].topo.cores_per_llc = 4;
	give(self, 0, 1, "builtin:a");
	give(self, NR / 2, NR / 2, "builtin:b");
	self->run.opts.warm = WARM_ATTACHED;
	ASSERT_EQ(0, groups_make(&self->gs, &self->run));
	EXPECT_TRUE(of(self, 0)->tmpl.attached);
	EXPECT_EQ(1, of(self, 0)->nr_left);
	EXPECT_EQ(GROUP_NEW, of(self, 0)->state);
	EXPECT_FALSE(of(self, 1)->tmpl.attached);
	EXPECT_EQ(1, of(self, 1)->nr_left);
	EXPECT_EQ(GROUP_NEW, of(self, 1)->state);
	EXPECT_TRUE(of(self, NR - 1)->tmpl.attached);
	EXPECT_EQ(WARM_ATTACHED, groups_warm(of(self, 0)));
	EXPECT_EQ(WARM_BOOTED, groups_warm(of(self, 1)));
	of(self, 0)->state = GROUP_COLD;
	EXPECT_EQ(WARM_NOT, groups_warm(of(self, 0)));
	groups_free(&self->gs);

	self->run.opts.warm = WARM_BOOTED;
	ASSERT_EQ(0, groups_make(&self->gs, &self->run));
	EXPECT_EQ(2, self->gs.nr - 2);
	EXPECT_FALSE(of(self, 0)->tmpl.attached);
	EXPECT_FALSE(of(self, NR - 1)->tmpl.attached);
	EXPECT_EQ(of(self, 0), of(self, NR - 1));
	EXPECT_EQ(GROUP_NEW, of(self, 1)->state);
}

/* Who is left goes to those without a scheduler, whatever became of these. */
TEST_F(group, dissolved)
{
	struct group *g;
	unsigned int i;

	give(self, 1, NR - 1, "builtin:a");
	ASSERT_EQ(0, groups_make(&self->gs, &self->run));
	g = of(self, 1);
	EXPECT_TRUE(g->tmpl.attached);
	EXPECT_EQ(GROUP_COLD, of(self, 0)->state);
	groups_put(&self->gs, 0);
	groups_put(&self->gs, 1);
	groups_put(&self->gs, 1);
	EXPECT_EQ(NR - 2, g->nr_left);
	groups_dissolve(&self->gs, g);
	EXPECT_EQ(0, g->nr_left);
	EXPECT_EQ(GROUP_COLD, g->state);
	EXPECT_EQ(g, of(self, 1));
	for (i = 2; i < NR; i++)
		EXPECT_EQ(of(self, 0), of(self, i));
	EXPECT_EQ(NR - 2, of(self, 0)->nr_left);
	EXPECT_EQ(GROUP_NEW, of(self, 0)->state);
}

/* A template is open from when it is being made until its last user is done. */
TEST_F(group, template_is_closed_once)
{
	struct err err = { "" };
	struct group *g;
	unsigned int i;

	self->run.plan.nr = 3;
	ASSERT_EQ(0, groups_make(&self->gs, &self->run));
	g = of(self, 0);
	ASSERT_EQ(0, template_open(&g->tmpl, &err));
	g->state = GROUP_READY;
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, fcntl(g->tmpl.image.ram_fd, F_GETFD) & ~FD_CLOEXEC);
		groups_put(&self->gs, i);
	}
	EXPECT_EQ(-1, fcntl(g->tmpl.image.ram_fd, F_GETFD));
}

TEST_HARNESS_MAIN
