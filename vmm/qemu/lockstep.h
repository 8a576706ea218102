/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lockstep.h - what lockstep.c tells the engine that has loaded it into QEMU
 */
#ifndef KTSTR_VMM_QEMU_LOCKSTEP_H
#define KTSTR_VMM_QEMU_LOCKSTEP_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * What both have mapped. Whoever looks at the guest counts how often, and wakes with FUTEX_WAKE who
 * waits for the next time. 0: nobody will look, so that there is nothing to wait for.
 */
struct lockstep_pace {
	_Atomic uint32_t looks;
};

/* QEMU's descriptor of it, a memfd. */
#define LOCKSTEP_PACE_FD	17

/* The first line of QEMU's log, if CPUs take turns: none is left out while others run. */
#define LOCKSTEP_TURNS	"lockstep: CPUs take turns"

#endif /* KTSTR_VMM_QEMU_LOCKSTEP_H */
