/* SPDX-License-Identifier: GPL-2.0 */
/*
 * evidence.h - collects what a guest says, from the window or from COM2
 */
#ifndef KTSTR_RUNNER_EVIDENCE_H
#define KTSTR_RUNNER_EVIDENCE_H

#include "outcome.h"
#include "phases.h"
#include "result.h"

struct collector {
	struct evidence ev;
	unsigned int nr_frames;
	unsigned int nr_bad;		/* frames that made no sense */
	struct phases phases;
	struct textbuf details;
	struct textbuf log;
	struct textbuf sched;
	struct textbuf klog;
};

/* collect_frame - one message. */
void collect_frame(struct collector *c, const struct shm_frame *frame);

/* collect_window - what is there, at most a ring full; false when the ring is corrupt. */
bool collect_window(struct collector *c, struct shm *shm, struct shm_frame *frame);

/* collect_text - all frames that can be found in the text of COM2. */
void collect_text(struct collector *c, const char *text, size_t len, struct shm_frame *frame);

void collector_free(struct collector *c);

#endif /* KTSTR_RUNNER_EVIDENCE_H */
