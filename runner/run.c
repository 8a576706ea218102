// SPDX-License-Identifier: GPL-2.0
/*
 * run.c - runs the plan: processes, images, deadlines, the order of the output
 *
 * Single-threaded: one poll() over the pipes of the children and the signals.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../lib/report.h"
#include "child.h"
#include "deadline.h"
#include "diag.h"
#include "group.h"
#include "keep.h"
#include "signals.h"
#include "table.h"

#define BUDGET_RESERVE_S	30	/* of kselftest's time-out, for what still runs */
#define POLL_MS			1000
#define REAP_MS			10000	/* for processes that were killed */
#define SETTLE_MS		50	/* for our own copy of a signal that killed a child */

enum progress {
	TODO,
	RUNNING,
	DONE,
};

struct slot {
	enum progress progress;
	struct instance_result res;
};

struct state {
	const struct runner *run;
	struct slot *slot;		/* one for each instance of the plan */
	struct groups groups;
	struct child *child;		/* opts.jobs of them */
	unsigned int nr_running;
	unsigned int nr_printed;
	struct caught *caught;		/* one for each instance of the plan */
	int sigfd;
	uint64_t looked_ns;		/* when children were last looked after */
	bool status;			/* is there a status line on the terminal? */
	bool out_of_time;
};

static void status_clear(struct state *st)
{
	if (st->status)
		fputs("\r\033[K", stderr);
	st->status = false;
}

/* A person in front of a terminal likes to see that something happens. */
static void status_show(struct state *st)
{
	const struct plan *plan = &st->run->plan;
	uint64_t now = now_ns();
	unsigned int i;

	if (!isatty(STDERR_FILENO) || !st->nr_running)
		return;
	status_clear(st);
	fprintf(stderr, "[%u/%u]", st->nr_printed, plan->nr);
	for (i = 0; i < st->run->opts.jobs; i++) {
		const struct child *c = &st->child[i];

		if (c->pid && i < 2)
			fprintf(stderr, " %s%s %.0f s", c->template ? "booting for " : "",
				plan->inst[c->index].name, (now - c->start_ns) / 1e9);
	}
	if (st->nr_running > 2)
		fprintf(stderr, " (%u run)", st->nr_running);
	fflush(stderr);
	st->status = true;
}

static void outcome_set(struct instance_result *res, enum verdict verdict, enum cause cause,
			const char *text)
{
	res->outcome.verdict = verdict;
	res->outcome.cause = cause;
	snprintf(res->outcome.text, sizeof(res->outcome.text), "%s", text);
}

/* Print what is next in the order of the plan and done. */
static int print_done(struct state *st)
{
	const struct plan *plan = &st->run->plan;

	while (st->nr_printed < plan->nr && st->slot[st->nr_printed].progress == DONE) {
		struct slot *slot = &st->slot[st->nr_printed];

		status_clear(st);
		diag_instance(st->run, &plan->inst[st->nr_printed], &slot->res);
		st->caught[st->nr_printed] = slot->res.outcome.caught;
		instance_result_free(&slot->res);
		st->nr_printed++;
		if (fflush(stdout) || ferror(stdout))
			return -EPIPE;
	}
	return 0;
}

static void finish(struct state *st, unsigned int index)
{
	const struct runner *run = st->run;
	struct slot *slot = &st->slot[index];

	result_unmet(&slot->res, run->opts.nr_topologies);
	slot->progress = DONE;
	if (run->opts.keep) {
		keep_phases(run, run->plan.inst[index].name, &slot->res);
		keep_result(run->opts.keep, run->plan.inst[index].name, &slot->res);
	}
	groups_put(&st->groups, index);
}

static void result_copy(struct instance_result *to, const struct instance_result *from)
{
	unsigned int i;

	*to = *from;
	for (i = 0; i < NR_SECTIONS; i++) {
		to->section[i] = (struct textbuf){ 0 };
		textbuf_tail(&to->section[i], textbuf_str(&from->section[i]), from->section[i].len,
			     UINT_MAX);
		to->section[i].nr_dropped += from->section[i].nr_dropped;
	}
}

static void skip_some(struct state *st)
{
	const struct plan *plan = &st->run->plan;
	unsigned int i;

	for (i = 0; i < plan->nr; i++) {
		if (!plan->inst[i].skip[0])
			continue;
		outcome_set(&st->slot[i].res, VERDICT_SKIP, CAUSE_NONE, plan->inst[i].skip);
		finish(st, i);
	}
}

static void fail_group(struct state *st, struct group *g)
{
	unsigned int i;

	g->failure.warm = groups_warm(g);
	/* All of them end here, and the last one frees the failure. */
	for (i = 0; i < st->run->plan.nr; i++) {
		if (groups_of(&st->groups, i) != g || st->slot[i].progress != TODO)
			continue;
		result_copy(&st->slot[i].res, &g->failure);
		finish(st, i);
	}
}

static struct child *free_child(struct state *st)
{
	unsigned int i;

	for (i = 0; i < st->run->opts.jobs; i++)
		if (!st->child[i].pid)
			return &st->child[i];
	return NULL;
}

