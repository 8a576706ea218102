// SPDX-License-Identifier: GPL-2.0
/*
 * Controls: one instance for each thing that the framework claims to notice, with
 * the fault in it. Such an instance passes when it fails for the right cause. Its
 * twin, without the fault, shows that it is the fault which is noticed.
 */
#include "../guest/topology_check.h"
#include "../ktstr.h"

/* Two spinners for each of the four CPUs, all alike. */
#define EIGHT_SPINNERS								\
	STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) }), \
		.hold = HOLD_FULL })

/* Each cgroup has one CPU for itself. */
#define TWO_CPUSETS								\
	STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 2) }, \
				   { "cg_1", CPUSET_EXACT("1"), WORKERS(CPU_SPIN, 2) }), \
		.hold = HOLD_FULL })

#define EXPECT_FAIL(_cause, _text)	{ .cause = CAUSE_##_cause, .text = (_text) }

/* --- what the judge in the guest says ------------------------------------- */

KTSTR_TEST(control_spinners,
	.desc = "twin of those with eight spinners: passes",
	.steps = EIGHT_SPINNERS);

KTSTR_TEST(control_starved,
	.desc = "a worker that never runs is starved",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_STARVE,
	.expect_fail = EXPECT_FAIL(STARVED, "did no work"));

KTSTR_TEST(control_unfair,
	.desc = "a worker that gets far less than the others is unfairly treated",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_UNFAIR,
	.expect_fail = EXPECT_FAIL(UNFAIR, "time off the CPU differs"));

KTSTR_TEST(control_stuck,
	.desc = "with a limit of 1 ms, waiting for one's turn is being stuck",
	.steps = EIGHT_SPINNERS,
	.expect = { .max_gap_ms = 1 },
	.expect_fail = EXPECT_FAIL(STUCK, "limit 1 ms"));

KTSTR_TEST(control_isolated,
	.desc = "twin of control_escape: passes",
	.steps = TWO_CPUSETS,
	.expect = { .isolation = true });

KTSTR_TEST(control_escape,
	.desc = "a worker that runs outside of its cpuset is found",
	.steps = TWO_CPUSETS,
	.fault = JOB_FAULT_ESCAPE,
	.expect = { .isolation = true, .no_starvation_check = true },
	.expect_fail = EXPECT_FAIL(ISOLATION, "ran outside of its CPUs"));

KTSTR_TEST(control_worker,
	.desc = "a worker that cannot set itself up is no starved one",
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0"),
					      WORKERS(CPU_SPIN, 1,
						      .affinity = { .kind = AFFINITY_EXACT,
								    .cpus = "1" }) }),
			 .hold = HOLD_FULL }),
	.expect_fail = EXPECT_FAIL(WORKER, "sched_setaffinity failed: Invalid argument"));

KTSTR_TEST(control_cgroup,
	.desc = "a cgroup operation that the kernel refuses is a failure that names it",
	.topology = "1n1l2c1t",
	.backdrop = CGROUPS({ "cgroup.procs", CPUSET_NONE, { } }),
	.steps = STEPS({ .hold = HOLD_FULL }),
	.expect_fail = EXPECT_FAIL(CGROUP, "cannot make"));

/* --- what the kernel log says --------------------------------------------- */

KTSTR_TEST(control_warn,
	.desc = "a WARNING in the kernel log fails an instance that is otherwise right",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_WARN,
	.expect_fail = EXPECT_FAIL(KERNEL_LOG, "WARNING"));

KTSTR_TEST(control_panic,
	.desc = "a kernel panic is reported as one, with its text",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_PANIC,
	.expect_fail = EXPECT_FAIL(PANIC, "sysrq triggered crash"));

KTSTR_TEST(control_init_killed,
	.desc = "the death of PID 1 is reported as the panic that it is",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_INIT_KILLED,
	.expect_fail = EXPECT_FAIL(PANIC, "Attempted to kill init"));

/* --- what only the host can notice ---------------------------------------- */

