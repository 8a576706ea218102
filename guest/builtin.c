// SPDX-License-Identifier: GPL-2.0
/*
 * builtin.c - the built-in schedulers and their options
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "builtin.h"
#include "loader.h"
#include "scheduler.h"
/* Generated; each defines KTSTR_NO_BPF where it could not be. */
#include "fault.skel.h"
#include "fifo.skel.h"
#include "vtime.skel.h"

/* The kernel accepts no more (SCX_WATCHDOG_MAX_TIMEOUT). */
#define MAX_TIMEOUT_MS	30000

#ifdef KTSTR_NO_BPF
#define ELF(_name)	NULL
#else
#define ELF(_name)	_name##_bpf__elf_bytes
#endif

static const struct builtin {
	const char *name;
	const char *what;
	const void *(*elf)(size_t *size);
	bool faults;
} builtins[] = {
	{ "fifo", "one queue, in order of arrival", ELF(fifo), false },
	{ "vtime", "one queue, in order of weighted virtual time", ELF(vtime), false },
	{ "fault", "as fifo, with faults that can be switched on", ELF(fault), true },
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

static int parse_timeout(const char *arg, double *ms, struct err *err)
{
	char *end;

	errno = 0;
	*ms = strtod(arg, &end);
	/* Written so that NaN is refused. */
	if (errno || end == arg || *end || !(*ms >= 1 && *ms <= MAX_TIMEOUT_MS))
		return err_set(err, -EINVAL, "--timeout-ms %s: not a number from 1 to %d", arg,
			       MAX_TIMEOUT_MS);
	return 0;
}

static int parse_options(const struct builtin *b, const char *const *args, unsigned int nr,
			 struct loader *l, struct err *err)
{
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i += 2) {
		bool fault = b->faults && !strcmp(args[i], "--fault");

		if (!fault && strcmp(args[i], "--timeout-ms"))
			return err_set(err, -EINVAL, "unknown option '%s'; %s", args[i],
				       b->faults ? "there are --fault and --timeout-ms" :
						   "there is --timeout-ms");
		if (i + 1 == nr)
			return err_set(err, -EINVAL, "%s needs an argument", args[i]);
		if (fault)
			ret = sched_fault_parse(args[i + 1], &l->faults, err);
		else
			ret = parse_timeout(args[i + 1], &l->timeout_ms, err);
		if (ret)
			return ret;
	}
	return 0;
}

int builtin_check_args(const char *name, const char *const *args, unsigned int nr,
		       struct err *err)
{
	const struct builtin *b = builtin_find(name);
	struct loader l = { };

	return b ? parse_options(b, args, nr, &l, err) : 0;
}

static int usage(const struct builtin *b)
{
	printf("%s: %s\n--timeout-ms N of the kernel's watchdog\n", b->name, b->what);
	if (b->faults)
		sched_fault_usage(stdout);
	return 0;
}

int builtin_main(int argc, char **argv)
{
	struct err err = { "" };
	const struct builtin *b;
	struct loader l = { };
	const char *why;

	if (argc < 1 || builtin_check(argv[0], &why)) {
		fprintf(stderr, "%s: %s\n", argc < 1 ? "--role=scheduler" : argv[0],
			argc < 1 ? "needs a name" : why);
		return 1;
	}
	b = builtin_find(argv[0]);
	if (argc > 1 && !strcmp(argv[1], "--help"))
		return usage(b);
	l.name = b->name;
	sched_fault_defaults(&l.faults);
	if (parse_options(b, (const char *const *)argv + 1, argc - 1, &l, &err)) {
		fprintf(stderr, "%s: %s\n", b->name, err.msg);
		return 1;
	}
	l.elf = b->elf ? b->elf(&l.size) : NULL;
	return loader_run(&l);
}
