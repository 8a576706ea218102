/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktstr.h - how a test is declared
 *
 * A test is static const data: cgroups with workers, steps with operations on
 * them, and what is expected. Only where data cannot say it there is a body.
 *
 *	KTSTR_TEST(cpuset_resize,
 *		.desc = "cpusets shrink and grow under running spinners",
 *		.topology = "1n2l4c1t", .min_cpus = 5,
 *		.steps = STEPS(
 *			{ .cgroups = CGROUPS({ "cg_0", CPUSET_RANGE(0, .5), WORKERS(MIXED, 12) },
 *					     { "cg_1", CPUSET_RANGE(.5, 1), WORKERS(MIXED, 12) }),
 *			  .hold = HOLD_FRAC(1. / 3), .keep = true },
 *			{ .ops = OPS(SET_CPUSET("cg_0", CPUSET_RANGE(0, .25)),
 *				     SET_CPUSET("cg_1", CPUSET_RANGE(.25, 1))),
 *			  .hold = HOLD_FRAC(2. / 3) }),
 *		.expect = { .isolation = true });
 *
 * Fractions of CPUs are of the usable ones: all but the last when there are
 * more than two, so that PID 1 and the root cgroup always have a CPU.
 */
#ifndef KTSTR_H
#define KTSTR_H

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include "lib/sched_fault.h"
#include "lib/topology.h"
#include "lib/wire.h"

/* --- what workers do ------------------------------------------------------ */

enum work_type {
	WORK_NONE,
	WORK_CPU_SPIN,		/* never sleeps */
	WORK_YIELD_HEAVY,	/* sched_yield() in a loop */
	WORK_MIXED,		/* spin, then sched_yield() */
	WORK_BURSTY,		/* spin for burst_ms, sleep for sleep_ms */
	WORK_PIPE_IO,		/* pairs: spin, write to the partner, read from it */
	WORK_FUTEX_PING_PONG,	/* pairs on a shared futex */
	WORK_IO_SYNC,		/* write 64 KiB to a file, sleep for as long as a disk would take */
	WORK_CACHE_PRESSURE,	/* walk through size_kb, a byte each stride */
	WORK_CACHE_YIELD,	/* walk, then sched_yield() */
	WORK_CACHE_PIPE,	/* pairs: walk, then as PIPE_IO */
	WORK_PAGE_FAULT_CHURN,	/* touch ops pages of size_kb at random, give all back */
	WORK_FUTEX_FAN_OUT,	/* groups: one spins and wakes the others, who spin */
	WORK_FAN_OUT_COMPUTE,	/* same, but they sleep, then multiply ops matrices of size_kb */
	WORK_WAKE_CHAIN,	/* groups: each spins and wakes the next, in a ring */
	WORK_THUNDERING_HERD,	/* groups: one sleeps and wakes all the others at once */
	WORK_SEQUENCE,		/* the phases of a list, over and over */
	WORK_TIMER_LATENCY,	/* sleep_us by the clock, a little work */
	WORK_FORK_EXIT,		/* fork a child that exits, wait for it */
	WORK_NICE_SWEEP,	/* spin, then the next nice value of -20 to 19 */
	WORK_AFFINITY_CHURN,	/* spin, then ask for one CPU, a random one */
	WORK_POLICY_CHURN,	/* spin, then the next of OTHER, BATCH, IDLE, FIFO 1, RR 1 */
	WORK_MUTEX_CONTENTION,	/* groups: spin, lock, spin for hold steps, unlock */
	WORK_RT_STARVATION,	/* groups: one spins as FIFO 1 for burst_ms, the others always */
	WORK_PRIORITY_INVERSION,	/* three and a lock with priority inheritance */
	WORK_SMT_SIBLING_SPIN,	/* pairs: spin on the threads of one core */
	WORK_NUMA_WORKING_SET_SWEEP,	/* walk, then move all of size_kb to the next node */
	WORK_IO_CONVOY,		/* groups: as IO_SYNC, but only who has the lock */
	/* Not in cgroups with a cpuset, which they would leave. */
	WORK_CGROUP_ATTACH_STORM,	/* into a cgroup beside its own and back, over and over */
	WORK_CGROUP_CHURN,	/* the same, but that cgroup is made for it and removed again */
	WORK_CUSTOM,		/* a function of the test */
	NR_WORK_TYPES,
};

