// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "fake_cgroup.h"
#include "kselftest_harness.h"

FIXTURE(cgroup)
{
	struct cgroup_fs fs;
	struct cpumask all;
	struct err err;
};

FIXTURE_SETUP(cgroup)
{
	memset(self, 0, sizeof(*self));
	ASSERT_EQ(0, fake_create(8));
	cpumask_set_range(&self->all, 0, 8);
	ASSERT_EQ(0, cgroup_fs_open(&self->fs, FAKE_MOUNT, "ktstr", CGROUP_CONTROLLERS,
				    &self->all, fake_serve, &self->err));
}

FIXTURE_TEARDOWN(cgroup)
{
	cgroup_fs_close(&self->fs, NULL);
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
	fake_destroy();
}

#define ADD(_name, _cg) \
	ASSERT_EQ(0, cgroup_add(&self->fs, _name, 0, false, _cg, &self->err))

TEST_F(cgroup, opening_enables_controllers_from_the_top_down)
{
	EXPECT_STREQ("write cgroup.subtree_control +cpuset +cpu", fake->line[0]);
	EXPECT_STREQ("mkdir ktstr", fake->line[1]);
	EXPECT_STREQ("write ktstr/cgroup.subtree_control +cpuset +cpu", fake->line[2]);
	EXPECT_EQ(3, fake->nr_lines);
}

TEST_F(cgroup, a_deeper_base)
{
	struct cgroup_fs fs;

	ASSERT_EQ(0, cgroup_fs_open(&fs, FAKE_MOUNT, "a/b", CGROUP_CONTROLLERS, &self->all,
				    fake_serve, &self->err));
	EXPECT_TRUE(fake_has("a/b"));
	EXPECT_EQ(1, fake_count("write a/cgroup.subtree_control"));
	EXPECT_EQ(1, fake_count("write a/b/cgroup.subtree_control"));
	EXPECT_EQ(0, cgroup_fs_close(&fs, &self->err));
	EXPECT_FALSE(fake_has("a/b"));
}

TEST_F(cgroup, a_base_that_is_there_already)
{
	struct cgroup_fs fs;

	ASSERT_EQ(0, cgroup_fs_open(&fs, FAKE_MOUNT, "ktstr", CGROUP_CONTROLLERS, &self->all,
				    fake_serve, &self->err));
	EXPECT_EQ(0, cgroup_fs_close(&fs, &self->err));
}

TEST_F(cgroup, opening_without_the_controllers)
{
	struct cgroup_fs fs;

	fake_fail("cgroup.subtree_control", -ENOENT, 1);
	EXPECT_EQ(-ENOENT, cgroup_fs_open(&fs, FAKE_MOUNT, "other", CGROUP_CONTROLLERS, &self->all,
					  fake_serve, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "+cpuset +cpu"));
	EXPECT_NE(NULL, strstr(self->err.msg, FAKE_MOUNT "/cgroup.subtree_control"));
	EXPECT_EQ(0, cgroup_fs_close(&fs, NULL));
}

TEST_F(cgroup, nested)
{
	struct cgroup *deep, *a;

	ADD("a/b/c", &deep);
	EXPECT_STREQ("a/b/c", deep->name);
	a = cgroup_find(&self->fs, "a");
	ASSERT_NE(NULL, a);
	EXPECT_EQ(NULL, a->parent);
	EXPECT_TRUE(cgroup_is_below(deep, a));
	EXPECT_TRUE(cgroup_is_below(a, a));
	EXPECT_FALSE(cgroup_is_below(a, deep));
	EXPECT_FALSE(cgroup_is_below(NULL, a));
	EXPECT_EQ(1, fake_count("write ktstr/a/cgroup.subtree_control +cpuset +cpu"));
	EXPECT_EQ(1, fake_count("write ktstr/a/b/cgroup.subtree_control +cpuset +cpu"));
	EXPECT_EQ(0, fake_count("write ktstr/a/b/c/cgroup.subtree_control"));

	EXPECT_EQ(-ENOTEMPTY, cgroup_remove(&self->fs, a, &self->err));
	EXPECT_EQ(0, cgroup_fs_close(&self->fs, &self->err));
	EXPECT_LT(fake_index("rmdir ktstr/a/b/c"), fake_index("rmdir ktstr/a/b"));
	EXPECT_EQ(NULL, self->fs.list);
	EXPECT_FALSE(fake_has("ktstr"));
}

