/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inject.h - a kernel that refuses, for tests of the kvm engine
 *
 * A program that links inject.c with $(INJECT) of the Makefile has its calls of open(), ioctl(),
 * mmap() and others come by here; those that an injection names are answered differently. The
 * engine itself knows nothing of it.
 */
#ifndef KTSTR_TESTS_INJECT_H
#define KTSTR_TESTS_INJECT_H

#include <linux/kvm.h>
#include <pthread.h>
#include <sys/types.h>

enum inject_call {
	CALL_NONE,
	CALL_OPEN,			/* of /dev/kvm */
	CALL_IOCTL,
	CALL_MMAP,			/* with all flags of .request */
	CALL_FTRUNCATE,
	CALL_PWRITE,
	CALL_MEMFD,			/* memfd_create() */
	CALL_THREAD,			/* pthread_create() */
	CALL_KICK,			/* pthread_kill(): does nothing, and says that it did */
};

enum inject_how {
	HOW_ERRNO,			/* -1, errno is .value; of CALL_THREAD: .value */
	HOW_VALUE,			/* the call returns .value */
	HOW_DUP,			/* ... a duplicate of that descriptor */
	HOW_EDIT,			/* it is made; then edit() has its argument */
	HOW_EXIT,			/* KVM_RUN: 0, or errno .value; edit() makes the exit */
	HOW_STUCK,			/* it does not return before inject_end() */
	HOW_LATE,			/* it is made, after .value ms */
	HOW_KILL,			/* the process is killed, as when memory has run out */
};

struct inject {
	enum inject_call call;
	enum inject_how how;
	int value;
	unsigned long request;		/* of ioctl(); flags of mmap() */
	unsigned long arg;		/* only calls with that one; 0: all */
	unsigned int msr;		/* only lists of MSRs that begin with that one */
	unsigned int cpu;		/* only on the vCPU with this APIC id, plus 1; 0: on all */
	unsigned int skip;		/* so many calls are answered rightly, */
	unsigned int times;		/* then so many wrongly; 0: all */
	void (*edit)(void *arg);	/* of KVM_RUN: struct kvm_run */
	const struct inject *also;	/* another call that goes wrong, which is counted apart */
};

/* inject_begin - from now on; @inj must stay. */
void inject_begin(const struct inject *inj);

/* inject_end - no more; returns how many calls were answered. */
unsigned int inject_end(void);

/* For the linker alone: what a call becomes, and what it was. */
int __real_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
int __real_ftruncate(int fd, off_t size);
ssize_t __real_pwrite(int fd, const void *buf, size_t len, off_t off);
int __real_memfd_create(const char *name, unsigned int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg);
int __real_pthread_kill(pthread_t thread, int sig);

int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
int __wrap_ftruncate(int fd, off_t size);
ssize_t __wrap_pwrite(int fd, const void *buf, size_t len, off_t off);
int __wrap_memfd_create(const char *name, unsigned int flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg);
int __wrap_pthread_kill(pthread_t thread, int sig);

#endif /* KTSTR_TESTS_INJECT_H */
