// SPDX-License-Identifier: GPL-2.0
/*
 * test_kvm_report.c - what the kvm engine says of a guest: where its CPUs are, and what was counted
 *
 * Micro-guests, as in test_kvm.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "../vmm/engines.h"
#include "../vmm/kvm_probe.h"
#include "inject.h"
#include "kselftest_harness.h"
#include "micro_guest.h"

GUEST_CODE(marked, "mov $0x123456789a, %rbx; mov $0xfeed, %r15; sti; 1: pause; jmp 1b");
GUEST_CODE(done, EXIT(0x20) FOREVER);
/* 3 ports and 4 addresses, each with a number of its own. */
GUEST_CODE(unknown,
	   "mov $0x1234, %edx; in %dx, %eax; out %al, %dx; in %dx, %eax;"
	   "mov $0x80, %edx; mov $200, %ecx; 2: out %al, %dx; loop 2b;"
	   "mov $0x1300, %edx; in %dx, %al;"
	   "mov $0xd0000000, %ecx; mov (%rcx), %eax; mov (%rcx), %eax;"
	   "movl $1, 0x100(%rcx);"
	   "movl $1, 0x200(%rcx);"
	   "movl $1, 0x300(%rcx); movl $1, 0x300(%rcx); movl $1, 0x300(%rcx); movl $1, 0x300(%rcx);"
	   EXIT(0x20) FOREVER);

FIXTURE(report) {
	MICRO_GUEST_FIELDS;
	char text[2048];
};

FIXTURE_SETUP(report)
{
	if (access("/dev/kvm", R_OK | W_OK))
		SKIP(return, "/dev/kvm: %s", strerror(errno));
	MICRO_GUEST_SETUP();
	self->cfg.engine = &vm_engine_kvm;
}

FIXTURE_TEARDOWN(report)
{
	MICRO_GUEST_TEARDOWN();
}

#define CPUS(_topo)	ASSERT_EQ(topology_parse(_topo, &self->cfg.topo, NULL), 0)

/* A guest that runs is looked at, and goes on. */
TEST_F(report, where_it_runs)
{
	struct vm_cpu cpu[3];
	unsigned int i;

	CPUS("1n1l2c1t");
	START(marked);
	EXPECT_EQ(vm_wait(self->vm, 100), VM_EVENT_NONE);
	for (i = 0; i < 2; i++) {
		memset(cpu, 0xff, sizeof(cpu));
		ASSERT_EQ(vm_cpus(self->vm, cpu, ARRAY_SIZE(cpu), &self->err), 2);
		EXPECT_STREQ(cpu[0].state, "runs");
		EXPECT_TRUE(cpu[0].have_regs);
		EXPECT_GE(cpu[0].rip, CODE_GPA);
		EXPECT_LT(cpu[0].rip, CODE_GPA + CODE_MAX);
		EXPECT_EQ(cpu[0].gpr[1], 0x123456789aUL);
		EXPECT_EQ(cpu[0].gpr[15], 0xfeed);
		EXPECT_TRUE(cpu[0].rflags & 1 << 9);
		EXPECT_EQ(cpu[0].cr3, GPA_PAGE_TABLES);
		EXPECT_STREQ(cpu[1].state, "not started");
		EXPECT_FALSE(cpu[1].have_regs);
		EXPECT_EQ(vm_wait(self->vm, 50), VM_EVENT_NONE);
	}
	/* No more than there is room for. */
	memset(cpu, 0xff, sizeof(cpu));
	EXPECT_EQ(vm_cpus(self->vm, cpu, 1, &self->err), 2);
	EXPECT_EQ(cpu[1].rip, UINT64_MAX);
	finish(&self->vm);
}

TEST_F(report, where_it_ended)
{
	struct vm_cpu cpu;

	START(done);
	EXPECT_END(VM_EVENT_EXIT);
	ASSERT_EQ(vm_cpus(self->vm, &cpu, 1, &self->err), 1);
	EXPECT_TRUE(cpu.have_regs);
	EXPECT_GE(cpu.rip, CODE_GPA);
	EXPECT_LT(cpu.rip, CODE_GPA + CODE_MAX);
	/* It does not run on for having been asked. */
	EXPECT_END(VM_EVENT_EXIT);
	finish(&self->vm);
}

