/* SPDX-License-Identifier: GPL-2.0 */
/*
 * checking.h - a scenario that is played on paper; internal to the check*.c
 */
#ifndef KTSTR_GUEST_CHECKING_H
#define KTSTR_GUEST_CHECKING_H

#include "cgroup.h"

#define CHECK_CGROUPS	(2 * KTSTR_MAX_CPUS + 64)
#define CHECK_PENDING	16		/* kinds of workers in a cgroup that have yet to start */
#define CHECK_PAYLOADS	16

/* Workers that are there. */
struct paper_work {
	unsigned int nr;
	unsigned int busy;		/* keep any CPU of their cgroup busy, for a fair share */
	unsigned int hard;		/* take more than a fair share */
	const char *roams;		/* the type of those who leave their cgroup, or NULL */
	uint64_t dl_ppm;		/* SCHED_DEADLINE: millionths of a CPU */
	/* They set themselves up when the operations of the step are done. */
	const struct work *pending[CHECK_PENDING];
	unsigned int nr_pending;
};

struct paper_cgroup {
	struct cgroup cg;		/* the first member */
	bool used;			/* this slot */
	bool cleared;			/* its cpuset: of all CPUs where the kernel clears none */
	struct paper_work work;		/* in itself, not below */
};

struct paper_payload {
	const struct ktstr_payload *def;
	struct paper_cgroup *cgroup;	/* or NULL */
	unsigned int step;
	bool keep;
};

struct paper {
	const struct ktstr_test *test;
	struct topology topo;
	unsigned int duration_ms;
	struct cpumask usable;
	struct cgroup_fs fs;		/* .all and .list only */
	struct paper_cgroup cgroup[CHECK_CGROUPS];
	struct paper_work root;		/* outside of all cgroups, */
	struct paper_work root_step;	/* those that end with their step */
	struct paper_payload payload[CHECK_PAYLOADS];	/* those that run */
	unsigned int nr_payloads;
	unsigned int step;
	unsigned int hold_ms;		/* of the step at hand */
	bool looping;			/* ... which is a loop */
	bool detached;			/* the scheduler */
	/* That there ever were. */
	unsigned int nr_workers, nr_like, nr_sleepers, nr_mem_policies;
};

/* --- check_cgroups.c ------------------------------------------------------ */

/* paper_add - a name and all of its ancestors. */
int paper_add(struct paper *p, const char *name, bool keep, struct paper_cgroup **cg,
	      struct err *err);

/* paper_remove - with all that is below it, and in it. */
void paper_remove(struct paper *p, struct paper_cgroup *cg);

/* paper_stop - all workers in it and below. */
void paper_stop(struct paper *p, struct paper_cgroup *cg);

int paper_need(struct paper *p, const char *name, struct paper_cgroup **cg, struct err *err);

/* paper_need_leaf - one in which there may be processes. */
int paper_need_leaf(struct paper *p, const char *name, struct paper_cgroup **cg, struct err *err);

/* paper_thawed - nothing above @cg is frozen, nor itself. */
int paper_thawed(const struct paper_cgroup *cg, struct err *err);

/* paper_controlled - do all above hand controllers down, so that it may have what they set? */
int paper_controlled(const struct paper_cgroup *cg, struct err *err);

/* paper_no_roamers - nobody is in it who would be without what it gives to its workers. */
int paper_no_roamers(const struct paper_cgroup *cg, struct err *err);

/* paper_set_cpus - as its cpuset; NULL: none of its own. */
int paper_set_cpus(struct paper *p, struct paper_cgroup *cg, const struct cpumask *cpus,
		   struct err *err);

/* paper_move_tasks - those of @from themselves, not below. */
int paper_move_tasks(struct paper *p, struct paper_cgroup *from, struct paper_cgroup *to,
		     struct err *err);

/* paper_end_step - what lives for the step at hand only is gone. */
void paper_end_step(struct paper *p);

/* Not to be removed on the way; @cg is of each the first member. */
#define for_each_paper_cgroup(p, cg)	\
	for ((cg) = (p)->fs.list; (cg); (cg) = (cg)->next)

static inline struct paper_cgroup *paper_of(struct cgroup *cg)
{
	return (struct paper_cgroup *)cg;
}

/* --- check_work.c --------------------------------------------------------- */

/* paper_spawn - workers into @cg, NULL: into none. They end with their step, unless @keep. */
int paper_spawn(struct paper *p, struct paper_cgroup *cg, const struct work *work, bool keep,
		struct err *err);

/* paper_affinity - can it be asked for in @cg? paper_set_affinity - by all in @cg and below. */
int paper_affinity(const struct paper *p, const struct paper_cgroup *cg,
		   const struct affinity *aff, struct err *err);
int paper_set_affinity(struct paper *p, struct paper_cgroup *cg, const struct affinity *aff,
		       struct err *err);

/* paper_start - all that were spawned can set themselves up as things are now. */
int paper_start(struct paper *p, struct err *err);

/* paper_bandwidth - is what SCHED_DEADLINE workers take there, in each partition and outside? */
int paper_bandwidth(const struct paper *p, struct err *err);

/* paper_dl_ppm - what they take in all. */
uint64_t paper_dl_ppm(const struct paper *p);

/* paper_nr_workers - that are alive. paper_max_workers - more than so many have no time to work. */
unsigned int paper_nr_workers(const struct paper *p);
unsigned int paper_max_workers(const struct paper *p);

/* --- check_ops.c ---------------------------------------------------------- */

/* check_cgroup_op - of an operation on the cgroup @cg that other operations have made. */
int check_cgroup_op(struct paper *p, const struct op *op, struct paper_cgroup *cg,
		    struct err *err);

/* check_free_op - of one that needs no cgroup. */
int check_free_op(struct paper *p, const struct op *op, bool keep, struct err *err);

/* check_forget_payloads - those in or below @top; NULL: those of the step at hand. */
void check_forget_payloads(struct paper *p, const struct paper_cgroup *top);

/* --- check_expect.c ------------------------------------------------------- */

/*
 * check_judged - is there anything that what the test itself expects is about? At the end of the
 * last step, before anything of it is gone.
 */
int check_judged(const struct paper *p, struct err *err);

#endif /* KTSTR_GUEST_CHECKING_H */
