/* SPDX-License-Identifier: GPL-2.0 */
/*
 * options.h - the command line and the KTSTR_* variables
 *
 * An option wins over its variable. Every bad value is refused with one line
 * that names the option or the variable, the value and what is allowed.
 */
#ifndef KTSTR_RUNNER_OPTIONS_H
#define KTSTR_RUNNER_OPTIONS_H

#include <stdbool.h>
#include "../ktstr.h"
#include "../lib/log.h"
#include "../lib/topology.h"
#include "../lib/wire.h"

#define OPTIONS_MAX_FILTERS	64
#define OPTIONS_MAX_FLAGS	16
#define OPTIONS_MAX_JOBS	256
#define OPTIONS_MAX_TOPOLOGIES	256
#define OPTIONS_SEED		1

/* What an instance starts from. */
enum warm {
	WARM_WHERE_IT_PAYS,
	WARM_NOT,			/* it boots by itself */
	WARM_BOOTED,			/* a copy of a guest that has booted, */
	WARM_ATTACHED,			/* and, if it has a scheduler, attached that */
};

struct options {
	bool help;
	bool list;
	bool all;			/* also what is not run by default */
	bool verbose;
	enum warm warm;
	bool perf;			/* a guest has CPUs for itself: not warm, one at a time */
	bool no_skip;			/* a skip is a failure */
	unsigned int jobs;
	unsigned int nr_filters;
	const char *filters[OPTIONS_MAX_FILTERS];
	bool filters_shared;		/* from a variable, which other programs see too */
	const char *kernel;		/* NULL: search */
	const char *kernel_from;	/* "--kernel" or "KTSTR_KERNEL" */
	bool sched_given;		/* or none, in so many words */
	enum sched_kind sched_kind;
	const char *sched;		/* path or name; NULL with SCHED_KIND_NONE */
	unsigned int nr_sched_args;
	const char *sched_args[JOB_MAX_ARGS];
	unsigned int nr_sched_flags;
	const char *sched_flags[OPTIONS_MAX_FLAGS];	/* NAME or NAME=ARG; each NAME once */
	bool flags_shared;		/* as filters_shared */
	const char *sched_decl;		/* runner/declared.h; or NULL */
	const char *sched_expect;	/* or NULL */
	bool expect_own;		/* as an option, so that it is for this program */
	struct expect expect;		/* the same, parsed: what is said of all tests */
	unsigned int nr_topologies;	/* 0: as the test says */
	struct topology topologies[OPTIONS_MAX_TOPOLOGIES];	/* each of them once */
	unsigned int duration_ms;	/* 0: as the test says */
	unsigned int memory_mb;		/* 0: the default */
	const char *accel;
	const char *keep;		/* directory, or NULL */
	uint64_t seed;
	const char *append;		/* or NULL */
	char *env_copy[4];		/* what lists of the environment point into; private */
	char *decl_copy;		/* what is in the file */
	char decl_expect[JOB_EXPECT_LEN];
};

/* options_parse - 0, or a negative errno with the line for the user in @err. */
int options_parse(int argc, char **argv, struct options *opts, struct err *err);
void options_free(struct options *opts);

/* options_usage - what -h prints, on standard output. */
void options_usage(const char *program);

#endif /* KTSTR_RUNNER_OPTIONS_H */
