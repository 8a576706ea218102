/* SPDX-License-Identifier: GPL-2.0 */
/*
 * outcome.h - an instance that went well, to be changed, and what is made of it
 */
#ifndef KTSTR_TESTS_OUTCOME_H
#define KTSTR_TESTS_OUTCOME_H

#include <string.h>
#include "../runner/evidence.h"
#include "kselftest_harness.h"

static const struct ktstr_test plain = { .name = "plain" };
static const struct ktstr_test control = {
	.name = "control", .expect_fail = { .cause = CAUSE_STUCK, .text = "cg_1" },
};

static const struct msg_instrument good_clock = {
	.clocksource = "tsc", .hres_active = 1, .quiet = 1, .nr_sleeps = 100, .nr_bad = 5,
};

FIXTURE(outcome) {
	struct evidence ev;
	struct outcome out;
	struct monitor_report mon;
};

FIXTURE_SETUP(outcome)
{
	memset(self, 0, sizeof(*self));
	self->ev.test = &plain;
	self->ev.time = VM_TIME_VIRTUAL;
	self->ev.ending = ENDING_EXIT;
	self->ev.stage = STAGE_DONE;
	self->ev.have_result = true;
	self->ev.result.verdict = VERDICT_PASS;
	self->ev.have_instrument = true;
	self->ev.instrument = good_clock;
	self->ev.details = "";
	self->ev.sustain_ns = EXPECT_SUSTAIN_MS * NSEC_PER_MSEC;
	self->mon.usable = true;
	self->ev.monitor = &self->mon;
}

FIXTURE_TEARDOWN(outcome)
{
}

static inline void guest_says(struct evidence *ev, enum verdict verdict, enum cause cause,
			      const char *text)
{
	ev->have_result = true;
	ev->result.verdict = verdict;
	ev->result.cause = cause;
	snprintf(ev->result.text, sizeof(ev->result.text), "%s", text);
}

static inline void log_says(struct evidence *ev, const char *text, bool at_boot)
{
	klog_scan(&ev->klog, text, strlen(text), at_boot ? strlen(text) : 0);
}

#define EXPECT_OUTCOME(_verdict, _cause, _text) do {				\
	outcome_judge(&self->ev, &self->out);					\
	EXPECT_EQ(_verdict, self->out.verdict) TH_LOG("%s", self->out.text);	\
	EXPECT_EQ(_cause, self->out.cause) TH_LOG("%s", self->out.text);	\
	EXPECT_NE(NULL, strstr(self->out.text, _text)) TH_LOG("%s", self->out.text);	\
} while (0)

#endif /* KTSTR_TESTS_OUTCOME_H */
