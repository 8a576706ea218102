// SPDX-License-Identifier: GPL-2.0
/*
 * test_perf.c - guests that have CPUs of the host for themselves
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../runner/perf.h"
#include "../vmm/engines.h"
#include "inject.h"
#include "kselftest_harness.h"
#include "micro_guest.h"

/* --- which CPUs ------------------------------------------------------------------ */

/* Two nodes, CPU 4 is not ours: 0 1 2 3 on node 0, 5 6 7 on node 1; of caches nothing is known. */
static const struct perf_host two_nodes = {
	.nr = 7, .cpu = { 0, 1, 2, 3, 5, 6, 7 }, .node = { 0, 0, 0, 0, 1, 1, 1 },
	.llc = { -1, -1, -1, -1, -1, -1, -1 },
};

static const struct perf_host no_nodes = {
	.nr = 3, .cpu = { 0, 2, 3 }, .node = { -1, -1, -1 }, .llc = { -1, -1, -1 },
};

/*
 *	| node 0            | node 1           |
 *	| 0 1 2 | 3 4 5 | 6 | 7 8 | 9 10 | 11  |
 */
static const struct perf_host six_llcs = {
	.nr = 12, .cpu = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 },
	.node = { 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1 },
	.llc = { 0, 0, 0, 3, 3, 3, 6, 7, 7, 9, 9, 11 },
};

/* Threads of a core have numbers far from each other, and share the LLC: 0 2 4 6 and 1 3 5 7. */
static const struct perf_host interleaved = {
	.nr = 8, .cpu = { 0, 1, 2, 3, 4, 5, 6, 7 }, .node = { -1, -1, -1, -1, -1, -1, -1, -1 },
	.llc = { 0, 1, 0, 1, 0, 1, 0, 1 },
};

static const struct {
	const struct perf_host *host;
	const char *topology;
	int ret, node;
	enum perf_llcs llcs;
	unsigned int cpu[8];
} picks[] = {
	{ &two_nodes, "1n1l1c1t", 0, 1, PERF_LLCS_UNKNOWN, { 7 } },
	{ &two_nodes, "1n1l3c1t", 0, 1, PERF_LLCS_UNKNOWN, { 5, 6, 7 } },
	/* The other ones are for all else. */
	{ &two_nodes, "1n2l2c1t", 0, 0, PERF_LLCS_UNKNOWN, { 0, 1, 2, 3 } },
	{ &two_nodes, "1n1l5c1t", 0, -1, PERF_LLCS_UNKNOWN, { 2, 3, 5, 6, 7 } },
	{ &two_nodes, "2n2l3c1t", 0, -1, PERF_LLCS_UNKNOWN, { 1, 2, 3, 5, 6, 7 } },
	{ &two_nodes, "1n1l7c1t", -ERANGE, 0, PERF_LLCS_UNKNOWN, { 0 } },
	{ &no_nodes, "1n1l2c1t", 0, -1, PERF_LLCS_UNKNOWN, { 2, 3 } },
	{ &no_nodes, "1n3l1c1t", -ERANGE, 0, PERF_LLCS_UNKNOWN, { 0 } },
	{ &no_nodes, "1n1l100c1t", -ERANGE, 0, PERF_LLCS_UNKNOWN, { 0 } },
	{ &six_llcs, "1n1l1c1t", 0, 1, PERF_LLCS_SAME, { 11 } },
	{ &six_llcs, "1n3l1c1t", 0, 1, PERF_LLCS_SAME, { 8, 10, 11 } },
	{ &six_llcs, "1n2l2c1t", 0, 1, PERF_LLCS_SAME, { 7, 8, 9, 10 } },
	{ &six_llcs, "1n2l3c1t", 0, 0, PERF_LLCS_SAME, { 0, 1, 2, 3, 4, 5 } },
	{ &six_llcs, "1n1l3c1t", 0, 0, PERF_LLCS_SAME, { 3, 4, 5 } },
	/* In none of the nodes, but in both together. */
	{ &six_llcs, "1n4l1c2t", 0, -1, PERF_LLCS_SAME, { 1, 2, 4, 5, 7, 8, 9, 10 } },
	{ &six_llcs, "1n1l4c1t", 0, 1, PERF_LLCS_DIFFER, { 8, 9, 10, 11 } },
	{ &six_llcs, "1n3l2c1t", 0, -1, PERF_LLCS_SAME, { 4, 5, 7, 8, 9, 10 } },
	{ &interleaved, "1n2l2c1t", 0, -1, PERF_LLCS_SAME, { 4, 6, 5, 7 } },
	{ &interleaved, "1n1l4c1t", 0, -1, PERF_LLCS_SAME, { 1, 3, 5, 7 } },
};

