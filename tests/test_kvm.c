// SPDX-License-Identifier: GPL-2.0
/*
 * test_kvm.c - micro-guests on the kvm engine: a few instructions instead of a kernel
 *
 * They run on every /dev/kvm, also on one that only emulates: all instructions are simple ones.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "../vmm/kvm.h"
#include "kselftest_harness.h"
#include "kvm_guest.h"

/* A page fault that no IDT is there for. */
#define TRIPLE_FAULT	"lea 8f(%rip), %rax; lidt (%rax); mov $1, %ecx; shl $40, %rcx; mov (%rcx), %eax; 8: .quad 0, 0;"

GUEST_CODE(done, EXIT(0x20) FOREVER);
GUEST_CODE(reset, EXIT(0x21) FOREVER);
GUEST_CODE(reset_i8042, OUTB(0x64, 0xfe) FOREVER);
GUEST_CODE(triple_fault, TRIPLE_FAULT);
GUEST_CODE(halt, HALT);
/* From a hole, where there is no code. */
GUEST_CODE(no_code, "mov $0xd0000000, %eax; jmp *%rax");

GUEST_CODE(boot_params,
	   "cmpl $0x53726448, 0x202(%rsi); jne 9f;"
	   "mov %cs, %eax; cmp $0x10, %eax; jne 9f;"
	   "mov %ds, %eax; cmp $0x18, %eax; jne 9f;"
	   EXIT(0x20) FAIL);

/* MTRRs are on and all is write-back; the fixed ones, which nobody has set, would say uncached. */
GUEST_CODE(mtrr,
	   "mov $0x2ff, %ecx; rdmsr; cmp $0x806, %eax; jne 9f;" PUTC("W") EXIT(0x20) FAIL);

/* "hello" by one instruction, backwards "olleh" as the direction flag says. */
GUEST_CODE(string_out,
	   "mov $0x3f8, %edx; lea 2f(%rip), %rsi; mov $5, %ecx; cld; rep outsb;"
	   "lea 2f+4(%rip), %rsi; mov $5, %ecx; std; rep outsb; cld;"
	   EXIT(0x20) FOREVER "2: .ascii \"hello\"");

/* 5000 bytes, more than KVM takes at once: from the scratch register to RAM, to the console. */
GUEST_CODE(string_in,
	   OUTB(0x3ff, 0x2a)
	   "mov $0x1200000, %edi; mov $5000, %ecx; mov $0x3ff, %edx; cld; rep insb;"
	   "mov $0x1200000, %esi; mov $5000, %ecx; mov $0x3f8, %edx; rep outsb;"
	   EXIT(0x20) FOREVER);

GUEST_CODE(unknown,
	   "mov $0x1234, %edx; in %dx, %eax; cmp $-1, %eax; jne 9f;"
	   "out %eax, %dx;"
	   "mov $0xd0000000, %ecx; mov (%rcx), %rax; cmp $-1, %rax; jne 9f;"
	   "movl $7, (%rcx);"
	   EXIT(0x20) FAIL);

GUEST_CODE(bell_twice,
	   "mov $'0', %ebx;" BELL "inc %ebx;" PUTREG BELL "inc %ebx;" PUTREG EXIT(0x20) FOREVER);

GUEST_CODE(bells, "mov $30, %ebx; 7:" BELL "dec %ebx; jnz 7b;" PUTC("E") EXIT(0x20) FOREVER);

GUEST_CODE(ap, START_AP(AP_HERE "4: hlt; jmp 4b;") AWAIT_AP PUTC("A") EXIT(0x20) FOREVER);
/* The same for the CPU whose APIC id is 299, which takes an x2APIC: both find theirs as one. */
#define IS_X2APIC	"mov $0x1b, %ecx; rdmsr; test $0x400, %eax;"
#define WRMSR(reg, hi, lo)							\
	"mov $" #reg ", %ecx; mov $" #hi ", %edx; mov $" #lo ", %eax; wrmsr;"
GUEST_CODE(x2ap,
	   "lea 5f(%rip), %rsi; mov $0x10000, %edi; mov $6f-5f, %ecx; cld; rep movsb;"
	   "movl $0, 0x11000;" IS_X2APIC "jz 9f;"
	   WRMSR(0x80f, 0, 0x1ff) WRMSR(0x830, 299, 0x4500) WRMSR(0x830, 299, 0x4610)
	   "jmp 6f; .code16; 5:" IS_X2APIC "jz 4f;" AP_HERE "4: hlt; jmp 4b; .code64; 6:"
	   AWAIT_AP PUTC("X") EXIT(0x20) FAIL);
