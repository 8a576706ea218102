// SPDX-License-Identifier: GPL-2.0
/*
 * kvm.c - the engine for hosts with hardware virtualization
 *
 * The order in which things are made is what makes it fast: memory slots before the interrupt
 * controller (afterwards each one waits for a grace period), a split one (the full one, and the
 * PIT even more, take long to tear down), vCPUs in parallel.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "engines.h"
#include "kvm.h"
#include "kvm_probe.h"

/* Three pages of guest-physical addresses that VMX needs for itself, and one; not RAM of ours. */
#define GPA_KVM_TSS		0xfffbd000UL
#define GPA_KVM_IDENTITY_MAP	0xfffbc000UL

#define PHYS_BITS_DEFAULT	36
#define MSI_LEVEL		(1U << 15)	/* of the data */

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

static int has_cap(int fd, int cap)
{
	return ioctl(fd, KVM_CHECK_EXTENSION, (unsigned long)cap);
}

static int open_device(struct kvm_machine *m, struct err *err)
{
	unsigned int i;

	m->dev_fd = kvm_open(err);
	if (m->dev_fd < 0)
		return m->dev_fd;
	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (has_cap(m->dev_fd, needed[i].cap) <= 0)
			return err_set(err, -EOPNOTSUPP, "KVM of this kernel lacks %s, needed for %s",
				       needed[i].name, needed[i].what);
	m->run_size = ioctl(m->dev_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (m->run_size < (long)sizeof(struct kvm_run))
		return err_set(err, -EINVAL, "KVM_GET_VCPU_MMAP_SIZE gave %ld", m->run_size);
	m->cpuid.tsc_deadline = has_cap(m->dev_fd, KVM_CAP_TSC_DEADLINE_TIMER) > 0;
	m->has_xcrs = has_cap(m->dev_fd, KVM_CAP_XCRS) > 0;
	m->has_debugregs = has_cap(m->dev_fd, KVM_CAP_DEBUGREGS) > 0;
	m->has_kvmclock_ctrl = has_cap(m->dev_fd, KVM_CAP_KVMCLOCK_CTRL) > 0;
	return 0;
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

/* Numbers that the user can do something about. -ERANGE: no machine of that size here. */
static int check_limits(struct kvm_machine *m, struct err *err)
{
	const struct vm *vm = m->vm;
	const struct kvm_cpuid_entry2 *e = kvm_cpuid_find(&m->supported, 0x80000008, 0);
	unsigned int phys_bits = e && (e->eax & 0xff) ? e->eax & 0xff : PHYS_BITS_DEFAULT;
	unsigned int last = topology_apic_id(&vm->cfg.topo, m->nr_vcpus - 1);
	int max_vcpus = has_cap(m->dev_fd, KVM_CAP_MAX_VCPUS);
	int max_id = has_cap(m->dev_fd, KVM_CAP_MAX_VCPU_ID);
	uint64_t end = vm->ram_size - vm->low_size;

	if (max_vcpus <= 0)
		max_vcpus = has_cap(m->dev_fd, KVM_CAP_NR_VCPUS);
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
	return 0;
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

static int set_up_vm(struct kvm_machine *m, struct err *err)
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
	if (ioctl(m->fd, KVM_SET_TSS_ADDR, GPA_KVM_TSS) ||
	    ioctl(m->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map))
		return err_set(err, -errno, "KVM_SET_TSS_ADDR: %s", strerror(errno));
	ret = enable(m, KVM_CAP_SPLIT_IRQCHIP, IOAPIC_PINS, "KVM_CAP_SPLIT_IRQCHIP", err);
	if (!ret)
		ret = enable(m, KVM_CAP_X2APIC_API, KVM_X2APIC_API_USE_32BIT_IDS |
			     KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK, "KVM_CAP_X2APIC_API", err);
	xsave = has_cap(m->fd, KVM_CAP_XSAVE2);
	m->xsave_size = max(xsave, (int)sizeof(struct kvm_xsave));
	return ret;
}

/* --- interrupts ----------------------------------------------------------------- */

static void deliver_msi(void *arg, const struct msi *msi)
{
	struct kvm_machine *m = arg;
	const uint64_t address = msi_address_kvm(msi->address);
	const struct kvm_msi req = {
		.address_lo = address, .address_hi = address >> 32, .data = msi->data,
	};

	/* 0: the guest blocks it, as is its right. */
	if (ioctl(m->fd, KVM_SIGNAL_MSI, &req) < 0)
		kvm_raise(m, VM_EVENT_ENGINE, "KVM_SIGNAL_MSI(%#llx, %#x): %s",
			  (unsigned long long)address, msi->data, strerror(errno));
}

/*
 * KVM reports the EOI of a vector only if a route of one of the I/O APIC's pins has it. That costs the
 * guest an exit for each, and us a grace period for each change: only for level-triggered ones.
 */
static int set_routes(struct kvm_machine *m)
{
	KVM_ARG(struct kvm_irq_routing, struct kvm_irq_routing_entry, IOAPIC_PINS) arg = {
		.head = { 0 },
	};
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		const uint64_t address = msi_address_kvm(m->route[pin].address);

		if (!(m->level_pins & 1U << pin))
			continue;
		arg.head.entries[arg.head.nr++] = (struct kvm_irq_routing_entry){
			.gsi = pin, .type = KVM_IRQ_ROUTING_MSI,
			.u.msi = {
				.address_lo = address, .address_hi = address >> 32,
				.data = m->route[pin].data,
			},
		};
	}
	return ioctl(m->fd, KVM_SET_GSI_ROUTING, &arg);
}

static void pin_changed(void *arg, unsigned int pin, const struct msi *msi, bool masked)
{
	const uint32_t bit = 1U << pin;
	struct kvm_machine *m = arg;
	bool level = msi->data & MSI_LEVEL, changed;

	pthread_mutex_lock(&m->route_lock);
	/* What is masked may still be in service: its EOI is wanted until it is something else. */
	changed = level && !masked ? !(m->level_pins & bit) ||
				     memcmp(&m->route[pin], msi, sizeof(*msi)) :
				     !level && (m->level_pins & bit);
	if (changed) {
		m->route[pin] = *msi;
		m->level_pins = level ? m->level_pins | bit : m->level_pins & ~bit;
		if (set_routes(m))
			kvm_raise(m, VM_EVENT_ENGINE, "KVM_SET_GSI_ROUTING: %s", strerror(errno));
	}
	pthread_mutex_unlock(&m->route_lock);
}

static const struct ioapic_ops ioapic_ops = { .deliver = deliver_msi, .changed = pin_changed };

static int create_devices(struct kvm_machine *m, struct err *err)
{
	unsigned int pin;
	struct msi msi;
	int ret;

	ioapic_init(&m->ioapic, &ioapic_ops, m);
	ret = pio_init(&m->pio, &m->ioapic, m->vm->console_fd, VM_CONSOLE_CAP, time(NULL));
	if (ret) {
		ioapic_destroy(&m->ioapic);
		return err_set(err, ret, "consoles: %s", strerror(-ret));
	}
	m->have_devices = true;
	if (!m->thaw)
		return 0;
	ret = kvm_state_devices(m, err);
	for (pin = 0; !ret && pin < IOAPIC_PINS; pin++)
		if (ioapic_route(&m->ioapic, pin, &msi))
			pin_changed(m, pin, &msi, false);
	return ret;
}

/* --- the engine ----------------------------------------------------------------- */

static struct kvm_machine *machine_alloc(struct vm *vm)
{
	struct kvm_machine *m = calloc(1, sizeof(*m));
	pthread_condattr_t attr;
	unsigned int i;

	if (!m)
		return NULL;
	m->nr_vcpus = topology_nr_cpus(&vm->cfg.topo);
	m->vcpu = calloc(m->nr_vcpus, sizeof(*m->vcpu));
	if (!m->vcpu) {
		free(m);
		return NULL;
	}
	m->vm = vm;
	m->dev_fd = -1;
	m->fd = -1;
	m->event_fd = -1;
	m->cpuid.supported = &m->supported;
	m->cpuid.topo = &vm->cfg.topo;
	for (i = 0; i < m->nr_vcpus; i++)
		m->vcpu[i] = (struct kvm_vcpu){
			.m = m, .cpu = i, .apic_id = topology_apic_id(&vm->cfg.topo, i), .fd = -1,
		};
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->route_lock, NULL);
	/* Deadlines are those of now_ns(). */
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->still, &attr);
	pthread_cond_init(&m->opened, NULL);
	pthread_condattr_destroy(&attr);
	return m;
}

