// SPDX-License-Identifier: GPL-2.0
/*
 * test_tasks.c - tasks of the ext class: found in BTF, and in memory made here
 *
 * Memory is a scale model, mapped twice: at TEXT as the kernel's image, and at DIRECT.
 *
 *	0x1000	page tables
 *	0x8000	init_task
 *	TASK(n), SIGNAL(n)
 */
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kselftest_harness.h"
#include "../monitor/tasks.h"

#define RAM_SIZE	(12 * MIB)
#define MORE		(1 * MIB)	/* tasks from here on, close to each other */
#define TASK_SIZE	0x50ULL
#define TEXT		0xffffffff81000000ULL
#define DIRECT		0xffff9a0000000000ULL

#define INIT_TASK	0x8000ULL
#define TASK(n)		(0x10000ULL + (n) * 0x100ULL)
#define SIGNAL(n)	(0x40000ULL + (n) * 0x40ULL)
#define EXT_CLASS	(TEXT + 0x9000ULL)
#define FAIR_CLASS	(TEXT + 0x9100ULL)
#define RT_CLASS	(TEXT + 0x9200ULL)

/* struct task_struct as it is here. */
#define OFF_STATE	0x04ULL
#define OFF_CLASS	0x08ULL
#define OFF_TASKS	0x10ULL
#define OFF_PID		0x20ULL
#define OFF_NODE	0x28ULL
#define OFF_COMM	0x38ULL
#define OFF_SIGNAL	0x48ULL
#define OFF_HEAD	0x10ULL		/* in struct signal_struct */

#define INTERRUPTIBLE	1U
#define DEAD		0x80U

/* --- layout --------------------------------------------------------------- */

/* All but the one of that name. */
static struct btf *make_btf(const char *without)
{
	struct btf *btf = btf__new_empty();
	int u32, ptr, chr, list, text, i;
	struct {
		const char *name;
		int type;
		uint64_t off;
	} fields[] = {
		{ "__state", 0, OFF_STATE }, { "sched_class", 0, OFF_CLASS },
		{ "tasks", 0, OFF_TASKS }, { "pid", 0, OFF_PID }, { "thread_node", 0, OFF_NODE },
		{ "comm", 0, OFF_COMM }, { "signal", 0, OFF_SIGNAL },
	};

	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	chr = btf__add_int(btf, "char", 1, BTF_INT_CHAR);
	ptr = btf__add_ptr(btf, 0);
	text = btf__add_array(btf, u32, btf__add_typedef(btf, "c", chr), 16);
	list = btf__add_struct(btf, "list_head", 16);
	btf__add_field(btf, "next", ptr, 0, 0);
	btf__add_field(btf, "prev", ptr, 64, 0);
	fields[0].type = u32;
	fields[1].type = ptr;
	fields[2].type = list;
	fields[3].type = u32;
	fields[4].type = list;
	fields[5].type = text;
	fields[6].type = ptr;
	btf__add_struct(btf, "task_struct", 0x50);
	for (i = 0; i < (int)ARRAY_SIZE(fields); i++) {
		if (!without || strcmp(without, fields[i].name))
			btf__add_field(btf, fields[i].name, fields[i].type, fields[i].off * 8, 0);
	}
	btf__add_struct(btf, "signal_struct", 0x20);
	if (!without || strcmp(without, "thread_head"))
		btf__add_field(btf, "thread_head", list, OFF_HEAD * 8, 0);
	return btf;
}

static const struct task_layout all = {
	.have = true,
	.field = {
		[TASK_TASKS] = { OFF_TASKS, 8 }, [TASK_THREAD_NODE] = { OFF_NODE, 8 },
		[TASK_SIGNAL] = { OFF_SIGNAL, 8 }, [TASK_SCHED_CLASS] = { OFF_CLASS, 8 },
		[TASK_STATE] = { OFF_STATE, 4 }, [TASK_PID] = { OFF_PID, 4 },
		[TASK_COMM] = { OFF_COMM, 16 },
	},
	.thread_head = { OFF_HEAD, 8 },
};

TEST(layout)
{
	struct btf *btf = make_btf(NULL);
	struct task_layout layout;
	char off[64] = "";

	tasks_layout(btf, &layout, off, sizeof(off));
	EXPECT_STREQ("", off);
	EXPECT_TRUE(layout.have);
	EXPECT_EQ(0, memcmp(all.field, layout.field, sizeof(all.field)));
	EXPECT_EQ(OFF_HEAD, layout.thread_head.off);
	btf__free(btf);
}

