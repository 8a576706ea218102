// SPDX-License-Identifier: GPL-2.0
/*
 * test_kvm.c - micro-guests on the kvm engine: a few instructions instead of a kernel
 *
 * They run on every /dev/kvm, also on one that only emulates: all instructions are simple ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../vmm/engines.h"
#include "kselftest_harness.h"
#include "micro_guest.h"

#define PUTC(c)		"mov $0x3f8, %edx; mov $'" c "', %eax; out %al, %dx;"
#define PUTREG		"mov $0x3f8, %edx; mov %ebx, %eax; out %al, %dx;"
#define HALT		"1: hlt; jmp 1b;"
#define FAIL		"9:" PUTC("!") EXIT(0x20) FOREVER
/* A page fault that no IDT is there for. */
#define TRIPLE_FAULT	"lea 8f(%rip), %rax; lidt (%rax); mov $1, %ecx; shl $40, %rcx; mov (%rcx), %eax; 8: .quad 0, 0;"

GUEST_CODE(done, EXIT(0x20) FOREVER);
GUEST_CODE(reset, EXIT(0x21) FOREVER);
GUEST_CODE(reset_i8042, OUTB(0x64, 0xfe) FOREVER);
GUEST_CODE(triple_fault, TRIPLE_FAULT);
GUEST_CODE(spin, FOREVER);
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

GUEST_CODE(bell_flood,
	   BELL "mov $0x3f8, %edx; mov $0x1000000, %esi; mov $4096, %ecx; cld; rep outsb;"
	   EXIT(0x20) FOREVER);

/* At the doorbell EBX is '0'; then a byte of the job area (RAM end - 16 MiB + 4 KiB) is added. */
GUEST_CODE(bell,
	   "mov $'0', %ebx;" BELL "inc %ebx;"
	   "mov $0x7001000, %ecx; addb (%rcx), %bl;" PUTREG
	   EXIT(0x20) FOREVER);

GUEST_CODE(bell_twice,
	   "mov $'0', %ebx;" BELL "inc %ebx;" PUTREG BELL "inc %ebx;" PUTREG EXIT(0x20) FOREVER);

/* The TSC before and after, in the job area. */
#define RDTSC		"rdtsc; shl $32, %rdx; or %rdx, %rax;"
GUEST_CODE(rdtsc_bell,
	   "mov $0x7001000, %ebx;" RDTSC "mov %rax, (%rbx);" BELL RDTSC "mov %rax, 8(%rbx);"
	   EXIT(0x20) FOREVER);

/*
 * CPU 0 puts @ap_code at 0x10000 and starts CPU 1 there, by INIT and SIPI as everyone. The AP's
 * code is 16-bit; its data is at 0x11000.
 */
#define START_AP(ap_code)							\
	"lea 5f(%rip), %rsi; mov $0x10000, %edi; mov $6f-5f, %ecx; cld; rep movsb;"	\
	"movl $0, 0x11000; mov $0xfee00000, %ebx;"				\
	"movl $0x1ff, 0xf0(%rbx);"						\
	"movl $0x01000000, 0x310(%rbx); movl $0x4500, 0x300(%rbx);"		\
	"movl $0x01000000, 0x310(%rbx); movl $0x4610, 0x300(%rbx);"		\
	"jmp 6f; .code16; 5:" ap_code ".code64; 6:"
#define AP_DATA		"mov $0x1100, %ax; mov %ax, %ds;"
#define AP_HERE		AP_DATA "movw $0x4241, 0;"
#define AWAIT_AP	"7: pause; cmpl $0x4241, 0x11000; jb 7b;"

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
GUEST_CODE(ap_spins_bell,
	   START_AP(AP_HERE "4: incw 4; jmp 4b;") AWAIT_AP BELL
	   /* It must go on: what it counts changes, from whatever it was. */
	   "mov 0x11004, %ax; 2: pause; cmp 0x11004, %ax; je 2b;"
	   PUTC("B") EXIT(0x20) FOREVER);
/* To protected mode, and from there to where there is no code. */
GUEST_CODE(ap_no_code,
	   START_AP(AP_DATA "movw $31, 8; movl $0x500, 10; lgdtl 8;"
		    "mov %cr0, %eax; or $1, %al; mov %eax, %cr0; ljmpl $8, $0xd0000000;")
	   HALT);
GUEST_CODE(ap_ends, START_AP("mov $0xf4, %dx; mov $0x20, %al; out %al, %dx; 4: jmp 4b;") HALT);

