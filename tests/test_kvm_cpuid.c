// SPDX-License-Identifier: GPL-2.0
/*
 * test_kvm_cpuid.c - what guests are told of their CPUs, from tables of hosts that are not here
 *
 * A guest's kernel is played by the few lines of it that matter: how Linux gets thread siblings
 * and the last-level cache out of the leaves.
 */
#include <string.h>
#include "../vmm/kvm_cpuid.h"
#include "kselftest_harness.h"

#define SUB	KVM_CPUID_FLAG_SIGNIFCANT_INDEX

#define INTEL	.ebx = 0x756e6547, .edx = 0x49656e69, .ecx = 0x6c65746e
#define AMD	.ebx = 0x68747541, .edx = 0x69746e65, .ecx = 0x444d4163

/* A Xeon: 8 cores of 2 threads share each L3, VMX, PMU, its own levels in 0x1f. */
static const struct kvm_cpuid_entry2 intel[] = {
	{ .function = 0, .eax = 0x1f, INTEL },
	{ .function = 1, .eax = 0xc06f2, .ebx = 0x55200800, .ecx = 1U << 5 | 1U << 15 | 1U << 21,
	  .edx = 0x178bfbff },
	{ .function = 4, .index = 0, .flags = SUB, .eax = 0xfc004121, .ebx = 0x02c0003f, .ecx = 0x3f },
	{ .function = 4, .index = 1, .flags = SUB, .eax = 0xfc004122, .ebx = 0x01c0003f, .ecx = 0x3f },
	{ .function = 4, .index = 2, .flags = SUB, .eax = 0xfc004143, .ebx = 0x03c0003f, .ecx = 0x7ff },
	{ .function = 4, .index = 3, .flags = SUB, .eax = 0xfc1fc163, .ebx = 0x04c0003f, .ecx = 0x33fff },
	{ .function = 4, .index = 4, .flags = SUB },
	{ .function = 6, .eax = 4 },
	{ .function = 0xa, .eax = 0x08300805 },
	{ .function = 0xb, .index = 0, .flags = SUB, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 77 },
	{ .function = 0xb, .index = 1, .flags = SUB, .eax = 7, .ebx = 64, .ecx = 0x201, .edx = 77 },
	{ .function = 0xb, .index = 2, .flags = SUB, .ecx = 2, .edx = 77 },
	{ .function = 0xb, .index = 3, .flags = SUB, .ecx = 3, .edx = 77 },
	{ .function = 0x1f, .index = 0, .flags = SUB, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 77 },
	{ .function = 0x80000000, .eax = 0x80000008 },
	{ .function = 0x80000008, .eax = 0x3934 },
	{ .function = 0x40000000, .eax = 0x40000001 },
	{ .function = 0x40000001, .eax = 0x01007efb },
};

/* An EPYC, its family and model to be filled in. */
static const struct kvm_cpuid_entry2 amd[] = {
	{ .function = 0, .eax = 0x10, AMD },
	{ .function = 1, .ebx = 0x00200800, .ecx = 1U << 21, .edx = 0x178bfbff },
	{ .function = 6, .eax = 4 },
	{ .function = 0x80000000, .eax = 0x80000021, AMD },
	{ .function = 0x80000001, .ecx = 1U << 2 | 1U << 23, .edx = 0x2fd3fbff },
	{ .function = 0x80000006, .edx = 0x01009140 },
	{ .function = 0x80000008, .eax = 0x3030, .ebx = 0x1007, .ecx = 0x703f },
	{ .function = 0x8000001d, .index = 0, .flags = SUB, .eax = 0x4121, .ebx = 0x01c0003f, .ecx = 0x3f },
	{ .function = 0x8000001d, .index = 1, .flags = SUB, .eax = 0x4122, .ebx = 0x01c0003f, .ecx = 0x3f },
	{ .function = 0x8000001d, .index = 2, .flags = SUB, .eax = 0x4143, .ebx = 0x01c0003f, .ecx = 0x3ff },
	{ .function = 0x8000001d, .index = 3, .flags = SUB, .eax = 0x3c163, .ebx = 0x03c0003f, .ecx = 0x3fff },
	{ .function = 0x8000001e, .eax = 77, .ebx = 0x103, .ecx = 0x301 },
	{ .function = 0x80000022, .eax = 1, .ebx = 6 },
	{ .function = 0x80000026, .index = 0, .flags = SUB, .eax = 1, .ebx = 2, .ecx = 0x100 },
	{ .function = 0x40000000, .eax = 0x40000001 },
	{ .function = 0x40000001, .eax = 0x01007efb },
};

