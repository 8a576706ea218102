/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lockstep.h - what lockstep.c tells the engine that has loaded it into QEMU
 */
#ifndef KTSTR_VMM_QEMU_LOCKSTEP_H
#define KTSTR_VMM_QEMU_LOCKSTEP_H

/* The first line of QEMU's log, if CPUs take turns: none is left out while others run. */
#define LOCKSTEP_TURNS	"lockstep: CPUs take turns"

#endif /* KTSTR_VMM_QEMU_LOCKSTEP_H */