/*
 * COM1's "transmitter empty" at pin 4 of the I/O APIC, vector 0x40, to CPU 0. The IDT is at
 * 0x12000.
 */
#define IOAPIC(reg, val)	"movl $" #reg ", (%rbp); movl $" #val ", 0x10(%rbp);"
#define SET_UP_IRQ(redir)							\
	"mov $0xfee00000, %ebx; movl $0x1ff, 0xf0(%rbx); movl $0, 0x80(%rbx);"	\
	"lea 3f(%rip), %rax; mov $0x12400, %edi;"				\
	"mov %ax, (%rdi); movw $0x10, 2(%rdi); movw $0x8e00, 4(%rdi);"		\
	"shr $16, %rax; mov %ax, 6(%rdi); movl $0, 8(%rdi); movl $0, 12(%rdi);"	\
	"lea 2f(%rip), %rax; lidt (%rax);"					\
	"mov $0xfec00000, %ebp;" IOAPIC(0x19, 0) IOAPIC(0x18, redir)
#define IDT		"2: .word 0x40f; .quad 0x12000;"

GUEST_CODE(irq,
	   SET_UP_IRQ(0x40) OUTB(0x3fc, 8) OUTB(0x3f9, 2)
	   "sti;" HALT
	   "3:" PUTC("I") EXIT(0x20) FOREVER IDT);
GUEST_CODE(irq_after_bell,
	   SET_UP_IRQ(0x40) OUTB(0x3fc, 8) BELL OUTB(0x3f9, 2)
	   "sti;" HALT
	   "3:" PUTC("I") EXIT(0x20) FOREVER IDT);
/* Pending when it rings, taken after. */
GUEST_CODE(irq_over_bell,
	   SET_UP_IRQ(0x40) OUTB(0x3fc, 8) OUTB(0x3f9, 2) BELL
	   "sti;" HALT
	   "3:" PUTC("I") EXIT(0x20) FOREVER IDT);
/* Level-triggered: nothing reads IIR, so that it is sent again after each EOI. */
GUEST_CODE(irq_level,
	   SET_UP_IRQ(0x8040) OUTB(0x3fc, 8) "xor %r8d, %r8d;" OUTB(0x3f9, 2)
	   "sti;" HALT
	   "3:" PUTC("L") "movl $0, 0xb0(%rbx); inc %r8d; cmp $3, %r8d; je 4f; iretq;"
	   "4:" EXIT(0x20) FOREVER IDT);

/* In service when it rings. Only if that EOI comes back it is sent again. */
#define IRQ_LEVEL_OVER_BELL(before, after)					\
	SET_UP_IRQ(0x8040) OUTB(0x3fc, 8) "xor %r8d, %r8d;" OUTB(0x3f9, 2)	\
	"sti;" HALT								\
	"3:" PUTC("L") "inc %r8d; cmp $2, %r8d; je 4f;"				\
	before BELL "movl $0, 0xb0(%rbx);" after "iretq;"			\
	"4:" EXIT(0x20) FOREVER IDT
GUEST_CODE(irq_level_over_bell, IRQ_LEVEL_OVER_BELL("", ""));
GUEST_CODE(irq_masked_over_bell,
	   IRQ_LEVEL_OVER_BELL(IOAPIC(0x18, 0x18040), IOAPIC(0x18, 0x8040)));

/* The local timer, one shot by its own count: armed, then the bell. */
GUEST_CODE(timer_over_bell,
	   SET_UP_IRQ(0x10000)
	   "movl $0x40, 0x320(%rbx); movl $0xb, 0x3e0(%rbx); movl $300000000, 0x380(%rbx);" BELL
	   "sti;" HALT
	   "3:" PUTC("T") EXIT(0x20) FOREVER IDT);

FIXTURE(kvm) {
	MICRO_GUEST_FIELDS;
};

FIXTURE_SETUP(kvm)
{
	/* Not the engine's probe: that one wants more than these guests need. */
	if (access("/dev/kvm", R_OK | W_OK))
		SKIP(return, "/dev/kvm: %s", strerror(errno));
	MICRO_GUEST_SETUP();
	self->cfg.engine = &vm_engine_kvm;
}

FIXTURE_TEARDOWN(kvm)
{
	MICRO_GUEST_TEARDOWN();
}

#define CPUS(_topo)								\
	ASSERT_EQ(topology_parse(_topo, &self->cfg.topo, NULL), 0)

