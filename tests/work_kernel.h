/* SPDX-License-Identifier: GPL-2.0 */
/*
 * work_kernel.h - runs the loop of a work type in this process, under a clock and a kernel
 * of its own
 *
 * All that a loop calls is counted here, so that nothing depends on how fast this machine is. Who
 * includes it gets functions that take the place of libc's.
 */
#ifndef KTSTR_TESTS_WORK_KERNEL_H
#define KTSTR_TESTS_WORK_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../guest/work/work.h"

#define ROUNDS		3U	/* that are counted */
#define NR_CALLS	128U	/* of which it is kept what they asked for */

/* Since the start, or in each round. */
struct counts {
	uint64_t steps;		/* of arithmetic */
	uint64_t walked;	/* steps through memory */
	uint64_t checks;	/* checkpoints */
	uint64_t held_checks;	/* those with the lock */
	uint64_t units;
	uint64_t yields;
	uint64_t sleeps, slept_us;
	uint64_t samples;	/* of how late it ran */
	uint64_t truncates, writes, written;
	uint64_t forks;
	uint64_t mkdirs, rmdirs;
	uint64_t wakes, called;	/* calls that wake, and whom: there is a time for them then */
	uint64_t waits;
	uint64_t locks, unlocks;	/* with priority inheritance */
	uint64_t moves;		/* of memory */
	uint64_t returns;	/* of memory, all of it */
};

static struct test_kernel {
	bool on;
	struct work_self self;
	struct counts count, from, to;
	unsigned int round, rounds;
	uint64_t clock_ns, tick_ns;	/* that each look at it takes */
	uint64_t rng_from;
	uint32_t wake_bits, wait_bits;	/* of the last one */
	int nice[NR_CALLS];
	unsigned int nr_nice;
	int policy[NR_CALLS], prio[NR_CALLS];
	unsigned int nr_policies;
	struct cpumask affinity[NR_CALLS];
	unsigned int nr_affinities;
	uint64_t node[NR_CALLS];
	uint64_t lost;			/* nodes that are taken away after five moves */
	unsigned int refused;		/* that move is, from 1 on; 0: none */
	bool walks;
	unsigned char *mem;		/* that it has asked for */
	size_t size;
	uint64_t resident_min, resident_max;	/* pages, when they were given back */
	uint64_t faults, missed_faults;
	bool outside;			/* it had to do with what is not its own */
} k;

static long raw(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	if (ret < 0 && ret > -4096) {
		errno = -ret;
		return -1;
	}
	return ret;
}

static uint64_t walked(void)
{
	uint64_t sum = 0;
	size_t i;

	/* To read memory is to have it. */
	for (i = 0; k.walks && i < k.size; i++)
		sum += k.mem[i];
	return sum;
}

static uint64_t steps_between(uint64_t x, uint64_t end)
{
	uint64_t nr;

	for (nr = 0; x != end && nr < 1 << 24; nr++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return nr;
}

/* At the first checkpoint of a round: whole rounds lie between two of these. */
static void at_round(void)
{
	struct worker_page *page = k.self.page;

	k.round = page->rep.iterations;
	k.count.units = page->rep.units;
	k.count.checks = page->rep.nr_checkpoints;
	k.count.samples = page->rep.nr_wakes;
	if (k.round == 1) {
		k.count.walked = walked();
		k.from = k.count;
		k.rng_from = k.self.rng;
	} else if (k.round == 1 + k.rounds) {
		k.count.walked = walked();
		k.count.steps = steps_between(k.rng_from, k.self.rng);
		k.to = k.count;
		atomic_store(&page->stop, 1);
	}
}

/* These take the place of libc's. */
int clock_gettime(clockid_t clock, struct timespec *ts)
{
	if (!k.on || clock != CLOCK_MONOTONIC)
		return raw(SYS_clock_gettime, clock, (long)ts, 0, 0, 0, 0);
	if (k.self.page->rep.iterations > k.round && k.round < 1 + k.rounds)
		at_round();
	k.clock_ns += k.tick_ns;
	ts->tv_sec = k.clock_ns / NSEC_PER_SEC;
	ts->tv_nsec = k.clock_ns % NSEC_PER_SEC;
	k.count.held_checks += atomic_load(&k.self.page->shared.owner) == k.self.seat.side + 1;
	return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until,
		    struct timespec *left)
{
	uint64_t ns = until->tv_sec * NSEC_PER_SEC + until->tv_nsec;

	if (!k.on || clock != CLOCK_MONOTONIC || flags != TIMER_ABSTIME)
		return raw(SYS_clock_nanosleep, clock, flags, (long)until, (long)left, 0, 0) ?
		       errno : 0;
	k.count.sleeps++;
	/* From the last look but one: there was a checkpoint since it was known until when. */
	k.count.slept_us += DIV_ROUND_UP(ns - k.clock_ns + k.tick_ns, NSEC_PER_USEC);
	k.clock_ns = max(k.clock_ns, ns - k.tick_ns);
	return 0;
}

int sched_yield(void)
{
	k.count.yields++;
	return 0;
}

int setpriority(__priority_which_t which, id_t who, int nice)
{
	k.outside |= which != PRIO_PROCESS || who;
	if (k.nr_nice < NR_CALLS)
		k.nice[k.nr_nice++] = nice;
	return 0;
}

int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	k.outside |= pid != 0;
	if (k.nr_policies < NR_CALLS) {
		k.policy[k.nr_policies] = policy;
		k.prio[k.nr_policies++] = param->sched_priority;
	}
	return 0;
}

