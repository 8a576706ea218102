/* SPDX-License-Identifier: GPL-2.0 */
/*
 * group.h - which instances are copies of the same booted guest
 *
 * One with the scheduler attached, where enough of them have the same one: it can take longer to
 * load than a test. What has no such company shares a guest without a scheduler.
 */
#ifndef KTSTR_RUNNER_GROUP_H
#define KTSTR_RUNNER_GROUP_H

#include "result.h"
#include "runner.h"
#include "template.h"

#define GROUP_ATTACH_MIN	4	/* so many are worth a boot, WARM_WHERE_IT_PAYS */
#define GROUP_ATTACH_MAX	4	/* guests with a scheduler, all held for a time */

enum group_state {
	GROUP_COLD,		/* each instance boots by itself */
	GROUP_NEW,
	GROUP_BUILDING,
	GROUP_READY,
	GROUP_FAILED,
};

struct group {
	enum group_state state;
	const struct plan_instance *like;	/* one of them: of its machine, */
	bool same_sched;			/* and of its scheduler */
	unsigned int nr_left;			/* instances that still need it */
	struct template tmpl;			/* open if BUILDING, or READY with some left */
	struct instance_result failure;		/* of all that are left, if FAILED */
};

struct group_member {
	struct group *group;			/* NULL: it is skipped */
	bool left;				/* it still needs it */
};

struct groups {
	const struct runner *run;
	struct group *group;
	unsigned int nr;
	struct group_member *of;		/* one for each instance of the plan */
};

/* groups_make - of all instances that are not skipped. 0 or -ENOMEM; groups_free() in any case. */
int groups_make(struct groups *gs, const struct runner *run);

/* groups_of - the group of an instance. Also of one that needs it no more. */
struct group *groups_of(const struct groups *gs, unsigned int index);

/* groups_warm - what an instance of @g starts from, or would have, if there is no such guest. */
enum warm groups_warm(const struct group *g);

/* groups_put - the instance has its result. The last one closes the template. */
void groups_put(struct groups *gs, unsigned int index);

/*
 * groups_dissolve - the template of @g, which was to have a scheduler, is closed: those who are
 * left go to the group of their machine that has none.
 */
void groups_dissolve(struct groups *gs, struct group *g);

/* groups_free - closes what templates are open. */
void groups_free(struct groups *gs);

#endif /* KTSTR_RUNNER_GROUP_H */