static uint32_t family_model(unsigned int family, unsigned int model)
{
	return (family - 0xf) << 20 | 0xf00 | (model & 0xf) << 4 | (model & 0xf0) << 12;
}

FIXTURE(cpuid) {
	struct kvm_cpuid_table host, guest;
	struct topology topo;
	struct kvm_cpuid_config cfg;
};

FIXTURE_SETUP(cpuid)
{
	self->cfg.supported = &self->host;
	self->cfg.topo = &self->topo;
	self->cfg.tsc_deadline = true;
	self->cfg.tsc_khz = 2300000;
	topology_parse("1n1l1c1t", &self->topo, NULL);
}

FIXTURE_TEARDOWN(cpuid)
{
	(void)self;
}

#define HOST(_table) do {							\
	memcpy(self->host.entry, _table, sizeof(_table));			\
	self->host.nr = ARRAY_SIZE(_table);					\
} while (0)

#define BUILD(_cpu) ASSERT_EQ(kvm_cpuid_build(&self->cfg, _cpu, &self->guest), 0)
#define GUEST(_fn, _ix) (*kvm_cpuid_find(&self->guest, _fn, _ix))
#define HAS(_fn, _ix) (kvm_cpuid_find(&self->guest, _fn, _ix) != NULL)

/* arch/x86/kernel/cpu/topology_ext.c: the ids of core and package are the APIC id less some bits. */
static unsigned int level_shift(struct kvm_cpuid_table *t, uint32_t fn, unsigned int level)
{
	return kvm_cpuid_find(t, fn, level)->eax & 0x1f;
}

/* arch/x86/kernel/cpu/cacheinfo.c: the id of a cache is the APIC id less the bits of who shares it. */
static unsigned int cache_shift(struct kvm_cpuid_table *t, uint32_t fn, unsigned int index)
{
	unsigned int sharing = (kvm_cpuid_find(t, fn, index)->eax >> 14 & 0xfff) + 1, bits = 0;

	while (1U << bits < sharing)
		bits++;
	return bits;
}

static const char * const shapes[] = {
	"1n1l1c1t", "1n1l1c2t", "1n1l3c1t", "1n2l2c2t", "2n4l3c2t", "3n3l5c1t", "4n8l1c2t",
	"2n6l7c2t", "1n1l64c2t", "16n16l16c1t", "2n2l33c1t",
};

#define PAIRS(_t, _i, _j)							\
	for (_i = 0; _i < topology_nr_cpus(_t); _i++)				\
		for (_j = _i; _j < topology_nr_cpus(_t); _j += 1 + _j / 16)

static unsigned int wrong_pairs(struct kvm_cpuid_config *cfg, uint32_t cache_fn)
{
	static struct kvm_cpuid_table a, b;
	const struct topology *t = cfg->topo;
	unsigned int i, j, wrong = 0;

	PAIRS(t, i, j) {
		unsigned int ai = topology_apic_id(t, i), aj = topology_apic_id(t, j);
		unsigned int smt, package, l2, llc;

		if (kvm_cpuid_build(cfg, i, &a) || kvm_cpuid_build(cfg, j, &b))
			return ~0U;
		smt = level_shift(&a, 0xb, 0);
		package = level_shift(&a, 0xb, 1);
		l2 = cache_shift(&a, cache_fn, 2);
		llc = cache_shift(&a, cache_fn, 3);
		wrong += kvm_cpuid_find(&a, 0xb, 0)->edx != ai;
		wrong += kvm_cpuid_find(&b, 0xb, 1)->edx != aj;
		wrong += (ai >> smt == aj >> smt) !=
			 (i / t->threads_per_core == j / t->threads_per_core);
		wrong += (ai >> l2 == aj >> l2) !=
			 (i / t->threads_per_core == j / t->threads_per_core);
		wrong += (ai >> llc == aj >> llc) !=
			 (topology_llc_of_cpu(t, i) == topology_llc_of_cpu(t, j));
		wrong += package != llc;
	}
	return wrong;
}

TEST_F(cpuid, topology_intel)
{
	unsigned int i;

	HOST(intel);
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		ASSERT_EQ(topology_parse(shapes[i], &self->topo, NULL), 0);
		EXPECT_EQ(wrong_pairs(&self->cfg, 4), 0) {
			TH_LOG("%s", shapes[i]);
		}
	}
}

