/* SPDX-License-Identifier: GPL-2.0 */
/*
 * legal.h - declarations that must be legal, or refused for what they say
 */
#ifndef KTSTR_TESTS_LEGAL_H
#define KTSTR_TESTS_LEGAL_H

#include <string.h>
#include "declare.h"
#include "kselftest_harness.h"

#define EXPECT_LEGAL(...) do {						\
	struct ktstr_test _t = TEST_OF(__VA_ARGS__);			\
	struct err _err = { };						\
	EXPECT_EQ(0, scenario_check(&_t, &_err)) {			\
		TH_LOG("%s", _err.msg);					\
	}								\
} while (0)

#define EXPECT_ILLEGAL(_text, ...) do {					\
	struct ktstr_test _t = TEST_OF(__VA_ARGS__);			\
	struct err _err = { };						\
	EXPECT_EQ(-EINVAL, scenario_check(&_t, &_err));			\
	EXPECT_NE(NULL, strstr(_err.msg, _text)) {			\
		TH_LOG("\"%s\" is not in \"%s\"", _text, _err.msg);	\
	}								\
} while (0)

#define STEPS_OF(_hold, ...)	.steps = STEPS({ .hold = _hold, ##__VA_ARGS__ })
#define OPS_OF(...)	.backdrop = CGROUPS(ONE_SPINNER, { "cg_2", CPUSET_RANGE(0, .5), { } }), \
			STEPS_OF(HOLD_FULL, .ops = OPS(__VA_ARGS__))

static inline int no_body(struct scenario *scn, struct msg_result *res)
{
	(void)scn;
	(void)res;
	return 0;
}

#endif /* KTSTR_TESTS_LEGAL_H */
