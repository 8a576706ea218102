/* SPDX-License-Identifier: GPL-2.0 */
/*
 * checking.h - a scenario that is played on paper; internal to check.c and check_ops.c
 */
#ifndef KTSTR_GUEST_CHECKING_H
#define KTSTR_GUEST_CHECKING_H

#include "cgroup.h"

#define CHECK_CGROUPS	64
#define CHECK_PAYLOADS	16

struct paper_cgroup {
	char name[CGROUP_NAME_LEN];
	unsigned int step;
	bool keep;
	bool has_cpus;
	bool frozen;
	bool partition;
	bool weight, limit;
};

struct paper_payload {
	const struct ktstr_payload *def;
	char cgroup[CGROUP_NAME_LEN];	/* or "" */
	unsigned int step;
	bool keep;
};

struct paper {
	const struct ktstr_test *test;
	struct topology topo;
	struct cpumask all, usable;
	struct paper_cgroup cgroup[CHECK_CGROUPS];
	unsigned int nr;
	struct paper_payload payload[CHECK_PAYLOADS];	/* those that run */
	unsigned int nr_payloads;
	unsigned int step;
	bool detached;			/* the scheduler */
	unsigned int nr_weights, nr_limits;	/* that were ever set */
};

/* check_cgroup_op - of an operation on the cgroup @cg that other operations have made. */
int check_cgroup_op(struct paper *p, const struct op *op, struct paper_cgroup *cg,
		    struct err *err);

/* check_free_op - of one that needs no cgroup. */
int check_free_op(struct paper *p, const struct op *op, bool keep, struct err *err);

/* check_thawed - no part of the path of @name is frozen. */
int check_thawed(struct paper *p, const char *name, struct err *err);

/* check_forget_payloads - those in or below @top; NULL: those of the step at hand. */
void check_forget_payloads(struct paper *p, const char *top);

/* check_shares - can what the test expects of weights and limits be judged? */
int check_shares(const struct paper *p, struct err *err);

/* check_is_below - is the cgroup @name @top or a descendant of it? */
bool check_is_below(const char *name, const char *top);

#endif /* KTSTR_GUEST_CHECKING_H */
