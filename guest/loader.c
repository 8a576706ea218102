// SPDX-License-Identifier: GPL-2.0
/*
 * loader.c - loads and attaches a built-in scheduler, and stays until it is told to go
 *
 * What it prints on standard error is the scheduler's log.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "loader.h"
#include "scx_exit.h"

#define DIE_STATUS	7

struct run {
	const struct loader *l;
	int sigfd;
	struct bpf_object *obj;
	struct bpf_map *ops;
	struct bpf_link *link;
	struct ring_buffer *events;
	struct scx_exit gone;
	struct sched_faults *faults;	/* NULL: it has none */
};

static int __printf(2, 3) say(const struct run *r, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s: %s\n", r->l->name, text);
	return -1;
}

static int on_exit_event(void *ctx, void *data, size_t len)
{
	struct scx_exit *out = ctx;

	memcpy(out, data, min(len, sizeof(*out)));
	out->reason[sizeof(out->reason) - 1] = '\0';
	out->msg[sizeof(out->msg) - 1] = '\0';
	return 0;
}

static int open_signals(struct run *r)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SCHED_FAULT_SIGNAL);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	r->sigfd = signalfd(-1, &mask, SFD_CLOEXEC);
	return r->sigfd < 0 ? say(r, "signalfd: %s", strerror(errno)) : 0;
}

/* Until the time is over, negative: without end; true if a signal came first. */
static bool wait_signal(struct run *r, double seconds)
{
	struct pollfd pfd = { .fd = r->sigfd, .events = POLLIN };

	return poll(&pfd, 1, seconds < 0 ? -1 : (int)(seconds * MSEC_PER_SEC)) > 0;
}

/* Its members are ordered as our BPF programs know it. */
static int set_timeout(struct run *r)
{
	const struct btf *btf = bpf_object__btf(r->obj);
	int id = btf__find_by_name_kind(btf, "sched_ext_ops", BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;
	char *ops = bpf_map__initial_value(r->ops, &(size_t){ 0 });
	unsigned int i;

	for (i = 0; t && ops && i < btf_vlen(t); i++) {
		if (strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), "timeout_ms"))
			continue;
		*(uint32_t *)(ops + btf_member_bit_offset(t, i) / 8) = r->l->timeout_ms;
		return 0;
	}
	return say(r, "has no timeout");
}

static struct sched_faults *find_faults(struct run *r)
{
	struct bpf_map *map = bpf_object__find_map_by_name(r->obj, SCHED_FAULTS_MAP);
	size_t size = 0;
	void *val = map ? bpf_map__initial_value(map, &size) : NULL;

	return size == sizeof(struct sched_faults) ? val : NULL;
}

static int set_faults(struct run *r)
{
	struct bpf_map *map = bpf_object__find_map_by_name(r->obj, SCHED_FAULTS_LOAD_MAP);
	const struct sched_fault_options *o = &r->l->faults;
	struct sched_faults *f = find_faults(r);
	struct sched_faults_load *load;
	unsigned int i;

	if (!f)
		return 0;
	load = map ? bpf_map__initial_value(map, &(size_t){ 0 }) : NULL;
	if (!load)
		return say(r, "has no " SCHED_FAULTS_LOAD_MAP);
	load->reject = o->on[SCHED_FAULT_REJECT];
	for (i = 0; i < NR_SCHED_FAULTS; i++)
		f->fault[i].arg = o->arg[i];
	memcpy(f->cgroup, o->cgroup, sizeof(f->cgroup));
	return 0;
}

/* Open, set, load; what is pinned is for PID 1. */
static int load(struct run *r)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = r->l->name);
	struct bpf_map *map;

	r->obj = bpf_object__open_mem(r->l->elf, r->l->size, &opts);
	if (!r->obj)
		return say(r, "cannot open the BPF object: %s", strerror(errno));
	bpf_object__for_each_map(map, r->obj)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			r->ops = map;
	if (!r->ops)
		return say(r, "there is no sched_ext_ops in the BPF object");
	if ((r->l->timeout_ms > 0 && set_timeout(r)) || set_faults(r))
		return -1;
	if (bpf_object__load(r->obj))
		return say(r, "cannot load: %s", strerror(errno));
	map = bpf_object__find_map_by_name(r->obj, SCX_EXIT_MAP);
	r->events = map ? ring_buffer__new(bpf_map__fd(map), on_exit_event, &r->gone, NULL) : NULL;
	if (!r->events)
		return say(r, "ring buffer: %s", strerror(errno));
	r->faults = find_faults(r);
	map = bpf_object__find_map_by_name(r->obj, SCHED_FAULTS_MAP);
	if (map && bpf_map__pin(map, SCHED_FAULTS_PIN))
		return say(r, "cannot pin " SCHED_FAULTS_PIN ": %s", strerror(errno));
	return 0;
}

