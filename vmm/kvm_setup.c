// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_setup.c - what KVM can do here, and a VM with RAM that has no CPUs yet
 *
 * The order in which things are made is what makes it fast: memory slots before the interrupt
 * controller (afterwards each one waits for a grace period), a split one (the full one, and the
 * PIT even more, take long to tear down).
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include "kvm.h"
#include "kvm_probe.h"

/* Three pages of guest-physical addresses that VMX needs for itself, and one; not RAM of ours. */
#define GPA_KVM_TSS		0xfffbd000UL
#define GPA_KVM_IDENTITY_MAP	0xfffbc000UL

#define PHYS_BITS_DEFAULT	36
#define OTHER_DESCRIPTORS	64

static int has_cap(int fd, int cap)
{
	return ioctl(fd, KVM_CHECK_EXTENSION, (unsigned long)cap);
}

static int get_supported(struct kvm_machine *m, struct err *err)
{
	KVM_ARG(struct kvm_cpuid2, struct kvm_cpuid_entry2, KVM_CPUID_MAX) arg = {
		.head = { .nent = KVM_CPUID_MAX },
	};

	if (ioctl(m->dev_fd, KVM_GET_SUPPORTED_CPUID, &arg))
		return err_set(err, -errno, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	m->supported.nr = arg.head.nent;
	memcpy(m->supported.entry, arg.head.entries, arg.head.nent * sizeof(arg.head.entries[0]));
	return 0;
}

int kvm_open_device(struct kvm_machine *m, struct err *err)
{
	m->dev_fd = kvm_open(err);
	if (m->dev_fd < 0)
		return m->dev_fd;
	m->run_size = ioctl(m->dev_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (m->run_size < (long)sizeof(struct kvm_run))
		return err_set(err, -EINVAL, "KVM_GET_VCPU_MMAP_SIZE gave %ld", m->run_size);
	m->cpuid.tsc_deadline = has_cap(m->dev_fd, KVM_CAP_TSC_DEADLINE_TIMER) > 0;
	m->has_xcrs = has_cap(m->dev_fd, KVM_CAP_XCRS) > 0;
	m->has_debugregs = has_cap(m->dev_fd, KVM_CAP_DEBUGREGS) > 0;
	m->has_kvmclock_ctrl = has_cap(m->dev_fd, KVM_CAP_KVMCLOCK_CTRL) > 0;
	return get_supported(m, err);
}

/* One for each vCPU, and for the rest of us. Shells like to leave it at 1024. */
static int allow_descriptors(const struct kvm_machine *m, struct err *err)
{
	const rlim_t need = m->nr_vcpus + OTHER_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= need)
		return 0;
	limit.rlim_cur = min(need, limit.rlim_max);
	if (limit.rlim_cur < need || setrlimit(RLIMIT_NOFILE, &limit))
		return err_set(err, -ERANGE,
			       "%u CPUs need %llu file descriptors: this process may have %llu (RLIMIT_NOFILE)",
			       m->nr_vcpus, (unsigned long long)need,
			       (unsigned long long)limit.rlim_max);
	return 0;
}

int kvm_check_limits(struct kvm_machine *m, struct err *err)
{
	const struct vm *vm = m->vm;
	const struct kvm_cpuid_entry2 *e = kvm_cpuid_find(&m->supported, 0x80000008, 0);
	unsigned int phys_bits = e && (e->eax & 0xff) ? e->eax & 0xff : PHYS_BITS_DEFAULT;
	unsigned int last = topology_apic_id(&vm->cfg.topo, m->nr_vcpus - 1);
	int max_vcpus = has_cap(m->dev_fd, KVM_CAP_MAX_VCPUS);
	int max_id = has_cap(m->dev_fd, KVM_CAP_MAX_VCPU_ID);
	int advised = has_cap(m->dev_fd, KVM_CAP_NR_VCPUS);
	uint64_t end = vm->ram_size - vm->low_size;

	m->nr_advised = max(advised, 0);
	if (max_vcpus <= 0)
		max_vcpus = advised;
	if (max_id <= 0)
		max_id = max_vcpus;
	if ((int)m->nr_vcpus > max_vcpus)
		return err_set(err, -ERANGE,
			       "%u CPUs: KVM of this host has at most %d (KVM_CAP_MAX_VCPUS)",
			       m->nr_vcpus, max_vcpus);
	if ((int)last >= max_id)
		return err_set(err, -ERANGE,
			       "%u CPUs in this topology have APIC ids up to %u: KVM of this host has them below %d (KVM_CAP_MAX_VCPU_ID)",
			       m->nr_vcpus, last, max_id);
	end = end ? GPA_HIGH_RAM + end : vm->low_size;
	if (phys_bits < 64 && end > 1ULL << phys_bits)
		return err_set(err, -ERANGE,
			       "%llu MiB of memory end at %#llx: guests of this host have %u address bits",
			       (unsigned long long)(vm->ram_size / MIB), (unsigned long long)end,
			       phys_bits);
	/* Linux brings up no CPU above 255 unless interrupts can be sent there. */
	m->cpuid.ext_dest_id = last > 254;
	return allow_descriptors(m, err);
}

static int add_ram(struct kvm_machine *m, unsigned int slot, uint64_t gpa, uint64_t offset,
		   uint64_t size, struct err *err)
{
	const struct kvm_userspace_memory_region region = {
		.slot = slot, .guest_phys_addr = gpa, .memory_size = size,
		.userspace_addr = (uintptr_t)m->vm->ram + offset,
	};

	if (size && ioctl(m->fd, KVM_SET_USER_MEMORY_REGION, &region))
		return err_set(err, -errno, "%llu MiB of RAM at %#llx: %s",
			       (unsigned long long)(size / MIB), (unsigned long long)gpa,
			       strerror(errno));
	return 0;
}

static int enable(struct kvm_machine *m, int cap, uint64_t arg, const char *name, struct err *err)
{
	const struct kvm_enable_cap req = { .cap = cap, .args = { arg } };

	if (ioctl(m->fd, KVM_ENABLE_CAP, &req))
		return err_set(err, -errno, "%s: %s", name, strerror(errno));
	return 0;
}

int kvm_set_up_vm(struct kvm_machine *m, struct err *err)
{
	const uint64_t identity_map = GPA_KVM_IDENTITY_MAP;
	const struct vm *vm = m->vm;
	int ret, xsave;

	ret = add_ram(m, 0, 0, 0, vm->low_size, err);
	if (!ret)
		ret = add_ram(m, 1, GPA_HIGH_RAM, vm->low_size, vm->ram_size - vm->low_size, err);
	if (ret)
		return ret;
	/* "Required on Intel-based hosts", Documentation/virt/kvm/api.rst; elsewhere they do nothing. */
	if (ioctl(m->fd, KVM_SET_TSS_ADDR, GPA_KVM_TSS))
		return err_set(err, -errno, "KVM_SET_TSS_ADDR: %s", strerror(errno));
	if (ioctl(m->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map))
		return err_set(err, -errno, "KVM_SET_IDENTITY_MAP_ADDR: %s", strerror(errno));
	ret = enable(m, KVM_CAP_SPLIT_IRQCHIP, IOAPIC_PINS, "KVM_CAP_SPLIT_IRQCHIP", err);
	if (!ret)
		ret = enable(m, KVM_CAP_X2APIC_API, KVM_X2APIC_API_USE_32BIT_IDS |
			     KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK, "KVM_CAP_X2APIC_API", err);
	xsave = has_cap(m->fd, KVM_CAP_XSAVE2);
	m->xsave_size = max(xsave, (int)sizeof(struct kvm_xsave));
	return ret;
}
