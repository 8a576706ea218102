// SPDX-License-Identifier: GPL-2.0
/*
 * host.c - what this machine, and whoever started us, can give
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/log.h"
#include "host.h"

#define UNLIMITED	(UINT64_MAX / 2)
#define BUDGET_MAX_S	(24 * 3600)

static uint64_t meminfo_available(void)
{
	unsigned long long kb;
	char buf[8192], *line;

	if (read_file("/proc/meminfo", buf, sizeof(buf)) <= 0)
		return UNLIMITED;
	line = strstr(buf, "MemAvailable:");
	if (!line || sscanf(line, "MemAvailable: %llu kB", &kb) != 1)
		return UNLIMITED;
	return kb * KIB;
}

static uint64_t read_bytes(const char *cgroup, const char *file, uint64_t other)
{
	char path[4096 + 64], buf[64], *end;
	uint64_t val;

	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/%s", cgroup, file);
	if (read_file(path, buf, sizeof(buf)) <= 0)
		return other;
	val = strtoull(buf, &end, 10);
	/* "max" is no number. */
	return end == buf ? other : val;
}

/* What the limit of our own control group (version 2) leaves, if it has one. */
static uint64_t cgroup_available(void)
{
	char buf[8192], *path;
	uint64_t limit, used;

	if (read_file("/proc/self/cgroup", buf, sizeof(buf)) <= 0)
		return UNLIMITED;
	path = strstr(buf, "0::/");
	if (!path)
		return UNLIMITED;
	path += strlen("0::");
	path[strcspn(path, "\n")] = '\0';
	limit = read_bytes(path, "memory.max", UNLIMITED);
	used = read_bytes(path, "memory.current", 0);
	return limit > used ? limit - used : 0;
}

uint64_t host_memory(void)
{
	return min(meminfo_available(), cgroup_available());
}

unsigned int host_budget(void)
{
	const char *val = getenv("kselftest_timeout");
	unsigned long s;
	char *end;

	if (!val || !*val)
		return 0;
	s = strtoul(val, &end, 10);
	/* Not ours to complain about: what is no number is no budget. */
	return *end || s > BUDGET_MAX_S ? 0 : s;
}
