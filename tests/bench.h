/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench.h - what the parts of the benchmark share
 */
#ifndef KTSTR_TESTS_BENCH_H
#define KTSTR_TESTS_BENCH_H

#include "../lib/wire.h"
#include "../vmm/initramfs.h"
#include "../vmm/vm.h"

#define BENCH_MAX_RUNS	64
#define BENCH_LIMIT_NS	(300 * NSEC_PER_SEC)

struct monitor_known;

struct bench {
	struct vm_config cfg;
	struct initramfs ird;
	struct job job;
	struct monitor_known *known;	/* of the image, as the runner's instances have it */
	unsigned int runs;
	unsigned int missed;		/* limits */
	const char *self;
};

/* bench_die - one line that names what, and the cause; ends the program. */
void bench_die(const char *what, const struct err *err) __noreturn;

/* bench_median - sorts @v. */
double bench_median(uint64_t *v, unsigned int n);

/* ,"NAME":MEDIAN,"NAME_p10":...,"NAME_p90":... in milliseconds, by nearest rank. */
void bench_print_ms(const char *name, uint64_t *v, unsigned int n);

/*
 * bench_limit - ,"NAME":LIMIT,"met":true or false; a miss is told on stderr, too, and counted.
 * bench_limit_abs - of what has a unit: null where the clock counts instructions, in an L1.
 */
void bench_limit(struct bench *b, const char *what, const char *name, double val, double limit);
void bench_limit_abs(struct bench *b, const char *what, const char *name, double val, double limit);

/* --- bench_load.c ----------------------------------------------------------- */

/*
 * bench_load - of the archive and of the kernel: to copy it into guest RAM, and to map it there. And
 * to touch all RAM, anonymous or in a memfd.
 */
void bench_load(const struct bench *b);

/* --- bench_start.c ---------------------------------------------------------- */

/* bench_start - from exec to PID 1, and on KVM what comes before and after; ours and QEMU's. */
void bench_start(struct bench *b);

/* bench_one - what bench_start() measures of ours: one VM in a process of its own. */
int bench_one(struct bench *b);

/* --- bench_trace.c ---------------------------------------------------------- */

/*
 * KVM's own trace points, which no VMM has to know of. On CLOCK_MONOTONIC, in ns; 0 is for what did not
 * happen. trace_open() is false where there are none, or for who may not see them.
 */
bool trace_open(void);
void trace_close(void);
void trace_reset(void);
uint64_t trace_first_entry(pid_t but);	/* of any vCPU of any thread but this one */
uint64_t trace_debug_exit(void);	/* a guest wrote to PORT_DEBUG_EXIT */

#endif /* KTSTR_TESTS_BENCH_H */