static int kvm_create(struct vm *vm, const struct vm_image *image, struct err *err)
{
	struct kvm_machine *m = machine_alloc(vm);
	int ret;

	if (!m)
		return err_set(err, -ENOMEM, "out of memory");
	vm->priv = m;
	m->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->event_fd < 0)
		return err_set(err, -errno, "eventfd: %s", strerror(errno));
	ret = open_device(m, err);
	if (!ret)
		ret = get_supported(m, err);
	if (!ret)
		ret = check_limits(m, err);
	if (!ret) {
		m->fd = kvm_create_vm(m->dev_fd, err);
		ret = min(m->fd, 0);
	}
	if (!ret && vm->cfg.perf)
		kvm_perf_vm(m);
	if (!ret)
		ret = set_up_vm(m, err);
	if (!ret)
		ret = kvm_msrs_list(m, err);
	if (!ret && image)
		ret = kvm_state_open(m, image->state_fd, err);
	if (!ret)
		ret = create_devices(m, err);
	return ret ?: kvm_vcpus_start(m, err);
}

/* It stood still and comes back: that was no lockup of the guest's. */
static void excuse(struct kvm_machine *m)
{
	unsigned int i;

	/* Refused where the guest has no clock from KVM: then nothing is to be excused. */
	for (i = 0; m->has_kvmclock_ctrl && i < m->nr_vcpus; i++)
		ioctl(m->vcpu[i].fd, KVM_KVMCLOCK_CTRL, 0);
}

