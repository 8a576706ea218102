// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "expect.h"
#include "job.h"
#include "klog.h"
#include "sched_fault.h"
#include "sched_log.h"
#include "sched_proc.h"
#include "scheduler.h"
#include "scx.h"

#define POLL_MS		10
/*
 * To load a scheduler takes the longer the more CPUs there are to switch over. Under load, and
 * emulated, a loader that reads the BTF of the kernel has needed more than ten seconds.
 */
#define ATTACH_LIMIT(nr_cpus)	(30 * NSEC_PER_SEC + (nr_cpus) * 150 * NSEC_PER_MSEC)
#define PROBE_LIMIT(nr_cpus)	(2 * NSEC_PER_SEC + (nr_cpus) * 50 * NSEC_PER_MSEC)
#define DISABLE_LIMIT		(5 * NSEC_PER_SEC)	/* from then to "disabled" */
#define LAST_WORDS_LIMIT	(2 * NSEC_PER_SEC)	/* for a loader to see its ejection */
#define REASON_LIMIT		NSEC_PER_SEC		/* for the kernel to say why */
#define MESSAGE_LIMIT		(100 * NSEC_PER_MSEC)	/* and, in another line, what happened */

bool scx_present(void)
{
	return !access(SCX_DIR "/state", F_OK);
}

/* --- the kernel's side ---------------------------------------------------- */

static const char *kernel_release(struct utsname *u)
{
	return uname(u) ? "?" : u->release;
}

/* Wait until no scheduler is enabled; 0 or -ETIMEDOUT. */
static int wait_disabled(struct scx_status *st, uint64_t limit_ns)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * NSEC_PER_MSEC };
	uint64_t deadline = now_ns() + limit_ns;

	/* The kernel announces no change of this file. */
	while (scx_read(SCX_DIR, st) || !scx_is(st, "disabled")) {
		if (now_ns() >= deadline)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Those that tell no more are the ends that somebody has asked for. */
static bool all_said(const struct scx_reason *r)
{
	return r->msg[0] || scx_reason_normal(r) || scx_reason_hotplug(r);
}

/* Read on in the kernel log; wait for a reason if there is none yet, at most @limit_ns. */
static void read_reason(struct sched *s, struct scx_reason *r, uint64_t limit_ns)
{
	struct pollfd pfd = { .fd = s->kmsg_fd, .events = POLLIN };
	uint64_t deadline = now_ns() + limit_ns;
	char buf[KLOG_RECORD_LEN];
	struct klog_rec rec;
	unsigned int reads = 0;
	uint64_t lost = 0;
	int ret;

	memset(r, 0, sizeof(*r));
	if (s->kmsg_fd < 0)
		return;
	for (;;) {
		uint64_t now;

		while ((ret = klog_read(s->kmsg_fd, buf, &rec, &lost)) > 0 &&
		       reads++ < KLOG_MAX_READS)
			scx_reason_line(r, rec.text);
		now = now_ns();
		if (r->name[0])
			deadline = min(deadline, now + MESSAGE_LIMIT);
		if (ret || all_said(r) || now >= deadline)
			return;
		if (poll(&pfd, 1, (int)DIV_ROUND_UP(deadline - now, NSEC_PER_MSEC)) < 0 &&
		    errno != EINTR)
			return;
	}
}

/* --- start ---------------------------------------------------------------- */

/* There is no scheduler: say why, leave nothing behind. @what is how far it came. */
static int __printf(4, 5) attach_failed(struct guest *g, struct sched *s, struct msg_result *res,
					const char *fmt, ...)
{
	char what[160], telling[256] = "", why[384];
	struct scx_reason reason;
	struct scx_status st;
	va_list ap;
	char *log;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);

	read_reason(s, &reason, 0);
	scx_probe_end(&s->probe);
	sched_proc_kill(s);
	log = sched_log_read(s->log_fd);
	if (log)
		sched_log_telling(log, telling, sizeof(telling));
	free(log);
	scx_reason_format(&reason, why, sizeof(why));

	/* Nearest to the cause is what the loader said itself, then the kernel. */
	if (telling[0])
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_ATTACH, "scheduler %s %s: %s",
			   s->name, what, telling);
	else if (reason.name[0])
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_ATTACH, "scheduler %s %s; kernel: %s",
			   s->name, what, why);
	else
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_ATTACH, "scheduler %s %s",
			   s->name, what);
	if (reason.name[0])
		guest_detail(g, "kernel: BPF scheduler %s disabled: %s", reason.name, why);
	sched_log_details(g, s->log_fd);
	sched_log_send(g, s->log_fd);
	if (wait_disabled(&st, DISABLE_LIMIT))
		guest_detail(g, "sched_ext is still \"%s\" after the loader was killed", st.state);
	sched_proc_release(s);
	return -ENOEXEC;
}