enum affinity_kind {
	AFFINITY_INHERIT,
	AFFINITY_RANDOM,	/* a random half of the cgroup's CPUs */
	AFFINITY_ALL,		/* all CPUs, whatever the cpuset */
	AFFINITY_SINGLE,	/* the first CPU of the cgroup */
	AFFINITY_FIRST,		/* its first .nr CPUs */
	AFFINITY_EACH,		/* one CPU of the cgroup for each worker, in turn */
	AFFINITY_LLC,		/* the LLC that overlaps most with the cgroup's CPUs */
	AFFINITY_EXACT,		/* the CPUs of a list */
};

struct affinity {
	enum affinity_kind kind;
	unsigned int nr;	/* AFFINITY_FIRST */
	const char *cpus;	/* AFFINITY_EXACT */
};

enum phase_kind {
	PHASE_NONE,
	PHASE_SPIN,
	PHASE_SLEEP,
	PHASE_YIELD,
	PHASE_IO,
};

/* Part of a SEQUENCE. */
struct work_phase {
	enum phase_kind kind;
	unsigned int ms;
};

#define PHASES(...)	((const struct work_phase[]){ __VA_ARGS__, { PHASE_NONE, 0 } })

/* SCHED_DEADLINE: so much CPU time, so long after the start of each period. */
struct work_deadline {
	unsigned int runtime_us;
	unsigned int deadline_us;
	unsigned int period_us;		/* 0: the deadline */
};

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE	6
#endif
#ifndef SCHED_EXT
#define SCHED_EXT	7
#endif

/* As in the kernel's uapi/linux/mempolicy.h, which may be older than what runs. */
enum mem_policy_kind {
	MEM_DEFAULT,
	MEM_PREFERRED,
	MEM_BIND,
	MEM_INTERLEAVE,
	MEM_LOCAL,
	MEM_PREFERRED_MANY,
	MEM_WEIGHTED_INTERLEAVE,
};

#define MEM_NUMA_BALANCING	BIT(13)
#define MEM_RELATIVE		BIT(14)
#define MEM_STATIC		BIT(15)

struct mem_policy {
	enum mem_policy_kind kind;
	unsigned int flags;
	const char *nodes;	/* a list; not of DEFAULT and LOCAL */
};

struct work_self;	/* guest/work/work.h, for CUSTOM */

struct work {
	enum work_type type;
	unsigned int nr;	/* workers; whole groups of them */
	double per_cpu;		/* instead of nr: workers per usable CPU, rounded up */
	bool all_cpus;		/* ... per CPU, usable or not */
	/* 0 is the default of the type, guest/work/types.c; what has none there is not for it. */
	unsigned int spin;	/* steps per unit: of arithmetic, or of a walk through memory */
	unsigned int ops;	/* per unit, beside those steps */
	unsigned int hold;	/* steps with the lock held */
	unsigned int size_kb;	/* of memory that is worked on */
	unsigned int stride;	/* bytes */
	unsigned int burst_ms;
	unsigned int sleep_ms;
	unsigned int sleep_us;
	unsigned int group;	/* workers that work together, of a type whose groups may vary */
	const struct work_phase *phases;	/* SEQUENCE; ends at PHASE_NONE */
	/*
	 * CUSTOM: the loop, as guest/work/work.h has it. Runs in the worker; the program is the
	 * same in host and guest, so that its address is good in both.
	 */
	void (*custom)(struct work_self *self);
	int policy;		/* SCHED_*; 0 is SCHED_OTHER */
	int prio;		/* SCHED_FIFO, SCHED_RR; 1 to 49, below that of PID 1 */
	struct work_deadline dl;	/* SCHED_DEADLINE */
	int nice;
	struct mem_policy mem;
	struct affinity affinity;
	unsigned int max_gap_ms;	/* theirs, instead of the test's; may be EXPECT_GAP_OFF */
};

#define WORK_LIST_MAX	4

/* Workers of one kind, WORKERS(CPU_SPIN, 4), or of several: WORKER_LIST(W(...), W(...)). */
#define W(_type, _nr, ...)		{ .type = WORK_##_type, .nr = (_nr), ##__VA_ARGS__ }
#define WORKERS(_type, _nr, ...)	{ W(_type, _nr, ##__VA_ARGS__) }
#define WORKER_LIST(...)		{ __VA_ARGS__ }
#define W_PER_CPU(_type, _n, ...)	{ .type = WORK_##_type, .per_cpu = (_n), ##__VA_ARGS__ }
#define WORKERS_PER_CPU(_type, _n, ...)	{ W_PER_CPU(_type, _n, ##__VA_ARGS__) }
/* One for each CPU that the guest has. */
#define FULL_LOAD(_type, ...)	WORKERS_PER_CPU(_type, 1, .all_cpus = true, ##__VA_ARGS__)

