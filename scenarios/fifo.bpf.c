// SPDX-License-Identifier: GPL-2.0
/*
 * fifo.bpf.c - one queue for all CPUs, in order of arrival
 *
 * The simplest scheduler that is right: a task that wakes up goes straight to
 * an idle CPU if there is one, else to the end of the queue.
 */
#include "scx_exit.bpf.h"

char _license[] SEC("license") = "GPL";

#define FIFO_DSQ	0

static u64 slice(void)
{
	return SCX_ENUM(scx_public_consts, SCX_SLICE_DFL);
}

SEC("struct_ops/fifo_select_cpu")
s32 BPF_PROG(fifo_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool idle = false;
	s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);

	if (idle)
		dsq_insert(p, SCX_ENUM(scx_dsq_id_flags, SCX_DSQ_LOCAL), slice(), 0);
	return cpu;
}

SEC("struct_ops/fifo_enqueue")
int BPF_PROG(fifo_enqueue, struct task_struct *p, u64 enq_flags)
{
	dsq_insert(p, FIFO_DSQ, slice(), enq_flags);
	return 0;
}

SEC("struct_ops/fifo_dispatch")
int BPF_PROG(fifo_dispatch, s32 cpu, struct task_struct *prev)
{
	dsq_move_to_local(FIFO_DSQ);
	return 0;
}

/* Without these two the kernel would end it whenever a CPU comes or goes. */
SEC("struct_ops/fifo_cpu_online")
int BPF_PROG(fifo_cpu_online, s32 cpu)
{
	return 0;
}

SEC("struct_ops/fifo_cpu_offline")
int BPF_PROG(fifo_cpu_offline, s32 cpu)
{
	return 0;
}

SEC("struct_ops.s/fifo_init")
s32 BPF_PROG(fifo_init)
{
	return scx_bpf_create_dsq(FIFO_DSQ, -1);
}

SEC("struct_ops/fifo_exit")
int BPF_PROG(fifo_exit, struct scx_exit_info *info)
{
	tell_exit(info);
	return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops fifo_ops = {
	.select_cpu	= (void *)fifo_select_cpu,
	.enqueue	= (void *)fifo_enqueue,
	.dispatch	= (void *)fifo_dispatch,
	.cpu_online	= (void *)fifo_cpu_online,
	.cpu_offline	= (void *)fifo_cpu_offline,
	.init		= (void *)fifo_init,
	.exit		= (void *)fifo_exit,
	.timeout_ms	= 30000,
	.name		= "fifo",
};
