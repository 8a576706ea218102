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
#include "../ktstr.h"
#include "../lib/cpuset.h"
#include "../lib/log.h"

#define CGROUP_MOUNT		"/sys/fs/cgroup"
#define CGROUP_BASE		"ktstr"
#define CGROUP_CONTROLLERS	"+cpuset +cpu"
#define CGROUP_NO_CPU		"+cpuset"	/* the same without weights */
/* A partition takes workqueues and RCU, and the scheduler under test may be slow: 2.4 s was seen. */
#define CGROUP_DEADLINE_NS	(10 * NSEC_PER_SEC)
#define CGROUP_NAME_LEN		128
#define CGROUP_ROOT_NAME	"root"	/* in reports: where who is in no cgroup of the test is */
#define CGROUP_DATA_LEN		4096

enum cgroup_req_op {
	CGROUP_REQ_MKDIR,
	CGROUP_REQ_RMDIR,
	CGROUP_REQ_WRITE,
	CGROUP_REQ_READ,
	CGROUP_REQ_WAIT,		/* until a line is ->data; -ETIME after CGROUP_WAIT_NS */
};

/* Sooner than the helper counts as late. */
#define CGROUP_WAIT_NS		(1500 * NSEC_PER_MSEC)

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
	bool hands_down;		/* controllers, to its children; then it has no processes */
	bool has_cpus;
	struct cpumask cpus;		/* of its own cpuset, if has_cpus */
	bool partition;			/* which nobody else may use */
	uint64_t mems;			/* nodes of its cpuset.mems, a bit each; 0: not set */
	bool frozen;
	unsigned int weight;		/* cpu.weight; 0: not set */
	uint64_t quota_us, period_us;	/* cpu.max; 0: none */
	/* Its share of CPU time is judged from then on, and what had been used until then. */
	uint64_t share_ns, share_used_ns;
	unsigned int step;		/* that made it */
	bool keep;			/* outlives its step */
};

struct cgroup_fs {
	const char *mount;
	const char *base;
	const char *controllers;	/* as cgroup.subtree_control takes them */
	struct cpumask all;		/* CPUs of the root, those that are online */
	int sock;			/* -1: not open */
	pid_t pid;
	int pidfd;
	bool wedged;
	uint64_t deadline_ns;		/* CGROUP_DEADLINE_NS, but in tests of it */
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

bool cgroup_has_children(const struct cgroup_fs *fs, const struct cgroup *cg);

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

/*
 * cgroup_move - a process into a cgroup, or with @cg NULL into the root. One that has no
 * children any more does not hand down controllers then. -ESRCH if the process is gone.
 */
int cgroup_move(struct cgroup_fs *fs, struct cgroup *cg, pid_t pid, struct err *err);

/*
 * cgroup_no_controllers - take the controllers from what is below, and with them all that they
 * have set, so that processes can move into a cgroup that has populated children. None of them
 * may be a partition.
 */
int cgroup_no_controllers(struct cgroup_fs *fs, struct cgroup *cg, struct err *err);

/* cgroup_forget_control - what controllers have set went with them. */
void cgroup_forget_control(struct cgroup *cg);

/* cgroup_write, cgroup_read - a control file; @data of a read is of CGROUP_DATA_LEN bytes. */
int cgroup_write(struct cgroup_fs *fs, const struct cgroup *cg, const char *file,
		 const char *data, struct err *err);
int cgroup_read(struct cgroup_fs *fs, const struct cgroup *cg, const char *file, char *data,
		struct err *err);

/* cgroup_wait - until a line of a control file is @line, by event. -ETIME. */
int cgroup_wait(struct cgroup_fs *fs, const struct cgroup *cg, const char *file,
		const char *line, struct err *err);

/* cgroup_write_path - a file outside of all cgroups, by its whole path. */
int cgroup_write_path(struct cgroup_fs *fs, const char *path, const char *data, struct err *err);

/* --- cgroup_control.c ----------------------------------------------------- */

int cgroup_set_weight(struct cgroup_fs *fs, struct cgroup *cg, unsigned int weight,
		      struct err *err);

/* cgroup_set_max - @quota_us 0: no limit. */
int cgroup_set_max(struct cgroup_fs *fs, struct cgroup *cg, unsigned int quota_us,
		   unsigned int period_us, struct err *err);

/* cgroup_freeze - and wait until the kernel says so. -ETIME if it never does. */
int cgroup_freeze(struct cgroup_fs *fs, struct cgroup *cg, bool freeze, struct err *err);

/*
 * cgroup_set_partition - with the CPUs handed down to it, or taken back. cgroup_make_partition -
 * without that. Reads back that it took; -EBADE with the kernel's reason if not.
 */
int cgroup_make_partition(struct cgroup_fs *fs, struct cgroup *cg, enum partition_kind kind,
			  struct err *err);
int cgroup_set_partition(struct cgroup_fs *fs, struct cgroup *cg, enum partition_kind kind,
			 struct err *err);

/*
 * cgroup_set_mems - write cpuset.mems, a list of nodes, which moves memory that is elsewhere, and
 * read back that they are in force; -EBADE if not.
 */
int cgroup_set_mems(struct cgroup_fs *fs, struct cgroup *cg, const char *nodes, struct err *err);

/*
 * cgroup_mems - the nodes that a cgroup's memory has to be on, a bit each; 0: nobody has said. Those
 * of all above count, too; where nothing is left, its parent's.
 */
uint64_t cgroup_mems(const struct cgroup *cg);

/* cgroup_used - CPU time of all that ever ran in it or below. */
int cgroup_used(struct cgroup_fs *fs, const struct cgroup *cg, uint64_t *ns, struct err *err);

/* cgroup_used_parse - the text of cpu.stat; false if there is no such line. */
bool cgroup_used_parse(const char *text, uint64_t *ns);

/* --- cgroup_helper.c ------------------------------------------------------ */

/* cgroup_helper_start - sets sock, pid and pidfd. @serve NULL: files and directories. */
int cgroup_helper_start(struct cgroup_fs *fs, cgroup_serve serve);
void cgroup_helper_stop(struct cgroup_fs *fs);

/* cgroup_helper_call - returns @req->ret as the helper answered, or -ETIMEDOUT. */
int cgroup_helper_call(struct cgroup_fs *fs, struct cgroup_req *req);

#endif /* KTSTR_GUEST_CGROUP_H */
