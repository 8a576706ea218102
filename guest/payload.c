// SPDX-License-Identifier: GPL-2.0
/*
 * Programs of the host that run in the guest: started, waited for, judged.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "payload.h"
#include "sched_log.h"
#include "steps.h"

#define EXEC_FAILED	127
#define KSFT_SKIP	4
#define KILL_MS		5000

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *payload_path(const struct ktstr_payload *def, const char *host_path, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s/%s", PAYLOAD_DIR, def->name, base_name(host_path));
	return buf;
}

bool payload_number(const char *text, const char *key, double *val)
{
	size_t len = strlen(key);
	bool found = false;
	const char *at;

	for (at = strstr(text, key); at; at = strstr(at + 1, key)) {
		const char *num = at + len + strspn(at + len, " \t:=");
		double v;
		char *end;

		v = strtod(num, &end);
		/* Not what stands in the next line, nor a number by name only. */
		if (end == num || isspace((unsigned char)*num) || v - v != 0)
			continue;
		*val = v;
		found = true;
	}
	return found;
}

char **payload_argv(const struct ktstr_payload *def, char *path)
{
	unsigned int nr = 0;
	char **argv;

	while (def->args && def->args[nr])
		nr++;
	argv = calloc(nr + 2, sizeof(*argv));
	if (!argv)
		return NULL;
	argv[0] = path;
	if (nr)
		memcpy(argv + 1, def->args, nr * sizeof(*argv));
	return argv;
}

static bool takes_name(const struct ktstr_test *test, const struct ktstr_payload *def)
{
	const struct step *step;
	const struct op *op;

	for_each_op(test, step, op) {
		if (op->kind == OP_RUN_PAYLOAD && op->payload && op->payload != def &&
		    op->payload->name && !strcmp(op->payload->name, def->name))
			return true;
	}
	return false;
}

/* All of them go into one directory, each under the last part of its name. */
static int check_files(const struct ktstr_payload *def, struct err *err)
{
	const char *const *file, *const *other;

	for (file = def->files; file && *file; file++) {
		const char *name = base_name(*file);
		bool taken = !strcmp(name, base_name(def->program));

		for (other = def->files; other < file && !taken; other++)
			taken = !strcmp(name, base_name(*other));
		if (taken || !*name)
			return err_set(err, -EINVAL, "payload %s: %s: %s", def->name, *file,
				       taken ? "another one of its files is called that" :
					       "that is no file");
	}
	return 0;
}

int payload_check(const struct ktstr_test *test, const struct ktstr_payload *def, struct err *err)
{
	const struct ktstr_test *const *pos;

	if (check_files(def, err))
		return -EINVAL;
	if (takes_name(test, def))
		return err_set(err, -EINVAL, "payload %s: another one of this test has its name",
			       def->name);
	/* Those of all tests are packed, for a guest to be fit for each. */
	for_each_test(pos) {
		if (takes_name(*pos, def))
			return err_set(err, -EINVAL, "payload %s: one of test %s has its name",
				       def->name, (*pos)->name);
	}
	return 0;
}

/* --- its process ---------------------------------------------------------- */

static void __noreturn exec_payload(const struct ktstr_payload *def, int log_fd, int go_fd)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	char path[512], **argv, go;
	sigset_t none;
	int sig;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	payload_path(def, def->program, path, sizeof(path));
	argv = payload_argv(def, path);
	/* Not before it is in its cgroup. */
	if (!argv || read(go_fd, &go, 1) != 1)
		_exit(EXEC_FAILED);
	if (dup2(log_fd, STDOUT_FILENO) < 0 || dup2(log_fd, STDERR_FILENO) < 0)
		_exit(EXEC_FAILED);
	*strrchr(path, '/') = '\0';
	if (chdir(path))
		dprintf(STDERR_FILENO, "cannot enter %s: %s\n", path, strerror(errno));
	payload_path(def, def->program, path, sizeof(path));
	execv(path, argv);
	dprintf(STDERR_FILENO, "cannot execute %s: %s\n", path, strerror(errno));
	_exit(EXEC_FAILED);
}

static struct payload *find(const struct scenario *scn, const struct ktstr_payload *def)
{
	struct payload *p;

	for (p = scn->payloads; p; p = p->next) {
		if (p->def == def && p->log_fd >= 0)
			return p;
	}
	return NULL;
}

