// SPDX-License-Identifier: GPL-2.0
/*
 * Work that goes from one cgroup to another by its own doing.
 *
 * The other one is made beside its own, where the same controllers are at work, so that
 * each move is one to another queue of the scheduler. In the end the worker is back and the
 * other cgroup gone. How long a move takes is the kernel's business: the time in it is not
 * a time without the CPU.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../cgroup.h"
#include "work.h"

struct places {
	char home[512], away[512];	/* directories */
	int home_fd, away_fd;		/* their cgroup.procs */
};

static int open_procs(struct work_self *self, const char *dir)
{
	char path[640];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		work_fail(self, WORKER_SETUP_WORK, errno);
	return fd;
}

static void find_places(struct work_self *self, struct places *p)
{
	char buf[512], *own;
	ssize_t len;

	len = read_file("/proc/self/cgroup", buf, sizeof(buf));
	own = len > 0 ? strstr(buf, "0::/") : NULL;
	if (!own)
		work_fail(self, WORKER_SETUP_WORK, len < 0 ? -len : ENOENT);
	own += strlen("0::");
	own[strcspn(own, "\n")] = '\0';
	snprintf(p->home, sizeof(p->home), CGROUP_MOUNT "%.256s", own);
	*strrchr(own, '/') = '\0';
	snprintf(p->away, sizeof(p->away), CGROUP_MOUNT "%.256s/roam-%d", own, getpid());
	p->home_fd = open_procs(self, p->home);
}

static void make_away(struct work_self *self, struct places *p)
{
	work_block(self);
	if (mkdir(p->away, 0755))
		work_fail(self, WORKER_SETUP_WORK, errno);
	p->away_fd = open_procs(self, p->away);
	work_unblock(self);
}

static void remove_away(struct work_self *self, struct places *p)
{
	work_block(self);
	close(p->away_fd);
	if (rmdir(p->away))
		work_fail(self, WORKER_SETUP_WORK, errno);
	work_unblock(self);
}

/* A process that is called 0 is the one that writes. */
static void go(struct work_self *self, int procs_fd)
{
	work_block(self);
	if (write(procs_fd, "0", 1) != 1)
		work_fail(self, WORKER_SETUP_WORK, errno);
	work_unblock(self);
}

static void there_and_back(struct work_self *self, struct places *p)
{
	go(self, p->away_fd);
	work_unit(self);
	go(self, p->home_fd);
	work_unit(self);
	self->page->rep.iterations++;
}

void work_run_cgroup_attach_storm(struct work_self *self)
{
	struct places p;

	find_places(self, &p);
	make_away(self, &p);
	while (!work_stopped(self))
		there_and_back(self, &p);
	remove_away(self, &p);
}

void work_run_cgroup_churn(struct work_self *self)
{
	struct places p;

	find_places(self, &p);
	while (!work_stopped(self)) {
		make_away(self, &p);
		there_and_back(self, &p);
		remove_away(self, &p);
	}
}