TEST_F(cpuid, topology_amd)
{
	unsigned int i;

	HOST(amd);
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		ASSERT_EQ(topology_parse(shapes[i], &self->topo, NULL), 0);
		EXPECT_EQ(wrong_pairs(&self->cfg, 0x8000001d), 0) {
			TH_LOG("%s", shapes[i]);
		}
	}
}

TEST_F(cpuid, intel_leaves)
{
	HOST(intel);
	ASSERT_EQ(topology_parse("2n4l3c2t", &self->topo, NULL), 0);
	BUILD(7);
	/* CPU 7: LLC 1, core 0, thread 1; 2 bits of cores, 1 of threads. */
	EXPECT_EQ(GUEST(0xb, 0).edx, 1U << 3 | 1);
	EXPECT_EQ(GUEST(0x1f, 1).edx, 1U << 3 | 1);
	EXPECT_EQ(GUEST(0x1f, 1).ebx, 6);
	EXPECT_EQ(GUEST(0xb, 2).ecx, 2);
	EXPECT_EQ(GUEST(0xb, 2).ebx, 0);
	/* What the host had beyond that is gone. */
	EXPECT_FALSE(HAS(0xb, 3));
	EXPECT_EQ(GUEST(1, 0).ebx, 9U << 24 | 8U << 16 | 0x0800);
	EXPECT_TRUE(GUEST(1, 0).edx & 1U << 28);
	/* Its caches are as large as the host's. */
	EXPECT_EQ(GUEST(4, 3).ebx, 0x04c0003f);
	EXPECT_EQ(GUEST(4, 3).ecx, 0x33fff);
	EXPECT_EQ(GUEST(4, 3).eax >> 26, 3);
	EXPECT_EQ(GUEST(4, 4).eax, 0);
	/* No VMX, no PMU. */
	EXPECT_FALSE(GUEST(1, 0).ecx & (1U << 5 | 1U << 15));
	EXPECT_FALSE(HAS(0xa, 0));
	/* AMD's are not there. */
	EXPECT_FALSE(HAS(0x8000001d, 0));
	EXPECT_FALSE(HAS(0x8000001e, 0));
}

TEST_F(cpuid, amd_leaves)
{
	HOST(amd);
	kvm_cpuid_find(&self->host, 1, 0)->eax = family_model(0x19, 0x11);
	ASSERT_EQ(topology_parse("2n4l3c2t", &self->topo, NULL), 0);
	BUILD(10);
	/* CPU 10: LLC 1, core 2, thread 0. */
	EXPECT_EQ(GUEST(0x8000001e, 0).eax, 1U << 3 | 2 << 1);
	EXPECT_EQ(GUEST(0x8000001e, 0).ebx, 2 | 1 << 8);
	EXPECT_EQ(GUEST(0x8000001e, 0).ecx, 1);
	EXPECT_EQ(GUEST(0x80000008, 0).ecx, 5 | 3 << 12);
	EXPECT_EQ(GUEST(0x80000008, 0).eax, 0x3030);
	EXPECT_EQ(GUEST(0x80000008, 0).ebx, 0x1007);
	EXPECT_EQ(GUEST(0x8000001d, 3).ecx, 0x3fff);
	EXPECT_TRUE(GUEST(0x80000001, 0).ecx & 1U << 22);
	EXPECT_FALSE(GUEST(0x80000001, 0).ecx & (1U << 2 | 1U << 23));
	EXPECT_TRUE(GUEST(0x80000001, 0).ecx & 1U << 1);
	EXPECT_FALSE(HAS(0x80000022, 0));
	EXPECT_FALSE(HAS(0x80000026, 0));
	EXPECT_FALSE(HAS(4, 0));
	/* Another family's model is left alone. */
	EXPECT_EQ(GUEST(1, 0).eax, family_model(0x19, 0x11));
}

/* Zen 1's caches are not where its leaves say. */
TEST_F(cpuid, zen1_is_zen2)
{
	static const unsigned int model[][2] = { { 0x01, 0x31 }, { 0x11, 0x31 }, { 0x31, 0x31 }, { 0x71, 0x71 } };
	unsigned int i;

	HOST(amd);
	for (i = 0; i < ARRAY_SIZE(model); i++) {
		kvm_cpuid_find(&self->host, 1, 0)->eax = family_model(0x17, model[i][0]) | 2;
		BUILD(0);
		EXPECT_EQ(GUEST(1, 0).eax, family_model(0x17, model[i][1]) | 2);
	}
}

