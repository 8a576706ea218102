/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fake_guest.h - whole scenarios in this process, with real workers on CPUs of this machine and a
 * cgroup file system that lies in memory
 */
#ifndef KTSTR_TESTS_FAKE_GUEST_H
#define KTSTR_TESTS_FAKE_GUEST_H

#include <sys/syscall.h>
#include <sys/wait.h>
#include "../guest/scenario.h"
#include "fake_cgroup.h"

#define FAKE_CPUS_MAX	4

static const struct scenario_env fake_env = {
	.mount = FAKE_MOUNT, .base = "ktstr", .serve = fake_serve,
};

/* 0, or a negative errno; -ENODEV: CPU 0 is not ours to use. fake_destroy() undoes it. */
static int fake_guest_create(struct guest *g)
{
	struct cpumask all = { };
	char name[32];
	int ret;

	if (syscall(SYS_sched_getaffinity, 0, sizeof(all), &all) <= 0)
		return -errno;
	g->com2_fd = -1;
	g->kmsg_fd = -1;
	/* Those at the start; there may be more, and there may be just one. */
	while (cpumask_test_cpu(&all, g->nr_cpus) && g->nr_cpus < FAKE_CPUS_MAX)
		g->nr_cpus++;
	if (!g->nr_cpus)
		return -ENODEV;
	snprintf(name, sizeof(name), "1n1l%uc1t", g->nr_cpus);
	ret = topology_parse(name, &g->topo, NULL);
	return ret ? ret : fake_create(g->nr_cpus);
}

/* Whatever happened, no process and no cgroup is left. */
#define EXPECT_NOTHING_LEFT() do {					\
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));			\
	EXPECT_EQ(ECHILD, errno);					\
	EXPECT_FALSE(fake_has("ktstr"));				\
} while (0)

#define EXPECT_RESULT(_verdict, _cause, _text) do {			\
	EXPECT_EQ(_verdict, self->res.verdict);				\
	EXPECT_EQ(_cause, self->res.cause);				\
	EXPECT_NE(NULL, strstr(self->res.text, _text)) {		\
		TH_LOG("\"%s\" is not in \"%s\"", _text, self->res.text); \
	}								\
} while (0)

#define EXPECT_PASS()	EXPECT_RESULT(VERDICT_PASS, CAUSE_NONE, "")
#define EXPECT_FAIL(_cause, _text)	EXPECT_RESULT(VERDICT_FAIL, _cause, _text)

#endif /* KTSTR_TESTS_FAKE_GUEST_H */
