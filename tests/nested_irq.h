/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nested_irq.h - keep QEMU from delivering the interrupts of a nested guest twice
 *
 * QEMU's VMRUN delivers an injected interrupt and leaves its vector behind as a pending
 * exception (exception_index in helper_vmrun(), target/i386/tcg/sysemu/svm_helper.c of 7.2 and
 * later). If the next thing that leaves translated code is QEMU's own business (the budget of
 * -icount, another CPU's turn), the vector is delivered once more, even with interrupts off: a
 * kernel with two CPUs soon waits for a lock that the interrupted code on the same CPU holds.
 *
 * Any #VMEXIT makes QEMU forget it. So there has to be one before L2 executes anything: by an
 * interrupt for L1 that is already pending at VMRUN.
 */
#ifndef KTSTR_TESTS_NESTED_IRQ_H
#define KTSTR_TESTS_NESTED_IRQ_H

/*
 * nested_irq_init - from now on an exit follows each injection by this kernel's KVM, which must
 * be loaded. Lasts as long as the process. Negative errno where the kernel lacks what it takes.
 */
int nested_irq_init(void);

#endif /* KTSTR_TESTS_NESTED_IRQ_H */
