// SPDX-License-Identifier: GPL-2.0
/*
 * kvm.c - the engine for hosts with hardware virtualization
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
#include "aside.h"
#include "engines.h"
#include "kvm.h"
#include "kvm_probe.h"

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

static int create_devices(struct kvm_machine *m, struct err *err)
{
	unsigned int pin;
	struct msi msi;
	int ret;

	ioapic_init(&m->ioapic, &kvm_ioapic_ops, m);
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
		if (ioapic_eoi_route(&m->ioapic, pin, &msi))
			kvm_pin_changed(m, pin, &msi, false);
	return ret;
}

static int kvm_create(struct vm *vm, const struct vm_image *image, struct err *err)
{
	struct kvm_machine *m = machine_alloc(vm);
	uint64_t start;
	int ret;

	if (!m)
		return err_set(err, -ENOMEM, "out of memory");
	vm->priv = m;
	m->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->event_fd < 0)
		return err_set(err, -errno, "eventfd: %s", strerror(errno));
	ret = kvm_open_device(m, err);
	if (!ret)
		ret = kvm_check_limits(m, err);
	if (!ret) {
		start = now_ns();
		m->fd = kvm_create_vm(m->dev_fd, err);
		m->create_ns = now_ns() - start;
		ret = min(m->fd, 0);
	}
	if (!ret && vm->cfg.perf)
		kvm_perf_vm(m);
	if (!ret)
		ret = kvm_set_up_vm(m, err);
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

/* Under the lock: an event can be read for a moment before it has shut the gate. */
static bool is_open(struct kvm_machine *m)
{
	bool open;

	pthread_mutex_lock(&m->lock);
	open = m->gate == GATE_OPEN;
	pthread_mutex_unlock(&m->lock);
	return open;
}

static int kvm_run_vm(struct vm *vm, struct err *err)
{
	struct kvm_machine *m = vm->priv;
	uint64_t count;
	int ret;

	if (is_open(m))
		return 0;
	/* The doorbell may not have been waited for. */
	ret = kvm_vcpus_stop(m);
	if (ret)
		return err_set(err, ret, "a vCPU does not stop");
	/* Only now: until all stand, one may still end what another has stopped. */
	if (m->event && m->event != VM_EVENT_DOORBELL)
		return err_set(err, -EINVAL, "the guest has ended: %s", m->text);
	if (m->thaw) {
		ret = kvm_state_clocks(m, err);
		kvm_state_close(m);
		if (ret)
			return ret;
	} else if (m->event) {
		excuse(m);
	}
	pthread_mutex_lock(&m->lock);
	/* Nonblocking; there is something to be read if nobody has waited. */
	ret = read(m->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN ? -errno : 0;
	m->event = VM_EVENT_NONE;
	m->told = false;
	m->text[0] = 0;
	pthread_mutex_unlock(&m->lock);
	if (ret)
		return err_set(err, ret, "eventfd: %s", strerror(-ret));
	kvm_vcpus_open(m);
	return 0;
}

/* Where one does not stop the others stand for good: nobody opens the gate again. */
static int stop_or_end(struct kvm_machine *m)
{
	int ret = kvm_vcpus_stop(m);

	if (ret)
		kvm_raise(m, VM_EVENT_ENGINE, "a vCPU does not stop");
	return ret;
}

static enum vm_event kvm_wait(struct vm *vm, int timeout_ms)
{
	struct kvm_machine *m = vm->priv;
	struct pollfd pfd = { .fd = m->event_fd, .events = POLLIN };
	enum vm_event event;
	uint64_t count;

	if (m->told)
		return m->event;
	if (poll(&pfd, 1, timeout_ms) <= 0)
		return VM_EVENT_NONE;
	stop_or_end(m);
	pthread_mutex_lock(&m->lock);
	/* Nonblocking, and nobody else reads it meanwhile. */
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
	*running = is_open(m);
	return stop_or_end(m);
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

/* Each holds the VM, as its descriptors do. */
static void unmap_vcpus(struct kvm_machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_vcpus; i++)
		if (m->vcpu[i].run)
			munmap(m->vcpu[i].run, m->run_size);
}

static void close_vcpus(struct kvm_machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_vcpus; i++)
		close_fd(m->vcpu[i].fd);
}

/*
 * The kernel takes the page tables of a VM apart and then waits for a grace period (rcu_barrier()
 * in arch/x86/kvm/mmu/tdp_mmu.c), for longer than all the rest takes. RAM goes with the process.
 */
static void kvm_leave(struct vm *vm)
{
	struct kvm_machine *m = vm->priv;

	if (kvm_vcpus_stop(m))
		return;
	unmap_vcpus(m);
	close_vcpus(m);
	if (!vm->cfg.leave_waits)
		close_aside(m->fd);
}

static void kvm_destroy(struct vm *vm)
{
	struct kvm_machine *m = vm->priv;

	vm->priv = NULL;
	/* A thread that is stuck in the kernel will still look at it: it stays, for ever. */
	if (kvm_vcpus_join(m))
		return;
	unmap_vcpus(m);
	close_vcpus(m);
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
	.leave = kvm_leave,
	.time = VM_TIME_REAL,
	.private_ram = true,
	.can_perf = true,
};
