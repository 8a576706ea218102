// SPDX-License-Identifier: GPL-2.0
/*
 * monitor.c - watches the run queues of a guest through its memory
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sampler.h"

struct monitor {
	struct monitor_config cfg;
	struct sampler sampler;
	pthread_t thread;
	bool running;
};

int monitor_create(const struct monitor_config *cfg, struct monitor **mon)
{
	struct monitor *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->cfg = *cfg;
	if (sampler_init(&m->sampler, &m->cfg)) {
		free(m);
		return -ENOMEM;
	}
	*mon = m;
	return 0;
}

size_t monitor_known_size(void)
{
	return sizeof(struct monitor_known);
}

int monitor_learn(const struct monitor_config *cfg, struct monitor_known *known, struct err *err)
{
	struct target t;
	int ret;

	target_init(&t, cfg);
	ret = target_open(&t, err);
	if (!ret)
		*known = t.known;
	target_close(&t);
	return ret;
}

int monitor_start(struct monitor *mon, struct err *err)
{
	int ret;

	ret = pthread_create(&mon->thread, NULL, sampler_run, &mon->sampler);
	if (ret)
		return err_set(err, -EAGAIN, "monitor thread: %s", strerror(ret));
	mon->running = true;
	return 0;
}

bool monitor_settled(const struct monitor *mon)
{
	return atomic_load_explicit(&mon->sampler.resolved, memory_order_acquire) ||
	       atomic_load_explicit(&mon->sampler.ended, memory_order_acquire);
}

static void monitor_join(struct monitor *mon)
{
	if (!mon->running)
		return;
	atomic_store_explicit(&mon->sampler.stop, true, memory_order_relaxed);
	pthread_join(mon->thread, NULL);
	mon->running = false;
}

void monitor_stop(struct monitor *mon, struct monitor_report *rep)
{
	monitor_join(mon);
	sampler_report(&mon->sampler, rep);
}

int monitor_guest_ns(struct monitor *mon, uint64_t *ns)
{
	if (!atomic_load_explicit(&mon->sampler.resolved, memory_order_acquire))
		return -ENODATA;
	return target_guest_ns(&mon->sampler.target, ns);
}

int monitor_sample_cpu(struct monitor *mon, unsigned int cpu, struct cpu_sample *s, struct err *err)
{
	int ret;

	if (sampler_resolve(&mon->sampler, err))
		return -ENODATA;
	ret = rq_read(&mon->sampler.target.rq, cpu, s);
	if (ret)
		return err_set(err, -ENODATA, "run queue of CPU %u: %s", cpu, strerror(-ret));
	return 0;
}

int monitor_sample_events(struct monitor *mon, struct event_sample *s, struct err *err)
{
	int ret;

	if (sampler_resolve(&mon->sampler, err))
		return -ENODATA;
	ret = events_read(&mon->sampler.target.events, s);
	if (ret)
		return err_set(err, -ENODATA, "event counters: %s", strerror(-ret));
	return 0;
}

int monitor_find_ext(struct monitor *mon, struct ext_tasks *found, struct err *err)
{
	const struct target *t = &mon->sampler.target;

	if (sampler_resolve(&mon->sampler, err) ||
	    tasks_find_ext(&t->kernel, &t->known.layout.tasks, found, err))
		return -ENODATA;
	return 0;
}

int monitor_check_symbols(struct monitor *mon, const char *text, struct err *err)
{
	struct symbols said = { .linked = false };
	const struct symbols *sym;
	unsigned int i;

	if (sampler_resolve(&mon->sampler, err))
		return -ENODATA;
	sym = &mon->sampler.target.kernel.sym;
	symbols_parse(&said, text, strlen(text));
	for (i = 0; i < NR_SYMS; i++) {
		bool optional = i == SYM_SCX_ROOT || i == SYM_SCX_EVENTS ||
				i == SYM_EXT_CLASS;

		if ((!said.addr[i] && !optional) || said.addr[i] != sym->addr[i])
			return err_set(err, -ENXIO,
				       "%s: the guest says 0x%llx, the monitor has 0x%llx",
				       symbols_name(i), (unsigned long long)said.addr[i],
				       (unsigned long long)sym->addr[i]);
	}
	return 0;
}

bool monitor_symbol(const struct monitor_config *cfg, uint64_t addr,
		    const struct monitor_tables *tables, char *buf, size_t size)
{
	char name[128];
	uint64_t off;

	if (addr < KERNEL_MAP || target_lookup(cfg, addr, tables, name, sizeof(name), &off))
		return false;
	snprintf(buf, size, "%s+0x%llx", name, (unsigned long long)off);
	return true;
}

void monitor_destroy(struct monitor *mon)
{
	if (!mon)
		return;
	monitor_join(mon);
	sampler_exit(&mon->sampler);
	free(mon);
}

size_t monitor_symreq(char *buf, size_t size)
{
	return symbols_request(buf, size);
}

struct text {
	char *pos;
	size_t left;
};

static void __printf(2, 3) line(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(t->pos, t->left, fmt, ap);
	va_end(ap);
	/* A line that does not fit is left out as a whole. */
	if (len < 0 || (size_t)len >= t->left) {
		if (t->left)
			*t->pos = '\0';
		t->left = 0;
		return;
	}
	t->pos += len;
	t->left -= len;
}