/* --- cgroups -------------------------------------------------------------- */

enum cpuset_kind {
	CPUSET_KIND_NONE,	/* no cpuset of its own */
	CPUSET_KIND_LLC,
	CPUSET_KIND_NODE,
	CPUSET_KIND_RANGE,
	CPUSET_KIND_DISJOINT,
	CPUSET_KIND_OVERLAP,
	CPUSET_KIND_EXACT,
	CPUSET_KIND_EACH_CPU,	/* of a cgroup_def only */
};

struct cpuset_spec {
	enum cpuset_kind kind;
	unsigned int index;	/* LLC, NODE, DISJOINT, OVERLAP */
	unsigned int of;	/* DISJOINT, OVERLAP: number of parts */
	double from, to;	/* RANGE: fractions of usable CPUs; OVERLAP: from is the overlap */
	const char *cpus;	/* EXACT: a CPU list */
};

#define CPUSET_NONE		{ .kind = CPUSET_KIND_NONE }
#define CPUSET_LLC(i)		{ .kind = CPUSET_KIND_LLC, .index = (i) }
#define CPUSET_NODE(i)		{ .kind = CPUSET_KIND_NODE, .index = (i) }
#define CPUSET_RANGE(a, b)	{ .kind = CPUSET_KIND_RANGE, .from = (a), .to = (b) }
#define CPUSET_DISJOINT(i, n)	{ .kind = CPUSET_KIND_DISJOINT, .index = (i), .of = (n) }
#define CPUSET_OVERLAP(i, n, f)	\
	{ .kind = CPUSET_KIND_OVERLAP, .index = (i), .of = (n), .from = (f) }
#define CPUSET_EXACT(list)	{ .kind = CPUSET_KIND_EXACT, .cpus = (list) }
/* A cgroup for each usable CPU, which is its cpuset: "name/0", "name/1", ... */
#define CPUSET_EACH_CPU		{ .kind = CPUSET_KIND_EACH_CPU }

struct cgroup_def {
	const char *name;	/* below the test's root; "a/b" nests */
	struct cpuset_spec cpuset;
	struct work work[WORK_LIST_MAX];	/* ends at the first WORK_NONE */
};

/* --- payloads ------------------------------------------------------------- */

/* A number in the output of a payload: the first one behind @key in a line; the last line counts. */
struct payload_metric {
	const char *name;	/* for reports */
	const char *key;
	bool judged;		/* else it is shown only */
	double min, max;
};

#define METRIC(_name, _key)	{ .name = (_name), .key = (_key) }
#define METRIC_BETWEEN(_name, _key, _min, _max)	\
	{ .name = (_name), .key = (_key), .judged = true, .min = (_min), .max = (_max) }

#define METRICS(...)	((const struct payload_metric[]){ __VA_ARGS__, { .name = NULL } })
#define PAYLOAD_ANY_EXIT	(-1)	/* its metrics say more; a signal is still judged */
#define WORDS(...)	((const char *const[]){ __VA_ARGS__, NULL })

/*
 * A program of the host that runs in the guest, packed with the libraries that it needs. It
 * is judged by its exit code, if it ends by itself, and by its metrics, if it was not killed.
 */
struct ktstr_payload {
	const char *name;	/* unique; that of its directory, /payload/NAME, where it runs */
	const char *program;	/* a path; or a name, beside this program or in $PATH */
	const char *const *args;	/* WORDS(), may be NULL */
	const char *const *files;	/* more of the host, put into its directory; may be NULL */
	const char *cure;	/* what to do where it is missing: "install rt-tests" */
	const struct payload_metric *metrics;	/* METRICS(), may be NULL */
	int exit_code;		/* what it must be, or PAYLOAD_ANY_EXIT */
	bool kselftest;		/* exit code 4 is a skip */
};

/* --- operations ----------------------------------------------------------- */

enum partition_kind {
	PARTITION_MEMBER,	/* none */
	PARTITION_ROOT,
	PARTITION_ISOLATED,	/* and no load is balanced in it */
	NR_PARTITIONS,
};

