// SPDX-License-Identifier: GPL-2.0
/*
 * All work types, with what they are by default.
 */
#include <errno.h>
#include "work.h"

static const struct work_type_ops table[NR_WORK_TYPES] = {
	[WORK_CPU_SPIN]	= { .name = "CPU_SPIN", .always_runnable = true,
			    .defaults = { .spin = 1024 },
			    .run = work_run_cpu_spin },
	[WORK_YIELD_HEAVY] = { .name = "YIELD_HEAVY", .always_runnable = true,
			    .run = work_run_yield_heavy },
	[WORK_MIXED]	= { .name = "MIXED", .always_runnable = true,
			    .defaults = { .spin = 1024 },
			    .run = work_run_mixed },
	[WORK_BURSTY]	= { .name = "BURSTY",
			    .defaults = { .spin = 1024, .burst_ms = 50, .sleep_ms = 100 },
			    .run = work_run_bursty },
	[WORK_PIPE_IO]	= { .name = "PIPE_IO", .pair = true, .pipe = true,
			    .defaults = { .group = 2, .spin = 1024 },
			    .run = work_run_pipe_io },
	[WORK_FUTEX_PING_PONG] = { .name = "FUTEX_PING_PONG", .pair = true,
			    .defaults = { .group = 2, .spin = 1024 },
			    .run = work_run_wake_chain },
	[WORK_IO_SYNC]	= { .name = "IO_SYNC",
			    .defaults = { .sleep_us = 100 },
			    .run = work_run_io_sync },
	[WORK_CACHE_PRESSURE] = { .name = "CACHE_PRESSURE", .always_runnable = true,
			    .defaults = { .spin = 1024, .size_kb = 32, .stride = 64 },
			    .run = work_run_cache_pressure },
	[WORK_CACHE_YIELD] = { .name = "CACHE_YIELD", .always_runnable = true,
			    .defaults = { .spin = 1024, .size_kb = 32, .stride = 64 },
			    .run = work_run_cache_yield },
	[WORK_CACHE_PIPE] = { .name = "CACHE_PIPE", .pair = true, .pipe = true,
			    .defaults = { .group = 2, .spin = 1024, .size_kb = 32, .stride = 64 },
			    .run = work_run_cache_pipe },
	[WORK_PAGE_FAULT_CHURN] = { .name = "PAGE_FAULT_CHURN", .always_runnable = true,
			    .defaults = { .spin = 64, .ops = 256, .size_kb = 4096 },
			    .run = work_run_page_fault_churn },
	[WORK_FUTEX_FAN_OUT] = { .name = "FUTEX_FAN_OUT",
			    .defaults = { .group = 5, .spin = 1024 },
			    .run = work_run_futex_fan_out },
	[WORK_FAN_OUT_COMPUTE] = { .name = "FAN_OUT_COMPUTE",
			    .defaults = { .group = 5, .spin = 1024, .ops = 5, .size_kb = 256,
					  .sleep_us = 100 },
			    .run = work_run_fan_out_compute },
	[WORK_WAKE_CHAIN] = { .name = "WAKE_CHAIN",
			    .defaults = { .group = 4, .spin = 1024 },
			    .run = work_run_wake_chain },
	[WORK_THUNDERING_HERD] = { .name = "THUNDERING_HERD",
			    .defaults = { .group = 8, .spin = 256, .sleep_us = 1000 },
			    .run = work_run_thundering_herd },
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

int work_check(const struct work *work, struct err *err)
{
	const struct work_type_ops *ops = work_ops(work->type);
	const struct work_param *p;
	struct work full = *work;
	unsigned int group;

	if (!ops)
		return err_set(err, -EINVAL, "work type %d does not exist", work->type);
	for (p = params; p < params + ARRAY_SIZE(params); p++) {
		if (get(work, p) && !get(&ops->defaults, p))
			return err_set(err, -EINVAL, "%s is not for type %s", p->name, ops->name);
		if (get(work, p) > p->max)
			return err_set(err, -EINVAL, "%s %u: must be up to %u", p->name,
				       get(work, p), p->max);
	}
	work_defaults(&full);
	if (full.stride > full.size_kb * KIB)
		return err_set(err, -EINVAL, "a stride of %u bytes is too long for %u KiB",
			       full.stride, full.size_kb);
	group = work_group(work);
	if (ops->defaults.group && (ops->pair ? group != 2 : group < 2))
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