#define EXPECT_TEXT(_part)							\
	EXPECT_NE(strstr(vm_engine_text(self->vm), _part), NULL) {		\
		TH_LOG("%s", vm_engine_text(self->vm));				\
	}

#define EXPECT_CONSOLE(_vm, _text) do {						\
	size_t _len;								\
	char *_got;								\
	ASSERT_EQ(vm_console(_vm, 0, &_got, &_len), 0);				\
	EXPECT_STREQ(_got, _text);						\
	free(_got);								\
} while (0)

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

/* It can be continued, and waited for, by who has not waited for the bell. */
TEST_F(kvm, bell_not_waited_for)
{
	self->cfg.doorbell = true;
	START(bell);
	while (strcmp(vm_engine_text(self->vm), "the guest waits for a job"))
		usleep(1000);
	OK(vm_run(self->vm, &self->err));
	EXPECT_END(VM_EVENT_EXIT);
	EXPECT_CONSOLE(self->vm, "1");
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

#define FREEZE(_name, _image) do {						\
	LOAD(_name);								\
	OK(vm_image_open(_image, &self->err));					\
	OK(vm_create(&self->cfg, (_image)->ram_fd, &self->vm, &self->err));	\
	OK(vm_run(self->vm, &self->err));					\
	EXPECT_END(VM_EVENT_DOORBELL);						\
	OK(vm_freeze(self->vm, _image, &self->err));				\
	finish(&self->vm);							\
} while (0)

/* One frozen guest, thawed many times with a job of its own each, also side by side. */
TEST_F(kvm, freeze_and_thaw)
{
	struct vm *vm[3] = {};
	struct vm_image image;
	unsigned int i;

	FREEZE(bell, &image);
	for (i = 0; i < ARRAY_SIZE(vm); i++) {
		OK(vm_thaw(&self->cfg, &image, &vm[i], &self->err));
		*(uint8_t *)shm_job(&vm[i]->shm) = i;
		OK(vm_run(vm[i], &self->err));
	}
	for (i = 0; i < ARRAY_SIZE(vm); i++) {
		char expect[2] = { '1' + i };

		EXPECT_EQ(vm_wait(vm[i], WAIT_MS), VM_EVENT_EXIT) {
			TH_LOG("%s", vm_engine_text(vm[i]));
		}
		EXPECT_CONSOLE(vm[i], expect);
		vm_destroy(vm[i]);
	}
	vm_image_close(&image);
}

/*
 * A hundred guests of one image, all there at once: what each prints, and how it
 * ends, is what one that was booted for the same job does.
 */
TEST_F_TIMEOUT(kvm, hundred_thaws, 300)
{
	enum { NR = 100, JOBS = 64 };	/* as many as there are bytes from '1' on */
	char *booted[JOBS], *thawed;
	struct vm *vm[NR] = {};
	struct vm_image image;
	unsigned int i;
	size_t len;

	CPUS("1n1l2c1t");
	LOAD(bell);
	for (i = 0; i < JOBS; i++) {
		OK(vm_create(&self->cfg, -1, &self->vm, &self->err));
		OK(vm_run(self->vm, &self->err));
		EXPECT_END(VM_EVENT_DOORBELL);
		*(uint8_t *)shm_job(&self->vm->shm) = i;
		OK(vm_run(self->vm, &self->err));
		EXPECT_END(VM_EVENT_EXIT);
		ASSERT_EQ(vm_console(self->vm, 0, &booted[i], &len), 0);
		ASSERT_EQ(len, 1U);
		/* They differ, or it would not be seen who got whose job. */
		EXPECT_EQ(booted[i][0], '1' + (char)i);
		finish(&self->vm);
	}
	FREEZE(bell, &image);
	for (i = 0; i < NR; i++) {
		OK(vm_thaw(&self->cfg, &image, &vm[i], &self->err));
		*(uint8_t *)shm_job(&vm[i]->shm) = i % JOBS;
	}
	for (i = 0; i < NR; i++)
		OK(vm_run(vm[i], &self->err));
	for (i = 0; i < NR; i++) {
		EXPECT_EQ(vm_wait(vm[i], WAIT_MS), VM_EVENT_EXIT) {
			TH_LOG("%u: %s", i, vm_engine_text(vm[i]));
		}
		ASSERT_EQ(vm_console(vm[i], 0, &thawed, &len), 0);
		EXPECT_STREQ(thawed, booted[i % JOBS]);
		free(thawed);
	}
	for (i = 0; i < NR; i++)
		vm_destroy(vm[i]);
	for (i = 0; i < JOBS; i++)
		free(booted[i]);
	vm_image_close(&image);
}

