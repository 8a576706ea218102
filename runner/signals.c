// SPDX-License-Identifier: GPL-2.0
/*
 * signals.c - the signals that end a run, and those of children, as something to poll
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "signals.h"

int signals_open(sigset_t *old, struct err *err)
{
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, old);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_set(err, -errno, "signalfd: %s", strerror(errno)) : fd;
}

int signals_read(int sigfd, int timeout_ms)
{
	struct pollfd pfd = { .fd = sigfd, .events = POLLIN };
	uint64_t now, until = now_ns() + timeout_ms * NSEC_PER_MSEC;
	struct signalfd_siginfo info;

	while (poll(&pfd, 1, timeout_ms) > 0) {
		if (read(sigfd, &info, sizeof(info)) != sizeof(info))
			return 0;
		if (info.ssi_signo != SIGCHLD)
			return info.ssi_signo;
		now = now_ns();
		timeout_ms = now < until ? DIV_ROUND_UP(until - now, NSEC_PER_MSEC) : 0;
	}
	return 0;
}
