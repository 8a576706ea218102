/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rq.h - reads the run queues: one function a CPU
 *
 * What can be read is decided once, from BTF; a member that this kernel does
 * not have turns off its reading, no more.
 */
#ifndef KTSTR_MONITOR_RQ_H
#define KTSTR_MONITOR_RQ_H

#include <stdbool.h>
#include "kernel.h"
#include "layout.h"
#include "monitor.h"

enum reading {
	RD_CPU,			/* proves that the rest is what we think it is */
	RD_NR_RUNNING,
	RD_CLOCK,
	RD_CURR,
	RD_IDLE,
	RD_SCX_NR_RUNNING,
	RD_SCX_FLAGS,
	RD_DSQ_NR,
	RD_ONLINE,
	NR_READINGS,
};

struct rq_layout {
	struct field field[NR_READINGS];
	bool have[NR_READINGS];
};

/*
 * rq_layout - from BTF; -ENODATA when there is no struct rq with a CPU number. @off
 * names the readings that are off.
 */
int rq_layout(const struct btf *btf, struct rq_layout *layout, char *off, size_t off_size,
	      struct err *err);

struct rq_reader {
	const struct guest_mem *gm;
	struct rq_layout layout;
	unsigned int nr_cpus;
	uint64_t (*gpa)[NR_READINGS];	/* run queues do not move: translated once, per CPU */
};

/*
 * rq_open - resolve the run queues of CPUs 0 to @nr_cpus - 1 and check rq.cpu of each.
 * -EAGAIN while they are not set up or not the right ones; -ENOMEM.
 */
int rq_open(struct rq_reader *r, const struct kernel *k, const struct rq_layout *layout,
	    unsigned int nr_cpus, struct err *err);
void rq_close(struct rq_reader *r);

/*
 * rq_read - one CPU now; readings that are off stay 0. -EINVAL: no such CPU; -EBADMSG:
 * rq.cpu is no longer that CPU, the memory is not what it was; -EFAULT.
 */
int rq_read(const struct rq_reader *r, unsigned int cpu, struct cpu_sample *s);

#endif /* KTSTR_MONITOR_RQ_H */
