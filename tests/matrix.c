// SPDX-License-Identifier: GPL-2.0
/*
 * The matrix: each fault of a scheduler, and each assertion of struct expect, with one
 * scenario that must fail for exactly that reason, and the very same scenario on a healthy
 * scheduler of sched_ext and on the kernel's own, where it must pass.
 *
 *	_fault		must fail: for the cause, and with the text, that it names
 *	_healthy	"fifo", or "vtime" where an order of arrival is not fair enough
 *	_eevdf		the kernel's own
 *
 * What a scheduler of sched_ext cannot do wrong, since the kernel does not let it or because
 * it is a matter of memory, is done wrong by the scenario: its row has a good one and a bad one.
 */
#include <errno.h>
#include "../guest/steps.h"
#include "../guest/work/work.h"
#include "../ktstr.h"

#define ARGS(...)	((const char *const[]){ __VA_ARGS__, NULL })
#define FAULT(...)	ARGS("--fault", ##__VA_ARGS__)
#define EXPECT_FAIL(_cause, _text)	{ .cause = CAUSE_##_cause, .text = (_text) }

/* The two that must pass. */
#define TWINS(_name, _sched, ...)						\
	KTSTR_TEST(_name##_healthy,						\
		.desc = "twin of " #_name "_fault on \"" _sched "\": passes",	\
		.needs_scx = true, .sched = _sched, ##__VA_ARGS__);		\
	KTSTR_TEST(_name##_eevdf,						\
		.desc = "twin of " #_name "_fault on the kernel's own scheduler: passes", \
		.sched = "none", ##__VA_ARGS__)

/* A fault of the scheduler. @_args: with which it is started. */
#define FAULT_ROW(_name, _desc, _args, _cause, _text, ...)			\
	KTSTR_TEST(_name##_fault,						\
		.desc = _desc,							\
		.needs_scx = true, .sched = "fault", .sched_args = _args,	\
		.expect_fail = EXPECT_FAIL(_cause, _text), ##__VA_ARGS__)

/* With twins of its own; else they are those of a row of the same scenario. */
#define ROW(_name, _desc, _twin, _args, _cause, _text, ...)			\
	FAULT_ROW(_name, _desc, _args, _cause, _text, ##__VA_ARGS__);		\
	TWINS(_name, _twin, ##__VA_ARGS__)

/* The same, but the host switches it on when workers run; the twins are those of the row above. */
#define HOST_ROW(_name, _fault_name, _args, _cause, _text, ...)			\
	KTSTR_TEST(matrix_host_##_name##_fault,					\
		.desc = "the same when the host switches on " #_fault_name,	\
		.needs_scx = true, .sched = "fault", .sched_args = _args,	\
		.sched_faults = SCHED_FAULT(_fault_name),			\
		.expect_fail = EXPECT_FAIL(_cause, _text), ##__VA_ARGS__)
#define SHORT_TIMEOUT	ARGS("--timeout-ms", "2000")

/* A fault of the scenario: what @_bad has, @_good has not. */
#define SCENARIO_ROW(_name, _desc, _bad, _good, _cause, _text, ...)		\
	KTSTR_TEST(_name##_fault,						\
		.desc = _desc,							\
		.sched = "none", _bad,						\
		.expect_fail = EXPECT_FAIL(_cause, _text), ##__VA_ARGS__);	\
	TWINS(_name, "fifo", _good, ##__VA_ARGS__)

/* --- scenarios ------------------------------------------------------------ */

/* Two for each of four CPUs, wherever they run. */
#define ANYWHERE								\
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) }), \
			 .hold = HOLD_FULL })

/* Which CPU they share with whom is a matter of chance there, see scenarios/limits.h. */
#define ROUGHLY_EVEN	.expect = { .max_spread_pct = 60 }

/* So many for each CPU, and no other for them: where a worker runs is no matter of chance. */
#define PINNED(_nr, ...)							\
	.steps = STEPS({ .cgroups = CGROUPS(					\
		{ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, _nr, ##__VA_ARGS__) }, \
		{ "cg_1", CPUSET_EXACT("1"), WORKERS(CPU_SPIN, _nr, ##__VA_ARGS__) }, \
		{ "cg_2", CPUSET_EXACT("2"), WORKERS(CPU_SPIN, _nr, ##__VA_ARGS__) }, \
		{ "cg_3", CPUSET_EXACT("3"), WORKERS(CPU_SPIN, _nr, ##__VA_ARGS__) }), \
		.hold = HOLD_FULL })

/* A CPU for each, most of the time without use for it. */
#define SLEEPERS								\
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(TIMER_LATENCY, 3) }), \
			 .hold = HOLD_FULL })

/* The same for some CPUs. */
#define SLEEPERS_ON(_cpus)							\
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,		\
		WORKERS(TIMER_LATENCY, 2,					\
			.affinity = { .kind = AFFINITY_EXACT, .cpus = _cpus }) }), \
		.hold = HOLD_FULL })

/* Each waits for the other all the time. */
#define TALKERS									\
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(PIPE_IO, 4) }), \
			 .hold = HOLD_FULL })

