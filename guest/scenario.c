// SPDX-License-Identifier: GPL-2.0
/*
 * One test from beginning to end: set up, hold step by step, stop, collect, judge.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "cpusets.h"
#include "expect.h"
#include "judge.h"
#include "payload.h"
#include "steps.h"

static void send_stimulus(struct scenario *scn, const struct step *step)
{
	struct msg_stimulus msg = { .step = scn->step };
	const struct cgroup *cg;
	const struct worker *w;
	unsigned int i;

	msg.at_ns = scn->start_ns ? now_ns() - scn->start_ns : 0;
	for (i = 0; step->ops && step->ops[i].kind != OP_NONE; i++) {
		msg.nr_ops++;
		msg.op_mask |= 1ULL << step->ops[i].kind;
	}
	for (cg = scn->fs.list; cg; cg = cg->next)
		msg.nr_cgroups++;
	for (w = scn->workers; w; w = w->next) {
		msg.nr_workers += worker_alive(w);
		msg.iterations += READ_ONCE(w->page->rep.iterations);
	}
	msg.nr_payloads = payloads_running(scn);
	msg.nr_cpus = cpumask_weight(&scn->all);
	guest_send(scn->g, MSG_STIMULUS, &msg, sizeof(msg), false);
}

static uint64_t hold_ns(const struct scenario *scn, const struct hold *hold)
{
	switch (hold->kind) {
	case HOLD_KIND_FRAC:
		return hold->frac * scn->duration_ns;
	case HOLD_KIND_FIXED:
	case HOLD_KIND_LOOP:
		return hold->ms * NSEC_PER_MSEC;
	default:
		return 0;
	}
}

/* The first hold begins: from here on it is measured. */
static void begin(struct scenario *scn, uint64_t first_ns)
{
	if (scn->start_ns)
		return;
	scn->start_ns = now_ns();
	if (scn->g->job.fault)
		scn->fault_ns = scn->start_ns + first_ns / 2;
	guest_stage(scn->g, STAGE_RUN);
	guest_signal(scn->g, SHM_GST_STARTED);
}

static bool outlives_sigkill(const struct scenario *scn)
{
	const struct worker *w;

	for (w = scn->workers; w; w = w->next)
		if (w->killed && worker_alive(w))
			return true;
	return false;
}

/* A guest that is too small for its test is no fault of the kernel's, nor to be expected. */
static enum cause cause_of(int ret)
{
	return ret == -ENOMEM || ret == -EMFILE || ret == -ENFILE ? CAUSE_INFRA : CAUSE_CGROUP;
}

/*
 * Operations fail for what a cgroup refused, or because a worker outlives even SIGKILL. What has
 * come to a verdict by itself is only told where it was. Of a worker that has ended while one of
 * them waited, the judge knows more. Returns @ret.
 */
static int ops_failed(struct scenario *scn, int ret, const struct err *err, struct msg_result *res)
{
	bool outlived = outlives_sigkill(scn);

	if (ret == -ECHILD)
		return ret;
	if (res->verdict != VERDICT_NONE)
		guest_detail(scn->g, "%s", err->msg);
	else if (outlived && scn->expect.no_stop_check)
		result_set(scn->g, res, VERDICT_INCONCLUSIVE, CAUSE_WORKER,
			   "%s, which is not judged; it could not go on", err->msg);
	else
		result_set(scn->g, res, VERDICT_FAIL, outlived ? CAUSE_WORKER : cause_of(ret),
			   "%s", err->msg);
	return ret;
}

static int hold_loop(struct scenario *scn, const struct step *step, struct msg_result *res)
{
	uint64_t end = scn->start_ns + scn->duration_ns;
	uint64_t period = hold_ns(scn, &step->hold);
	struct err err = { };
	int ret;

	for (;;) {
		ret = scenario_wait(scn, min(end, now_ns() + period), res);
		if (ret || now_ns() >= end)
			return ret;
		ret = scenario_ops(scn, step->ops, step->keep, &err);
		scenario_release(scn);
		if (ret)
			return ops_failed(scn, ret, &err, res);
		send_stimulus(scn, step);
	}
}

static int run_step(struct scenario *scn, const struct step *step, struct msg_result *res)
{
	uint64_t ns = hold_ns(scn, &step->hold);
	struct err err = { };
	int ret;

	ret = scenario_ops(scn, step->ops, step->keep, &err);
	if (!ret)
		ret = scenario_cgroups(scn, step->cgroups, step->keep, &err);
	if (ret)
		return ops_failed(scn, ret, &err, res);
	if (!scn->start_ns)
		ns += scn->test->settle_ms * NSEC_PER_MSEC;
	scenario_release(scn);
	ret = shares_begin(scn, &err);
	if (ret)
		return ops_failed(scn, ret, &err, res);
	begin(scn, ns);
	send_stimulus(scn, step);
	if (step->hold.kind == HOLD_KIND_LOOP)
		return hold_loop(scn, step, res);
	return scenario_wait(scn, now_ns() + ns, res);
}