TEST(llcs_that_differ)
{
	struct topology topo;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(picks); i++) {
		ASSERT_EQ(topology_parse(picks[i].topology, &topo, NULL), 0);
		EXPECT_EQ(perf_differs(picks[i].host, &topo),
			  !picks[i].ret && picks[i].llcs == PERF_LLCS_DIFFER) {
			TH_LOG("%s", picks[i].topology);
		}
	}
}

static int pick(const struct perf_host *host, const char *topology, struct vm_perf *perf,
		struct err *err)
{
	struct topology topo;
	int ret;

	ret = topology_parse(topology, &topo, err);
	return ret ? ret : perf_pick(host, &topo, perf, err);
}

TEST(which_cpus)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(picks); i++) {
		struct err err = { "" };
		struct vm_perf perf;

		ASSERT_EQ(pick(picks[i].host, picks[i].topology, &perf, &err), picks[i].ret) {
			TH_LOG("pick %u: %s", i, err.msg);
		}
		if (picks[i].ret)
			continue;
		EXPECT_EQ(perf.node, picks[i].node) {
			TH_LOG("pick %u", i);
		}
		EXPECT_EQ(perf.llcs, picks[i].llcs) {
			TH_LOG("pick %u", i);
		}
		for (j = 0; j < perf.nr_cpus; j++) {
			EXPECT_EQ(perf.cpu[j], picks[i].cpu[j]) {
				TH_LOG("pick %u, CPU %u", i, j);
			}
		}
	}
}

TEST(too_few_in_numbers)
{
	struct err err = { "" };
	struct vm_perf perf;

	EXPECT_EQ(pick(&no_nodes, "1n1l3c1t", &perf, &err), -ERANGE);
	EXPECT_STREQ(err.msg, "--perf: a guest of 3 CPUs needs 4 of this host, 3 can be used");
}

/* Eight CPUs, two LLCs of four; in a directory of the test's own. */
FIXTURE(taking) {
	struct perf_host host;
	char dir[32];
	struct err err;
};

FIXTURE_SETUP(taking)
{
	char path[64];
	unsigned int i;

	self->host.nr = 8;
	for (i = 0; i < self->host.nr; i++) {
		self->host.cpu[i] = i;
		self->host.node[i] = -1;
		self->host.llc[i] = i / 4 * 4;
	}
	strcpy(self->dir, "/tmp/test_perf.XXXXXX");
	ASSERT_NE(mkdtemp(self->dir), NULL);
	self->host.dir = self->dir;
	for (i = 0; i < self->host.nr; i++) {
		snprintf(path, sizeof(path), "%s/cpu%u", self->dir, i);
		ASSERT_EQ(mkdir(path, 0700), 0);
	}
}

FIXTURE_TEARDOWN(taking)
{
	char path[64];
	unsigned int i;

	for (i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "%s/cpu%u", self->dir, i);
		rmdir(path);
	}
	rmdir(self->dir);
}

/* By a process that has them until @end is closed; its pid, or -1. */
static pid_t take_apart(const struct perf_host *host, const char *topology, struct vm_perf *perf,
			int *end)
{
	struct perf_host own = *host;
	struct topology topo;
	struct err err = { "" };
	int up[2], down[2], ret;
	char byte;
	pid_t pid;

	if (topology_parse(topology, &topo, &err) || pipe(up) || pipe(down))
		return -1;
	pid = fork();
	if (!pid) {
		close(down[1]);
		ret = perf_take(&own, &topo, perf, &err);
		if (write(up[1], perf, sizeof(*perf)) != sizeof(*perf) ||
		    read(down[0], &byte, 1) != 0)
			ret = 1;
		_exit(ret != 0);
	}
	close(up[1]);
	close(down[0]);
	ret = read(up[0], perf, sizeof(*perf)) != sizeof(*perf);
	close(up[0]);
	*end = down[1];
	return ret ? -1 : pid;
}