/* To be asked is no reason to begin. */
TEST_F(report, where_it_has_not_run)
{
	struct vm_cpu cpu;

	LOAD(done);
	OK(vm_create(&self->cfg, -1, &self->vm, &self->err));
	ASSERT_EQ(vm_cpus(self->vm, &cpu, 1, &self->err), 1);
	EXPECT_EQ(cpu.rip, CODE_GPA);
	vm_stats(self->vm, self->text, sizeof(self->text));
	EXPECT_EQ(vm_wait(self->vm, 100), VM_EVENT_NONE);
	ASSERT_EQ(vm_cpus(self->vm, &cpu, 1, &self->err), 1);
	EXPECT_EQ(cpu.rip, CODE_GPA);
	finish(&self->vm);
}

/* As if a vCPU did not come out of the kernel. */
TEST_F_TIMEOUT(report, where_it_cannot_be_said, 60)
{
	const struct inject stuck = {
		.call = CALL_IOCTL, .how = HOW_STUCK, .request = KVM_RUN, .skip = 1,
	};
	struct vm_cpu cpu;

	inject_begin(&stuck);
	START(marked);
	EXPECT_EQ(vm_wait(self->vm, 100), VM_EVENT_NONE);
	EXPECT_EQ(vm_cpus(self->vm, &cpu, 1, &self->err), -ETIMEDOUT);
	EXPECT_STREQ(self->err.msg, "a vCPU does not stop");
	inject_end();
	finish(&self->vm);
}

/* The number behind a name in a line of statistics, or -1. */
static long long number(const char *text, const char *name)
{
	const char *line = strstr(text, "kvm: "), *end = line ? strchr(line, '\n') : NULL;
	size_t len = strlen(name);
	const char *pos = line;

	while (end && (pos = strstr(pos, name)) && pos < end) {
		if (pos[-1] == ' ' && pos[len] == ' ')
			return atoll(pos + len + 1);
		pos += len;
	}
	return -1;
}

/* Leave out what is only so where the host is small or busy. */
static void cut_slow(char *text)
{
	static const char *const words[] = { "kvm: KVM_CREATE_VM took", "kvm: 2 CPUs, of which" };
	unsigned int i;
	char *at, *end;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		at = strstr(text, words[i]);
		end = at ? strchr(at, '\n') : NULL;
		if (end)
			memmove(at, end + 1, strlen(end));
	}
}

static bool have_stats(void)
{
	struct err err;
	int fd = kvm_open(&err);
	bool have = ioctl(fd, KVM_CHECK_EXTENSION, (unsigned long)KVM_CAP_BINARY_STATS_FD) > 0;

	close(fd);
	return have;
}

TEST_F(report, statistics)
{
	long long one, two;

	START(done);
	EXPECT_END(VM_EVENT_EXIT);
	vm_stats(self->vm, self->text, sizeof(self->text));
	finish(&self->vm);
	if (!have_stats())
		SKIP(return, "KVM of this kernel has no statistics");
	one = number(self->text, "exits");
	EXPECT_GT(one, 0) {
		TH_LOG("%s", self->text);
	}
	/* The second one has 200 exits more than the first, at least. */
	START(unknown);
	EXPECT_END(VM_EVENT_EXIT);
	vm_stats(self->vm, self->text, sizeof(self->text));
	finish(&self->vm);
	two = number(self->text, "exits");
	EXPECT_GE(two, one + 200) {
		TH_LOG("%lld, then %s", one, self->text);
	}
	EXPECT_EQ(number(self->text, "no_such"), -1);
}

/* A vCPU that does not leave the kernel holds up whoever asks it. */
TEST_F(report, statistics_of_one_that_runs)
{
	START(marked);
	EXPECT_EQ(vm_wait(self->vm, 100), VM_EVENT_NONE);
	vm_stats(self->vm, self->text, sizeof(self->text));
	EXPECT_EQ(vm_wait(self->vm, 50), VM_EVENT_NONE);
	if (have_stats()) {
		EXPECT_GT(number(self->text, "exits"), 0);
	}
	finish(&self->vm);
}

