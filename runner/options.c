// SPDX-License-Identifier: GPL-2.0
/*
 * options.c - the command line and the KTSTR_* variables
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../guest/expect.h"
#include "../vmm/layout.h"
#include "declared.h"
#include "options.h"

#define DURATION_MIN_S	0.05
#define DURATION_MAX_S	3600.
#define MEMORY_MAX_MB	(1024 * 1024)

enum {
	OPT_SCHED = 256,
	OPT_SCHED_ARG,
	OPT_SCHED_FLAG,
	OPT_SCHED_EXPECT,
	OPT_SCHED_DECL,
	OPT_TOPOLOGY,
	OPT_DURATION,
	OPT_MEMORY,
	OPT_ACCEL,
	OPT_KEEP,
	OPT_SEED,
	OPT_COLD,
	OPT_WARM,
	OPT_PERF,
	OPT_APPEND,
	OPT_ALL,
	OPT_NO_SKIP,
};

static const struct option long_options[] = {
	{ "list",	no_argument,		NULL, 'l' },
	{ "test",	required_argument,	NULL, 't' },
	{ "verbose",	no_argument,		NULL, 'v' },
	{ "jobs",	required_argument,	NULL, 'j' },
	{ "kernel",	required_argument,	NULL, 'k' },
	{ "help",	no_argument,		NULL, 'h' },
	{ "sched",	required_argument,	NULL, OPT_SCHED },
	{ "sched-arg",	required_argument,	NULL, OPT_SCHED_ARG },
	{ "sched-flag",	required_argument,	NULL, OPT_SCHED_FLAG },
	{ "sched-expect", required_argument,	NULL, OPT_SCHED_EXPECT },
	{ "sched-decl",	required_argument,	NULL, OPT_SCHED_DECL },
	{ "topology",	required_argument,	NULL, OPT_TOPOLOGY },
	{ "duration",	required_argument,	NULL, OPT_DURATION },
	{ "memory-mb",	required_argument,	NULL, OPT_MEMORY },
	{ "accel",	required_argument,	NULL, OPT_ACCEL },
	{ "keep",	required_argument,	NULL, OPT_KEEP },
	{ "seed",	required_argument,	NULL, OPT_SEED },
	{ "cold",	no_argument,		NULL, OPT_COLD },
	{ "warm",	required_argument,	NULL, OPT_WARM },
	{ "perf",	no_argument,		NULL, OPT_PERF },
	{ "append",	required_argument,	NULL, OPT_APPEND },
	{ "all",	no_argument,		NULL, OPT_ALL },
	{ NULL,		0,			NULL, 0 },
};

/* Variables that stand for an option with one value. */
static const struct {
	const char *name;
	int opt;
} env_options[] = {
	{ "KTSTR_KERNEL",	'k' },
	{ "KTSTR_SCHED",	OPT_SCHED },
	{ "KTSTR_SCHED_EXPECT",	OPT_SCHED_EXPECT },
	{ "KTSTR_SCHED_DECL",	OPT_SCHED_DECL },
	{ "KTSTR_DURATION",	OPT_DURATION },
	{ "KTSTR_MEMORY_MB",	OPT_MEMORY },
	{ "KTSTR_ACCEL",	OPT_ACCEL },
	{ "KTSTR_KEEP",		OPT_KEEP },
	{ "KTSTR_SEED",		OPT_SEED },
	{ "KTSTR_JOBS",		'j' },
	{ "KTSTR_WARM",		OPT_WARM },
};

/* Variables that are on or off. */
static const struct {
	const char *name;
	int opt;
} env_switches[] = {
	{ "KTSTR_VERBOSE",	'v' },
	{ "KTSTR_COLD",		OPT_COLD },
	{ "KTSTR_PERF",		OPT_PERF },
	{ "KTSTR_ALL",		OPT_ALL },
	{ "KTSTR_NO_SKIP",	OPT_NO_SKIP },
};

static int parse_number(const char *from, const char *s, uint64_t lo, uint64_t hi, uint64_t *val,
			struct err *err)
{
	char *end;

	errno = 0;
	/* strtoull() takes a sign and blanks, which are not numbers here. */
	*val = isdigit((unsigned char)*s) ? strtoull(s, &end, 0) : 0;
	if (!isdigit((unsigned char)*s) || *end || errno || *val < lo || *val > hi)
		return err_set(err, -EINVAL, "%s: '%s' is not a whole number from %llu to %llu",
			       from, s, (unsigned long long)lo, (unsigned long long)hi);
	return 0;
}

