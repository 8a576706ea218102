// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_regs.c - a vCPU's registers when the machine starts
 *
 * CPU 0 stands at the kernel's 64-bit entry (Documentation/arch/x86/boot.rst), with the GDT, the
 * page tables and the stack that boot.c has put into RAM. The others wait for INIT and SIPI, which
 * set what they need.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include "kvm.h"

/* Intel SDM vol. 3, 2.5, 2.2.1, 3.4.5 */
#define CR0_PE		BIT(0)
#define CR0_ET		BIT(4)
#define CR0_NE		BIT(5)
#define CR0_PG		BIT(31)
#define CR4_PAE		BIT(5)
#define EFER_LME	BIT(8)
#define EFER_LMA	BIT(10)
#define RFLAGS_FIXED	BIT(1)
#define SEG_CODE	0xb	/* execute, read, accessed */
#define SEG_DATA	0x3	/* read, write, accessed */
#define SEG_TSS_BUSY	0xb

#define MSR_APIC_BASE		0x1b
#define APIC_BASE_BSP		BIT(8)
#define APIC_BASE_X2APIC	BIT(10)
#define APIC_BASE_ENABLE	BIT(11)
#define MSR_MISC_ENABLE		0x1a0
#define MISC_ENABLE_FAST_STRING	1
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MTRR_ON_WRITE_BACK	0x806	/* enabled, default write-back; not the fixed ones, all 0 */

/* Registers of the local APIC; SDM vol. 3, 11.5.1. As firmware leaves them. */
#define APIC_LVT_LINT0		0x350
#define APIC_LVT_LINT1		0x360
#define APIC_MODE_NMI		(4U << 8)
#define APIC_MODE_EXTINT	(7U << 8)

#define FCW_DEFAULT	0x37f
#define MXCSR_DEFAULT	0x1f80

int kvm_regs_cpuid(struct kvm_vcpu *v, struct err *err)
{
	struct kvm_cpuid_config cfg = v->m->cpuid;
	KVM_ARG(struct kvm_cpuid2, struct kvm_cpuid_entry2, KVM_CPUID_MAX) arg;
	struct kvm_cpuid_table table;
	int khz = ioctl(v->fd, KVM_GET_TSC_KHZ, 0), ret;

	/* Without it the guest finds out by itself. */
	cfg.tsc_khz = khz > 0 ? khz : 0;
	ret = kvm_cpuid_build(&cfg, v->cpu, &table);
	if (ret)
		return err_set(err, ret, "CPUID of cpu %u has more than %d entries", v->cpu,
			       KVM_CPUID_MAX);
	memset(&arg.head, 0, sizeof(arg.head));
	arg.head.nent = table.nr;
	memcpy(arg.head.entries, table.entry, table.nr * sizeof(table.entry[0]));
	if (ioctl(v->fd, KVM_SET_CPUID2, &arg))
		return err_set(err, -errno, "KVM_SET_CPUID2 of cpu %u (%u entries): %s", v->cpu,
			       table.nr, strerror(errno));
	return 0;
}

static struct kvm_segment segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.selector = selector, .type = type, .limit = 0xffffffff, .present = 1, .s = 1,
		.g = 1,
	};
}

static int set_sregs(struct kvm_vcpu *v, struct err *err)
{
	const struct kvm_segment data = segment(BOOT_DS, SEG_DATA);
	struct kvm_sregs sregs;

	if (ioctl(v->fd, KVM_GET_SREGS, &sregs))
		return err_set(err, -errno, "KVM_GET_SREGS: %s", strerror(errno));
	sregs.cs = segment(BOOT_CS64, SEG_CODE);
	sregs.cs.l = 1;
	sregs.ds = data;
	sregs.es = data;
	sregs.fs = data;
	sregs.gs = data;
	sregs.ss = data;
	/* VMX does not enter without a task register. */
	sregs.tr = (struct kvm_segment){ .type = SEG_TSS_BUSY, .limit = 0x67, .present = 1 };
	sregs.ldt = (struct kvm_segment){ .unusable = 1 };
	sregs.gdt = (struct kvm_dtable){
		.base = GPA_GDT, .limit = BOOT_GDT_ENTRIES * sizeof(uint64_t) - 1,
	};
	sregs.idt = (struct kvm_dtable){ 0 };
	sregs.cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_PG;
	sregs.cr3 = GPA_PAGE_TABLES;
	sregs.cr4 = CR4_PAE;
	sregs.efer = EFER_LME | EFER_LMA;
	if (ioctl(v->fd, KVM_SET_SREGS, &sregs))
		return err_set(err, -errno, "KVM_SET_SREGS: %s", strerror(errno));
	return 0;
}