/* Nothing but a vendor: everything that a guest needs is made. */
TEST_F(cpuid, bare_hosts)
{
	static const struct kvm_cpuid_entry2 vendor[][1] = {
		{ { .function = 0, .eax = 1, INTEL } }, { { .function = 0, .eax = 1, AMD } },
	};
	unsigned int i;

	ASSERT_EQ(topology_parse("1n2l2c2t", &self->topo, NULL), 0);
	for (i = 0; i < ARRAY_SIZE(vendor); i++) {
		HOST(vendor[i]);
		EXPECT_EQ(wrong_pairs(&self->cfg, i ? 0x8000001d : 4), 0);
		BUILD(0);
		EXPECT_GE(GUEST(0, 0).eax, 0xb);
		EXPECT_FALSE(HAS(0x1f, 0));
		EXPECT_TRUE(GUEST(6, 0).eax & 1U << 2);
		EXPECT_TRUE(GUEST(1, 0).ecx & 1U << 31);
	}
	EXPECT_GE(GUEST(0x80000000, 0).eax, 0x8000001e);
	/* Without it, Linux on AMD believes that there is no L3. */
	EXPECT_NE(GUEST(0x80000006, 0).edx, 0);
}

TEST_F(cpuid, kvm_leaves)
{
	HOST(intel);
	BUILD(0);
	EXPECT_EQ(memcmp(&GUEST(0x40000000, 0).ebx, "KVMKVMKVM\0\0\0", 12), 0);
	EXPECT_EQ(GUEST(0x40000000, 0).eax, 0x40000010);
	EXPECT_EQ(GUEST(0x40000010, 0).eax, 2300000);
	/* kvmclock stays, page faults that come later go. */
	EXPECT_TRUE(GUEST(0x40000001, 0).eax & 1U << 3);
	EXPECT_FALSE(GUEST(0x40000001, 0).eax & (1U << 4 | 1U << 10 | 1U << 14 | 1U << 15));
	EXPECT_TRUE(GUEST(1, 0).ecx & 1U << 24);

	EXPECT_FALSE(GUEST(0x40000001, 0).edx & 1);

	self->cfg.realtime = true;
	BUILD(0);
	EXPECT_TRUE(GUEST(0x40000001, 0).edx & 1);

	self->cfg.tsc_khz = 0;
	self->cfg.tsc_deadline = false;
	self->cfg.ext_dest_id = true;
	BUILD(0);
	EXPECT_FALSE(HAS(0x40000010, 0));
	EXPECT_EQ(GUEST(0x40000000, 0).eax, 0x40000001);
	EXPECT_FALSE(GUEST(1, 0).ecx & 1U << 24);
	EXPECT_TRUE(GUEST(0x40000001, 0).eax & 1U << 15);
}

TEST_F(cpuid, apic_ids_above_255)
{
	HOST(intel);
	ASSERT_EQ(topology_parse("16n16l16c1t", &self->topo, NULL), 0);
	BUILD(255);
	EXPECT_EQ(GUEST(1, 0).ebx >> 24, 255);
	ASSERT_EQ(topology_parse("1n3l65c2t", &self->topo, NULL), 0);
	BUILD(389);
	/* Eight bits of it where there are no more, all of it elsewhere; nothing runs over. */
	EXPECT_EQ(GUEST(0xb, 0).edx, 2U << 8 | 64 << 1 | 1);
	EXPECT_EQ(GUEST(1, 0).ebx, 0x81U << 24 | 255 << 16 | 0x0800);
	EXPECT_EQ(GUEST(4, 3).eax >> 26, 63);
}

/* AMD's id of a core has a byte; beside it is how many threads a core has. */
TEST_F(cpuid, amd_cores_above_256)
{
	HOST(amd);
	ASSERT_EQ(topology_parse("1n1l300c1t", &self->topo, NULL), 0);
	BUILD(299);
	EXPECT_EQ(GUEST(0x8000001e, 0).eax, 299);
	EXPECT_EQ(GUEST(0x8000001e, 0).ebx, 299 & 0xff);
}

/* The host's table leaves no room. */
TEST_F(cpuid, too_many)
{
	unsigned int i;

	HOST(intel);
	for (i = self->host.nr; i < KVM_CPUID_MAX; i++)
		self->host.entry[i] = (struct kvm_cpuid_entry2){ .function = 0x80100000 + i };
	self->host.nr = KVM_CPUID_MAX;
	EXPECT_EQ(kvm_cpuid_build(&self->cfg, 0, &self->guest), -E2BIG);
	self->host.nr = KVM_CPUID_MAX + 1;
	EXPECT_EQ(kvm_cpuid_build(&self->cfg, 0, &self->guest), -E2BIG);
}

TEST_HARNESS_MAIN
