// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "job.h"
#include "klog.h"
#include "sched_fault.h"
#include "sched_log.h"
#include "scheduler.h"
#include "scx.h"

#define LOG_PATH	"/tmp/scheduler.log"
#define SELF_PATH	"/proc/self/exe"
#define EXEC_FAILED	127

#define POLL_MS		10
/* To load a scheduler takes the longer the more CPUs there are to switch over. */
#define ATTACH_LIMIT(nr_cpus)	(10 * NSEC_PER_SEC + (nr_cpus) * 150 * NSEC_PER_MSEC)
#define PROBE_LIMIT(nr_cpus)	(2 * NSEC_PER_SEC + (nr_cpus) * 50 * NSEC_PER_MSEC)
#define EXIT_LIMIT		(5 * NSEC_PER_SEC)	/* from SIGINT to the loader's end */
#define DISABLE_LIMIT		(5 * NSEC_PER_SEC)	/* from then to "disabled" */
#define LAST_WORDS_LIMIT	(2 * NSEC_PER_SEC)	/* for a loader to see its ejection */
#define REASON_LIMIT		NSEC_PER_SEC		/* for the kernel to say why */

bool scx_present(void)
{
	return !access(SCX_DIR "/state", F_OK);
}

/* --- the loader's process ------------------------------------------------- */

static void __attribute__((noreturn)) exec_loader(struct guest *g, int log_fd)
{
	char *argv[3 + JOB_MAX_ARGS + 1];
	const char *path;
	int null_fd;

	/* Ends with us, and its own children can be ended with it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	/* PID 1 ignores it, which exec would keep. */
	signal(SIGPIPE, SIG_DFL);
	null_fd = open("/dev/null", O_RDONLY);
	if (dup2(log_fd, STDOUT_FILENO) < 0 || dup2(log_fd, STDERR_FILENO) < 0 ||
	    null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0)
		_exit(EXEC_FAILED);

	if (g->job.sched_kind == SCHED_KIND_BUILTIN) {
		path = SELF_PATH;
		argv[0] = (char *)"ktstr";
		argv[1] = (char *)"--role=scheduler";
		argv[2] = g->job.sched_name;
		job_argv(&g->job, argv, 3);
	} else {
		path = SCHED_BINARY_PATH;
		argv[0] = (char *)SCHED_BINARY_PATH;
		job_argv(&g->job, argv, 1);
	}
	execv(path, argv);
	dprintf(STDERR_FILENO, "cannot execute %s: %s\n", path, strerror(errno));
	_exit(EXEC_FAILED);
}

static int spawn_loader(struct guest *g, struct sched *s)
{
	int ret;

	s->log_fd = open(LOG_PATH, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (s->log_fd < 0)
		return -errno;
	s->pid = fork();
	if (s->pid < 0) {
		ret = -errno;
		s->pid = 0;
		return ret;
	}
	if (!s->pid)
		exec_loader(g, s->log_fd);
	s->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	return s->pidfd < 0 ? -errno : 0;
}

/* Wait for the loader's end, at most @limit_ns; true when it has ended, s->wstatus is how. */
static bool loader_ended(struct sched *s, uint64_t limit_ns)
{
	struct pollfd pfd = { .fd = s->pidfd, .events = POLLIN };
	uint64_t deadline = now_ns() + limit_ns;
	int status;

	if (!s->pid)
		return true;
	while (poll(&pfd, 1, (int)(limit_ns / NSEC_PER_MSEC)) < 0 && errno == EINTR) {
		uint64_t now = now_ns();

		limit_ns = deadline > now ? deadline - now : 0;
	}
	if (!pfd.revents || waitpid(s->pid, &status, WNOHANG) != s->pid)
		return false;
	s->wstatus = status;
	s->pid = 0;
	return true;
}

static void kill_loader(struct sched *s)
{
	if (!s->pid)
		return;
	kill(-s->pid, SIGKILL);
	kill(s->pid, SIGKILL);
	loader_ended(s, EXIT_LIMIT);
}

static void release(struct sched *s)
{
	sched_faults_close(s);
	if (s->pidfd >= 0)
		close(s->pidfd);
	if (s->log_fd >= 0)
		close(s->log_fd);
	if (s->kmsg_fd >= 0)
		close(s->kmsg_fd);
	s->pidfd = -1;
	s->log_fd = -1;
	s->kmsg_fd = -1;
}

static const char *exit_text(const struct sched *s, char *buf, size_t size)
{
	if (s->pid)
		snprintf(buf, size, "its loader still runs");
	else if (WIFSIGNALED(s->wstatus))
		snprintf(buf, size, "killed by signal %d (%s)%s", WTERMSIG(s->wstatus),
			 strsignal(WTERMSIG(s->wstatus)),
			 WCOREDUMP(s->wstatus) ? ", core dumped" : "");
	else
		snprintf(buf, size, "exit code %d", WEXITSTATUS(s->wstatus));
	return buf;
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
		if (ret || r->name[0] || now >= deadline)
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
	kill_loader(s);
	log = sched_log_read(s->log_fd);
	if (log)
		sched_log_telling(log, telling, sizeof(telling));
	free(log);
	scx_reason_format(&reason, why, sizeof(why));

	/* Nearest to the cause is what the loader said itself, then the kernel. */
	if (telling[0])
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_ATTACH, "scheduler %s %s: %s",
			   g->job.sched_name, what, telling);
	else if (reason.name[0])
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_ATTACH, "scheduler %s %s; kernel: %s",
			   g->job.sched_name, what, why);
	else
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_ATTACH, "scheduler %s %s",
			   g->job.sched_name, what);
	if (reason.name[0])
		guest_detail(g, "kernel: BPF scheduler %s disabled: %s", reason.name, why);
	sched_log_details(g, s->log_fd);
	sched_log_send(g, s->log_fd);
	if (wait_disabled(&st, DISABLE_LIMIT))
		guest_detail(g, "sched_ext is still \"%s\" after the loader was killed", st.state);
	release(s);
	return -ENOEXEC;
}

