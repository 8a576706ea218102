// SPDX-License-Identifier: GPL-2.0
/*
 * How a worker is scheduled, and where its memory comes from.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../guest.h"
#include "work.h"

#define DL_MIN_US	10	/* the kernel's own minimum is about one */
#define DL_MAX_US	4000000

/* struct sched_attr of uapi/linux/sched/types.h, which newer C libraries have as well. */
struct attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t prio;
	uint64_t runtime, deadline, period;
};

#define ATTR_RESET_ON_FORK	1	/* or it could not fork */

static int set_deadline(const struct work *work)
{
	const struct work_deadline *dl = &work->dl;
	struct attr attr = {
		.size = sizeof(attr),
		.policy = SCHED_DEADLINE,
		.flags = ATTR_RESET_ON_FORK,
		.runtime = dl->runtime_us * NSEC_PER_USEC,
		.deadline = dl->deadline_us * NSEC_PER_USEC,
		.period = dl->period_us * NSEC_PER_USEC,
	};

	return syscall(SYS_sched_setattr, 0, &attr, 0) ? -errno : 0;
}

int work_set_policy(const struct work *work)
{
	struct sched_param param = { .sched_priority = work->prio };

	if (work->policy == SCHED_DEADLINE)
		return set_deadline(work);
	if (!work->policy && !work->prio)
		return 0;
	return sched_setscheduler(0, work->policy, &param) ? -errno : 0;
}

uint64_t work_mem_nodes(const struct mem_policy *mem)
{
	struct cpumask m = { };

	/* A list of nodes looks like one of CPUs. */
	if (!mem->nodes || cpulist_parse(mem->nodes, &m))
		return 0;
	return m.bits[0];
}

int work_set_mem(const struct mem_policy *mem)
{
	uint64_t nodes = work_mem_nodes(mem);

	if (mem->kind == MEM_DEFAULT)
		return 0;
	/* One bit more than there are: the kernel takes it off again. */
	if (syscall(SYS_set_mempolicy, mem->kind | mem->flags, nodes ? &nodes : NULL,
		    nodes ? 8 * sizeof(nodes) + 1 : 0))
		return -errno;
	return 0;
}

uint64_t work_dl_ppm(const struct work *work)
{
	unsigned int period = work->dl.period_us ? work->dl.period_us : work->dl.deadline_us;

	return work->dl.runtime_us * 1000000ULL / period;
}

static int check_deadline(const struct work *work, struct err *err)
{
	const struct work_deadline *dl = &work->dl;
	unsigned int period = dl->period_us ? dl->period_us : dl->deadline_us;

	if (work->policy != SCHED_DEADLINE) {
		if (dl->runtime_us || dl->deadline_us || dl->period_us)
			return err_set(err, -EINVAL, "a deadline does not go with policy %d",
				       work->policy);
		return 0;
	}
	if (dl->runtime_us < DL_MIN_US || dl->runtime_us > dl->deadline_us ||
	    dl->deadline_us > period || period > DL_MAX_US ||
	    dl->runtime_us * 100ULL > period * (uint64_t)WORK_DL_MAX_PCT)
		return err_set(err, -EINVAL,
			       "deadline %u/%u/%u us: runtime <= deadline <= period, %u %% at most",
			       dl->runtime_us, dl->deadline_us, period, WORK_DL_MAX_PCT);
	return 0;
}

static int check_cpu(const struct work *work, struct err *err)
{
	bool rt = work->policy == SCHED_FIFO || work->policy == SCHED_RR;

	switch (work->policy) {
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE:
	case SCHED_FIFO:
	case SCHED_RR:
	case SCHED_DEADLINE:
	case SCHED_EXT:
		break;
	default:
		return err_set(err, -EINVAL, "policy %d does not exist", work->policy);
	}
	if (rt ? work->prio < 1 : work->prio)
		return err_set(err, -EINVAL, "priority %d does not go with policy %d", work->prio,
			       work->policy);
	if (work->prio >= PID1_PRIO)
		return err_set(err, -EINVAL, "priority %d: must be below that of PID 1, %d",
			       work->prio, PID1_PRIO);
	if (work->nice < -20 || work->nice > 19)
		return err_set(err, -EINVAL, "nice %d: must be between -20 and 19", work->nice);
	return check_deadline(work, err);
}

static int check_mem(const struct mem_policy *mem, unsigned int nr_nodes, struct err *err)
{
	const unsigned int fixed = MEM_STATIC | MEM_RELATIVE;
	bool lists = mem->kind != MEM_DEFAULT && mem->kind != MEM_LOCAL;
	uint64_t nodes = work_mem_nodes(mem);

	if (mem->kind > MEM_WEIGHTED_INTERLEAVE)
		return err_set(err, -EINVAL, "memory policy %d does not exist", mem->kind);
	if (lists ? !nodes : !!mem->nodes)
		return err_set(err, -EINVAL, "nodes \"%s\" do not go with memory policy %d",
			       mem->nodes ? mem->nodes : "", mem->kind);
	if (!(mem->flags & fixed) && nodes >> nr_nodes)
		return err_set(err, -EINVAL, "nodes %s: there are only %u", mem->nodes, nr_nodes);
	if ((mem->flags & MEM_STATIC) && !(nodes & (BIT(nr_nodes) - 1)))
		return err_set(err, -EINVAL, "nodes %s: none of them is there", mem->nodes);
	/* As sanitize_mpol_flags() in mm/mempolicy.c has it. */
	if ((mem->flags & MEM_NUMA_BALANCING) && mem->kind != MEM_BIND &&
	    mem->kind != MEM_PREFERRED_MANY)
		return err_set(err, -EINVAL, "NUMA balancing does not go with memory policy %d",
			       mem->kind);
	if ((mem->flags & ~(fixed | MEM_NUMA_BALANCING)) || (mem->flags & fixed) == fixed ||
	    (mem->flags && !lists))
		return err_set(err, -EINVAL, "flags %#x do not go with memory policy %d",
			       mem->flags, mem->kind);
	return 0;
}

int work_check_policy(const struct work *work, unsigned int nr_nodes, struct err *err)
{
	int ret = check_cpu(work, err);

	return ret ? ret : check_mem(&work->mem, nr_nodes, err);
}
