/* SPDX-License-Identifier: GPL-2.0 */
/*
 * profile.h - sets of flags of a scheduler; a bit each, in the order of the test
 */
#ifndef KTSTR_RUNNER_PROFILE_H
#define KTSTR_RUNNER_PROFILE_H

#include "options.h"

unsigned int profile_nr_flags(const struct ktstr_test *test);

/* profile_flag_index - its bit, or -1 if the test does not list it. */
int profile_flag_index(const struct ktstr_test *test, const struct ktstr_flag *flag);

/* profile_legal - does the scheduler have all flags of the set, and are their needs in it? */
bool profile_legal(const struct ktstr_test *test, const struct options *opts, uint32_t set);

/* profile_name - "default", or the flags of the set in their declared order: "llc-steal". */
void profile_name(const struct ktstr_test *test, uint32_t set, char *buf, size_t size);

/* profile_user_flag - what the user says of it, "name" or "name=arg"; NULL: nothing. */
const char *profile_user_flag(const struct options *opts, const struct ktstr_flag *flag);

/* profile_flag_arg - the argument that turns it on, or NULL: there is none. */
const char *profile_flag_arg(const struct ktstr_flag *flag, const struct options *opts);

/*
 * profile_check_user - -ENOENT for a flag of the user's that no test is about, unless other
 * programs of the collection see it as well.
 */
int profile_check_user(const struct ktstr_test *const *tests, unsigned int nr,
		       const struct options *opts, struct err *err);

#endif /* KTSTR_RUNNER_PROFILE_H */
