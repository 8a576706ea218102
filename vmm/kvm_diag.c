// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_diag.c - one line on what KVM could not do, or on where a guest is
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "kvm.h"

#define INSN_MAX	15	/* bytes of the longest instruction */
#define INSN_WORDS	3	/* of internal.data: flags, the size and the bytes */
#define RESET_RIP	0xfff0
#define WHERE_MAX	6	/* CPUs that fit into a line */

#ifndef KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES
#define KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES BIT_ULL(0)
#endif

#ifndef KVM_EXIT_MEMORY_FAULT
#define KVM_EXIT_MEMORY_FAULT	39	/* since 6.8 */
#endif

/* Its part of struct kvm_run. */
struct memory_fault {
	uint64_t flags, gpa, size;
};

struct line {
	char *buf;
	size_t size, len;
};

static void __printf(2, 3) line_add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->buf + l->len, l->size - l->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len = min(l->len + n, l->size - 1);
}

/* Where guest-physical @gpa is in our memory, and how much follows it; NULL: no RAM. */
static const uint8_t *gpa_to_ram(const struct vm *vm, uint64_t gpa, uint64_t *left)
{
	const uint64_t high = vm->ram_size - vm->low_size;

	if (gpa < vm->low_size) {
		*left = vm->low_size - gpa;
		return (const uint8_t *)vm->ram + gpa;
	}
	if (gpa < GPA_HIGH_RAM || gpa - GPA_HIGH_RAM >= high)
		return NULL;
	*left = high - (gpa - GPA_HIGH_RAM);
	return (const uint8_t *)vm->ram + vm->low_size + (gpa - GPA_HIGH_RAM);
}

/* The code at a linear address, as far as it is mapped. */
static void add_code(struct line *l, struct kvm_vcpu *v, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < INSN_MAX; i++) {
		struct kvm_translation tr = { .linear_address = addr + i };
		const uint8_t *p = NULL;
		uint64_t left;

		if (!ioctl(v->fd, KVM_TRANSLATE, &tr) && tr.valid)
			p = gpa_to_ram(v->m->vm, tr.physical_address, &left);
		if (!p)
			break;
		line_add(l, "%s%02x", i ? " " : ", code ", *p);
	}
	if (!i)
		line_add(l, ", code not mapped");
}

static void add_regs(struct line *l, struct kvm_vcpu *v)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	if (ioctl(v->fd, KVM_GET_REGS, &regs) || ioctl(v->fd, KVM_GET_SREGS, &sregs)) {
		line_add(l, ", registers unknown");
		return;
	}
	line_add(l, ", RIP %#llx, RSP %#llx, CR0 %#llx, CR2 %#llx, CR3 %#llx, CR4 %#llx, EFER %#llx",
		 regs.rip, regs.rsp, sregs.cr0, sregs.cr2, sregs.cr3, sregs.cr4, sregs.efer);
	add_code(l, v, sregs.cs.base + regs.rip);
}

static const char *suberror_name(uint32_t suberror)
{
	switch (suberror) {
	case KVM_INTERNAL_ERROR_EMULATION:
		return "an instruction that KVM cannot emulate";
	case KVM_INTERNAL_ERROR_SIMUL_EX:
		return "an exception while another one was delivered";
	case KVM_INTERNAL_ERROR_DELIVERY_EV:
		return "an exit while an event was delivered";
	case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON:
		return "an exit that KVM does not know";
	default:
		return "of a kind that is not known here";
	}
}

static void add_internal(struct line *l, const struct kvm_run *run)
{
	const uint32_t nr = min(run->internal.ndata, (uint32_t)ARRAY_SIZE(run->internal.data));
	bool emulation = run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION;
	uint32_t first = 0, i;

	line_add(l, "KVM_EXIT_INTERNAL_ERROR, suberror %u (%s)", run->internal.suberror,
		 suberror_name(run->internal.suberror));
	if (emulation && nr >= 1 && run->emulation_failure.flags &
	    KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) {
		const uint8_t *insn = run->emulation_failure.insn_bytes;
		uint32_t size = min((uint32_t)run->emulation_failure.insn_size, (uint32_t)INSN_MAX);

		line_add(l, ", instruction");
		for (i = 0; i < size; i++)
			line_add(l, " %02x", insn[i]);
		first = INSN_WORDS;
	}
	/* Where KVM adds something: exit reason, qualification, error code and the like. */
	for (i = first; i < nr; i++)
		line_add(l, "%s%#llx", i > first ? " " : ", data ", run->internal.data[i]);
}

/* Those that could come on x86, but that nothing here asks for. */
#define EXIT(_reason)	{ _reason, #_reason }

static const struct {
	uint32_t reason;
	const char *name;
} exit_names[] = {
	EXIT(KVM_EXIT_EXCEPTION), EXIT(KVM_EXIT_HYPERCALL),
	EXIT(KVM_EXIT_DEBUG), EXIT(KVM_EXIT_HLT),
	EXIT(KVM_EXIT_SET_TPR), EXIT(KVM_EXIT_TPR_ACCESS),
	EXIT(KVM_EXIT_NMI), EXIT(KVM_EXIT_WATCHDOG),
	EXIT(KVM_EXIT_HYPERV), EXIT(KVM_EXIT_X86_RDMSR),
	EXIT(KVM_EXIT_X86_WRMSR), EXIT(KVM_EXIT_DIRTY_RING_FULL),
	EXIT(KVM_EXIT_X86_BUS_LOCK), EXIT(KVM_EXIT_XEN),
	EXIT(KVM_EXIT_NOTIFY),
};

static const char *exit_name(uint32_t reason)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(exit_names); i++)
		if (exit_names[i].reason == reason)
			return exit_names[i].name;
	return NULL;
}

