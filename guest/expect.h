/* SPDX-License-Identifier: GPL-2.0 */
/*
 * expect.h - limits that come with a scheduler rather than with a test
 *
 * Three layers: the defaults, over them what is said of the scheduler under test, over that
 * what the test sets. A limit is set if it is not 0, or has its bit in struct expect's zero.
 * What is off for a scheduler is not judged, whatever the test sets: it is a property that this
 * scheduler does not have.
 */
#ifndef KTSTR_GUEST_EXPECT_H
#define KTSTR_GUEST_EXPECT_H

#include "../ktstr.h"
#include "../lib/log.h"
#include "../lib/wire.h"

/* expect_has - is @limit, which is one of @expect's and has the bit @zero, if any, set? */
static inline bool expect_has(const struct expect *expect, double limit, uint32_t zero)
{
	return limit > 0 || expect->zero & zero;
}

/*
 * expect_parse - limits as a user writes them, "spread=50,cpu-weight=on,cgroup_*:gap=off", into
 * @expect, which is cleared first. What has a glob before it counts if it matches @test, which
 * may be NULL. -EINVAL: a name that does not exist, a number out of range; which is in @err.
 */
int expect_parse(const char *text, const char *test, struct expect *expect, struct err *err);

/* expect_check - -EINVAL: a test's limit that is 0 and another number, too. */
int expect_check(const struct expect *expect, struct err *err);

#define EXPECT_GLOB_LEN	128

/* expect_next_glob - copy the next glob in such a @text, which then is what follows; or false. */
bool expect_next_glob(const char **text, char glob[EXPECT_GLOB_LEN]);

/* expect_about - such a @text without what is for other tests than @test; returns @buf. */
char *expect_about(const char *text, const char *test, char *buf, size_t size);

/*
 * expect_merge - as @test, but limits that it does not set are those of @sched, and what is off
 * for @sched is out of reach. @merged->off is what of that the test would have judged.
 */
void expect_merge(const struct expect *test, const struct expect *sched, struct expect *merged);

/* expect_of - the same with the text of what is said, which has been checked; "": nothing is. */
void expect_of(const char *said, const char *name, const struct expect *test,
	       struct expect *merged);

/* expect_off - the names of what is in @merged->off, "" if there are none; returns @buf. */
char *expect_off(const struct expect *merged, char *buf, size_t size);

/* expect_off_for - the name of something in @merged->off that would fail for @cause, or NULL. */
const char *expect_off_for(const struct expect *merged, enum cause cause);

#endif /* KTSTR_GUEST_EXPECT_H */