/* More for one CPU than its local DSQ is expected to hold. */
#define MANY_ON_CPU_0								\
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 64) }), \
			 .hold = HOLD_FULL })

/* --- a scheduler that does not attach, or not for long -------------------- */

ROW(matrix_reject, "what the verifier says of a program that it refuses is told",
	"fifo", FAULT("reject"), SCHED_ATTACH, "BPF program load failed",
	ANYWHERE, ROUGHLY_EVEN);

FAULT_ROW(matrix_no_attach, "a scheduler that does not attach is given up",
	FAULT("no-attach"), SCHED_ATTACH, "was not attached after",
	ANYWHERE, ROUGHLY_EVEN);

FAULT_ROW(matrix_late_attach, "a scheduler that attaches too late is given up",
	FAULT("late-attach=60"), SCHED_ATTACH, "was not attached after",
	ANYWHERE, ROUGHLY_EVEN);

FAULT_ROW(matrix_stall_at_once,
	"a scheduler that attaches, but schedules nothing, has not started",
	FAULT("stall-all"), SCHED_ATTACH, "made no progress",
	ANYWHERE, ROUGHLY_EVEN);

FAULT_ROW(matrix_die, "a scheduler that ends by itself has died, and its exit code is told",
	FAULT("die@1"), SCHED_DIED, "exit code 7",
	ANYWHERE, ROUGHLY_EVEN);
HOST_ROW(die, DIE, NULL, SCHED_DIED, "exit code 7", ANYWHERE, ROUGHLY_EVEN);

FAULT_ROW(matrix_reattach,
	"a scheduler that leaves its tasks to the kernel for a moment is not the same",
	FAULT("reattach@1"), SCHED_DIED, "kernel: unregistered from user",
	ANYWHERE, ROUGHLY_EVEN);
HOST_ROW(reattach, REATTACH, NULL, SCHED_DIED, "kernel: unregistered from user",
	ANYWHERE, ROUGHLY_EVEN);

FAULT_ROW(matrix_error, "what a scheduler says as it gives up is told",
	FAULT("error@1"), SCHED_DIED, "scx_bpf_error",
	ANYWHERE, ROUGHLY_EVEN);
HOST_ROW(error, ERROR, NULL, SCHED_DIED, "scx_bpf_error", ANYWHERE, ROUGHLY_EVEN);

FAULT_ROW(matrix_exit, "a scheduler that leaves in peace has died all the same",
	FAULT("exit@1"), SCHED_DIED, "unregistered from BPF",
	ANYWHERE, ROUGHLY_EVEN);
HOST_ROW(exit, EXIT, NULL, SCHED_DIED, "unregistered from BPF", ANYWHERE, ROUGHLY_EVEN);

FAULT_ROW(matrix_crash, "a scheduler that uses what does not exist is thrown out",
	FAULT("crash@1"), SCHED_DIED, "non-existent DSQ",
	ANYWHERE, ROUGHLY_EVEN);
HOST_ROW(crash, CRASH, NULL, SCHED_DIED, "non-existent DSQ", ANYWHERE, ROUGHLY_EVEN);

FAULT_ROW(matrix_leak, "a scheduler that stays in force when its program has ended is found",
	FAULT("leak"), SCHED_DETACH, "sched_ext is still \"enabled\"",
	ANYWHERE, ROUGHLY_EVEN);
HOST_ROW(leak, LEAK, NULL, SCHED_DETACH, "sched_ext is still \"enabled\"",
	ANYWHERE, ROUGHLY_EVEN);

