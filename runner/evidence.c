// SPDX-License-Identifier: GPL-2.0
/*
 * evidence.c - collects what a guest says, from the window or from COM2
 */
#include <string.h>
#include "../guest/scenario.h"
#include "evidence.h"

static void on_stimulus(struct collector *c, const struct msg_stimulus *s)
{
	unsigned long long ms = s->at_ns / NSEC_PER_MSEC;

	char ops[512];

	textbuf_printf(&c->log,
		       "step %u at +%llu ms: %u ops (%s), %u cgroups, %u workers, %u payloads, %llu iterations, %u CPUs",
		       s->step, ms, s->nr_ops, op_mask_format(s->op_mask, ops, sizeof(ops)),
		       s->nr_cgroups, s->nr_workers, s->nr_payloads,
		       (unsigned long long)s->iterations, s->nr_cpus);
}

static void on_stage(struct collector *c, const struct msg_stage *s)
{
	if (s->stage >= NR_STAGES) {
		c->nr_bad++;
		return;
	}
	c->ev.stage = s->stage;
	phase_stage(&c->phases, s->stage);
	textbuf_printf(&c->log, "stage %s at %llu ms", stage_name(s->stage),
		       (unsigned long long)(s->at_ns / NSEC_PER_MSEC));
}

/* The size of a fixed message; text has none. */
static size_t fixed_size(uint32_t type)
{
	switch (type) {
	case MSG_STAGE:
		return sizeof(struct msg_stage);
	case MSG_RESULT:
		return sizeof(struct msg_result);
	case MSG_STIMULUS:
		return sizeof(struct msg_stimulus);
	case MSG_INSTRUMENT:
		return sizeof(struct msg_instrument);
	default:
		return 0;
	}
}

void collect_frame(struct collector *c, const struct shm_frame *frame)
{
	const char *text = (const char *)frame->payload;
	size_t fixed = fixed_size(frame->type);
	struct msg_stimulus stimulus;
	struct msg_stage stage;

	if (fixed && frame->len != fixed) {
		c->nr_bad++;
		return;
	}
	c->nr_frames++;
	switch (frame->type) {
	case MSG_STAGE:
		memcpy(&stage, frame->payload, sizeof(stage));
		on_stage(c, &stage);
		break;
	case MSG_LOG:
		textbuf_add(&c->log, text, frame->len);
		break;
	case MSG_DETAIL:
		textbuf_add(&c->details, text, frame->len);
		break;
	case MSG_RESULT:
		phase_reached(&c->phases, PHASE_RESULT);
		/* A second result would be a second opinion: the first stands. */
		if (!c->ev.have_result)
			memcpy(&c->ev.result, frame->payload, sizeof(c->ev.result));
		c->ev.have_result = true;
		break;
	case MSG_CRASH:
		snprintf(c->ev.crash, sizeof(c->ev.crash), "%.*s", (int)strcspn(text, "\n"), text);
		textbuf_add(&c->details, text, frame->len);
		break;
	case MSG_KLOG:
		textbuf_add(&c->klog, text, frame->len);
		break;
	case MSG_SCHED_LOG:
		textbuf_add(&c->sched, text, frame->len);
		break;
	case MSG_STIMULUS:
		memcpy(&stimulus, frame->payload, sizeof(stimulus));
		on_stimulus(c, &stimulus);
		break;
	case MSG_INSTRUMENT:
		memcpy(&c->ev.instrument, frame->payload, sizeof(c->ev.instrument));
		c->ev.have_instrument = true;
		break;
	case MSG_EXIT:
		c->ev.have_exit = true;
		break;
	default:
		c->nr_frames--;
		c->nr_bad++;
	}
}

bool collect_window(struct collector *c, struct shm *shm, struct shm_frame *frame)
{
	unsigned int most = SHM_RING_SIZE / sizeof(struct shm_record);
	int ret = 0;

	/* Not for ever, if it writes as fast as this reads: there are deadlines to watch. */
	while (most-- && (ret = shm_recv(shm, frame)) > 0)
		collect_frame(c, frame);
	return ret >= 0;
}

void collect_text(struct collector *c, const char *text, size_t len, struct shm_frame *frame)
{
	const char *end = text + len;
	unsigned int bad = 0;

	while (frame_decode(&text, end, frame, &bad) > 0)
		collect_frame(c, frame);
	c->nr_bad += bad;
}

void collector_free(struct collector *c)
{
	textbuf_free(&c->details);
	textbuf_free(&c->log);
	textbuf_free(&c->sched);
	textbuf_free(&c->klog);
}