static int parse_duration(const char *from, const char *s, unsigned int *ms, struct err *err)
{
	double val = 0;
	char *end = NULL;

	/* Digits and a point only: strtod() also takes "inf", "nan" and hex. */
	if (*s && s[strspn(s, "0123456789.")] == '\0')
		val = strtod(s, &end);
	if (!end || *end || !isfinite(val) || val < DURATION_MIN_S || val > DURATION_MAX_S)
		return err_set(err, -EINVAL, "%s: '%s' is not a number of seconds from %g to %g",
			       from, s, DURATION_MIN_S, DURATION_MAX_S);
	*ms = (unsigned int)(val * MSEC_PER_SEC + .5);
	return 0;
}

static int parse_sched(const char *from, const char *s, struct options *opts, struct err *err)
{
	static const char builtin[] = "builtin:";

	opts->sched_given = true;
	if (!strcmp(s, "none")) {
		opts->sched_kind = SCHED_KIND_NONE;
		opts->sched = NULL;
		return 0;
	}
	if (!strncmp(s, builtin, strlen(builtin))) {
		s += strlen(builtin);
		if (!*s || strlen(s) >= sizeof(((struct job *)0)->sched_name) ||
		    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")])
			return err_set(err, -EINVAL, "%s: 'builtin:%s' names no built-in scheduler",
				       from, s);
		opts->sched_kind = SCHED_KIND_BUILTIN;
		opts->sched = s;
		return 0;
	}
	if (!*s)
		return err_set(err, -EINVAL, "%s: empty; give a program, builtin:NAME or none",
			       from);
	opts->sched_kind = SCHED_KIND_BINARY;
	opts->sched = s;
	return 0;
}

static int add_sched_arg(const char *from, const char *s, struct options *opts, struct err *err)
{
	size_t len = strlen(s) + 1;
	unsigned int i;

	for (i = 0; i < opts->nr_sched_args; i++)
		len += strlen(opts->sched_args[i]) + 1;
	if (opts->nr_sched_args == JOB_MAX_ARGS || len > JOB_ARGS_LEN)
		return err_set(err, -E2BIG,
			       "%s: more than %d arguments or %d bytes for the scheduler", from,
			       JOB_MAX_ARGS, JOB_ARGS_LEN);
	opts->sched_args[opts->nr_sched_args++] = s;
	return 0;
}

static int add_sched_flag(const char *from, const char *s, struct options *opts, struct err *err)
{
	size_t len = strcspn(s, "=");
	unsigned int i;

	if (!len || strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") < len)
		return err_set(err, -EINVAL, "%s: '%s' is neither NAME nor NAME=ARG", from, s);
	for (i = 0; i < opts->nr_sched_flags; i++)
		if (strcspn(opts->sched_flags[i], "=") == len &&
		    !memcmp(opts->sched_flags[i], s, len))
			return err_set(err, -EINVAL, "%s: %.*s is given twice", from, (int)len, s);
	if (opts->nr_sched_flags == OPTIONS_MAX_FLAGS)
		return err_set(err, -E2BIG, "%s: more than %d flags", from, OPTIONS_MAX_FLAGS);
	opts->sched_flags[opts->nr_sched_flags++] = s;
	return 0;
}

static int set_expect(const char *from, const char *s, struct options *opts, struct err *err)
{
	struct err why = { "" };
	int ret;

	if (strlen(s) >= JOB_EXPECT_LEN)
		return err_set(err, -E2BIG, "%s: more than %d bytes", from, JOB_EXPECT_LEN - 1);
	ret = expect_parse(s, NULL, &opts->expect, &why);
	if (ret)
		return err_set(err, ret, "%s: %s", from, why.msg);
	opts->sched_expect = s;
	return 0;
}

static int add_filter(const char *from, const char *s, struct options *opts, struct err *err)
{
	if (!*s)
		return err_set(err, -EINVAL,
			       "%s: empty; give a glob such as 'cpuset_*' (-l lists all)", from);
	if (opts->nr_filters == OPTIONS_MAX_FILTERS)
		return err_set(err, -E2BIG, "%s: more than %d globs", from, OPTIONS_MAX_FILTERS);
	opts->filters[opts->nr_filters++] = s;
	return 0;
}

static int set_append(const char *from, const char *s, struct options *opts, struct err *err)
{
	const char *p;

	for (p = s; *p; p++)
		if (iscntrl((unsigned char)*p))
			return err_set(err, -EINVAL,
				       "%s: control character 0x%02x in the command line", from,
				       (unsigned char)*p);
	if (p - s > CMDLINE_MAX / 2)
		return err_set(err, -E2BIG,
			       "%s: %zu bytes, at most %d can be added to the command line", from,
			       (size_t)(p - s), CMDLINE_MAX / 2);
	opts->append = s;
	return 0;
}

static int add_topology(const char *from, const char *s, struct options *opts, struct err *err)
{
	struct err why = { "" };
	struct topology topo;
	unsigned int i;
	int ret;

	ret = topology_parse(s, &topo, &why);
	if (ret)
		return err_set(err, ret, "%s: '%s': %s", from, s, why.msg);
	/* It may have been spelled in another way. */
	for (i = 0; i < opts->nr_topologies; i++)
		if (topology_equal(&opts->topologies[i], &topo))
			return 0;
	if (opts->nr_topologies == OPTIONS_MAX_TOPOLOGIES)
		return err_set(err, -E2BIG, "%s: more than %d topologies", from,
			       OPTIONS_MAX_TOPOLOGIES);
	opts->topologies[opts->nr_topologies++] = topo;
	return 0;
}

static int set_accel(const char *from, const char *s, struct options *opts, struct err *err)
{
	if (strcmp(s, "auto") && strcmp(s, "kvm") && strcmp(s, "tcg"))
		return err_set(err, -EINVAL, "%s: '%s' is none of auto, kvm, tcg", from, s);
	opts->accel = s;
	return 0;
}

static int set_path(const char *from, const char *s, const char **path, struct err *err)
{
	if (!*s)
		return err_set(err, -EINVAL, "%s: empty path", from);
	*path = s;
	return 0;
}

static int set_warm(const char *from, const char *s, struct options *opts, struct err *err)
{
	if (!strcmp(s, "booted"))
		opts->warm = WARM_BOOTED;
	else if (!strcmp(s, "attached"))
		opts->warm = WARM_ATTACHED;
	else
		return err_set(err, -EINVAL, "%s: '%s' is neither booted nor attached", from, s);
	return 0;
}

/* One option, from the command line or from its variable. */
static int set_option(int opt, const char *from, const char *arg, struct options *opts,
		      struct err *err)
{
	uint64_t val;
	int ret;

	switch (opt) {
	case 'l':
		opts->list = true;
		return 0;
	case 'v':
		opts->verbose = true;
		return 0;
	case 'h':
		opts->help = true;
		return 0;
	case OPT_COLD:
		opts->warm = WARM_NOT;
		return 0;
	case OPT_WARM:
		return set_warm(from, arg, opts, err);
	case OPT_PERF:
		/* A thawed guest stops at each page that it writes to for the first time. */
		opts->perf = true;
		opts->warm = WARM_NOT;
		return 0;
	case OPT_ALL:
		opts->all = true;
		return 0;
	case OPT_NO_SKIP:
		opts->no_skip = true;
		return 0;
	case 't':
		return add_filter(from, arg, opts, err);
	case 'j':
		ret = parse_number(from, arg, 1, OPTIONS_MAX_JOBS, &val, err);
		if (!ret)
			opts->jobs = val;
		return ret;
	case 'k':
		opts->kernel_from = from;
		return set_path(from, arg, &opts->kernel, err);
	case OPT_SCHED:
		return parse_sched(from, arg, opts, err);
	case OPT_SCHED_ARG:
		return add_sched_arg(from, arg, opts, err);
	case OPT_SCHED_FLAG:
		return add_sched_flag(from, arg, opts, err);
	case OPT_SCHED_EXPECT:
		return set_expect(from, arg, opts, err);
	case OPT_SCHED_DECL:
		return set_path(from, arg, &opts->sched_decl, err);
	case OPT_TOPOLOGY:
		return add_topology(from, arg, opts, err);
	case OPT_DURATION:
		return parse_duration(from, arg, &opts->duration_ms, err);
	case OPT_MEMORY:
		ret = parse_number(from, arg, 1, MEMORY_MAX_MB, &val, err);
		if (!ret)
			opts->memory_mb = val;
		return ret;
	case OPT_ACCEL:
		return set_accel(from, arg, opts, err);
	case OPT_KEEP:
		return set_path(from, arg, &opts->keep, err);
	case OPT_SEED:
		return parse_number(from, arg, 0, UINT64_MAX, &opts->seed, err);
	case OPT_APPEND:
		return set_append(from, arg, opts, err);
	}
	return err_set(err, -EINVAL, "%s: no such option; -h lists them", from);
}

/* Words of a variable, one call of @add each; *@copy is what they point into. */
static int split_env(const char *name, char **copy, struct options *opts,
		     int (*add)(const char *from, const char *s, struct options *opts,
				struct err *err),
		     struct err *err)
{
	const char *val = getenv(name);
	char *word, *save;
	int ret;

	if (!val)
		return 0;
	*copy = strdup(val);
	if (!*copy)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	for (word = strtok_r(*copy, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
		ret = add(name, word, opts, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int parse_env(struct options *opts, struct err *err)
{
	const char *val;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(env_options); i++) {
		val = getenv(env_options[i].name);
		/* Set but empty is how a CI job unsets a variable. */
		if (!val || !*val)
			continue;
		ret = set_option(env_options[i].opt, env_options[i].name, val, opts, err);
		if (ret)
			return ret;
	}
	for (i = 0; i < ARRAY_SIZE(env_switches); i++) {
		val = getenv(env_switches[i].name);
		if (!val || !*val || !strcmp(val, "0"))
			continue;
		if (strcmp(val, "1"))
			return err_set(err, -EINVAL, "%s: '%s' is neither 0 nor 1",
				       env_switches[i].name, val);
		ret = set_option(env_switches[i].opt, env_switches[i].name, NULL, opts, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* The name that the user gave an option: "-t", "--sched". */
static const char *option_name(int opt)
{
	static const char *const short_names[] = {
		['l'] = "-l",
		['t'] = "-t",
		['v'] = "-v",
		['j'] = "-j",
		['k'] = "--kernel",
		['h'] = "-h",
	};
	static const char *const long_names[] = {
		[OPT_SCHED - OPT_SCHED] = "--sched",
		[OPT_SCHED_ARG - OPT_SCHED] = "--sched-arg",
		[OPT_SCHED_FLAG - OPT_SCHED] = "--sched-flag",
		[OPT_SCHED_EXPECT - OPT_SCHED] = "--sched-expect",
		[OPT_SCHED_DECL - OPT_SCHED] = "--sched-decl",
		[OPT_TOPOLOGY - OPT_SCHED] = "--topology",
		[OPT_DURATION - OPT_SCHED] = "--duration",
		[OPT_MEMORY - OPT_SCHED] = "--memory-mb",
		[OPT_ACCEL - OPT_SCHED] = "--accel",
		[OPT_KEEP - OPT_SCHED] = "--keep",
		[OPT_SEED - OPT_SCHED] = "--seed",
		[OPT_COLD - OPT_SCHED] = "--cold",
		[OPT_WARM - OPT_SCHED] = "--warm",
		[OPT_PERF - OPT_SCHED] = "--perf",
		[OPT_APPEND - OPT_SCHED] = "--append",
		[OPT_ALL - OPT_SCHED] = "--all",
	};

	if (opt >= OPT_SCHED && opt < OPT_SCHED + (int)ARRAY_SIZE(long_names))
		return long_names[opt - OPT_SCHED];
	if (opt >= 0 && opt < (int)ARRAY_SIZE(short_names) && short_names[opt])
		return short_names[opt];
	return "?";
}

static int parse_args(int argc, char **argv, struct options *opts, struct err *err)
{
	int opt, ret;

	optind = 0;	/* glibc: start over, also for the permutation */
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:lt:vj:k:h", long_options, NULL)) != -1) {
		if (opt == ':')
			return err_set(err, -EINVAL, "%s: needs a value; -h says which",
				       option_name(optopt));
		/* A known option here is one with a value that it does not take. */
		if (opt == '?' && optopt && strcmp(option_name(optopt), "?"))
			return err_set(err, -EINVAL, "%s: takes no value", option_name(optopt));
		if (opt == '?' && optopt)
			return err_set(err, -EINVAL, "-%c: no such option; -h lists them", optopt);
		if (opt == '?')
			return err_set(err, -EINVAL, "%s: no such option; -h lists them",
				       argv[optind - 1]);
		ret = set_option(opt, option_name(opt), optarg, opts, err);
		if (ret)
			return ret;
	}
	if (optind < argc)
		return err_set(err, -EINVAL, "'%s': unexpected word; tests are chosen with -t GLOB",
			       argv[optind]);
	return 0;
}

static int add_shared_filters(struct options *opts, struct err *err)
{
	int ret = split_env("KTSTR_FILTER", &opts->env_copy[0], opts, add_filter, err);

	opts->filters_shared = opts->nr_filters;
	return ret;
}

static int add_shared_flags(struct options *opts, struct err *err)
{
	int ret = split_env("KTSTR_SCHED_FLAGS", &opts->env_copy[3], opts, add_sched_flag, err);

	opts->flags_shared = opts->nr_sched_flags;
	return ret;
}

/* What the command line and the variables say nothing of. */
struct declaring {
	struct options *opts;
	bool args, flags, expect;
};

static int declare(void *ctx, const char *from, const char *option, const char *value,
		   struct err *err)
{
	struct declaring *d = ctx;
	struct options *opts = d->opts;
	size_t len = strlen(opts->decl_expect);

	if (!strcmp(option, "sched-arg"))
		return d->args ? add_sched_arg(from, value, opts, err) : 0;
	if (!strcmp(option, "sched-flag"))
		return d->flags ? add_sched_flag(from, value, opts, err) : 0;
	if (strcmp(option, "sched-expect"))
		return err_set(err, -EINVAL,
			       "%s: '%.64s' is none of sched-arg, sched-flag, sched-expect", from,
			       option);
	/* A reason for each is easier to give on lines of their own. */
	if (len + strlen(value) + 2 > sizeof(opts->decl_expect))
		return err_set(err, -E2BIG, "%s: more than %d bytes in all", from,
			       JOB_EXPECT_LEN - 1);
	snprintf(opts->decl_expect + len, sizeof(opts->decl_expect) - len, "%s%s", len ? "," : "",
		 value);
	return d->expect ? set_expect(from, opts->decl_expect, opts, err) : 0;
}

/* Options and variables win over it. */
static int add_declared(struct options *opts, struct err *err)
{
	struct declaring d = { opts, !opts->nr_sched_args, !opts->nr_sched_flags,
			       !opts->sched_expect };
	int ret;

	if (!opts->sched_decl)
		return 0;
	if (opts->sched_kind == SCHED_KIND_NONE)
		return err_set(err, -EINVAL, "--sched-decl %s: of which scheduler? --sched says so",
			       opts->sched_decl);
	ret = declared_read(opts->sched_decl, &opts->decl_copy, err);
	if (ret)
		return err_set(err, ret, "--sched-decl: %s: %s", opts->sched_decl, strerror(-ret));
	return declared_parse(opts->decl_copy, opts->sched_decl, declare, &d, err);
}

int options_parse(int argc, char **argv, struct options *opts, struct err *err)
{
	const char *from_env;
	int ret;

	memset(opts, 0, sizeof(*opts));
	opts->jobs = 1;
	opts->accel = "auto";
	opts->seed = OPTIONS_SEED;
	ret = parse_env(opts, err);
	from_env = opts->sched_expect;
	if (!ret)
		ret = parse_args(argc, argv, opts, err);
	opts->expect_own = opts->sched_expect != from_env;
	/* Lists: the command line replaces the variable. */
	if (!ret && !opts->nr_filters)
		ret = add_shared_filters(opts, err);
	if (!ret && !opts->nr_sched_args)
		ret = split_env("KTSTR_SCHED_ARGS", &opts->env_copy[1], opts, add_sched_arg, err);
	if (!ret && !opts->nr_sched_flags)
		ret = add_shared_flags(opts, err);
	if (!ret && !opts->nr_topologies)
		ret = split_env("KTSTR_TOPOLOGY", &opts->env_copy[2], opts, add_topology, err);
	if (!ret)
		ret = add_declared(opts, err);
	/* A built-in one, which some tests bring along, is not what they are meant for. */
	if (!ret && !opts->sched_given && (opts->nr_sched_args || opts->nr_sched_flags))
		ret = err_set(err, -EINVAL, "%s: of which scheduler? --sched says so",
			      opts->nr_sched_args ? "--sched-arg" : "--sched-flag");
	if (!ret && opts->perf && opts->warm != WARM_NOT)
		ret = err_set(err, -EINVAL,
			      "--warm: a copy is slow at first: not with --perf (or KTSTR_PERF)");
	if (!ret && opts->perf && opts->jobs > 1)
		ret = err_set(err, -EINVAL,
			      "--perf: guests would share CPUs with each other: not with -j %u",
			      opts->jobs);
	if (ret)
		options_free(opts);
	return ret;
}

void options_free(struct options *opts)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(opts->env_copy); i++)
		free(opts->env_copy[i]);
	free(opts->decl_copy);
	memset(opts, 0, sizeof(*opts));
}
