// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "group.h"

/* Arguments that do not fit were refused with the plan. */
static bool same_sched(const struct runner *run, const struct plan_instance *a,
		       const struct plan_instance *b)
{
	struct job x, y;

	if (plan_job(a, &run->opts, &x, NULL) || plan_job(b, &run->opts, &y, NULL))
		return false;
	/* How long it may take to attach may be said for each test. */
	return x.sched_kind == y.sched_kind && !strcmp(x.sched_name, y.sched_name) &&
	       x.nr_sched_args == y.nr_sched_args &&
	       !memcmp(x.sched_args, y.sched_args, sizeof(x.sched_args)) &&
	       a->expect.attach_ms == b->expect.attach_ms;
}

/* The group of its machine, and of its scheduler if @sched; made, if there is none. */
static struct group *find(struct groups *gs, const struct plan_instance *inst, bool sched)
{
	struct group *g;

	for (g = gs->group; g < gs->group + gs->nr; g++)
		if (topology_equal(&g->like->topo, &inst->topo) &&
		    g->like->mem_bytes == inst->mem_bytes && g->same_sched == sched &&
		    (!sched || same_sched(gs->run, g->like, inst)))
			return g;
	g->like = inst;
	g->same_sched = sched;
	gs->nr++;
	return g;
}

static struct group *join(struct groups *gs, unsigned int index, bool sched)
{
	struct group *g = find(gs, &gs->run->plan.inst[index], sched);

	gs->of[index] = (struct group_member){ .group = g, .left = true };
	g->nr_left++;
	return g;
}

/* The largest of those whose scheduler is attached in no template so far. */
static struct group *largest(struct groups *gs)
{
	struct group *g, *max = NULL;

	for (g = gs->group; g < gs->group + gs->nr; g++)
		if (g->same_sched && !g->tmpl.attached && (!max || g->nr_left > max->nr_left))
			max = g;
	return max;
}

int groups_make(struct groups *gs, const struct runner *run)
{
	const struct plan *plan = &run->plan;
	const enum warm warm = run->opts.warm;
	const bool attach = warm != WARM_NOT && warm != WARM_BOOTED;
	const unsigned int min_attach = warm == WARM_ATTACHED ? 1 : GROUP_ATTACH_MIN;
	/* To freeze a guest for one that is thawed costs more than it saves. */
	const unsigned int min_thaw = warm > WARM_NOT ? 1 : 2;
	struct group *g;
	const char *name;
	unsigned int i;

	gs->run = run;
	gs->nr = 0;
	gs->of = calloc(plan->nr, sizeof(*gs->of));
	/* One with and one without its scheduler for each instance, at most. */
	gs->group = calloc(2 * plan->nr, sizeof(*gs->group));
	if (!gs->of || !gs->group)
		return -ENOMEM;
	for (i = 0; i < plan->nr; i++)
		if (!plan->inst[i].skip[0])
			join(gs, i, plan_sched(plan->inst[i].test, &run->opts, &name) !=
				    SCHED_KIND_NONE);
	for (i = 0; i < GROUP_ATTACH_MAX && attach; i++) {
		g = largest(gs);
		if (g && g->nr_left >= min_attach)
			g->tmpl.attached = true;
	}
	for (i = 0; i < plan->nr; i++) {
		g = gs->of[i].group;
		if (!g || !g->same_sched || g->tmpl.attached)
			continue;
		g->nr_left--;
		join(gs, i, false);
	}
	for (g = gs->group; g < gs->group + gs->nr; g++)
		g->state = warm != WARM_NOT && g->nr_left >= min_thaw ? GROUP_NEW : GROUP_COLD;
	return 0;
}

struct group *groups_of(const struct groups *gs, unsigned int index)
{
	return gs->of[index].group;
}

enum warm groups_warm(const struct group *g)
{
	if (g->state == GROUP_COLD)
		return WARM_NOT;
	return g->tmpl.attached ? WARM_ATTACHED : WARM_BOOTED;
}

void groups_put(struct groups *gs, unsigned int index)
{
	struct group *g = gs->of[index].group;

	if (!gs->of[index].left)
		return;
	gs->of[index].left = false;
	if (--g->nr_left)
		return;
	if (g->state == GROUP_READY)
		template_close(&g->tmpl);
	if (g->state == GROUP_FAILED)
		instance_result_free(&g->failure);
}

void groups_dissolve(struct groups *gs, struct group *g)
{
	struct group *to;
	unsigned int i;

	g->state = GROUP_COLD;
	for (i = 0; i < gs->run->plan.nr; i++) {
		if (gs->of[i].group != g || !gs->of[i].left)
			continue;
		g->nr_left--;
		to = join(gs, i, false);
		/* All that it had may have ended before; or it was too small for a template. */
		if (to->nr_left == 1)
			to->state = GROUP_COLD;
		else if (to->state == GROUP_COLD)
			to->state = GROUP_NEW;
	}
}

void groups_free(struct groups *gs)
{
	struct group *g;

	/* The last user of a template closes it, unless the run ended before. */
	for (g = gs->group; g && g < gs->group + gs->nr; g++) {
		if (g->state == GROUP_BUILDING || (g->state == GROUP_READY && g->nr_left))
			template_close(&g->tmpl);
		instance_result_free(&g->failure);
	}
	free(gs->group);
	free(gs->of);
}
