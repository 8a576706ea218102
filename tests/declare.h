/* SPDX-License-Identifier: GPL-2.0 */
/*
 * declare.h - tests that a test declares
 */
#ifndef KTSTR_TESTS_DECLARE_H
#define KTSTR_TESTS_DECLARE_H

#include <sched.h>
#include "../guest/steps.h"

static inline struct ktstr_test with_defaults(struct ktstr_test t)
{
	t.name = t.name ? t.name : "t";
	t.desc = t.desc ? t.desc : "d";
	return t;
}

#define TEST_OF(...)	with_defaults((struct ktstr_test){ __VA_ARGS__ })
#define ONE_SPINNER	{ "cg", CPUSET_NONE, WORKERS(CPU_SPIN, 1) }

#endif /* KTSTR_TESTS_DECLARE_H */
