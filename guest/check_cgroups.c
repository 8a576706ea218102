// SPDX-License-Identifier: GPL-2.0
/*
 * The cgroups of a scenario that is played on paper: which may be made, and be in which state.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "checking.h"

static bool has_processes(const struct paper *p, const struct paper_cgroup *pc)
{
	unsigned int i;

	for (i = 0; i < p->nr_payloads; i++) {
		if (p->payload[i].cgroup == pc)
			return true;
	}
	return pc->work.nr;
}

/* --- names ---------------------------------------------------------------- */

/* The kernel's own files in a cgroup are CONTROLLER.SOMETHING. */
static bool is_control_file(const char *part)
{
	static const char *const prefixes[] = {
		"cgroup.", "cpu.", "cpuset.", "hugetlb.", "io.", "irq.", "memory.", "misc.",
		"pids.", "rdma.", "dmem.",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!strncmp(part, prefixes[i], strlen(prefixes[i])))
			return true;
	}
	return false;
}

static int check_name(const char *name, struct err *err)
{
	static const char ok[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/.";
	size_t len = name ? strlen(name) : 0;
	const char *part;

	if (!len || len >= CGROUP_NAME_LEN)
		return err_set(err, -EINVAL, "the name of a cgroup has %zu characters", len);
	if (name[strspn(name, ok)] || name[0] == '/' || name[len - 1] == '/' ||
	    name[0] == '.' || strstr(name, "//") || strstr(name, "/."))
		return err_set(err, -EINVAL, "\"%s\" is not a name for a cgroup", name);
	if (!strcmp(name, CGROUP_ROOT_NAME))
		return err_set(err, -EINVAL, "\"%s\" is what workers outside of cgroups are in",
			       name);
	for (part = name; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (is_control_file(part))
			return err_set(err, -EINVAL,
				       "\"%s\": the kernel has files of such a name in a cgroup",
				       name);
	}
	return 0;
}

/* --- made and removed ----------------------------------------------------- */

static int add_one(struct paper *p, struct paper_cgroup *parent, const char *name, bool keep,
		   struct paper_cgroup **cg, struct err *err)
{
	struct paper_cgroup *pc;
	int ret;

	if (parent && has_processes(p, parent))
		return err_set(err, -EINVAL,
			       "cgroup %s has processes, so it cannot have children",
			       parent->cg.name);
	ret = parent ? paper_controlled(parent, err) : 0;
	if (ret)
		return ret;
	for (pc = p->cgroup; pc < p->cgroup + CHECK_CGROUPS && pc->used; pc++)
		;
	if (pc == p->cgroup + CHECK_CGROUPS)
		return err_set(err, -EINVAL, "more than %d cgroups", CHECK_CGROUPS);
	memset(pc, 0, sizeof(*pc));
	pc->used = true;
	snprintf(pc->cg.name, sizeof(pc->cg.name), "%s", name);
	pc->cg.step = p->step;
	pc->cg.keep = keep;
	pc->cg.next = p->fs.list;
	p->fs.list = &pc->cg;
	if (parent) {
		pc->cg.parent = &parent->cg;
		parent->cg.hands_down = true;
	}
	*cg = pc;
	return 0;
}

int paper_add(struct paper *p, const char *name, bool keep, struct paper_cgroup **cg,
	      struct err *err)
{
	struct paper_cgroup *parent = NULL;
	char part[CGROUP_NAME_LEN];
	struct cgroup *found;
	size_t len;
	int ret;

	ret = check_name(name, err);
	if (ret)
		return ret;
	if (cgroup_find(&p->fs, name))
		return err_set(err, -EINVAL, "cgroup %s exists already", name);
	for (len = strcspn(name, "/");; len += 1 + strcspn(name + len + 1, "/")) {
		snprintf(part, sizeof(part), "%.*s", (int)len, name);
		found = cgroup_find(&p->fs, part);
		*cg = paper_of(found);
		if (!found)
			ret = add_one(p, parent, part, keep, cg, err);
		if (ret || !name[len])
			return ret;
		parent = *cg;
	}
}

/* Whoever is stopped must run for that. */
static void thaw(struct paper *p, const struct paper_cgroup *pc)
{
	struct cgroup *cg;

	for (cg = p->fs.list; cg; cg = cg->next) {
		if (cgroup_is_below(cg, &pc->cg) || cgroup_is_below(&pc->cg, cg))
			cg->frozen = false;
	}
}

void paper_stop(struct paper *p, struct paper_cgroup *pc)
{
	struct cgroup *cg;

	thaw(p, pc);
	for (cg = p->fs.list; cg; cg = cg->next) {
		if (cgroup_is_below(cg, &pc->cg))
			paper_of(cg)->work = (struct paper_work){ };
	}
}

void paper_remove(struct paper *p, struct paper_cgroup *pc)
{
	struct cgroup **pos = &p->fs.list;

	paper_stop(p, pc);
	check_forget_payloads(p, pc);
	/* Children come before their parents. */
	while (*pos) {
		struct cgroup *cg = *pos;

		if (cgroup_is_below(cg, &pc->cg)) {
			*pos = cg->next;
			paper_of(cg)->used = false;
		} else {
			pos = &cg->next;
		}
	}
}

void paper_end_step(struct paper *p)
{
	struct cgroup *cg;

	check_forget_payloads(p, NULL);
	p->root_step = (struct paper_work){ };
	do {
		for_each_paper_cgroup(p, cg) {
			if (!cg->keep && cg->step == p->step)
				break;
		}
		if (cg)
			paper_remove(p, paper_of(cg));
	} while (cg);
}

/* --- what is asked of one ------------------------------------------------- */

int paper_need(struct paper *p, const char *name, struct paper_cgroup **pc, struct err *err)
{
	*pc = paper_of(name ? cgroup_find(&p->fs, name) : NULL);
	if (!*pc)
		return err_set(err, -EINVAL, "cgroup %s does not exist here", name ? name : "?");
	return 0;
}

int paper_need_leaf(struct paper *p, const char *name, struct paper_cgroup **pc, struct err *err)
{
	int ret = paper_need(p, name, pc, err);

	if (!ret && cgroup_has_children(&p->fs, &(*pc)->cg))
		ret = err_set(err, -EINVAL, "cgroup %s has children, so no processes", name);
	return ret;
}

int paper_thawed(const struct paper_cgroup *pc, struct err *err)
{
	const struct cgroup *cg;

	for (cg = &pc->cg; cg; cg = cg->parent) {
		if (cg->frozen)
			return err_set(err, -EINVAL, "cgroup %s is frozen", cg->name);
	}
	return 0;
}

int paper_controlled(const struct paper_cgroup *pc, struct err *err)
{
	const struct cgroup *cg;

	for (cg = pc->cg.parent; cg; cg = cg->parent) {
		if (!cg->hands_down)
			return err_set(err, -EINVAL,
				       "cgroup %s has no controllers: processes moved into %s",
				       pc->cg.name, cg->name);
	}
	return 0;
}

int paper_no_roamers(const struct paper_cgroup *pc, struct err *err)
{
	if (!pc->work.roams)
		return 0;
	return err_set(err, -EINVAL, "type %s leaves its cgroup, which can give nothing to it",
		       pc->work.roams);
}

/* --- cpusets -------------------------------------------------------------- */

static bool has_processes_below(const struct paper *p, const struct cgroup *top)
{
	struct cgroup *cg;

	for_each_paper_cgroup(p, cg) {
		if (cgroup_is_below(cg, top) && has_processes(p, paper_of(cg)))
			return true;
	}
	return false;
}

/* The kernel would take the cpuset and make the partition invalid, or refuse it. */
static int no_partition(const struct cgroup *cg, struct err *err)
{
	return cg->partition ? err_set(err, -EINVAL, "cgroup %s is a partition", cg->name) : 0;
}

int paper_set_cpus(struct paper *p, struct paper_cgroup *pc, const struct cpumask *cpus,
		   struct err *err)
{
	char list[64], of_parent[64];
	struct cpumask above;
	int ret = paper_controlled(pc, err);

	if (!ret)
		ret = no_partition(&pc->cg, err);
	if (!ret && cpus)
		ret = paper_no_roamers(pc, err);
	if (ret)
		return ret;
	pc->cg.has_cpus = cpus;
	pc->cleared = !cpus && has_processes_below(p, &pc->cg);
	if (!cpus)
		return 0;
	/* The kernel takes any, but those that it gives are then not those that were asked for. */
	cgroup_effective(&p->fs, pc->cg.parent, &above);
	if (!cpumask_subset(cpus, &above))
		return err_set(err, -EINVAL, "CPUs %s: %s has only %s",
			       cpulist_format(cpus, list, sizeof(list)),
			       pc->cg.parent ? pc->cg.parent->name : "the root",
			       cpulist_format(&above, of_parent, sizeof(of_parent)));
	pc->cg.cpus = *cpus;
	return 0;
}

/* What is below @top loses its controllers, since processes move into it. */
static int make_bare(struct paper *p, struct paper_cgroup *top, struct err *err)
{
	struct cgroup *cg;
	int ret = 0;

	for (cg = p->fs.list; cg && !ret; cg = cg->next) {
		if (!cgroup_is_below(cg, &top->cg))
			continue;
		cg->hands_down = false;
		if (cg == &top->cg)
			continue;
		ret = no_partition(cg, err);
		cgroup_forget_control(cg);
		paper_of(cg)->cleared = false;
	}
	return ret;
}

int paper_move_tasks(struct paper *p, struct paper_cgroup *from, struct paper_cgroup *to,
		     struct err *err)
{
	int ret = 0;

	if (from->work.roams)
		return err_set(err, -EINVAL, "type %s goes back to the cgroup that it began in",
			       from->work.roams);
	if (cgroup_has_children(&p->fs, &to->cg))
		ret = make_bare(p, to, err);
	if (to->work.nr_pending + from->work.nr_pending > CHECK_PENDING)
		return err_set(err, -EINVAL, "more than %d kinds of workers would begin in %s",
			       CHECK_PENDING, to->cg.name);
	memcpy(to->work.pending + to->work.nr_pending, from->work.pending,
	       from->work.nr_pending * sizeof(*from->work.pending));
	to->work.nr_pending += from->work.nr_pending;
	to->work.nr += from->work.nr;
	to->work.busy += from->work.busy;
	to->work.hard += from->work.hard;
	to->work.dl_ppm += from->work.dl_ppm;
	from->work = (struct paper_work){ };
	return ret ? ret : paper_bandwidth(p, err);
}