enum op_kind {
	OP_NONE,
	OP_ADD_CGROUP,		/* an empty cgroup */
	OP_REMOVE_CGROUP,	/* its workers are stopped and collected first */
	OP_SET_CPUSET,
	OP_CLEAR_CPUSET,
	OP_SWAP_CPUSETS,	/* of name and other */
	OP_SPAWN,		/* workers into an existing cgroup */
	OP_STOP_CGROUP,		/* stop its workers, keep the cgroup */
	OP_SET_AFFINITY,	/* of all workers in the cgroup */
	OP_SPAWN_ROOT,		/* workers outside any test cgroup */
	OP_MOVE_TASKS,		/* all workers from name to other */
	OP_ADD_CGROUP_DEF,	/* a cgroup with its cpuset and workers */
	OP_SET_WEIGHT,		/* cpu.weight */
	OP_SET_MAX,		/* cpu.max */
	OP_FREEZE,		/* until all in it are frozen; nobody is judged for that time */
	OP_THAW,
	OP_SET_PARTITION,	/* cpuset.cpus.partition; must take */
	OP_SET_MEMS,		/* cpuset.mems, and memory goes along; must take */
	OP_CPU_OFFLINE,
	OP_CPU_ONLINE,
	OP_DETACH_SCHEDULER,	/* as at the end of a test; the kernel's own takes over */
	OP_ATTACH_SCHEDULER,	/* with proof, as at the start; name: a built-in one instead */
	OP_RESTART_SCHEDULER,	/* both */
	OP_KILL_SCHEDULER,	/* as DETACH, but with SIGKILL */
	OP_RUN_PAYLOAD,		/* in a cgroup, or with no name outside of any */
	OP_WAIT_PAYLOAD,	/* for its end, up to ms */
	OP_KILL_PAYLOAD,
	NR_OPS,			/* a bit each in struct msg_stimulus */
};

struct op {
	enum op_kind kind;
	const char *name;
	const char *other;
	struct cpuset_spec cpuset;
	struct affinity affinity;
	struct work work;
	const struct cgroup_def *def;
	const struct ktstr_payload *payload;
	enum partition_kind partition;
	unsigned int weight;		/* 1 to 10000 */
	unsigned int quota_us, period_us;	/* quota 0: no limit any more */
	const char *nodes;		/* a list */
	unsigned int cpu;
	unsigned int ms;
};

#define ADD_CGROUP(_n)			{ .kind = OP_ADD_CGROUP, .name = (_n) }
#define REMOVE_CGROUP(_n)		{ .kind = OP_REMOVE_CGROUP, .name = (_n) }
#define SET_CPUSET(_n, ...)	\
	{ .kind = OP_SET_CPUSET, .name = (_n), .cpuset = __VA_ARGS__ }
