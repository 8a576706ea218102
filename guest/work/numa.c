// SPDX-License-Identifier: GPL-2.0
/*
 * Where a worker's memory lies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "work.h"

/* The value behind " @key=", or NULL. */
static const char *field(const char *line, const char *key)
{
	size_t len = strlen(key);
	const char *at;

	for (at = strchr(line, ' '); at; at = strchr(at + 1, ' ')) {
		if (!strncmp(at + 1, key, len) && at[1 + len] == '=')
			return at + 1 + len + 1;
	}
	return NULL;
}

/* "7f12a000 default anon=16 dirty=16 active=0 N0=12 N1=4 kernelpagesize_kB=4" */
bool numa_parse(const char *line, uint64_t pages[TOPOLOGY_MAX_NODES])
{
	const char *size = field(line, "kernelpagesize_kB");
	unsigned long unit = 1;
	const char *val;
	char key[8];
	unsigned int i;

	if (!strchr(line, ' '))
		return false;
	if (!field(line, "anon") || field(line, "mapmax"))
		return true;
	/* Large pages count as what they consist of. */
	if (size && strtoul(size, NULL, 10) >= 4)
		unit = strtoul(size, NULL, 10) / 4;
	for (i = 0; i < TOPOLOGY_MAX_NODES; i++) {
		snprintf(key, sizeof(key), "N%u", i);
		val = field(line, key);
		if (val)
			pages[i] += strtoull(val, NULL, 10) * unit;
	}
	return true;
}

void numa_report(struct worker_report *rep)
{
	FILE *f = fopen("/proc/self/numa_maps", "re");
	char *line = NULL;
	size_t size = 0;

	if (!f)
		return;
	while (getline(&line, &size, f) > 0)
		rep->have_numa |= numa_parse(line, rep->numa_pages);
	free(line);
	fclose(f);
}
