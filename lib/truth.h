/* SPDX-License-Identifier: GPL-2.0 */
/*
 * truth.h - what a guest says about its own run queues, for a host that checks its monitor by it
 *
 * Lines of text, sent as log lines just before the guest stops itself:
 *
 *	truth: cpu 1: nr_running 3 clock 5012345678 curr 77 scx 3 slack 0
 *	truth: for 1234567 ns
 *	truth: event SCX_EV_BYPASS_ACTIVATE 1
 *	truth: symbol ffffffff81000000 _text
 *	truth: ext 123 tasks, first 2 kthreadd
 */
#ifndef KTSTR_LIB_TRUTH_H
#define KTSTR_LIB_TRUTH_H

#include "util.h"

struct truth_cpu {
	uint32_t cpu;
	uint32_t nr_running;
	uint64_t clock;		/* ns */
	uint32_t curr;		/* pid of what runs there; 0: idle */
	uint32_t scx;		/* tasks that sched_ext must have there */
	uint32_t slack;		/* how far numbers may be off: whoever counts counts itself */
};

/* Tasks of the ext class. */
struct truth_ext {
	uint32_t nr;
	uint32_t pid;		/* of the first one, and its name */
	char comm[16];
};

/*
 * How often the two are compared. Where one thread stands for all CPUs, the others go on
 * for a moment after the one that stops the VM: once in a while a kernel thread wakes up
 * there, but not every time.
 */
#define TRUTH_LOOKS	12U

#define TRUTH_CPU_FMT	"truth: cpu %u: nr_running %u clock %llu curr %u scx %u slack %u"
#define TRUTH_FOR_FMT	"truth: for %llu ns"
#define TRUTH_EXT_FMT	"truth: ext %u tasks, first %u %s"
#define TRUTH_EXT_SCAN	"truth: ext %u tasks, first %u %15[^\n]"
#define TRUTH_EVENT	"truth: event "		/* and a line of sched_ext's events */
#define TRUTH_SYMBOL	"truth: symbol "

#endif /* KTSTR_LIB_TRUTH_H */