#define THAW_AND_EXPECT(_name, _console) do {					\
	struct vm_image _image;							\
	FREEZE(_name, &_image);							\
	OK(vm_thaw(&self->cfg, &_image, &self->vm, &self->err));		\
	OK(vm_run(self->vm, &self->err));					\
	EXPECT_END(VM_EVENT_EXIT);						\
	EXPECT_CONSOLE(self->vm, _console);					\
	finish(&self->vm);							\
	vm_image_close(&_image);						\
} while (0)

TEST_F(kvm, thaw_interrupt_routed_before)
{
	THAW_AND_EXPECT(irq_after_bell, "I");
}

TEST_F(kvm, thaw_interrupt_pending)
{
	THAW_AND_EXPECT(irq_over_bell, "I");
}

TEST_F(kvm, thaw_interrupt_in_service)
{
	THAW_AND_EXPECT(irq_level_over_bell, "LL");
}

TEST_F(kvm, thaw_interrupt_in_service_masked)
{
	THAW_AND_EXPECT(irq_masked_over_bell, "LL");
}

TEST_F(kvm, thaw_timer)
{
	THAW_AND_EXPECT(timer_over_bell, "T");
}

TEST_F(kvm, thaw_smp)
{
	CPUS("1n1l2c1t");
	THAW_AND_EXPECT(ap_spins_bell, "B");
}

/* Whole seconds between freeze and thaw, of which the guest's TSC shows nothing. */
TEST_F(kvm, thaw_clock_does_not_jump)
{
	struct vm_image image;
	uint64_t tsc[2];

	FREEZE(rdtsc_bell, &image);
	sleep(2);
	OK(vm_thaw(&self->cfg, &image, &self->vm, &self->err));
	OK(vm_run(self->vm, &self->err));
	EXPECT_END(VM_EVENT_EXIT);
	memcpy(tsc, shm_job(&self->vm->shm), sizeof(tsc));
	finish(&self->vm);
	vm_image_close(&image);
	/* A new machine's begins at 0. 10 s of the fastest there is: that was the host's. */
	if (tsc[0] > 60000000000)
		SKIP(return, "this KVM does not virtualize the TSC");
	EXPECT_GT(tsc[1], tsc[0]);
	/* Half a second of the slowest there is. */
	EXPECT_LT(tsc[1] - tsc[0], 500000000);
}

/* What is full stays full, and the guest goes on: not an error of the engine. */
TEST_F(kvm, flood_is_capped)
{
	struct vm_image image;
	char stats[1024];
	struct stat st;

	FREEZE(bell_flood, &image);
	ASSERT_EQ(ftruncate(image.console_fd[0], VM_CONSOLE_CAP - 100), 0);
	OK(vm_thaw(&self->cfg, &image, &self->vm, &self->err));
	OK(vm_run(self->vm, &self->err));
	EXPECT_END(VM_EVENT_EXIT);
	ASSERT_EQ(fstat(self->vm->console_fd[0], &st), 0);
	EXPECT_EQ((size_t)st.st_size, VM_CONSOLE_CAP);
	vm_stats(self->vm, stats, sizeof(stats));
	EXPECT_NE(strstr(stats, "kvm: 3996 bytes of COM1 were not kept\n"), NULL) {
		TH_LOG("%s", stats);
	}
	finish(&self->vm);
	vm_image_close(&image);
}

TEST_F(kvm, thaw_refuses)
{
	struct vm_image image;
	const uint64_t bad = 0;

	FREEZE(bell, &image);
	/* Another number of CPUs */
	CPUS("1n1l2c1t");
	EXPECT_EQ(vm_thaw(&self->cfg, &image, &self->vm, &self->err), -EINVAL);
	EXPECT_STREQ(self->err.msg, "the frozen guest is of another machine");
	CPUS("1n1l1c1t");
	/* More memory than there is in the image */
	self->cfg.mem_bytes = 2 * MEM;
	EXPECT_EQ(vm_thaw(&self->cfg, &image, &self->vm, &self->err), -EINVAL);
	EXPECT_STREQ(self->err.msg, "the frozen guest is of another machine");
	self->cfg.mem_bytes = MEM;
	/* Cut, then not a state at all. */
	ASSERT_EQ(ftruncate(image.state_fd, lseek(image.state_fd, 0, SEEK_END) - 1), 0);
	EXPECT_EQ(vm_thaw(&self->cfg, &image, &self->vm, &self->err), -EINVAL);
	ASSERT_EQ(pwrite(image.state_fd, &bad, sizeof(bad), 0), (ssize_t)sizeof(bad));
	EXPECT_EQ(vm_thaw(&self->cfg, &image, &self->vm, &self->err), -EINVAL);
	ASSERT_EQ(ftruncate(image.state_fd, 3), 0);
	EXPECT_EQ(vm_thaw(&self->cfg, &image, &self->vm, &self->err), -EINVAL);
	self->vm = NULL;
	vm_image_close(&image);
}

