// SPDX-License-Identifier: GPL-2.0
/*
 * fifo.bpf.c - one queue for all CPUs, in order of arrival
 *
 * The simplest scheduler that is right: a task that wakes up goes straight to
 * an idle CPU if there is one, else to the end of the queue. Faults can be
 * switched on before it is loaded, to prove that each of them is noticed.
 */
#include "scx_minimal.h"
#include "../guest/fifo.h"

char _license[] SEC("license") = "GPL";

#define FIFO_DSQ	0
#define SPIN_CPU	1
#define SPIN_NS		3000000000ULL
#define SPIN_LOOPS	(1U << 20)

/* Set by the loader. Constants for the verifier: what is off is not even there. */
const volatile __u64 stall_after_ns;	/* then nothing is dispatched any more */
const volatile __u64 error_after_ns;	/* then it gives up by itself */
const volatile __u32 unfair;		/* tasks with an odd pid get 1/unfair of a slice */
const volatile bool pile_up;		/* tasks wait in local DSQs, not in the shared queue */
const volatile __u64 spin_after_ns;	/* then a CPU is kept in ops.dispatch(), once */
const volatile bool reject;		/* does what the verifier refuses */

__u64 start_ns;
bool spun;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} exits SEC(".maps");

static bool passed(u64 after_ns)
{
	return after_ns && bpf_ktime_get_ns() - start_ns >= after_ns;
}

static u64 slice_of(const struct task_struct *p)
{
	u64 slice = SCX_ENUM(scx_public_consts, SCX_SLICE_DFL);

	return unfair && (p->pid & 1) ? slice / unfair : slice;
}

SEC("struct_ops/fifo_select_cpu")
s32 BPF_PROG(fifo_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool idle = false;
	s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);

	if (idle && !passed(stall_after_ns))
		dsq_insert(p, SCX_ENUM(scx_dsq_id_flags, SCX_DSQ_LOCAL), slice_of(p), 0);
	return cpu;
}

SEC("struct_ops/fifo_enqueue")
int BPF_PROG(fifo_enqueue, struct task_struct *p, u64 enq_flags)
{
	if (reject)
		p->pid = 0;
	if (passed(error_after_ns))
		scx_error("asked for by --error-after");
	dsq_insert(p, pile_up ? SCX_ENUM(scx_dsq_id_flags, SCX_DSQ_LOCAL) : FIFO_DSQ, slice_of(p),
		   enq_flags);
	return 0;
}

static long spin_until(u64 i, u64 *until)
{
	return bpf_ktime_get_ns() >= *until;
}

/* One call of bpf_loop() alone would not do on a fast machine. */
static long spin_more(u64 i, u64 *until)
{
	bpf_loop(SPIN_LOOPS, spin_until, until, 0);
	return bpf_ktime_get_ns() >= *until;
}

/* With the run queue's lock held. */
static void spin(void)
{
	u64 until = bpf_ktime_get_ns() + SPIN_NS;

	spun = true;
	bpf_loop(SPIN_LOOPS, spin_more, &until, 0);
}

SEC("struct_ops/fifo_dispatch")
int BPF_PROG(fifo_dispatch, s32 cpu, struct task_struct *prev)
{
	if (cpu == SPIN_CPU && !spun && passed(spin_after_ns))
		spin();
	if (!passed(stall_after_ns))
		dsq_move_to_local(FIFO_DSQ);
	return 0;
}

SEC("struct_ops.s/fifo_init")
s32 BPF_PROG(fifo_init)
{
	start_ns = bpf_ktime_get_ns();
	return scx_bpf_create_dsq(FIFO_DSQ, -1);
}

SEC("struct_ops/fifo_exit")
int BPF_PROG(fifo_exit, struct scx_exit_info *info)
{
	struct fifo_exit *e = bpf_ringbuf_reserve(&exits, sizeof(*e), 0);

	if (!e)
		return 0;
	e->kind = info->kind;
	e->pad = 0;
	e->code = bpf_core_field_exists(info->exit_code) ? info->exit_code : 0;
	e->reason[0] = 0;
	e->msg[0] = 0;
	bpf_probe_read_kernel_str(e->reason, sizeof(e->reason), info->reason);
	bpf_probe_read_kernel_str(e->msg, sizeof(e->msg), info->msg);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops fifo_ops = {
	.select_cpu	= (void *)fifo_select_cpu,
	.enqueue	= (void *)fifo_enqueue,
	.dispatch	= (void *)fifo_dispatch,
	.init		= (void *)fifo_init,
	.exit		= (void *)fifo_exit,
	.timeout_ms	= 30000,
	.name		= "fifo",
};
