/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kvm_probe.h - does /dev/kvm really run code?
 */
#ifndef KTSTR_VMM_KVM_PROBE_H
#define KTSTR_VMM_KVM_PROBE_H

#include "../lib/log.h"

/*
 * kvm_open - a descriptor of /dev/kvm, the caller's to close. -ENOENT without /dev/kvm, -EACCES,
 * or -ENODEV, with the reason in @err.
 */
int kvm_open(struct err *err);

/* kvm_create_vm - an empty VM's descriptor, the caller's to close, or -ENODEV. */
int kvm_create_vm(int kvm, struct err *err);

/*
 * kvm_probe - run a few instructions in a throw-away VM. There are hosts whose
 * /dev/kvm opens, makes VMs and runs simple code, but by emulation: a kernel dies
 * there with KVM_INTERNAL_ERROR_EMULATION. One of the instructions is therefore
 * one that KVM's emulator does not know (POPCNT is not in arch/x86/kvm/emulate.c).
 * Returns 0, -ENOENT without /dev/kvm, -EACCES, or -ENODEV where it cannot be used,
 * with the reason in @err. Some milliseconds; if it can be used, the VM may be there still for some
 * more, in a thread that ends by itself.
 */
int kvm_probe(struct err *err);

#endif /* KTSTR_VMM_KVM_PROBE_H */
