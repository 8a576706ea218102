// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_vcpu.c - the threads that run vCPUs: start, exits, and how to stop them for sure
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "kvm.h"

#define KICK_AGAIN_NS	(10 * NSEC_PER_MSEC)
#define STOP_LIMIT_NS	(5 * NSEC_PER_SEC)
#define KICK_SIGNAL	SIGRTMIN
#define DRAIN_TRIES	2048	/* "rep movs" of a page from MMIO: 1024 reads, one by one */

static void on_kick(int sig)
{
	(void)sig;
}

/* --- the gate ----------------------------------------------------------------- */

static enum kvm_gate gate_of(const struct kvm_machine *m)
{
	return __atomic_load_n(&m->gate, __ATOMIC_SEQ_CST);
}

/* Under the lock. Whoever is in KVM_RUN, or about to be, comes out; some have to be told again. */
static void kick_all(struct kvm_machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_vcpus; i++) {
		struct kvm_vcpu *v = &m->vcpu[i];

		if (!v->started || v->standing || v->gone)
			continue;
		if (v->run)
			WRITE_ONCE(v->run->immediate_exit, 1);
		if (!pthread_equal(v->thread, pthread_self()))
			pthread_kill(v->thread, KICK_SIGNAL);
	}
}

/* Once is enough: whoever shut it has kicked all, and who waits for them kicks again. */
static void gate_shut(struct kvm_machine *m, enum kvm_gate to)
{
	if (m->gate == to || m->gate == GATE_QUIT)
		return;
	__atomic_store_n(&m->gate, to, __ATOMIC_SEQ_CST);
	/* Those that stand still do so for ever, or are to end. */
	if (to == GATE_QUIT)
		pthread_cond_broadcast(&m->opened);
	kick_all(m);
}

void kvm_raise(struct kvm_machine *m, enum vm_event event, const char *fmt, ...)
{
	const uint64_t one = 1;
	va_list ap;

	pthread_mutex_lock(&m->lock);
	if (!m->event || (m->event == VM_EVENT_DOORBELL && event != VM_EVENT_DOORBELL)) {
		m->event = event;
		va_start(ap, fmt);
		vsnprintf(m->text, sizeof(m->text), fmt, ap);
		va_end(ap);
		/* It cannot fail: the counter is read back with every event. */
		if (write(m->event_fd, &one, sizeof(one)) != sizeof(one))
			m->event = VM_EVENT_ENGINE;
	}
	gate_shut(m, GATE_SHUT);
	pthread_mutex_unlock(&m->lock);
}

void kvm_vcpus_open(struct kvm_machine *m)
{
	pthread_mutex_lock(&m->lock);
	__atomic_store_n(&m->gate, GATE_OPEN, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&m->opened);
	pthread_mutex_unlock(&m->lock);
}

/* Under the lock: wait for @m->still, at most until it is time for another kick. */
static void wait_still(struct kvm_machine *m)
{
	uint64_t until = now_ns() + KICK_AGAIN_NS;
	struct timespec ts = {
		.tv_sec = until / NSEC_PER_SEC, .tv_nsec = until % NSEC_PER_SEC,
	};

	pthread_cond_timedwait(&m->still, &m->lock, &ts);
}

/* Under the lock. The last one wakes who waits for all: else that one would wake up for each. */
static void tell_if_last(struct kvm_machine *m)
{
	if (m->nr_standing == m->nr_live)
		pthread_cond_broadcast(&m->still);
}

static int stop(struct kvm_machine *m, enum kvm_gate to)
{
	const uint64_t limit = now_ns() + STOP_LIMIT_NS;
	int ret = 0;

	pthread_mutex_lock(&m->lock);
	gate_shut(m, to);
	while (to == GATE_QUIT ? m->nr_live : m->nr_standing < m->nr_live) {
		if (now_ns() > limit) {
			ret = -ETIMEDOUT;
			break;
		}
		wait_still(m);
		kick_all(m);
	}
	pthread_mutex_unlock(&m->lock);
	return ret;
}