static int kvm_run_vm(struct vm *vm, struct err *err)
{
	struct kvm_machine *m = vm->priv;
	int ret;

	if (m->event && m->event != VM_EVENT_DOORBELL)
		return err_set(err, -EINVAL, "the guest has ended: %s", m->text);
	if (m->gate == GATE_OPEN)
		return 0;
	/* The doorbell may not have been waited for. */
	ret = kvm_vcpus_stop(m);
	if (ret)
		return err_set(err, ret, "a vCPU does not stop");
	if (m->thaw) {
		ret = kvm_state_clocks(m, err);
		kvm_state_close(m);
		if (ret)
			return ret;
	} else if (m->event) {
		excuse(m);
	}
	m->event = VM_EVENT_NONE;
	m->told = false;
	m->text[0] = 0;
	kvm_vcpus_open(m);
	return 0;
}

static enum vm_event kvm_wait(struct vm *vm, int timeout_ms)
{
	struct kvm_machine *m = vm->priv;
	struct pollfd pfd = { .fd = m->event_fd, .events = POLLIN };
	enum vm_event event;
	uint64_t count;
	int ret;

	if (m->told)
		return m->event;
	if (poll(&pfd, 1, timeout_ms) <= 0)
		return VM_EVENT_NONE;
	ret = kvm_vcpus_stop(m);
	if (ret)
		kvm_raise(m, VM_EVENT_ENGINE, "a vCPU does not stop");
	pthread_mutex_lock(&m->lock);
	/* Nonblocking, and nobody else reads it. */
	if (read(m->event_fd, &count, sizeof(count)) != sizeof(count))
		m->event = VM_EVENT_ENGINE;
	m->told = true;
	event = m->event;
	pthread_mutex_unlock(&m->lock);
	return event;
}

