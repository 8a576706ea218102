// SPDX-License-Identifier: GPL-2.0
/*
 * Where memory is and where it went, of the guest as a whole.
 */
#include <stdlib.h>
#include <string.h>
#include "steps.h"

#define NODE_DIR	"/sys/devices/system/node/"
#define VMSTAT_MAX	(64 * KIB)

bool numa_moved_parse(const char *text, uint64_t *moved)
{
	static const char key[] = "\nnuma_pages_migrated ";
	const char *at = strstr(text, key);

	if (at)
		*moved = strtoull(at + sizeof(key) - 1, NULL, 10);
	return at;
}

/* A list of nodes looks like one of CPUs. One that is not there is empty. */
static uint32_t read_nodes(const char *path)
{
	struct cpumask m = { };
	char buf[256];

	if (read_file(path, buf, sizeof(buf)) <= 0 || cpulist_parse(buf, &m))
		return 0;
	return m.bits[0] & ((1ULL << TOPOLOGY_MAX_NODES) - 1);
}

void numa_state_read(struct numa_state *s)
{
	char *text;
	size_t len;

	memset(s, 0, sizeof(*s));
	s->slow_nodes = read_nodes(NODE_DIR "has_memory") & ~read_nodes(NODE_DIR "has_cpu");
	if (read_file_alloc("/proc/vmstat", VMSTAT_MAX, &text, &len))
		return;
	s->have_moved = numa_moved_parse(text, &s->moved);
	free(text);
}
