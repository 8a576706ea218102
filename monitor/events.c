// SPDX-License-Identifier: GPL-2.0
/*
 * events.c - reads sched_ext's event counters
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "events.h"

#define COUNTERS	"scx_event_stats"
#define MEMBERS_MAX	1024U
#define PAGE		(4 * KIB)

/* Where the counters are, tried in order. */
static const struct {
	const char *pointer;	/* in struct scx_sched; NULL: there is a per-CPU variable */
	const char *type;	/* of what each CPU has */
	const char *prefix;	/* of a counter's path in it */
} places[] = {
	{ "pcpu",		"scx_sched_pcpu",	"event_stats." },
	{ "event_stats_cpu",	COUNTERS,		"" },
	{ NULL,			COUNTERS,		"" },
};

static bool plain_name(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++) {
		if (name[i] != '_' && !isalnum((unsigned char)name[i]))
			return false;
	}
	return i && i < MONITOR_EVENT_NAME;
}

/* The counters as they are in @type, by the names that @counters has for them. */
static void find_counters(const struct btf *btf, int counters, int type, const char *prefix,
			  struct event_layout *layout)
{
	char path[MONITOR_EVENT_NAME + 32];
	const char *name;
	struct field f;
	unsigned int i;

	for (i = 0; i < MEMBERS_MAX && layout->nr < MONITOR_MAX_EVENTS; i++) {
		if (layout_member(btf, counters, i, &name))
			return;
		if (!plain_name(name))
			continue;
		snprintf(path, sizeof(path), "%s%s", prefix, name);
		if (layout_field(btf, type, path, &f) || f.size != sizeof(uint64_t))
			continue;
		memcpy(layout->name[layout->nr], name, strlen(name) + 1);
		layout->off[layout->nr++] = f.off;
	}
}

void events_layout(const struct btf *btf, struct event_layout *layout, char *off, size_t off_size)
{
	int counters = layout_struct(btf, COUNTERS, NULL);
	size_t len = strlen(off);
	unsigned int i;

	memset(layout, 0, sizeof(*layout));
	for (i = 0; i < ARRAY_SIZE(places) && counters >= 0 && !layout->nr; i++) {
		const char *const must[] = { places[i].pointer, NULL };
		int sched = places[i].pointer ? layout_struct(btf, "scx_sched", must) : 0;
		int type = layout_struct(btf, places[i].type, NULL);

		if (sched < 0 || type < 0)
			continue;
		layout->by_root = places[i].pointer;
		if (layout->by_root &&
		    (layout_field(btf, sched, places[i].pointer, &layout->percpu) ||
		     layout->percpu.size != sizeof(uint64_t)))
			continue;
		find_counters(btf, counters, type, places[i].prefix, layout);
	}
	layout->have = layout->nr;
	if (!layout->have && len < off_size)
		snprintf(off + len, off_size - len, "%s%s", len ? ", " : "", COUNTERS);
}

void events_open(struct event_reader *r, const struct kernel *k, const struct event_layout *layout,
		 unsigned int nr_cpus)
{
	enum sym sym = layout->by_root ? SYM_SCX_ROOT : SYM_SCX_EVENTS;
	int ret;

	memset(r, 0, sizeof(*r));
	r->kernel = k;
	r->layout = *layout;
	r->nr_cpus = nr_cpus;
	if (!layout->have)
		return;
	if (!k->sym.addr[sym]) {
		r->layout.have = false;
		err_set(&r->why, -ENODATA, "no symbol %s", symbols_name(sym));
		return;
	}
	ret = layout->by_root ? kernel_translate(k, k->sym.addr[sym], &r->root) : 0;
	if (ret) {
		r->layout.have = false;
		err_set(&r->why, ret, "%s: %s", symbols_name(sym), strerror(-ret));
	}
}

/* Which scheduler there is: 0 for none. Always the same where the kernel does not say. */
static int read_root(const struct event_reader *r, uint64_t *root)
{
	*root = r->kernel->sym.addr[SYM_SCX_EVENTS];
	return r->layout.by_root ? gmem_read_u64(r->kernel->gm, r->root, root) : 0;
}

static int add_cpu(const struct event_reader *r, uint64_t percpu, unsigned int cpu,
		   struct event_sample *s)
{
	uint64_t area, at, last = 0, gpa = 0, val;
	unsigned int i;
	int ret;