static int kvm_freeze(struct vm *vm, struct vm_image *image, struct err *err)
{
	struct kvm_machine *m = vm->priv;

	if (!m->told || m->event != VM_EVENT_DOORBELL)
		return err_set(err, -EINVAL, "only a guest that rang the doorbell can be frozen");
	return kvm_state_save(m, image->state_fd, err);
}

/* To look at vCPUs, they have to stand still. @running: they did not, and are to go on. */
static int hold(struct kvm_machine *m, bool *running)
{
	pthread_mutex_lock(&m->lock);
	*running = m->gate == GATE_OPEN;
	pthread_mutex_unlock(&m->lock);
	return kvm_vcpus_stop(m);
}

/* Whatever happened to one of them while they were being stopped ends all. Do they go on? */
static bool let_go(struct kvm_machine *m, bool running)
{
	pthread_mutex_lock(&m->lock);
	running = running && !m->event;
	pthread_mutex_unlock(&m->lock);
	if (running)
		kvm_vcpus_open(m);
	return running;
}

static int kvm_cpus(struct vm *vm, struct vm_cpu *cpu, unsigned int nr, struct err *err)
{
	struct kvm_machine *m = vm->priv;
	unsigned int i;
	bool running;
	int ret = hold(m, &running);

	if (ret)
		return err_set(err, ret, "a vCPU does not stop");
	for (i = 0; i < min(nr, m->nr_vcpus); i++)
		kvm_diag_cpu(&m->vcpu[i], &cpu[i]);
	let_go(m, running);
	return m->nr_vcpus;
}

static const char *kvm_text(struct vm *vm)
{
	struct kvm_machine *m = vm->priv;
	bool running;

	if (!m)
		return "";
	pthread_mutex_lock(&m->lock);
	running = m->gate == GATE_OPEN && !m->event;
	pthread_mutex_unlock(&m->lock);
	if (!running)
		return m->text;

	/* Still running is news as well: where is it? */
	if (hold(m, &running))
		return "a vCPU does not stop";
	kvm_diag_where(m, m->hung, sizeof(m->hung));
	return let_go(m, running) ? m->hung : m->text;
}

/* A vCPU that runs answers no questions, not even these. */
static void kvm_stats(struct vm *vm, char *buf, size_t size)
{
	struct kvm_machine *m = vm->priv;
	bool running;

	if (hold(m, &running))
		return;
	kvm_stats_print(m, buf, size);
	let_go(m, running);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static pid_t kvm_process(struct vm *vm)
{
	return vm->priv ? getpid() : 0;
}

static void kvm_destroy(struct vm *vm)
{
	struct kvm_machine *m = vm->priv;
	unsigned int i;

	vm->priv = NULL;
	/* A thread that is stuck in the kernel will still look at it: it stays, for ever. */
	if (kvm_vcpus_join(m))
		return;
	for (i = 0; i < m->nr_vcpus; i++) {
		if (m->vcpu[i].run)
			munmap(m->vcpu[i].run, m->run_size);
		close_fd(m->vcpu[i].fd);
	}
	close_fd(m->fd);
	close_fd(m->dev_fd);
	close_fd(m->event_fd);
	if (m->have_devices) {
		pio_destroy(&m->pio);
		ioapic_destroy(&m->ioapic);
	}
	kvm_state_close(m);
	pthread_mutex_destroy(&m->lock);
	pthread_mutex_destroy(&m->route_lock);
	pthread_cond_destroy(&m->still);
	pthread_cond_destroy(&m->opened);
	free(m->vcpu);
	free(m);
}

const struct vm_engine vm_engine_kvm = {
	.name = "kvm",
	.probe = kvm_probe,
	.create = kvm_create,
	.run = kvm_run_vm,
	.wait = kvm_wait,
	.freeze = kvm_freeze,
	.text = kvm_text,
	.process = kvm_process,
	.cpus = kvm_cpus,
	.stats = kvm_stats,
	.destroy = kvm_destroy,
	.time = VM_TIME_REAL,
	.private_ram = true,
	.in_process = true,
	.can_perf = true,
};