FAULT_ROW(matrix_deaf, "a scheduler that does not end when it is told to is found",
	FAULT("deaf"), SCHED_DETACH, "did not end within",
	ANYWHERE, ROUGHLY_EVEN);
HOST_ROW(deaf, DEAF, NULL, SCHED_DETACH, "did not end within", ANYWHERE, ROUGHLY_EVEN);

/* --- a scheduler that forgets tasks --------------------------------------- */

/* The kernel's own watchdog needs a while, hence the durations. */
ROW(matrix_stall_all, "a scheduler that dispatches nothing any more is thrown out",
	"fifo", ARGS("--fault", "stall-all@1", "--timeout-ms", "2000"),
	SCHED_DIED, "runnable task stall",
	ANYWHERE, .duration_ms = 8000, ROUGHLY_EVEN);
HOST_ROW(stall_all, STALL_ALL, SHORT_TIMEOUT, SCHED_DIED, "runnable task stall",
	ANYWHERE, .duration_ms = 8000, ROUGHLY_EVEN);

FAULT_ROW(matrix_drop, "a scheduler that forgets one task in fifty is thrown out",
	ARGS("--fault", "drop=50@1", "--timeout-ms", "2000"),
	SCHED_DIED, "runnable task stall",
	ANYWHERE, .duration_ms = 8000, ROUGHLY_EVEN);

HOST_ROW(drop, DROP, SHORT_TIMEOUT, SCHED_DIED, "runnable task stall",
	ANYWHERE, .duration_ms = 8000, ROUGHLY_EVEN);

/* Its watchdog is patient: what is late first is the worker. */
ROW(matrix_stall_cpu, "who waits on a CPU where nothing is dispatched is stuck",
	"fifo", FAULT("stall-cpu=1@1"), STUCK, "limit 2000 ms",
	PINNED(2), .duration_ms = 5000);
HOST_ROW(stall_cpu, STALL_CPU, NULL, STUCK, "limit 2000 ms", PINNED(2), .duration_ms = 5000);

ROW(matrix_wrong_cpuset, "who waits for a CPU that its cpuset has not is stuck",
	"fifo", FAULT("wrong-cpuset=0@1"), STUCK, "limit 2000 ms",
	PINNED(2), .duration_ms = 5000);
HOST_ROW(wrong_cpuset, WRONG_CPUSET, NULL, STUCK, "limit 2000 ms",
	PINNED(2), .duration_ms = 5000);

ROW(matrix_starve, "workers of a cgroup that never runs are starved",
	"fifo", FAULT("starve=cg_1"), STARVED, "cgroup cg_1) did no work",
	PINNED(1));
/* They have done some before; which cgroup it is, is said at the start. */
HOST_ROW(starve, STARVE, FAULT("starve=cg_1@3600"), STUCK, "cgroup cg_1",
	PINNED(1), .duration_ms = 5000);

/* Where that is no matter, they still have to end; on a CPU that they do not get they cannot. */
ROW(matrix_stop, "workers that never run, not even to be killed, are found",
	"fifo", FAULT("starve=cg_1@2"), WORKER, "cgroup cg_1) cannot be killed",
	PINNED(1), .duration_ms = 3000, .expect = { .no_starvation_check = true });

ROW(matrix_hog, "who waits for one whose slice does not end is stuck",
	"fifo", FAULT("hog@1"), STUCK, "limit 500 ms",
	PINNED(2), .duration_ms = 3000, .expect = { .max_gap_ms = 500 });
HOST_ROW(hog, HOG, NULL, STUCK, "limit 500 ms",
	PINNED(2), .duration_ms = 3000, .expect = { .max_gap_ms = 500 });

/* --- a scheduler that sends tasks elsewhere ------------------------------- */

ROW(matrix_affinity, "a scheduler that ignores the affinity of a task is thrown out",
	"fifo", FAULT("ignore-affinity@1"), SCHED_DIED, "not allowed",
	SLEEPERS_ON("2-3"));

ROW(matrix_cpuset, "a scheduler that ignores the cpuset of a cgroup is thrown out",
	"fifo", FAULT("ignore-affinity@1"), SCHED_DIED, "not allowed",
	PINNED(2));