static int set_regs(struct kvm_vcpu *v, struct err *err)
{
	const struct kvm_regs regs = {
		.rip = v->m->vm->entry, .rsi = GPA_BOOT_PARAMS, .rsp = GPA_BOOT_STACK,
		.rflags = RFLAGS_FIXED,
	};

	if (ioctl(v->fd, KVM_SET_REGS, &regs))
		return err_set(err, -errno, "KVM_SET_REGS: %s", strerror(errno));
	return 0;
}

static int set_msrs(struct kvm_vcpu *v, struct err *err)
{
	const struct {
		struct kvm_msr_entry entry;
		const char *name;
	} msr[] = {
		/* Fast strings are on; without MTRRs the kernel takes all RAM for uncached. */
		{ { .index = MSR_MISC_ENABLE, .data = MISC_ENABLE_FAST_STRING }, "MISC_ENABLE" },
		{ { .index = MSR_MTRR_DEF_TYPE, .data = MTRR_ON_WRITE_BACK }, "MTRRdefType" },
		/*
		 * Only where it has to be: Linux passes over CPUs that an xAPIC cannot reach, when
		 * it finds itself in that mode. INIT keeps it.
		 */
		{ { .index = MSR_APIC_BASE,
		    .data = GPA_LAPIC | APIC_BASE_ENABLE | APIC_BASE_X2APIC |
			    (v->cpu ? 0 : APIC_BASE_BSP) }, "APIC_BASE" },
	};
	const int nr = v->m->cpuid.ext_dest_id ? ARRAY_SIZE(msr) : ARRAY_SIZE(msr) - 1;
	KVM_ARG(struct kvm_msrs, struct kvm_msr_entry, ARRAY_SIZE(msr)) arg = {
		.head = { .nmsrs = nr },
	};
	int i, n;

	for (i = 0; i < nr; i++)
		arg.head.entries[i] = msr[i].entry;
	n = ioctl(v->fd, KVM_SET_MSRS, &arg);
	if (n < 0)
		return err_set(err, -errno, "KVM_SET_MSRS: %s", strerror(errno));
	if (n < nr)
		return err_set(err, -EINVAL, "KVM refuses MSR %s (%#x)", msr[n].name,
			       msr[n].entry.index);
	return 0;
}

static int set_fpu(struct kvm_vcpu *v, struct err *err)
{
	const struct kvm_fpu fpu = { .fcw = FCW_DEFAULT, .mxcsr = MXCSR_DEFAULT };

	if (ioctl(v->fd, KVM_SET_FPU, &fpu))
		return err_set(err, -errno, "KVM_SET_FPU: %s", strerror(errno));
	return 0;
}

static int set_lapic(struct kvm_vcpu *v, struct err *err)
{
	const uint32_t lint0 = APIC_MODE_EXTINT, lint1 = APIC_MODE_NMI;
	struct kvm_lapic_state lapic;

	if (ioctl(v->fd, KVM_GET_LAPIC, &lapic))
		return err_set(err, -errno, "KVM_GET_LAPIC: %s", strerror(errno));
	memcpy(lapic.regs + APIC_LVT_LINT0, &lint0, sizeof(lint0));
	memcpy(lapic.regs + APIC_LVT_LINT1, &lint1, sizeof(lint1));
	if (ioctl(v->fd, KVM_SET_LAPIC, &lapic))
		return err_set(err, -errno, "KVM_SET_LAPIC: %s", strerror(errno));
	return 0;
}

int kvm_regs_boot(struct kvm_vcpu *v, struct err *err)
{
	int ret;

	ret = set_msrs(v, err);
	if (!ret)
		ret = set_fpu(v, err);
	if (!ret)
		ret = set_lapic(v, err);
	if (ret || v->cpu)
		return ret;
	ret = set_sregs(v, err);
	return ret ?: set_regs(v, err);
}
