// SPDX-License-Identifier: GPL-2.0
/*
 * Time that the host took, as /proc/stat has it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "steps.h"

#define STAT_LIMIT	MIB

void steal_parse(const char *text, unsigned long hz, struct steal *s)
{
	unsigned long long ticks;
	unsigned int cpu;

	memset(s, 0, sizeof(*s));
	if (!hz)
		return;
	for (; text && *text; text = strchr(text, '\n'), text += !!text) {
		/* user nice system idle iowait irq softirq steal; "cpu" alone is the sum. */
		if (strncmp(text, "cpu", 3) || !isdigit((unsigned char)text[3]))
			continue;
		if (sscanf(text, "cpu%u %*u %*u %*u %*u %*u %*u %*u %llu", &cpu, &ticks) != 2)
			continue;
		if (cpu < KTSTR_MAX_CPUS)
			s->ns[cpu] = ticks * (NSEC_PER_SEC / hz);
	}
}

void steal_read(struct steal *s)
{
	long hz = sysconf(_SC_CLK_TCK);
	char *text;
	size_t len;

	memset(s, 0, sizeof(*s));
	if (hz <= 0 || read_file_alloc("/proc/stat", STAT_LIMIT, &text, &len))
		return;
	steal_parse(text, hz, s);
	free(text);
}

uint64_t steal_worst(const struct steal *before, const struct steal *after)
{
	uint64_t worst = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++) {
		if (after->ns[cpu] > before->ns[cpu])
			worst = max(worst, after->ns[cpu] - before->ns[cpu]);
	}
	return worst;
}