KTSTR_TEST(control_hang,
	.desc = "a guest that stops talking is ended at the deadline",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_HANG,
	.expect_fail = EXPECT_FAIL(TIMEOUT, NULL));

KTSTR_TEST(control_triple,
	.desc = "a guest that resets without a word has no result",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_TRIPLE,
	.expect_fail = EXPECT_FAIL(NO_RESULT, NULL));

KTSTR_TEST(control_flood,
	.desc = "a flooded console neither hangs the host nor hides the result: passes",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_FLOOD,
	/* Printing has its price, and whoever shares a CPU with it pays. */
	.expect = { .no_starvation_check = true });

/* --- the two ways to the host --------------------------------------------- */

KTSTR_TEST(control_window_cut,
	.desc = "when the result is missing in the window, COM2 carries it: passes",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_CUT_WINDOW);

KTSTR_TEST(control_com2_cut,
	.desc = "when the result is missing on COM2, the window carries it: passes",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_CUT_COM2);

KTSTR_TEST(control_both_cut,
	.desc = "when the result is missing on both ways, there is none",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_CUT_WINDOW | JOB_FAULT_CUT_COM2,
	.expect_fail = EXPECT_FAIL(NO_RESULT, NULL));

KTSTR_TEST(control_no_devmem,
	.desc = "without /dev/mem there is no window, and COM2 carries everything: passes",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_NO_WINDOW);

/* --- the scheduler -------------------------------------------------------- */

KTSTR_TEST(control_sched,
	.desc = "twin of those with a scheduler: it attaches, schedules, detaches: passes",
	.needs_scx = true,
	.sched = "fifo",
	.steps = EIGHT_SPINNERS);

KTSTR_TEST(control_sched_killed,
	.desc = "a scheduler that is killed is missed",
	.needs_scx = true,
	.sched = "fifo",
	.steps = EIGHT_SPINNERS,
	.fault = JOB_FAULT_KILL_SCHED,
	.expect_fail = EXPECT_FAIL(SCHED_DIED, "signal 9"));

/* The kernel's own watchdog needs a while, hence the duration. */
static const char *const stall_args[] = { "--stall-after", "1", "--timeout-ms", "2000", NULL };

KTSTR_TEST(control_sched_stall,
	.desc = "a scheduler that forgets its tasks is thrown out by the kernel, whose reason is told",
	.needs_scx = true,
	.sched = "fifo", .sched_args = stall_args,
	.duration_ms = 8000,
	.steps = EIGHT_SPINNERS,
	.expect_fail = EXPECT_FAIL(SCHED_DIED, "runnable task stall"));

static const char *const unfair_args[] = { "--unfair", "10", NULL };

KTSTR_TEST(control_sched_unfair,
	.desc = "a scheduler that gives some tasks more than others is unfair",
	.needs_scx = true,
	.sched = "fifo", .sched_args = unfair_args,
	.steps = EIGHT_SPINNERS,
	.expect_fail = EXPECT_FAIL(UNFAIR, "time off the CPU differs"));

/* --- the machine ---------------------------------------------------------- */

#define TOPOLOGY_TEST(_name, _topology, _needs...)			\
	KTSTR_TEST(_name,						\
		.desc = "sysfs in a " _topology " guest shows just that", \
		.topology = _topology, ##_needs,			\
		.body = topology_check)

/* The smallest. */
TOPOLOGY_TEST(topology_1n1l1c1t, "1n1l1c1t");
/* Two caches. */
TOPOLOGY_TEST(topology_1n2l2c1t, "1n2l2c1t");
/* Two threads a core. */
TOPOLOGY_TEST(topology_1n2l2c2t, "1n2l2c2t", .needs_smt = true);
/* Numbers that are not powers of two: gaps between the APIC ids. */
TOPOLOGY_TEST(topology_1n3l3c1t, "1n3l3c1t");
/* Two nodes of two caches each. */
TOPOLOGY_TEST(topology_2n4l2c1t, "2n4l2c1t", .min_nodes = 2);
