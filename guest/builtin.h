/* SPDX-License-Identifier: GPL-2.0 */
/*
 * builtin.h - the sched_ext schedulers that are part of this program
 *
 * They are optional at build time: builtin_main() is in guest/scheduler.h, here
 * is what the host may ask before it boots a guest for one of them.
 */
#ifndef KTSTR_GUEST_BUILTIN_H
#define KTSTR_GUEST_BUILTIN_H

/*
 * builtin_check - can this program run the built-in scheduler @name? 0, -ENOENT
 * when there is none of that name, -EOPNOTSUPP when it was left out of the build.
 * *@why, unless 0 was returned, is one line on that; a static string.
 */
int builtin_check(const char *name, const char **why);

/* builtin_name - the names, NULL after the last. */
const char *builtin_name(unsigned int i);

#endif /* KTSTR_GUEST_BUILTIN_H */