static int attach(struct run *r)
{
	r->link = bpf_map__attach_struct_ops(r->ops);
	if (r->link) {
		say(r, "attached");
		return 0;
	}
	say(r, "cannot attach: %s", strerror(errno));
	/* The kernel may have accepted and ejected it at once; then it said why. */
	if (ring_buffer__consume(r->events) > 0)
		say(r, "%s: %s", r->gone.reason, r->gone.msg);
	return -1;
}

static void arm_faults(struct run *r)
{
	const struct sched_fault_options *o = &r->l->faults;
	uint64_t now = now_ns();
	unsigned int i;

	for (i = 0; r->faults && i < NR_SCHED_FAULTS; i++)
		if (o->on[i])
			WRITE_ONCE(r->faults->fault[i].from_ns, now + o->after_s[i] * NSEC_PER_SEC);
}

/* When the next fault of the loader's own is due, for poll(); -1: none is. */
static int next_fault_ms(const struct run *r)
{
	static const enum sched_fault own[] = { SCHED_FAULT_DIE, SCHED_FAULT_REATTACH };
	uint64_t now = now_ns(), from, next = UINT64_MAX;
	unsigned int i;

	for (i = 0; r->faults && i < ARRAY_SIZE(own); i++) {
		from = READ_ONCE(r->faults->fault[own[i]].from_ns);
		if (from && !r->faults->fault[own[i]].began_ns)
			next = min(next, from);
	}
	if (next == UINT64_MAX)
		return -1;
	return next > now ? (int)DIV_ROUND_UP(next - now, NSEC_PER_MSEC) : 0;
}

/* The faults that are the loader's own. */
static int loader_faults(struct run *r)
{
	if (sched_fault_strikes(r->faults, SCHED_FAULT_DIE)) {
		say(r, "exits, asked for by the fault \"die\"");
		_exit(DIE_STATUS);
	}
	if (r->faults->fault[SCHED_FAULT_REATTACH].began_ns ||
	    !sched_fault_strikes(r->faults, SCHED_FAULT_REATTACH))
		return 0;
	say(r, "is attached anew, asked for by the fault \"reattach\"");
	bpf_link__destroy(r->link);
	return attach(r);
}

/* A signal came: to end, and we listen to it, or only because a fault was switched. */
static bool told_to_end(struct run *r)
{
	struct signalfd_siginfo info;

	return read(r->sigfd, &info, sizeof(info)) == sizeof(info) &&
	       info.ssi_signo != SCHED_FAULT_SIGNAL &&
	       !sched_fault_strikes(r->faults, SCHED_FAULT_DEAF);
}

/*
 * Until a signal comes, or the kernel has ejected the scheduler, which is an event in
 * the ring buffer. Returns an exit code.
 */
static int stay(struct run *r)
{
	struct pollfd fds[] = {
		{ .fd = r->sigfd, .events = POLLIN },
		{ .fd = ring_buffer__epoll_fd(r->events), .events = POLLIN },
	};

	for (;;) {
		int nr = poll(fds, ARRAY_SIZE(fds), next_fault_ms(r));

		if (nr < 0 && errno != EINTR) {
			say(r, "poll: %s", strerror(errno));
			return 1;
		}
		/* Ejection first: it is the news when both have come. */
		if (nr > 0 && fds[1].revents && ring_buffer__consume(r->events) > 0) {
			const struct scx_exit *gone = &r->gone;

			/* One that was asked for by closing the link is no news. */
			if (!r->faults || !r->faults->fault[SCHED_FAULT_REATTACH].began_ns) {
				say(r, "ejected by the kernel: %s: %s (%u, %lld)", gone->reason,
				    gone->msg, gone->kind, gone->code);
				return 1;
			}
		}
		if (nr > 0 && fds[0].revents && told_to_end(r))
			return 0;
		if (r->faults && loader_faults(r))
			return 1;
	}
}

static void leak(struct run *r)
{
	if (r->link && sched_fault_strikes(r->faults, SCHED_FAULT_LEAK) &&
	    bpf_link__pin(r->link, SCHED_FAULT_LEAK_PIN))
		say(r, "cannot pin " SCHED_FAULT_LEAK_PIN ": %s", strerror(errno));
}

/* How long it takes before it attaches; true if it was told to go meanwhile. */
static bool told_to_go(struct run *r)
{
	const struct sched_fault_options *o = &r->l->faults;

	if (o->on[SCHED_FAULT_NO_ATTACH])
		return wait_signal(r, -1);
	return o->on[SCHED_FAULT_LATE_ATTACH] && wait_signal(r, o->arg[SCHED_FAULT_LATE_ATTACH]);
}

int loader_run(const struct loader *l)
{
	struct run r = { .l = l, .sigfd = -1 };
	int code = 1;

	/* Before there is anything to lose by a signal. */
	if (open_signals(&r) || load(&r))
		goto out;
	if (told_to_go(&r)) {
		code = 0;
		goto out;
	}
	arm_faults(&r);
	if (attach(&r))
		goto out;
	code = stay(&r);
	leak(&r);
out:
	bpf_link__destroy(r.link);
	ring_buffer__free(r.events);
	bpf_object__close(r.obj);
	if (r.sigfd >= 0)
		close(r.sigfd);
	return code;
}
