// SPDX-License-Identifier: GPL-2.0
/*
 * The process that loads the scheduler under test and stays with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "job.h"
#include "sched_fault.h"
#include "sched_proc.h"

#define LOG_PATH	"/tmp/scheduler.log"
#define SELF_PATH	"/proc/self/exe"
#define EXEC_FAILED	127

static void __noreturn exec_loader(struct guest *g, const struct sched *s)
{
	char *argv[3 + JOB_MAX_ARGS + 1];
	const char *path;
	int null_fd;

	/* Ends with us, and its own children can be ended with it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	/* PID 1 ignores it, which exec would keep. */
	signal(SIGPIPE, SIG_DFL);
	null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (dup2(s->log_fd, STDOUT_FILENO) < 0 || dup2(s->log_fd, STDERR_FILENO) < 0 ||
	    null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0)
		_exit(EXEC_FAILED);

	if (s->builtin) {
		/* Its arguments would be those of another one. */
		path = SELF_PATH;
		argv[0] = (char *)"ktstr";
		argv[1] = (char *)"--role=scheduler";
		argv[2] = (char *)s->builtin;
		argv[3] = NULL;
	} else if (g->job.sched_kind == SCHED_KIND_BUILTIN) {
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

int sched_proc_spawn(struct guest *g, struct sched *s)
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
		exec_loader(g, s);
	s->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	return s->pidfd < 0 ? -errno : 0;
}

/* Wait for the loader's end, at most @limit_ns; true when it has ended, s->wstatus is how. */
bool sched_proc_ended(struct sched *s, uint64_t limit_ns)
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
	if (!pfd.revents)
		return false;
	/* Nor does what it has started outlive it. Until it is waited for its pid is its own. */
	kill(-s->pid, SIGKILL);
	if (waitpid(s->pid, &status, WNOHANG) != s->pid)
		return false;
	s->wstatus = status;
	s->pid = 0;
	return true;
}

void sched_proc_kill(struct sched *s)
{
	if (!s->pid)
		return;
	kill(-s->pid, SIGKILL);
	kill(s->pid, SIGKILL);
	sched_proc_ended(s, SCHED_EXIT_LIMIT);
}

void sched_proc_release(struct sched *s)
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

const char *sched_proc_exit_text(const struct sched *s, char *buf, size_t size)
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
