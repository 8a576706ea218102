// SPDX-License-Identifier: GPL-2.0
/*
 * The process that touches the control files, so that nobody else can hang there.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cgroup.h"

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strcspn(text, "\n") == len && !strncmp(text, line, len))
			return true;
	}
	return false;
}

/* The kernel wakes whoever polls a file of this kind when it changes. */
static int wait_line(const char *path, const char *line)
{
	struct pollfd pfd = { .fd = open(path, O_RDONLY | O_CLOEXEC), .events = POLLPRI };
	uint64_t until = now_ns() + CGROUP_WAIT_NS, now;
	char buf[512];
	ssize_t n;
	int ret = 0;

	if (pfd.fd < 0)
		return -errno;
	for (;;) {
		n = pread(pfd.fd, buf, sizeof(buf) - 1, 0);
		if (n < 0) {
			ret = -errno;
			break;
		}
		buf[n] = '\0';
		if (has_line(buf, line))
			break;
		now = now_ns();
		if (now >= until) {
			ret = -ETIME;
			break;
		}
		poll(&pfd, 1, DIV_ROUND_UP(until - now, NSEC_PER_MSEC));
	}
	close(pfd.fd);
	return ret;
}

static void serve_real(struct cgroup_req *req)
{
	int ret;

	switch (req->op) {
	case CGROUP_REQ_MKDIR:
		req->ret = mkdir(req->path, 0755) ? -errno : 0;
		break;
	case CGROUP_REQ_RMDIR:
		req->ret = rmdir(req->path) ? -errno : 0;
		break;
	case CGROUP_REQ_WRITE:
		req->ret = write_file(req->path, req->data);
		break;
	case CGROUP_REQ_READ:
		ret = read_file(req->path, req->data, sizeof(req->data));
		req->ret = min(ret, 0);
		break;
	case CGROUP_REQ_WAIT:
		req->ret = wait_line(req->path, req->data);
		break;
	default:
		req->ret = -EINVAL;
	}
}

static void helper_main(int sock, pid_t parent, cgroup_serve serve) __noreturn;

static void helper_main(int sock, pid_t parent, cgroup_serve serve)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	struct cgroup_req req;
	sigset_t none;
	int sig;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	prctl(PR_SET_NAME, "ktstr-cgroup");
	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	/* A copy of the parent's end would keep the socket open for ever. */
	if (dup2(sock, 3) != 3)
		_exit(1);
	close_range(4, ~0U, 0);

	while (recv(3, &req, sizeof(req), 0) == sizeof(req)) {
		req.path[sizeof(req.path) - 1] = '\0';
		req.data[sizeof(req.data) - 1] = '\0';
		serve(&req);
		if (send(3, &req, sizeof(req), MSG_NOSIGNAL) != sizeof(req))
			break;
	}
	_exit(0);
}

/* The parent's policy is not inherited when it has SCHED_RESET_ON_FORK. */
static int same_policy(pid_t pid)
{
	struct sched_param param;
	int policy;

	policy = sched_getscheduler(0);
	if (policy < 0 || sched_getparam(0, &param))
		return -errno;
	policy &= ~SCHED_RESET_ON_FORK;
	if (policy != SCHED_FIFO && policy != SCHED_RR)
		return 0;
	return sched_setscheduler(pid, policy, &param) ? -errno : 0;
}

int cgroup_helper_start(struct cgroup_fs *fs, cgroup_serve serve)
{
	pid_t parent = getpid();
	int sv[2];
	int ret;

	fs->sock = -1;
	fs->pid = 0;
	fs->pidfd = -1;
	fs->wedged = false;
	fs->deadline_ns = CGROUP_DEADLINE_NS;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv))
		return -errno;
	fs->pid = fork();
	if (fs->pid < 0) {
		ret = -errno;
		fs->pid = 0;
		goto err_sock;
	}
	if (!fs->pid)
		helper_main(sv[1], parent, serve ? serve : serve_real);

	ret = same_policy(fs->pid);
	if (ret)
		goto err_kill;
	fs->pidfd = syscall(SYS_pidfd_open, fs->pid, 0);
	if (fs->pidfd < 0) {
		ret = -errno;
		goto err_kill;
	}
	close(sv[1]);
	fs->sock = sv[0];
	return 0;

err_kill:
	kill(fs->pid, SIGKILL);
	waitpid(fs->pid, NULL, 0);
	fs->pid = 0;
err_sock:
	close(sv[0]);
	close(sv[1]);
	return ret;
}

void cgroup_helper_stop(struct cgroup_fs *fs)
{
	struct pollfd pfd = { .fd = fs->pidfd, .events = POLLIN };

	if (!fs->pid)
		return;
	if (fs->sock >= 0)
		close(fs->sock);
	fs->sock = -1;
	/* It goes when it finds the socket closed, unless it hangs in the kernel. */
	if (fs->wedged || poll(&pfd, 1, fs->deadline_ns / NSEC_PER_MSEC) <= 0) {
		kill(fs->pid, SIGKILL);
		poll(&pfd, 1, fs->deadline_ns / NSEC_PER_MSEC);
	}
	waitpid(fs->pid, NULL, WNOHANG);
	close(fs->pidfd);
	fs->pidfd = -1;
	fs->pid = 0;
}

int cgroup_helper_call(struct cgroup_fs *fs, struct cgroup_req *req)
{
	struct pollfd pfd = { .fd = fs->sock, .events = POLLIN };
	uint64_t until = now_ns() + fs->deadline_ns;
	uint64_t now;
	int ret;

	if (fs->wedged || fs->sock < 0)
		return -ETIMEDOUT;
	if (send(fs->sock, req, sizeof(*req), MSG_NOSIGNAL) != sizeof(*req))
		goto wedged;
	do {
		now = now_ns();
		if (now >= until)
			goto wedged;
		ret = poll(&pfd, 1, DIV_ROUND_UP(until - now, NSEC_PER_MSEC));
	} while (ret == 0 || (ret < 0 && errno == EINTR));
	if (recv(fs->sock, req, sizeof(*req), MSG_DONTWAIT) != sizeof(*req))
		goto wedged;
	return req->ret;

wedged:
	fs->wedged = true;
	kill(fs->pid, SIGKILL);
	return -ETIMEDOUT;
}