HOST_ROW(affinity, IGNORE_AFFINITY, NULL, SCHED_DIED, "not allowed", PINNED(2));

ROW(matrix_migration, "workers that are sent from CPU to CPU are found",
	"fifo", FAULT("scattershot"), MIGRATION, "limit 0.2000",
	SLEEPERS, .expect = { .max_migration_ratio = .2 });

HOST_ROW(migration, SCATTERSHOT, NULL, MIGRATION, "limit 0.2000",
	SLEEPERS, .expect = { .max_migration_ratio = .2 });

ROW(matrix_imbalance, "a CPU that has all tasks for itself is seen from outside",
	"fifo", FAULT("crowd=0"), IMBALANCE, "limit 7, for",
	ANYWHERE, .duration_ms = 5000, .expect = { .max_imbalance = 7, .no_starvation_check = true });
HOST_ROW(imbalance, CROWD, NULL, IMBALANCE, "limit 7, for",
	ANYWHERE, .duration_ms = 5000, .expect = { .max_imbalance = 7, .no_starvation_check = true });

ROW(matrix_dsq_depth, "a local DSQ that stays too deep is seen from outside",
	"fifo", FAULT("pile-up"), DSQ_DEPTH, "limit 50, for",
	MANY_ON_CPU_0, .duration_ms = 5000, .expect = { .no_starvation_check = true });
/* Who came before stays in the queue, behind those in the local DSQ. */
#define LATE_ON_CPU_0								\
	.steps = STEPS({ .hold = HOLD_FIXED(700) },				\
		       { .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 64) }), \
			 .hold = HOLD_FIXED(4000) }),				\
	.expect = { .no_starvation_check = true }

HOST_ROW(dsq_depth, PILE_UP, NULL, DSQ_DEPTH, "limit 50, for", LATE_ON_CPU_0);
TWINS(matrix_host_dsq_depth, "fifo", LATE_ON_CPU_0);

/* --- a scheduler that leaves its work to the kernel ------------------------ */

ROW(matrix_fallback, "a scheduler that chooses CPUs which tasks may not use is found",
	"fifo", FAULT("bypass"), EVENTS, "SCX_EV_SELECT_CPU_FALLBACK: measured",
	SLEEPERS_ON("2-3"), .expect = { .max_fallback_rate = 200 });
HOST_ROW(fallback, BYPASS, NULL, EVENTS, "SCX_EV_SELECT_CPU_FALLBACK: measured",
	SLEEPERS_ON("2-3"), .expect = { .max_fallback_rate = 200 });

/* Of two that take turns none is kept on its CPU. */
ROW(matrix_keep_last, "a scheduler that dispatches nothing although somebody waits is found",
	"fifo", FAULT("slow"), EVENTS, "SCX_EV_DISPATCH_KEEP_LAST: measured",
	PINNED(2), .expect = { .max_keep_last_rate = 50, .no_starvation_check = true });
HOST_ROW(keep_last, SLOW, NULL, EVENTS, "SCX_EV_DISPATCH_KEEP_LAST: measured",
	PINNED(2), .expect = { .max_keep_last_rate = 50, .no_starvation_check = true });

/* --- a scheduler that is unfair, slow or late ----------------------------- */

ROW(matrix_unfair, "like workers that get unlike shares are found",
	"vtime", FAULT("unfair=10"), UNFAIR, "limit 15 %",
	PINNED(2));
HOST_ROW(unfair, UNFAIR, NULL, UNFAIR, "limit 15 %", PINNED(2));

ROW(matrix_slow, "workers that get too little done for want of dispatches are found",
	"fifo", FAULT("slow"), THROUGHPUT, "iterations per second, limit 300.0",
	TALKERS, .expect = { .min_iteration_rate = 300 });

ROW(matrix_late, "wake-ups that are all late are found",
	"fifo", FAULT("late"), LATENCY, "limit 2000.0 us",
	SLEEPERS, .expect = { .max_p99_wake_latency_us = 2000 });
HOST_ROW(late, LATE, NULL, LATENCY, "limit 2000.0 us",
	SLEEPERS, .expect = { .max_p99_wake_latency_us = 2000 });

ROW(matrix_late_as_a_rule, "wake-ups that are late more often than not are found",
	"fifo", FAULT("late"), LATENCY, "limit 1000.0 us",
	SLEEPERS, .expect = { .max_p50_wake_latency_us = 1000 });

