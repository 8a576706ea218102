// SPDX-License-Identifier: GPL-2.0
/*
 * truth.c - checks what the monitor reads by what the guest sees itself, at one instant
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/truth.h"
#include "truth.h"

#define RQ_ONLINE	1U	/* SCX_RQ_ONLINE, in all kernels that have it */

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* The last word counts: before it the guest may have found that something had changed. */
static int find_cpu(const char *said, unsigned int cpu, struct truth_cpu *t)
{
	struct truth_cpu word;
	int ret = -ENODATA;
	unsigned long long clock;

	for (; *said; said = next_line(said)) {
		if (sscanf(said, TRUTH_CPU_FMT, &word.cpu, &word.nr_running, &clock, &word.curr,
			   &word.scx, &word.slack) != 6 || word.cpu != cpu)
			continue;
		word.clock = clock;
		*t = word;
		ret = 0;
	}
	return ret;
}

static int find_duration(const char *said, uint64_t *ns)
{
	int ret = -ENODATA;
	unsigned long long val;

	for (; *said; said = next_line(said)) {
		if (sscanf(said, TRUTH_FOR_FMT, &val) != 1)
			continue;
		*ns = val;
		ret = 0;
	}
	return ret;
}

static int check_number(unsigned int cpu, const char *what, uint64_t said, uint64_t read,
			uint64_t slack, struct err *err)
{
	uint64_t off = said > read ? said - read : read - said;

	if (off <= slack)
		return 0;
	return err_set(err, -ENXIO, "CPU %u: %s: the guest sees %llu, the monitor reads %llu",
		       cpu, what, (unsigned long long)said, (unsigned long long)read);
}

/* The clock of an idle CPU is old, and may have been brought up to date since. */
static uint64_t newest_clock(const char *said, const struct truth_cpu *t)
{
	uint64_t newest = t->clock;
	struct truth_cpu other;
	unsigned int cpu;

	for (cpu = 0; !t->curr && !find_cpu(said, cpu, &other); cpu++)
		newest = max(newest, other.clock);
	return newest;
}

static int check_clock(const struct truth_cpu *t, uint64_t newest, uint64_t read, uint64_t took,
		       struct err *err)
{
	uint64_t limit = newest - t->clock + took + TRUTH_CLOCK_NS;

	if (read >= t->clock && read - t->clock <= limit)
		return 0;
	return err_set(err, -ENXIO,
		       "CPU %u: clock: the guest saw %llu ns, the monitor reads %llu ns, %lld us later, limit %llu us",
		       t->cpu, (unsigned long long)t->clock, (unsigned long long)read,
		       (long long)(read - t->clock) / 1000,
		       (unsigned long long)limit / 1000);
}

static int check_scx(unsigned int cpu, const struct truth_cpu *t, const struct cpu_sample *s,
		     struct err *err)
{
	int ret;

	ret = check_number(cpu, "scx.nr_running", t->scx, s->scx_nr_running, 0, err);
	if (ret)
		return ret;
	if (s->dsq_nr > s->scx_nr_running)
		return err_set(err, -ENXIO, "CPU %u: %u tasks in the local DSQ, scx.nr_running %u",
			       cpu, s->dsq_nr, s->scx_nr_running);
	if (!(s->scx_flags & RQ_ONLINE))
		return err_set(err, -ENXIO, "CPU %u: scx.flags 0x%x: not online", cpu,
			       s->scx_flags);
	return 0;
}

int truth_check_cpu(const char *said, const struct monitor_report *have, unsigned int cpu,
		    const struct cpu_sample *s, struct err *err)
{
	struct truth_cpu t;
	uint64_t took;
	int ret;

	if (find_cpu(said, cpu, &t) || find_duration(said, &took))
		return err_set(err, -ENODATA, "the guest said nothing of CPU %u", cpu);
	if (!have->have_nr_running || !have->have_clock || !have->have_idle)
		return err_set(err, -ENODATA, "nr_running, clock or idle cannot be read");
	if (t.scx && !have->have_scx)
		return err_set(err, -ENODATA, "sched_ext has tasks, but cannot be read");

	ret = check_number(cpu, "nr_running", t.nr_running, s->nr_running, t.slack, err);
	if (!ret)
		ret = check_clock(&t, newest_clock(said, &t), s->clock, took, err);
	if (!ret)
		ret = check_number(cpu, "idle", !t.curr, s->idle, t.slack, err);
	if (!ret && have->have_scx)
		ret = check_scx(cpu, &t, s, err);
	return ret;
}

