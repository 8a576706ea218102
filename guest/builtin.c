// SPDX-License-Identifier: GPL-2.0
/*
 * builtin.c - loads and attaches a built-in scheduler, and stays until it is told to go
 *
 * Runs in the guest, as a process of its own. What it prints on standard error
 * is the scheduler's log.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "builtin.h"
#include "fifo.h"
#include "scheduler.h"
#include "fifo.skel.h"	/* generated; defines KTSTR_NO_BPF where it could not be */

struct builtin {
	const char *name;
	const char *usage;
	int (*run)(int argc, char **argv);
};

#ifndef KTSTR_NO_BPF

#define EXIT_AFTER_STATUS	7

struct options {
	/* Seconds, 0: at once, or never. */
	double attach_after, stall_after, error_after, exit_after, spin_after;
	double unfair;
	double timeout_ms;
	bool reject;
	bool pile_up;
};

static const struct {
	const char *name;
	double max;		/* 0: it takes no number */
	size_t offset;		/* in struct options: a double, or a bool */
} known_options[] = {
	{ "--attach-after",	3600,	offsetof(struct options, attach_after) },
	{ "--stall-after",	3600,	offsetof(struct options, stall_after) },
	{ "--error-after",	3600,	offsetof(struct options, error_after) },
	{ "--exit-after",	3600,	offsetof(struct options, exit_after) },
	{ "--spin-after",	3600,	offsetof(struct options, spin_after) },
	{ "--unfair",		1000,	offsetof(struct options, unfair) },
	/* The kernel accepts no more (SCX_WATCHDOG_MAX_TIMEOUT). */
	{ "--timeout-ms",	30000,	offsetof(struct options, timeout_ms) },
	{ "--reject",		0,	offsetof(struct options, reject) },
	{ "--pile-up",		0,	offsetof(struct options, pile_up) },
};

static int parse_number(const char *opt, const char *arg, double max, double *val)
{
	char *end;

	if (!arg) {
		fprintf(stderr, "fifo: %s needs a number\n", opt);
		return -EINVAL;
	}
	errno = 0;
	*val = strtod(arg, &end);
	/* Written so that NaN is refused. */
	if (errno || end == arg || *end || !(*val > 0 && *val <= max)) {
		fprintf(stderr, "fifo: %s %s: not a number above 0, at most %g\n", opt, arg, max);
		return -EINVAL;
	}
	return 0;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	unsigned int k;
	int i, err;

	for (i = 1; i < argc; i++) {
		for (k = 0; k < ARRAY_SIZE(known_options); k++)
			if (!strcmp(argv[i], known_options[k].name))
				break;
		if (k == ARRAY_SIZE(known_options)) {
			fprintf(stderr, "fifo: unknown option '%s'\n", argv[i]);
			return -EINVAL;
		}
		if (!known_options[k].max) {
			*(bool *)((char *)o + known_options[k].offset) = true;
			continue;
		}
		i++;
		err = parse_number(known_options[k].name, argv[i], known_options[k].max,
				   (double *)((char *)o + known_options[k].offset));
		if (err)
			return err;
	}
	return 0;
}

static int on_exit_event(void *ctx, void *data, size_t len)
{
	struct fifo_exit *out = ctx;

	memcpy(out, data, min(len, sizeof(*out)));
	out->reason[sizeof(out->reason) - 1] = '\0';
	out->msg[sizeof(out->msg) - 1] = '\0';
	return 0;
}

/* Until the time is over; true if a signal came first. */
static bool wait_signal(int sigfd, double seconds)
{
	struct pollfd pfd = { .fd = sigfd, .events = POLLIN };

	return poll(&pfd, 1, (int)(seconds * MSEC_PER_SEC)) > 0;
}

/*
 * Until a signal comes, the time is over, or the kernel has ejected the
 * scheduler, which is an event in the ring buffer. Returns an exit code.
 */
static int fifo_wait(struct ring_buffer *events, struct fifo_exit *gone, int sigfd,
		     double exit_after)
{
	struct pollfd fds[] = {
		{ .fd = sigfd, .events = POLLIN },
		{ .fd = ring_buffer__epoll_fd(events), .events = POLLIN },
	};
	uint64_t deadline = now_ns() + exit_after * NSEC_PER_SEC;

	for (;;) {
		int timeout = -1, nr;

		if (exit_after > 0) {
			uint64_t now = now_ns();

			if (now >= deadline) {
				fprintf(stderr, "fifo: exits, asked for by --exit-after\n");
				return EXIT_AFTER_STATUS;
			}
			timeout = (deadline - now) / NSEC_PER_MSEC + 1;
		}
		nr = poll(fds, ARRAY_SIZE(fds), timeout);
		if (nr < 0 && errno != EINTR) {
			fprintf(stderr, "fifo: poll: %s\n", strerror(errno));
			return 1;
		}
		if (nr <= 0)
			continue;
		/* Ejection first: it is the news when both have come. */
		if (fds[1].revents && ring_buffer__consume(events) > 0) {
			fprintf(stderr, "fifo: ejected by the kernel: %s: %s (%u, %lld)\n",
				gone->reason, gone->msg, gone->kind, gone->code);
			return 1;
		}
		if (fds[0].revents)
			return 0;
	}
}

