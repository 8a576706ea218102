// SPDX-License-Identifier: GPL-2.0
/*
 * aside.c - close a file, and let the kernel wait
 *
 * The files that an io_uring has registered are let go once it is closed itself, and that is the
 * work of a kworker (io_ring_exit_work() in io_uring/io_uring.c).
 */
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "aside.h"

bool close_aside(int fd)
{
	struct io_uring_params params = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &params);
	bool aside = ring >= 0 &&
		     !syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1);

	close(fd);
	if (ring >= 0)
		close(ring);
	return aside;
}