TEST_F(cgroup, add_twice)
{
	struct cgroup *cg;

	ADD("a", &cg);
	EXPECT_EQ(-EEXIST, cgroup_add(&self->fs, "a", 0, false, &cg, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "cgroup a exists already"));
	/* A directory that somebody else made is not ours. */
	self->err.msg[0] = '\0';
	fake_fail("ktstr/b", -EEXIST, 1);
	EXPECT_EQ(-EEXIST, cgroup_add(&self->fs, "b", 0, false, &cg, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "cannot make " FAKE_MOUNT "/ktstr/b"));
	EXPECT_EQ(NULL, cgroup_find(&self->fs, "b"));
}

TEST_F(cgroup, name_too_long)
{
	char name[CGROUP_NAME_LEN + 1];
	struct cgroup *cg;

	memset(name, 'x', sizeof(name));
	name[CGROUP_NAME_LEN] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, cgroup_add(&self->fs, name, 0, false, &cg, NULL));
	name[CGROUP_NAME_LEN - 1] = '\0';
	EXPECT_EQ(0, cgroup_add(&self->fs, name, 0, false, &cg, NULL));
}

TEST_F(cgroup, cpus)
{
	struct cpumask cpus, is;
	struct cgroup *top, *sub;

	ADD("a/sub", &sub);
	top = sub->parent;
	ASSERT_EQ(0, cpulist_parse("2-5", &cpus));
	EXPECT_EQ(0, cgroup_set_cpus(&self->fs, top, &cpus, &self->err));
	EXPECT_EQ(1, fake_count("write ktstr/a/cpuset.cpus 2-5"));
	cgroup_effective(&self->fs, sub, &is);
	EXPECT_TRUE(cpumask_equal(&cpus, &is));

	ASSERT_EQ(0, cpulist_parse("4-7", &cpus));
	EXPECT_EQ(0, cgroup_set_cpus(&self->fs, sub, &cpus, &self->err));
	cgroup_effective(&self->fs, sub, &is);
	ASSERT_EQ(0, cpulist_parse("4-5", &cpus));
	EXPECT_TRUE(cpumask_equal(&cpus, &is));

	/* Nothing in common with the parent: the parent's. */
	ASSERT_EQ(0, cpulist_parse("0-1", &cpus));
	EXPECT_EQ(0, cgroup_set_cpus(&self->fs, top, &cpus, &self->err));
	cgroup_effective(&self->fs, sub, &is);
	EXPECT_TRUE(cpumask_equal(&cpus, &is));

	EXPECT_EQ(0, cgroup_set_cpus(&self->fs, top, NULL, &self->err));
	cgroup_effective(&self->fs, top, &is);
	EXPECT_TRUE(cpumask_equal(&self->all, &is));
	EXPECT_STREQ("write ktstr/a/cpuset.cpus ", fake->line[fake->nr_lines - 1]);
}

TEST_F(cgroup, a_kernel_that_does_not_clear)
{
	struct cpumask cpus = { }, is;
	struct cgroup *cg;

	ADD("a", &cg);
	cpumask_set_cpu(&cpus, 3);
	ASSERT_EQ(0, cgroup_set_cpus(&self->fs, cg, &cpus, &self->err));
	fake_fail("cpuset.cpus", -ENOSPC, 1);
	EXPECT_EQ(0, cgroup_set_cpus(&self->fs, cg, NULL, &self->err));
	EXPECT_STREQ("write ktstr/a/cpuset.cpus 0-7", fake->line[fake->nr_lines - 1]);
	cgroup_effective(&self->fs, cg, &is);
	EXPECT_TRUE(cpumask_equal(&self->all, &is));
	EXPECT_FALSE(cg->has_cpus);
	/* Any other refusal is one. */
	fake_fail("cpuset.cpus", -EACCES, 1);
	EXPECT_EQ(-EACCES, cgroup_set_cpus(&self->fs, cg, NULL, &self->err));
	EXPECT_STREQ("cannot write to cpuset.cpus of a: Permission denied", self->err.msg);
}

TEST_F(cgroup, a_kernel_that_does_otherwise)
{
	struct cpumask cpus;
	struct cgroup *cg;

	ADD("a", &cg);
	ASSERT_EQ(0, cpulist_parse("2-5", &cpus));
	fake->lie = true;
	EXPECT_EQ(-EBADE, cgroup_set_cpus(&self->fs, cg, &cpus, &self->err));
	EXPECT_STREQ("cpuset.cpus.effective of a is \"3-5\", must be \"2-5\"", self->err.msg);
}