static const struct inject no_stats = {
	.call = CALL_IOCTL, .request = KVM_GET_STATS_FD, .value = ENOTTY,
};

TEST_F(report, old_kernels_have_none)
{
	inject_begin(&no_stats);
	START(done);
	EXPECT_END(VM_EVENT_EXIT);
	vm_stats(self->vm, self->text, sizeof(self->text));
	cut_slow(self->text);
	EXPECT_STREQ(self->text, "");
	EXPECT_EQ(inject_end(), 1U);
	finish(&self->vm);
}

/* A file of statistics, the same for the VM and each of its CPUs. */
struct stats_file {
	struct kvm_stats_header head;
	struct {			/* struct kvm_stats_desc, with a name */
		uint32_t flags;
		int16_t exponent;
		uint16_t size;
		uint32_t offset;
		uint32_t bucket_size;
		char name[48];
	} desc[4];
	uint64_t data[6];
};

_Static_assert(sizeof(struct kvm_stats_desc) + 48 == sizeof(((struct stats_file *)0)->desc[0]),
	       "descriptors are as the kernel has them");

static const struct stats_file stats_file = {
	.head = {
		.name_size = 48, .num_desc = 4, .desc_offset = offsetof(struct stats_file, desc),
		.data_offset = offsetof(struct stats_file, data),
	},
	.desc = {
		{ .flags = KVM_STATS_TYPE_CUMULATIVE, .size = 1, .offset = 8, .name = "exits" },
		/* A histogram; one that is not known; one that is 0. */
		{ .flags = KVM_STATS_TYPE_LOG_HIST, .size = 2, .offset = 16, .name = "halt_exits" },
		{ .flags = KVM_STATS_TYPE_CUMULATIVE, .size = 1, .offset = 32, .name = "exits_more" },
		{ .flags = KVM_STATS_TYPE_INSTANT, .size = 1, .offset = 40, .name = "pages_4k" },
	},
	.data = { 1000, 7, 1000, 1000, 1000, 0 },
};

TEST_F(report, statistics_are_summed)
{
	struct inject inj = {
		.call = CALL_IOCTL, .how = HOW_DUP, .request = KVM_GET_STATS_FD,
	};
	FILE *f = tmpfile();

	ASSERT_NE(f, NULL);
	ASSERT_EQ(write_all(fileno(f), &stats_file, sizeof(stats_file)), 0);
	inj.value = fileno(f);
	inject_begin(&inj);
	CPUS("1n1l2c1t");
	START(done);
	EXPECT_END(VM_EVENT_EXIT);
	vm_stats(self->vm, self->text, sizeof(self->text));
	cut_slow(self->text);
	EXPECT_STREQ(self->text, "kvm: exits 21\n");
	EXPECT_EQ(inject_end(), 3U);
	/* Less than it promises: all or nothing. */
	ASSERT_EQ(ftruncate(fileno(f), offsetof(struct stats_file, desc[3])), 0);
	inject_begin(&inj);
	vm_stats(self->vm, self->text, sizeof(self->text));
	cut_slow(self->text);
	EXPECT_STREQ(self->text, "");
	EXPECT_EQ(inject_end(), 1U);
	finish(&self->vm);
	fclose(f);
}

TEST_F(report, unknown_addresses)
{
	inject_begin(&no_stats);
	START(unknown);
	EXPECT_END(VM_EVENT_EXIT);
	vm_stats(self->vm, self->text, sizeof(self->text));
	cut_slow(self->text);
	EXPECT_STREQ(self->text,
		     "kvm: accesses that nothing answers: port 0x80: 200, address 0xd0000300: 4, port 0x1234: 3, address 0xd0000000: 2, port 0x1300: 1, others: 2\n");
	inject_end();
	finish(&self->vm);
}

TEST_HARNESS_MAIN
