/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tasks.h - finds the tasks of the ext class, whether they run, wait or sleep
 */
#ifndef KTSTR_MONITOR_TASKS_H
#define KTSTR_MONITOR_TASKS_H

#include <stdbool.h>
#include "kernel.h"
#include "layout.h"
#include "monitor.h"

enum task_field {
	TASK_TASKS,
	TASK_THREAD_NODE,
	TASK_SIGNAL,
	TASK_SCHED_CLASS,
	TASK_STATE,
	TASK_PID,
	TASK_COMM,
	NR_TASK_FIELDS,
};

struct task_layout {
	bool have;
	struct field field[NR_TASK_FIELDS];
	struct field thread_head;	/* in struct signal_struct */
};

/* tasks_layout - from BTF. When a member is missing the reading is off, and named in @off. */
void tasks_layout(const struct btf *btf, struct task_layout *layout, char *off, size_t off_size);

#define TASKS_MAX_LINKS	(128U * 1024)	/* of lists, that are followed */

/*
 * tasks_find_ext - all threads of all processes, for a guest that stands still. Those that are dead
 * are left out: they never run again, and the kernel does not move them to another class.
 * -ENODATA: the kernel has no such class, or it cannot be read; -EBADMSG: what is there is no task;
 * -E2BIG: the lists do not end; other errors: they lead to where nothing is. @err has the reason.
 */
int tasks_find_ext(const struct kernel *k, const struct task_layout *layout,
		   struct ext_tasks *found, struct err *err);

#endif /* KTSTR_MONITOR_TASKS_H */