static int wait_attached(struct guest *g, struct sched *s, struct msg_result *res,
			 uint64_t seq_before, struct scx_status *st)
{
	uint64_t limit = ATTACH_LIMIT(g->nr_cpus), start = now_ns();
	char buf[96];
	int ret;

	do {
		bool ended = loader_ended(s, POLL_MS * NSEC_PER_MSEC);

		if (ended)
			return attach_failed(g, s, res, "ended before it was attached, %s",
					     exit_text(s, buf, sizeof(buf)));
		ret = scx_read(SCX_DIR, st);
		if (ret)
			return attach_failed(g, s, res, "cannot be watched: reading %s: %s",
					     SCX_DIR, strerror(-ret));
		/* The kernel counts a moment after it says "enabled". */
		if (scx_is(st, "enabled") && st->ops[0] && st->enable_seq != seq_before)
			return 0;
		if (scx_is(st, "disabled") && st->enable_seq != seq_before) {
			loader_ended(s, LAST_WORDS_LIMIT);
			return attach_failed(g, s, res, "was attached and thrown out at once, %s",
					     exit_text(s, buf, sizeof(buf)));
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
	int ret = scx_probe(!st->switch_all, limit);
	char buf[96];

	if (!ret)
		return 0;
	if (loader_ended(s, 0))
		return attach_failed(g, s, res, "ended as soon as it was attached, %s",
				     exit_text(s, buf, sizeof(buf)));
	if (ret == -ETIMEDOUT)
		return attach_failed(g, s, res,
				     "was enabled, but a %s task made no progress in %llu ms",
				     st->switch_all ? "normal" : "SCHED_EXT",
				     limit / NSEC_PER_MSEC);
	return attach_failed(g, s, res, "was enabled, but its first task failed: %s",
			     strerror(-ret));
}

int sched_start(struct guest *g, struct sched *s, struct msg_result *res)
{
	struct scx_status st;
	struct utsname u;
	uint64_t seq;
	int ret;

	memset(s, 0, sizeof(*s));
	s->kind = g->job.sched_kind;
	s->pidfd = -1;
	s->log_fd = -1;
	s->kmsg_fd = -1;
	s->wstatus = -1;
	if (s->kind == SCHED_KIND_NONE)
		return 0;

	if (!scx_present()) {
		result_set(g, res, VERDICT_SKIP, CAUSE_NONE,
			   "kernel %s has no sched_ext, which scheduler %s needs",
			   kernel_release(&u), g->job.sched_name);
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
	ret = spawn_loader(g, s);
	if (ret) {
		result_set(g, res, VERDICT_FAIL, CAUSE_INFRA,
			   "cannot start a process for scheduler %s: %s", g->job.sched_name,
			   strerror(-ret));
		kill_loader(s);
		release(s);
		return ret;
	}

	ret = wait_attached(g, s, res, seq, &st);
	if (!ret)
		ret = prove_it_schedules(g, s, res, &st);
	if (ret)
		return ret;
	snprintf(s->ops, sizeof(s->ops), "%s", st.ops);
	s->enable_seq = st.enable_seq;
	if (s->kind == SCHED_KIND_BUILTIN)
		sched_faults_open(s);
	guest_log(g, "scheduler %s is attached as \"%s\", enable_seq %llu%s", g->job.sched_name,
		  s->ops, (unsigned long long)s->enable_seq,
		  st.switch_all ? "" : ", for SCHED_EXT tasks only");
	guest_signal(g, SHM_GST_ATTACHED);
	return 0;
}

/* --- while it runs -------------------------------------------------------- */

/* @what is what we saw; how it ended, if it did, and what the kernel says tells more. */
static int report_death(struct guest *g, struct sched *s, struct msg_result *res, const char *what)
{
	char exit_buf[96], why[384];
	struct scx_reason reason;

	s->dead = true;
	loader_ended(s, LAST_WORDS_LIMIT);
	exit_text(s, exit_buf, sizeof(exit_buf));
	read_reason(s, &reason, REASON_LIMIT);
	scx_reason_format(&reason, why, sizeof(why));

	if (reason.name[0] && !scx_reason_normal(&reason))
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DIED, "scheduler %s died: %s; %s",
			   g->job.sched_name, why, exit_buf);
	else
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DIED,
			   "scheduler %s died: %s; kernel: %s", g->job.sched_name,
			   s->pid ? what : exit_buf,
			   reason.name[0] ? why : "gave no reason");
	sched_log_details(g, s->log_fd);
	return -ESRCH;
}

int sched_check(struct guest *g, struct sched *s, struct msg_result *res)
{
	struct scx_status st;
	char what[384];
	int ret;

	if (s->kind == SCHED_KIND_NONE)
		return 0;
	if (s->dead)
		return -ESRCH;
	if (loader_ended(s, 0))
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

static void ask_to_end(struct guest *g, struct sched *s, struct msg_result *res)
{
	char buf[96];

	kill(s->pid, SIGINT);
	if (!loader_ended(s, EXIT_LIMIT)) {
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
			   "scheduler %s did not end within %llu ms of SIGINT and was killed",
			   g->job.sched_name, EXIT_LIMIT / NSEC_PER_MSEC);
		kill_loader(s);
	} else if (WIFSIGNALED(s->wstatus) && WTERMSIG(s->wstatus) == SIGKILL) {
		/* Not our doing, and older than our SIGINT: dying takes time on a busy CPU. */
		report_death(g, s, res, "");
	} else if (!ended_well(s)) {
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
			   "scheduler %s did not end well after SIGINT: %s", g->job.sched_name,
			   exit_text(s, buf, sizeof(buf)));
	}
}