static bool reap(struct payload *p, int timeout_ms)
{
	struct pollfd pfd = { .fd = p->pidfd, .events = POLLIN };
	siginfo_t si = { };

	if (!p->pid)
		return true;
	while (poll(&pfd, 1, timeout_ms) < 0 && errno == EINTR)
		;
	if (waitid(P_PID, p->pid, &si, WEXITED | WNOHANG | WNOWAIT) || !si.si_pid)
		return false;
	/* What it has left would run beside the rest of the test. Its pid is still its own. */
	kill(-p->pid, SIGKILL);
	if (waitpid(p->pid, &p->wstatus, WNOHANG) != p->pid)
		return false;
	p->pid = 0;
	return true;
}

static bool end(struct payload *p)
{
	pid_t pid = p->pid;

	if (reap(p, 0))
		return true;
	p->killed = true;
	/* It has a session of its own, with all that it has started. */
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	return reap(p, KILL_MS);
}

static int start(struct scenario *scn, struct payload *p, struct err *err)
{
	char path[128];
	int go[2];
	int ret;

	snprintf(path, sizeof(path), "/tmp/payload-%s.log", p->def->name);
	p->log_fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (p->log_fd < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (pipe2(go, O_CLOEXEC))
		return err_set(err, -errno, "pipe: %s", strerror(errno));
	p->pid = fork();
	if (p->pid < 0) {
		ret = -errno;
		p->pid = 0;
		close(go[0]);
		close(go[1]);
		return err_set(err, ret, "cannot fork: %s", strerror(-ret));
	}
	if (!p->pid) {
		/* Else its own copy would keep it from ever seeing the end. */
		close(go[1]);
		exec_payload(p->def, p->log_fd, go[0]);
	}
	close(go[0]);
	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	ret = p->pidfd < 0 ? err_set(err, -errno, "pidfd_open: %s", strerror(errno)) : 0;
	if (!ret && p->cgroup)
		ret = cgroup_move(&scn->fs, p->cgroup, p->pid, err);
	p->start_ns = now_ns();
	if (!ret && write(go[1], "", 1) != 1)
		ret = err_set(err, -EPIPE, "it ended before it was started");
	close(go[1]);
	return ret;
}

int payload_run(struct scenario *scn, const struct ktstr_payload *def, struct cgroup *cg,
		bool keep, struct err *err)
{
	struct payload *p;

	if (find(scn, def))
		return err_set(err, -EBUSY, "payload %s runs already", def->name);
	p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(err, -ENOMEM, "payload %s: out of memory", def->name);
	*p = (struct payload){ .next = scn->payloads, .def = def, .cgroup = cg, .keep = keep,
			       .step = scn->step, .pidfd = -1, .log_fd = -1 };
	/* Whatever was made of it is undone at the end. */
	scn->payloads = p;
	return start(scn, p, err);
}

/* --- judging -------------------------------------------------------------- */

static void judge_metric(struct scenario *scn, const struct payload *p, const char *text,
			 const struct payload_metric *m)
{
	double val;

	if (!payload_number(text, m->key, &val)) {
		result_set(scn->g, scn->res, VERDICT_FAIL, CAUSE_PAYLOAD,
			   "payload %s: %s is missing: no number behind \"%s\" in its output",
			   p->def->name, m->name, m->key);
		return;
	}
	guest_log(scn->g, "payload %s: %s %g", p->def->name, m->name, val);
	if (m->judged && (val < m->min || val > m->max))
		result_set(scn->g, scn->res, VERDICT_FAIL, CAUSE_PAYLOAD,
			   "payload %s: %s is %g, limits %g to %g", p->def->name, m->name, val,
			   m->min, m->max);
}

static void judge_exit(struct scenario *scn, const struct payload *p)
{
	unsigned long long ms = (now_ns() - p->start_ns) / NSEC_PER_MSEC;
	const char *name = p->def->name;
	int code = WEXITSTATUS(p->wstatus);

	if (WIFSIGNALED(p->wstatus))
		result_set(scn->g, scn->res, VERDICT_FAIL, CAUSE_PAYLOAD,
			   "payload %s was killed by signal %d (%s), %llu ms after its start", name,
			   WTERMSIG(p->wstatus), strsignal(WTERMSIG(p->wstatus)), ms);
	else if (p->def->kselftest && code == KSFT_SKIP)
		result_set(scn->g, scn->res, VERDICT_SKIP, CAUSE_NONE,
			   "payload %s has skipped all that it does", name);
	else if (p->def->exit_code != PAYLOAD_ANY_EXIT && code != p->def->exit_code)
		result_set(scn->g, scn->res, VERDICT_FAIL, CAUSE_PAYLOAD,
			   "payload %s ended with exit code %d, must be %d", name, code,
			   p->def->exit_code);
}

static void show(struct scenario *scn, const struct payload *p, const char *text, bool bad)
{
	const char *line;

	for (line = sched_log_tail(text, SCHED_LOG_TAIL); *line; line += *line == '\n') {
		int len = strcspn(line, "\n");

		if (bad)
			guest_detail(scn->g, "%s: %.*s", p->def->name, len, line);
		else
			guest_log(scn->g, "%s: %.*s", p->def->name, len, line);
		line += len;
	}
}

/* It has ended, one way or the other. Its file is closed: it is judged but once. */
static void judge(struct scenario *scn, struct payload *p)
{
	uint32_t before = scn->res->verdict;
	const struct payload_metric *m = p->def->metrics;
	char *text = sched_log_read(p->log_fd);

	if (p->pid)
		result_set(scn->g, scn->res, VERDICT_FAIL, CAUSE_PAYLOAD,
			   "payload %s cannot be killed", p->def->name);
	else if (!p->killed)
		judge_exit(scn, p);
	/* Of one that failed they say nothing. */
	if (p->killed || scn->res->verdict != before)
		m = NULL;
	for (; m && m->name; m++)
		judge_metric(scn, p, text ? text : "", m);
	show(scn, p, text ? text : "", scn->res->verdict != before);
	free(text);
	close(p->log_fd);
	p->log_fd = -1;
}

/* For an operation, which must not go on when it was bad. */
static int judge_op(struct scenario *scn, struct payload *p, struct err *err)
{
	judge(scn, p);
	return scn->res->verdict == VERDICT_NONE ? 0 :
	       err_set(err, -EPROTO, "payload %s", p->def->name);
}

int payload_wait(struct scenario *scn, const struct ktstr_payload *def, unsigned int ms,
		 struct err *err)
{
	struct payload *p = find(scn, def);
	uint64_t until = now_ns() + ms * NSEC_PER_MSEC;
	int ret;

	if (!p)
		return err_set(err, -ESRCH, "payload %s was not started", def->name);
	ret = scenario_wait_fd(scn, until, p->pidfd, scn->res);
	if (ret)
		return err_set(err, ret, "while waiting for payload %s", def->name);
	if (!reap(p, 0)) {
		result_set(scn->g, scn->res, VERDICT_FAIL, CAUSE_PAYLOAD,
			   "payload %s did not end within %u ms", def->name, ms);
		return err_set(err, -ETIME, "payload %s is late", def->name);
	}
	return judge_op(scn, p, err);
}

int payload_kill(struct scenario *scn, const struct ktstr_payload *def, struct err *err)
{
	struct payload *p = find(scn, def);

	if (!p)
		return err_set(err, -ESRCH, "payload %s was not started", def->name);
	end(p);
	return judge_op(scn, p, err);
}

void payloads_end(struct scenario *scn, const struct cgroup *cg)
{
	struct payload *p;

	for (p = scn->payloads; p; p = p->next) {
		if (p->log_fd < 0 || (cg && !cgroup_is_below(p->cgroup, cg)))
			continue;
		end(p);
		judge(scn, p);
	}
}

void payloads_end_step(struct scenario *scn)
{
	struct payload *p;

	for (p = scn->payloads; p; p = p->next) {
		if (p->log_fd < 0 || p->keep || p->step != scn->step)
			continue;
		end(p);
		judge(scn, p);
	}
}

unsigned int payloads_running(const struct scenario *scn)
{
	const struct payload *p;
	unsigned int nr = 0;

	for (p = scn->payloads; p; p = p->next)
		nr += p->pid > 0;
	return nr;
}

void payloads_free(struct scenario *scn)
{
	struct payload *p;

	while ((p = scn->payloads)) {
		scn->payloads = p->next;
		if (p->pidfd >= 0)
			close(p->pidfd);
		if (p->log_fd >= 0)
			close(p->log_fd);
		free(p);
	}
}
