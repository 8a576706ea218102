// SPDX-License-Identifier: GPL-2.0
/*
 * diag.c - what is printed about an instance before its KTAP line
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../guest/expect.h"
#include "../lib/report.h"
#include "diag.h"
#include "profile.h"

/* Each line of a guest gets a prefix, so that no parser takes it for a result. */
static const char *const section_prefix[NR_SECTIONS] = {
	[SECTION_DETAIL] = "guest| ",
	[SECTION_NOTE] = "note: ",
	[SECTION_MONITOR] = "",
	[SECTION_SCHED] = "sched| ",
	[SECTION_KLOG] = "klog| ",
	[SECTION_CONSOLE] = "console| ",
	[SECTION_ENGINE] = "",
	[SECTION_LOG] = "log| ",
};

struct command {
	char *buf;
	size_t size, len;
};

static void put(struct command *c, const char *text, size_t len)
{
	len = min(len, c->size - 1 - c->len);
	memcpy(c->buf + c->len, text, len);
	c->len += len;
	c->buf[c->len] = '\0';
}

/* One word, quoted for a shell if it needs that. */
static void word(struct command *c, const char *s)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./:,@%";

	if (c->len)
		put(c, " ", 1);
	if (*s && !s[strspn(s, plain)]) {
		put(c, s, strlen(s));
		return;
	}
	put(c, "'", 1);
	for (; *s; s++) {
		if (*s == '\'')
			put(c, "'\\''", 4);
		else
			put(c, s, 1);
	}
	put(c, "'", 1);
}

static void option(struct command *c, const char *name, const char *fmt, ...) __printf(3, 4);

