/* SPDX-License-Identifier: GPL-2.0 */
/*
 * guest.h - what PID 1 does, and how its parts report
 *
 * Every part of the guest runtime gets a struct guest and reports through it.
 * There is no other state.
 */
#ifndef KTSTR_GUEST_GUEST_H
#define KTSTR_GUEST_GUEST_H

#include "../ktstr.h"
#include "../lib/log.h"

struct sched;		/* guest/scheduler.h */

/* PID 1 is SCHED_FIFO. A worker of that priority, or above, could keep it from running. */
#define PID1_PRIO	50

struct guest {
	struct shm shm;		/* base NULL: no window, COM2 only */
	int com2_fd;		/* /dev/ttyS1, negative if absent or stuck */
	uint32_t com2_seq;
	int kmsg_fd;		/* /dev/kmsg, from the end of the boot on; or a negative errno */
	bool virtual_time;	/* time is counted in instructions: idle time costs nothing */
	struct topology topo;	/* what was asked for */
	unsigned int nr_cpus;	/* online in this guest */
	struct job job;		/* a copy; at first that of the one that prepares */
	uint64_t rng;		/* state of the one random generator, from job.seed */
};

/* guest_main - the life of PID 1. Never returns. */
void guest_main(void) __noreturn;

/*
 * guest_send - one message into the window. What a report cannot do without (stage, detail,
 * result, crash, exit) goes out on COM2 as well; without a window everything does. The rest
 * stays off COM2, whose interrupts would disturb what is being measured. A fault of the job
 * cuts the messages that end a run. Never blocks for longer than COM2_LIMIT_NS: a port
 * that takes nothing for that long is given up.
 */
void guest_send(struct guest *g, uint32_t type, const void *payload, size_t len, bool final);

/* guest_stage - say how far we are. */
void guest_stage(struct guest *g, enum stage stage);

/* guest_log - a line of diagnostics; guest_detail - a line that belongs to the result. */
void guest_log(struct guest *g, const char *fmt, ...) __printf(2, 3);
void guest_detail(struct guest *g, const char *fmt, ...) __printf(2, 3);

#define COM2_LIMIT_NS	(2 * NSEC_PER_SEC)

/* guest_signal - set SHM_GST_* bits for the monitor. guest_requests - the host's SHM_REQ_* bits. */
void guest_signal(struct guest *g, uint32_t bits);
uint32_t guest_requests(struct guest *g);

/* guest_sched_faults - SCHED_FAULT() bits: what the host wants the scheduler to do wrong. */
uint32_t guest_sched_faults(struct guest *g);

/*
 * guest_poll_requests - do what the host asks for; to be called several times a second
 * while workers run. A dump is made here and its request taken back. True: shut down,
 * so end the scenario now and report what there is.
 */
bool guest_poll_requests(struct guest *g);

/*
 * result_set - make @res a bad result; the first one stays, a worse one
 * replaces it (FAIL over INCONCLUSIVE over SKIP). Also sent as a detail line.
 */
void result_set(struct guest *g, struct msg_result *res, enum verdict verdict,
		enum cause cause, const char *fmt, ...) __printf(5, 6);

/* guest_random - uniform in [0, bound), reproducible from the seed. */
uint32_t guest_random(struct guest *g, uint32_t bound);

#endif /* KTSTR_GUEST_GUEST_H */