TEST_F(kvm, freeze_needs_doorbell)
{
	struct vm_image image;

	OK(vm_image_open(&image, &self->err));
	START(spin);
	EXPECT_EQ(vm_freeze(self->vm, &image, &self->err), -EINVAL);
	finish(&self->vm);
	vm_image_close(&image);
}

/* Guest RAM, images and vCPUs; what an allocator keeps is its own affair. */
static int count_our_maps(uint64_t ram_size)
{
	unsigned long start, end;
	char *text, *line, *pos;
	size_t len;
	int nr = 0;

	if (read_file_alloc("/proc/self/maps", 16 * MIB, &text, &len))
		return -1;
	for (line = strtok_r(text, "\n", &pos); line; line = strtok_r(NULL, "\n", &pos))
		nr += strstr(line, "memfd:ktstr") || strstr(line, "kvm-vcpu") ||
		      (sscanf(line, "%lx-%lx ", &start, &end) == 2 && end - start == ram_size);
	free(text);
	return nr;
}

/* 200 machines in one process, of each kind of end: nothing is left open, mapped or running. */
TEST_F_TIMEOUT(kvm, leaves_nothing, 120)
{
	struct vm_image image;
	int fds, i;

	fds = count_entries("/proc/self/fd");
	CPUS("1n1l2c1t");
	FREEZE(ap_spins_bell, &image);
	LOAD(spin);
	for (i = 0; i < 200; i++) {
		switch (i % 4) {
		case 0:		/* never run */
			OK(vm_create(&self->cfg, -1, &self->vm, &self->err));
			break;
		case 1:		/* running, another CPU waits for its SIPI */
			OK(vm_create(&self->cfg, -1, &self->vm, &self->err));
			OK(vm_run(self->vm, &self->err));
			break;
		case 2:		/* thawed, never run */
			OK(vm_thaw(&self->cfg, &image, &self->vm, &self->err));
			break;
		case 3:		/* thawed, to the end */
			OK(vm_thaw(&self->cfg, &image, &self->vm, &self->err));
			OK(vm_run(self->vm, &self->err));
			EXPECT_END(VM_EVENT_EXIT);
			break;
		}
		/* The test does see them. */
		if (i < 4) {
			EXPECT_GT(count_our_maps(self->cfg.mem_bytes), 2);
		}
		finish(&self->vm);
	}
	vm_image_close(&image);
	EXPECT_EQ(count_entries("/proc/self/fd"), fds);
	EXPECT_EQ(count_our_maps(self->cfg.mem_bytes), 0);
	/* ".", ".." and this thread. */
	EXPECT_EQ(count_entries("/proc/self/task"), 3);
}

/* In a process of its own; exits with 0 if all went well up to there. */
static void leave(const struct vm_config *cfg, const struct vm_image *image)
{
	struct err err = { "" };
	struct vm *vm;

	if (image ? vm_thaw(cfg, image, &vm, &err) : vm_create(cfg, -1, &vm, &err))
		_exit(1);
	if (vm_run(vm, &err) || (image && vm_wait(vm, 10000) != VM_EVENT_EXIT))
		_exit(2);
	vm_leave(vm);
	_exit(0);
}

/* Who leaves is gone, with CPUs that run and without; what it knew of hot pages is not. */
TEST_F(kvm, leave)
{
	struct vm_image image;
	struct stat st;
	int i, status;
	pid_t pid;

	CPUS("1n1l2c1t");
	FREEZE(ap_spins_bell, &image);
	LOAD(spin);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(fstat(image.hot_fd, &st), 0);
		EXPECT_EQ(st.st_size, 0);
		pid = fork();
		if (!pid)
			leave(&self->cfg, i ? &image : NULL);
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		EXPECT_EQ(status, 0);
	}
	ASSERT_EQ(fstat(image.hot_fd, &st), 0);
	EXPECT_GT(st.st_size, 0);
	vm_image_close(&image);
}

TEST_HARNESS_MAIN
