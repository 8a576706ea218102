// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - the host's role: what is decided before the first guest boots
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../guest/builtin.h"
#include "../guest/scenario.h"
#include "../lib/report.h"
#include "diag.h"
#include "host.h"
#include "initrd.h"
#include "keep.h"
#include "perf.h"
#include "runner.h"

static int check_builtin(const struct options *opts, struct err *err)
{
	struct err bad = { "" };
	const char *why, *name;
	char list[256] = "";
	unsigned int i;
	int ret;

	if (opts->sched_kind != SCHED_KIND_BUILTIN)
		return 0;
	ret = builtin_check(opts->sched, &why);
	/* One that was left out of this build is a need that is not met, not a mistake. */
	if (!ret || ret == -EOPNOTSUPP) {
		ret = builtin_check_args(opts->sched, opts->sched_args, opts->nr_sched_args, &bad);
		if (ret)
			err_set(err, ret, "--sched-arg: builtin:%s: %s", opts->sched, bad.msg);
		return ret;
	}
	for (i = 0; (name = builtin_name(i)); i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "",
			 name);
	return err_set(err, ret, "--sched: builtin:%s: %s; there are: %s", opts->sched, why, list);
}

/* A built-in scheduler that is not in this build. */
static void skip_missing_builtins(struct runner *run)
{
	unsigned int i;

	for (i = 0; i < run->plan.nr; i++) {
		struct plan_instance *inst = &run->plan.inst[i];
		const char *name, *why;

		if (inst->skip[0] ||
		    plan_sched(inst->test, &run->opts, &name) != SCHED_KIND_BUILTIN)
			continue;
		if (builtin_check(name, &why))
			snprintf(inst->skip, sizeof(inst->skip), "built-in scheduler %s: %s", name,
				 why);
	}
}

/* Everything that can be wrong with a declaration, before anything boots. */
static int check_plan(const struct runner *run, struct err *err)
{
	const struct plan *plan = &run->plan;
	const struct ktstr_test *last = NULL;
	struct err why = { "" };
	struct job job;
	unsigned int i;
	int ret;

	for (i = 0; i < plan->nr; i++) {
		const struct ktstr_test *test = plan->inst[i].test;

		ret = plan_job(&plan->inst[i], &run->opts, &job, &why);
		if (!ret && test != last)
			ret = scenario_check(test, &why);
		if (ret)
			return err_set(err, ret, "test %s: %s", test->name, why.msg);
		last = test;
	}
	return 0;
}

/* A body that says nothing of a time is done with what it checks. */
static double guest_seconds(const struct plan_instance *inst)
{
	if (inst->test->body && !inst->test->duration_ms)
		return 0;
	return inst->run_ms / (double)MSEC_PER_SEC;
}

static void list_plan(const struct plan *plan)
{
	const struct plan_instance *inst;
	char needs[128];

	for (inst = plan->inst; inst < plan->inst + plan->nr; inst++)
		printf("%-54s %4.1f s  %-22s %s\n", inst->name, guest_seconds(inst),
		       plan_needs(inst->test, needs, sizeof(needs)), inst->test->desc);
}

/* The one line that the user gets; returns the exit code. */
static int fail(const struct err *err)
{
	/* Standard error is not buffered by lines: one call, one line. */
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, err->msg);
	return EXIT_FAIL;
}

static int prepare(struct runner *run, int argc, char **argv, struct err *err)
{
	ssize_t n;
	int ret;

	n = readlink("/proc/self/exe", run->self, sizeof(run->self) - 1);
	if (n < 0)
		return err_set(err, -errno, "/proc/self/exe: %s; is /proc mounted?",
			       strerror(errno));
	run->self[n] = '\0';
	run->budget_s = host_budget();
	ret = options_parse(argc, argv, &run->opts, err);
	if (ret || run->opts.help)
		return ret;
	ret = plan_build(__start_ktstr_tests, __stop_ktstr_tests - __start_ktstr_tests, &run->opts,
			 &run->plan, err);
	if (!ret)
		ret = check_builtin(&run->opts, err);
	if (!ret)
		ret = check_plan(run, err);
	if (ret || run->opts.list)
		return ret;
	return initrd_build(&run->opts, run->self, &run->plan, &run->initramfs, err);
}

/* From the kernel and the engine to the end; returns an exit code. */
static int go(struct runner *run)
{
	struct err err = { "" };
	int ret;

	/* What the user named must be right, whatever this machine lacks. */
	ret = kernel_locate(run->opts.kernel, run->opts.kernel_from, run->self, &run->kernel, &err);
	if (ret && ret != -ENOENT)
		return fail(&err);
	if (ret) {
		report_header();
		return report_skip_all("%s", err.msg);
	}
	ret = plan_memory(&run->plan, &run->opts, run->kernel.size, run->initramfs.len,
			  host_memory(), &err);
	if (!ret)
		ret = keep_prepare(run, &err);
	if (ret)
		return fail(&err);
	ret = vm_engine_select(run->opts.accel, &run->engine, &err);
	if (!ret)
		ret = perf_plan(run, &err);
	if (ret == -EINVAL)
		return fail(&err);
	report_header();
	if (ret)
		return report_skip_all("%s", err.msg);
	if (!run->plan.nr)
		return report_skip_all("%s", run->plan.none);
	skip_missing_builtins(run);
	diag_header(run);
	perf_report(run);
	if (run->plan.nr > 1)
		run->unpacked = vm_kernel_unpack(run->kernel.image, &run->unpacked_len);
	return runner_run(run);
}

/* A standard stream that is closed would be the number of the next file that is opened. */
static int open_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	return fd < 0 ? -errno : 0;
}

int runner_main(int argc, char **argv)
{
	struct err err = { "" };
	struct runner *run;
	int ret;

	ret = open_streams();
	if (ret)
		err_set(&err, ret, "/dev/null: %s", strerror(-ret));
	/* make and kselftest leave descriptors open, and stdbuf a library for its child alone. */
	if (close_range(STDERR_FILENO + 1, ~0U, 0))
		err_set(&err, -errno, "close_range: %s", strerror(errno));
	unsetenv("LD_PRELOAD");
	signal(SIGPIPE, SIG_IGN);

	run = calloc(1, sizeof(*run));
	if (!run)
		return EXIT_FAIL;
	run->start_ns = now_ns();
	ret = err.msg[0] ? -EIO : prepare(run, argc, argv, &err);
	if (ret) {
		ret = fail(&err);
	} else if (run->opts.help) {
		options_usage(program_invocation_short_name);
		ret = fflush(stdout) ? EXIT_FAIL : EXIT_PASS;
	} else if (run->opts.list) {
		list_plan(&run->plan);
		ret = fflush(stdout) ? EXIT_FAIL : EXIT_PASS;
	} else {
		ret = go(run);
	}
	free(run->unpacked);
	plan_free(&run->plan);
	initramfs_free(&run->initramfs);
	options_free(&run->opts);
	free(run);
	return ret;
}
