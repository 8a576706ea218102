// SPDX-License-Identifier: GPL-2.0
/*
 * test_options.c - the command line and the KTSTR_* variables
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kselftest_harness.h"
#include "../runner/options.h"

static const char *const variables[] = {
	"KTSTR_KERNEL", "KTSTR_SCHED", "KTSTR_SCHED_ARGS", "KTSTR_TOPOLOGY", "KTSTR_DURATION",
	"KTSTR_MEMORY_MB", "KTSTR_ACCEL", "KTSTR_KEEP", "KTSTR_SEED", "KTSTR_FILTER", "KTSTR_JOBS",
	"KTSTR_VERBOSE", "KTSTR_COLD", "KTSTR_WARM", "KTSTR_PERF", "KTSTR_NO_SKIP", "KTSTR_ALL",
	"KTSTR_SCHED_FLAGS", "KTSTR_SCHED_EXPECT", "KTSTR_SCHED_DECL",
};

FIXTURE(options) {
	struct options opts;
	struct err err;
};

FIXTURE_SETUP(options)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	memset(self, 0, sizeof(*self));
}

FIXTURE_TEARDOWN(options)
{
	options_free(&self->opts);
}

/* Arguments as one string of words. */
static int parse(const char *args, struct options *opts, struct err *err)
{
	static char copy[8192];
	static char *argv[256];
	char *word, *save;
	int argc = 0;

	snprintf(copy, sizeof(copy), "ktstr %s", args);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	memset(err, 0, sizeof(*err));
	return options_parse(argc, argv, opts, err);
}

TEST_F(options, defaults)
{
	ASSERT_EQ(0, parse("", &self->opts, &self->err));
	EXPECT_EQ(1, self->opts.jobs);
	EXPECT_STREQ("auto", self->opts.accel);
	EXPECT_EQ(OPTIONS_SEED, self->opts.seed);
	EXPECT_EQ(SCHED_KIND_NONE, self->opts.sched_kind);
	EXPECT_EQ(0, self->opts.nr_filters);
	EXPECT_EQ(NULL, self->opts.kernel);
	EXPECT_EQ(0, self->opts.nr_topologies);
	EXPECT_FALSE(self->opts.warm || self->opts.verbose || self->opts.no_skip ||
		     self->opts.list);
}

TEST_F(options, all)
{
	ASSERT_EQ(0, parse("", &self->opts, &self->err));
	EXPECT_FALSE(self->opts.all);
	ASSERT_EQ(0, parse("--all", &self->opts, &self->err));
	EXPECT_TRUE(self->opts.all);
	setenv("KTSTR_ALL", "1", 1);
	ASSERT_EQ(0, parse("", &self->opts, &self->err));
	EXPECT_TRUE(self->opts.all);
	EXPECT_EQ(-EINVAL, parse("--all=1", &self->opts, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "--all: takes no value"));
}

TEST_F(options, flags_of_the_scheduler)
{
	setenv("KTSTR_SCHED_FLAGS", " llc  steal=--steal ", 1);
	EXPECT_EQ(-EINVAL, parse("", &self->opts, &self->err));
	EXPECT_STREQ("--sched-flag: of which scheduler? --sched says so", self->err.msg);
	EXPECT_EQ(-EINVAL, parse("--sched-arg x", &self->opts, &self->err));
	EXPECT_STREQ("--sched-arg: of which scheduler? --sched says so", self->err.msg);
	setenv("KTSTR_SCHED", "builtin:fifo", 1);
	ASSERT_EQ(0, parse("", &self->opts, &self->err)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(2, self->opts.nr_sched_flags);
	EXPECT_STREQ("llc", self->opts.sched_flags[0]);
	EXPECT_STREQ("steal=--steal", self->opts.sched_flags[1]);
	EXPECT_TRUE(self->opts.flags_shared);
	options_free(&self->opts);
	ASSERT_EQ(0, parse("--sched-flag borrow=-b=2", &self->opts, &self->err));
	ASSERT_EQ(1, self->opts.nr_sched_flags);
	EXPECT_STREQ("borrow=-b=2", self->opts.sched_flags[0]);
	EXPECT_FALSE(self->opts.flags_shared);
	EXPECT_EQ(-EINVAL, parse("--sched-flag =x", &self->opts, &self->err));
	EXPECT_EQ(-EINVAL, parse("--sched-flag a-b", &self->opts, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "--sched-flag: 'a-b' is neither NAME nor"));
	EXPECT_EQ(-EINVAL, parse("--sched-flag a --sched-flag a=1", &self->opts, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "a is given twice"));
}

TEST_F(options, limits_of_the_scheduler)
{
	ASSERT_EQ(0, parse("--sched-expect spread=50,gap=3000", &self->opts, &self->err));
	EXPECT_STREQ("spread=50,gap=3000", self->opts.sched_expect);
	EXPECT_EQ(50, self->opts.expect.max_spread_pct);
	EXPECT_EQ(3000, self->opts.expect.max_gap_ms);
	EXPECT_EQ(-EINVAL, parse("--sched-expect gap=0", &self->opts, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "--sched-expect: gap: '0' is not a whole number"));
	setenv("KTSTR_SCHED_EXPECT", "wake-cv=2.5", 1);
	ASSERT_EQ(0, parse("", &self->opts, &self->err));
	EXPECT_EQ(2.5, self->opts.expect.max_wake_latency_cv);
}

static const char *decl(const char *text)
{
	static char path[32];
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "/tmp/test_options.XXXXXX");
	fd = mkstemp(path);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file || fputs(text, file) < 0 || fclose(file))
		return NULL;
	return path;
}

