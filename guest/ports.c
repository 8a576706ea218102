// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <sys/io.h>
#include <unistd.h>
#include "ports.h"

int port_write(uint16_t port, uint8_t val)
{
	int fd, ret = 0;

	/*
	 * Given back at once: a task with port access has more to do at each
	 * context switch, and workers would inherit it.
	 */
	if (!iopl(3)) {
		outb(val, port);
		return iopl(0) ? -errno : 0;
	}

	fd = open("/dev/port", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (pwrite(fd, &val, 1, port) != 1)
		ret = errno ? -errno : -EIO;
	close(fd);
	return ret;
}
