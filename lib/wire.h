/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wire.h - what host and guest say to each other
 *
 * Host and guest run the same binary, so the layouts need no versioning beyond
 * SHM_VERSION. Whatever the guest wrote is checked by the host before use.
 */
#ifndef KTSTR_LIB_WIRE_H
#define KTSTR_LIB_WIRE_H

#include "shm.h"
#include "topology.h"

enum msg_type {
	MSG_STAGE = 1,		/* struct msg_stage */
	MSG_LOG,		/* text: one line of diagnostics, for -v */
	MSG_DETAIL,		/* text: one line of the result, printed when it is bad */
	MSG_RESULT,		/* struct msg_result */
	MSG_CRASH,		/* text: PID 1 itself died */
	MSG_KLOG,		/* text: a line of the kernel log */
	MSG_SCHED_LOG,		/* text: a line of the scheduler's own output */
	MSG_STIMULUS,		/* struct msg_stimulus */
	MSG_INSTRUMENT,		/* struct msg_instrument */
	MSG_EXIT,		/* no payload: nothing will follow */
};

/* How far a guest got; printed when no result came. */
enum stage {
	STAGE_NONE,		/* PID 1 was not reached */
	STAGE_INIT,		/* PID 1 runs, file systems are being mounted */
	STAGE_HANDOVER,		/* kernel symbols and BTF are being handed over */
	STAGE_READY,		/* waiting for a job at the doorbell */
	STAGE_JOB,		/* the job was read */
	STAGE_SCHED,		/* the scheduler is being attached */
	STAGE_SETUP,		/* cgroups and workers are being made */
	STAGE_RUN,		/* workers run */
	STAGE_COLLECT,		/* workers were stopped, reports are being read */
	STAGE_DETACH,		/* the scheduler is being detached */
	STAGE_DONE,		/* the result was sent */
	NR_STAGES,
};

struct msg_stage {
	uint32_t stage;		/* enum stage */
	uint32_t pad;
	uint64_t at_ns;		/* guest CLOCK_MONOTONIC */
};

enum verdict {
	VERDICT_NONE,		/* no word from the guest */
	VERDICT_PASS,
	VERDICT_SKIP,		/* a need that this guest or machine does not meet */
	VERDICT_INCONCLUSIVE,	/* it ran, but could not be judged; reported as a skip */
	VERDICT_FAIL,
	NR_VERDICTS,
};

/* The kind of failure: what a control expects, and the word before the colon in a report. */
enum cause {
	CAUSE_NONE,
	CAUSE_STARVED,		/* a worker did no work */
	CAUSE_STUCK,		/* a worker was kept off the CPU for too long */
	CAUSE_UNFAIR,		/* the spread of off-CPU time between workers is too large */
	CAUSE_ISOLATION,	/* a worker ran outside its cpuset */
	CAUSE_WORKER,		/* a worker crashed, or could not set itself up */
	CAUSE_SCHED_ATTACH,	/* the scheduler did not attach */
	CAUSE_SCHED_DIED,	/* the scheduler exited or was ejected while it was needed */
	CAUSE_SCHED_DETACH,	/* the scheduler did not detach cleanly, or left something */
	CAUSE_IMBALANCE,	/* monitor: run queues too uneven for too long */
	CAUSE_DSQ_DEPTH,	/* monitor: a local DSQ too deep for too long */
	CAUSE_STALL,		/* monitor: a busy CPU's run queue clock stands still */
	CAUSE_READING,		/* what the monitor reads is not what the guest sees */
	CAUSE_KERNEL_LOG,	/* WARNING, BUG, Oops, lockup, hung task */
	CAUSE_RCU_STALL,	/* in the kernel log, too */
	CAUSE_PANIC,		/* the guest kernel panicked */
	CAUSE_NO_RESULT,	/* the guest ended or was stopped without a result */
	CAUSE_TIMEOUT,		/* the instance's deadline passed */
	CAUSE_INFRA,		/* our own machinery failed: never an expected failure */
	CAUSE_TOPOLOGY,		/* the guest's machine is not the one asked for */
	CAUSE_CGROUP,		/* a cgroup operation failed */
	CAUSE_THROUGHPUT,	/* workers got too little done, or too unevenly much */
	CAUSE_LATENCY,		/* woken workers ran too late, or too unevenly so */
	CAUSE_MIGRATION,	/* a worker changed its CPU too often */
	CAUSE_NUMA,		/* memory of a worker is on the wrong nodes */
	CAUSE_SHARE,		/* a cgroup got other CPU time than cpu.weight or cpu.max say */
	CAUSE_PAYLOAD,		/* a payload failed, was late, or its numbers are bad */
	CAUSE_HOTPLUG,		/* a CPU would not go, or would not come back */
	CAUSE_EVENTS,		/* monitor: the kernel did a scheduler's work too often */
	CAUSE_TEARDOWN,		/* the host took too long to be rid of the guest */
	CAUSE_OTHER,
	NR_CAUSES,
};