int ftruncate(int fd, off_t len)
{
	k.count.truncates += !len;
	return raw(SYS_ftruncate, fd, len, 0, 0, 0, 0);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	ssize_t ret = raw(SYS_pwrite64, fd, (long)data, size, at, 0, 0);

	k.count.writes++;
	k.count.written += max(ret, 0L);
	return ret;
}

pid_t fork(void)
{
	pid_t pid = raw(SYS_fork, 0, 0, 0, 0, 0, 0);

	k.count.forks += pid > 0;
	return pid;
}

/* So ends a worker for a call that failed; with a code that is no failure to the harness. */
void _exit(int code)
{
	if (k.on && code == WORKER_EXIT_SETUP) {
		fprintf(stderr, "# work type %d: %s failed: %s\n", k.self.work.type,
			worker_setup_name(k.self.page->rep.setup_call),
			strerror(k.self.page->rep.setup_errno));
		code = 1;
	}
	for (;;)
		raw(SYS_exit_group, code, 0, 0, 0, 0, 0);
}

int mkdir(const char *path, mode_t mode)
{
	k.count.mkdirs++;
	return raw(SYS_mkdir, (long)path, mode, 0, 0, 0, 0);
}

int rmdir(const char *path)
{
	k.count.rmdirs++;
	return raw(SYS_rmdir, (long)path, 0, 0, 0, 0, 0);
}

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	void *mem = (void *)raw(SYS_mmap, (long)at, size, prot, flags, fd, offset);

	if (k.on && flags == (MAP_PRIVATE | MAP_ANONYMOUS)) {
		k.mem = mem;
		k.size = size;
	}
	return mem;
}

static uint64_t faults(void)
{
	struct rusage ru = { };

	raw(SYS_getrusage, RUSAGE_SELF, (long)&ru, 0, 0, 0, 0);
	return ru.ru_minflt;
}

static uint64_t resident(void)
{
	static unsigned char there[16 * MIB / 4096];
	uint64_t nr = 0;
	size_t i;

	if (k.size > 16 * MIB || raw(SYS_mincore, (long)k.mem, k.size, (long)there, 0, 0, 0))
		return 0;
	for (i = 0; i < k.size / 4096; i++)
		nr += there[i] & 1;
	return nr;
}

int madvise(void *mem, size_t size, int advice)
{
	uint64_t nr;

	/* One that was told to stop is not done. */
	if (k.on && advice == MADV_DONTNEED && !work_stopped(&k.self)) {
		nr = resident();
		k.outside |= mem != k.mem || size != k.size;
		k.count.returns++;
		k.resident_min = min(k.resident_min, nr);
		k.resident_max = max(k.resident_max, nr);
		/* A page without a fault of its own was part of a larger one. */
		if (k.faults && faults() - k.faults < nr)
			k.missed_faults++;
		k.faults = faults();
	}
	return raw(SYS_madvise, (long)mem, size, advice, 0, 0, 0);
}

