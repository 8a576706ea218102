/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fifo.h - what the loader and the BPF half of the built-in scheduler "fifo" share
 */
#ifndef KTSTR_GUEST_FIFO_H
#define KTSTR_GUEST_FIFO_H

/* Written to the ring buffer once, by ops.exit(). */
struct fifo_exit {
	unsigned int kind;
	unsigned int pad;
	long long code;
	char reason[128];
	char msg[512];
};

#endif /* KTSTR_GUEST_FIFO_H */