ROW(matrix_late_now_and_then, "wake-ups of which one in two hundred is late are found",
	"fifo", FAULT("late=200"), LATENCY, "limit 3.00",
	SLEEPERS, .expect = { .max_wake_latency_cv = 3 });

/* The other CPUs are busy too, or jiffies would stand still with the one that counts them. */
ROW(matrix_spin, "a scheduler that keeps a CPU for seconds stops its run queue's clock: seen",
	"fifo", FAULT("spin=3000@1"), STALL, "limit 1500 ms",
	PINNED(2), .duration_ms = 5000, .expect = { .no_starvation_check = true });
HOST_ROW(spin, SPIN, NULL, STALL, "limit 1500 ms",
	PINNED(2), .duration_ms = 5000, .expect = { .no_starvation_check = true });

/* Too short for a stall, and long enough for those who wait: nobody else is to blame. */
ROW(matrix_spin_short, "a scheduler that keeps a CPU for a second is blamed for who waits",
	"fifo", FAULT("spin=1200@1"), STUCK, "limit 800 ms",
	PINNED(2), .duration_ms = 4000,
	.expect = { .max_spread_pct = 100, .max_gap_ms = 800, .no_monitor = true });

/* --- weights -------------------------------------------------------------- */

#define NICE		5
#define LEAST_RATIO	2.0	/* of what nice 0 gets to what nice 5 gets: 1024 to 335 */
#define MOST_RATIO	4.5

/* No assertion compares workers that are not alike, so this one does it itself. */
static int weights_body(struct scenario *scn, struct msg_result *res)
{
	const struct cgroup_def *defs = CGROUPS({
		"cg_0", CPUSET_EXACT("0"),
		WORKER_LIST(W(CPU_SPIN, 2), W(CPU_SPIN, 2, .nice = NICE)) });
	uint64_t units[2] = { };
	struct err err = { "" };
	struct worker *w;
	double ratio;
	int ret;

	ret = scenario_cgroups(scn, defs, true, &err);
	if (ret) {
		result_set(scn->g, res, VERDICT_FAIL, CAUSE_CGROUP, "%s", err.msg);
		return 0;
	}
	scenario_release(scn);
	ret = scenario_wait(scn, now_ns() + scn->duration_ns, res);
	if (ret)
		return 0;
	for (w = scn->workers; w; w = w->next)
		units[w->work.nice == NICE] += READ_ONCE(w->page->rep.units);
	ratio = units[1] ? (double)units[0] / units[1] : 0;
	if (ratio < LEAST_RATIO || ratio > MOST_RATIO)
		result_set(scn->g, res, VERDICT_FAIL, CAUSE_UNFAIR,
			   "workers of nice 0 got %.2f times what those of nice %d got, must be %.1f to %.1f",
			   ratio, NICE, LEAST_RATIO, MOST_RATIO);
	return 0;
}

KTSTR_TEST(matrix_weights_fault,
	.desc = "a scheduler that does not know nice values is found: \"fifo\" is one",
	.needs_scx = true, .sched = "fifo",
	.body = weights_body, .duration_ms = KTSTR_DURATION_MS,
	.expect_fail = EXPECT_FAIL(UNFAIR, "times what those of nice 5 got"));
TWINS(matrix_weights, "vtime", .body = weights_body, .duration_ms = KTSTR_DURATION_MS);

/* Each wants all of CPU 0. None of our schedulers knows cgroups: the twin is the kernel's own. */
#define TWO_ON_CPU_0								\
	.backdrop = CGROUPS({ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 2) }, \
			    { "cg_1", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 2) })
#define TWO_WEIGHTS								\
	TWO_ON_CPU_0, .steps = STEPS({ .ops = OPS(SET_WEIGHT("cg_0", 300),	\
						  SET_WEIGHT("cg_1", 100)),	\
				       .hold = HOLD_FULL }),			\
	.expect = { .max_spread_pct = 100, .max_weight_error_pct = 20 }
#define A_LIMIT									\
	TWO_ON_CPU_0, .steps = STEPS({ .ops = OPS(SET_MAX("cg_0", 12500, 50000)), \
				       .hold = HOLD_FULL }),			\
	.duration_ms = 4000, .expect = { .max_spread_pct = 100, .max_limit_error_pct = 15 }

