// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "aside.h"
#include "kvm_probe.h"

#define CREATE_TRIES	5
#define PROBE_MEM	4096
#define PROBE_PORT	0x10
#define PROBE_BITS	0xff	/* has 8 bits set */

/* Real mode, at guest-physical 0. */
static const uint8_t code[] = {
	0xb8, PROBE_BITS, 0x00,		/* mov  $PROBE_BITS, %ax */
	0xf3, 0x0f, 0xb8, 0xc0,		/* popcnt %ax, %ax */
	0xe6, PROBE_PORT,		/* out  %al, $PROBE_PORT */
	0xf4,				/* hlt */
};

static const struct {
	int cap;
	const char *name;
	const char *what;
} needed[] = {
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", "guest RAM" },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID", "CPUID" },
	{ KVM_CAP_SPLIT_IRQCHIP, "KVM_CAP_SPLIT_IRQCHIP", "interrupts" },
	{ KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI", "interrupts of devices" },
	{ KVM_CAP_X2APIC_API, "KVM_CAP_X2APIC_API", "APIC ids above 254" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", "stopping a vCPU" },
	{ KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE", "freezing a guest" },
	{ KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS", "freezing a guest" },
	{ KVM_CAP_ADJUST_CLOCK, "KVM_CAP_ADJUST_CLOCK", "freezing a guest's clock" },
	{ KVM_CAP_XSAVE, "KVM_CAP_XSAVE", "freezing a guest's FPU" },
};

static int check_kvm(int fd, struct err *err)
{
	int version = ioctl(fd, KVM_GET_API_VERSION, 0);
	unsigned int i;

	if (version != KVM_API_VERSION)
		return err_set(err, -ENODEV, "/dev/kvm speaks API version %d, this program %d",
			       version, KVM_API_VERSION);
	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (ioctl(fd, KVM_CHECK_EXTENSION, (unsigned long)needed[i].cap) <= 0)
			return err_set(err, -EOPNOTSUPP,
				       "KVM of this kernel lacks %s, needed for %s",
				       needed[i].name, needed[i].what);
	return 0;
}

int kvm_open(struct err *err)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), ret;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, -ENOENT, "no /dev/kvm (load kvm_intel or kvm_amd, or turn virtualization on in the firmware)");
	if (fd < 0 && errno == EACCES && !stat("/dev/kvm", &st))
		return err_set(err, -EACCES,
			       "no access to /dev/kvm (mode %04o, user %u, group %u: join that group, usually kvm)",
			       st.st_mode & 07777, st.st_uid, st.st_gid);
	if (fd < 0)
		return err_set(err, -ENODEV, "/dev/kvm: %s", strerror(errno));
	ret = check_kvm(fd, err);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int kvm_create_vm(int kvm, struct err *err)
{
	int vm, tries = CREATE_TRIES;

	/* Interrupted while the kernel waits for its own locks: not an answer. */
	do {
		vm = ioctl(kvm, KVM_CREATE_VM, 0UL);
	} while (vm < 0 && errno == EINTR && --tries);
	return vm < 0 ? err_set(err, -ENODEV, "KVM_CREATE_VM: %s", strerror(errno)) : vm;
}

/* Run until the port write. KVM_RUN can be interrupted without having done anything. */
static int run_code(int vcpu, struct kvm_run *run, struct err *err)
{
	int tries = 100;

	while (ioctl(vcpu, KVM_RUN, 0)) {
		if ((errno != EINTR && errno != EAGAIN) || !--tries)
			return err_set(err, -ENODEV, "KVM_RUN: %s", strerror(errno));
	}
	if (run->exit_reason == KVM_EXIT_IO && run->io.port == PROBE_PORT &&
	    run->io.direction == KVM_EXIT_IO_OUT) {
		uint8_t val = *((uint8_t *)run + run->io.data_offset);

		if (val == __builtin_popcount(PROBE_BITS))
			return 0;
		return err_set(err, -ENODEV, "/dev/kvm computes wrongly (POPCNT gave %u)", val);
	}
	if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		return err_set(err, -ENODEV,
			       "/dev/kvm only emulates (internal error %u): the CPU has no VMX or SVM here",
			       run->internal.suberror);
	return err_set(err, -ENODEV, "/dev/kvm runs no code (exit reason %u)", run->exit_reason);
}

static int setup_vcpu(int vcpu, struct err *err)
{
	struct kvm_regs regs = { .rflags = 2 };	/* bit 1 is always set */
	struct kvm_sregs sregs;

	if (ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return err_set(err, -ENODEV, "KVM_GET_SREGS: %s", strerror(errno));
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs))
		return err_set(err, -ENODEV, "KVM_SET_REGS: %s", strerror(errno));
	return 0;
}

static int probe_vm(int kvm, int vm, struct err *err)
{
	long run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	struct kvm_userspace_memory_region region = { .memory_size = PROBE_MEM };
	struct kvm_run *run = MAP_FAILED;
	int vcpu = -1, ret = -ENODEV;
	void *mem;

	mem = mmap(NULL, PROBE_MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED || run_size < (long)sizeof(*run)) {
		err_set(err, ret, "mapping memory for KVM: %s", strerror(errno));
		goto out;
	}
	memcpy(mem, code, sizeof(code));
	region.userspace_addr = (uintptr_t)mem;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region)) {
		err_set(err, ret, "KVM_SET_USER_MEMORY_REGION: %s", strerror(errno));
		goto out;
	}
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0) {
		err_set(err, ret, "KVM_CREATE_VCPU: %s", strerror(errno));
		goto out;
	}
	run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED) {
		err_set(err, ret, "mapping kvm_run: %s", strerror(errno));
		goto out;
	}
	ret = setup_vcpu(vcpu, err);
	if (!ret)
		ret = run_code(vcpu, run, err);
out:
	if (run != MAP_FAILED)
		munmap(run, run_size);
	if (vcpu >= 0)
		close(vcpu);
	if (mem != MAP_FAILED)
		munmap(mem, PROBE_MEM);
	return ret;
}

int kvm_probe(struct err *err)
{
	int kvm = kvm_open(err), vm, ret;

	if (kvm < 0)
		return kvm;
	vm = kvm_create_vm(kvm, err);
	ret = vm < 0 ? vm : probe_vm(kvm, vm, err);
	if (vm >= 0)
		close_aside(vm);
	close(kvm);
	return ret;
}