static void option(struct command *c, const char *name, const char *fmt, ...)
{
	char val[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(val, sizeof(val), fmt, ap);
	va_end(ap);
	word(c, name);
	word(c, val);
}

char *diag_command(const struct runner *run, const struct plan_instance *inst, enum warm warm,
		   char *buf, size_t size)
{
	const struct options *opts = &run->opts;
	struct command c = { buf, size, 0 };
	char topo[TOPOLOGY_NAME_LEN], said[JOB_EXPECT_LEN];
	unsigned int i;

	*buf = '\0';
	word(&c, run->self);
	option(&c, "-k", "%s", run->kernel.arg);
	option(&c, "-t", "%s", inst->name);
	option(&c, "--topology", "%s", topology_format(&inst->topo, topo, sizeof(topo)));
	option(&c, "--seed", "%llu", (unsigned long long)opts->seed);
	option(&c, "--accel", "%s", run->engine->name);
	if (opts->sched_kind != SCHED_KIND_NONE)
		option(&c, "--sched", "%s%s",
		       opts->sched_kind == SCHED_KIND_BUILTIN ? "builtin:" : "", opts->sched);
	for (i = 0; i < opts->nr_sched_args; i++)
		option(&c, "--sched-arg", "%s", opts->sched_args[i]);
	/* Others of the user's may not be known to this program. */
	for (i = 0; inst->flags >> i; i++)
		if (inst->flags & 1U << i && inst->test->flags[i]->by_user)
			option(&c, "--sched-flag", "%s",
			       profile_user_flag(opts, inst->test->flags[i]));
	if (opts->sched_expect &&
	    *expect_about(opts->sched_expect, inst->test->name, said, sizeof(said)))
		option(&c, "--sched-expect", "%s", said);
	if (opts->duration_ms)
		option(&c, "--duration", "%.10g", opts->duration_ms / 1000.);
	if (opts->memory_mb)
		option(&c, "--memory-mb", "%u", opts->memory_mb);
	if (opts->append)
		option(&c, "--append", "%s", opts->append);
	if (opts->perf)
		word(&c, "--perf");
	else if (warm == WARM_NOT)
		word(&c, "--cold");
	else if (warm > WARM_NOT)
		option(&c, "--warm", warm == WARM_ATTACHED ? "attached" : "booted");
	return buf;
}

void diag_header(const struct runner *run)
{
	const struct options *opts = &run->opts;

	kernel_report(&run->kernel);
	report_diag("", "engine: %s, time is %s", run->engine->name,
		    run->engine->time == VM_TIME_VIRTUAL ? "virtual" : "real");
	if (opts->sched_kind == SCHED_KIND_NONE)
		report_diag("", "scheduler: the kernel's own, where a test does not bring one");
	else
		report_diag("", "scheduler: %s%s",
			    opts->sched_kind == SCHED_KIND_BUILTIN ? "builtin:" : "", opts->sched);
	if (opts->sched_expect)
		report_diag("", "said of the scheduler: %s", opts->sched_expect);
	report_diag("", "seed: %llu", (unsigned long long)opts->seed);
}

/* The first line is the same for the same failure: what to search for. */
static void headline(const struct outcome *out)
{
	switch (out->verdict) {
	case VERDICT_PASS:
		if (out->text[0])
			report_diag("", "passed: %s", out->text);
		return;
	case VERDICT_SKIP:
		report_diag("", "skipped: %s", out->text);
		return;
	case VERDICT_INCONCLUSIVE:
		report_diag("", "inconclusive: %s", out->text);
		return;
	default:
		report_diag("", "FAIL %s: %s", cause_name(out->cause), out->text);
	}
}

/* The guest's details, less the one that is the headline already. */
static void details(const struct instance_result *res)
{
	const struct textbuf *tb = &res->section[SECTION_DETAIL];
	const char *pos = tb->data, *end = pos + tb->len, *line;
	size_t len;

	while (line_next(&pos, end, &line, &len))
		if (strlen(res->outcome.text) != len || memcmp(res->outcome.text, line, len))
			report_diag(section_prefix[SECTION_DETAIL], "%.*s", (int)len, line);
}

static void section(const struct instance_result *res, enum section nr)
{
	const struct textbuf *tb = &res->section[nr];

	if (!tb->len)
		return;
	if (tb->nr_dropped)
		report_diag(section_prefix[nr], "(%u lines before these were dropped)",
			    tb->nr_dropped);
	if (nr == SECTION_DETAIL)
		details(res);
	else
		report_diag(section_prefix[nr], "%s", tb->data);
}

void diag_instance(const struct runner *run, const struct plan_instance *inst,
		   const struct instance_result *res)
{
	const struct options *opts = &run->opts;
	enum verdict verdict = res->outcome.verdict;
	bool bad = verdict == VERDICT_FAIL || verdict == VERDICT_INCONCLUSIVE;
	char command[2 * PATH_MAX];
	unsigned int i;

	if (verdict != VERDICT_PASS || opts->verbose)
		headline(&res->outcome);
	if (bad || opts->verbose) {
		for (i = 0; i < NR_SECTIONS; i++)
			if ((i != SECTION_LOG && i != SECTION_ENGINE) || opts->verbose)
				section(res, i);
		if (res->real_ns)
			report_diag("",
				    "%s: %.1f s of real time, measured for %.3f s of guest time",
				    inst->name, res->real_ns / 1e9, res->run_ns / 1e9);
	}
	if (opts->verbose && res->phases.at_ns[PHASE_START])
		report_diag("", "phases: %s ms",
			    phases_line(&res->phases, command, sizeof(command)));
	if (inst->expect.off && verdict != VERDICT_SKIP)
		report_diag("", "not judged, since it is off for this scheduler: %s",
			    expect_off(&inst->expect, command, sizeof(command)));
	if (res->outcome.unseen[0])
		report_diag("", "not judged: dsq-depth, stall: %s", res->outcome.unseen);
	if (bad)
		report_diag("", "run again: %s",
			    diag_command(run, inst, res->warm, command, sizeof(command)));
	report_result(inst->name, verdict, opts->no_skip);
}
