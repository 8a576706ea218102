// SPDX-License-Identifier: GPL-2.0
/*
 * fault.bpf.c - one queue for all CPUs, as "fifo", with faults that can be switched
 *
 * For controls: each fault must be noticed, and without one this is a scheduler that
 * is right. Faults that would take the machine itself away if they hit everything are
 * for the tasks of a test only, which are those below the root cgroup.
 */
#include "scx_exit.bpf.h"
#include "../lib/sched_fault.h"

char _license[] SEC("license") = "GPL";

#define FIFO_DSQ	0
#define LATE_DSQ	1
#define WRONG_DSQ	2
#define NO_DSQ		0xdead		/* is never made */

#define PF_KTHREAD	0x00200000
#define CLOCK_MONOTONIC	1
#define EBUSY		16
#define SPIN_CPU	1
#define SPIN_LOOPS	(1U << 20)
#define NSEC_PER_MSEC	1000000ULL
#define TICK_NS		(10 * NSEC_PER_MSEC)	/* idle CPUs look for tasks that were kept back */
#define LATE_TICKS	2
#define LATE_OPEN_NS	NSEC_PER_MSEC

struct sched_faults faults SEC(SCHED_FAULTS_MAP);
const volatile struct sched_faults_load load SEC(SCHED_FAULTS_LOAD_MAP);

static u64 nr_enqueued, nr_woken, nr_dispatches, nr_ticks;
static u64 late_until;
static u32 lot = 1;
static bool spun;

struct tick {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tick);
} ticks SEC(".maps");

/* They are switched from outside at any time. */
#define READ_ONCE(_x)	(*(volatile typeof(_x) *)&(_x))

static bool is_on(enum sched_fault nr)
{
	u64 from = READ_ONCE(faults.fault[nr].from_ns);

	return from && bpf_ktime_get_ns() >= from;
}

/* Only asked where the fault would do something now. */
static bool strikes(enum sched_fault nr)
{
	if (!is_on(nr))
		return false;
	if (!faults.fault[nr].began_ns)
		faults.fault[nr].began_ns = bpf_ktime_get_ns();
	return true;
}

static u32 arg(enum sched_fault nr)
{
	return READ_ONCE(faults.fault[nr].arg);
}

static bool every_nth(u64 *count, u32 n)
{
	return n && !(__sync_fetch_and_add(count, 1) % n);
}

static bool of_the_test(struct task_struct *p)
{
	return !(p->flags & PF_KTHREAD) && BPF_CORE_READ(p, cgroups, dfl_cgrp, level) > 0;
}

static bool is_starved(struct task_struct *p)
{
	const char *from = BPF_CORE_READ(p, cgroups, dfl_cgrp, kn, name);
	char name[SCHED_FAULT_CGROUP_LEN] = "";
	u32 i;

	bpf_probe_read_kernel_str(name, sizeof(name), from);
	for (i = 0; i < sizeof(name); i++) {
		if (name[i] != faults.cgroup[i])
			return false;
		if (!name[i])
			break;
	}
	return i;
}

static u64 slice_of(struct task_struct *p)
{
	u64 slice = SCX_ENUM(scx_public_consts, SCX_SLICE_DFL);
	u32 part = arg(SCHED_FAULT_UNFAIR);

	if (part && (p->pid & 1) && strikes(SCHED_FAULT_UNFAIR))
		return slice / part;
	if (of_the_test(p) && strikes(SCHED_FAULT_HOG))
		return SCX_ENUM(scx_public_consts, SCX_SLICE_INF);
	return slice;
}

/* The programs of BPF disable it for the task that is current, some kernels' do. */
static bool may_migrate(struct task_struct *p)
{
	if (!bpf_core_field_exists(p->migration_disabled))
		return true;
	return !p->migration_disabled ||
	       (p->migration_disabled == 1 && bpf_get_current_task_btf() == p);
}

/* The first CPU from @from on, round and round, that @p may run on, or may not; negative: none. */
static s32 find_cpu(struct task_struct *p, u32 from, bool allowed)
{
	u32 nr = scx_bpf_nr_cpu_ids(), i;

	bpf_for(i, 0, nr) {
		u32 cpu = (from + i) % nr;

		if (bpf_cpumask_test_cpu(cpu, p->cpus_ptr) == allowed)
			return cpu;
	}
	return -1;
}