#define CLEAR_CPUSET(_n)		{ .kind = OP_CLEAR_CPUSET, .name = (_n) }
#define SWAP_CPUSETS(_a, _b)		{ .kind = OP_SWAP_CPUSETS, .name = (_a), .other = (_b) }
#define SPAWN(_n, ...)			{ .kind = OP_SPAWN, .name = (_n), .work = W(__VA_ARGS__) }
#define STOP_CGROUP(_n)			{ .kind = OP_STOP_CGROUP, .name = (_n) }
#define SET_AFFINITY(_n, _kind, ...)	{ .kind = OP_SET_AFFINITY, .name = (_n), \
					  .affinity = { .kind = AFFINITY_##_kind, ##__VA_ARGS__ } }
#define SPAWN_ROOT(...)			{ .kind = OP_SPAWN_ROOT, .work = W(__VA_ARGS__) }
#define SPAWN_ROOT_PER_CPU(_t, _n)	{ .kind = OP_SPAWN_ROOT, \
					  .work = { .type = WORK_##_t, .per_cpu = (_n) } }
#define MOVE_TASKS(_from, _to)		{ .kind = OP_MOVE_TASKS, .name = (_from), .other = (_to) }
/* ADD_CGROUP_DEF({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }) */
#define ADD_CGROUP_DEF(...)		{ .kind = OP_ADD_CGROUP_DEF, \
					  .def = (const struct cgroup_def[]){ __VA_ARGS__ } }
#define SET_WEIGHT(_n, _weight)		{ .kind = OP_SET_WEIGHT, .name = (_n), .weight = (_weight) }
#define SET_MAX(_n, _quota_us, _period_us)	\
	{ .kind = OP_SET_MAX, .name = (_n), .quota_us = (_quota_us), .period_us = (_period_us) }
#define FREEZE(_n)			{ .kind = OP_FREEZE, .name = (_n) }
#define THAW(_n)			{ .kind = OP_THAW, .name = (_n) }
#define SET_PARTITION(_n, _kind)	{ .kind = OP_SET_PARTITION, .name = (_n), \
					  .partition = PARTITION_##_kind }
#define SET_MEMS(_n, _nodes)		{ .kind = OP_SET_MEMS, .name = (_n), .nodes = (_nodes) }
#define CPU_OFFLINE(_cpu)		{ .kind = OP_CPU_OFFLINE, .cpu = (_cpu) }
#define CPU_ONLINE(_cpu)		{ .kind = OP_CPU_ONLINE, .cpu = (_cpu) }
#define DETACH_SCHEDULER()		{ .kind = OP_DETACH_SCHEDULER }
#define ATTACH_SCHEDULER()		{ .kind = OP_ATTACH_SCHEDULER }
#define ATTACH_BUILTIN(_sched)		{ .kind = OP_ATTACH_SCHEDULER, .name = (_sched) }
#define RESTART_SCHEDULER()		{ .kind = OP_RESTART_SCHEDULER }
#define KILL_SCHEDULER()		{ .kind = OP_KILL_SCHEDULER }
/* RUN_PAYLOAD(&hackbench, "cg_0"); NULL: where PID 1 is. */
#define RUN_PAYLOAD(_payload, _n)	{ .kind = OP_RUN_PAYLOAD, .payload = (_payload), \
					  .name = (_n) }
#define WAIT_PAYLOAD(_payload, _ms)	{ .kind = OP_WAIT_PAYLOAD, .payload = (_payload), \
					  .ms = (_ms) }
#define KILL_PAYLOAD(_payload)		{ .kind = OP_KILL_PAYLOAD, .payload = (_payload) }

/* --- steps ---------------------------------------------------------------- */

enum hold_kind {
	HOLD_KIND_NONE,
	HOLD_KIND_FRAC,		/* a fraction of the test's duration */
	HOLD_KIND_FIXED,	/* ms */
	HOLD_KIND_LOOP,		/* ops again every ms until the test's duration is over */
};

struct hold {
	enum hold_kind kind;
	double frac;
	unsigned int ms;
};

#define HOLD_FRAC(f)	{ .kind = HOLD_KIND_FRAC, .frac = (f) }
#define HOLD_FULL	HOLD_FRAC(1.)
#define HOLD_FIXED(_ms)	{ .kind = HOLD_KIND_FIXED, .ms = (_ms) }
#define HOLD_LOOP(_ms)	{ .kind = HOLD_KIND_LOOP, .ms = (_ms) }

/* Order within a step: ops, then cgroups are made, then all workers start, then the hold. */
struct step {
	const struct op *ops;			/* ends at OP_NONE */
	const struct cgroup_def *cgroups;	/* ends at a NULL name */
	struct hold hold;
	bool keep;	/* the step's cgroups live until the end of the test, not of the step */
};

/* The lists end with an all-zero element; a step list at HOLD_KIND_NONE. */
#define OPS(...)	((const struct op[]){ __VA_ARGS__, { .kind = OP_NONE } })
#define CGROUPS(...)	((const struct cgroup_def[]){ __VA_ARGS__, { .name = NULL } })
#define STEPS(...)	((const struct step[]){ __VA_ARGS__, { .keep = false } })

/* --- what is expected ----------------------------------------------------- */

/* What must not happen at all: a limit of 0 that is meant. Without its bit a 0 is not set. */
#define ZERO_MIGRATION		BIT(0)
#define ZERO_SLOW_TIER		BIT(1)
#define ZERO_CROSS_NODE		BIT(2)
#define ZERO_FALLBACK_RATE	BIT(3)
#define ZERO_KEEP_LAST_RATE	BIT(4)

/*
 * Every number is a limit: the test fails beyond it. What is not set is that of the scheduler
 * under test (--sched-expect), and if there is none the default. What a test has no use for it
 * puts out of reach.
 * The judge stretches gaps by measured steal on an engine that runs in real time.
 */