TEST_F(cgroup, a_write_that_is_refused)
{
	struct cpumask cpus = { };
	struct cgroup *cg;

	ADD("a", &cg);
	cpumask_set_cpu(&cpus, 3);
	fake_fail("cpuset.cpus", -EINVAL, 1);
	EXPECT_EQ(-EINVAL, cgroup_set_cpus(&self->fs, cg, &cpus, &self->err));
	EXPECT_STREQ("cannot write \"3\" to " FAKE_MOUNT "/ktstr/a/cpuset.cpus: Invalid argument",
		     self->err.msg);
	EXPECT_FALSE(cg->has_cpus);
}

TEST_F(cgroup, busy_is_tried_again)
{
	struct cgroup *cg;

	ADD("a", &cg);
	fake_fail("cgroup.procs", -EBUSY, 2);
	EXPECT_EQ(0, cgroup_move(&self->fs, cg, getpid(), &self->err));
	EXPECT_EQ(3, fake_count("write ktstr/a/cgroup.procs"));
	EXPECT_EQ(0, cgroup_move(&self->fs, NULL, getpid(), &self->err));
	EXPECT_EQ(1, fake_count("write cgroup.procs"));
}

TEST_F(cgroup, busy_is_not_tried_for_ever)
{
	struct cgroup *cg;

	ADD("a", &cg);
	fake_fail("cgroup.procs", -EBUSY, 1000);
	EXPECT_EQ(-EBUSY, cgroup_move(&self->fs, cg, getpid(), &self->err));
	EXPECT_GT(100, fake_count("write ktstr/a/cgroup.procs"));
	fake->bad_times = 0;
}

TEST_F(cgroup, moving_who_is_gone)
{
	struct cgroup *cg;
	pid_t pid;

	ADD("a", &cg);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(-ESRCH, cgroup_move(&self->fs, cg, pid, &self->err));
}

TEST_F(cgroup, removing_moves_strangers_out)
{
	struct cgroup *cg;
	char line[64];

	ADD("a", &cg);
	ASSERT_EQ(0, cgroup_move(&self->fs, cg, getpid(), &self->err));
	EXPECT_EQ(0, cgroup_remove(&self->fs, cg, &self->err));
	snprintf(line, sizeof(line), "write cgroup.procs %d", getpid());
	EXPECT_EQ(1, fake_count(line));
	EXPECT_FALSE(fake_has("ktstr/a"));
	EXPECT_EQ(NULL, self->fs.list);
}

TEST_F(cgroup, one_that_will_not_go)
{
	struct cgroup *cg;

	ADD("a", &cg);
	ADD("b", &cg);
	fake_fail("ktstr/a", -EBUSY, 1000);
	EXPECT_EQ(-EBUSY, cgroup_fs_close(&self->fs, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "ktstr/a"));
	/* The others did, and so did the helper. */
	EXPECT_FALSE(fake_has("ktstr/b"));
	EXPECT_EQ(0, self->fs.pid);
}

TEST_F(cgroup, taking_controllers_away)
{
	struct cpumask cpus = { };
	struct cgroup *cg;

	ADD("a/sub", &cg);
	cpumask_set_cpu(&cpus, 3);
	ASSERT_EQ(0, cgroup_set_cpus(&self->fs, cg, &cpus, &self->err));
	EXPECT_EQ(0, cgroup_no_controllers(&self->fs, cg->parent, &self->err));
	EXPECT_EQ(1, fake_count("write ktstr/a/cgroup.subtree_control -cpuset -cpu"));
	EXPECT_FALSE(cg->has_cpus);
}

TEST_F(cgroup, taking_controllers_away_from_the_bottom_up)
{
	struct cgroup *cg;

	ADD("a/b/c", &cg);
	cg->weight = 300;
	cg->quota_us = 1000;
	cg->mems = 1;
	EXPECT_EQ(0, cgroup_no_controllers(&self->fs, cg->parent->parent, &self->err));
	EXPECT_LT(fake_index("write ktstr/a/b/cgroup.subtree_control -cpuset -cpu"),
		  fake_index("write ktstr/a/cgroup.subtree_control -cpuset -cpu"));
	EXPECT_EQ(0, cg->weight);
	EXPECT_EQ(0, cg->quota_us);
	EXPECT_EQ(0, cg->mems);
	/* There are none to take. */
	EXPECT_EQ(0, cgroup_no_controllers(&self->fs, cg->parent->parent, &self->err));
	EXPECT_EQ(1, fake_count("write ktstr/a/cgroup.subtree_control -cpuset -cpu"));
}

