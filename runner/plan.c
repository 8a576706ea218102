// SPDX-License-Identifier: GPL-2.0
/*
 * plan.c - which instances run: test x topology x flag profile
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../guest/expect.h"
#include "../guest/scenario.h"
#include "../vmm/vm.h"
#include "nearest.h"
#include "plan.h"
#include "profile.h"

#define MEM_DEFAULT	(512 * MIB)
#define MEM_PER_CPU	(32 * MIB)
#define MEM_PER_NODE	(64 * MIB)
#define MEM_ALIGN	(2 * MIB)
#define MEM_HEADROOM	(64 * MIB)	/* for the runner and the engine */

enum sched_kind plan_sched(const struct ktstr_test *test, const struct options *opts,
			   const char **name)
{
	if (!test->sched && test->needs_sched && opts->sched_kind == SCHED_KIND_NONE) {
		*name = KTSTR_SCHED;
		return SCHED_KIND_BUILTIN;
	}
	if (!test->sched) {
		*name = opts->sched;
		return opts->sched_kind;
	}
	*name = NULL;
	if (!strcmp(test->sched, "none"))
		return SCHED_KIND_NONE;
	*name = test->sched;
	return SCHED_KIND_BUILTIN;
}

static bool name_legal(const char *s)
{
	return *s &&
	       !s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")];
}

/* What the compiler cannot check in a declaration, as far as the plan depends on it. */
static int check_test(const struct ktstr_test *test, struct err *err)
{
	const struct ktstr_flag *const *req;
	unsigned int i, nr = profile_nr_flags(test);

	if (!test->name || !name_legal(test->name) ||
	    strlen(test->name) >= sizeof(((struct job *)0)->test))
		return err_set(err, -EINVAL, "test '%s': a name is made of letters, digits and '_'",
			       test->name ? test->name : "");
	if (!test->desc || !*test->desc)
		return err_set(err, -EINVAL, "test %s: has no description (.desc)", test->name);
	if (nr > PLAN_MAX_FLAGS)
		return err_set(err, -EINVAL, "test %s: %u flags, at most %d", test->name, nr,
			       PLAN_MAX_FLAGS);
	for (i = 0; i < nr; i++) {
		if (!name_legal(test->flags[i]->name))
			return err_set(err, -EINVAL, "test %s: flag '%s': bad name", test->name,
				       test->flags[i]->name);
		for (req = test->flags[i]->requires; req && *req; req++)
			if (profile_flag_index(test, *req) < 0)
				return err_set(err, -EINVAL,
					       "test %s: flag %s requires %s, which the test does not list",
					       test->name, test->flags[i]->name, (*req)->name);
	}
	return 0;
}

static unsigned int test_run_ms(const struct ktstr_test *test, unsigned int duration_ms)
{
	const struct step *step;
	uint64_t sum = 0;

	for (step = test->steps; step && step->hold.kind != HOLD_KIND_NONE; step++) {
		switch (step->hold.kind) {
		case HOLD_KIND_FRAC:
			sum += (uint64_t)(step->hold.frac * duration_ms);
			break;
		case HOLD_KIND_FIXED:
			sum += step->hold.ms;
			break;
		default:
			sum += duration_ms;
		}
	}
	sum = max(sum, (uint64_t)duration_ms) + test->settle_ms;
	return min(sum, (uint64_t)UINT32_MAX / 4);
}

static unsigned int test_wait_ms(const struct ktstr_test *test)
{
	const struct step *step;
	const struct op *op;
	uint64_t sum = 0, times;

	for_each_op(test, step, op) {
		if (op->kind != OP_WAIT_PAYLOAD)
			continue;
		/* A loop that has lasted for T ends; the last turn may have begun before that. */
		times = step->hold.kind == HOLD_KIND_LOOP ? 2 : 1;
		sum += times * op->ms;
	}
	return min(sum, (uint64_t)UINT32_MAX / 4);
}

