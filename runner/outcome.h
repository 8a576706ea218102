/* SPDX-License-Identifier: GPL-2.0 */
/*
 * outcome.h - from everything that was seen of an instance to one verdict
 *
 * Pure: it looks at a struct evidence and nothing else. The order is: the guest's
 * own result, or why there is none; then the kernel log; then the monitor; then
 * whether the guest was fit to be judged at all; then what a control expects.
 */
#ifndef KTSTR_RUNNER_OUTCOME_H
#define KTSTR_RUNNER_OUTCOME_H

#include "../ktstr.h"
#include "../monitor/monitor.h"
#include "../vmm/vm.h"
#include "klog.h"

enum ending {
	ENDING_NONE,		/* it did not end by itself; we stopped it after its last message */
	ENDING_EXIT,		/* the guest ended itself */
	ENDING_RESET,
	ENDING_ENGINE,
	ENDING_TIMEOUT,
	ENDING_DOORBELL,	/* it waits for a job */
	ENDING_INFRA,		/* it never ran: .ending_text says why */
};

struct evidence {
	const struct ktstr_test *test;
	enum vm_time time;
	bool leaves_out;		/* the engine, a CPU that has work */
	/* Limits were asked for that only the monitor can judge. */
	bool needs_running, needs_dsq, needs_events;
	uint64_t sustain_ns;		/* how long they must be exceeded */
	enum ending ending;
	char ending_text[512];		/* TIMEOUT: the numbers; RESET, ENGINE, INFRA: the reason */
	bool starved;			/* TIMEOUT: for want of CPU time of the host */
	bool have_exit;			/* its last message came before */
	uint32_t stage;			/* the last one that PID 1 reached */
	bool have_result;
	struct msg_result result;	/* as it came: not to be trusted */
	bool have_instrument;
	struct msg_instrument instrument;
	char crash[256];		/* MSG_CRASH, "" if there was none */
	struct klog klog;
	const struct monitor_report *monitor;	/* NULL: there was none */
	/* The guest has ended, and says that no scheduler is attached: tasks of the ext class. */
	struct ext_tasks ext_tasks;
	/* Those that can run, where nobody could look at all tasks: */
	uint32_t ext_left;		/* on the run queue of .ext_cpu, which has the most */
	unsigned int ext_cpu;
	const char *details;		/* the guest's detail lines, "" if there are none */
};

#define OUTCOME_TEXT_LEN	1024

/* How a control failed, whether it had to or not. Guest time, 0 where that is not known. */
struct caught {
	enum cause cause;		/* CAUSE_NONE: it did not fail, or is no control */
	uint64_t start_ns;		/* since the start of the scenario */
	uint64_t fault_ns;		/* since the fault began */
};

struct outcome {
	enum verdict verdict;
	enum cause cause;
	uint64_t at_ns;			/* guest time since boot when it was known, 0: unknown */
	struct caught caught;
	char unseen[256];		/* why the monitor's defaults were not judged; "": they were */
	char text[OUTCOME_TEXT_LEN];	/* one line */
};

void outcome_judge(const struct evidence *ev, struct outcome *out);

/*
 * outcome_judge_teardown - the same for what is only known when nothing is left of the guest: that
 * took @ns since its end. Of one that passed so far.
 */
void outcome_judge_teardown(const struct ktstr_test *test, const struct expect *expect,
			    uint64_t ns, struct outcome *out);

#endif /* KTSTR_RUNNER_OUTCOME_H */
