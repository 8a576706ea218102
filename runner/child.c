// SPDX-License-Identifier: GPL-2.0
/*
 * child.c - the process of an instance, or of a template
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "child.h"

#define MAX_KEPT	7

static int cmp_int(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Close all but the standard streams and @fds, which get sorted. */
static int close_others(int *fds, unsigned int nr)
{
	unsigned int first = STDERR_FILENO + 1, i;

	qsort(fds, nr, sizeof(*fds), cmp_int);
	for (i = 0; i < nr; i++) {
		if ((unsigned int)fds[i] > first && close_range(first, fds[i] - 1, 0))
			return -errno;
		first = fds[i] + 1;
	}
	return close_range(first, ~0U, 0) ? -errno : 0;
}

/* In the new process: let go of the parent's things. */
static int child_setup(pid_t parent, const struct vm_image *image, int fd)
{
	const struct rlimit no_core = { 0, 0 };
	int fds[MAX_KEPT], null;
	unsigned int nr = 0;
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return -errno;
	/* It may have died before that was in force. */
	if (getppid() != parent)
		return -ECHILD;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setrlimit(RLIMIT_CORE, &no_core))
		return -errno;
	/* If memory gets short, a guest goes first. A hint, which may be refused. */
	write_file("/proc/self/oom_score_adj", "500");

	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -errno;
	fds[nr++] = fd;
	if (image) {
		fds[nr++] = image->ram_fd;
		fds[nr++] = image->hot_fd;
		fds[nr++] = image->state_fd;
		fds[nr++] = image->console_fd[0];
		fds[nr++] = image->console_fd[1];
	}
	return close_others(fds, nr);
}

static void __noreturn
child_main(const struct runner *run, const struct plan_instance *inst, pid_t parent,
	   struct template *tmpl, bool make, int fd)
{
	struct instance_result res = { 0 };
	struct vm *vm = NULL;
	int ret;

	ret = child_setup(parent, tmpl ? &tmpl->image : NULL, fd);
	if (ret) {
		res.outcome.verdict = VERDICT_FAIL;
		res.outcome.cause = CAUSE_INFRA;
		snprintf(res.outcome.text, sizeof(res.outcome.text), "setting up a process: %s",
			 strerror(-ret));
	} else if (make) {
		vm = template_run(run, inst, tmpl, &res);
	} else {
		vm = instance_run(run, inst, tmpl, &res);
	}
	ret = result_send(fd, &res);
	vm_leave(vm);
	_exit(ret ? 1 : 0);
}

int child_start(const struct runner *run, unsigned int index, struct template *tmpl, bool make,
		struct child *c, struct err *err)
{
	const struct plan_instance *inst = &run->plan.inst[index];
	pid_t parent = getpid(), pid;
	int fd[2];

	if (pipe2(fd, O_CLOEXEC))
		return err_set(err, -errno, "pipe: %s", strerror(errno));
	/* What is still in the buffer would come twice. */
	fflush(stdout);
	pid = fork();
	if (!pid)
		child_main(run, inst, parent, tmpl, make, fd[1]);
	close(fd[1]);
	if (pid < 0) {
		err_set(err, -errno, "fork: %s", strerror(errno));
		close(fd[0]);
		return -EAGAIN;
	}
	*c = (struct child){
		.pid = pid, .fd = fd[0], .template = make, .index = index, .start_ns = now_ns(),
		.limit_ns = instance_limit_ns(inst),
	};
	return 0;
}

void child_result(struct child *c, int wstatus, struct instance_result *res)
{
	struct outcome *out = &res->outcome;
	int ret;

	/* It is gone, so what it wrote is all there, up to the end. */
	do {
		ret = result_read(&c->rd, c->fd);
	} while (!ret);
	if (ret > 0)
		ret = result_parse(&c->rd, res);
	if (!ret && WIFEXITED(wstatus) && !WEXITSTATUS(wstatus)) {
		phase_reached(&res->phases, PHASE_TEARDOWN);
		res->real_ns = now_ns() - c->start_ns;
		goto out;
	}

	instance_result_free(res);
	out->verdict = VERDICT_FAIL;
	out->cause = CAUSE_INFRA;
	if (WIFSIGNALED(wstatus))
		snprintf(out->text, sizeof(out->text),
			 "the instance's process was killed by signal %d (%s)", WTERMSIG(wstatus),
			 strsignal(WTERMSIG(wstatus)));
	else
		snprintf(out->text, sizeof(out->text),
			 "the instance's process exited with status %d, %s", WEXITSTATUS(wstatus),
			 ret ? "without a result" : "although its result is whole");
out:
	close(c->fd);
	result_reader_free(&c->rd);
	c->pid = 0;
	c->fd = -1;
}