static int run_steps(struct scenario *scn, struct msg_result *res)
{
	const struct step *step = scn->test->steps;
	struct err err = { };
	int ret;

	ret = scenario_cgroups(scn, scn->test->backdrop, true, &err);
	if (ret) {
		result_set(scn->g, res, VERDICT_FAIL, cause_of(ret), "backdrop: %s", err.msg);
		return ret;
	}
	for (; step->hold.kind != HOLD_KIND_NONE; step++) {
		ret = run_step(scn, step, res);
		if (ret)
			return ret;
		/* What the last one leaves is part of the general end. */
		if (step[1].hold.kind == HOLD_KIND_NONE)
			break;
		ret = scenario_end_step(scn, &err);
		if (ret)
			return ops_failed(scn, ret, &err, res);
		scn->step++;
	}
	return 0;
}

static int run_body(struct scenario *scn, struct msg_result *res)
{
	int ret;

	begin(scn, 0);
	ret = scn->test->body(scn, res);
	if (ret)
		result_set(scn->g, res, VERDICT_FAIL, CAUSE_OTHER, "the test's own code failed: %s",
			   strerror(-ret));
	return ret;
}

/* What this guest must have; false with a skip in @res. */
static bool needs_met(struct scenario *scn, struct msg_result *res)
{
	const struct ktstr_test *test = scn->test;
	const struct topology *topo = &scn->g->topo;
	const char *what = NULL;
	unsigned int need = 0, have = 0;

	if (cpumask_weight(&scn->all) < test->min_cpus) {
		what = "CPUs";
		need = test->min_cpus;
		have = cpumask_weight(&scn->all);
	} else if (topo->nr_llcs < test->min_llcs) {
		what = "last-level caches";
		need = test->min_llcs;
		have = topo->nr_llcs;
	} else if (topo->nr_nodes < test->min_nodes) {
		what = "NUMA nodes";
		need = test->min_nodes;
		have = topo->nr_nodes;
	} else if (test->needs_smt && topo->threads_per_core < 2) {
		what = "threads a core";
		need = 2;
		have = topo->threads_per_core;
	}
	if (what)
		result_set(scn->g, res, VERDICT_SKIP, CAUSE_NONE, "needs %u %s, this guest has %u",
			   need, what, have);
	return !what;
}

struct judge_ctx {
	struct guest *g;
	struct msg_result *res;
};

static void on_objection(void *ctx, enum verdict verdict, enum cause cause, const char *text)
{
	struct judge_ctx *j = ctx;
	uint32_t before = j->res->verdict;

	result_set(j->g, j->res, verdict, cause, "%s", text);
	/* It was known when there was no more to be seen, not when all had been collected. */
	if (j->res->verdict != before)
		j->res->at_ns = j->res->start_ns + j->res->run_ns;
}

static void on_figures(void *ctx, const char *text)
{
	guest_log(ctx, "%s", text);
}

static void judge_run(struct scenario *scn, const struct numa_state *numa, struct msg_result *res)
{
	struct numa_state now;
	struct judge_ctx ctx = { .g = scn->g, .res = res };
	struct judge_input in = {
		.expect = &scn->expect,
		.own = &scn->test->expect,
		.workers = scn->workers,
		.start_ns = scn->start_ns,
		.steal_ns = res->steal_ns,
		.run_ns = res->run_ns,
		.topo = &scn->g->topo,
	};

	numa_state_read(&now);
	in.slow_nodes = now.slow_nodes;
	in.have_numa_moved = numa->have_moved && now.have_moved;
	in.numa_moved = now.moved - numa->moved;
	judge(&in, on_objection, &ctx);
	judge_describe(&in, on_figures, scn->g);
}

/* One that cannot be ended is the judge's business. */
static void stop_all(struct scenario *scn)
{
	struct worker *w;

	fault_end(scn);
	payloads_end(scn, NULL);
	scenario_thaw(scn, NULL);
	for (w = scn->workers; w; w = w->next)
		worker_mark_stop(w);
	workers_collect(scn->workers);
}