int kvm_vcpus_stop(struct kvm_machine *m)
{
	return stop(m, GATE_SHUT);
}

int kvm_vcpus_join(struct kvm_machine *m)
{
	unsigned int i;
	int ret = stop(m, GATE_QUIT);

	if (ret)
		return ret;
	for (i = 0; i < m->nr_vcpus; i++) {
		if (m->vcpu[i].started)
			pthread_join(m->vcpu[i].thread, NULL);
		m->vcpu[i].started = false;
	}
	return 0;
}

/*
 * Stand still until the gate opens; false when it never will. A kick always closes the gate first,
 * so that one which comes after immediate_exit was cleared here is seen by the loop in run_open().
 */
static bool wait_open(struct kvm_vcpu *v)
{
	struct kvm_machine *m = v->m;
	bool open;

	pthread_mutex_lock(&m->lock);
	v->standing = true;
	m->nr_standing++;
	tell_if_last(m);
	while (m->gate == GATE_SHUT)
		pthread_cond_wait(&m->opened, &m->lock);
	v->standing = false;
	m->nr_standing--;
	open = m->gate == GATE_OPEN;
	WRITE_ONCE(v->run->immediate_exit, 0);
	pthread_mutex_unlock(&m->lock);
	return open;
}

/* --- exits -------------------------------------------------------------------- */

static void on_io(struct kvm_vcpu *v)
{
	struct kvm_run *run = v->run;
	void *data = (char *)run + run->io.data_offset;
	uint8_t value = 0;

	if (run->io.direction == KVM_EXIT_IO_IN) {
		pio_in(&v->m->pio, run->io.port, run->io.size, run->io.count, data);
		return;
	}
	switch (pio_out(&v->m->pio, run->io.port, run->io.size, run->io.count, data, &value)) {
	case PIO_NONE:
		break;
	case PIO_DOORBELL:
		kvm_raise(v->m, VM_EVENT_DOORBELL, "the guest waits for a job");
		break;
	case PIO_EXIT:
		kvm_raise(v->m, VM_EVENT_EXIT, "the guest ended by itself (%#x)", value);
		break;
	case PIO_RESET:
		kvm_raise(v->m, VM_EVENT_RESET, "the kernel reset the machine (panic or reboot)");
		break;
	}
}

static void on_exit_reason(struct kvm_vcpu *v)
{
	struct kvm_run *run = v->run;
	char text[KVM_TEXT_LEN];

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		on_io(v);
		break;
	case KVM_EXIT_MMIO:
		if (run->mmio.is_write)
			mmio_write(&v->m->pio, run->mmio.phys_addr, run->mmio.len, run->mmio.data);
		else
			mmio_read(&v->m->pio, run->mmio.phys_addr, run->mmio.len, run->mmio.data);
		break;
	case KVM_EXIT_IOAPIC_EOI:
		ioapic_eoi(&v->m->ioapic, run->eoi.vector);
		break;
	case KVM_EXIT_INTR:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		break;
	case KVM_EXIT_SHUTDOWN:
		kvm_diag_triple(v, text, sizeof(text));
		kvm_raise(v->m, VM_EVENT_RESET, "%s", text);
		break;
	default:
		kvm_diag_exit(v, text, sizeof(text));
		kvm_raise(v->m, VM_EVENT_ENGINE, "%s", text);
		break;
	}
}

/* --- running ------------------------------------------------------------------ */

/*
 * One KVM_RUN. -EINTR when it was kicked, which with immediate_exit set also means that the
 * instruction that exited last is complete. The exit reason is then that of the time before.
 */
static int run_once(struct kvm_vcpu *v)
{
	int ret = ioctl(v->fd, KVM_RUN, 0), error = errno;
	char text[KVM_TEXT_LEN];

	/* If nobody could wait for us any more, there may be no devices either. */
	if (gate_of(v->m) == GATE_QUIT)
		return -ECANCELED;
	if (!ret) {
		on_exit_reason(v);
		return 0;
	}
	if (error == EINTR)
		return -EINTR;
	/* A CPU that waits for its SIPI got something else. */
	if (error == EAGAIN)
		return 0;
	kvm_diag_error(v, error, text, sizeof(text));
	kvm_raise(v->m, VM_EVENT_ENGINE, "%s", text);
	return -EIO;
}

