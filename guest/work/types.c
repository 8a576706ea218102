// SPDX-License-Identifier: GPL-2.0
/*
 * All work types, with what they are by default.
 */
#include <errno.h>
#include "../cpusets.h"
#include "work.h"

#define PHASE_MAX_MS	60000U

static void run_custom(struct work_self *self)
{
	self->work.custom(self);
}

static const struct work_type_ops table[NR_WORK_TYPES] = {
	[WORK_CPU_SPIN]	= { .name = "CPU_SPIN", .always_runnable = true,
			    .defaults = { .spin = 1024 },
			    .run = work_run_cpu_spin },
	[WORK_YIELD_HEAVY] = { .name = "YIELD_HEAVY", .always_runnable = true, .yields = true,
			    .run = work_run_yield_heavy },
	[WORK_MIXED]	= { .name = "MIXED", .always_runnable = true, .yields = true,
			    .defaults = { .spin = 1024 },
			    .run = work_run_mixed },
	[WORK_BURSTY]	= { .name = "BURSTY",
			    .defaults = { .spin = 1024, .burst_ms = 50, .sleep_ms = 100 },
			    .run = work_run_bursty },
	[WORK_PIPE_IO]	= { .name = "PIPE_IO", .fixed = true, .pipe = true,
			    .defaults = { .group = 2, .spin = 1024 },
			    .run = work_run_pipe_io },
	[WORK_FUTEX_PING_PONG] = { .name = "FUTEX_PING_PONG", .fixed = true,
			    .defaults = { .group = 2, .spin = 1024 },
			    .run = work_run_wake_chain },
	[WORK_IO_SYNC]	= { .name = "IO_SYNC",
			    .defaults = { .sleep_us = 100 },
			    .run = work_run_io_sync },
	[WORK_CACHE_PRESSURE] = { .name = "CACHE_PRESSURE", .always_runnable = true,
			    .defaults = { .spin = 1024, .size_kb = 32, .stride = 64 },
			    .run = work_run_cache_pressure },
	[WORK_CACHE_YIELD] = { .name = "CACHE_YIELD", .always_runnable = true, .yields = true,
			    .defaults = { .spin = 1024, .size_kb = 32, .stride = 64 },
			    .run = work_run_cache_yield },
	[WORK_CACHE_PIPE] = { .name = "CACHE_PIPE", .fixed = true, .pipe = true,
			    .defaults = { .group = 2, .spin = 1024, .size_kb = 32, .stride = 64 },
			    .run = work_run_cache_pipe },
	[WORK_PAGE_FAULT_CHURN] = { .name = "PAGE_FAULT_CHURN", .always_runnable = true,
			    .defaults = { .spin = 64, .ops = 256, .size_kb = 4096 },
			    .run = work_run_page_fault_churn },
	[WORK_FUTEX_FAN_OUT] = { .name = "FUTEX_FAN_OUT", .lead = true,
			    .defaults = { .group = 5, .spin = 1024 },
			    .run = work_run_futex_fan_out },
	[WORK_FAN_OUT_COMPUTE] = { .name = "FAN_OUT_COMPUTE", .lead = true,
			    .defaults = { .group = 5, .spin = 1024, .ops = 5, .size_kb = 256,
					  .sleep_us = 100 },
			    .run = work_run_fan_out_compute },
	[WORK_WAKE_CHAIN] = { .name = "WAKE_CHAIN",
			    .defaults = { .group = 4, .spin = 1024 },
			    .run = work_run_wake_chain },
	[WORK_THUNDERING_HERD] = { .name = "THUNDERING_HERD", .lead = true,
			    .defaults = { .group = 8, .spin = 256, .sleep_us = 1000 },
			    .run = work_run_thundering_herd },
	[WORK_SEQUENCE]	= { .name = "SEQUENCE",
			    .defaults = { .spin = 1024 },
			    .run = work_run_sequence },
	[WORK_TIMER_LATENCY] = { .name = "TIMER_LATENCY",
			    .defaults = { .spin = 64, .sleep_us = 1000 },
			    .run = work_run_timer_latency },
	[WORK_FORK_EXIT] = { .name = "FORK_EXIT",
			    .run = work_run_fork_exit },
	[WORK_NICE_SWEEP] = { .name = "NICE_SWEEP",
			    .defaults = { .spin = 512 },
			    .run = work_run_nice_sweep },
	[WORK_AFFINITY_CHURN] = { .name = "AFFINITY_CHURN", .pins = true,
			    .defaults = { .spin = 1024 },
			    .run = work_run_affinity_churn },
	[WORK_POLICY_CHURN] = { .name = "POLICY_CHURN",
			    .defaults = { .spin = 1024 },
			    .run = work_run_policy_churn },
	[WORK_MUTEX_CONTENTION] = { .name = "MUTEX_CONTENTION",
			    .defaults = { .group = 4, .spin = 1024, .hold = 256 },
			    .run = work_run_mutex_contention },
	[WORK_RT_STARVATION] = { .name = "RT_STARVATION", .lead = true,
			    .defaults = { .group = 2, .spin = 1024, .burst_ms = 200,
					  .sleep_ms = 20 },
			    .run = work_run_rt_starvation },
	[WORK_PRIORITY_INVERSION] = { .name = "PRIORITY_INVERSION", .fixed = true,
			    .defaults = { .group = 3, .spin = 256, .hold = 1024, .burst_ms = 50,
					  .sleep_ms = 10 },
			    .run = work_run_priority_inversion },
	[WORK_SMT_SIBLING_SPIN] = { .name = "SMT_SIBLING_SPIN", .fixed = true, .pins = true,
			    .defaults = { .group = 2, .spin = 1024 },
			    .run = work_run_smt_sibling_spin },
	[WORK_NUMA_WORKING_SET_SWEEP] = { .name = "NUMA_WORKING_SET_SWEEP",
			    .defaults = { .spin = 1024, .size_kb = 1024, .stride = 4096 },
			    .run = work_run_numa_working_set_sweep },
	[WORK_IO_CONVOY] = { .name = "IO_CONVOY",
			    .defaults = { .group = 4, .spin = 1024, .sleep_us = 100 },
			    .run = work_run_io_convoy },
	[WORK_CGROUP_ATTACH_STORM] = { .name = "CGROUP_ATTACH_STORM", .roams = true,
			    .defaults = { .spin = 1024 },
			    .run = work_run_cgroup_attach_storm },
	[WORK_CGROUP_CHURN] = { .name = "CGROUP_CHURN", .roams = true,
			    .defaults = { .spin = 1024 },
			    .run = work_run_cgroup_churn },
	[WORK_CUSTOM]	= { .name = "CUSTOM",
			    .defaults = { .group = 1, .spin = 1024, .ops = 1, .hold = 1,
					  .size_kb = 1, .stride = 1, .burst_ms = 1, .sleep_ms = 1,
					  .sleep_us = 1 },
			    .run = run_custom },
};

