/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kvm.h - inside of the kvm engine; no one else's business
 *
 * Who runs: each vCPU has a thread that makes it, waits at a gate, and is in KVM_RUN while the
 * gate is open. Whoever closes the gate (a vCPU that met an event, or the engine's caller) kicks
 * all vCPUs; the caller then waits until each has said that it stands still. Only then are
 * registers read or written by anyone but the vCPU's own thread.
 */
#ifndef KTSTR_VMM_KVM_H
#define KTSTR_VMM_KVM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include "kvm_cpuid.h"
#include "pio.h"
#include "vm.h"

#define KVM_MSRS_MAX	1024
#define KVM_TEXT_LEN	512

/* The argument of an ioctl that ends with an array, with room for it. */
#define KVM_ARG(_head, _entry, _nr)						\
	union {									\
		_head head;							\
		char room[sizeof(_head) + (_nr) * sizeof(_entry)];		\
	}

enum kvm_gate {
	GATE_SHUT,
	GATE_OPEN,
	GATE_QUIT,
};

struct kvm_machine;

struct kvm_vcpu {
	struct kvm_machine *m;
	unsigned int cpu;
	uint32_t apic_id;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool started;		/* there is a thread to join */
	/* Under the machine's lock: */
	bool standing;		/* not in KVM_RUN, no I/O half done, will not go on by itself */
	bool gone;		/* the thread has nothing more to do */
};

/* A list of MSRs that is KVM's, ours beside it. */
struct kvm_msr_set {
	unsigned int nr;
	uint32_t index[KVM_MSRS_MAX];
};

struct kvm_machine {
	struct vm *vm;
	int dev_fd, fd;
	int event_fd;			/* readable once there is an event */
	unsigned int nr_vcpus;
	struct kvm_vcpu *vcpu;
	long run_size;
	size_t xsave_size;
	uint64_t create_ns;		/* that KVM_CREATE_VM took */
	unsigned int nr_advised;	/* vCPUs, by KVM; 0: unknown */
	uint32_t exits_off;		/* KVM_X86_DISABLE_EXITS_* */
	int fifo_errno;			/* why a vCPU is not SCHED_FIFO */
	bool has_xcrs, has_debugregs, has_kvmclock_ctrl;
	struct kvm_cpuid_table supported;
	struct kvm_cpuid_config cpuid;
	struct kvm_msr_set msrs;
	struct ioapic ioapic;
	struct pio pio;
	bool have_devices;
	struct kvm_state *thaw;		/* to be continued from, until it was */
	pthread_mutex_t route_lock;	/* of all that follows, up to the next lock */
	struct msi route[IOAPIC_PINS];
	uint32_t level_pins;		/* those whose EOI has to come back */

	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t still;		/* no vCPU runs any more */
	pthread_cond_t opened;		/* the gate was, or will never be */
	enum kvm_gate gate;
	unsigned int nr_live;		/* threads that have something to do */
	unsigned int nr_standing;	/* of these */
	enum vm_event event;
	bool told;			/* wait() has returned the event */
	int setup_ret;			/* of the first vCPU that could not be made */
	struct err setup_err;
	char text[KVM_TEXT_LEN];
	char hung[KVM_TEXT_LEN];
};

/* --- kvm_setup.c ------------------------------------------------------------ */

/* kvm_open_device - and what it can do; -EOPNOTSUPP names what is missing. */
int kvm_open_device(struct kvm_machine *m, struct err *err);

/* kvm_check_limits - numbers that the user can do something about. -ERANGE: no such machine. */
int kvm_check_limits(struct kvm_machine *m, struct err *err);

/* kvm_set_up_vm - RAM and the interrupt controller of m->fd. */
int kvm_set_up_vm(struct kvm_machine *m, struct err *err);

/* --- kvm_irq.c -------------------------------------------------------------- */

/* The I/O APIC's way to the CPUs; its argument is the machine. */
extern const struct ioapic_ops kvm_ioapic_ops;

/* kvm_pin_changed - one of its pins means another interrupt now. */
void kvm_pin_changed(void *arg, unsigned int pin, const struct msi *msi, bool masked);

/* --- kvm_vcpu.c ------------------------------------------------------------- */

/* kvm_vcpus_start - threads that make all vCPUs; returns when each is there, or the first error. */
int kvm_vcpus_start(struct kvm_machine *m, struct err *err);

/* kvm_vcpus_open - let them run. They must stand still. */
void kvm_vcpus_open(struct kvm_machine *m);

/*
 * kvm_vcpus_stop - close the gate and wait until each vCPU stands still, whatever it was doing.
 * -ETIMEDOUT when one does not come out of the kernel.
 */
int kvm_vcpus_stop(struct kvm_machine *m);

/* kvm_vcpus_join - end all threads. -ETIMEDOUT as above: then nothing of them may be freed. */
int kvm_vcpus_join(struct kvm_machine *m);

/* kvm_raise - an event that stops the machine; the first counts, but an ending beats the doorbell. */
void kvm_raise(struct kvm_machine *m, enum vm_event event, const char *fmt, ...) __printf(3, 4);

/* --- kvm_regs.c ------------------------------------------------------------- */

/* kvm_regs_cpuid - CPUID, which all else depends on. */
int kvm_regs_cpuid(struct kvm_vcpu *v, struct err *err);

/* kvm_regs_boot - a vCPU as the kernel's 64-bit entry wants it, or as it waits for its SIPI. */
int kvm_regs_boot(struct kvm_vcpu *v, struct err *err);

/* --- kvm_state.c ------------------------------------------------------------ */

/* kvm_msrs_list - all MSRs that have to survive a freeze. */
int kvm_msrs_list(struct kvm_machine *m, struct err *err);

/* kvm_state_save - all that stands still, to @fd. */
int kvm_state_save(struct kvm_machine *m, int fd, struct err *err);

/* kvm_state_open - read what was saved into m->thaw; it must be of a machine like this one. */
int kvm_state_open(struct kvm_machine *m, int fd, struct err *err);
void kvm_state_close(struct kvm_machine *m);

/* Put it back: a vCPU (in its own thread), the devices, and the clocks just before all run. */
int kvm_state_vcpu(struct kvm_vcpu *v, struct err *err);
int kvm_state_devices(struct kvm_machine *m, struct err *err);
int kvm_state_clocks(struct kvm_machine *m, struct err *err);

/* --- kvm_diag.c ------------------------------------------------------------- */

/* kvm_diag_exit - why KVM gave up on a vCPU; the exit reason is none that can be handled. */
void kvm_diag_exit(struct kvm_vcpu *v, char *buf, size_t size);

/* kvm_diag_error - KVM_RUN itself failed with errno @err. */
void kvm_diag_error(struct kvm_vcpu *v, int err, char *buf, size_t size);

/* kvm_diag_triple - a triple fault, and where. */
void kvm_diag_triple(struct kvm_vcpu *v, char *buf, size_t size);

/* kvm_diag_cpu - the same of one vCPU, as numbers. */
void kvm_diag_cpu(struct kvm_vcpu *v, struct vm_cpu *cpu);

/* kvm_diag_where - where all vCPUs are, which stand still. */
void kvm_diag_where(struct kvm_machine *m, char *buf, size_t size);

/* --- kvm_perf.c ------------------------------------------------------------- */

/* kvm_perf_vm - before there are vCPUs. kvm_perf_vcpu - of the calling thread's own. */
void kvm_perf_vm(struct kvm_machine *m);
int kvm_perf_vcpu(struct kvm_vcpu *v, struct err *err);

/* kvm_perf_print - a line on what is in force. */
void kvm_perf_print(const struct kvm_machine *m, char *buf, size_t size);

/* --- kvm_stats.c ------------------------------------------------------------ */

/* kvm_stats_print - lines on what KVM has counted and on accesses to nothing; "" if there are none. */
void kvm_stats_print(struct kvm_machine *m, char *buf, size_t size);

#endif /* KTSTR_VMM_KVM_H */