/* The others of its group are not there: they have answered before it waits. */
static long do_futex(int op, uint32_t val, uint32_t bits)
{
	struct work_shared *shared = &k.self.page->shared;
	uint32_t side, nr = 0;

	switch (op) {
	case FUTEX_WAIT_BITSET:
		k.count.waits++;
		k.wait_bits = bits;
		if (k.self.work.type == WORK_WAKE_CHAIN ||
		    k.self.work.type == WORK_FUTEX_PING_PONG)
			atomic_store(&shared->word, k.self.seat.side);
		else
			atomic_fetch_add(&shared->word, 1);
		atomic_store(&shared->wake_ns[k.self.seat.side], k.clock_ns);
		return 0;
	case FUTEX_WAKE_BITSET:
		k.count.wakes++;
		k.wake_bits = bits;
		for (side = 0; side < WORK_GROUP_MAX && nr < val; side++)
			if (side != k.self.seat.side && bits & BIT(side))
				nr += !!atomic_exchange(&shared->wake_ns[side], 0);
		k.count.called += nr;
		return nr;
	case FUTEX_LOCK_PI:
		k.count.locks++;
		k.outside |= atomic_exchange(&shared->owner, k.self.seat.side + 1) != 0;
		return 0;
	case FUTEX_UNLOCK_PI:
		k.count.unlocks++;
		k.outside |= atomic_exchange(&shared->owner, 0) != k.self.seat.side + 1;
		return 0;
	default:
		errno = EINVAL;
		return -1;
	}
}

/* Takes six arguments, however many were given, as that of the C library does. */
long __attribute__((no_sanitize_address)) syscall(long nr, ...)
{
	long a[6];
	unsigned int i;
	va_list ap;

	va_start(ap, nr);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (k.on && nr == SYS_futex)
		return do_futex(a[1], a[2], a[5]);
	if (k.on && nr == SYS_sched_setaffinity) {
		k.outside |= a[0] != 0;
		if (k.nr_affinities < NR_CALLS)
			k.affinity[k.nr_affinities++] = *(struct cpumask *)a[2];
		return 0;
	}
	if (k.on && nr == SYS_get_mempolicy) {
		*(uint64_t *)a[1] = (BIT(0) | BIT(2)) & ~(k.count.moves < 5 ? 0 : k.lost);
		return 0;
	}
	if (k.on && nr == SYS_mbind) {
		k.outside |= (unsigned char *)a[0] != k.mem || (size_t)a[1] != k.size;
		k.node[k.count.moves++ % NR_CALLS] = *(uint64_t *)a[3];
		if (k.count.moves != k.refused)
			return 0;
		errno = EINVAL;
		return -1;
	}
	return raw(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Two cores, of CPUs 0 and 1, and 2 and 3; and CPU 4, which is alone. */
int open(const char *path, int flags, ...)
{
	static const char *const siblings[] = { "0-1\n", "0-1\n", "2-3\n", "2-3\n", "4\n" };
	unsigned int cpu;
	mode_t mode;
	va_list ap;
	int fd;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (!k.on || !strstr(path, "/thread_siblings_list"))
		return raw(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
	if (sscanf(path, "/sys/devices/system/cpu/cpu%u/", &cpu) != 1 ||
	    cpu >= ARRAY_SIZE(siblings)) {
		errno = ENOENT;
		return -1;
	}
	fd = memfd_create("siblings", 0);
	raw(SYS_pwrite64, fd, (long)siblings[cpu], strlen(siblings[cpu]), 0, 0, 0);
	return fd;
}

static void start(const struct work *work, unsigned int side)
{
	struct work_self *self = &k.self;

	memset(&k, 0, sizeof(k));
	self->page = (void *)raw(SYS_mmap, 0, sizeof(*self->page), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	self->work = *work;
	work_defaults(&self->work);
	self->rng = 1;
	self->seat.shared = &self->page->shared;
	self->seat.side = side;
	self->seat.size = work_group(work);
	self->seat.rfd = -1;
	self->seat.wfd = -1;
	cpumask_set_range(&self->page->allowed[0].cpus, 0, KTSTR_MAX_CPUS);
	k.rounds = ROUNDS;
	k.tick_ns = 1;
	k.clock_ns = NSEC_PER_SEC;
	self->base_ns = k.clock_ns;
	k.resident_min = UINT64_MAX;
}

static void run(void)
{
	k.on = true;
	work_ops(k.self.work.type)->run(&k.self);
	k.on = false;
}

#endif /* KTSTR_TESTS_WORK_KERNEL_H */
