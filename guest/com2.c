// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "../lib/log.h"
#include "com2.h"

int com2_open(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios tio;
	int ret;

	if (fd < 0)
		return -errno;
	/* The device node also exists for a port that does not; this tells. */
	if (tcgetattr(fd, &tio))
		goto err;
	cfmakeraw(&tio);
	tio.c_cflag |= CLOCAL;
	cfsetspeed(&tio, B115200);
	if (tcsetattr(fd, TCSANOW, &tio))
		goto err;
	return fd;
err:
	ret = -errno;
	close(fd);
	return ret;
}

int com2_write(int fd, const char *buf, size_t len, uint64_t limit_ns)
{
	uint64_t deadline = now_ns() + limit_ns;

	while (len) {
		struct pollfd pfd = { .fd = fd, .events = POLLOUT };
		ssize_t n = write(fd, buf, len);
		uint64_t now;

		if (n > 0) {
			buf += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		now = now_ns();
		if (now >= deadline)
			return -ETIMEDOUT;
		if (poll(&pfd, 1, (int)DIV_ROUND_UP(deadline - now, NSEC_PER_MSEC)) < 0 &&
		    errno != EINTR)
			return -errno;
	}
	return 0;
}

/* tcdrain() has no time-out, and a port that hangs must not keep the guest alive. */
int com2_drain(int fd, uint64_t limit_ns)
{
	const struct timespec pause = { .tv_nsec = NSEC_PER_MSEC / 4 };
	uint64_t deadline = now_ns() + limit_ns;
	int queued, lsr;

	for (;;) {
		if (ioctl(fd, TIOCOUTQ, &queued))
			return -errno;
		/* Ports that cannot say that their shift register is empty have no such thing. */
		if (!queued && (ioctl(fd, TIOCSERGETLSR, &lsr) || (lsr & TIOCSER_TEMT)))
			return 0;
		if (now_ns() >= deadline)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
}