/* What is said of the scheduler, whatever the test expects. */
static struct expect said_of(const struct guest *g)
{
	const struct expect none = { };
	struct expect said;

	expect_of(g->job.sched_expect, g->job.test, &none, &said);
	return said;
}

static uint64_t attach_limit(const struct guest *g)
{
	const struct expect said = said_of(g);

	return said.attach_ms ? said.attach_ms * NSEC_PER_MSEC : ATTACH_LIMIT(g->nr_cpus);
}

static int wait_attached(struct guest *g, struct sched *s, struct msg_result *res,
			 uint64_t seq_before, struct scx_status *st)
{
	uint64_t limit = attach_limit(g), start = now_ns();
	char buf[96];
	int ret;

	do {
		bool ended = sched_proc_ended(s, POLL_MS * NSEC_PER_MSEC);

		if (ended)
			return attach_failed(g, s, res, "ended before it was attached, %s",
					     sched_proc_exit_text(s, buf, sizeof(buf)));
		ret = scx_read(SCX_DIR, st);
		if (ret)
			return attach_failed(g, s, res, "cannot be watched: reading %s: %s",
					     SCX_DIR, strerror(-ret));
		/* The kernel counts a moment after it says "enabled". */
		if (scx_is(st, "enabled") && st->ops[0] && st->enable_seq != seq_before)
			return 0;
		if (scx_is(st, "disabled") && st->enable_seq != seq_before) {
			sched_proc_ended(s, LAST_WORDS_LIMIT);
			return attach_failed(g, s, res, "was attached and thrown out at once, %s",
					     sched_proc_exit_text(s, buf, sizeof(buf)));
		}
	} while (now_ns() - start < limit);

	if (scx_is(st, "enabled"))
		return attach_failed(g, s, res,
				     "is enabled, but %s has root/ops \"%s\" and enable_seq %llu after %llu ms",
				     SCX_DIR, st->ops, (unsigned long long)st->enable_seq,
				     limit / NSEC_PER_MSEC);
	return attach_failed(g, s, res, "was not attached after %llu ms, state is \"%s\"",
			     limit / NSEC_PER_MSEC, st->state);
}

/* Enabled is what the kernel says; that it schedules is shown by a task. */
static int prove_it_schedules(struct guest *g, struct sched *s, struct msg_result *res,
			      const struct scx_status *st)
{
	uint64_t limit = PROBE_LIMIT(g->nr_cpus);
	int ret = scx_probe_start(&s->probe, !st->switch_all);
	char buf[96];

	if (!ret)
		ret = scx_probe_ask(&s->probe, limit);
	if (!ret)
		return 0;
	if (sched_proc_ended(s, 0))
		return attach_failed(g, s, res, "ended as soon as it was attached, %s",
				     sched_proc_exit_text(s, buf, sizeof(buf)));
	if (ret == -ETIMEDOUT)
		return attach_failed(g, s, res,
				     "was enabled, but a %s task made no progress in %llu ms",
				     st->switch_all ? "normal" : "SCHED_EXT",
				     limit / NSEC_PER_MSEC);
	return attach_failed(g, s, res, "was enabled, but its first task failed: %s",
			     strerror(-ret));
}

