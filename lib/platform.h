/* SPDX-License-Identifier: GPL-2.0 */
/*
 * platform.h - the part of the virtual machine that PID 1 knows by number
 */
#ifndef KTSTR_LIB_PLATFORM_H
#define KTSTR_LIB_PLATFORM_H

/* I/O ports. */
#define PORT_DEBUG_EXIT		0xf4	/* a byte written here ends the VM at once */
#define PORT_DOORBELL		0x505	/* a byte written here stops the VM: "ready for a job" */

/* What is written to PORT_DEBUG_EXIT. Values that no engine's own exit status looks like. */
#define DEBUG_EXIT_DONE		0x20	/* PID 1: all was said */
#define DEBUG_EXIT_RESET	0x21	/* the kernel: the reset register of the FADT */

/* The "panicked" bit of the pvpanic device, docs/specs/pvpanic of QEMU. */
#define DOORBELL_VALUE		1

/* The last entry of every initramfs: PID 1 knows by it that all was unpacked. */
#define INITRAMFS_SENTINEL	"/.ktstr-complete"

/* Words on the kernel command line. */
#define CMDLINE_SHM		"ktstr.shm="	/* BASE,SIZE of the window, hex with 0x */
#define CMDLINE_TIME		"ktstr.time="	/* "real" or "virtual" */

#endif /* KTSTR_LIB_PLATFORM_H */
