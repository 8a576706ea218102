// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "../lib/log.h"
#include "instrument.h"

#define CLOCKSOURCE_PATH	"/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* How much longer (or shorter) than asked for a sleep took. */
static uint64_t sleep_error_ns(uint64_t *took)
{
	const struct timespec ts = { .tv_nsec = INSTRUMENT_SLEEP_NS };
	uint64_t start = now_ns();

	nanosleep(&ts, NULL);
	*took = now_ns() - start;
	if (*took < INSTRUMENT_SLEEP_NS)
		return INSTRUMENT_SLEEP_NS - *took;
	return *took - INSTRUMENT_SLEEP_NS;
}

int loadavg_running(const char *text, unsigned int *nr)
{
	return sscanf(text, "%*f %*f %*f %u/", nr) == 1 ? 0 : -EBADMSG;
}

bool instrument_wait_quiet(unsigned int streak, bool exact)
{
	uint64_t deadline = now_ns() + QUIET_LIMIT_NS;
	unsigned int n = 0;

	while (n < streak && now_ns() < deadline) {
		unsigned int running;
		char text[128];
		uint64_t took;

		n++;
		if (sleep_error_ns(&took) > INSTRUMENT_TOLERANCE_NS && exact)
			n = 0;
		/* We preempt boot work, so good sleeps alone do not show that it is over. */
		if (read_file("/proc/loadavg", text, sizeof(text)) < 0 ||
		    loadavg_running(text, &running) || running > 1)
			n = 0;
	}
	return n == streak;
}

void instrument_measure(struct msg_instrument *m, unsigned int nr_sleeps)
{
	struct timespec res;
	uint64_t sum = 0;
	unsigned int i;

	memset(m, 0, sizeof(*m));
	if (read_file(CLOCKSOURCE_PATH, m->clocksource, sizeof(m->clocksource)) < 0)
		m->clocksource[0] = '?';
	m->clocksource[strcspn(m->clocksource, "\n")] = '\0';
	/* The kernel reports a tick here until it has switched to high resolution. */
	m->hres_active = !clock_getres(CLOCK_MONOTONIC, &res) && !res.tv_sec && res.tv_nsec == 1;

	m->nr_sleeps = nr_sleeps;
	for (i = 0; i < nr_sleeps; i++) {
		uint64_t took;

		if (sleep_error_ns(&took) > INSTRUMENT_TOLERANCE_NS)
			m->nr_bad++;
		m->max_ns = max(m->max_ns, took);
		sum += took;
	}
	if (nr_sleeps)
		m->mean_ns = sum / nr_sleeps;
}