int sched_attach(struct guest *g, struct sched *s, const char *builtin, struct msg_result *res)
{
	struct scx_status st;
	struct utsname u;
	uint64_t seq;
	int ret;

	s->builtin = builtin;
	s->name = builtin ? builtin : g->job.sched_name;
	s->wstatus = -1;
	s->dead = false;
	if (!scx_present()) {
		result_set(g, res, VERDICT_SKIP, CAUSE_NONE,
			   "kernel %s has no sched_ext, which scheduler %s needs",
			   kernel_release(&u), s->name);
		return -EOPNOTSUPP;
	}
	ret = scx_read(SCX_DIR, &st);
	if (ret || !scx_is(&st, "disabled")) {
		result_set(g, res, VERDICT_FAIL, CAUSE_INFRA,
			   "sched_ext is \"%s\" before the start: %s", st.state,
			   ret ? strerror(-ret) : st.ops);
		return ret ? ret : -EBUSY;
	}
	seq = st.enable_seq;

	s->kmsg_fd = klog_open();
	ret = sched_proc_spawn(g, s);
	if (ret) {
		result_set(g, res, VERDICT_FAIL, CAUSE_INFRA,
			   "cannot start a process for scheduler %s: %s", s->name,
			   strerror(-ret));
		sched_proc_kill(s);
		sched_proc_release(s);
		return ret;
	}

	ret = wait_attached(g, s, res, seq, &st);
	if (!ret)
		ret = prove_it_schedules(g, s, res, &st);
	if (ret)
		return ret;
	s->attached = true;
	snprintf(s->ops, sizeof(s->ops), "%s", st.ops);
	s->enable_seq = st.enable_seq;
	if (s->kind == SCHED_KIND_BUILTIN)
		sched_faults_open(s);
	guest_log(g, "scheduler %s is attached as \"%s\", enable_seq %llu%s", s->name,
		  s->ops, (unsigned long long)s->enable_seq,
		  st.switch_all ? "" : ", for SCHED_EXT tasks only");
	guest_signal(g, SHM_GST_ATTACHED);
	return 0;
}

int sched_start(struct guest *g, struct sched *s, struct msg_result *res)
{
	memset(s, 0, sizeof(*s));
	s->kind = g->job.sched_kind;
	s->name = g->job.sched_name;
	s->pidfd = -1;
	s->log_fd = -1;
	s->kmsg_fd = -1;
	s->wstatus = -1;
	return s->kind == SCHED_KIND_NONE ? 0 : sched_attach(g, s, NULL, res);
}

/* --- while it runs -------------------------------------------------------- */

/*
 * The kernel throws out a scheduler that has no callbacks for CPUs that come and go, and
 * expects its user to start it again.
 */
static int restart_after_hotplug(struct guest *g, struct sched *s, struct msg_result *res)
{
	struct scx_status st;

	guest_log(g, "scheduler %s was ended by CPU hotplug, and is started again", s->name);
	s->hotplug = false;
	s->attached = false;
	scx_probe_end(&s->probe);
	sched_proc_kill(s);
	sched_log_send(g, s->log_fd);
	sched_proc_release(s);
	if (wait_disabled(&st, DISABLE_LIMIT)) {
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
			   "scheduler %s was ended by CPU hotplug, but sched_ext is still \"%s\" %llu ms later",
			   s->name, st.state, DISABLE_LIMIT / NSEC_PER_MSEC);
		return -ESRCH;
	}
	return sched_attach(g, s, s->builtin, res);
}

/*
 * The kernel takes a scheduler for the cause of an RCU stall, and ends it. If that was why, it is
 * what is judged, where that is.
 */