static void run_open(struct kvm_vcpu *v)
{
	unsigned int tries = DRAIN_TRIES;
	int ret = 0;

	while (ret != -EIO && gate_of(v->m) == GATE_OPEN)
		ret = run_once(v);
	if (ret == -EIO || gate_of(v->m) == GATE_QUIT)
		return;

	/*
	 * An I/O instruction is only complete when KVM_RUN is entered again, and that may be
	 * the start of another one (string I/O, an access across two pages).
	 */
	WRITE_ONCE(v->run->immediate_exit, 1);
	do {
		ret = run_once(v);
	} while (!ret && --tries);
	if (!ret)
		kvm_raise(v->m, VM_EVENT_ENGINE, "cpu %u: KVM_RUN does not stop", v->cpu);
}

static int make_vcpu(struct kvm_vcpu *v, struct err *err)
{
	struct kvm_machine *m = v->m;
	void *run;
	int ret;

	v->fd = ioctl(m->fd, KVM_CREATE_VCPU, (unsigned long)v->apic_id);
	if (v->fd < 0)
		return err_set(err, -errno, "KVM_CREATE_VCPU(%u): %s", v->apic_id,
			       strerror(errno));
	run = mmap(NULL, m->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (run == MAP_FAILED)
		return err_set(err, -errno, "mapping kvm_run: %s", strerror(errno));
	pthread_mutex_lock(&m->lock);
	v->run = run;
	pthread_mutex_unlock(&m->lock);
	ret = kvm_regs_cpuid(v, err);
	if (ret)
		return ret;
	return m->thaw ? kvm_state_vcpu(v, err) : kvm_regs_boot(v, err);
}

static void *vcpu_thread(void *arg)
{
	struct kvm_vcpu *v = arg;
	struct kvm_machine *m = v->m;
	struct err err = { "" };
	sigset_t kick;
	int ret;

	ret = make_vcpu(v, &err);
	if (!ret && m->vm->cfg.perf)
		ret = kvm_perf_vcpu(v, &err);
	/* Only now: making one must not be interrupted. */
	sigemptyset(&kick);
	sigaddset(&kick, KICK_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &kick, NULL);

	while (!ret && wait_open(v))
		run_open(v);

	pthread_mutex_lock(&m->lock);
	if (ret && !m->setup_ret) {
		m->setup_ret = ret;
		m->setup_err = err;
	}
	v->gone = true;
	m->nr_live--;
	tell_if_last(m);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

int kvm_vcpus_start(struct kvm_machine *m, struct err *err)
{
	const struct sigaction sa = { .sa_handler = on_kick };
	sigset_t all, old;
	unsigned int i;
	int ret = 0;

	/* Without SA_RESTART. It does nothing, so it does no harm to whoever else gets one. */
	if (sigaction(KICK_SIGNAL, &sa, NULL))
		return err_set(err, -errno, "sigaction: %s", strerror(errno));
	/* Inherited by the threads: what is for the process is not for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&m->lock);
	for (i = 0; !ret && i < m->nr_vcpus; i++) {
		ret = -pthread_create(&m->vcpu[i].thread, NULL, vcpu_thread, &m->vcpu[i]);
		m->vcpu[i].started = !ret;
		m->nr_live += !ret;
	}
	if (ret)
		err_set(err, ret, "a thread for cpu %u of %u: %s", i - 1, m->nr_vcpus,
			strerror(-ret));
	/*
	 * Making a vCPU takes as long as it takes: the kernel does not wait for anyone else. Those
	 * that have a thread use the machine meanwhile, also when it lacks others.
	 */
	while (m->nr_standing < m->nr_live)
		pthread_cond_wait(&m->still, &m->lock);
	if (!ret && m->setup_ret)
		ret = err_set(err, m->setup_ret, "%s", m->setup_err.msg);
	pthread_mutex_unlock(&m->lock);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}
