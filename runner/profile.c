// SPDX-License-Identifier: GPL-2.0
/*
 * profile.c - sets of flags of a scheduler
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "profile.h"

unsigned int profile_nr_flags(const struct ktstr_test *test)
{
	unsigned int nr = 0;

	while (test->flags && test->flags[nr])
		nr++;
	return nr;
}

int profile_flag_index(const struct ktstr_test *test, const struct ktstr_flag *flag)
{
	unsigned int i, nr = profile_nr_flags(test);

	for (i = 0; i < nr; i++)
		if (test->flags[i] == flag)
			return i;
	return -1;
}

const char *profile_user_flag(const struct options *opts, const struct ktstr_flag *flag)
{
	size_t len = strlen(flag->name);
	unsigned int i;

	for (i = 0; i < opts->nr_sched_flags; i++)
		if (strcspn(opts->sched_flags[i], "=") == len &&
		    !memcmp(opts->sched_flags[i], flag->name, len))
			return opts->sched_flags[i];
	return NULL;
}

bool profile_legal(const struct ktstr_test *test, const struct options *opts, uint32_t set)
{
	const struct ktstr_flag *const *req;
	unsigned int i;

	for (i = 0; i < profile_nr_flags(test); i++) {
		if (!(set & 1U << i))
			continue;
		if (test->flags[i]->by_user && !profile_user_flag(opts, test->flags[i]))
			return false;
		for (req = test->flags[i]->requires; req && *req; req++)
			if (!(set & 1U << profile_flag_index(test, *req)))
				return false;
	}
	return true;
}

void profile_name(const struct ktstr_test *test, uint32_t set, char *buf, size_t size)
{
	size_t len = 0;
	unsigned int i;

	snprintf(buf, size, "default");
	for (i = 0; set >> i; i++)
		if (set & 1U << i)
			len += snprintf(buf + min(len, size), size - min(len, size), "%s%s",
					len ? "-" : "", test->flags[i]->name);
}

/* The flag that the user has given as @given, NULL if no test is about one of that name. */
static const struct ktstr_flag *find_given(const struct ktstr_test *const *tests, unsigned int nr,
					   const struct options *opts, const char *given)
{
	const struct ktstr_flag *const *flag;
	unsigned int i;

	for (i = 0; i < nr; i++)
		for (flag = tests[i]->flags; flag && *flag; flag++)
			if ((*flag)->by_user && profile_user_flag(opts, *flag) == given)
				return *flag;
	return NULL;
}

int profile_check_user(const struct ktstr_test *const *tests, unsigned int nr,
		       const struct options *opts, struct err *err)
{
	const struct ktstr_flag *const *req;
	const struct ktstr_flag *flag;
	unsigned int i;

	for (i = 0; i < opts->nr_sched_flags; i++) {
		flag = find_given(tests, nr, opts, opts->sched_flags[i]);
		if (!flag && !opts->flags_shared)
			return err_set(err, -ENOENT, "--sched-flag %s: no test is about that flag",
				       opts->sched_flags[i]);
		for (req = flag ? flag->requires : NULL; req && *req; req++)
			if ((*req)->by_user && !profile_user_flag(opts, *req))
				return err_set(err, -EINVAL,
					       "--sched-flag %s needs --sched-flag %s",
					       opts->sched_flags[i], (*req)->name);
	}
	return 0;
}

const char *profile_flag_arg(const struct ktstr_flag *flag, const struct options *opts)
{
	const char *given;

	if (!flag->by_user)
		return flag->arg;
	given = profile_user_flag(opts, flag);
	given = given ? strchr(given, '=') : NULL;
	return given && given[1] ? given + 1 : NULL;
}