#define DECL(_text, _more) ({								\
	const char *_path = decl(_text);						\
	char _args[256];								\
	int _ret;									\
											\
	snprintf(_args, sizeof(_args), "--sched builtin:fifo --sched-decl %s%s", _path, _more);	\
	_ret = parse(_args, &self->opts, &self->err);					\
	unlink(_path);									\
	_ret; })

TEST_F(options, declared)
{
	ASSERT_EQ(0, DECL("# why\n\nsched-expect gap=off\n\tsched-expect  spread=50 \r\n"
			  "sched-arg -x\nsched-arg #1 a\nsched-flag borrow=-b", ""));
	EXPECT_STREQ("gap=off,spread=50", self->opts.sched_expect);
	EXPECT_EQ(50, self->opts.expect.max_spread_pct);
	EXPECT_NE(0, self->opts.expect.off);
	ASSERT_EQ(2, self->opts.nr_sched_args);
	EXPECT_STREQ("-x", self->opts.sched_args[0]);
	EXPECT_STREQ("#1 a", self->opts.sched_args[1]);
	ASSERT_EQ(1, self->opts.nr_sched_flags);
	EXPECT_STREQ("borrow=-b", self->opts.sched_flags[0]);
	options_free(&self->opts);
	/* What the user says wins. */
	ASSERT_EQ(0, DECL("sched-expect gap=off\nsched-arg -x", " --sched-expect spread=7"));
	EXPECT_STREQ("spread=7", self->opts.sched_expect);
	EXPECT_EQ(0, self->opts.expect.off);
	ASSERT_EQ(1, self->opts.nr_sched_args);
	options_free(&self->opts);
	ASSERT_EQ(0, DECL("", ""));
	EXPECT_EQ(NULL, self->opts.sched_expect);
}

TEST_F(options, declared_wrongly)
{
	char big[JOB_EXPECT_LEN + 20] = "sched-expect ";

	EXPECT_EQ(-EINVAL, DECL("\nsched-expekt gap=1", ""));
	EXPECT_NE(NULL, strstr(self->err.msg, ":2: 'sched-expekt' is none of sched-arg"));
	EXPECT_EQ(-EINVAL, DECL("sched-expect gap=maybe", ""));
	EXPECT_NE(NULL, strstr(self->err.msg, ":1: gap: 'maybe' is not a whole number"));
	EXPECT_EQ(-EINVAL, DECL("sched-expect", ""));
	EXPECT_NE(NULL, strstr(self->err.msg, "sched-expect: needs a value"));
	EXPECT_EQ(-EINVAL, DECL("accel kvm", ""));
	memset(big + strlen(big), 'x', sizeof(big) - strlen(big) - 1);
	EXPECT_EQ(-E2BIG, DECL(big, ""));
	EXPECT_EQ(-ENOENT, parse("--sched x --sched-decl /nowhere/at-all", &self->opts, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "--sched-decl: /nowhere/at-all: No such file"));
	EXPECT_EQ(-EINVAL, parse("--sched-decl /dev/null", &self->opts, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "of which scheduler?"));
}