KTSTR_TEST(matrix_weight_error_fault,
	.desc = "a scheduler that does not honour cpu.weight is found: \"fifo\" is one",
	.needs_scx = true, .sched = "fifo",
	.expect_fail = EXPECT_FAIL(SHARE, "limit of the error 20 %"), TWO_WEIGHTS);
KTSTR_TEST(matrix_weight_error_eevdf,
	.desc = "twin of matrix_weight_error_fault on the kernel's own scheduler: passes",
	.sched = "none", TWO_WEIGHTS);

KTSTR_TEST(matrix_limit_error_fault,
	.desc = "a scheduler that does not honour cpu.max is found: \"fifo\" is one",
	.needs_scx = true, .sched = "fifo",
	.expect_fail = EXPECT_FAIL(SHARE, "limit of the error 15 %"), A_LIMIT);
KTSTR_TEST(matrix_limit_error_eevdf,
	.desc = "twin of matrix_limit_error_fault on the kernel's own scheduler: passes",
	.sched = "none", A_LIMIT);

/* --- what is not for a scheduler to do wrong ------------------------------ */

/* A process, 512 MiB and some threads do not go in no time. */
SCENARIO_ROW(matrix_teardown, "a host that takes long to be rid of a guest is found",
	.expect = { .max_teardown_ms = 1 }, .expect = { .max_teardown_ms = 600000 },
	TEARDOWN, "limit 1 ms", .memory_mb = 1024, PINNED(1));

SCENARIO_ROW(matrix_isolation, "a worker that runs outside of its cpuset is found",
	.fault = JOB_FAULT_ESCAPE, .fault = 0, ISOLATION, "ran outside of its CPUs",
	PINNED(2), .expect = { .isolation = true, .no_starvation_check = true });

/* One that is real takes the kernel 21 s. */
SCENARIO_ROW(matrix_rcu_stall, "a task that RCU waits for too long is found in the kernel's log",
	.fault = JOB_FAULT_RCU_STALL, .fault = 0, RCU_STALL, "fault_inject", PINNED(1));

/* Every second one does for a unit what the others do for four. */
static void uneven_work(struct work_self *self)
{
	while (!work_stopped(self)) {
		work_spin(self, self->seat.side & 1 ? 3 * self->work.spin : 0);
		work_unit(self);
	}
}

static void even_work(struct work_self *self)
{
	while (!work_stopped(self))
		work_unit(self);
}

/* On one CPU: an emulated one may be slower than the next. */
#define CUSTOM_PAIR(_loop)							\
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0"),	\
					      WORKERS(CUSTOM, 2, .group = 2, .custom = _loop) }), \
			 .hold = HOLD_FULL })

SCENARIO_ROW(matrix_throughput, "like workers that get unlike amounts done are found",
	CUSTOM_PAIR(uneven_work), CUSTOM_PAIR(even_work), THROUGHPUT, "limit 0.200",
	.expect = { .max_throughput_cv = .2 });

/* A unit of the one is as much as a hundred of the other. */
SCENARIO_ROW(matrix_work_rate, "workers that get too little done for their CPU time are found",
	PINNED(1, .spin = 102400), PINNED(1), THROUGHPUT, "units per CPU second, limit 2000.0",
	.expect = { .min_work_rate = 2000 });

/* A worker fills its memory on node 0. In the end it is on @_node, for so short that it stays. */
#define TAKEN_TO(_node)								\
	.steps = STEPS({ .hold = HOLD_FIXED(700) },				\
		       { .ops = OPS(SET_CPUSET("cg_0", CPUSET_NODE(_node))),	\
			 .hold = HOLD_FIXED(50) })

SCENARIO_ROW(matrix_locality, "a worker that was taken away from its memory is found",
	TAKEN_TO(1), TAKEN_TO(0), NUMA, "on its nodes (mask 0x2), limit 0.9000",
	.topology = "2n2l2c1t", .min_nodes = 2,
	.backdrop = CGROUPS({ "cg_0", CPUSET_NODE(0),
				   WORKERS(CACHE_PRESSURE, 1, .size_kb = 8192, .stride = 4096) }),
	.expect = { .min_page_locality = .9 });