/* The kernel's own scheduler does all that there is to claim; others what is said of them. */
static void skip_unclaimed(struct plan_instance *inst, const struct options *opts)
{
	uint32_t missing = (inst->test->claims | CLAIM_RUN) & ~inst->expect.claims;
	const char *sched;

	if (!missing || plan_sched(inst->test, opts, &sched) == SCHED_KIND_NONE)
		return;
	if (missing & CLAIM_RUN)
		snprintf(inst->skip, sizeof(inst->skip),
			 "it is said of scheduler %.128s that it cannot run this", sched);
	else if (missing & CLAIM_KILL)
		snprintf(inst->skip, sizeof(inst->skip),
			 "scheduler %.128s does not promise that tasks run on when it is killed",
			 sched);
	else
		snprintf(inst->skip, sizeof(inst->skip),
			 "scheduler %.128s does not claim to honour %s (--sched-expect %s=on)",
			 sched, missing & CLAIM_CPU_WEIGHT ? "cpu.weight" : "cpu.max",
			 missing & CLAIM_CPU_WEIGHT ? "cpu-weight" : "cpu-max");
}

/* What must fail for a reason that is not judged would pass, and that is no fault of the scheduler. */
static void skip_cannot_fail(struct plan_instance *inst, const struct options *opts)
{
	enum cause cause = inst->test->expect_fail.cause;
	const char *off = expect_off_for(&inst->expect, cause), *sched;

	if (cause == CAUSE_NONE || !off)
		return;
	if (plan_sched(inst->test, opts, &sched) == SCHED_KIND_NONE)
		sched = "none";
	snprintf(inst->skip, sizeof(inst->skip),
		 "must fail for '%s', but %s is off for scheduler %.128s", cause_name(cause), off,
		 sched);
}

/* Needs of a test that its machine does not meet; known before anything boots. */
static void static_skip(struct plan_instance *inst)
{
	const struct ktstr_test *test = inst->test;
	unsigned int cpus = topology_nr_cpus(&inst->topo);

	if (cpus < test->min_cpus)
		snprintf(inst->skip, sizeof(inst->skip), "needs %u CPUs, the topology has %u",
			 test->min_cpus, cpus);
	else if (inst->topo.nr_llcs < test->min_llcs)
		snprintf(inst->skip, sizeof(inst->skip), "needs %u LLCs, the topology has %u",
			 test->min_llcs, inst->topo.nr_llcs);
	else if (inst->topo.nr_nodes < test->min_nodes)
		snprintf(inst->skip, sizeof(inst->skip), "needs %u NUMA nodes, the topology has %u",
			 test->min_nodes, inst->topo.nr_nodes);
	else if (test->needs_smt && inst->topo.threads_per_core < 2)
		snprintf(inst->skip, sizeof(inst->skip),
			 "needs SMT, the topology has 1 thread per core");
}

/* What is legal as declared need not be on another machine, or in another time. */
static void skip_illegal(struct plan_instance *inst)
{
	struct err why = { "" };

	if (scenario_check_on(inst->test, &inst->topo, inst->duration_ms, &why))
		snprintf(inst->skip, sizeof(inst->skip), "cannot run like this: %.*s",
			 (int)sizeof(inst->skip) - 32, why.msg);
}

static int match(const struct options *opts, const struct plan_instance *inst, bool *used)
{
	unsigned int i, nr = 0;

	for (i = 0; i < opts->nr_filters; i++)
		if (!fnmatch(opts->filters[i], inst->test->name, 0) ||
		    !fnmatch(opts->filters[i], inst->name, 0)) {
			used[i] = true;
			nr++;
		}
	return nr;
}

static bool selected(const struct options *opts, const struct plan_instance *inst, bool *used)
{
	if (!opts->nr_filters)
		return opts->all || !inst->test->not_default;
	return match(opts, inst, used);
}

