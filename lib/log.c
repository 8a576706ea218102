// SPDX-License-Identifier: GPL-2.0
/*
 * log.c - error texts, the clock, whole reads and writes
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "log.h"

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list args;
	char *p;
	int n;

	if (!err || err->msg[0])
		return code;

	va_start(args, fmt);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	if (n < 0)
		snprintf(err->msg, sizeof(err->msg), "error %d (%s)", code, fmt);
	else if ((size_t)n >= sizeof(err->msg))
		memcpy(err->msg + sizeof(err->msg) - sizeof("..."), "...", sizeof("..."));

	for (p = err->msg; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	}
	return code;
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;
	ssize_t n;

	/* At least once: to write nothing means something to some kernel files. */
	do {
		n = write(fd, p, len);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (!n && len)
			return -EIO;
		p += n;
		len -= n;
	} while (len);
	return 0;
}

/* Until @size bytes were read, the end, or an error. */
static ssize_t read_fd(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, buf + len, size - len);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (!n)
			break;
		len += n;
	}
	return len;
}

int read_file(const char *path, char *buf, size_t size)
{
	ssize_t n;
	int fd;

	if (!size || size > INT_MAX)
		return -EINVAL;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read_fd(fd, buf, size - 1);
	buf[n < 0 ? 0 : n] = '\0';
	close(fd);
	return n;
}

int read_file_alloc(const char *path, size_t limit, char **buf, size_t *len)
{
	size_t size = 0, used = 0;
	char *data = NULL, *bigger;
	int fd, ret;
	ssize_t n;

	if (limit > SSIZE_MAX - 2)
		return -EINVAL;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	/* Sizes that stat() gives mean nothing for kernel files: read to the end. */
	for (;;) {
		/* One byte more than allowed, to see that there is more, and the NUL. */
		size = min(max(size * 2, 4 * KIB), limit + 2);
		bigger = realloc(data, size);
		if (!bigger) {
			ret = -ENOMEM;
			goto err;
		}
		data = bigger;

		n = read_fd(fd, data + used, size - 1 - used);
		if (n < 0) {
			ret = n;
			goto err;
		}
		used += n;
		if (used > limit) {
			ret = -EFBIG;
			goto err;
		}
		if (used < size - 1)
			break;
	}
	close(fd);
	data[used] = '\0';
	*buf = data;
	*len = used;
	return 0;

err:
	free(data);
	close(fd);
	return ret;
}

int write_file(const char *path, const char *str)
{
	int fd, ret;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, str, strlen(str));
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}
