// SPDX-License-Identifier: GPL-2.0
/*
 * phases.c - when an instance got how far, by the host's clock
 */
#include <string.h>
#include "../lib/log.h"
#include "phases.h"

static const char *const names[NR_PHASES] = {
	[PHASE_EXEC] = "exec",
	[PHASE_START] = "start",
	[PHASE_CREATED] = "created",
	[PHASE_RUN] = "run",
	[PHASE_BANNER] = "banner",
	[PHASE_INIT] = "init",
	[PHASE_READY] = "ready",
	[PHASE_JOB] = "job",
	[PHASE_ATTACHED] = "attached",
	[PHASE_WORKERS] = "workers",
	[PHASE_RESULT] = "result",
	[PHASE_END] = "end",
	[PHASE_TEARDOWN] = "teardown",
};

void phase_reached(struct phases *p, enum phase phase)
{
	bool before = phase > PHASE_RUN && phase < PHASE_JOB;

	if (!p->at_ns[phase] && !(p->thawed && before))
		p->at_ns[phase] = now_ns();
}

void phase_stage(struct phases *p, enum stage stage)
{
	switch (stage) {
	case STAGE_INIT:
		phase_reached(p, PHASE_INIT);
		break;
	case STAGE_READY:
		phase_reached(p, PHASE_READY);
		break;
	case STAGE_JOB:
		phase_reached(p, PHASE_JOB);
		break;
	case STAGE_SETUP:	/* what comes after STAGE_SCHED */
		phase_reached(p, PHASE_ATTACHED);
		break;
	case STAGE_RUN:
		phase_reached(p, PHASE_WORKERS);
		break;
	default:
		break;
	}
}

bool phase_is_banner(const char *text)
{
	/* When, and with PRINTK_CALLER by whom. */
	while (*text == '[')
		text += strcspn(text, "]") + strspn(text + strcspn(text, "]"), "] ");
	return !strncmp(text, "Linux version ", strlen("Linux version "));
}

enum phase phases_last(const struct phases *p)
{
	enum phase i, last = PHASE_START;

	for (i = PHASE_START; i < NR_PHASES; i++)
		if (p->at_ns[i])
			last = i;
	return last;
}

const char *phase_name(enum phase phase)
{
	return (unsigned int)phase < NR_PHASES ? names[phase] : "?";
}

/* What a clock in this process has stamped is in order, but it came by a pipe. */
static int64_t since_start(const struct phases *p, enum phase i)
{
	const int64_t ns = p->at_ns[i] - p->at_ns[PHASE_START];

	return i < PHASE_START ? min(ns, (int64_t)0) : max(ns, (int64_t)0);
}

/* That is where they are counted from. */
static bool is_told(const struct phases *p, enum phase i)
{
	return i != PHASE_START && p->at_ns[i];
}

char *phases_line(const struct phases *p, char *buf, size_t size)
{
	size_t len = 0;
	enum phase i;

	buf[0] = '\0';
	for (i = 0; i < NR_PHASES; i++)
		if (is_told(p, i) && len < size)
			len += snprintf(buf + len, size - len, "%s%s %.1f", len ? ", " : "",
					names[i], since_start(p, i) / 1e6);
	return buf;
}

void phases_json(const struct phases *p, FILE *f)
{
	const char *sep = "";
	enum phase i;

	fputc('{', f);
	for (i = 0; i < NR_PHASES; i++) {
		if (!is_told(p, i))
			continue;
		fprintf(f, "%s\"%s\":%lld", sep, names[i], (long long)since_start(p, i));
		sep = ",";
	}
	fputc('}', f);
}