static u32 draw(void)
{
	lot = lot * 1664525 + 1013904223;
	return lot >> 16;
}

/* Where a task of the test goes instead of the queue. True: it has gone, or was forgotten. */
static bool misplace(struct task_struct *p, u64 enq_flags)
{
	u64 local_on = SCX_ENUM(scx_dsq_id_flags, SCX_DSQ_LOCAL_ON);
	s32 cpu;

	if (is_on(SCHED_FAULT_DROP) && every_nth(&nr_enqueued, arg(SCHED_FAULT_DROP)))
		return strikes(SCHED_FAULT_DROP);
	if (is_on(SCHED_FAULT_STARVE) && is_starved(p))
		return strikes(SCHED_FAULT_STARVE);
	cpu = arg(SCHED_FAULT_WRONG_CPUSET);
	if (is_on(SCHED_FAULT_WRONG_CPUSET) && !bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) {
		dsq_insert(p, WRONG_DSQ, slice_of(p), enq_flags);
		return strikes(SCHED_FAULT_WRONG_CPUSET);
	}
	if (is_on(SCHED_FAULT_LATE) && (enq_flags & SCX_ENUM(scx_enq_flags, SCX_ENQ_WAKEUP)) &&
	    every_nth(&nr_woken, arg(SCHED_FAULT_LATE))) {
		dsq_insert(p, LATE_DSQ, slice_of(p), enq_flags);
		return strikes(SCHED_FAULT_LATE);
	}
	if (!may_migrate(p))
		return false;
	cpu = -1;
	if (is_on(SCHED_FAULT_IGNORE_AFFINITY)) {
		cpu = find_cpu(p, 0, false);
		if (cpu >= 0)
			strikes(SCHED_FAULT_IGNORE_AFFINITY);
	} else if (is_on(SCHED_FAULT_CROWD)) {
		cpu = arg(SCHED_FAULT_CROWD);
		if (!bpf_cpumask_test_cpu(cpu, p->cpus_ptr))
			cpu = -1;
		else
			strikes(SCHED_FAULT_CROWD);
	} else if (strikes(SCHED_FAULT_SCATTERSHOT)) {
		cpu = find_cpu(p, draw(), true);
	}
	if (cpu < 0)
		return false;
	dsq_insert(p, local_on | cpu, slice_of(p), enq_flags);
	return true;
}

/* Is there something that must see each task in ops.enqueue()? */
static bool enqueues_all(struct task_struct *p)
{
	if (is_on(SCHED_FAULT_STALL_ALL) || is_on(SCHED_FAULT_STALL_CPU) ||
	    is_on(SCHED_FAULT_SLOW))
		return true;
	return of_the_test(p) &&
	       (is_on(SCHED_FAULT_DROP) || is_on(SCHED_FAULT_STARVE) ||
		is_on(SCHED_FAULT_WRONG_CPUSET) || is_on(SCHED_FAULT_LATE) ||
		is_on(SCHED_FAULT_IGNORE_AFFINITY) || is_on(SCHED_FAULT_CROWD) ||
		is_on(SCHED_FAULT_SCATTERSHOT));
}

SEC("struct_ops/fault_select_cpu")
s32 BPF_PROG(fault_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool idle = false;
	s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);

	/* The kernel takes another one then, and only counts it. */
	if (of_the_test(p) && is_on(SCHED_FAULT_BYPASS)) {
		s32 other = find_cpu(p, 0, false);

		if (other >= 0 && strikes(SCHED_FAULT_BYPASS))
			return other;
	}
	if (idle && !enqueues_all(p))
		dsq_insert(p, SCX_ENUM(scx_dsq_id_flags, SCX_DSQ_LOCAL), slice_of(p), 0);
	return cpu;
}