struct expect {
	bool isolation;			/* no worker ever runs outside its cgroup's cpuset */
	bool no_starvation_check;	/* starved, spread and gap are off */
	bool no_stop_check;		/* a worker need not stop when told, nor die of SIGKILL */
	bool no_detach_check;		/* a scheduler need not end when told; only said of it */
	bool no_rcu_stall_check;	/* who is never run may be who RCU waits for */
	unsigned int max_spread_pct;	/* of off-CPU time between like workers of a cgroup; 15 */
	unsigned int max_gap_ms;	/* a worker's longest time off the CPU; 2000 */

	/*
	 * Of what workers get done, all off unless a number is there. The figures of like workers
	 * are taken together where it says so, and the worst of them decides.
	 */
	double max_throughput_cv;	/* units per CPU second of like workers: deviation / mean */
	double min_work_rate;		/* units per CPU second */
	double min_iteration_rate;	/* iterations per second */
	double max_p50_wake_latency_us;	/* of all wake-ups of like workers */
	double max_p99_wake_latency_us;	/* of the same */
	double max_wake_latency_cv;	/* of the same */
	double max_migration_ratio;	/* migrations per iteration */
	/* Of pages, at the end; a kernel without NUMA says nothing of them. */
	double min_page_locality;	/* share on nodes of its CPUs, or of its memory policy */
	double min_node_share;		/* on each node that its memory policy names */
	double max_slow_tier_ratio;	/* share on nodes without CPUs */
	double max_cross_node_migration_ratio;	/* moved by NUMA balancing in the guest, per page */
	/*
	 * Of cgroups, in the last step: how far their share of CPU time may be from their part of
	 * the weights of siblings, and from cpu.max, in percent of what it should be. All of it
	 * must be in their reach: CPUs for which they compete, workers that never sleep.
	 */
	unsigned int max_weight_error_pct;
	unsigned int max_limit_error_pct;

	bool no_monitor;		/* monitor data is shown, but does not decide */
	/* nr_running max / max(1, min); not judged if not set (see monitor/verdict.h) */
	unsigned int max_imbalance;
	unsigned int max_dsq_depth;	/* local DSQ; 50 */
	unsigned int sustain_ms;	/* how long a monitor violation must last; 500 */
	unsigned int max_stall_ms;	/* of a busy CPU's run queue clock; 1500 */
	/* Of sched_ext's event counters, per second, all CPUs together; not judged if not set. */
	unsigned int max_fallback_rate;		/* SCX_EV_SELECT_CPU_FALLBACK */
	unsigned int max_keep_last_rate;	/* SCX_EV_DISPATCH_KEEP_LAST */

	unsigned int max_teardown_ms;	/* until the process of a guest that has ended is gone; off if 0 */

	uint32_t zero;			/* ZERO_* */

	/* Of a scheduler, not of a test; see guest/expect.h. */
	uint32_t claims;		/* CLAIM_* */
	unsigned int attach_ms;		/* how long it may take until it is attached; 30 s */
	uint32_t off;			/* what it does not promise, a bit each */
};

#define EXPECT_SPREAD_PCT	15
#define EXPECT_GAP_MS		2000
#define EXPECT_GAP_OFF		UINT_MAX	/* also for workers that have a limit of their own */
#define EXPECT_DSQ_DEPTH	50
#define EXPECT_SUSTAIN_MS	500
#define EXPECT_STALL_MS		1500

/* A control: the instance passes if it fails, for this cause and with this text in its report. */
struct expect_fail {
	enum cause cause;	/* CAUSE_NONE: not a control */
	const char *text;	/* substring of the result or of a detail line; may be NULL */
};

/* --- schedulers and their flags ------------------------------------------- */

/* What not every scheduler does, and a test may be about. The kernel's own does all of it. */
#define CLAIM_CPU_WEIGHT	BIT(0)	/* cpu.weight */
#define CLAIM_CPU_MAX		BIT(1)	/* cpu.max */
#define CLAIM_KILL		BIT(2)	/* its tasks run on when its loader is killed */
#define CLAIM_RUN		BIT(3)	/* it is worth running a test on it; all need that */

/* What is claimed of a scheduler of which nothing is said. */
#define CLAIMS_DEFAULT		(CLAIM_KILL | CLAIM_RUN)

/* What a test with needs_sched runs under where the user names no scheduler. */
#define KTSTR_SCHED	"fifo"