/* A worker on node 0, whose policy names both. */
#define SPREAD_BY(_policy)							\
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_NODE(0),		\
		WORKERS(CACHE_PRESSURE, 1, .size_kb = 8192, .stride = 4096,	\
			.mem = { .kind = _policy, .nodes = "0-1" }) }),		\
		.hold = HOLD_FULL })

SCENARIO_ROW(matrix_node_share, "memory that may be on two nodes, but is on one only, is found",
	SPREAD_BY(MEM_PREFERRED_MANY), SPREAD_BY(MEM_INTERLEAVE), NUMA,
	"on node 1 of its policy (mask 0x3), limit 0.3000",
	.topology = "2n2l2c1t", .min_nodes = 2,
	.expect = { .min_node_share = .3 });

/* Node 1 has memory, but no CPUs. */
#define MEMORY_ON(_node)							\
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,		\
		WORKERS(CACHE_PRESSURE, 1, .size_kb = 8192, .stride = 4096,	\
			.mem = { .kind = MEM_BIND, .nodes = _node }) }),	\
		.hold = HOLD_FULL })

SCENARIO_ROW(matrix_slow_tier, "memory on a node without CPUs is found",
	MEMORY_ON("1"), MEMORY_ON("0"), NUMA, "on nodes without CPUs (mask 0x2), limit 0.1000",
	.topology = "1n2l2c1t1m",
	.expect = { .max_slow_tier_ratio = .1 });

/* The kernel brings memory to who uses it from afar, and counts that; not under sched_ext. */
#define LIVES_ON(_node)								\
	.steps = STEPS({ .hold = HOLD_FIXED(700) },				\
		       { .ops = OPS(SET_CPUSET("cg_0", CPUSET_NODE(_node))),	\
			 .hold = HOLD_FIXED(8000) })

SCENARIO_ROW(matrix_cross_node, "memory that follows its worker to another node is found",
	LIVES_ON(1), LIVES_ON(0), NUMA, "pages went to another node",
	.topology = "2n2l2c1t", .min_nodes = 2,
	.backdrop = CGROUPS({ "cg_0", CPUSET_NODE(0),
				   WORKERS(CACHE_PRESSURE, 1, .size_kb = 8192, .stride = 4096) }),
	.expect = { .max_cross_node_migration_ratio = .1 });

/* --- the same faults, but nobody asks ------------------------------------- */

KTSTR_TEST(matrix_no_starvation_check,
	.desc = "twin of matrix_unfair_fault that does not ask for shares: passes",
	.needs_scx = true, .sched = "fault", .sched_args = FAULT("unfair=10"),
	PINNED(2), .expect = { .no_starvation_check = true });

KTSTR_TEST(matrix_long_enough,
	.desc = "twin of matrix_spin_fault that allows a clock to stand still so long: passes",
	.needs_scx = true, .sched = "fault", .sched_args = FAULT("spin=3000@1"),
	PINNED(2), .duration_ms = 5000,
	.expect = { .no_starvation_check = true, .max_stall_ms = 6000 });

KTSTR_TEST(matrix_often_enough,
	.desc = "twin of matrix_fallback_fault that allows so many: passes",
	.needs_scx = true, .sched = "fault", .sched_args = FAULT("bypass"),
	SLEEPERS_ON("2-3"), .expect = { .max_fallback_rate = 1000000 });

KTSTR_TEST(matrix_no_monitor,
	.desc = "twin of matrix_dsq_depth_fault that does not ask the monitor: passes",
	.needs_scx = true, .sched = "fault", .sched_args = FAULT("pile-up"),
	MANY_ON_CPU_0, .expect = { .no_starvation_check = true, .no_monitor = true });

KTSTR_TEST(matrix_deep_enough,
	.desc = "twin of matrix_dsq_depth_fault that allows so many: passes",
	.needs_scx = true, .sched = "fault", .sched_args = FAULT("pile-up"),
	MANY_ON_CPU_0, .expect = { .no_starvation_check = true, .max_dsq_depth = 80 });

KTSTR_TEST(matrix_short_enough,
	.desc = "twin of matrix_dsq_depth_fault for which that is too short: passes",
	.needs_scx = true, .sched = "fault", .sched_args = FAULT("pile-up"),
	MANY_ON_CPU_0, .expect = { .no_starvation_check = true, .sustain_ms = 10000 });