struct work_param {
	const char *name;
	size_t offset;
	unsigned int max;
};

#define PARAM(_name, _max)	{ #_name, offsetof(struct work, _name), _max }

static const struct work_param params[] = {
	PARAM(spin, 1 << 24),
	PARAM(ops, 1 << 20),
	PARAM(hold, 1 << 24),
	PARAM(size_kb, 1 << 20),
	PARAM(stride, 1 << 20),
	PARAM(burst_ms, 60000),
	PARAM(sleep_ms, 60000),
	PARAM(sleep_us, 1000000),
	PARAM(group, WORK_GROUP_MAX),
};

static unsigned int get(const struct work *work, const struct work_param *p)
{
	return *(const unsigned int *)((const char *)work + p->offset);
}

static void set(struct work *work, const struct work_param *p, unsigned int val)
{
	*(unsigned int *)((char *)work + p->offset) = val;
}

const struct work_type_ops *work_ops(unsigned int type)
{
	if (type >= NR_WORK_TYPES || !table[type].run)
		return NULL;
	return &table[type];
}

unsigned int work_group(const struct work *work)
{
	const struct work_type_ops *ops = work_ops(work->type);
	unsigned int size = work->group;

	if (!size && ops)
		size = ops->defaults.group;
	return size ? size : 1;
}