static void start_template(struct state *st, struct child *c, unsigned int index)
{
	struct group *g = groups_of(&st->groups, index);
	struct err err = { "" };
	int ret;

	ret = template_open(&g->tmpl, &err);
	if (!ret) {
		ret = child_start(st->run, index, &g->tmpl, true, c, &err);
		if (ret)
			template_close(&g->tmpl);
	}
	if (!ret) {
		g->state = GROUP_BUILDING;
		st->nr_running++;
		return;
	}
	g->state = GROUP_FAILED;
	outcome_set(&g->failure, VERDICT_FAIL, CAUSE_INFRA, err.msg);
	fail_group(st, g);
}

static void start_instance(struct state *st, struct child *c, unsigned int index)
{
	struct group *g = groups_of(&st->groups, index);
	struct err err = { "" };

	/* Its group may be another one when it ends. */
	st->slot[index].res.warm = groups_warm(g);
	if (!child_start(st->run, index, g->state == GROUP_READY ? &g->tmpl : NULL, false, c,
			 &err)) {
		st->slot[index].progress = RUNNING;
		st->nr_running++;
		return;
	}
	outcome_set(&st->slot[index].res, VERDICT_FAIL, CAUSE_INFRA, err.msg);
	finish(st, index);
}

static void check_budget(struct state *st)
{
	const struct runner *run = st->run;
	uint64_t spent = now_ns() - run->start_ns;
	char text[160];
	unsigned int i;

	if (!run->budget_s || st->out_of_time)
		return;
	if (spent + BUDGET_RESERVE_S * NSEC_PER_SEC < run->budget_s * NSEC_PER_SEC)
		return;
	st->out_of_time = true;
	snprintf(text, sizeof(text),
		 "not started: %.0f s of the %u s that kselftest gives were over; see settings",
		 spent / 1e9, run->budget_s);
	for (i = 0; i < run->plan.nr; i++) {
		if (st->slot[i].progress != TODO)
			continue;
		outcome_set(&st->slot[i].res, VERDICT_SKIP, CAUSE_NONE, text);
		finish(st, i);
	}
}

/* Start whatever can be started, first in the plan first. */
static void start_some(struct state *st)
{
	struct child *c;
	unsigned int i;

	check_budget(st);
	for (i = st->nr_printed; i < st->run->plan.nr; i++) {
		struct group *g = groups_of(&st->groups, i);

		if (st->slot[i].progress != TODO || g->state == GROUP_BUILDING)
			continue;
		c = free_child(st);
		if (!c)
			return;
		if (g->state == GROUP_NEW)
			start_template(st, c, i);
		else
			start_instance(st, c, i);
	}
}

static void on_template(struct state *st, struct group *g, struct instance_result *res)
{
	if (res->outcome.verdict == VERDICT_PASS) {
		g->state = GROUP_READY;
		instance_result_free(res);
		/* All who wanted it may have run out of time. */
		if (!g->nr_left)
			template_close(&g->tmpl);
		return;
	}
	template_close(&g->tmpl);
	if (res->flags & RESULT_NO_WINDOW) {
		status_clear(st);
		report_diag("",
			    "this kernel lets PID 1 see no window: each instance boots with its job");
		g->state = GROUP_COLD;
		instance_result_free(res);
		return;
	}
	if (g->tmpl.attached && res->have_result) {
		status_clear(st);
		if (res->outcome.verdict == VERDICT_FAIL)
			report_diag("", "each test attaches it by itself: %s", res->outcome.text);
		instance_result_free(res);
		groups_dissolve(&st->groups, g);
		return;
	}
	g->state = GROUP_FAILED;
	g->failure = *res;
	if (g->nr_left)
		fail_group(st, g);
	else
		instance_result_free(&g->failure);
}

static void judge_teardown(const struct plan_instance *inst, struct instance_result *res)
{
	const uint64_t *at = res->phases.at_ns;

	outcome_judge_teardown(inst->test, &inst->expect, at[PHASE_TEARDOWN] - at[PHASE_END],
			       &res->outcome);
}

static void on_reaped(struct state *st, struct child *c, int wstatus)
{
	struct instance_result res;
	unsigned int index = c->index;
	bool template = c->template;

	child_result(c, wstatus, &res);
	st->nr_running--;
	if (template) {
		on_template(st, groups_of(&st->groups, index), &res);
		return;
	}
	if (res.phases.at_ns[PHASE_TEARDOWN])
		judge_teardown(&st->run->plan.inst[index], &res);
	res.warm = st->slot[index].res.warm;
	st->slot[index].res = res;
	finish(st, index);
}

