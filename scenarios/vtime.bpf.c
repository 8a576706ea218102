// SPDX-License-Identifier: GPL-2.0
/*
 * vtime.bpf.c - one queue for all CPUs, in order of weighted virtual time
 *
 * Each task's virtual time grows by the CPU time that it had, the slower the more
 * weight (nice value) it has; whoever is furthest behind runs next. One that slept
 * is not paid back: it starts at most one slice behind the others. Weights of
 * cgroups do not count.
 */
#include "scx_exit.bpf.h"

char _license[] SEC("license") = "GPL";

#define VTIME_DSQ	0
#define WEIGHT_DFL	100	/* of nice 0 */

static u64 vtime_now;		/* that of the task which started last */

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} started SEC(".maps");		/* a task's CPU time when it was put on a CPU */

static bool before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static u64 slice(void)
{
	return SCX_ENUM(scx_public_consts, SCX_SLICE_DFL);
}

SEC("struct_ops/vtime_select_cpu")
s32 BPF_PROG(vtime_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool idle = false;
	s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);

	if (idle)
		dsq_insert(p, SCX_ENUM(scx_dsq_id_flags, SCX_DSQ_LOCAL), slice(), 0);
	return cpu;
}

SEC("struct_ops/vtime_enqueue")
int BPF_PROG(vtime_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 vtime = p->scx.dsq_vtime, least = vtime_now - slice();

	if (before(vtime, least))
		vtime = least;
	dsq_insert_vtime(p, VTIME_DSQ, slice(), vtime, enq_flags);
	return 0;
}

SEC("struct_ops/vtime_dispatch")
int BPF_PROG(vtime_dispatch, s32 cpu, struct task_struct *prev)
{
	dsq_move_to_local(VTIME_DSQ);
	return 0;
}

SEC("struct_ops/vtime_running")
int BPF_PROG(vtime_running, struct task_struct *p)
{
	u64 *cpu_time = bpf_task_storage_get(&started, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (cpu_time)
		*cpu_time = p->se.sum_exec_runtime;
	if (before(vtime_now, p->scx.dsq_vtime))
		vtime_now = p->scx.dsq_vtime;
	return 0;
}

/* By CPU time, not by what is left of the slice: a task that yields gives that away. */
SEC("struct_ops/vtime_stopping")
int BPF_PROG(vtime_stopping, struct task_struct *p, bool runnable)
{
	u64 *cpu_time = bpf_task_storage_get(&started, p, 0, 0);
	u32 weight = p->scx.weight;

	if (cpu_time && weight)
		set_dsq_vtime(p, p->scx.dsq_vtime +
			      (p->se.sum_exec_runtime - *cpu_time) * WEIGHT_DFL / weight);
	return 0;
}

SEC("struct_ops/vtime_enable")
int BPF_PROG(vtime_enable, struct task_struct *p)
{
	set_dsq_vtime(p, vtime_now);
	return 0;
}

SEC("struct_ops.s/vtime_init")
s32 BPF_PROG(vtime_init)
{
	return scx_bpf_create_dsq(VTIME_DSQ, -1);
}

SEC("struct_ops/vtime_exit")
int BPF_PROG(vtime_exit, struct scx_exit_info *info)
{
	tell_exit(info);
	return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops vtime_ops = {
	.select_cpu	= (void *)vtime_select_cpu,
	.enqueue	= (void *)vtime_enqueue,
	.dispatch	= (void *)vtime_dispatch,
	.running	= (void *)vtime_running,
	.stopping	= (void *)vtime_stopping,
	.enable		= (void *)vtime_enable,
	.init		= (void *)vtime_init,
	.exit		= (void *)vtime_exit,
	.timeout_ms	= 30000,
	.name		= "vtime",
};