/* What one guest and its runner have no other one gets, until their process ends. */
TEST_F(taking, by_others)
{
	struct perf_host host = self->host;
	struct vm_perf first, second;
	struct topology topo;
	int end, status;
	pid_t pid;

	pid = take_apart(&self->host, "1n1l4c1t", &first, &end);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(first.cpu[0], 4);
	/* Three are left: 0 is for the runner of the first. */
	ASSERT_EQ(topology_parse("1n1l3c1t", &topo, NULL), 0);
	EXPECT_EQ(perf_take(&host, &topo, &second, &self->err), -EBUSY);
	EXPECT_STREQ(self->err.msg,
		     "--perf: a guest of 3 CPUs needs 4 of this host, 3 can be used; others with --perf have 5");
	host = self->host;
	ASSERT_EQ(topology_parse("1n1l2c1t", &topo, NULL), 0);
	ASSERT_EQ(perf_take(&host, &topo, &second, &self->err), 0);
	EXPECT_EQ(second.cpu[0], 2);
	EXPECT_EQ(second.cpu[1], 3);
	/* The runner's is the third, and no other. */
	EXPECT_EQ(host.nr, 3);
	EXPECT_EQ(host.cpu[0], 1);
	close(end);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	host = self->host;
	ASSERT_EQ(topology_parse("1n1l4c1t", &topo, NULL), 0);
	ASSERT_EQ(perf_take(&host, &topo, &first, &self->err), 0);
	EXPECT_EQ(first.cpu[0], 4);
}

/* Who finds too few gives back what was free, and who cannot lock takes what there is. */
TEST_F(taking, in_vain)
{
	struct vm_perf perf, other;
	struct perf_host host;
	struct topology topo;
	int end, status;
	pid_t pid;

	pid = take_apart(&self->host, "1n1l1c1t", &other, &end);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(topology_parse("1n2l3c1t", &topo, NULL), 0);
	host = self->host;
	EXPECT_EQ(perf_take(&host, &topo, &perf, &self->err), -EBUSY);
	close(end);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	pid = take_apart(&self->host, "1n2l3c1t", &other, &end);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(other.cpu[5], 7);
	self->host.dir = "/nowhere/at-all";
	host = self->host;
	EXPECT_EQ(perf_take(&host, &topo, &perf, &self->err), 0);
	close(end);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

/* --- the plan -------------------------------------------------------------------- */

static const struct vm_engine measuring = { .name = "fast", .can_perf = true };
static const struct vm_engine counting = { .name = "slow" };

FIXTURE(plan) {
	struct runner *run;
	struct plan_instance inst[2];
	struct err err;
};

FIXTURE_SETUP(plan)
{
	self->run = calloc(1, sizeof(*self->run));
	ASSERT_NE(self->run, NULL);
	self->run->opts.perf = true;
	self->run->engine = &measuring;
	self->run->plan = (struct plan){ .inst = self->inst, .nr = 2 };
	ASSERT_EQ(topology_parse("1n1l1024c1t", &self->inst[0].topo, NULL), 0);
	ASSERT_EQ(topology_parse("1n1l1024c1t", &self->inst[1].topo, NULL), 0);
}

FIXTURE_TEARDOWN(plan)
{
	free(self->run);
}

TEST_F(plan, nothing_fits)
{
	EXPECT_EQ(perf_plan(self->run, &self->err), -ERANGE);
	EXPECT_NE(strstr(self->err.msg, "a guest of 1024 CPUs needs 1025 of this host, "), NULL);
	EXPECT_STREQ(self->inst[1].skip, self->err.msg);
}

TEST_F(plan, one_fits)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU");
	ASSERT_EQ(topology_parse("1n1l1c1t", &self->inst[1].topo, NULL), 0);
	EXPECT_EQ(perf_plan(self->run, &self->err), 0);
	EXPECT_STREQ(self->err.msg, "");
	EXPECT_NE(self->inst[0].skip[0], '\0');
	EXPECT_EQ(self->inst[1].skip[0], '\0');
}

TEST_F(plan, another_engine)
{
	self->run->engine = &counting;
	EXPECT_EQ(perf_plan(self->run, &self->err), -EINVAL);
	EXPECT_NE(strstr(self->err.msg, "--perf: the slow engine"), NULL);
	EXPECT_NE(strstr(self->err.msg, "--accel kvm"), NULL);
	self->run->opts.perf = false;
	EXPECT_EQ(perf_plan(self->run, &self->err), 0);
	EXPECT_EQ(self->inst[0].skip[0], '\0');
}

/* --- who watches ----------------------------------------------------------------- */

static void *policy_of_thread(void *arg)
{
	struct sched_param *param = arg;
	int policy = sched_getscheduler(0);

	sched_getparam(0, param);
	return (void *)(intptr_t)policy;
}