static bool ended_for_rcu_stall(struct guest *g, const struct sched *s,
				const struct scx_reason *reason, struct msg_result *res)
{
	char why[384];

	if (!scx_reason_rcu_stall(reason))
		return false;
	scx_reason_format(reason, why, sizeof(why));
	if (s->no_rcu_stall_check)
		result_set(g, res, VERDICT_INCONCLUSIVE, CAUSE_RCU_STALL,
			   "scheduler %s died: %s, which is not judged; it could not go on", s->name,
			   why);
	else
		result_set(g, res, VERDICT_FAIL, CAUSE_RCU_STALL, "scheduler %s died: %s", s->name,
			   why);
	return true;
}

/* @what is what we saw; how it ended, if it did, and what the kernel says tells more. */
static int report_death(struct guest *g, struct sched *s, struct msg_result *res, const char *what)
{
	char exit_buf[96], why[384];
	struct scx_reason reason;

	sched_proc_ended(s, LAST_WORDS_LIMIT);
	sched_proc_exit_text(s, exit_buf, sizeof(exit_buf));
	read_reason(s, &reason, REASON_LIMIT);
	if (s->hotplug && scx_reason_hotplug(&reason))
		return restart_after_hotplug(g, s, res);
	s->dead = true;
	scx_reason_format(&reason, why, sizeof(why));

	if (ended_for_rcu_stall(g, s, &reason, res))
		;
	else if (reason.name[0] && !scx_reason_normal(&reason))
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DIED, "scheduler %s died: %s; %s",
			   s->name, why, exit_buf);
	else
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DIED,
			   "scheduler %s died: %s; kernel: %s", s->name,
			   s->pid ? what : exit_buf,
			   reason.name[0] ? why : "gave no reason");
	sched_log_details(g, s->log_fd);
	return -ESRCH;
}

/* After a detach there must be none. */
static int check_absent(struct guest *g, struct sched *s, struct msg_result *res)
{
	struct scx_status st;
	int ret = scx_read(SCX_DIR, &st);

	if (!ret && scx_is(&st, "disabled") && st.enable_seq == s->enable_seq)
		return 0;
	result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
		   "scheduler %s was detached, but sched_ext is \"%s\" with \"%s\", enable_seq %llu (%llu then)%s%s",
		   s->name, st.state, st.ops, (unsigned long long)st.enable_seq,
		   (unsigned long long)s->enable_seq, ret ? ": " : "", ret ? strerror(-ret) : "");
	return -EEXIST;
}

int sched_check(struct guest *g, struct sched *s, struct msg_result *res)
{
	struct scx_status st;
	char what[384];
	int ret;

	if (s->kind == SCHED_KIND_NONE)
		return 0;
	if (!s->attached)
		return check_absent(g, s, res);
	if (s->dead)
		return -ESRCH;
	if (sched_proc_ended(s, 0))
		return report_death(g, s, res, "");

	ret = scx_read(SCX_DIR, &st);
	if (ret)
		snprintf(what, sizeof(what), "reading %s: %s", SCX_DIR, strerror(-ret));
	else if (!scx_is(&st, "enabled"))
		snprintf(what, sizeof(what), "sched_ext is \"%s\"", st.state);
	else if (st.enable_seq != s->enable_seq || strcmp(st.ops, s->ops))
		snprintf(what, sizeof(what),
			 "\"%s\", enable_seq %llu, was replaced by \"%s\", enable_seq %llu",
			 s->ops, (unsigned long long)s->enable_seq, st.ops,
			 (unsigned long long)st.enable_seq);
	else
		return 0;
	return report_death(g, s, res, what);
}

/* --- stop ----------------------------------------------------------------- */

/* How it ended when asked to: with 0, or as a program that does not handle SIGINT. */
static bool ended_well(const struct sched *s)
{
	if (WIFSIGNALED(s->wstatus))
		return WTERMSIG(s->wstatus) == SIGINT;
	return WEXITSTATUS(s->wstatus) == 0 || WEXITSTATUS(s->wstatus) == 128 + SIGINT;
}

