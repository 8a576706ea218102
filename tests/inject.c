// SPDX-License-Identifier: GPL-2.0
/*
 * inject.c - a kernel that refuses, for tests of the kvm engine
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "inject.h"

#define RUN_SIZE	4096	/* what is edited of struct kvm_run lies in its first page */
#define VCPUS_MAX	16
#define ALSO_MAX	2

/* Global, since that is what a call which was never meant to come here can find. */
static struct {
	pthread_mutex_t lock;
	const struct inject *inj;
	unsigned int seen[ALSO_MAX], hits, nr_vcpus;
	int vcpu_fd[VCPUS_MAX];
} state = { .lock = PTHREAD_MUTEX_INITIALIZER };

void inject_begin(const struct inject *inj)
{
	pthread_mutex_lock(&state.lock);
	state.inj = inj;
	memset(state.seen, 0, sizeof(state.seen));
	state.hits = 0;
	state.nr_vcpus = 0;
	pthread_mutex_unlock(&state.lock);
}

unsigned int inject_end(void)
{
	unsigned int hits;

	pthread_mutex_lock(&state.lock);
	state.inj = NULL;
	hits = state.hits;
	pthread_mutex_unlock(&state.lock);
	return hits;
}

static bool wants(const struct inject *inj, enum inject_call call, int fd, unsigned long request,
		  unsigned long arg)
{
	if (inj->call != call)
		return false;
	if (call == CALL_MMAP)
		return (request & inj->request) == inj->request;
	if (call != CALL_IOCTL)
		return true;
	if (inj->request != request || (inj->arg && inj->arg != arg))
		return false;
	if (inj->msr && ((const struct kvm_msrs *)arg)->entries[0].index != inj->msr)
		return false;
	return !inj->cpu || (inj->cpu <= state.nr_vcpus && state.vcpu_fd[inj->cpu - 1] == fd);
}

/* The injection that this call is for, or NULL. */
static const struct inject *hit(enum inject_call call, int fd, unsigned long request,
				unsigned long arg)
{
	const struct inject *inj, *found = NULL;
	unsigned int i = 0, n;

	pthread_mutex_lock(&state.lock);
	for (inj = state.inj; inj && !found && i < ALSO_MAX; inj = inj->also, i++) {
		if (!wants(inj, call, fd, request, arg))
			continue;
		n = state.seen[i]++;
		if (n >= inj->skip && (!inj->times || n - inj->skip < inj->times)) {
			found = inj;
			state.hits++;
		}
	}
	pthread_mutex_unlock(&state.lock);
	return found;
}

static bool over(void)
{
	bool ret;

	pthread_mutex_lock(&state.lock);
	ret = !state.inj;
	pthread_mutex_unlock(&state.lock);
	return ret;
}

static int answer(const struct inject *inj)
{
	if (inj->how == HOW_VALUE)
		return inj->value;
	if (inj->how == HOW_DUP)
		return dup(inj->value);
	errno = inj->value;
	return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
	const struct inject *inj = NULL;
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, int) : 0;
	va_end(ap);
	if (!strcmp(path, "/dev/kvm"))
		inj = hit(CALL_OPEN, -1, 0, 0);
	return inj ? answer(inj) : __real_open(path, flags, mode);
}

static int edit_run(const struct inject *inj, int fd)
{
	struct kvm_run *run = __real_mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
					  fd, 0);

	if (run == MAP_FAILED)
		return -1;
	inj->edit(run);
	munmap(run, RUN_SIZE);
	errno = inj->value;
	return inj->value ? -1 : 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const struct inject *inj;
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);

	inj = hit(CALL_IOCTL, fd, request, (unsigned long)arg);
	if (inj && inj->how == HOW_EXIT)
		return edit_run(inj, fd);
	if (inj && inj->how == HOW_STUCK)
		while (!over())
			usleep(1000);
	else if (inj && inj->how == HOW_LATE)
		usleep(inj->value * 1000);
	else if (inj && inj->how == HOW_KILL)
		kill(getpid(), SIGKILL);
	else if (inj && inj->how != HOW_EDIT)
		return answer(inj);
	ret = __real_ioctl(fd, request, arg);
	if (inj && inj->how == HOW_EDIT && !ret)
		inj->edit(arg);
	if (request == KVM_CREATE_VCPU && ret >= 0) {
		pthread_mutex_lock(&state.lock);
		/* In the order of APIC ids, which here are numbers of CPUs. */
		if ((unsigned long)arg < VCPUS_MAX) {
			state.vcpu_fd[(unsigned long)arg] = ret;
			if (state.nr_vcpus <= (unsigned long)arg)
				state.nr_vcpus = (unsigned long)arg + 1;
		}
		pthread_mutex_unlock(&state.lock);
	}
	return ret;
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	const struct inject *inj = hit(CALL_MMAP, fd, flags, 0);

	if (!inj)
		return __real_mmap(addr, len, prot, flags, fd, off);
	errno = inj->value;
	return MAP_FAILED;
}

int __wrap_ftruncate(int fd, off_t size)
{
	const struct inject *inj = hit(CALL_FTRUNCATE, fd, 0, 0);

	return inj ? answer(inj) : __real_ftruncate(fd, size);
}

ssize_t __wrap_pwrite(int fd, const void *buf, size_t len, off_t off)
{
	const struct inject *inj = hit(CALL_PWRITE, fd, 0, 0);

	return inj ? answer(inj) : __real_pwrite(fd, buf, len, off);
}

int __wrap_memfd_create(const char *name, unsigned int flags)
{
	const struct inject *inj = hit(CALL_MEMFD, -1, 0, 0);

	return inj ? answer(inj) : __real_memfd_create(name, flags);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg)
{
	const struct inject *inj = hit(CALL_THREAD, -1, 0, 0);

	return inj ? inj->value : __real_pthread_create(thread, attr, fn, arg);
}

int __wrap_pthread_kill(pthread_t thread, int sig)
{
	return hit(CALL_KICK, -1, 0, 0) ? 0 : __real_pthread_kill(thread, sig);
}