/* The kernel lets no process into one that hands controllers down, to whomever. */
TEST_F(cgroup, moving_where_children_were)
{
	struct cgroup *cg, *top;
	char line[64];

	snprintf(line, sizeof(line), "write ktstr/a/cgroup.procs %d", getpid());
	ADD("a/sub", &cg);
	top = cg->parent;
	ASSERT_EQ(0, cgroup_remove(&self->fs, cg, &self->err));
	EXPECT_EQ(0, cgroup_move(&self->fs, top, getpid(), &self->err));
	EXPECT_LT(fake_index("write ktstr/a/cgroup.subtree_control -cpuset -cpu"),
		  fake_index(line));
	EXPECT_EQ(0, cgroup_move(&self->fs, top, getpid(), &self->err));
	EXPECT_EQ(1, fake_count("write ktstr/a/cgroup.subtree_control -cpuset -cpu"));
	EXPECT_EQ(0, cgroup_move(&self->fs, NULL, getpid(), &self->err));
}

/* A wedged kernel: an error after the deadline, and no second wait. */
TEST_F(cgroup, a_file_that_hangs)
{
	const uint64_t limit = 2 * NSEC_PER_SEC;
	uint64_t before = now_ns(), first;
	struct cgroup *cg;

	fake->hang = true;
	self->fs.deadline_ns = limit;
	EXPECT_EQ(-ETIMEDOUT, cgroup_add(&self->fs, "a", 0, false, &cg, &self->err));
	first = now_ns() - before;
	EXPECT_LE(limit, first);
	EXPECT_GT(2 * limit, first);
	before = now_ns();
	EXPECT_EQ(-ETIMEDOUT, cgroup_add(&self->fs, "b", 0, false, &cg, NULL));
	EXPECT_NE(0, cgroup_fs_close(&self->fs, NULL));
	EXPECT_GT(limit / 2, now_ns() - before);
}

TEST_F(cgroup, a_helper_that_dies)
{
	struct cgroup *cg;

	ASSERT_EQ(0, kill(self->fs.pid, SIGKILL));
	EXPECT_EQ(-ETIMEDOUT, cgroup_add(&self->fs, "a", 0, false, &cg, &self->err));
	EXPECT_NE(0, cgroup_fs_close(&self->fs, NULL));
}

/* The helper as it is in a guest, on plain files. */
TEST(real_files)
{
	struct cgroup_fs fs = { .mount = "", .base = "" };
	char dir[] = "/tmp/ktstr-test-XXXXXX";
	struct cgroup_req req = { };
	char file[64], buf[16];
	int fd;

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, cgroup_helper_start(&fs, NULL));

	req.op = CGROUP_REQ_MKDIR;
	snprintf(req.path, sizeof(req.path), "%s/sub", dir);
	EXPECT_EQ(0, cgroup_helper_call(&fs, &req));
	EXPECT_EQ(-EEXIST, cgroup_helper_call(&fs, &req));

	/* Control files exist or they do not: none is made. */
	snprintf(file, sizeof(file), "%s/sub/file", dir);
	req.op = CGROUP_REQ_WRITE;
	snprintf(req.path, sizeof(req.path), "%s", file);
	strcpy(req.data, "0-3\n");
	EXPECT_EQ(-ENOENT, cgroup_helper_call(&fs, &req));
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(0, cgroup_helper_call(&fs, &req));
	EXPECT_EQ(4, read_file(file, buf, sizeof(buf)));
	EXPECT_STREQ("0-3\n", buf);

	memset(req.data, 0, sizeof(req.data));
	req.op = CGROUP_REQ_READ;
	EXPECT_EQ(0, cgroup_helper_call(&fs, &req));
	EXPECT_STREQ("0-3\n", req.data);

	req.op = CGROUP_REQ_RMDIR;
	snprintf(req.path, sizeof(req.path), "%s/sub", dir);
	EXPECT_EQ(-ENOTEMPTY, cgroup_helper_call(&fs, &req));
	unlink(file);
	EXPECT_EQ(0, cgroup_helper_call(&fs, &req));
	req.op = 99;
	EXPECT_EQ(-EINVAL, cgroup_helper_call(&fs, &req));

	cgroup_helper_stop(&fs);
	EXPECT_EQ(0, rmdir(dir));
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
}

/* Under a scheduler that starves its tasks, the helper must still run. */
TEST(helper_has_the_policy_of_its_parent)
{
	struct sched_param param = { .sched_priority = 5 };
	struct cgroup_fs fs = { .mount = "", .base = "" };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		SKIP(return, "may not use SCHED_FIFO");
	ASSERT_EQ(0, cgroup_helper_start(&fs, NULL));
	EXPECT_EQ(SCHED_FIFO, sched_getscheduler(fs.pid) & ~SCHED_RESET_ON_FORK);
	EXPECT_EQ(0, sched_getparam(fs.pid, &param));
	EXPECT_EQ(5, param.sched_priority);
	cgroup_helper_stop(&fs);
}

TEST_HARNESS_MAIN
