// SPDX-License-Identifier: GPL-2.0
/*
 * bench_trace.c - when KVM did what, from its trace points
 *
 * Two instances of the tracer: one that keeps the first entry into a guest and nothing after it, one
 * that sees only a port.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/platform.h"
#include "bench.h"

#define TRACEFS		"/sys/kernel/tracing"
#define FIRST		TRACEFS "/instances/ktstr-first"
#define PORT		TRACEFS "/instances/ktstr-port"

#define STRING(x)	STRING_(x)
#define STRING_(x)	#x

bool trace_open(void)
{
	static const char *const settings[][2] = {
		{ FIRST "/trace_clock", "mono" },
		{ FIRST "/options/overwrite", "0" },
		{ FIRST "/buffer_size_kb", "4" },
		{ FIRST "/events/kvm/kvm_entry/enable", "1" },
		{ PORT "/trace_clock", "mono" },
		{ PORT "/events/kvm/kvm_pio/filter", "port == " STRING(PORT_DEBUG_EXIT) },
		{ PORT "/events/kvm/kvm_pio/enable", "1" },
	};
	unsigned int i;

	if (access(TRACEFS "/instances", F_OK) && mount("tracefs", TRACEFS, "tracefs", 0, NULL))
		return false;
	if ((mkdir(FIRST, 0700) && errno != EEXIST) || (mkdir(PORT, 0700) && errno != EEXIST))
		return false;
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (write_file(settings[i][0], settings[i][1])) {
			trace_close();
			return false;
		}
	return true;
}

void trace_close(void)
{
	rmdir(FIRST);
	rmdir(PORT);
}

static void empty(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd >= 0)
		close(fd);
}

void trace_reset(void)
{
	empty(FIRST "/trace");
	empty(PORT "/trace");
}

/*
 * The time of a line "comm-PID [CPU] flags SECONDS.MICROSECONDS: EVENT: ..."; 0 for other events,
 * and for those of @but.
 */
static uint64_t event_ns(char *line, const char *event, pid_t but)
{
	char *at = strstr(line, event), *cpu = strstr(line, " ["), *dash;

	if (!at || !cpu || cpu > at)
		return 0;
	*at = '\0';
	*cpu = '\0';
	/* A comm may have one, too. */
	dash = strrchr(line, '-');
	if (!dash || atoi(dash + 1) == but)
		return 0;
	at = strrchr(cpu + 1, ' ');
	return at ? strtod(at, NULL) * NSEC_PER_SEC : 0;
}

static uint64_t first_event(const char *path, const char *event, pid_t but)
{
	char *text, *line, *rest;
	uint64_t ns = 0;
	size_t len;

	if (read_file_alloc(path, MIB, &text, &len))
		return 0;
	for (rest = text; !ns && (line = strsep(&rest, "\n")); )
		ns = event_ns(line, event, but);
	free(text);
	return ns;
}

uint64_t trace_first_entry(pid_t but)
{
	return first_event(FIRST "/trace", ": kvm_entry:", but);
}

uint64_t trace_debug_exit(void)
{
	return first_event(PORT "/trace", ": kvm_pio:", 0);
}