static const char *event_name(uint32_t type)
{
	switch (type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		return "shutdown";
	case KVM_SYSTEM_EVENT_RESET:
		return "reset";
	case KVM_SYSTEM_EVENT_CRASH:
		return "crash";
	default:
		return "of a kind that is not known here";
	}
}

static void add_memory_fault(struct line *l, const struct kvm_run *run)
{
	struct memory_fault fault;

	memcpy(&fault, run->padding, sizeof(fault));
	line_add(l, ", KVM_EXIT_MEMORY_FAULT at %#llx, size %#llx, flags %#llx",
		 (unsigned long long)fault.gpa, (unsigned long long)fault.size,
		 (unsigned long long)fault.flags);
}

void kvm_diag_error(struct kvm_vcpu *v, int err, char *buf, size_t size)
{
	struct line l = { .buf = buf, .size = size };

	line_add(&l, "cpu %u: KVM_RUN: %s", v->cpu, strerror(err));
	/* Such a failure is an exit as well, if KVM knows where (virt/kvm/api.rst). */
	if ((err == EFAULT || err == EHWPOISON) &&
	    v->run->exit_reason == KVM_EXIT_MEMORY_FAULT)
		add_memory_fault(&l, v->run);
	add_regs(&l, v);
}

void kvm_diag_exit(struct kvm_vcpu *v, char *buf, size_t size)
{
	const struct kvm_run *run = v->run;
	struct line l = { .buf = buf, .size = size };
	const char *name;

	line_add(&l, "cpu %u: ", v->cpu);
	switch (run->exit_reason) {
	case KVM_EXIT_INTERNAL_ERROR:
		add_internal(&l, run);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		line_add(&l, "KVM_EXIT_FAIL_ENTRY, hardware reason %#llx, on host cpu %u",
			 run->fail_entry.hardware_entry_failure_reason, run->fail_entry.cpu);
		break;
	case KVM_EXIT_UNKNOWN:
		line_add(&l, "KVM_EXIT_UNKNOWN, hardware reason %#llx",
			 run->hw.hardware_exit_reason);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		line_add(&l, "KVM_EXIT_SYSTEM_EVENT, type %u (%s)", run->system_event.type,
			 event_name(run->system_event.type));
		break;
	default:
		name = exit_name(run->exit_reason);
		if (name)
			line_add(&l, "%s (%u) is not handled", name, run->exit_reason);
		else
			line_add(&l, "exit reason %u is not handled", run->exit_reason);
		break;
	}
	add_regs(&l, v);
}

void kvm_diag_triple(struct kvm_vcpu *v, char *buf, size_t size)
{
	struct line l = { .buf = buf, .size = size };
	struct kvm_regs regs;

	line_add(&l, "triple fault of cpu %u", v->cpu);
	/* On AMD the state is undefined after it, and KVM resets the CPU. */
	if (!ioctl(v->fd, KVM_GET_REGS, &regs) && regs.rip == RESET_RIP)
		line_add(&l, ", which leaves no registers on this host");
	else
		add_regs(&l, v);
}

static const char *mp_state_name(uint32_t state)
{
	switch (state) {
	case KVM_MP_STATE_RUNNABLE:
		return "runs";
	case KVM_MP_STATE_HALTED:
		return "halted";
	case KVM_MP_STATE_UNINITIALIZED:
		return "not started";
	case KVM_MP_STATE_INIT_RECEIVED:
		return "waits for its SIPI";
	default:
		return "in another state";
	}
}

void kvm_diag_cpu(struct kvm_vcpu *v, struct vm_cpu *cpu)
{
	struct kvm_mp_state mp = { 0 };
	struct kvm_sregs sregs;
	struct kvm_regs r;

	*cpu = (struct vm_cpu){ .state = "in an unknown state" };
	if (!ioctl(v->fd, KVM_GET_MP_STATE, &mp))
		cpu->state = mp_state_name(mp.mp_state);
	if (ioctl(v->fd, KVM_GET_REGS, &r) || ioctl(v->fd, KVM_GET_SREGS, &sregs))
		return;
	*cpu = (struct vm_cpu){
		.state = cpu->state,
		.have_regs = mp.mp_state != KVM_MP_STATE_UNINITIALIZED,
		.rip = r.rip, .rflags = r.rflags, .cr0 = sregs.cr0, .cr2 = sregs.cr2,
		.cr3 = sregs.cr3, .cr4 = sregs.cr4, .efer = sregs.efer,
		.gpr = {
			r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rsp, r.rbp,
			r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15,
		},
	};
}

/* All on one CPU; of many, only where they are. */
void kvm_diag_where(struct kvm_machine *m, char *buf, size_t size)
{
	struct line l = { .buf = buf, .size = size };
	unsigned int cpu;

	for (cpu = 0; cpu < min(m->nr_vcpus, (unsigned int)WHERE_MAX); cpu++) {
		struct kvm_vcpu *v = &m->vcpu[cpu];
		struct kvm_mp_state mp = { 0 };
		struct kvm_regs regs;

		if (ioctl(v->fd, KVM_GET_MP_STATE, &mp) || ioctl(v->fd, KVM_GET_REGS, &regs)) {
			line_add(&l, "%scpu %u: state unknown", cpu ? "; " : "", cpu);
			continue;
		}
		line_add(&l, "%scpu %u %s", cpu ? "; " : "", cpu, mp_state_name(mp.mp_state));
		if (mp.mp_state == KVM_MP_STATE_UNINITIALIZED)
			continue;
		if (m->nr_vcpus == 1)
			add_regs(&l, v);
		else
			line_add(&l, ", RIP %#llx", regs.rip);
	}
	if (m->nr_vcpus > WHERE_MAX)
		line_add(&l, "; and %u more", m->nr_vcpus - WHERE_MAX);
}
