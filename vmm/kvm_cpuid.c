// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID for guests. Leaves are described in the Intel SDM vol. 2 (CPUID) and in the AMD APM vol. 3,
 * appendix E; those of KVM in Documentation/virt/kvm/x86/cpuid.rst.
 */
#include <asm/kvm_para.h>
#include <errno.h>
#include <string.h>
#include "kvm_cpuid.h"

#ifndef KVM_FEATURE_MSI_EXT_DEST_ID
#define KVM_FEATURE_MSI_EXT_DEST_ID	15
#endif

#define KVM_CPUID_TIMING	0x40000010	/* EAX: kHz of the TSC, EBX: kHz of the APIC bus */
#define APIC_BUS_KHZ		1000000		/* KVM's: a tick is a nanosecond */

#define ECX_1_VMX		BIT(5)
#define ECX_1_PDCM		BIT(15)
#define ECX_1_X2APIC		BIT(21)
#define ECX_1_TSC_DEADLINE	BIT(24)
#define ECX_1_HYPERVISOR	BIT(31)
#define EDX_1_HTT		BIT(28)
#define EAX_6_ARAT		BIT(2)
#define ECX_8001_CMP_LEGACY	BIT(1)
#define ECX_8001_SVM		BIT(2)
#define ECX_8001_TOPOEXT	BIT(22)
#define ECX_8001_PERFCTR_CORE	BIT(23)

#define LEVEL_SMT		1
#define LEVEL_CORE		2

/* Leaf 4 and 0x8000001d: type, level, self-initializing; the rest is geometry. */
#define CACHE_TYPE(eax)		((eax) & 0x1f)
#define CACHE_LEVEL(eax)	((eax) >> 5 & 7)
#define CACHE_EAX(level, type)	((type) | (level) << 5 | BIT(8))
#define CACHE_EBX(ways, line)	(((ways) - 1) << 22 | ((line) - 1))

enum { CACHE_NONE, CACHE_DATA, CACHE_CODE, CACHE_UNIFIED };

/* What a cache is like where the host does not say so. */
static const struct kvm_cpuid_entry2 default_caches[] = {
	{ .eax = CACHE_EAX(1, CACHE_DATA), .ebx = CACHE_EBX(8, 64), .ecx = 63 },	/* 32 KiB */
	{ .eax = CACHE_EAX(1, CACHE_CODE), .ebx = CACHE_EBX(8, 64), .ecx = 63 },	/* 32 KiB */
	{ .eax = CACHE_EAX(2, CACHE_UNIFIED), .ebx = CACHE_EBX(16, 64), .ecx = 1023 },	/* 1 MiB */
	{ .eax = CACHE_EAX(3, CACHE_UNIFIED), .ebx = CACHE_EBX(16, 64), .ecx = 16383 },	/* 16 MiB */
};

#define LLC_LEVEL	3
/* Leaf 0x80000006 EDX: 16 MiB in units of 512 KiB, 16 ways, 1 line a tag, 64 bytes a line */
#define LLC_AMD_EDX	(32U << 18 | 8U << 12 | 1U << 8 | 64)

struct shape {
	bool amd;
	uint32_t apic_id;
	unsigned int smt_bits, package_bits;	/* of the APIC id */
	unsigned int threads, package_cpus;
};

struct kvm_cpuid_entry2 *kvm_cpuid_find(struct kvm_cpuid_table *table, uint32_t function,
					uint32_t index)
{
	unsigned int i;

	for (i = 0; i < table->nr; i++) {
		struct kvm_cpuid_entry2 *e = &table->entry[i];

		if (e->function == function &&
		    (!(e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) || e->index == index))
			return e;
	}
	return NULL;
}

static void remove_function(struct kvm_cpuid_table *t, uint32_t function)
{
	unsigned int i, kept = 0;

	for (i = 0; i < t->nr; i++)
		if (t->entry[i].function != function)
			t->entry[kept++] = t->entry[i];
	t->nr = kept;
}

static struct kvm_cpuid_entry2 *add(struct kvm_cpuid_table *t, uint32_t function, uint32_t index,
				    uint32_t flags)
{
	struct kvm_cpuid_entry2 *e;

	if (t->nr == KVM_CPUID_MAX)
		return NULL;
	e = &t->entry[t->nr++];
	*e = (struct kvm_cpuid_entry2){ .function = function, .index = index, .flags = flags };
	return e;
}

/* The entry of a leaf without subleaves, made if it is not there. */
static struct kvm_cpuid_entry2 *leaf(struct kvm_cpuid_table *t, uint32_t function)
{
	return kvm_cpuid_find(t, function, 0) ?: add(t, function, 0, 0);
}

static int add_sub(struct kvm_cpuid_table *t, uint32_t function, uint32_t index, uint32_t eax,
		   uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	struct kvm_cpuid_entry2 *e = add(t, function, index, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);

	if (!e)
		return -E2BIG;
	e->eax = eax;
	e->ebx = ebx;
	e->ecx = ecx;
	e->edx = edx;
	return 0;
}

