// SPDX-License-Identifier: GPL-2.0
/*
 * Work on memory: caches and page faults.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "work.h"

#define WALK_SLICE	1024U	/* steps between two checkpoints */

struct walk {
	unsigned char *mem;
	size_t size, pos;
};

static void walk_init(struct work_self *self, struct walk *w)
{
	w->size = self->work.size_kb * KIB;
	w->pos = 0;
	w->mem = work_alloc(self, w->size);
}

static void walk_unit(struct work_self *self, struct walk *w)
{
	unsigned int left, slice, i;

	for (left = self->work.spin; left && !work_stopped(self); left -= slice) {
		slice = min(left, WALK_SLICE);
		for (i = 0; i < slice; i++) {
			WRITE_ONCE(w->mem[w->pos], READ_ONCE(w->mem[w->pos]) + 1);
			w->pos += self->work.stride;
			if (w->pos >= w->size)
				w->pos -= w->size;
		}
		work_checkpoint(self);
	}
	self->page->rep.units++;
}

void work_run_cache_pressure(struct work_self *self)
{
	struct walk w;

	walk_init(self, &w);
	while (!work_stopped(self)) {
		walk_unit(self, &w);
		self->page->rep.iterations++;
	}
}

void work_run_cache_yield(struct work_self *self)
{
	struct walk w;

	walk_init(self, &w);
	while (!work_stopped(self)) {
		walk_unit(self, &w);
		sched_yield();
		work_checkpoint(self);
		self->page->rep.iterations++;
	}
}

void work_run_cache_pipe(struct work_self *self)
{
	struct walk w;

	walk_init(self, &w);
	do {
		walk_unit(self, &w);
	} while (!work_stopped(self) && work_pipe_turn(self));
	work_pipe_end(self);
}

unsigned char *work_alloc_faults(struct work_self *self, size_t size)
{
	unsigned char *mem = work_alloc(self, size);

	/* A large page would be one fault only. A kernel without them knows no such advice. */
	if (madvise(mem, size, MADV_NOHUGEPAGE) && errno != EINVAL)
		work_fail(self, WORKER_SETUP_WORK, errno);
	return mem;
}

void work_fault(struct work_self *self, unsigned char *mem, size_t size, unsigned int nr)
{
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned int i;

	for (i = 0; i < nr && !work_stopped(self); i++) {
		WRITE_ONCE(mem[work_random(self, DIV_ROUND_UP(size, page)) * page], 1);
		work_checkpoint(self);
	}
}

void work_give_back(struct work_self *self, unsigned char *mem, size_t size)
{
	if (madvise(mem, size, MADV_DONTNEED))
		work_fail(self, WORKER_SETUP_WORK, errno);
}

void work_run_page_fault_churn(struct work_self *self)
{
	size_t size = self->work.size_kb * KIB;
	unsigned char *mem = work_alloc_faults(self, size);

	while (!work_stopped(self)) {
		work_fault(self, mem, size, self->work.ops);
		work_give_back(self, mem, size);
		work_unit(self);
		self->page->rep.iterations++;
	}
}

/* The nodes that we may have memory of. */
static uint64_t mem_allowed(struct work_self *self)
{
	/* As large as any kernel may ask for. */
	uint64_t nodes[1024 / 64] = { };

	if (syscall(SYS_get_mempolicy, NULL, nodes, 8 * sizeof(nodes), NULL,
		    MPOL_F_MEMS_ALLOWED))
		work_fail(self, WORKER_SETUP_WORK, errno);
	return nodes[0];
}

static void move_to_node(struct work_self *self, struct walk *w, unsigned int node)
{
	uint64_t mask = 1ULL << node;

	if (syscall(SYS_mbind, w->mem, w->size, MPOL_BIND, &mask, 8 * sizeof(mask) + 1,
		    MPOL_MF_MOVE)) {
		/* Its cpuset has lost that node. */
		if (errno != EINVAL)
			work_fail(self, WORKER_SETUP_WORK, errno);
		work_refused(self, errno);
	}
	work_checkpoint(self);
}

/* The next of @nodes after @node, or that one if there is no other. */
static unsigned int next_node(uint64_t nodes, unsigned int node)
{
	unsigned int i;

	for (i = 1; i < 64; i++) {
		if (nodes & 1ULL << (node + i) % 64)
			return (node + i) % 64;
	}
	return node;
}

void work_run_numa_working_set_sweep(struct work_self *self)
{
	unsigned int node = next_node(mem_allowed(self), 63), next;
	struct walk w;

	walk_init(self, &w);
	while (!work_stopped(self)) {
		walk_unit(self, &w);
		/* Its cpuset may have changed. */
		next = next_node(mem_allowed(self), node);
		/* On a single node there is nowhere to go. */
		if (next != node)
			move_to_node(self, &w, next);
		node = next;
		self->page->rep.iterations++;
	}
}