/* The watchdog is the thread that asks for it, the monitor one that it makes. */
TEST(who_watches_comes_first)
{
	struct sched_param param = { 0 };
	struct vm_perf perf = { .nr_cpus = 1 };
	pthread_t thread;
	void *policy;

	perf_watch(&perf);
	EXPECT_EQ(perf.watched, !perf.watch_errno);
	if (!perf.watched)
		SKIP(return, "SCHED_FIFO: %s", strerror(perf.watch_errno));
	EXPECT_EQ(sched_getscheduler(0), SCHED_FIFO);
	ASSERT_EQ(pthread_create(&thread, NULL, policy_of_thread, &param), 0);
	ASSERT_EQ(pthread_join(thread, &policy), 0);
	EXPECT_EQ((intptr_t)policy, SCHED_FIFO);
	EXPECT_EQ(param.sched_priority, PERF_PRIO_WATCH);
	EXPECT_GT(param.sched_priority, PERF_PRIO_CPU);
}

/* --- the guest ------------------------------------------------------------------- */

#define NR_HUGE	"/proc/sys/vm/nr_hugepages"

/* '0' + KVM_HINTS_REALTIME */
GUEST_CODE(hints,
	   "mov $0x40000001, %eax; cpuid; and $1, %edx; lea 0x30(%rdx), %eax;"
	   "mov $0x3f8, %edx; out %al, %dx;" EXIT(0x20) FOREVER);
GUEST_CODE(spin, FOREVER);

FIXTURE(perf) {
	char nr_huge[32];		/* what the host has set aside; "": it is left alone */
	MICRO_GUEST_FIELDS;
	struct vm_perf perf;
	char text[2048];
};

FIXTURE_SETUP(perf)
{
	struct perf_host *host;

	if (access("/dev/kvm", R_OK | W_OK))
		SKIP(return, "/dev/kvm: %s", strerror(errno));
	host = malloc(sizeof(*host));
	ASSERT_NE(host, NULL);
	ASSERT_EQ(perf_host(host, &self->err), 0);
	if (pick(host, "1n1l1c1t", &self->perf, &self->err)) {
		free(host);
		SKIP(return, "%s", self->err.msg);
	}
	MICRO_GUEST_SETUP();
	self->cfg.engine = &vm_engine_kvm;
	self->cfg.perf = &self->perf;
	OK(perf_leave(host, &self->perf, &self->err));
	free(host);
}

FIXTURE_TEARDOWN(perf)
{
	if (self->nr_huge[0])
		write_file(NR_HUGE, self->nr_huge);
	MICRO_GUEST_TEARDOWN();
}

/* The thread that is on that CPU alone; 0: none, or more than one. */
static pid_t thread_on(unsigned int cpu)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	pid_t found = 0;
	cpu_set_t set;

	while (dir && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (tid <= 0 || sched_getaffinity(tid, sizeof(set), &set) || !CPU_ISSET(cpu, &set))
			continue;
		found = CPU_COUNT(&set) == 1 && !found ? tid : -1;
	}
	if (dir)
		closedir(dir);
	return max(found, 0);
}

TEST_F(perf, a_cpu_for_itself)
{
	pid_t tid;

	START(spin);
	tid = thread_on(self->perf.cpu[0]);
	ASSERT_GT(tid, 0);
	vm_stats(self->vm, self->text, sizeof(self->text));
	EXPECT_EQ(sched_getscheduler(tid),
		  strstr(self->text, "not SCHED_FIFO") ? SCHED_OTHER : SCHED_FIFO);
	finish(&self->vm);

	/* Without it, threads are wherever this one may be. */
	self->cfg.perf = NULL;
	START(spin);
	EXPECT_EQ(thread_on(self->perf.cpu[0]), 0);
	vm_stats(self->vm, self->text, sizeof(self->text));
	EXPECT_EQ(strstr(self->text, "perf: "), NULL);
	finish(&self->vm);
}

TEST_F(perf, the_guest_is_told)
{
	char *console;
	unsigned int i;
	size_t len;

	for (i = 0; i < 2; i++) {
		self->cfg.perf = i ? NULL : &self->perf;
		START(hints);
		EXPECT_END(VM_EVENT_EXIT);
		ASSERT_EQ(vm_console(self->vm, 0, &console, &len), 0);
		EXPECT_STREQ(console, i ? "0" : "1");
		free(console);
		finish(&self->vm);
	}
}

