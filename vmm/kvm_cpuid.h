/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kvm_cpuid.h - what a guest's CPUID says: what KVM can do, and the machine that was asked for
 *
 * A pure function of its arguments: no /dev/kvm is needed to test it. An LLC is a package, as it
 * is to the ACPI tables and to the other engine; APIC ids are those of topology_apic_id().
 */
#ifndef KTSTR_VMM_KVM_CPUID_H
#define KTSTR_VMM_KVM_CPUID_H

#include <linux/kvm.h>
#include <stdbool.h>
#include "../lib/topology.h"

#define KVM_CPUID_MAX	256	/* entries, KVM_MAX_CPUID_ENTRIES of the kernel */

struct kvm_cpuid_table {
	unsigned int nr;
	struct kvm_cpuid_entry2 entry[KVM_CPUID_MAX];
};

struct kvm_cpuid_config {
	const struct kvm_cpuid_table *supported;	/* KVM_GET_SUPPORTED_CPUID */
	const struct topology *topo;
	bool tsc_deadline;		/* KVM_CAP_TSC_DEADLINE_TIMER */
	bool ext_dest_id;		/* I/O APIC and MSIs reach APIC ids above 255 */
	bool realtime;			/* vCPUs are never preempted: KVM_HINTS_REALTIME */
	uint32_t tsc_khz;		/* 0: not known */
};

/* kvm_cpuid_build - the table of CPU @cpu. -E2BIG when it has too many entries. */
int kvm_cpuid_build(const struct kvm_cpuid_config *cfg, unsigned int cpu,
		    struct kvm_cpuid_table *out);

/* kvm_cpuid_find - the entry, or NULL. @index matters only to functions that have subleaves. */
struct kvm_cpuid_entry2 *kvm_cpuid_find(struct kvm_cpuid_table *table, uint32_t function,
					uint32_t index);

#endif /* KTSTR_VMM_KVM_CPUID_H */
