// SPDX-License-Identifier: GPL-2.0
/*
 * test_sigkill.c - SIGKILL at random moments of an engine's life leaves nothing behind
 *
 * A process makes, runs, freezes and thaws micro-guests until it is killed. This one adopts what
 * the killed one leaves, so that a process which survives it is seen for sure.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../vmm/engines.h"
#include "kselftest_harness.h"
#include "micro_guest.h"

#define KILLS		50
#define KILLS_S		240		/* a machine that is busy, too */
#define SEED		1
#define REAP_NS		(10 * NSEC_PER_SEC)

GUEST_CODE(bell, BELL EXIT(0x20) FOREVER);

FIXTURE(sigkill) {
	MICRO_GUEST_FIELDS;
};

FIXTURE_VARIANT(sigkill) {
	const struct vm_engine *engine;
};

FIXTURE_VARIANT_ADD(sigkill, kvm) {
	.engine = &vm_engine_kvm,
};

FIXTURE_VARIANT_ADD(sigkill, tcg) {
	.engine = &vm_engine_tcg,
};

FIXTURE_SETUP(sigkill)
{
	/* What runs no kernel may still run these guests. */
	if (variant->engine == &vm_engine_kvm && access("/dev/kvm", R_OK | W_OK))
		SKIP(return, "/dev/kvm: %s", strerror(errno));
	if (variant->engine == &vm_engine_tcg && variant->engine->probe(&self->err))
		SKIP(return, "%s", self->err.msg);
	MICRO_GUEST_SETUP();
	self->cfg.engine = variant->engine;
	LOAD(bell);
	ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

FIXTURE_TEARDOWN(sigkill)
{
	MICRO_GUEST_TEARDOWN();
}

/* One of everything. */
static int live_once(const struct vm_config *cfg, struct err *err)
{
	struct vm_image image;
	struct vm *vm = NULL;
	int ret;

	ret = vm_image_open(&image, err);
	ret = ret ?: vm_create(cfg, image.ram_fd, &vm, err);
	ret = ret ?: vm_run(vm, err);
	if (!ret && vm_wait(vm, WAIT_MS) != VM_EVENT_DOORBELL)
		ret = err_set(err, -EPROTO, "no doorbell: %s", vm_engine_text(vm));
	ret = ret ?: vm_freeze(vm, &image, err);
	finish(&vm);
	ret = ret ?: vm_thaw(cfg, &image, &vm, err);
	ret = ret ?: vm_run(vm, err);
	if (!ret && vm_wait(vm, WAIT_MS) != VM_EVENT_EXIT)
		ret = err_set(err, -EPROTO, "no end: %s", vm_engine_text(vm));
	finish(&vm);
	vm_image_close(&image);
	return ret;
}

/* Wait for all children, also for those that were not ours; those that do not end are killed. */
static unsigned int reap_all(void)
{
	uint64_t until = now_ns() + REAP_NS;
	unsigned int nr = 0;
	char path[64], buf[4096], *pos;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0 && errno == ECHILD)
			return nr;
		if (pid)
			continue;
		if (now_ns() > until) {
			snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
			if (read_file(path, buf, sizeof(buf)) <= 0)
				return nr + 1;
			for (pos = buf; (pid = strtol(pos, &pos, 10)) > 0; nr++)
				kill(pid, SIGKILL);
			until = now_ns() + REAP_NS;
		}
		usleep(1000);
	}
}

/* Names in /dev/shm that could be ours. */
static unsigned int shm_files(void)
{
	DIR *dir = opendir("/dev/shm");
	struct dirent *entry;
	unsigned int nr = 0;

	while (dir && (entry = readdir(dir)))
		nr += !!strstr(entry->d_name, "ktstr");
	if (dir)
		closedir(dir);
	return nr;
}

static unsigned int files_in(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int nr = 0;

	while (dir && readdir(dir))
		nr++;
	if (dir)
		closedir(dir);
	return nr;
}

TEST_F_TIMEOUT(sigkill, leaves_nothing, KILLS_S)
{
	unsigned int files = files_in(self->dir), shm = shm_files(), i;
	uint64_t start = now_ns(), span_us;
	unsigned short seed[3] = { SEED };

	OK(live_once(&self->cfg, &self->err));
	span_us = (now_ns() - start) / NSEC_PER_USEC;
	ASSERT_EQ(setenv("TMPDIR", self->dir, 1), 0);
	for (i = 0; i < KILLS; i++) {
		useconds_t when = erand48(seed) * span_us;
		pid_t pid = fork();
		int status;

		ASSERT_GE(pid, 0);
		while (!pid)
			if (live_once(&self->cfg, &self->err))
				_exit(1);
		usleep(when);
		ASSERT_EQ(kill(pid, SIGKILL), 0);
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		EXPECT_TRUE(WIFSIGNALED(status)) {
			TH_LOG("kill %u after %u us: it had ended with status %#x", i, when, status);
		}
		EXPECT_EQ(reap_all(), 0) {
			TH_LOG("kill %u after %u us: processes survive", i, when);
		}
	}
	EXPECT_EQ(files_in(self->dir), files);
	EXPECT_EQ(shm_files(), shm);
	/* It can be done again: nothing is locked or used up. */
	OK(live_once(&self->cfg, &self->err));
}

/* A process that outlives the killed one is seen. */
TEST(a_survivor_is_seen)
{
	int fd[2];
	char c;
	pid_t pid;

	ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ASSERT_EQ(pipe(fd), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		fork();
		close(fd[0]);
		if (write(fd[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(read(fd[0], &c, 1), 1);
	ASSERT_EQ(read(fd[0], &c, 1), 1);
	ASSERT_EQ(kill(pid, SIGKILL), 0);
	EXPECT_EQ(reap_all(), 1);
	close(fd[0]);
	close(fd[1]);
}

TEST_HARNESS_MAIN