TEST(layout_without_a_member)
{
	static const char *const cases[][2] = {
		{ "__state", "task_struct.__state" }, { "pid", "task_struct.pid" },
		{ "comm", "task_struct.comm" }, { "signal", "task_struct.signal" },
		{ "tasks", "task_struct.tasks.next" },
		{ "thread_node", "task_struct.thread_node.next" },
		{ "thread_head", "signal_struct.thread_head.next" },
		/* Then it is another structure of that name. */
		{ "sched_class", "task_struct.tasks.next" },
	};
	struct task_layout layout;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct btf *btf = make_btf(cases[i][0]);
		char off[64] = "rq.clock", full[9] = "rq.clock";

		tasks_layout(btf, &layout, off, sizeof(off));
		EXPECT_FALSE(layout.have);
		EXPECT_EQ(0, strncmp("rq.clock, ", off, 10));
		EXPECT_STREQ(cases[i][1], off + 10);
		tasks_layout(btf, &layout, full, sizeof(full));
		EXPECT_STREQ("rq.clock", full);
		btf__free(btf);
	}
}

/* --- reading -------------------------------------------------------------- */

FIXTURE(tasks) {
	uint8_t *ram;
	struct guest_mem gm;
	struct kernel kernel;
	struct ext_tasks found;
	struct err err;
	uint64_t last;		/* links: of the list of processes */
	uint64_t last_thread;	/* ... and of the last process */
	unsigned int nr;
};

static void put(FIXTURE_DATA(tasks) *const self, uint64_t gpa, uint64_t val)
{
	memcpy(self->ram + gpa, &val, sizeof(val));
}

static void put32(FIXTURE_DATA(tasks) *const self, uint64_t gpa, uint32_t val)
{
	memcpy(self->ram + gpa, &val, sizeof(val));
}

/* Two levels are shared. */
static void map(FIXTURE_DATA(tasks) *const self, uint64_t va)
{
	uint64_t gpa;

	put(self, 0x1000 + (va >> 39 & 511) * 8, 0x2000 | 1);
	put(self, 0x2000 + (va >> 30 & 511) * 8, 0x3000 | 1);
	for (gpa = 0; gpa < RAM_SIZE; gpa += 2 * MIB)
		put(self, 0x3000 + ((va + gpa) >> 21 & 511) * 8, gpa | 0x81);
}

/* A thread of process @n; pids are 1, 2, ... */
static uint64_t add_thread(FIXTURE_DATA(tasks) *const self, unsigned int n, uint64_t sched_class,
			   uint32_t state)
{
	uint64_t task = TASK(self->nr), head = DIRECT + SIGNAL(n) + OFF_HEAD;

	self->nr++;
	put(self, task + OFF_CLASS, sched_class);
	put32(self, task + OFF_STATE, state);
	put32(self, task + OFF_PID, self->nr);
	put(self, task + OFF_SIGNAL, DIRECT + SIGNAL(n));
	snprintf((char *)self->ram + task + OFF_COMM, 16, "task %u", self->nr);
	put(self, self->last_thread, DIRECT + task + OFF_NODE);
	self->last_thread = task + OFF_NODE;
	put(self, self->last_thread, head);
	return task;
}

static uint64_t add_process(FIXTURE_DATA(tasks) *const self, uint64_t sched_class, uint32_t state)
{
	unsigned int n = self->nr;
	uint64_t task;

	self->last_thread = SIGNAL(n) + OFF_HEAD;
	task = add_thread(self, n, sched_class, state);
	put(self, self->last, DIRECT + task + OFF_TASKS);
	self->last = task + OFF_TASKS;
	put(self, self->last, TEXT + INIT_TASK + OFF_TASKS);
	return task;
}

static int find(FIXTURE_DATA(tasks) *const self)
{
	self->err.msg[0] = '\0';
	/* Left from before. */
	memset(&self->found, 0xff, sizeof(self->found));
	return tasks_find_ext(&self->kernel, &all, &self->found, &self->err);
}

