/* SPDX-License-Identifier: GPL-2.0 */
/*
 * builtin.h - the sched_ext schedulers that are part of this program
 *
 * They are optional at build time: builtin_main() is in guest/scheduler.h, here
 * is what the host may ask before it boots a guest for one of them.
 */
#ifndef KTSTR_GUEST_BUILTIN_H
#define KTSTR_GUEST_BUILTIN_H

#include "../lib/log.h"

/*
 * builtin_check - can this program run the built-in scheduler @name? 0, -ENOENT
 * when there is none of that name, -EOPNOTSUPP when it was left out of the build.
 * *@why, unless 0 was returned, is one line on that; a static string.
 */
int builtin_check(const char *name, const char **why);

/*
 * builtin_check_args - does the built-in scheduler @name take the @nr arguments at @args? 0, or
 * -EINVAL and @err says why. Also where it was left out of the build.
 */
int builtin_check_args(const char *name, const char *const *args, unsigned int nr,
		       struct err *err);

/* builtin_name - the names, NULL after the last. */
const char *builtin_name(unsigned int i);

#endif /* KTSTR_GUEST_BUILTIN_H */