/* Reap what has ended; returns a signal that is to end the run, or 0. */
static int reap(struct state *st)
{
	unsigned int i;
	int wstatus, sig;
	pid_t pid;

	/* Orphans of a child that died come here too: we are their reaper. */
	while ((pid = waitpid(-1, &wstatus, WNOHANG)) > 0) {
		for (i = 0; i < st->run->opts.jobs; i++)
			if (st->child[i].pid == pid)
				break;
		if (i == st->run->opts.jobs)
			continue;
		/* A signal to the whole process group hits child and parent in any order. */
		if (WIFSIGNALED(wstatus) &&
		    (WTERMSIG(wstatus) == SIGINT || WTERMSIG(wstatus) == SIGTERM ||
		     WTERMSIG(wstatus) == SIGHUP)) {
			sig = signals_read(st->sigfd, SETTLE_MS);
			if (sig) {
				st->child[i].pid = 0;
				close(st->child[i].fd);
				result_reader_free(&st->child[i].rd);
				st->nr_running--;
				return sig;
			}
		}
		on_reaped(st, &st->child[i], wstatus);
	}
	return 0;
}

/*
 * Children that do not see to their own deadlines. Whoever was stopped together with them, as by
 * Ctrl-Z, cannot know that.
 */
static void kill_late(struct state *st)
{
	uint64_t now = now_ns(), stopped = deadline_stopped(&st->looked_ns, now, POLL_MS);
	unsigned int i;

	for (i = 0; i < st->run->opts.jobs; i++) {
		struct child *c = &st->child[i];

		if (!c->pid)
			continue;
		c->limit_ns += stopped;
		if (now - c->start_ns > c->limit_ns)
			kill(c->pid, SIGKILL);
	}
	st->looked_ns = now;
}

static void kill_all(struct state *st)
{
	struct pollfd pfd = { .fd = st->sigfd, .events = POLLIN };
	uint64_t until = now_ns() + REAP_MS * NSEC_PER_MSEC;
	struct signalfd_siginfo info;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < st->run->opts.jobs; i++) {
		if (!st->child[i].pid)
			continue;
		kill(st->child[i].pid, SIGKILL);
		close(st->child[i].fd);
		result_reader_free(&st->child[i].rd);
		st->child[i].pid = 0;
	}
	/* Until no descendant is left, the engines of the children among them. */
	while (now_ns() < until) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return;
		if (poll(&pfd, 1, 100) > 0 && read(st->sigfd, &info, sizeof(info)) < 0)
			return;
	}
}

/* Wait for results and signals; returns a signal that is to end the run, or 0. */
static int wait_some(struct state *st)
{
	unsigned int jobs = st->run->opts.jobs, i;
	struct pollfd pfd[OPTIONS_MAX_JOBS + 1];
	int sig;

	for (i = 0; i < jobs; i++) {
		struct child *c = &st->child[i];

		pfd[i] = (struct pollfd){ .fd = c->pid && !c->eof ? c->fd : -1, .events = POLLIN };
	}
	pfd[jobs] = (struct pollfd){ .fd = st->sigfd, .events = POLLIN };
	if (poll(pfd, jobs + 1, POLL_MS) < 0 && errno != EINTR)
		return SIGABRT;
	if (pfd[jobs].revents) {
		sig = signals_read(st->sigfd, 0);
		if (sig)
			return sig;
	}
	/* Read while they write, or a long result would block its writer. */
	for (i = 0; i < jobs; i++) {
		struct child *c = &st->child[i];
		int ret;

		if (!(pfd[i].revents & (POLLIN | POLLHUP | POLLERR)) || !c->pid)
			continue;
		ret = result_read(&c->rd, c->fd);
		if (ret < 0)
			kill(c->pid, SIGKILL);
		c->eof = ret > 0;
	}
	kill_late(st);
	return reap(st);
}

static void state_free(struct state *st)
{
	unsigned int i;

	for (i = 0; st->slot && i < st->run->plan.nr; i++)
		instance_result_free(&st->slot[i].res);
	groups_free(&st->groups);
	free(st->slot);
	free(st->caught);
	free(st->child);
	if (st->sigfd >= 0)
		close(st->sigfd);
}

int runner_run(const struct runner *run)
{
	struct state st = { .run = run, .sigfd = -1 };
	struct err err = { "" };
	int sig = 0, ret = 0;
	char text[64];
	sigset_t old;

	report_plan(run->plan.nr);
	st.slot = calloc(run->plan.nr, sizeof(*st.slot));
	st.caught = calloc(run->plan.nr, sizeof(*st.caught));
	st.child = calloc(run->opts.jobs, sizeof(*st.child));
	st.sigfd = signals_open(&old, &err);
	if (groups_make(&st.groups, run) || !st.slot || !st.caught || !st.child || st.sigfd < 0) {
		report_bail_out(err.msg[0] ? err.msg : "out of memory");
		goto out;
	}
	/* What a child leaves behind becomes ours, to be waited for. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	skip_some(&st);
	while (!ret && !sig && st.nr_printed < run->plan.nr) {
		start_some(&st);
		ret = print_done(&st);
		if (ret || st.nr_printed == run->plan.nr)
			break;
		status_show(&st);
		sig = wait_some(&st);
	}
	status_clear(&st);
	kill_all(&st);
	if (!ret)
		table_print(&run->plan, st.caught, st.nr_printed);
	if (sig) {
		snprintf(text, sizeof(text), "ended by signal %d (%s)", sig, strsignal(sig));
		report_bail_out(text);
	}
out:
	state_free(&st);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return report_finish();
}