/* 1: it did not, and has not promised to. */
static int ask_to_end(struct guest *g, struct sched *s, struct msg_result *res)
{
	char buf[96];

	kill(s->pid, SIGINT);
	if (!sched_proc_ended(s, SCHED_EXIT_LIMIT)) {
		if (said_of(g).no_detach_check) {
			sched_proc_kill(s);
			return 1;
		}
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
			   "scheduler %s did not end within %llu ms of SIGINT and was killed",
			   s->name, SCHED_EXIT_LIMIT / NSEC_PER_MSEC);
		sched_proc_kill(s);
	} else if (WIFSIGNALED(s->wstatus) && WTERMSIG(s->wstatus) == SIGKILL) {
		/* Not our doing, and older than our SIGINT: dying takes time on a busy CPU. */
		s->hotplug = false;	/* nobody wants it back */
		report_death(g, s, res, "");
	} else if (!ended_well(s)) {
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
			   "scheduler %s did not end well after SIGINT: %s", s->name,
			   sched_proc_exit_text(s, buf, sizeof(buf)));
	} else {
		return 0;
	}
	return -EPROTO;
}

static int kill_it(struct guest *g, struct sched *s, struct msg_result *res)
{
	sched_proc_kill(s);
	if (!s->pid)
		return 0;
	result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
		   "scheduler %s did not end within %llu ms of SIGKILL", s->name,
		   SCHED_EXIT_LIMIT / NSEC_PER_MSEC);
	return -EPROTO;
}

/* The kernel's own scheduler must have taken over. */
static int check_fallback(struct guest *g, struct sched *s, struct msg_result *res)
{
	struct scx_status st;
	int ret;

	if (wait_disabled(&st, DISABLE_LIMIT)) {
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
			   "scheduler %s has ended, but sched_ext is still \"%s\" %llu ms later",
			   s->name, st.state, DISABLE_LIMIT / NSEC_PER_MSEC);
		return -EPROTO;
	}
	ret = scx_probe(false, PROBE_LIMIT(g->nr_cpus));
	if (ret) {
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
			   "after scheduler %s was detached, a normal task did not run: %s",
			   s->name, strerror(-ret));
		return ret;
	}
	/* One that died was started again, and did not come back. */
	if (!s->probe.pid)
		return 0;
	/* Whoever slept through the change is of no run queue, where one could see its class. */
	ret = scx_probe_ask(&s->probe, PROBE_LIMIT(g->nr_cpus));
	if (ret)
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
			   "after scheduler %s was detached, a task that had slept since it was attached did not run: %s",
			   s->name, strerror(-ret));
	return ret;
}

int sched_detach(struct guest *g, struct sched *s, bool by_kill, struct msg_result *res)
{
	struct scx_reason reason;
	char why[384];
	int ret, first;

	/* The last look at it while it should be there. */
	first = sched_check(g, s, res);
	if (first)
		sched_proc_kill(s);
	else
		first = by_kill ? kill_it(g, s, res) : ask_to_end(g, s, res);
	/* What becomes of it, if it did not end, is not judged either. */
	ret = first > 0 ? 0 : check_fallback(g, s, res);
	first = first ? first : ret;
	if (!s->dead && first <= 0) {
		read_reason(s, &reason, REASON_LIMIT);
		if (reason.name[0] && !scx_reason_normal(&reason)) {
			if (!ended_for_rcu_stall(g, s, &reason, res))
				result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
					   "scheduler %s was detached by the kernel: %s", s->name,
					   scx_reason_format(&reason, why, sizeof(why)));
			first = first ? first : -EPROTO;
		}
	}
	s->attached = false;
	scx_probe_end(&s->probe);
	sched_log_send(g, s->log_fd);
	sched_proc_release(s);
	if (s->fault_ns)
		res->fault_ns = s->fault_ns;
	return min(first, 0);
}

void sched_stop(struct guest *g, struct sched *s, struct msg_result *res)
{
	if (s->kind == SCHED_KIND_NONE)
		return;
	if (s->attached)
		sched_detach(g, s, false, res);
	else
		check_absent(g, s, res);
}