FIXTURE_SETUP(tasks)
{
	memset(self, 0, sizeof(*self));
	self->ram = calloc(1, RAM_SIZE);
	ASSERT_NE(NULL, self->ram);
	self->gm = (struct guest_mem){ self->ram, RAM_SIZE, RAM_SIZE, 4 * GIB };
	map(self, TEXT);
	map(self, DIRECT);
	self->kernel.gm = &self->gm;
	self->kernel.paging = (struct paging){ &self->gm, 0x1000, 4 };
	self->kernel.sym.addr[SYM_INIT_TASK] = TEXT + INIT_TASK;
	self->kernel.sym.addr[SYM_EXT_CLASS] = EXT_CLASS;
	self->last = INIT_TASK + OFF_TASKS;
	put(self, self->last, TEXT + self->last);

	/* 1, 2 3 4, 5 */
	add_process(self, RT_CLASS, 0);
	add_process(self, FAIR_CLASS, INTERRUPTIBLE);
	add_thread(self, 1, FAIR_CLASS, INTERRUPTIBLE);
	add_thread(self, 1, FAIR_CLASS, 0);
	add_process(self, FAIR_CLASS, INTERRUPTIBLE);
}

FIXTURE_TEARDOWN(tasks)
{
	free(self->ram);
}

TEST_F(tasks, none_is_left)
{
	ASSERT_EQ(0, find(self));
	EXPECT_EQ(0U, self->found.nr);
	EXPECT_EQ(0U, self->found.pid);
	EXPECT_STREQ("", self->found.comm);
}

TEST_F(tasks, each_of_them_is_found)
{
	unsigned int i;
	char comm[16];

	for (i = 0; i < self->nr; i++) {
		put(self, TASK(i) + OFF_CLASS, EXT_CLASS);
		ASSERT_EQ(0, find(self));
		EXPECT_EQ(1U, self->found.nr);
		EXPECT_EQ(i + 1, self->found.pid);
		snprintf(comm, sizeof(comm), "task %u", i + 1);
		EXPECT_STREQ(comm, self->found.comm);
		put(self, TASK(i) + OFF_CLASS, FAIR_CLASS);
	}
	for (i = 0; i < self->nr; i++)
		put(self, TASK(i) + OFF_CLASS, EXT_CLASS);
	ASSERT_EQ(0, find(self));
	EXPECT_EQ(5U, self->found.nr);
	EXPECT_EQ(1U, self->found.pid);
	EXPECT_STREQ("task 1", self->found.comm);
}

/* The kernel leaves them where they are. */
TEST_F(tasks, dead_ones_do_not_count)
{
	add_process(self, EXT_CLASS, DEAD);
	ASSERT_EQ(0, find(self));
	EXPECT_EQ(0U, self->found.nr);
	/* A leader may be dead when its threads are not. */
	add_thread(self, 5, EXT_CLASS, INTERRUPTIBLE);
	ASSERT_EQ(0, find(self));
	EXPECT_EQ(1U, self->found.nr);
	EXPECT_EQ(7U, self->found.pid);
}

TEST_F(tasks, names_are_for_people)
{
	uint64_t task = add_process(self, EXT_CLASS, INTERRUPTIBLE);

	memcpy(self->ram + task + OFF_COMM, "a\nnot ok 1 \x1b\xff full", 16);
	ASSERT_EQ(0, find(self));
	EXPECT_STREQ("a?not ok 1 ?? f", self->found.comm);
}

TEST_F(tasks, without_a_symbol)
{
	static const struct {
		enum sym sym;
		const char *why;
	} cases[] = {
		{ SYM_INIT_TASK, "no symbol init_task" },
		{ SYM_EXT_CLASS, "no symbol ext_sched_class" },
	};
	struct task_layout none = all;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kernel k = self->kernel;
		struct err err = { "" };

		k.sym.addr[cases[i].sym] = 0;
		EXPECT_EQ(-ENODATA, tasks_find_ext(&k, &all, &self->found, &err));
		EXPECT_STREQ(cases[i].why, err.msg);
	}
	none.have = false;
	EXPECT_EQ(-ENODATA, tasks_find_ext(&self->kernel, &none, &self->found, &self->err));
}

/* Nothing is said then, also not of those that were found before. */
static int find_no_more(FIXTURE_DATA(tasks) *const self)
{
	int ret;

	put(self, TASK(0) + OFF_CLASS, EXT_CLASS);
	ret = find(self);
	return ret && (self->found.nr || !self->err.msg[0]) ? 0 : ret;
}