SEC("struct_ops/fault_enqueue")
int BPF_PROG(fault_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 dsq = FIFO_DSQ;

	if (load.reject)
		p->pid = 0;
	if (strikes(SCHED_FAULT_ERROR))
		scx_error("asked for by the fault \"error\"");
	if (strikes(SCHED_FAULT_EXIT))
		scx_exit(1, "asked for by the fault \"exit\"");
	if (of_the_test(p) && misplace(p, enq_flags))
		return 0;
	if (strikes(SCHED_FAULT_CRASH))
		dsq = NO_DSQ;
	else if (strikes(SCHED_FAULT_PILE_UP))
		dsq = SCX_ENUM(scx_dsq_id_flags, SCX_DSQ_LOCAL);
	dsq_insert(p, dsq, slice_of(p), enq_flags);
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
	u64 until = bpf_ktime_get_ns() + arg(SCHED_FAULT_SPIN) * NSEC_PER_MSEC;

	spun = true;
	bpf_loop(SPIN_LOOPS, spin_more, &until, 0);
}

SEC("struct_ops/fault_dispatch")
int BPF_PROG(fault_dispatch, s32 cpu, struct task_struct *prev)
{
	if (cpu == SPIN_CPU && !spun && strikes(SCHED_FAULT_SPIN))
		spin();
	if (strikes(SCHED_FAULT_STALL_ALL))
		return 0;
	if (cpu == arg(SCHED_FAULT_STALL_CPU) && strikes(SCHED_FAULT_STALL_CPU))
		return 0;
	if (is_on(SCHED_FAULT_SLOW) && !every_nth(&nr_dispatches, arg(SCHED_FAULT_SLOW))) {
		strikes(SCHED_FAULT_SLOW);
		return 0;
	}
	if (!is_on(SCHED_FAULT_LATE) || bpf_ktime_get_ns() < late_until)
		dsq_move_to_local(LATE_DSQ);
	/* Of those who wait there, the ones that may run here: none, as long as the fault is on. */
	if (!is_on(SCHED_FAULT_WRONG_CPUSET) || cpu == arg(SCHED_FAULT_WRONG_CPUSET))
		dsq_move_to_local(WRONG_DSQ);
	dsq_move_to_local(FIFO_DSQ);
	return 0;
}

/* Nobody else wakes an idle CPU for a task that was there before. */
static int on_tick(void *map, u32 *key, struct tick *t)
{
	u32 nr = scx_bpf_nr_cpu_ids(), cpu;

	if (!(nr_ticks++ % LATE_TICKS))
		late_until = bpf_ktime_get_ns() + LATE_OPEN_NS;
	if (is_on(SCHED_FAULT_SLOW) || is_on(SCHED_FAULT_LATE)) {
		bpf_for(cpu, 0, nr)
			scx_bpf_kick_cpu(cpu, SCX_ENUM(scx_kick_flags, SCX_KICK_IDLE));
	}
	bpf_timer_start(&t->timer, TICK_NS, 0);
	return 0;
}

static int start_ticks(void)
{
	struct tick *t;
	u32 key = 0;
	int ret;

	t = bpf_map_lookup_elem(&ticks, &key);
	if (!t)
		return -1;
	ret = bpf_timer_init(&t->timer, &ticks, CLOCK_MONOTONIC);
	/* It still ticks when we are attached for the second time. */
	if (ret == -EBUSY)
		return 0;
	if (!ret)
		ret = bpf_timer_set_callback(&t->timer, on_tick);
	return ret ? ret : bpf_timer_start(&t->timer, TICK_NS, 0);
}

SEC("struct_ops.s/fault_init")
s32 BPF_PROG(fault_init)
{
	int ret;

	ret = scx_bpf_create_dsq(FIFO_DSQ, -1);
	if (!ret)
		ret = scx_bpf_create_dsq(LATE_DSQ, -1);
	if (!ret)
		ret = scx_bpf_create_dsq(WRONG_DSQ, -1);
	if (!ret)
		ret = start_ticks();
	return ret;
}

SEC("struct_ops/fault_exit")
int BPF_PROG(fault_exit, struct scx_exit_info *info)
{
	tell_exit(info);
	return 0;
}

SEC(".struct_ops.link")
struct sched_ext_ops fault_ops = {
	.select_cpu	= (void *)fault_select_cpu,
	.enqueue	= (void *)fault_enqueue,
	.dispatch	= (void *)fault_dispatch,
	.init		= (void *)fault_init,
	.exit		= (void *)fault_exit,
	.timeout_ms	= 30000,
	.name		= "fault",
};
