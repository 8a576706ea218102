/* SPDX-License-Identifier: GPL-2.0 */
/*
 * declared.h - a file in which the author of a scheduler says what it can and cannot do
 *
 * Lines of "OPTION VALUE", where OPTION is sched-arg, sched-flag or sched-expect, as on the
 * command line but for the dashes, each of them as often as one likes. "#" begins a comment.
 */
#ifndef KTSTR_RUNNER_DECLARED_H
#define KTSTR_RUNNER_DECLARED_H

#include <stddef.h>
#include "../lib/log.h"

/*
 * declared_read - the text of such a file, malloc()ed; 0 or a negative errno, which is in @err
 * where that says too little.
 */
int declared_read(const char *path, char **text, struct err *err);

/* declared_fn - one line; @from is "FILE:LINE" for messages. 0 or a negative errno. */
typedef int (*declared_fn)(void *ctx, const char *from, const char *option, const char *value,
			   struct err *err);

/*
 * declared_parse - calls @fn for each line of @text, which is NUL-terminated and cut up, until
 * one returns an error; the values stay where they are. -EINVAL: a line that is none of these.
 */
int declared_parse(char *text, const char *path, declared_fn fn, void *ctx, struct err *err);

#endif /* KTSTR_RUNNER_DECLARED_H */