static void print_violation(struct text *t, const struct monitor_report *rep,
			    const struct monitor_violation *v)
{
	uint64_t unit = v->cause == CAUSE_STALL ? NSEC_PER_MSEC : 1;

	if (v->cause == CAUSE_EVENTS) {
		line(t, "monitor: %s: %s: %llu a second, limit %llu, in %llu ms\n",
		     cause_name(v->cause), rep->event[v->cpu].name,
		     (unsigned long long)v->measured, (unsigned long long)v->limit,
		     (unsigned long long)(v->for_ns / NSEC_PER_MSEC));
		return;
	}
	line(t, "monitor: %s: CPU %u: %llu%s, limit %llu%s, for %llu ms up to %llu ms\n",
	     cause_name(v->cause), v->cpu,
	     (unsigned long long)(v->measured / unit), unit > 1 ? " ms" : "",
	     (unsigned long long)(v->limit / unit), unit > 1 ? " ms" : "",
	     (unsigned long long)(v->for_ns / NSEC_PER_MSEC),
	     (unsigned long long)(v->at_ns / NSEC_PER_MSEC));
}

/* One line, without those that stayed 0. */
static void print_events(struct text *t, const struct monitor_report *rep)
{
	char buf[MONITOR_MAX_EVENTS * (MONITOR_EVENT_NAME + 24)] = "";
	unsigned int i, nr = 0;
	size_t len = 0;

	for (i = 0; i < rep->nr_events; i++) {
		const struct monitor_event *ev = &rep->event[i];

		if (!ev->count)
			continue;
		len += snprintf(buf + len, sizeof(buf) - len, "%s%s=%lld", nr++ ? " " : "",
				ev->name, (long long)ev->count);
	}
	line(t, "monitor: scx events: %s\n", nr ? buf : "none");
}

char *monitor_print(const struct monitor_report *rep, char *buf, size_t size)
{
	struct text t = { buf, size };
	unsigned int i;

	if (size)
		buf[0] = '\0';
	if (!rep->usable)
		line(&t, "monitor: not usable: %s\n", rep->why);
	line(&t, "monitor: %u samples of %u CPUs in %llu ms of guest time, %llu ns each\n",
	     rep->nr_samples, rep->nr_cpus, (unsigned long long)(rep->guest_ns / NSEC_PER_MSEC),
	     (unsigned long long)rep->ns_per_cpu_sample);
	if (rep->nr_samples && rep->have_nr_running)
		line(&t, "monitor: nr_running max %u avg %.2f, imbalance max %.1f avg %.2f\n",
		     rep->max_nr_running, rep->avg_nr_running,
		     rep->max_imbalance, rep->avg_imbalance);
	if (rep->nr_samples && rep->have_scx)
		line(&t, "monitor: local DSQ max %u avg %.2f, scx nr_running max %u\n",
		     rep->max_dsq_depth, rep->avg_dsq_depth, rep->max_scx_nr_running);
	if (rep->nr_samples && rep->have_clock && rep->have_idle)
		line(&t, "monitor: clock of a busy CPU stood still for at most %llu ms\n",
		     (unsigned long long)(rep->max_clock_still_ns / NSEC_PER_MSEC));
	if (rep->nr_samples && rep->have_events && rep->nr_events)
		print_events(&t, rep);
	for (i = 0; i < rep->nr_violations; i++)
		print_violation(&t, rep, &rep->violation[i]);
	if (rep->usable && rep->why[0])
		line(&t, "monitor: note: %s\n", rep->why);
	return buf;
}
