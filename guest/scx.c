// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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
#define PROBE_END_MS	1000

/* 0, or the errno of what failed. */
static int run_rounds(void)
{
	const struct timespec pause = { .tv_nsec = NSEC_PER_MSEC };
	unsigned int i;

	for (i = 0; i < PROBE_ROUNDS; i++) {
		uint64_t until = now_ns() + NSEC_PER_MSEC;

		while (now_ns() < until)
			;
		if (nanosleep(&pause, NULL))
			return errno;
	}
	return 0;
}

static void __noreturn probe_task(int ask_fd, int answer_fd, bool ext)
{
	const struct sched_param param = { .sched_priority = 0 };
	int code = 0;
	char ask;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "ktstr-probe");
	/* But once: to ask for a policy is to be put into a class. */
	if (sched_setscheduler(0, ext ? SCHED_EXT : SCHED_OTHER, &param))
		code = errno;
	while (read(ask_fd, &ask, 1) == 1) {
		if (!code)
			code = run_rounds();
		if (write(answer_fd, &code, sizeof(code)) != sizeof(code))
			break;
	}
	_exit(0);
}

int scx_probe_start(struct scx_probe *p, bool ext)
{
	int ask[2], answer[2], ret = 0;

	p->pid = 0;
	p->late = false;
	if (pipe2(ask, O_CLOEXEC))
		return -errno;
	if (pipe2(answer, O_CLOEXEC)) {
		ret = -errno;
		goto close_ask;
	}
	p->pid = fork();
	if (!p->pid)
		probe_task(ask[0], answer[1], ext);
	close(answer[1]);
	if (p->pid > 0) {
		close(ask[0]);
		p->ask_fd = ask[1];
		p->answer_fd = answer[0];
		return 0;
	}
	ret = -errno;
	p->pid = 0;
	close(answer[0]);
close_ask:
	close(ask[0]);
	close(ask[1]);
	return ret;
}

int scx_probe_ask(struct scx_probe *p, uint64_t limit_ns)
{
	struct pollfd pfd = { .fd = p->answer_fd, .events = POLLIN };
	int nr, code;

	if (!p->pid)
		return -ESRCH;
	/* Without a reader it is a signal, too, which PID 1 ignores. */
	if (write(p->ask_fd, "", 1) != 1)
		return errno == EPIPE ? -ESRCH : -errno;
	do
		nr = poll(&pfd, 1, (int)(limit_ns / NSEC_PER_MSEC));
	while (nr < 0 && errno == EINTR);
	p->late = nr != 1;
	if (nr != 1)
		return nr ? -errno : -ETIMEDOUT;
	return read(p->answer_fd, &code, sizeof(code)) == sizeof(code) ? -code : -ESRCH;
}

void scx_probe_end(struct scx_probe *p)
{
	struct pollfd pfd = { .events = POLLIN };

	if (!p->pid)
		return;
	close(p->ask_fd);
	close(p->answer_fd);
	pfd.fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	kill(p->pid, SIGKILL);
	/* To die it must run once more, and a scheduler that stalls does not let it. */
	if (pfd.fd >= 0 && !p->late)
		poll(&pfd, 1, PROBE_END_MS);
	if (pfd.fd >= 0)
		close(pfd.fd);
	waitpid(p->pid, NULL, WNOHANG);
	*p = (struct scx_probe){ .ask_fd = -1, .answer_fd = -1 };
}

int scx_probe(bool ext, uint64_t limit_ns)
{
	struct scx_probe p;
	int ret = scx_probe_start(&p, ext);

	if (!ret)
		ret = scx_probe_ask(&p, limit_ns);
	scx_probe_end(&p);
	return ret;
}
