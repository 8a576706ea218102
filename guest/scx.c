// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "scx.h"

#ifndef SCHED_EXT
#define SCHED_EXT	7
#endif

static int read_word(const char *dir, const char *name, char *buf, size_t size)
{
	char path[256];
	int ret;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return -ENAMETOOLONG;
	ret = read_file(path, buf, size);
	if (ret < 0)
		return ret;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

static int read_number(const char *dir, const char *name, uint64_t *val)
{
	char buf[32], *end;
	int ret = read_word(dir, name, buf, sizeof(buf));

	if (ret)
		return ret;
	if (!isdigit((unsigned char)buf[0]))
		return -EBADMSG;
	errno = 0;
	*val = strtoull(buf, &end, 10);
	return errno || *end ? -EBADMSG : 0;
}

int scx_read(const char *dir, struct scx_status *st)
{
	uint64_t switch_all = 0;
	int ret;

	memset(st, 0, sizeof(*st));
	ret = read_word(dir, "state", st->state, sizeof(st->state));
	if (!ret)
		ret = read_number(dir, "enable_seq", &st->enable_seq);
	if (!ret)
		ret = read_number(dir, "nr_rejected", &st->nr_rejected);
	if (!ret)
		ret = read_number(dir, "switch_all", &switch_all);
	if (ret)
		return ret;
	if (!st->state[0])
		return -EBADMSG;
	st->switch_all = switch_all;
	/*
	 * root/ exists only while there is a scheduler, and it goes while we look:
	 * reading a file of a kobject that was removed gives ENODEV.
	 */
	ret = read_word(dir, "root/ops", st->ops, sizeof(st->ops));
	if (ret) {
		st->ops[0] = '\0';
		if (ret != -ENOENT && ret != -ENODEV)
			return ret;
	}
	return 0;
}

int scx_read_events(const char *dir, char *buf, size_t size)
{
	char path[256];
	int ret;

	buf[0] = '\0';
	if ((size_t)snprintf(path, sizeof(path), "%s/root/events", dir) >= sizeof(path))
		return -ENAMETOOLONG;
	ret = read_file(path, buf, size);
	if (ret < 0)
		return ret == -ENOENT || ret == -ENODEV ? 0 : ret;
	return (size_t)ret == size - 1 ? -ENOSPC : 0;
}

void scx_reason_line(struct scx_reason *r, const char *line)
{
	static const char head[] = "sched_ext: BPF scheduler \"", mid[] = "\" disabled (";
	static const char msg_head[] = "sched_ext: ";
	size_t len;

	if (!strncmp(line, head, strlen(head))) {
		const char *name = line + strlen(head), *reason = strstr(name, mid);
		const char *end = reason ? strrchr(reason, ')') : NULL;

		if (!end)
			return;
		snprintf(r->name, sizeof(r->name), "%.*s", (int)(reason - name), name);
		reason += strlen(mid);
		snprintf(r->reason, sizeof(r->reason), "%.*s", (int)(end - reason), reason);
		r->msg[0] = '\0';
		return;
	}

	/* The message is a line of its own behind it: "sched_ext: NAME: MESSAGE". */
	if (!r->name[0] || r->msg[0] || strncmp(line, msg_head, strlen(msg_head)))
		return;
	line += strlen(msg_head);
	len = strlen(r->name);
	if (!strncmp(line, r->name, len) && !strncmp(line + len, ": ", 2))
		snprintf(r->msg, sizeof(r->msg), "%s", line + len + 2);
}

bool scx_reason_normal(const struct scx_reason *r)
{
	static const char normal[] = "unregistered from user";

	return !strncmp(r->reason, normal, strlen(normal));
}

bool scx_reason_hotplug(const struct scx_reason *r)
{
	static const char kern[] = "unregistered from the main kernel";

	/* That is all that it writes: why, it tells the scheduler only, and this is the one why. */
	return r->name[0] && !strncmp(r->reason, kern, strlen(kern));
}

bool scx_reason_rcu_stall(const struct scx_reason *r)
{
	static const char stall[] = "RCU CPU stall ";

	return !strncmp(r->msg, stall, strlen(stall));
}

char *scx_reason_format(const struct scx_reason *r, char *buf, size_t size)
{
	if (r->msg[0])
		snprintf(buf, size, "%s (%s)", r->reason, r->msg);
	else
		snprintf(buf, size, "%s", r->reason);
	return buf;
}

#define PROBE_ROUNDS	5

/* The exit status is the errno of what failed. */
static void __noreturn probe_task(bool ext)
{
	const struct sched_param param = { .sched_priority = 0 };
	const struct timespec pause = { .tv_nsec = NSEC_PER_MSEC };
	unsigned int i;

	if (sched_setscheduler(0, ext ? SCHED_EXT : SCHED_OTHER, &param))
		_exit(errno);
	for (i = 0; i < PROBE_ROUNDS; i++) {
		uint64_t until = now_ns() + NSEC_PER_MSEC;

		while (now_ns() < until)
			;
		if (nanosleep(&pause, NULL))
			_exit(errno);
	}
	_exit(0);
}

int scx_probe(bool ext, uint64_t limit_ns)
{
	struct pollfd pfd = { .fd = -1, .events = POLLIN };
	int status, nr, ret = 0;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		probe_task(ext);

	pfd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pfd.fd < 0) {
		ret = -errno;
		goto kill;
	}
	do
		nr = poll(&pfd, 1, (int)(limit_ns / NSEC_PER_MSEC));
	while (nr < 0 && errno == EINTR);
	if (nr != 1)
		ret = nr ? -errno : -ETIMEDOUT;
	close(pfd.fd);
kill:
	if (ret)
		kill(pid, SIGKILL);
	/* To die it must run once more, and a scheduler that stalls does not let it. */
	if (waitpid(pid, &status, ret ? WNOHANG : 0) == pid && !ret)
		ret = WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
	return ret;
}