unsigned int work_nr(const struct work *work, unsigned int nr_usable, unsigned int nr_all)
{
	unsigned int nr = work->nr, group = work_group(work);
	double wanted;

	if (work->per_cpu > 0) {
		wanted = work->per_cpu * (work->all_cpus ? nr_all : nr_usable);
		nr = wanted;
		if (wanted - nr > FRAC_EPSILON)
			nr++;
	}
	return DIV_ROUND_UP(nr, group) * group;
}

static int check_phases(const struct work_phase *phases, struct err *err)
{
	unsigned int i, nr_work = 0;

	for (i = 0; phases && phases[i].kind != PHASE_NONE; i++) {
		if (phases[i].kind > PHASE_IO)
			return err_set(err, -EINVAL, "phase %u: kind %d does not exist", i,
				       phases[i].kind);
		if (!phases[i].ms || phases[i].ms > PHASE_MAX_MS)
			return err_set(err, -EINVAL, "phase %u: %u ms: must be 1 to %u", i,
				       phases[i].ms, PHASE_MAX_MS);
		nr_work += phases[i].kind != PHASE_SLEEP;
	}
	if (!nr_work)
		return err_set(err, -EINVAL, "type SEQUENCE has no phase in which it works");
	return 0;
}

static int check_pointers(const struct work *work, const struct work_type_ops *ops,
			  struct err *err)
{
	bool custom = work->type == WORK_CUSTOM;

	if (custom != !!work->custom)
		return err_set(err, -EINVAL, "type %s %s a function", ops->name,
			       custom ? "needs" : "has no use for");
	if (work->type == WORK_SEQUENCE)
		return check_phases(work->phases, err);
	if (work->phases)
		return err_set(err, -EINVAL, "phases are not for type %s", ops->name);
	return 0;
}

int work_check(const struct work *work, struct err *err)
{
	const struct work_type_ops *ops = work_ops(work->type);
	const struct work_param *p;
	struct work full = *work;
	unsigned int group;
	int ret;

	if (!ops)
		return err_set(err, -EINVAL, "work type %d does not exist", work->type);
	for (p = params; p < params + ARRAY_SIZE(params); p++) {
		if (get(work, p) && !get(&ops->defaults, p))
			return err_set(err, -EINVAL, "%s is not for type %s", p->name, ops->name);
		if (get(work, p) > p->max)
			return err_set(err, -EINVAL, "%s %u: must be up to %u", p->name,
				       get(work, p), p->max);
	}
	ret = check_pointers(work, ops, err);
	if (ret)
		return ret;
	work_defaults(&full);
	if (full.stride > full.size_kb * KIB)
		return err_set(err, -EINVAL, "a stride of %u bytes is too long for %u KiB",
			       full.stride, full.size_kb);
	group = work_group(work);
	if (ops->defaults.group > 1 && (ops->fixed ? group != ops->defaults.group : group < 2))
		return err_set(err, -EINVAL, "type %s does not work in groups of %u", ops->name,
			       group);
	if (work->nr % group)
		return err_set(err, -EINVAL, "%u workers of type %s: must be a multiple of %u",
			       work->nr, ops->name, group);
	return 0;
}

void work_defaults(struct work *work)
{
	const struct work_type_ops *ops = work_ops(work->type);
	const struct work_param *p;

	for (p = params; p < params + ARRAY_SIZE(params); p++) {
		if (!get(work, p))
			set(work, p, get(&ops->defaults, p));
	}
}