static int add_instance(struct plan *plan, const struct plan_instance *inst, struct err *err)
{
	struct plan_instance *grown;
	unsigned int i;

	for (i = 0; i < plan->nr; i++)
		if (!strcmp(plan->inst[i].name, inst->name))
			return err_set(err, -EEXIST, "two tests make the same instance %s",
				       inst->name);
	if (plan->nr == PLAN_MAX_INSTANCES)
		return err_set(err, -E2BIG, "more than %d instances; choose some with -t",
			       PLAN_MAX_INSTANCES);
	grown = realloc(plan->inst, (plan->nr + 1) * sizeof(*grown));
	if (!grown)
		return err_set(err, -ENOMEM, "out of memory");
	plan->inst = grown;
	plan->inst[plan->nr++] = *inst;
	return 0;
}

/* @given is the machine that the user asked for, or NULL. */
static int add_test(struct plan *plan, const struct ktstr_test *test, const struct topology *given,
		    const struct options *opts, bool *used, struct err *err)
{
	struct plan_instance inst = { .test = test };
	char topo[TOPOLOGY_NAME_LEN], profile[PLAN_NAME_LEN];
	struct err why = { "" };
	const char *said = "", *sched;
	unsigned int nr;
	uint32_t set;
	int ret;

	ret = check_test(test, err);
	if (ret)
		return ret;
	if (given) {
		inst.topo = *given;
	} else {
		ret = topology_parse(test->topology ? test->topology : KTSTR_TOPOLOGY, &inst.topo,
				     &why);
		if (ret)
			return err_set(err, ret, "test %s: %s", test->name, why.msg);
	}
	inst.duration_ms = opts->duration_ms ? opts->duration_ms :
			   test->duration_ms ? test->duration_ms : KTSTR_DURATION_MS;
	inst.run_ms = test_run_ms(test, inst.duration_ms);
	inst.wait_ms = test_wait_ms(test);
	/* What the user says is said of the user's scheduler. */
	if (!test->sched && opts->sched_expect)
		said = opts->sched_expect;
	expect_of(said, test->name, &test->expect, &inst.expect);
	static_skip(&inst);
	if (!inst.skip[0] && (given || opts->duration_ms))
		skip_illegal(&inst);
	if (!inst.skip[0])
		skip_unclaimed(&inst, opts);
	if (!inst.skip[0])
		skip_cannot_fail(&inst, opts);
	topology_format(&inst.topo, topo, sizeof(topo));

	/* Flags are a scheduler's; without one all profiles would be the same run. */
	nr = plan_sched(test, opts, &sched) == SCHED_KIND_NONE ? 0 : profile_nr_flags(test);
	for (set = 0; set < 1U << nr; set++) {
		if (!profile_legal(test, opts, set))
			continue;
		inst.flags = set;
		profile_name(test, set, profile, sizeof(profile));
		if ((size_t)snprintf(inst.name, sizeof(inst.name), "%s.%s.%s", test->name, topo,
				     profile) >= sizeof(inst.name))
			return err_set(err, -EINVAL, "test %s: the names of its flags are too long",
				       test->name);
		if (!selected(opts, &inst, used))
			continue;
		ret = add_instance(plan, &inst, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* A limit for tests that do not exist is a limit for none. */
static int check_expect_globs(const struct ktstr_test *const *tests, unsigned int nr,
			      const char *text, struct err *err)
{
	char glob[EXPECT_GLOB_LEN], near[256];
	unsigned int i;

	while (expect_next_glob(&text, glob)) {
		for (i = 0; i < nr && fnmatch(glob, tests[i]->name, 0); i++)
			;
		if (i == nr)
			return err_set(err, -ENOENT,
				       "--sched-expect: '%s:' matches no test; near: %s (-l lists all)",
				       glob, nearest(tests, nr, glob, near, sizeof(near)));
	}
	return 0;
}

int plan_build(const struct ktstr_test *const *tests, unsigned int nr, const struct options *opts,
	       struct plan *plan, struct err *err)
{
	bool used[OPTIONS_MAX_FILTERS] = { false };
	char near[256];
	unsigned int i, t = 0;
	int ret;

	memset(plan, 0, sizeof(*plan));
	/* One topology after the other, so that only few frozen guests are held at a time. */
	do {
		for (i = 0; i < nr; i++) {
			ret = add_test(plan, tests[i],
				       opts->nr_topologies ? &opts->topologies[t] : NULL, opts,
				       used, err);
			if (ret)
				goto err;
		}
	} while (++t < opts->nr_topologies);
	if (!plan->nr)
		snprintf(plan->none, sizeof(plan->none), "%s", opts->filters_shared ?
			 "KTSTR_FILTER matches no test of this program (-l lists all)" :
			 "no test runs by default; -l -t '*' lists all");
	ret = profile_check_user(tests, nr, opts, err);
	if (ret)
		goto err;
	for (i = 0; i < opts->nr_filters; i++) {
		/* What matches nothing here may be meant for the next program of the collection. */
		if (used[i] || opts->filters_shared)
			continue;
		ret = err_set(err, -ENOENT, "-t '%s' matches no test; near: %s (-l lists all)",
			      opts->filters[i],
			      nearest(tests, nr, opts->filters[i], near, sizeof(near)));
		goto err;
	}
	if (opts->expect_own)
		ret = check_expect_globs(tests, nr, opts->sched_expect, err);
	if (ret)
		goto err;
	return 0;
err:
	plan_free(plan);
	return ret;
}

int plan_memory(struct plan *plan, const struct options *opts, uint64_t kernel, uint64_t initramfs,
		uint64_t avail, struct err *err)
{
	/* The archive and what is unpacked from it; a compressed kernel, and room to unpack it. */
	uint64_t fixed = 4 * kernel + 2 * initramfs;
	uint64_t want = opts->memory_mb * (uint64_t)MIB, need = VM_MIN_MEM + fixed;
	unsigned int i;

	if (want && want < need)
		return err_set(err, -EINVAL,
			       "--memory-mb: %u MB is too small, this kernel and initramfs need %llu",
			       opts->memory_mb, (unsigned long long)DIV_ROUND_UP(need, MIB));
	if (want && want + MEM_HEADROOM > avail)
		return err_set(err, -ENOMEM,
			       "--memory-mb: %u MB, but this machine has only %llu MB free",
			       opts->memory_mb, (unsigned long long)(avail / MIB));
	for (i = 0; i < plan->nr; i++) {
		struct plan_instance *inst = &plan->inst[i];
		uint64_t mem = want;

		if (!mem) {
			mem = max(topology_nr_cpus(&inst->topo) * MEM_PER_CPU,
				  topology_all_nodes(&inst->topo) * MEM_PER_NODE);
			mem = max(MEM_DEFAULT, mem + fixed);
		}
		mem = max(mem, inst->test->memory_mb * (uint64_t)MIB);
		inst->mem_bytes = ALIGN_UP(mem, MEM_ALIGN);
		if (inst->skip[0] || inst->mem_bytes + MEM_HEADROOM <= avail)
			continue;
		snprintf(inst->skip, sizeof(inst->skip),
			 "needs %llu MB for its guest, this machine has %llu MB free",
			 (unsigned long long)(inst->mem_bytes / MIB),
			 (unsigned long long)(avail / MIB));
		if (opts->nr_topologies)
			return err_set(err, -ENOMEM, "--topology: %s %s", inst->name, inst->skip);
	}
	return 0;
}

static int job_arg(struct job *job, size_t *len, const char *arg, struct err *err)
{
	size_t n = strlen(arg) + 1;

	if (job->nr_sched_args == JOB_MAX_ARGS || *len + n > sizeof(job->sched_args))
		return err_set(err, -E2BIG, "more than %d arguments or %d bytes for the scheduler",
			       JOB_MAX_ARGS, JOB_ARGS_LEN);
	memcpy(job->sched_args + *len, arg, n);
	*len += n;
	job->nr_sched_args++;
	return 0;
}

int plan_job(const struct plan_instance *inst, const struct options *opts, struct job *job,
	     struct err *err)
{
	const struct ktstr_test *test = inst->test;
	const char *const *arg;
	const char *sched, *flag_arg;
	size_t len = 0;
	unsigned int i;
	int ret = 0;

	memset(job, 0, sizeof(*job));
	job->fault = test->fault;
	job->seed = opts->seed;
	job->duration_ms = opts->duration_ms;
	snprintf(job->test, sizeof(job->test), "%s", test->name);
	topology_format(&inst->topo, job->topology, sizeof(job->topology));

	if (!test->sched && opts->sched_expect)
		expect_about(opts->sched_expect, test->name, job->sched_expect,
			     sizeof(job->sched_expect));
	job->sched_kind = plan_sched(test, opts, &sched);
	if (job->sched_kind == SCHED_KIND_NONE)
		return 0;
	if (job->sched_kind == SCHED_KIND_BINARY && strrchr(sched, '/'))
		sched = strrchr(sched, '/') + 1;
	snprintf(job->sched_name, sizeof(job->sched_name), "%s", sched);
	for (arg = test->sched_args; arg && *arg && !ret; arg++)
		ret = job_arg(job, &len, *arg, err);
	/* Arguments that the user gave are for the scheduler that the user gave. */
	for (i = 0; !test->sched && i < opts->nr_sched_args && !ret; i++)
		ret = job_arg(job, &len, opts->sched_args[i], err);
	for (i = 0; inst->flags >> i && !ret; i++) {
		flag_arg = profile_flag_arg(test->flags[i], opts);
		if (inst->flags & 1U << i && flag_arg)
			ret = job_arg(job, &len, flag_arg, err);
	}
	return ret;
}

static void add_need(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
static void add_need(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	if (len && len < size)
		len += snprintf(buf + len, size - len, ", ");
	if (len >= size)
		return;
	va_start(ap, fmt);
	vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
}

static bool listed(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (; *list; list += n + strspn(list + n, ", ")) {
		n = strcspn(list, ",");
		if (n == len && !memcmp(list, word, len))
			return true;
	}
	return false;
}

/* Programs of the host, each once. */
static void add_programs(const struct ktstr_test *test, char *buf, size_t size)
{
	const struct step *step;
	const char *program;
	const struct op *op;

	for_each_op(test, step, op) {
		if (op->kind != OP_RUN_PAYLOAD)
			continue;
		program = strrchr(op->payload->program, '/');
		program = program ? program + 1 : op->payload->program;
		if (!listed(buf, program))
			add_need(buf, size, "%s", program);
	}
}

const char *plan_needs(const struct ktstr_test *test, char *buf, size_t size)
{
	const struct {
		unsigned int nr;
		const char *what;
	} counts[] = {
		{ test->min_cpus, "CPUs" },
		{ test->min_llcs, "LLCs" },
		{ test->min_nodes, "nodes" },
		{ test->memory_mb, "MB" },
	};
	const struct {
		bool there;
		const char *what;
	} others[] = {
		{ test->needs_smt, "SMT" },
		{ test->needs_scx || test->needs_sched, "sched_ext" },
		{ test->claims & CLAIM_CPU_WEIGHT, "cpu-weight" },
		{ test->claims & CLAIM_CPU_MAX, "cpu-max" },
		{ test->claims & CLAIM_KILL, "kill" },
	};
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		if (counts[i].nr)
			add_need(buf, size, "%u %s", counts[i].nr, counts[i].what);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].there)
			add_need(buf, size, "%s", others[i].what);
	add_programs(test, buf, size);
	if (!buf[0])
		snprintf(buf, size, "-");
	return buf;
}

void plan_free(struct plan *plan)
{
	free(plan->inst);
	memset(plan, 0, sizeof(*plan));
}