void sched_stop(struct guest *g, struct sched *s, struct msg_result *res)
{
	struct scx_reason reason;
	struct scx_status st;
	char why[384];
	int ret;

	if (s->kind == SCHED_KIND_NONE)
		return;
	/* The last look at it while it should be there. */
	if (sched_check(g, s, res))
		kill_loader(s);
	else
		ask_to_end(g, s, res);

	if (wait_disabled(&st, DISABLE_LIMIT)) {
		result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
			   "scheduler %s has ended, but sched_ext is still \"%s\" %llu ms later",
			   g->job.sched_name, st.state, DISABLE_LIMIT / NSEC_PER_MSEC);
	} else {
		ret = scx_probe(false, PROBE_LIMIT(g->nr_cpus));
		if (ret)
			result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
				   "after scheduler %s was detached, a normal task did not run: %s",
				   g->job.sched_name, strerror(-ret));
	}
	if (!s->dead) {
		read_reason(s, &reason, REASON_LIMIT);
		if (reason.name[0] && !scx_reason_normal(&reason))
			result_set(g, res, VERDICT_FAIL, CAUSE_SCHED_DETACH,
				   "scheduler %s was detached by the kernel: %s",
				   g->job.sched_name, scx_reason_format(&reason, why, sizeof(why)));
	}
	sched_log_send(g, s->log_fd);
	release(s);
	if (s->fault_ns)
		res->fault_ns = s->fault_ns;
}
