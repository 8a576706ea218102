/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kvm_guest.h - what micro-guests of the kvm engine have in common; after kselftest_harness.h
 */
#ifndef KTSTR_TESTS_KVM_GUEST_H
#define KTSTR_TESTS_KVM_GUEST_H

#include "../vmm/engines.h"
#include "micro_guest.h"

#define PUTC(c)		"mov $0x3f8, %edx; mov $'" c "', %eax; out %al, %dx;"
#define PUTREG		"mov $0x3f8, %edx; mov %ebx, %eax; out %al, %dx;"
#define HALT		"1: hlt; jmp 1b;"
#define FAIL		"9:" PUTC("!") EXIT(0x20) FOREVER

GUEST_CODE(spin, FOREVER);

/* At the doorbell EBX is '0'; then a byte of the job area (RAM end - 16 MiB + 4 KiB) is added. */
GUEST_CODE(bell,
	   "mov $'0', %ebx;" BELL "inc %ebx;"
	   "mov $0x7001000, %ecx; addb (%rcx), %bl;" PUTREG
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

/*
 * COM1's "transmitter empty" at pin 4 of the I/O APIC, vector 0x40, to CPU 0. The IDT is at
 * 0x12000.
 */
#define IOAPIC(reg, val)	"movl $" #reg ", (%rbp); movl $" #val ", 0x10(%rbp);"
/* What is called by the gate at @addr follows label 3. */
#define SET_UP_GATE(addr)							\
	"mov $0xfee00000, %ebx; movl $0x1ff, 0xf0(%rbx); movl $0, 0x80(%rbx);"	\
	"lea 3f(%rip), %rax; mov $" #addr ", %edi;"				\
	"mov %ax, (%rdi); movw $0x10, 2(%rdi); movw $0x8e00, 4(%rdi);"		\
	"shr $16, %rax; mov %ax, 6(%rdi); movl $0, 8(%rdi); movl $0, 12(%rdi);"	\
	"lea 2f(%rip), %rax; lidt (%rax);"
#define SET_UP_IRQ(redir)							\
	SET_UP_GATE(0x12400)							\
	"mov $0xfec00000, %ebp;" IOAPIC(0x19, 0) IOAPIC(0x18, redir)
#define IDT		"2: .word 0x40f; .quad 0x12000;"

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

#endif /* KTSTR_TESTS_KVM_GUEST_H */
