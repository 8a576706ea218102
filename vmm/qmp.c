// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "qmp.h"

int qmp_send(struct qmp *q, const char *json, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct iovec iov = { .iov_base = (void *)json, .iov_len = strlen(json) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c = &control.align;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do {
		n = sendmsg(q->fd, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* Commands are short against a socket buffer that is empty. */
	return (size_t)n == iov.iov_len ? 0 : -EIO;
}

/* A whole line out of the buffer into @line; false when there is none. */
static bool take_line(struct qmp *q, char *line, size_t size)
{
	char *nl = memchr(q->buf, '\n', q->len);
	size_t n;

	if (!nl)
		return false;
	n = nl - q->buf;
	snprintf(line, size, "%.*s", (int)n, q->buf);
	q->len -= n + 1;
	memmove(q->buf, nl + 1, q->len);
	return true;
}

int qmp_expect(struct qmp *q, const char *what, int timeout_ms, struct err *err)
{
	uint64_t now = now_ns(), deadline = now + timeout_ms * NSEC_PER_MSEC;
	char line[sizeof(q->buf)];
	bool last = false;

	for (;;) {
		struct pollfd pfd = { .fd = q->fd, .events = POLLIN };
		ssize_t n;

		while (take_line(q, line, sizeof(line))) {
			if (strstr(line, what))
				return 0;
			if (strstr(line, "\"error\""))
				return err_set(err, -EPROTO, "QEMU: %s", line);
		}
		if (q->len == sizeof(q->buf))
			q->len = 0;	/* no message of interest is that long */
		/* One look more than the time allows, however much there is to read. */
		if (last)
			return -ETIMEDOUT;
		now = now_ns();
		last = now >= deadline;
		n = poll(&pfd, 1, now < deadline ? DIV_ROUND_UP(deadline - now, NSEC_PER_MSEC) : 0);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			return -ETIMEDOUT;
		if (n < 0)
			continue;
		n = recv(q->fd, q->buf + q->len, sizeof(q->buf) - q->len, 0);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			return -EPIPE;
		if (n > 0)
			q->len += n;
	}
}