static unsigned int width(unsigned int nr)
{
	unsigned int bits = 0;

	while (1U << bits < nr)
		bits++;
	return bits;
}

static struct shape shape_of(const struct kvm_cpuid_config *cfg, struct kvm_cpuid_table *t,
			     unsigned int cpu)
{
	static const char amd[] = "AuthcAMDenti", hygon[] = "HygouineGenu";
	const struct kvm_cpuid_entry2 *e = kvm_cpuid_find(t, 0, 0);
	const struct topology *topo = cfg->topo;
	struct shape s = {
		.apic_id = topology_apic_id(topo, cpu),
		.smt_bits = width(topo->threads_per_core),
		.package_bits = width(topo->threads_per_core) + width(topo->cores_per_llc),
		.threads = topo->threads_per_core,
		.package_cpus = topology_cpus_per_llc(topo),
	};

	/* EBX, ECX, EDX, in the order they have in the entry. */
	s.amd = e && (!memcmp(&e->ebx, amd, 12) || !memcmp(&e->ebx, hygon, 12));
	return s;
}

/* Leaves 0xb and 0x1f: SMT, core, end. */
static int set_levels(struct kvm_cpuid_table *t, const struct shape *s, uint32_t function)
{
	int ret;

	remove_function(t, function);
	ret = add_sub(t, function, 0, s->smt_bits, s->threads, LEVEL_SMT << 8, s->apic_id);
	if (!ret)
		ret = add_sub(t, function, 1, s->package_bits, s->package_cpus,
			      1 | LEVEL_CORE << 8, s->apic_id);
	return ret ?: add_sub(t, function, 2, 0, 0, 2, s->apic_id);
}

/*
 * Leaf 4 or 0x8000001d: the host's geometry, our sharing: the LLC by the whole package,
 * everything nearer by the threads of a core. Numbers are of ids, so powers of two.
 */
static int set_caches(struct kvm_cpuid_table *t, const struct shape *s, uint32_t function)
{
	struct kvm_cpuid_entry2 cache[ARRAY_SIZE(default_caches)];
	unsigned int i, j;
	int ret = 0;

	memcpy(cache, default_caches, sizeof(cache));
	for (i = 0; i < t->nr; i++)
		for (j = 0; j < ARRAY_SIZE(cache); j++)
			if (t->entry[i].function == function &&
			    (t->entry[i].eax & 0xff) == (cache[j].eax & 0xff))
				cache[j] = t->entry[i];

	remove_function(t, function);
	for (j = 0; !ret && j < ARRAY_SIZE(cache); j++) {
		bool llc = CACHE_LEVEL(cache[j].eax) == LLC_LEVEL;
		uint32_t sharing = (1U << (llc ? s->package_bits : s->smt_bits)) - 1;
		uint32_t eax = (cache[j].eax & 0x3fff) | sharing << 14;

		if (!s->amd)
			eax |= min((1U << (s->package_bits - s->smt_bits)) - 1, 63U) << 26;
		ret = add_sub(t, function, j, eax, cache[j].ebx, cache[j].ecx, cache[j].edx);
	}
	return ret ?: add_sub(t, function, j, 0, 0, 0, 0);
}

static int set_intel(struct kvm_cpuid_table *t, const struct shape *s)
{
	int ret = set_caches(t, s, 4);

	/* Linux prefers 0x1f to 0xb. It need not be there, but if it is, it must agree. */
	if (!ret && leaf(t, 0)->eax >= 0x1f)
		ret = set_levels(t, s, 0x1f);
	return ret;
}

/*
 * Up to Zen 1 the kernel takes the LLC from fixed bits of the APIC id and not from leaf 0x8000001d.
 * With whole packages that is right before family 0x17; there the guest sees a Zen 2.
 */
static void present_zen2(struct kvm_cpuid_entry2 *e)
{
	unsigned int family = (e->eax >> 8 & 0xf) + (e->eax >> 20 & 0xff);
	unsigned int model = (e->eax >> 4 & 0xf) | (e->eax >> 12 & 0xf0);

	if (family == 0x17 && model <= 0x1f)
		e->eax = (e->eax & ~0xf00f0U) | 0x30010;
}