TEST_F(tasks, lists_without_end)
{
	/* Of processes, past the head; of threads; of one alone. */
	put(self, self->last, DIRECT + TASK(1) + OFF_TASKS);
	EXPECT_EQ(-E2BIG, find_no_more(self));
	EXPECT_NE(NULL, strstr(self->err.msg, "does not end"));
	put(self, self->last, TEXT + INIT_TASK + OFF_TASKS);
	EXPECT_EQ(0, find(self));
	put(self, TASK(3) + OFF_NODE, DIRECT + TASK(2) + OFF_NODE);
	EXPECT_EQ(-E2BIG, find_no_more(self));
	put(self, TASK(3) + OFF_NODE, DIRECT + TASK(3) + OFF_NODE);
	EXPECT_EQ(-E2BIG, find_no_more(self));
}

TEST_F(tasks, too_many)
{
	/* For those that are there: one for each, and two more for each process. */
	unsigned int i, most = TASKS_MAX_LINKS - (1 + 3 + 3 + 5);
	uint64_t end, task = MORE;

	memcpy(&end, self->ram + self->last_thread, sizeof(end));
	for (i = 0; i < most; i++, task += TASK_SIZE) {
		put(self, task + OFF_CLASS, EXT_CLASS);
		put(self, self->last_thread, DIRECT + task + OFF_NODE);
		self->last_thread = task + OFF_NODE;
	}
	put(self, self->last_thread, end);
	ASSERT_EQ(0, find(self));
	EXPECT_EQ(most, self->found.nr);
	put(self, task + OFF_CLASS, EXT_CLASS);
	put(self, self->last_thread, DIRECT + task + OFF_NODE);
	put(self, task + OFF_NODE, end);
	EXPECT_EQ(-E2BIG, find_no_more(self));
}

TEST_F(tasks, pointers_to_nowhere)
{
	static const uint64_t wild[] = {
		0, 1, 8, TEXT - 8, 0x1234567812345678ULL, UINT64_MAX, UINT64_MAX - 7,
		DIRECT + RAM_SIZE, DIRECT + 0x101, DIRECT - OFF_NODE,
	};
	const uint64_t at[] = {
		INIT_TASK + OFF_TASKS, TASK(0) + OFF_TASKS, self->last, TASK(1) + OFF_SIGNAL,
		SIGNAL(1) + OFF_HEAD, TASK(2) + OFF_NODE, TASK(3) + OFF_NODE,
	};
	uint64_t was;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		memcpy(&was, self->ram + at[i], sizeof(was));
		for (j = 0; j < ARRAY_SIZE(wild); j++) {
			put(self, at[i], wild[j]);
			EXPECT_NE(0, find_no_more(self)) {
				TH_LOG("pointer %zu, value %zu", i, j);
			}
		}
		put(self, at[i], was);
	}
	EXPECT_EQ(0, find(self));
}

TEST_F(tasks, what_are_no_tasks)
{
	/* A class is in the kernel's image. */
	put(self, TASK(3) + OFF_CLASS, DIRECT);
	EXPECT_EQ(-EBADMSG, find_no_more(self));
	put(self, TASK(3) + OFF_CLASS, FAIR_CLASS);
	/* A process without a thread, and one whose threads are another's. */
	put(self, SIGNAL(1) + OFF_HEAD, DIRECT + SIGNAL(1) + OFF_HEAD);
	EXPECT_EQ(-EBADMSG, find_no_more(self));
	put(self, SIGNAL(1) + OFF_HEAD, DIRECT + TASK(1) + OFF_NODE);
	put(self, TASK(4) + OFF_SIGNAL, DIRECT + SIGNAL(1));
	EXPECT_EQ(-EBADMSG, find_no_more(self));
	/* Nobody at all. */
	put(self, INIT_TASK + OFF_TASKS, TEXT + INIT_TASK + OFF_TASKS);
	EXPECT_EQ(-EBADMSG, find(self));
}

TEST_F(tasks, any_memory)
{
	unsigned int i, j, seed = 1;

	/* Each word that is a pointer becomes another one's. */
	for (i = 0; i < 2000; i++) {
		for (j = 0; j < 3; j++)
			put(self, TASK(rand_r(&seed) % 5) + rand_r(&seed) % 10 * 8,
			    DIRECT + TASK(rand_r(&seed) % 5) + rand_r(&seed) % 10 * 8);
		if (find(self))
			EXPECT_EQ(0U, self->found.nr);
		if (i % 16 == 0) {
			self->nr = 0;
			self->last = INIT_TASK + OFF_TASKS;
			for (j = 0; j < 5; j++)
				add_process(self, EXT_CLASS, 0);
		}
	}
}

TEST_HARNESS_MAIN