/* Remove all cgroups. One that will not go is an objection, but for who need not leave it. */
static void close_cgroups(struct scenario *scn, struct msg_result *res)
{
	struct err err = { };

	fault_cgroups(scn);
	if (!cgroup_fs_close(&scn->fs, &err))
		return;
	if (scn->expect.no_stop_check && outlives_sigkill(scn))
		guest_log(scn->g, "at the end: %s", err.msg);
	else
		result_set(scn->g, res, VERDICT_FAIL, CAUSE_CGROUP, "at the end: %s", err.msg);
}

/* A limit on shares that is the scheduler's is for tests in which it can be reached. */
static void shares_in_reach(struct scenario *scn, unsigned int duration_ms)
{
	const struct expect *own = &scn->test->expect;
	struct expect *expect = &scn->expect;
	struct ktstr_test test = *scn->test;

	test.expect = (struct expect){ .max_weight_error_pct = expect->max_weight_error_pct };
	if (expect->max_weight_error_pct && !own->max_weight_error_pct &&
	    scenario_check_on(&test, &scn->g->topo, duration_ms, NULL))
		expect->max_weight_error_pct = 0;
	test.expect = (struct expect){ .max_limit_error_pct = expect->max_limit_error_pct };
	if (expect->max_limit_error_pct && !own->max_limit_error_pct &&
	    scenario_check_on(&test, &scn->g->topo, duration_ms, NULL))
		expect->max_limit_error_pct = 0;
}

void scenario_run_in(struct guest *g, struct sched *s, const struct ktstr_test *test,
		     const struct scenario_env *env, struct msg_result *res)
{
	unsigned int duration_ms = test->duration_ms ? test->duration_ms : KTSTR_DURATION_MS;
	struct scenario scn = { .g = g, .sched = s, .test = test, .res = res, .fs.sock = -1 };
	struct steal before, after;
	struct numa_state numa;
	struct err err = { };
	int ret;

	if (g->job.duration_ms)
		duration_ms = g->job.duration_ms;
	scn.duration_ns = duration_ms * NSEC_PER_MSEC;
	expect_of(g->job.sched_expect, test->name, &test->expect, &scn.expect);
	if (s)
		s->no_rcu_stall_check = scn.expect.no_rcu_stall_check;
	cpumask_set_range(&scn.all, 0, g->nr_cpus);
	cpuset_usable(&scn.all, &scn.usable);

	guest_stage(g, STAGE_SETUP);
	if (scenario_check(test, &err)) {
		result_set(g, res, VERDICT_FAIL, CAUSE_INFRA, "bad declaration: %s", err.msg);
		return;
	}
	if (!needs_met(&scn, res))
		return;
	shares_in_reach(&scn, duration_ms);
	/* Workers have no business in the window, and each fork would copy its page tables. */
	if (g->shm.base && madvise(g->shm.base, SHM_SIZE, MADV_DONTFORK))
		guest_log(g, "workers inherit the window: %s", strerror(errno));

	ret = cgroup_fs_open(&scn.fs, env->mount, env->base,
			     test->no_cpu_controller ? CGROUP_NO_CPU : CGROUP_CONTROLLERS,
			     &scn.all, env->serve, &err);
	if (ret) {
		result_set(g, res, VERDICT_FAIL, cause_of(ret), "%s", err.msg);
		close_cgroups(&scn, res);
		return;
	}
	steal_read(&before);
	numa_state_read(&numa);
	ret = test->body ? run_body(&scn, res) : run_steps(&scn, res);
	steal_read(&after);
	if (!ret && scn.start_ns && res->verdict == VERDICT_NONE)
		shares_judge(&scn, res);

	res->start_ns = scn.start_ns;
	res->fault_ns = scn.faulted_ns;
	if (scn.start_ns) {
		res->run_ns = now_ns() - scn.start_ns;
		guest_signal(g, SHM_GST_STOPPED);
	}
	guest_stage(g, STAGE_COLLECT);
	stop_all(&scn);
	res->steal_ns = steal_worst(&before, &after);
	judge_run(&scn, &numa, res);
	scenario_cpus_back(&scn);
	close_cgroups(&scn, res);
	fault_forget(&scn);
	if (fault_missing(&scn) && res->verdict == VERDICT_NONE)
		result_set(g, res, VERDICT_FAIL, CAUSE_INFRA,
			   "faults %#x that the test asks for never came", fault_missing(&scn));
	workers_free(&scn.workers);
	payloads_free(&scn);
	if (res->verdict == VERDICT_NONE)
		res->verdict = VERDICT_PASS;
}

void scenario_run(struct guest *g, struct sched *s, const struct ktstr_test *test,
		  struct msg_result *res)
{
	static const struct scenario_env env = { .mount = CGROUP_MOUNT, .base = CGROUP_BASE };

	scenario_run_in(g, s, test, &env, res);
}
