// SPDX-License-Identifier: GPL-2.0
/*
 * tasks.c - finds the tasks of the ext class, whether they run, wait or sleep
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "tasks.h"

#define TASK_DEAD	0x80U	/* include/linux/sched.h */

/* Paths in struct task_struct, and the sizes that we can read; 0: text. */
static const struct {
	const char *path;
	uint32_t size;
} members[NR_TASK_FIELDS] = {
	[TASK_TASKS]		= { "tasks.next", 8 },
	[TASK_THREAD_NODE]	= { "thread_node.next", 8 },
	[TASK_SIGNAL]		= { "signal", 8 },
	[TASK_SCHED_CLASS]	= { "sched_class", 8 },
	[TASK_STATE]		= { "__state", 4 },
	[TASK_PID]		= { "pid", 4 },
	[TASK_COMM]		= { "comm", 0 },
};

static bool find_member(const struct btf *btf, int id, const char *path, uint32_t size,
			struct field *f)
{
	if (!size)
		return !layout_text(btf, id, path, f);
	return !layout_field(btf, id, path, f) && f->size == size;
}

void tasks_layout(const struct btf *btf, struct task_layout *layout, char *off, size_t off_size)
{
	static const char *const must[] = { "sched_class", NULL };
	static const char *const must_signal[] = { "thread_head.next", NULL };
	int task = layout_struct(btf, "task_struct", must);
	int signal = layout_struct(btf, "signal_struct", must_signal);
	const char *missing = NULL;
	size_t len = strlen(off);
	unsigned int i;

	memset(layout, 0, sizeof(*layout));
	for (i = 0; i < NR_TASK_FIELDS && !missing; i++) {
		if (!find_member(btf, task, members[i].path, members[i].size, &layout->field[i]))
			missing = members[i].path;
	}
	layout->have = !missing && find_member(btf, signal, must_signal[0], 8,
					       &layout->thread_head);
	if (!layout->have && len < off_size)
		snprintf(off + len, off_size - len, "%s%s.%s", len ? ", " : "",
			 missing ? "task_struct" : "signal_struct",
			 missing ? missing : must_signal[0]);
}

struct walk {
	const struct kernel *k;
	const struct task_layout *layout;
	uint64_t ext_class;
	uint64_t task;			/* where it is */
	unsigned int nr_links;
	struct ext_tasks *found;
};

static int next(struct walk *w, uint64_t list, uint64_t *at)
{
	if (w->nr_links++ == TASKS_MAX_LINKS)
		return -E2BIG;
	return kernel_read_ptr(w->k, list, at);
}

static uint64_t member(const struct walk *w, uint64_t task, enum task_field which)
{
	return task + w->layout->field[which].off;
}

static int read_u32(const struct walk *w, enum task_field which, uint32_t *val)
{
	uint64_t gpa;
	int ret = kernel_translate(w->k, member(w, w->task, which), &gpa);

	return ret ? ret : gmem_read_u32(w->k->gm, gpa, val);
}

/* Any bytes may be there, and people are to read them. */
static int read_comm(const struct walk *w, struct ext_tasks *found)
{
	size_t i, size = min((size_t)w->layout->field[TASK_COMM].size, sizeof(found->comm) - 1);
	uint64_t gpa;
	uint8_t c;
	int ret;

	for (i = 0; i < size; i++) {
		ret = kernel_translate(w->k, member(w, w->task, TASK_COMM) + i, &gpa);
		if (!ret)
			ret = gmem_read_u8(w->k->gm, gpa, &c);
		if (ret)
			return ret;
		if (!c)
			break;
		found->comm[i] = isprint(c) ? (char)c : '?';
	}
	found->comm[i] = '\0';
	return 0;
}

static int look_at(struct walk *w)
{
	uint64_t sched_class;
	uint32_t state;
	int ret;

	ret = kernel_read_ptr(w->k, member(w, w->task, TASK_SCHED_CLASS), &sched_class);
	if (ret)
		return ret;
	if (sched_class < KERNEL_MAP)
		return -EBADMSG;
	if (sched_class != w->ext_class)
		return 0;
	ret = read_u32(w, TASK_STATE, &state);
	if (ret || state & TASK_DEAD)
		return ret;
	if (w->found->nr++)
		return 0;
	ret = read_u32(w, TASK_PID, &w->found->pid);
	return ret ? ret : read_comm(w, w->found);
}

static int find_threads(struct walk *w, uint64_t leader)
{
	uint64_t signal, head, at;
	bool leads = false;
	int ret;

	w->task = leader;
	ret = kernel_read_ptr(w->k, member(w, leader, TASK_SIGNAL), &signal);
	if (ret)
		return ret;
	head = signal + w->layout->thread_head.off;
	for (ret = next(w, head, &at); !ret && at != head; ret = next(w, at, &at)) {
		w->task = at - w->layout->field[TASK_THREAD_NODE].off;
		leads |= w->task == leader;
		ret = look_at(w);
		if (ret)
			return ret;
	}
	/* A leader stays there until its last thread is gone. */
	return ret || leads ? ret : -EBADMSG;
}

/* The idle tasks are not in there, and are never of that class. */
static int find_processes(struct walk *w, uint64_t head)
{
	uint64_t at;
	int ret;

	ret = next(w, head, &at);
	if (!ret && at == head)
		return -EBADMSG;
	while (!ret && at != head) {
		ret = find_threads(w, at - w->layout->field[TASK_TASKS].off);
		if (!ret)
			ret = next(w, at, &at);
	}
	return ret;
}

int tasks_find_ext(const struct kernel *k, const struct task_layout *layout,
		   struct ext_tasks *found, struct err *err)
{
	static const enum sym needed[] = { SYM_INIT_TASK, SYM_EXT_CLASS };
	struct walk w = { .k = k, .layout = layout, .found = found };
	unsigned int i;
	int ret;

	memset(found, 0, sizeof(*found));
	if (!layout->have)
		return err_set(err, -ENODATA, "BTF does not say where tasks are");
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!k->sym.addr[needed[i]])
			return err_set(err, -ENODATA, "no symbol %s", symbols_name(needed[i]));
	}
	w.ext_class = k->sym.addr[SYM_EXT_CLASS];
	w.task = k->sym.addr[SYM_INIT_TASK];
	ret = find_processes(&w, member(&w, w.task, TASK_TASKS));
	if (!ret)
		return 0;
	memset(found, 0, sizeof(*found));
	return err_set(err, ret, "list of tasks, at 0x%llx: %s", (unsigned long long)w.task,
		       ret == -E2BIG ? "it does not end" : strerror(-ret));
}