/* An option of a scheduler: an object, so that a typo does not compile. */
struct ktstr_flag {
	const char *name;
	const char *arg;
	bool by_user;		/* only if the user says that the scheduler has it, and how */
	const struct ktstr_flag *const *requires;	/* NULL-terminated, may be NULL */
};

#define FLAGS(...)	((const struct ktstr_flag *const[]){ __VA_ARGS__, NULL })
#define KTSTR_FLAG(_name, _arg, ...) \
	static const struct ktstr_flag _name = { .name = #_name, .arg = (_arg), ##__VA_ARGS__ }
#define KTSTR_USER_FLAG(_name, ...)	\
	static const struct ktstr_flag _name __maybe_unused =	\
		{ .name = #_name, .by_user = true, ##__VA_ARGS__ }

/* --- the test ------------------------------------------------------------- */

struct scenario;	/* guest/scenario.h, for bodies */
struct inspection;	/* monitor/truth.h */
struct err;		/* lib/log.h */

struct ktstr_test {
	const char *name;
	const char *desc;		/* mandatory: what it verifies */
	const char *topology;		/* see lib/topology.h; default "1n2l2c1t" */
	unsigned int min_cpus, min_llcs, min_nodes;
	bool needs_smt;
	bool needs_scx;			/* the kernel must have sched_ext */
	bool needs_sched;		/* some sched_ext scheduler: the user's, else KTSTR_SCHED */
	uint32_t claims;		/* CLAIM_*: the scheduler must claim to do that */
	unsigned int memory_mb;		/* at least; 0: the default */
	bool no_cpu_controller;		/* cgroups with cpusets, but without weights */
	unsigned int settle_ms;		/* added to the first hold; default 0 */
	unsigned int duration_ms;	/* T, default KTSTR_DURATION_MS */
	const struct cgroup_def *backdrop;	/* cgroups that live for the whole test */
	const struct step *steps;
	/* Instead of steps: runs in PID 1 and sets the result. 0 or a negative errno. */
	int (*body)(struct scenario *scn, struct msg_result *res);
	struct expect expect;

	/* For the framework's own controls. */
	/*
	 * Runs on the host when the body rang the doorbell: the guest stands still at that
	 * instant, to be read, and is ended then. 0, or a negative errno, @err says why.
	 */
	int (*inspect)(const struct inspection *in, struct err *err);
	const char *sched;		/* NULL: as the user says; "none", or a built-in */
	const char *const *sched_args;	/* NULL-terminated, may be NULL */
	uint32_t fault;			/* JOB_FAULT_* */
	uint32_t sched_faults;		/* SCHED_FAULT(): the host has them on while workers run */
	struct expect_fail expect_fail;

	const struct ktstr_flag *const *flags;	/* the scheduler's flags this test is about */
	bool not_default;		/* only run when -t names it */
};

#define KTSTR_DURATION_MS	2000
#define KTSTR_TOPOLOGY		"1n2l2c1t"

/*
 * Tests register through an ELF section, without constructors: in the order of the
 * source, file by file in link order. gcc turns it around unless it is told not to.
 */
#if __has_attribute(no_reorder)
#define KTSTR_NO_REORDER	__attribute__((no_reorder))
#else
#define KTSTR_NO_REORDER
#endif

#define KTSTR_TEST(_name, ...)							\
	static const struct ktstr_test ktstr_test_##_name = {			\
		.name = #_name, ##__VA_ARGS__					\
	};									\
	static const struct ktstr_test *const KTSTR_NO_REORDER			\
	ktstr_test_ptr_##_name __used __section("ktstr_tests") =	\
		&ktstr_test_##_name

/* Weak: a unit test of the framework may be without any. */
extern const struct ktstr_test *const __start_ktstr_tests[] __weak;
extern const struct ktstr_test *const __stop_ktstr_tests[] __weak;

#define for_each_test(pos) \
	for ((pos) = __start_ktstr_tests; (pos) < __stop_ktstr_tests; (pos)++)

/* All operations of a test, step by step; to break out of it leaves a step only. */
#define for_each_op(_test, step, op)						\
	for ((step) = (_test)->steps;						\
	     (step) && (step)->hold.kind != HOLD_KIND_NONE; (step)++)		\
		for ((op) = (step)->ops; (op) && (op)->kind != OP_NONE; (op)++)

#endif /* KTSTR_H */