	ret = kernel_percpu_ptr(r->kernel, percpu, cpu, &area);
	for (i = 0; !ret && i < r->layout.nr; i++) {
		at = area + r->layout.off[i];
		/* Such an area may lie across pages that do not follow each other. */
		if (!i || (at ^ last) >= PAGE)
			ret = kernel_translate(r->kernel, at, &gpa);
		else
			gpa += at - last;
		last = at;
		if (!ret)
			ret = gmem_read_u64(r->kernel->gm, gpa, &val);
		if (!ret)
			s->event[i].count = (int64_t)((uint64_t)s->event[i].count + val);
	}
	return ret;
}

static int add_cpus(const struct event_reader *r, uint64_t root, struct event_sample *s)
{
	uint64_t percpu = root;
	unsigned int cpu;
	int ret = 0;

	if (r->layout.by_root)
		ret = kernel_read_ptr(r->kernel, root + r->layout.percpu.off, &percpu);
	if (!ret && !percpu)
		ret = -EFAULT;
	for (cpu = 0; !ret && cpu < r->nr_cpus; cpu++)
		ret = add_cpu(r, percpu, cpu, s);
	return ret;
}

int events_read(const struct event_reader *r, struct event_sample *s)
{
	uint64_t again;
	unsigned int i;
	int ret;

	memset(s, 0, sizeof(*s));
	if (!r->layout.have)
		return -ENODATA;
	s->nr = r->layout.nr;
	for (i = 0; i < s->nr; i++)
		memcpy(s->event[i].name, r->layout.name[i], sizeof(s->event[i].name));
	ret = read_root(r, &s->root);
	if (ret || !s->root)
		return ret;
	ret = add_cpus(r, s->root, s);
	/* It is freed only after the pointer is gone: an error in between need not be one. */
	if (!read_root(r, &again) && again != s->root)
		return -EAGAIN;
	return ret;
}

/* No counter goes back, unless it is another one at the same address. */
static bool goes_on(const struct event_sample *last, const struct event_sample *s)
{
	unsigned int i;

	if (last->root != s->root)
		return false;
	for (i = 0; i < s->nr; i++) {
		if (s->event[i].count < last->event[i].count)
			return false;
	}
	return true;
}

void events_add(struct event_totals *t, const struct event_sample *s)
{
	bool on = t->any && goes_on(&t->last, s);
	unsigned int i;

	for (i = 0; t->any && i < s->nr; i++)
		t->total[i] += (uint64_t)s->event[i].count -
			       (on ? (uint64_t)t->last.event[i].count : 0);
	t->last = *s;
	t->any = true;
	if (s->root)
		t->scheduler = true;
}

void events_report(const struct event_totals *t, struct monitor_report *rep)
{
	unsigned int i;

	rep->have_events = t->any;
	rep->nr_events = t->scheduler ? t->last.nr : 0;
	for (i = 0; i < rep->nr_events; i++) {
		rep->event[i] = t->last.event[i];
		rep->event[i].count = (int64_t)t->total[i];
	}
}

#define RATE_MAX	1e18		/* nothing counts so fast; what is read may be any number */

static void judge(struct monitor_report *rep, const char *name, unsigned int limit)
{
	unsigned int i = 0;
	uint64_t whole;
	double rate;

	while (i < rep->nr_events && strcmp(rep->event[i].name, name))
		i++;
	if (i == rep->nr_events || rep->nr_violations == MONITOR_MAX_VIOLATIONS)
		return;
	rate = (double)rep->event[i].count * NSEC_PER_SEC / rep->guest_ns;
	if (rate <= limit)
		return;
	/* Rounded up, so that what is reported is above the limit too. */
	whole = min(rate, RATE_MAX);
	rep->violation[rep->nr_violations++] = (struct monitor_violation){
		.cause = CAUSE_EVENTS, .cpu = i, .measured = whole + (whole < rate),
		.limit = limit, .at_ns = rep->guest_ns, .for_ns = rep->guest_ns,
	};
}

void events_judge(const struct monitor_limits *limits, struct monitor_report *rep)
{
	if (!rep->usable || !rep->guest_ns ||
	    rep->guest_ns < limits->sustain_ms * NSEC_PER_MSEC)
		return;
	if (limits->judge_fallback)
		judge(rep, "SCX_EV_SELECT_CPU_FALLBACK", limits->max_fallback_rate);
	if (limits->judge_keep_last)
		judge(rep, "SCX_EV_DISPATCH_KEEP_LAST", limits->max_keep_last_rate);
}
