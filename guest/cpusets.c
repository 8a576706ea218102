// SPDX-License-Identifier: GPL-2.0
/*
 * Cpusets and affinities of a test, on a given machine.
 */
#include <errno.h>
#include "cpusets.h"

void cpuset_usable(const struct cpumask *all, struct cpumask *usable)
{
	unsigned int nr = cpumask_weight(all);

	*usable = *all;
	if (nr > 2)
		cpumask_clear_cpu(usable, cpumask_nth(all, nr - 1));
}

/* CPUs number @from up to, without, @to of @base. */
static void take(const struct cpumask *base, unsigned int from, unsigned int to,
		 struct cpumask *cpus)
{
	unsigned int i;

	for (i = from; i < to; i++)
		cpumask_set_cpu(cpus, cpumask_nth(base, i));
}

static int resolve_range(const struct cpuset_spec *spec, const struct cpumask *usable,
			 struct cpumask *cpus, struct err *err)
{
	unsigned int nr = cpumask_weight(usable);

	if (!(spec->from >= 0 && spec->from < spec->to && spec->to <= 1))
		return err_set(err, -EINVAL, "range %g to %g: must be 0 <= from < to <= 1",
			       spec->from, spec->to);
	take(usable, spec->from * nr + FRAC_EPSILON, spec->to * nr + FRAC_EPSILON, cpus);
	return 0;
}

static int resolve_part(const struct cpuset_spec *spec, const struct cpumask *usable,
			struct cpumask *cpus, struct err *err)
{
	unsigned int nr = cpumask_weight(usable);
	unsigned int part, from, to, extra = 0;
	double wide;

	if (!spec->of || spec->index >= spec->of)
		return err_set(err, -EINVAL, "part %u of %u does not exist", spec->index, spec->of);
	if (spec->of > nr)
		return err_set(err, -EINVAL, "%u parts of %u usable CPUs: too many", spec->of, nr);

	part = nr / spec->of;
	from = spec->index * part;
	to = spec->index == spec->of - 1 ? nr : from + part;
	if (spec->kind == CPUSET_KIND_OVERLAP) {
		if (!(spec->from >= 0 && spec->from <= 1))
			return err_set(err, -EINVAL, "overlap %g: must be between 0 and 1",
				       spec->from);
		wide = part * spec->from;
		extra = wide;
		if (wide - extra > FRAC_EPSILON)
			extra++;
	}
	from -= min(from, extra);
	to = min(to + extra, nr);
	take(usable, from, to, cpus);
	return 0;
}

static int resolve_exact(const char *list, const struct cpumask *all, struct cpumask *cpus,
			 struct err *err)
{
	int ret;

	ret = list ? cpulist_parse(list, cpus) : -EINVAL;
	if (ret)
		return err_set(err, -EINVAL, "\"%s\" is not a list of CPUs", list ? list : "");
	if (!cpumask_subset(cpus, all))
		return err_set(err, -EINVAL, "CPUs %s: not all of them are online", list);
	return 0;
}

int cpuset_resolve(const struct cpuset_spec *spec, const struct topology *topo,
		   const struct cpumask *all, const struct cpumask *usable,
		   struct cpumask *cpus, struct err *err)
{
	struct cpumask m;
	int ret = 0;

	cpumask_clear(cpus);
	switch (spec->kind) {
	case CPUSET_KIND_LLC:
		if (spec->index >= topo->nr_llcs)
			return err_set(err, -EINVAL, "LLC %u of %u does not exist", spec->index,
				       topo->nr_llcs);
		topology_llc_cpus(topo, spec->index, &m);
		cpumask_and(cpus, &m, usable);
		break;
	case CPUSET_KIND_NODE:
		if (spec->index >= topo->nr_nodes)
			return err_set(err, -EINVAL, "node %u of %u does not exist", spec->index,
				       topo->nr_nodes);
		topology_node_cpus(topo, spec->index, &m);
		cpumask_and(cpus, &m, usable);
		break;
	case CPUSET_KIND_RANGE:
		ret = resolve_range(spec, usable, cpus, err);
		break;
	case CPUSET_KIND_DISJOINT:
	case CPUSET_KIND_OVERLAP:
		ret = resolve_part(spec, usable, cpus, err);
		break;
	case CPUSET_KIND_EXACT:
		ret = resolve_exact(spec->cpus, all, cpus, err);
		break;
	default:
		return err_set(err, -EINVAL, "a cpuset of kind %d has no CPUs", spec->kind);
	}
	if (!ret && cpumask_empty(cpus))
		return err_set(err, -EINVAL, "no usable CPU is in it");
	return ret;
}

static void random_half(const struct cpumask *pool, cpuset_random random, void *ctx,
			struct cpumask *cpus)
{
	unsigned int left = cpumask_weight(pool);
	unsigned int want = DIV_ROUND_UP(left, 2);
	unsigned int cpu;

	/* Each CPU with the chance that makes all subsets of that size equally likely. */
	for_each_cpu(cpu, pool) {
		if (random(ctx, left) < want) {
			cpumask_set_cpu(cpus, cpu);
			want--;
		}
		left--;
	}
}

static void best_llc(const struct topology *topo, const struct cpumask *pool, struct cpumask *cpus)
{
	unsigned int llc, nr, best = 0;
	struct cpumask m, both;

	for (llc = 0; llc < topo->nr_llcs; llc++) {
		topology_llc_cpus(topo, llc, &m);
		cpumask_and(&both, &m, pool);
		nr = cpumask_weight(&both);
		if (nr > best) {
			best = nr;
			*cpus = m;
		}
	}
}

int affinity_resolve(const struct affinity *aff, const struct topology *topo,
		     const struct cpumask *all, const struct cpumask *pool, unsigned int turn,
		     cpuset_random random, void *ctx, struct cpumask *cpus, struct err *err)
{
	unsigned int nr = cpumask_weight(pool);
	int ret = 0;

	cpumask_clear(cpus);
	switch (aff->kind) {
	case AFFINITY_INHERIT:
		return 0;
	case AFFINITY_RANDOM:
		random_half(pool, random, ctx, cpus);
		break;
	case AFFINITY_ALL:
		*cpus = *all;
		break;
	case AFFINITY_SINGLE:
		take(pool, 0, min(1U, nr), cpus);
		break;
	case AFFINITY_FIRST:
		take(pool, 0, min(aff->nr, nr), cpus);
		break;
	case AFFINITY_EACH:
		if (nr)
			take(pool, turn % nr, turn % nr + 1, cpus);
		break;
	case AFFINITY_LLC:
		best_llc(topo, pool, cpus);
		cpumask_and(cpus, cpus, all);
		break;
	case AFFINITY_EXACT:
		ret = resolve_exact(aff->cpus, all, cpus, err);
		break;
	default:
		return err_set(err, -EINVAL, "affinity kind %d does not exist", aff->kind);
	}
	if (!ret && cpumask_empty(cpus))
		return err_set(err, -EINVAL, "the affinity has no CPU in it");
	return ret;
}
