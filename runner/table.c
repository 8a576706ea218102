// SPDX-License-Identifier: GPL-2.0
/*
 * table.c - what controls have been caught by
 */
#include <stdio.h>
#include <string.h>
#include "../guest/sched_fault.h"
#include "../lib/report.h"
#include "table.h"

#define ROW	"%-30s %-26s %-12s %11s %11s"

static void add(char *buf, size_t size, const char *what, const char *by)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s%s%s", len ? " " : "", what, by);
}

static const char *fault_of(const struct ktstr_test *test, char *buf, size_t size)
{
	const char *const *arg;
	const char *name;
	unsigned int i;

	*buf = '\0';
	for (arg = test->sched_args; arg && arg[0] && arg[1]; arg++)
		if (!strcmp(arg[0], "--fault"))
			add(buf, size, arg[1], "");
	for (i = 0; (name = sched_fault_name(i)); i++)
		if (test->sched_faults & 1U << i)
			add(buf, size, name, " (by the host)");
	if (!*buf)
		add(buf, size, "(of the scenario)", "");
	return buf;
}

static const char *after(uint64_t ns, char *buf, size_t size)
{
	if (ns)
		snprintf(buf, size, "%llu ms", (unsigned long long)(ns / NSEC_PER_MSEC));
	else
		snprintf(buf, size, "-");
	return buf;
}

void table_print(const struct plan *plan, const struct caught *caught, unsigned int nr)
{
	char fault[128], since_fault[32], since_start[32];
	bool any = false;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct ktstr_test *test = plan->inst[i].test;
		const struct caught *c = &caught[i];

		if (test->expect_fail.cause == CAUSE_NONE)
			continue;
		if (!any)
			report_diag("", ROW, "control", "fault", "caught by", "after fault",
				    "after start");
		any = true;
		report_diag("", ROW, test->name, fault_of(test, fault, sizeof(fault)),
			    c->cause ? cause_name(c->cause) : "not caught",
			    after(c->fault_ns, since_fault, sizeof(since_fault)),
			    after(c->start_ns, since_start, sizeof(since_start)));
	}
}