/* wire.c: the word for each, "?" when out of range. */
const char *stage_name(unsigned int stage);
const char *verdict_name(unsigned int verdict);
const char *cause_name(unsigned int cause);

#define RESULT_TEXT_LEN	512

struct msg_result {
	uint32_t verdict;	/* enum verdict */
	uint32_t cause;		/* enum cause */
	uint64_t run_ns;	/* length of the measured part, guest CLOCK_MONOTONIC */
	/* The same clock, 0: never. */
	uint64_t start_ns;	/* start of the scenario */
	uint64_t fault_ns;	/* when the fault began that a control asked for */
	uint64_t at_ns;		/* when the verdict was known to be bad */
	uint64_t steal_ns;	/* of run_ns, what the host took of the CPU that lost most */
	char text[RESULT_TEXT_LEN];	/* one line: measured, limit, where */
};

#define STEAL_MAX_PCT		10

/* wire_stolen - was so much that whatever has to do with time is inconclusive? */
static inline bool wire_stolen(uint64_t steal_ns, uint64_t run_ns)
{
	return steal_ns * 100 > run_ns * STEAL_MAX_PCT;
}

struct msg_stimulus {
	uint64_t at_ns;		/* since the start of the scenario */
	uint32_t step;
	uint32_t nr_ops;
	uint64_t op_mask;	/* 1 << enum op_kind */
	uint32_t nr_cgroups;
	uint32_t nr_workers;
	uint64_t iterations;	/* of all workers so far */
	uint32_t nr_payloads;	/* that run */
	uint32_t nr_cpus;	/* online */
};

/* Is the guest a good instrument? Measured by PID 1 before it rings the doorbell. */
struct msg_instrument {
	char clocksource[32];
	uint32_t hres_active;
	uint32_t quiet;		/* background boot work had ended in time */
	uint32_t nr_sleeps;
	uint32_t nr_bad;	/* sleeps of SLEEP_NS that were off by more than TOLERANCE_NS */
	uint64_t mean_ns;
	uint64_t max_ns;
};

#define INSTRUMENT_SLEEP_NS	(10 * NSEC_PER_MSEC)
#define INSTRUMENT_TOLERANCE_NS	(NSEC_PER_MSEC / 2)
#define INSTRUMENT_SLEEPS	100

/* What the scheduler of a job is. */
enum sched_kind {
	SCHED_KIND_NONE,	/* the kernel's own */
	SCHED_KIND_BINARY,	/* /scheduler in the initramfs */
	SCHED_KIND_BUILTIN,	/* this binary with --role=scheduler */
};