/* What is measured is neither a copy nor in company. */
TEST_F(options, perf)
{
	ASSERT_EQ(0, parse("", &self->opts, &self->err));
	EXPECT_FALSE(self->opts.perf);
	options_free(&self->opts);
	ASSERT_EQ(0, parse("--perf", &self->opts, &self->err));
	EXPECT_TRUE(self->opts.perf && self->opts.warm == WARM_NOT);
	options_free(&self->opts);
	EXPECT_EQ(-EINVAL, parse("--perf -j 2", &self->opts, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "not with -j 2"));
	setenv("KTSTR_WARM", "booted", 1);
	ASSERT_EQ(0, parse("--perf", &self->opts, &self->err));
	EXPECT_EQ(WARM_NOT, self->opts.warm);
	options_free(&self->opts);
	EXPECT_EQ(-EINVAL, parse("--perf --warm booted", &self->opts, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "not with --perf"));
	setenv("KTSTR_PERF", "1", 1);
	ASSERT_EQ(0, parse("-j 1", &self->opts, &self->err));
	EXPECT_TRUE(self->opts.perf && self->opts.warm == WARM_NOT);
}

TEST_F(options, warm)
{
	ASSERT_EQ(0, parse("--warm booted", &self->opts, &self->err));
	EXPECT_EQ(WARM_BOOTED, self->opts.warm);
	options_free(&self->opts);
	EXPECT_EQ(-EINVAL, parse("--warm up", &self->opts, &self->err));
	EXPECT_STREQ("--warm: 'up' is neither booted nor attached", self->err.msg);
	setenv("KTSTR_WARM", "attached", 1);
	ASSERT_EQ(0, parse("", &self->opts, &self->err));
	EXPECT_EQ(WARM_ATTACHED, self->opts.warm);
	options_free(&self->opts);
	ASSERT_EQ(0, parse("--cold", &self->opts, &self->err));
	EXPECT_EQ(WARM_NOT, self->opts.warm);
	unsetenv("KTSTR_WARM");
}

TEST_F(options, everything)
{
	static const char args[] =
		"-l -v -t a* -t b -j 3 -k /boot/x --sched builtin:fifo --sched-arg --slow "
		"--sched-arg=5 --topology 2n4l2c1t --duration 0.25 --memory-mb 300 --accel tcg "
		"--keep /tmp/k --seed 0x10 --cold --append quiet";

	ASSERT_EQ(0, parse(args, &self->opts, &self->err))
		TH_LOG("%s", self->err.msg);
	EXPECT_TRUE(self->opts.list && self->opts.verbose);
	EXPECT_EQ(WARM_NOT, self->opts.warm);
	ASSERT_EQ(2, self->opts.nr_filters);
	EXPECT_STREQ("a*", self->opts.filters[0]);
	EXPECT_STREQ("b", self->opts.filters[1]);
	EXPECT_EQ(3, self->opts.jobs);
	EXPECT_STREQ("/boot/x", self->opts.kernel);
	EXPECT_STREQ("--kernel", self->opts.kernel_from);
	EXPECT_EQ(SCHED_KIND_BUILTIN, self->opts.sched_kind);
	EXPECT_STREQ("fifo", self->opts.sched);
	ASSERT_EQ(2, self->opts.nr_sched_args);
	EXPECT_STREQ("--slow", self->opts.sched_args[0]);
	EXPECT_STREQ("5", self->opts.sched_args[1]);
	ASSERT_EQ(1, self->opts.nr_topologies);
	EXPECT_EQ(4, self->opts.topologies[0].nr_llcs);
	EXPECT_EQ(250, self->opts.duration_ms);
	EXPECT_EQ(300, self->opts.memory_mb);
	EXPECT_STREQ("tcg", self->opts.accel);
	EXPECT_STREQ("/tmp/k", self->opts.keep);
	EXPECT_EQ(16, self->opts.seed);
	EXPECT_STREQ("quiet", self->opts.append);
}

