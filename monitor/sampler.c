// SPDX-License-Identifier: GPL-2.0
/*
 * sampler.c - the monitor's thread: when to read, and what that costs
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "sampler.h"

#define POLL_NS		(1 * NSEC_PER_MSEC)
#define RETRY_POLLS	10	/* between two tries to find the kernel */

int sampler_init(struct sampler *s, const struct monitor_config *cfg)
{
	memset(s, 0, sizeof(*s));
	s->cfg = cfg;
	target_init(&s->target, cfg);
	s->cpus = calloc(cfg->nr_cpus, sizeof(*s->cpus));
	return s->cpus ? 0 : -ENOMEM;
}

void sampler_exit(struct sampler *s)
{
	verdict_free(s->verdict);
	free(s->cpus);
	target_close(&s->target);
}

int sampler_resolve(struct sampler *s, struct err *err)
{
	const struct rq_reader *rq = &s->target.rq;
	struct verdict_have have;
	int ret;

	if (atomic_load_explicit(&s->resolved, memory_order_acquire))
		return 0;
	ret = target_open(&s->target, err);
	if (ret)
		return ret;
	have = (struct verdict_have){
		.nr_running = rq->layout.have[RD_NR_RUNNING],
		.clock = rq->layout.have[RD_CLOCK],
		.scx = rq->layout.have[RD_DSQ_NR],
		.idle = rq->layout.have[RD_CURR] && rq->layout.have[RD_IDLE],
	};
	s->verdict = verdict_new(s->cfg->nr_cpus, &s->cfg->limits, have);
	if (!s->verdict) {
		target_close(&s->target);
		return err_set(err, -ENOMEM, "no memory for %u CPUs", s->cfg->nr_cpus);
	}
	atomic_store_explicit(&s->resolved, true, memory_order_release);
	return 0;
}

static uint32_t guest_word(const struct sampler *s)
{
	if (!s->cfg->shm)
		return SHM_GST_STARTED;
	return atomic_load_explicit(&shm_header(s->cfg->shm)->guest, memory_order_acquire);
}

/* Nobody is judged by them: when they cannot be read, the rest goes on without. */
static void take_events(struct sampler *s)
{
	struct event_sample now;
	int ret;

	if (!s->target.events.layout.have || s->events_err.msg[0])
		return;
	ret = events_read(&s->target.events, &now);
	if (!ret)
		events_add(&s->events, &now);
	else if (ret != -EAGAIN)
		err_set(&s->events_err, ret, "unreadable: %s", strerror(-ret));
}

static int take_sample(struct sampler *s, uint64_t guest_ns)
{
	uint64_t start = now_ns(), cost;
	unsigned int cpu;
	int ret;

	for (cpu = 0; cpu < s->cfg->nr_cpus; cpu++) {
		ret = rq_read(&s->target.rq, cpu, &s->cpus[cpu]);
		if (ret)
			return err_set(&s->err, ret, "run queue of CPU %u is unreadable now: %s",
				       cpu, strerror(-ret));
	}
	cost = (now_ns() - start) / s->cfg->nr_cpus;
	s->cost[s->nr_costs++ % SAMPLER_COSTS] = min_t(uint64_t, cost, UINT32_MAX);
	verdict_add(s->verdict, guest_ns, s->cpus);
	take_events(s);
	return 0;
}

/* One look at the guest: 0 to go on, 1 when the run is over, or a negative errno. */
static int sampler_poll(struct sampler *s)
{
	uint64_t period = s->cfg->limits.period_ms ? s->cfg->limits.period_ms : VERDICT_PERIOD_MS;
	uint32_t word = guest_word(s);
	uint64_t now;
	int ret;

	if (word & SHM_GST_STOPPED)
		return 1;
	if (!(word & SHM_GST_STARTED))
		return 0;
	ret = target_guest_ns(&s->target, &now);
	if (ret)
		return err_set(&s->err, ret, "guest time is unknown: no jiffies, or no HZ");
	if (s->nr_costs && now - s->last_ns < period * NSEC_PER_MSEC)
		return 0;
	if (!s->nr_costs)
		s->first_ns = now;
	s->last_ns = now;
	return take_sample(s, now);
}

static void looked(const struct sampler *s, bool on)
{
	if (s->cfg->looked)
		s->cfg->looked(s->cfg->looked_arg, on);
}

static void rest(const struct sampler *s)
{
	const struct timespec nap = { .tv_nsec = POLL_NS };

	looked(s, true);
	nanosleep(&nap, NULL);
}

void *sampler_run(void *arg)
{
	struct sampler *s = arg;
	unsigned int polls = 0;
	int ret;

	looked(s, true);
	for (; !atomic_load_explicit(&s->stop, memory_order_relaxed); rest(s)) {
		if (!atomic_load_explicit(&s->resolved, memory_order_relaxed)) {
			if (guest_word(s) & SHM_GST_STOPPED)
				break;
			if (polls++ % RETRY_POLLS)
				continue;
			s->err.msg[0] = '\0';
			ret = sampler_resolve(s, &s->err);
			if (ret == -EAGAIN)
				continue;
			if (ret)
				break;
			s->err.msg[0] = '\0';
		}
		ret = sampler_poll(s);
		if (ret < 0)
			s->broken = true;
		if (ret)
			break;
	}
	looked(s, false);
	atomic_store_explicit(&s->ended, true, memory_order_release);
	return NULL;
}

static int cost_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint64_t cost_median(const struct sampler *s)
{
	size_t nr = min_t(uint64_t, s->nr_costs, SAMPLER_COSTS);
	uint32_t sorted[SAMPLER_COSTS];

	if (!nr)
		return 0;
	memcpy(sorted, s->cost, nr * sizeof(sorted[0]));
	qsort(sorted, nr, sizeof(sorted[0]), cost_compare);
	return sorted[nr / 2];
}

static void add_note(struct monitor_report *rep, const char *head, const char *text)
{
	size_t len = strlen(rep->why);

	if (len)
		len += snprintf(rep->why + len, sizeof(rep->why) - len, "; ");
	if (len < sizeof(rep->why))
		snprintf(rep->why + len, sizeof(rep->why) - len, "%s%s", head, text);
}

void sampler_report(const struct sampler *s, struct monitor_report *rep)
{
	const struct monitor_known *known = &s->target.known;

	memset(rep, 0, sizeof(*rep));
	rep->nr_cpus = s->cfg->nr_cpus;
	if (s->verdict)
		verdict_report(s->verdict, rep);
	if (!s->verdict || s->broken) {
		rep->usable = false;
		rep->nr_violations = 0;
		snprintf(rep->why, sizeof(rep->why), "%.*s", (int)sizeof(rep->why) - 1,
			 s->err.msg[0] ? s->err.msg : "ended before it looked for a kernel");
	}
	if (known->vmlinux_err.msg[0] && known->vmlinux_bad)
		add_note(rep, "vmlinux not used: ", known->vmlinux_err.msg);
	if (known->off[0])
		add_note(rep, "off: ", known->off);
	if (s->target.events.why.msg[0])
		add_note(rep, "scx events: ", s->target.events.why.msg);
	if (s->events_err.msg[0])
		add_note(rep, "scx events: ", s->events_err.msg);
	else
		events_report(&s->events, rep);
	events_judge(&s->cfg->limits, rep);
	rep->ns_per_cpu_sample = cost_median(s);
	rep->last_guest_ns = s->last_ns;
}