static int set_amd(struct kvm_cpuid_table *t, const struct shape *s)
{
	struct kvm_cpuid_entry2 *e;
	int ret;

	e = leaf(t, 0x80000000);
	if (!e)
		return -E2BIG;
	e->eax = max(e->eax, 0x8000001eU);

	e = leaf(t, 0x80000001);
	if (!e)
		return -E2BIG;
	e->ecx |= ECX_8001_TOPOEXT;
	e->ecx &= ~(ECX_8001_SVM | ECX_8001_PERFCTR_CORE | ECX_8001_CMP_LEGACY);
	if (s->package_cpus > 1)
		e->ecx |= ECX_8001_CMP_LEGACY;

	e = leaf(t, 0x80000006);
	if (!e)
		return -E2BIG;
	e->edx = e->edx ?: LLC_AMD_EDX;

	/* NC and ApicIdSize */
	e = leaf(t, 0x80000008);
	if (!e)
		return -E2BIG;
	e->ecx = (e->ecx & ~0xf0ffU) | min(s->package_cpus - 1, 255U) | s->package_bits << 12;

	ret = set_caches(t, s, 0x8000001d);
	if (ret)
		return ret;

	/* Extended APIC id; core id and threads of it; node id: each package is one. */
	remove_function(t, 0x8000001e);
	e = add(t, 0x8000001e, 0, 0);
	if (!e)
		return -E2BIG;
	e->eax = s->apic_id;
	/* A byte each: of more cores the ids come again, as they would on such a CPU. */
	e->ebx = ((s->apic_id & (BIT(s->package_bits) - 1)) >> s->smt_bits & 0xff) |
		 (s->threads - 1) << 8;
	e->ecx = (s->apic_id >> s->package_bits) & 0xff;

	/* Of the host's cores, and Linux asks it first. PMU: see kvm_cpuid_build(). */
	remove_function(t, 0x80000026);
	remove_function(t, 0x80000022);
	present_zen2(leaf(t, 1));
	return 0;
}

static int set_basic(const struct kvm_cpuid_config *cfg, struct kvm_cpuid_table *t,
		     const struct shape *s)
{
	struct kvm_cpuid_entry2 *zero = leaf(t, 0), *one = leaf(t, 1), *six;

	if (!zero || !one)
		return -E2BIG;
	zero->eax = max(zero->eax, 0xbU);
	one->ebx = (one->ebx & 0xffff) | (s->apic_id & 0xff) << 24 |
		   min(1U << s->package_bits, 255U) << 16;
	one->ecx |= ECX_1_X2APIC | ECX_1_HYPERVISOR;
	one->ecx &= ~(ECX_1_VMX | ECX_1_PDCM | ECX_1_TSC_DEADLINE);
	/* Else the kernel counts timer ticks for 100 ms. KVM before 6.14 does not name it. */
	if (cfg->tsc_deadline)
		one->ecx |= ECX_1_TSC_DEADLINE;
	one->edx &= ~EDX_1_HTT;
	if (s->package_cpus > 1)
		one->edx |= EDX_1_HTT;

	/* The timer of KVM's local APIC never stops. */
	six = leaf(t, 6);
	if (!six)
		return -E2BIG;
	six->eax |= EAX_6_ARAT;
	return set_levels(t, s, 0xb);
}

static int set_kvm(const struct kvm_cpuid_config *cfg, struct kvm_cpuid_table *t)
{
	struct kvm_cpuid_entry2 *e;

	e = leaf(t, KVM_CPUID_SIGNATURE);
	if (!e)
		return -E2BIG;
	memcpy(&e->ebx, KVM_SIGNATURE "\0\0", 12);
	e->eax = max(e->eax, (uint32_t)KVM_CPUID_FEATURES);
	if (cfg->tsc_khz)
		e->eax = max(e->eax, (uint32_t)KVM_CPUID_TIMING);

	e = leaf(t, KVM_CPUID_FEATURES);
	if (!e)
		return -E2BIG;
	/* A page fault that is still to be completed could not be frozen with its guest. */
	e->eax &= ~(BIT(KVM_FEATURE_ASYNC_PF) | BIT(KVM_FEATURE_ASYNC_PF_VMEXIT) |
		    BIT(KVM_FEATURE_ASYNC_PF_INT));
	e->edx &= ~BIT(KVM_HINTS_REALTIME);
	if (cfg->realtime)
		e->edx |= BIT(KVM_HINTS_REALTIME);
	if (cfg->ext_dest_id)
		e->eax |= BIT(KVM_FEATURE_MSI_EXT_DEST_ID);

	if (!cfg->tsc_khz)
		return 0;
	e = leaf(t, KVM_CPUID_TIMING);
	if (!e)
		return -E2BIG;
	*e = (struct kvm_cpuid_entry2){
		.function = KVM_CPUID_TIMING, .eax = cfg->tsc_khz, .ebx = APIC_BUS_KHZ,
	};
	return 0;
}

int kvm_cpuid_build(const struct kvm_cpuid_config *cfg, unsigned int cpu,
		    struct kvm_cpuid_table *out)
{
	struct shape s;
	int ret;

	*out = *cfg->supported;
	if (out->nr > KVM_CPUID_MAX)
		return -E2BIG;
	/* No PMU: its counters do not belong to one guest alone, and no other engine has one. */
	remove_function(out, 0xa);
	s = shape_of(cfg, out, cpu);
	ret = set_basic(cfg, out, &s);
	if (!ret)
		ret = s.amd ? set_amd(out, &s) : set_intel(out, &s);
	return ret ?: set_kvm(cfg, out);
}
