// SPDX-License-Identifier: GPL-2.0
/*
 * Work on a file.
 *
 * The file lies in memory, without a name that could be left behind. It has no
 * device to wait for and so nothing to sync: a sleep stands for that.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "work.h"

#define IO_WRITES	16
#define IO_SIZE		4096

int work_io_open(struct work_self *self)
{
	int fd = memfd_create("ktstr-io", MFD_CLOEXEC);

	if (fd < 0)
		work_fail(self, WORKER_SETUP_WORK, errno);
	return fd;
}

void work_io(struct work_self *self, int fd)
{
	static const char data[IO_SIZE];
	unsigned int i;
	ssize_t ret;

	if (ftruncate(fd, 0))
		work_fail(self, WORKER_SETUP_WORK, errno);
	for (i = 0; i < IO_WRITES; i++) {
		ret = pwrite(fd, data, sizeof(data), (off_t)i * IO_SIZE);
		if (ret < 0 && errno != EINTR)
			work_fail(self, WORKER_SETUP_WORK, errno);
		work_checkpoint(self);
	}
	self->page->rep.units++;
}

void work_run_io_sync(struct work_self *self)
{
	int fd = work_io_open(self);

	while (!work_stopped(self)) {
		work_io(self, fd);
		work_sleep_until(self, self->base_ns + self->work.sleep_us * NSEC_PER_USEC);
		self->page->rep.iterations++;
	}
}