/* Both count at once; no step may be lost. */
GUEST_CODE(ap_counts,
	   START_AP(AP_DATA "movl $0, 0x100; movw $0x4241, 0; mov $50000, %cx;"
		    "4: lock incl 0x100; loop 4b; movw $0x4242, 0; 3: hlt; jmp 3b;")
	   AWAIT_AP "mov $50000, %ecx; 4: lock incl 0x11100; loop 4b;"
	   "3: pause; cmpl $0x4242, 0x11000; jne 3b;"
	   "cmpl $100000, 0x11100; jne 9f;" PUTC("C") EXIT(0x20) FAIL);
/* To protected mode, and from there to where there is no code. */
GUEST_CODE(ap_no_code,
	   START_AP(AP_DATA "movw $31, 8; movl $0x500, 10; lgdtl 8;"
		    "mov %cr0, %eax; or $1, %al; mov %eax, %cr0; ljmpl $8, $0xd0000000;")
	   HALT);
GUEST_CODE(ap_ends, START_AP("mov $0xf4, %dx; mov $0x20, %al; out %al, %dx; 4: jmp 4b;") HALT);

GUEST_CODE(irq,
	   SET_UP_IRQ(0x40) OUTB(0x3fc, 8) OUTB(0x3f9, 2)
	   "sti;" HALT
	   "3:" PUTC("I") EXIT(0x20) FOREVER IDT);
/* Level-triggered: nothing reads IIR, so that it is sent again after each EOI. */
GUEST_CODE(irq_level,
	   SET_UP_IRQ(0x8040) OUTB(0x3fc, 8) "xor %r8d, %r8d;" OUTB(0x3f9, 2)
	   "sti;" HALT
	   "3:" PUTC("L") "movl $0, 0xb0(%rbx); inc %r8d; cmp $3, %r8d; je 4f; iretq;"
	   "4:" EXIT(0x20) FOREVER IDT);

TEST_F(kvm, exit)
{
	START(done);
	EXPECT_END(VM_EVENT_EXIT);
	/* The event stays, and there is nothing to be continued. */
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_EQ(vm_run(self->vm, &self->err), -EINVAL);
	finish(&self->vm);
}

TEST_F(kvm, reset)
{
	START(reset);
	EXPECT_END(VM_EVENT_RESET);
	EXPECT_TEXT("panic or reboot");
	finish(&self->vm);
}

TEST_F(kvm, reset_i8042)
{
	START(reset_i8042);
	EXPECT_END(VM_EVENT_RESET);
	EXPECT_TEXT("panic or reboot");
	finish(&self->vm);
}

TEST_F(kvm, triple_fault)
{
	START(triple_fault);
	EXPECT_END(VM_EVENT_RESET);
	EXPECT_TEXT("triple fault of cpu 0");
	/* What AMD CPUs leave of the registers is nothing. */
	if (!strstr(vm_engine_text(self->vm), "no registers"))
		EXPECT_TEXT("RIP 0x10000");
	finish(&self->vm);
}

TEST_F(kvm, internal_error)
{
	START(no_code);
	EXPECT_END(VM_EVENT_ENGINE);
	EXPECT_TEXT("cpu 0: KVM_EXIT_INTERNAL_ERROR, suberror 1");
	EXPECT_TEXT("RIP 0xd0000000");
	finish(&self->vm);
}

TEST_F(kvm, boot_params)
{
	START(boot_params);
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "");
	finish(&self->vm);
}

TEST_F(kvm, memory_types)
{
	START(mtrr);
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "W");
	finish(&self->vm);
}

TEST_F(kvm, spin_is_stopped)
{
	START(spin);
	EXPECT_EQ(vm_wait(self->vm, 100), VM_EVENT_NONE);
	/* Where it is can be asked, and it goes on. */
	EXPECT_TEXT("cpu 0 runs, RIP 0x100000");
	EXPECT_EQ(vm_wait(self->vm, 50), VM_EVENT_NONE);
	EXPECT_TEXT("eb fc 00 00");
	finish(&self->vm);
}