TEST_F(options, variables)
{
	setenv("KTSTR_KERNEL", "/k", 1);
	setenv("KTSTR_SCHED", "none", 1);
	setenv("KTSTR_SCHED_ARGS", " -a  -b ", 1);
	setenv("KTSTR_TOPOLOGY", "1n1l2c1t  1n1l3c1t", 1);
	setenv("KTSTR_DURATION", "3", 1);
	setenv("KTSTR_FILTER", "x* y", 1);
	setenv("KTSTR_VERBOSE", "1", 1);
	setenv("KTSTR_COLD", "0", 1);
	setenv("KTSTR_NO_SKIP", "1", 1);
	ASSERT_EQ(0, parse("", &self->opts, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_STREQ("/k", self->opts.kernel);
	EXPECT_STREQ("KTSTR_KERNEL", self->opts.kernel_from);
	EXPECT_EQ(2, self->opts.nr_sched_args);
	EXPECT_STREQ("-b", self->opts.sched_args[1]);
	ASSERT_EQ(2, self->opts.nr_topologies);
	EXPECT_EQ(2, self->opts.topologies[0].cores_per_llc);
	EXPECT_EQ(3, self->opts.topologies[1].cores_per_llc);
	EXPECT_EQ(3000, self->opts.duration_ms);
	ASSERT_EQ(2, self->opts.nr_filters);
	EXPECT_STREQ("y", self->opts.filters[1]);
	EXPECT_TRUE(self->opts.filters_shared);
	EXPECT_TRUE(self->opts.verbose);
	EXPECT_EQ(WARM_WHERE_IT_PAYS, self->opts.warm);
	EXPECT_TRUE(self->opts.no_skip);
}

TEST_F(options, option_wins_over_variable)
{
	setenv("KTSTR_SEED", "5", 1);
	setenv("KTSTR_FILTER", "from_env", 1);
	setenv("KTSTR_SCHED_ARGS", "-e", 1);
	setenv("KTSTR_SCHED", "/bin/env", 1);
	setenv("KTSTR_TOPOLOGY", "1n1l1c1t 1n1l2c1t", 1);
	ASSERT_EQ(0, parse("--seed 6 -t given --sched none --sched-arg -g --topology 1n1l3c1t",
			   &self->opts, &self->err));
	ASSERT_EQ(1, self->opts.nr_topologies);
	EXPECT_EQ(3, self->opts.topologies[0].cores_per_llc);
	EXPECT_EQ(6, self->opts.seed);
	ASSERT_EQ(1, self->opts.nr_filters);
	EXPECT_STREQ("given", self->opts.filters[0]);
	EXPECT_FALSE(self->opts.filters_shared);
	ASSERT_EQ(1, self->opts.nr_sched_args);
	EXPECT_STREQ("-g", self->opts.sched_args[0]);
	EXPECT_EQ(SCHED_KIND_NONE, self->opts.sched_kind);
	EXPECT_EQ(NULL, self->opts.sched);
}

TEST_F(options, topologies_in_the_order_given_each_once)
{
	ASSERT_EQ(0, parse("--topology 2n2l1c1t --topology 1n1l2c1t --topology 02n2l1c1t",
			   &self->opts, &self->err));
	ASSERT_EQ(2, self->opts.nr_topologies);
	EXPECT_EQ(2, self->opts.topologies[0].nr_nodes);
	EXPECT_EQ(1, self->opts.topologies[1].nr_nodes);
}

TEST_F(options, empty_variable_is_unset)
{
	setenv("KTSTR_TOPOLOGY", "", 1);
	setenv("KTSTR_SEED", "", 1);
	setenv("KTSTR_FILTER", "", 1);
	setenv("KTSTR_VERBOSE", "", 1);
	ASSERT_EQ(0, parse("", &self->opts, &self->err));
	EXPECT_FALSE(self->opts.nr_topologies || self->opts.verbose);
	EXPECT_EQ(OPTIONS_SEED, self->opts.seed);
}

/* Each is refused, and the message names what was wrong. */
TEST_F(options, refused)
{
	static const struct {
		const char *args;
		const char *says;
	} rows[] = {
		{ "--nope", "--nope" },
		{ "-z", "-z" },
		{ "-t", "-t: needs a value" },
		{ "--sched", "--sched: needs a value" },
		{ "--list=3", "-l: takes no value" },
		{ "stray", "stray" },
		{ "-j 0", "-j: '0'" },
		{ "-j -1", "'-1'" },
		{ "-j 257", "257" },
		{ "-j 1x", "'1x'" },
		{ "-j 99999999999999999999999", "-j" },
		{ "--seed -5", "'-5'" },
		{ "--seed 18446744073709551616", "--seed" },
		{ "--duration nan", "'nan'" },
		{ "--duration inf", "'inf'" },
		{ "--duration 0", "'0'" },
		{ "--duration 0x1", "0x1" },
		{ "--duration 1e9", "1e9" },
		{ "--duration 1.2.3", "1.2.3" },
		{ "--duration .", "'.'" },
		{ "--duration 3601", "3601" },
		{ "--memory-mb 0", "'0'" },
		{ "--memory-mb 9999999999", "9999999999" },
		{ "--accel xen", "'xen'" },
		{ "--topology 1n2l", "--topology: '1n2l'" },
		{ "--topology 3n2l1c1t", "--topology" },
		{ "--sched builtin:", "builtin:" },
		{ "--sched builtin:../x", "builtin:../x" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_LT(parse(rows[i].args, &self->opts, &self->err), 0)
			TH_LOG("%s", rows[i].args);
		EXPECT_NE(NULL, strstr(self->err.msg, rows[i].says))
			TH_LOG("%s: %s", rows[i].args, self->err.msg);
		EXPECT_EQ(NULL, strchr(self->err.msg, '\n'));
	}
}

TEST_F(options, refused_values_with_blanks)
{
	char nul[] = "", tab[] = "a\tb";
	char name[] = "ktstr", append[] = "--append", test[] = "-t", keep[] = "--keep";
	char *bad_append[] = { name, append, tab, NULL };
	char *bad_test[] = { name, test, nul, NULL };
	char *bad_keep[] = { name, keep, nul, NULL };

	EXPECT_LT(options_parse(3, bad_append, &self->opts, &self->err), 0);
	EXPECT_LT(options_parse(3, bad_test, &self->opts, &self->err), 0);
	EXPECT_LT(options_parse(3, bad_keep, &self->opts, &self->err), 0);
}

TEST_F(options, refused_variables)
{
	static const struct {
		const char *name;
		const char *value;
	} rows[] = {
		{ "KTSTR_VERBOSE", "yes" },
		{ "KTSTR_COLD", "2" },
		{ "KTSTR_NO_SKIP", "true" },
		{ "KTSTR_JOBS", "none" },
		{ "KTSTR_SEED", "x" },
		{ "KTSTR_DURATION", "-1" },
		{ "KTSTR_ACCEL", "fast" },
		{ "KTSTR_TOPOLOGY", "4" },
		{ "KTSTR_TOPOLOGY", "1n1l1c1t 1n1l1c" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		setenv(rows[i].name, rows[i].value, 1);
		EXPECT_LT(parse("", &self->opts, &self->err), 0);
		EXPECT_NE(NULL, strstr(self->err.msg, rows[i].name)) TH_LOG("%s", self->err.msg);
		unsetenv(rows[i].name);
	}
}

TEST_F(options, too_many)
{
	char args[4096] = "";
	int i;

	for (i = 0; i <= OPTIONS_MAX_FILTERS; i++)
		strcat(args, "-t x ");
	EXPECT_LT(parse(args, &self->opts, &self->err), 0);
	args[0] = '\0';
	for (i = 0; i <= JOB_MAX_ARGS; i++)
		strcat(args, "--sched-arg x ");
	EXPECT_LT(parse(args, &self->opts, &self->err), 0);
	EXPECT_NE(NULL, strstr(self->err.msg, "--sched-arg"));
}

TEST_F(options, too_many_topologies)
{
	static char words[OPTIONS_MAX_TOPOLOGIES + 1][16];
	static char option[] = "--topology", name[] = "ktstr";
	static char *argv[2 * ARRAY_SIZE(words) + 2] = { name };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		snprintf(words[i], sizeof(words[i]), "1n1l%uc1t", i + 1);
		argv[2 * i + 1] = option;
		argv[2 * i + 2] = words[i];
	}
	EXPECT_LT(options_parse(2 * ARRAY_SIZE(words) + 1, argv, &self->opts, &self->err), 0);
	EXPECT_NE(NULL, strstr(self->err.msg, "--topology: more than 256")) {
		TH_LOG("%s", self->err.msg);
	}
	argv[2 * ARRAY_SIZE(words) - 1] = NULL;
	ASSERT_EQ(0, options_parse(2 * ARRAY_SIZE(words) - 1, argv, &self->opts, &self->err));
	EXPECT_EQ(OPTIONS_MAX_TOPOLOGIES, self->opts.nr_topologies);
}

TEST_HARNESS_MAIN
