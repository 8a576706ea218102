/* SPDX-License-Identifier: GPL-2.0 */
/*
 * child.h - the process of an instance, or of a template
 */
#ifndef KTSTR_RUNNER_CHILD_H
#define KTSTR_RUNNER_CHILD_H

#include <sys/types.h>
#include "instance.h"

struct child {
	pid_t pid;			/* 0: none */
	int fd;				/* its result comes from here */
	bool eof;			/* nothing more does: it ends */
	bool template;
	unsigned int index;		/* of the instance, for a template the first of its group */
	uint64_t start_ns;
	uint64_t limit_ns;
	struct result_reader rd;
};

/*
 * child_start - run instance @index, thawed from @tmpl if that is not NULL, or @make it. The
 * process dies with its parent, keeps nothing of it open but what it needs, and never
 * writes to standard output.
 */
int child_start(const struct runner *run, unsigned int index, struct template *tmpl, bool make,
		struct child *c, struct err *err);

/*
 * child_result - of a process that was reaped with @wstatus. Always fills @res: a process
 * that left no whole result is a failure of ours, and says how it ended.
 */
void child_result(struct child *c, int wstatus, struct instance_result *res);

#endif /* KTSTR_RUNNER_CHILD_H */