TEST_F(kvm, halt_is_stopped)
{
	START(halt);
	EXPECT_EQ(vm_wait(self->vm, 100), VM_EVENT_NONE);
	EXPECT_TEXT("cpu 0 halted");
	finish(&self->vm);
}

TEST_F(kvm, never_run)
{
	CPUS("1n2l2c2t");
	LOAD(done);
	OK(vm_create(&self->cfg, -1, &self->vm, &self->err));
	EXPECT_EQ(vm_wait(self->vm, 10), VM_EVENT_NONE);
	finish(&self->vm);
}

TEST_F(kvm, string_out)
{
	START(string_out);
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "helloolleh");
	finish(&self->vm);
}

TEST_F(kvm, string_in)
{
	char expect[5001];

	memset(expect, '*', sizeof(expect) - 1);
	expect[sizeof(expect) - 1] = '\0';
	START(string_in);
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, expect);
	finish(&self->vm);
}

TEST_F(kvm, unknown_reads_ones)
{
	START(unknown);
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "");
	finish(&self->vm);
}

/* Stopped at the doorbell, looked at and continued, without being frozen. */
TEST_F(kvm, bell_and_on)
{
	self->cfg.doorbell = true;
	START(bell_twice);
	EXPECT_END(VM_EVENT_DOORBELL);
	EXPECT_END(VM_EVENT_DOORBELL);
	EXPECT_CONSOLE(self->vm, "");
	OK(vm_run(self->vm, &self->err));
	EXPECT_END(VM_EVENT_DOORBELL);
	EXPECT_CONSOLE(self->vm, "1");
	OK(vm_run(self->vm, &self->err));
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "12");
	finish(&self->vm);
}

/*
 * It can be continued, and waited for, by who has not waited for the bell. On one CPU, who waits
 * comes in between what the vCPU does, often enough for thirty bells.
 */
TEST_F(kvm, bell_not_waited_for)
{
	struct pollfd rung = { .events = POLLIN };
	unsigned int i, cpu;
	cpu_set_t one;

	ASSERT_EQ(getcpu(&cpu, NULL), 0);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
	self->cfg.doorbell = true;
	START(bells);
	rung.fd = ((struct kvm_machine *)self->vm->priv)->event_fd;
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(poll(&rung, 1, WAIT_MS), 1);
		OK(vm_run(self->vm, &self->err));
	}
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "E");
	finish(&self->vm);
}

TEST_F(kvm, smp_init_sipi)
{
	CPUS("1n1l2c1t");
	START(ap);
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "A");
	finish(&self->vm);
}

TEST_F(kvm, smp_x2apic)
{
	CPUS("1n300l1c1t");
	START(x2ap);
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "X");
	finish(&self->vm);
}

/* Each vCPU is one: more are allowed where that can be, else it is said. */
TEST_F(kvm, few_descriptors)
{
	struct rlimit limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_LT(1024, limit.rlim_max);
	limit.rlim_cur = 256;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	CPUS("1n300l1c1t");
	START(x2ap);
	EXPECT_END(VM_EVENT_EXIT);
	finish(&self->vm);

	limit.rlim_cur = 256;
	limit.rlim_max = 256;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-ERANGE, vm_create(&self->cfg, -1, &self->vm, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "300 CPUs need 364 file descriptors: ")) {
		TH_LOG("%s", self->err.msg);
	}
}

TEST_F(kvm, smp_counts)
{
	CPUS("1n1l2c1t");
	START(ap_counts);
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "C");
	finish(&self->vm);
}

/* One CPU's end is the machine's, whichever it is. */
TEST_F(kvm, smp_internal_error)
{
	CPUS("1n1l4c1t");
	START(ap_no_code);
	EXPECT_END(VM_EVENT_ENGINE);
	EXPECT_TEXT("cpu 1: KVM_EXIT_INTERNAL_ERROR");
	finish(&self->vm);
}

TEST_F(kvm, smp_exit)
{
	CPUS("1n1l4c1t");
	START(ap_ends);
	EXPECT_END(VM_EVENT_EXIT);
	finish(&self->vm);
}

TEST_F(kvm, interrupt)
{
	START(irq);
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "I");
	finish(&self->vm);
}

TEST_F(kvm, interrupt_level)
{
	START(irq_level);
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "LLL");
	finish(&self->vm);
}

TEST_HARNESS_MAIN