/* Faults in the framework itself that a test may ask for, to prove that it notices. */
#define JOB_FAULT_CUT_WINDOW	BIT(0)	/* the result does not go into the window */
#define JOB_FAULT_CUT_COM2	BIT(1)	/* ... not to COM2 */
#define JOB_FAULT_PANIC		BIT(2)	/* the kernel panics while workers run */
#define JOB_FAULT_WARN		BIT(3)	/* a WARNING appears in the kernel log */
#define JOB_FAULT_HANG		BIT(4)	/* PID 1 stops responding while workers run */
#define JOB_FAULT_INIT_KILLED	BIT(5)	/* PID 1 dies */
#define JOB_FAULT_KILL_SCHED	BIT(6)	/* the scheduler is killed with -9 in the middle */
#define JOB_FAULT_STARVE	BIT(7)	/* one worker is kept from running */
#define JOB_FAULT_ESCAPE	BIT(8)	/* one worker is outside its cpuset */
#define JOB_FAULT_UNFAIR	BIT(9)	/* one worker gets far less than its share */
#define JOB_FAULT_FLOOD		BIT(10)	/* the console is flooded */
#define JOB_FAULT_TRIPLE	BIT(11)	/* the guest resets without a word */
#define JOB_FAULT_NO_WINDOW	BIT(12)	/* PID 1 acts as if /dev/mem were not there */
#define JOB_FAULT_RCU_STALL	BIT(13)	/* an RCU stall appears in the kernel log */
/* Those that follow happen with an operation, not half-way through the first hold. */
#define JOB_FAULT_LEFT_BEHIND	BIT(16)	/* a worker stays stopped across a change */
#define JOB_FAULT_SECOND_SCHED	BIT(17)	/* a scheduler comes back after a detach */
#define JOB_FAULT_REFUSED	BIT(18)	/* a cgroup is not made, nor frozen, nor a partition */
#define JOB_FAULT_LEAK_CGROUP	BIT(19)	/* a cgroup is left at the end */
#define JOB_FAULT_NO_DETACH	BIT(20)	/* a scheduler is left at the end, without a word */
#define JOB_FAULT_SLEEPER	BIT(21)	/* who sleeps when it is detached does not run again */
#define JOB_FAULT_ALL_ASLEEP	BIT(22)	/* as JOB_FAULT_NO_DETACH, and nobody of it runs */

#define JOB_MAGIC	0x424f4a4bU	/* "KJOB" */

/*
 * A copy of the job in the initramfs, a raw struct job with its magic. PID 1 reads it where
 * it cannot map the window. Only for guests that boot with their job: a guest that is
 * thawed asks after its initramfs was made, and without a window it can only give up.
 */
#define JOB_FILE	"/job"

#define JOB_ARGS_LEN	4096
#define JOB_MAX_ARGS	64
#define JOB_EXPECT_LEN	1024

/* What PID 1 is to do. Lies at SHM_JOB_OFF; magic is written last. */
struct job {
	_Atomic uint32_t magic;
	uint32_t fault;			/* JOB_FAULT_* */
	uint64_t seed;
	uint32_t duration_ms;		/* T; 0: as the test says */
	uint32_t sched_kind;		/* enum sched_kind */
	uint32_t nr_sched_args;
	uint32_t prepare;		/* attach the scheduler, then ask for the job proper */
	char test[64];
	char topology[TOPOLOGY_NAME_LEN];
	char sched_name[64];		/* for reports */
	char sched_expect[JOB_EXPECT_LEN];	/* guest/expect.h; or empty */
	char sched_args[JOB_ARGS_LEN];	/* nr_sched_args strings, each with its NUL */
};

_Static_assert(sizeof(struct job) <= SHM_JOB_SIZE, "the job must fit its area");

/*
 * The hand-over in the bulk area: the host writes which kernel symbols it wants,
 * PID 1 puts in what the host cannot find by itself.
 */
enum bulk_kind {
	BULK_SYMREQ,		/* host -> guest: names, each with its NUL */
	BULK_KALLSYMS,		/* without vmcoreinfo: "ADDRESS NAME\n" for each, hex without 0x */
	BULK_BTF,		/* /sys/kernel/btf/vmlinux */
	BULK_NOTES,		/* /sys/kernel/notes */
	NR_BULK,
};

struct bulk_entry {
	uint64_t off;		/* from the start of the bulk area */
	uint64_t len;		/* 0: not there */
};

#define BULK_MAGIC	0x4b4c5542U	/* "BULK" */

struct bulk_header {
	uint32_t magic;			/* set by the host */
	_Atomic uint32_t ready;		/* set by the guest when all of the rest is written */
	uint64_t text_pa;		/* start of "Kernel code" in /proc/iomem, 0 if unknown */
	uint64_t vmcoreinfo_pa;		/* the note of /sys/kernel/vmcoreinfo, 0: there is none */
	uint64_t vmcoreinfo_len;
	uint64_t tick_ns;		/* resolution of CLOCK_MONOTONIC_COARSE: one jiffy */
	char release[128];		/* uname -r */
	struct bulk_entry entry[NR_BULK];
};

#endif /* KTSTR_LIB_WIRE_H */
