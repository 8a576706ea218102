/* SPDX-License-Identifier: GPL-2.0 */
/*
 * expect.h - limits that come with a scheduler rather than with a test
 *
 * Three layers: the defaults, over them what is said of the scheduler under test, over that
 * what the test sets. A limit is set if it is not 0.
 */
#ifndef KTSTR_GUEST_EXPECT_H
#define KTSTR_GUEST_EXPECT_H

#include "../ktstr.h"
#include "../lib/log.h"

/*
 * expect_parse - limits as a user writes them, "spread=50,gap=3000", into @expect, which is
 * cleared first. -EINVAL: a name that does not exist, a number out of range; which is in @err.
 */
int expect_parse(const char *text, struct expect *expect, struct err *err);

/* expect_merge - as @test, but limits that it does not set are those of @sched. */
void expect_merge(const struct expect *test, const struct expect *sched, struct expect *merged);

#endif /* KTSTR_GUEST_EXPECT_H */
