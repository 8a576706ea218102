/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cgroup.h - the cgroups of a test
 *
 * Every access to a control file may hang for ever on a wedged kernel, and
 * nothing interrupts it there. So a helper process makes all of them, asked
 * over a socket, and who asks waits CGROUP_DEADLINE_NS at most; a helper that
 * is late is killed, and everything after that fails with -ETIMEDOUT. One
 * process for all, since a fork for each write would disturb the measurement;
 * it has the policy of its parent, so that the scheduler under test has no say.
 */
#ifndef KTSTR_GUEST_CGROUP_H
#define KTSTR_GUEST_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>
#include "../lib/cpuset.h"
#include "../lib/log.h"

#define CGROUP_MOUNT		"/sys/fs/cgroup"
#define CGROUP_BASE		"ktstr"
#define CGROUP_CONTROLLERS	"+cpuset +cpu"
#define CGROUP_NO_CPU		"+cpuset"	/* the same without weights */
#define CGROUP_DEADLINE_NS	(2 * NSEC_PER_SEC)
#define CGROUP_NAME_LEN		128
#define CGROUP_DATA_LEN		4096

enum cgroup_req_op {
	CGROUP_REQ_MKDIR,
	CGROUP_REQ_RMDIR,
	CGROUP_REQ_WRITE,
	CGROUP_REQ_READ,
};

struct cgroup_req {
	uint32_t op;			/* enum cgroup_req_op */
	int32_t ret;			/* 0 or a negative errno */
	char path[512];
	char data[CGROUP_DATA_LEN];	/* a string, to write or as it was read */
};

/* Does what @req says and sets ->ret. Runs in the helper. */
typedef void (*cgroup_serve)(struct cgroup_req *req);

struct cgroup {
	struct cgroup *next;		/* newest first: children before their parents */
	struct cgroup *parent;		/* NULL: the base */
	char name[CGROUP_NAME_LEN];	/* below the base */
	bool has_cpus;
	struct cpumask cpus;		/* of its own cpuset, if has_cpus */
	unsigned int step;		/* that made it */
	bool keep;			/* outlives its step */
};

struct cgroup_fs {
	const char *mount;
	const char *base;
	const char *controllers;	/* as cgroup.subtree_control takes them */
	struct cpumask all;		/* CPUs of the root */
	int sock;			/* -1: not open */
	pid_t pid;
	int pidfd;
	bool wedged;
	struct cgroup *list;
};

/*
 * cgroup_fs_open - start the helper; make @mount/@base (no leading slash) with @controllers
 * on everything above and on itself. @serve is NULL but in tests. All must be undone with
 * cgroup_fs_close(), also after a failure.
 */
int cgroup_fs_open(struct cgroup_fs *fs, const char *mount, const char *base,
		   const char *controllers, const struct cpumask *all, cgroup_serve serve,
		   struct err *err);

/*
 * cgroup_fs_close - remove what is left, children first, then the base; end the helper.
 * Returns the first error; -EBUSY if a cgroup would not go.
 */
int cgroup_fs_close(struct cgroup_fs *fs, struct err *err);

struct cgroup *cgroup_find(const struct cgroup_fs *fs, const char *name);

/* cgroup_is_below - is @cg @top or a descendant of it? */
bool cgroup_is_below(const struct cgroup *cg, const struct cgroup *top);

/* cgroup_add - "a/b" also makes "a" if it is not there. -EEXIST if "a/b" is. */
int cgroup_add(struct cgroup_fs *fs, const char *name, unsigned int step, bool keep,
	       struct cgroup **cg, struct err *err);

/*
 * cgroup_remove - whatever is left in it moves to the root first. -ENOTEMPTY, and nothing is
 * done, if it has children. Else @cg is gone afterwards, even if the kernel kept it.
 */
int cgroup_remove(struct cgroup_fs *fs, struct cgroup *cg, struct err *err);

/* cgroup_effective - the CPUs of a cgroup as they must be; @cg NULL: the root's. */
void cgroup_effective(const struct cgroup_fs *fs, const struct cgroup *cg, struct cpumask *cpus);

/*
 * cgroup_set_cpus - write cpuset.cpus, NULL clears it. Then compares what the kernel says
 * is in force with what must be; -EBADE if they differ.
 */
int cgroup_set_cpus(struct cgroup_fs *fs, struct cgroup *cg, const struct cpumask *cpus,
		    struct err *err);

/* cgroup_move - a process into a cgroup, or with @cg NULL into the root. -ESRCH if it is gone. */
int cgroup_move(struct cgroup_fs *fs, struct cgroup *cg, pid_t pid, struct err *err);

/*
 * cgroup_no_controllers - take the controllers from what is below, and with them the
 * cpusets, so that processes can move into a cgroup that has populated children.
 */
int cgroup_no_controllers(struct cgroup_fs *fs, struct cgroup *cg, struct err *err);

/* --- cgroup_helper.c ------------------------------------------------------ */

/* cgroup_helper_start - sets sock, pid and pidfd. @serve NULL: files and directories. */
int cgroup_helper_start(struct cgroup_fs *fs, cgroup_serve serve);
void cgroup_helper_stop(struct cgroup_fs *fs);

/* cgroup_helper_call - returns @req->ret as the helper answered, or -ETIMEDOUT. */
int cgroup_helper_call(struct cgroup_fs *fs, struct cgroup_req *req);

#endif /* KTSTR_GUEST_CGROUP_H */
