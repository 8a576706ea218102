// SPDX-License-Identifier: GPL-2.0
/*
 * starved.c - did the host let a process run?
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include "../lib/log.h"
#include "starved.h"

int schedstat_run_delay(const char *text, uint64_t *ns)
{
	unsigned long long delay;

	if (sscanf(text, "%*u %llu %*u", &delay) != 1)
		return -EBADMSG;
	*ns = delay;
	return 0;
}

uint64_t starved_ns(pid_t pid)
{
	char path[PATH_MAX], text[128];
	uint64_t worst = 0, ns;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, entry->d_name);
		/* A thread may be gone by now. */
		if (read_file(path, text, sizeof(text)) > 0 && !schedstat_run_delay(text, &ns))
			worst = max(worst, ns);
	}
	closedir(dir);
	return worst;
}