static int fifo_run(int argc, char **argv)
{
	struct options o = {};
	struct fifo_exit gone = {};
	struct ring_buffer *events = NULL;
	struct bpf_link *link = NULL;
	struct fifo_bpf *skel;
	sigset_t mask;
	int sigfd, code = 1;

	if (parse_options(argc, argv, &o))
		return 1;

	/* Before there is anything to lose by a signal. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	sigfd = signalfd(-1, &mask, SFD_CLOEXEC);
	if (sigfd < 0) {
		fprintf(stderr, "fifo: signalfd: %s\n", strerror(errno));
		return 1;
	}

	skel = fifo_bpf__open();
	if (!skel) {
		fprintf(stderr, "fifo: cannot open the BPF object: %s\n", strerror(errno));
		goto out;
	}
	skel->rodata->stall_after_ns = o.stall_after * NSEC_PER_SEC;
	skel->rodata->error_after_ns = o.error_after * NSEC_PER_SEC;
	skel->rodata->unfair = o.unfair;
	skel->rodata->reject = o.reject;
	skel->rodata->pile_up = o.pile_up;
	skel->rodata->spin_after_ns = o.spin_after * NSEC_PER_SEC;
	if (o.timeout_ms)
		skel->struct_ops.fifo_ops->timeout_ms = o.timeout_ms;
	if (fifo_bpf__load(skel)) {
		fprintf(stderr, "fifo: cannot load: %s\n", strerror(errno));
		goto out;
	}
	events = ring_buffer__new(bpf_map__fd(skel->maps.exits), on_exit_event, &gone, NULL);
	if (!events) {
		fprintf(stderr, "fifo: ring buffer: %s\n", strerror(errno));
		goto out;
	}
	if (o.attach_after > 0 && wait_signal(sigfd, o.attach_after)) {
		code = 0;
		goto out;
	}
	link = bpf_map__attach_struct_ops(skel->maps.fifo_ops);
	if (!link) {
		fprintf(stderr, "fifo: cannot attach: %s\n", strerror(errno));
		/* The kernel may have accepted and ejected it at once; then it said why. */
		if (ring_buffer__consume(events) > 0)
			fprintf(stderr, "fifo: %s: %s\n", gone.reason, gone.msg);
		goto out;
	}
	fprintf(stderr, "fifo: attached\n");
	code = fifo_wait(events, &gone, sigfd, o.exit_after);
out:
	bpf_link__destroy(link);
	ring_buffer__free(events);
	fifo_bpf__destroy(skel);
	close(sigfd);
	return code;
}

#else
#define fifo_run	NULL
#endif

static const struct builtin builtins[] = {
	{
		.name = "fifo",
		.usage = "[--timeout-ms N] [--unfair N] [--reject] [--pile-up] [--attach-after S] "
			 "[--spin-after S] [--stall-after S] [--error-after S] [--exit-after S]",
		.run = fifo_run,
	},
};

static const struct builtin *builtin_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(builtins); i++)
		if (!strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}

const char *builtin_name(unsigned int i)
{
	return i < ARRAY_SIZE(builtins) ? builtins[i].name : NULL;
}

int builtin_check(const char *name, const char **why)
{
	const struct builtin *b = builtin_find(name);

	if (!b) {
		*why = "there is no built-in scheduler of that name";
		return -ENOENT;
	}
#ifdef KTSTR_NO_BPF
	*why = KTSTR_NO_BPF;
	return -EOPNOTSUPP;
#endif
	return 0;
}

int builtin_main(int argc, char **argv)
{
	const struct builtin *b;
	const char *why;

	if (argc < 1 || builtin_check(argv[0], &why)) {
		fprintf(stderr, "%s: %s\n", argc < 1 ? "--role=scheduler" : argv[0],
			argc < 1 ? "needs a name" : why);
		return 1;
	}
	b = builtin_find(argv[0]);
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		printf("%s %s\n", b->name, b->usage);
		return 0;
	}
	return b->run(argc, argv);
}