/* The last word on a counter counts. -ENODATA: none was said. */
static int find_event(const char *said, const char *name, int64_t *count)
{
	char word[MONITOR_EVENT_NAME];
	int ret = -ENODATA;
	long long val;

	for (; *said; said = next_line(said)) {
		if (sscanf(said, TRUTH_EVENT "%47s %lld", word, &val) != 2 ||
		    strcmp(word, name))
			continue;
		*count = val;
		ret = 0;
	}
	return ret;
}

/* A counter that the guest names, but the monitor does not know. */
static int check_known(const char *said, const struct event_sample *s, struct err *err)
{
	char word[MONITOR_EVENT_NAME];
	unsigned int i;

	for (; *said; said = next_line(said)) {
		if (sscanf(said, TRUTH_EVENT "%47s", word) != 1)
			continue;
		for (i = 0; s && i < s->nr && strcmp(word, s->event[i].name); i++)
			;
		if (!s || i == s->nr)
			return err_set(err, -ENODATA, "the guest counts %s, but it cannot be read",
				       word);
	}
	return 0;
}

int truth_check_events(const char *said, const struct event_sample *s, struct err *err)
{
	unsigned int i, nr_said = 0, nr_counted = 0;
	int ret;

	ret = check_known(said, s, err);
	for (i = 0; !ret && s && i < s->nr; i++) {
		int64_t read = s->event[i].count, count = 0;

		/* Without a scheduler nothing is said, and nothing may be read. */
		nr_said += !find_event(said, s->event[i].name, &count);
		nr_counted += !!count;
		if (count != read)
			ret = err_set(err, -ENXIO,
				      "%s: the guest sees %lld, the monitor reads %lld",
				      s->event[i].name, (long long)count, (long long)read);
	}
	if (!ret && nr_said && !nr_counted)
		ret = err_set(err, -ENODATA, "all %u event counters are 0: this proves nothing",
			      nr_said);
	return ret;
}

static int inspect_events(const struct inspection *in, struct err *err)
{
	struct event_sample s;
	int ret;

	if (!in->rep->have_events)
		return truth_check_events(in->said, NULL, err);
	ret = monitor_sample_events(in->mon, &s, err);
	return ret ? ret : truth_check_events(in->said, &s, err);
}

int truth_inspect(const struct inspection *in, struct err *err)
{
	struct cpu_sample s;
	unsigned int cpu;
	int ret = 0;

	for (cpu = 0; !ret && cpu < in->nr_cpus; cpu++) {
		ret = monitor_sample_cpu(in->mon, cpu, &s, err);
		if (!ret)
			ret = truth_check_cpu(in->said, in->rep, cpu, &s, err);
	}
	return ret ? ret : inspect_events(in, err);
}

int truth_inspect_symbols(const struct inspection *in, struct err *err)
{
	size_t skip = strlen(TRUTH_SYMBOL);
	const char *line;
	char *text, *pos;
	int ret;

	text = malloc(strlen(in->said) + 1);
	if (!text)
		return err_set(err, -ENOMEM, "no memory for what the guest said");
	pos = text;
	for (line = in->said; *line; line = next_line(line)) {
		if (strncmp(line, TRUTH_SYMBOL, skip))
			continue;
		memcpy(pos, line + skip, next_line(line) - line - skip);
		pos += next_line(line) - line - skip;
	}
	*pos = '\0';
	ret = monitor_check_symbols(in->mon, text, err);
	free(text);
	return ret;
}

/* The last word counts. */
int truth_check_tasks(const char *said, const struct ext_tasks *found, struct err *err)
{
	struct truth_ext word, last = { .nr = 0 };

	for (; *said; said = next_line(said)) {
		if (sscanf(said, TRUTH_EXT_SCAN, &word.nr, &word.pid, word.comm) == 3)
			last = word;
	}
	if (!last.nr)
		return err_set(err, -ENODATA,
			       "the guest named no task of the ext class: this proves nothing");
	if (last.nr != found->nr)
		return err_set(err, -ENXIO,
			       "tasks of the ext class: the guest sees %u, the monitor reads %u",
			       last.nr, found->nr);
	if (last.pid != found->pid || strcmp(last.comm, found->comm))
		return err_set(err, -ENXIO,
			       "first task of the ext class: the guest sees %s[%u], the monitor reads %s[%u]",
			       last.comm, last.pid, found->comm, found->pid);
	return 0;
}

int truth_inspect_tasks(const struct inspection *in, struct err *err)
{
	struct ext_tasks found;
	int ret;

	ret = monitor_find_ext(in->mon, &found, err);
	return ret ? ret : truth_check_tasks(in->said, &found, err);
}