TEST_F(perf, it_is_said)
{
	char expect[64];
	unsigned int i;

	snprintf(expect, sizeof(expect), "perf: on CPUs %u ", self->perf.cpu[0]);
	for (i = 0; i < 3; i++) {
		const struct inject inj[] = {
			{ .call = CALL_NONE },
			{ .call = CALL_IOCTL, .how = HOW_VALUE, .request = KVM_CHECK_EXTENSION,
			  .arg = KVM_CAP_X86_DISABLE_EXITS, .value = KVM_X86_DISABLE_EXITS_PAUSE },
			{ .call = CALL_IOCTL, .how = HOW_VALUE, .request = KVM_CHECK_EXTENSION,
			  .arg = KVM_CAP_X86_DISABLE_EXITS, .value = 0 },
		};

		inject_begin(&inj[i]);
		START(spin);
		vm_stats(self->vm, self->text, sizeof(self->text));
		EXPECT_EQ(strncmp(self->text, expect, strlen(expect)), 0) {
			TH_LOG("%s", self->text);
		}
		/* Who watches may be told after the guest was made. */
		self->perf.watched = true;
		vm_stats(self->vm, self->text, sizeof(self->text));
		EXPECT_NE(strstr(self->text, ", watched by SCHED_FIFO, RAM in "), NULL);
		self->perf.watched = false;
		if (i == 2)
			EXPECT_NE(strstr(self->text, "exits off: none\n"), NULL);
		finish(&self->vm);
		inject_end();
	}
}

/* RAM is where a huge page can be, and all of it is the guest's. */
TEST_F(perf, pages)
{
	enum perf_pages pages = -1;
	uint8_t *ram = NULL;
	char *smaps, *pos;
	void *map;
	size_t len;

	OK(perf_map_ram(MEM, -1, &map, &pages, &self->err));
	ram = map;
	EXPECT_EQ((uintptr_t)ram % (2 * MIB), 0);
	ram[0] = 1;
	ram[MEM - 1] = 1;
	if (pages == PERF_PAGES_THP) {
		ASSERT_EQ(read_file_alloc("/proc/self/smaps", 16 * MIB, &smaps, &len), 0);
		snprintf(self->text, sizeof(self->text), "%lx-", (unsigned long)ram);
		pos = strstr(smaps, self->text);
		ASSERT_NE(pos, NULL);
		pos = strstr(pos, "VmFlags:");
		ASSERT_NE(pos, NULL);
		pos[strcspn(pos, "\n")] = '\0';
		/* Advised huge page. */
		EXPECT_NE(strstr(pos, " hg"), NULL) {
			TH_LOG("%s", pos);
		}
		free(smaps);
	}
	EXPECT_EQ(munmap(ram, MEM), 0);
	/* A node that no host has. */
	EXPECT_LT(perf_map_ram(MEM, 1023, &map, &pages, &self->err), 0);
	EXPECT_NE(strstr(self->err.msg, "on node 1023 of the host"), NULL) {
		TH_LOG("%s", self->err.msg);
	}
}

/* Pages that the host has set aside are taken before all others. */
TEST_F(perf, reserved_pages)
{
	enum perf_pages pages = -1;
	char now[32];
	void *map;

	if (!getenv("KTSTR_NESTED"))
		SKIP(return, "takes pages of the host: only in a guest of nested.sh");
	ASSERT_GT(read_file(NR_HUGE, self->nr_huge, sizeof(self->nr_huge)), 0);
	snprintf(self->text, sizeof(self->text), "%llu",
		 atoi(self->nr_huge) + (unsigned long long)MEM / (2 * MIB));
	ASSERT_EQ(write_file(NR_HUGE, self->text), 0);
	ASSERT_GT(read_file(NR_HUGE, now, sizeof(now)), 0);
	ASSERT_EQ(atoi(now), atoi(self->text));
	OK(perf_map_ram(MEM, -1, &map, &pages, &self->err));
	EXPECT_EQ(pages, PERF_PAGES_RESERVED);
	memset(map, 1, MEM);
	EXPECT_EQ(munmap(map, MEM), 0);
	/* And a guest runs in them. */
	START(hints);
	EXPECT_EQ(self->vm->pages, PERF_PAGES_RESERVED);
	EXPECT_END(VM_EVENT_EXIT);
	vm_stats(self->vm, self->text, sizeof(self->text));
	EXPECT_NE(strstr(self->text, "RAM in reserved 2 MiB pages"), NULL);
	finish(&self->vm);
}

/* What is to be measured is no copy. */
TEST_F(perf, templates_are_refused)
{
	struct vm_image image;

	LOAD(spin);
	OK(vm_image_open(&image, &self->err));
	EXPECT_EQ(vm_create(&self->cfg, image.ram_fd, &self->vm, &self->err), -EINVAL);
	vm_image_close(&image);
	self->perf.nr_cpus = 2;
	EXPECT_EQ(vm_create(&self->cfg, -1, &self->vm, &self->err), -EINVAL);
	self->vm = NULL;
}

TEST_HARNESS_MAIN
