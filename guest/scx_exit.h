/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scx_exit.h - how a built-in scheduler's BPF half tells its loader that it was ejected
 */
#ifndef KTSTR_GUEST_SCX_EXIT_H
#define KTSTR_GUEST_SCX_EXIT_H

#define SCX_EXIT_MAP	"exits"

/* Written to the ring buffer of that name once, by ops.exit(). */
struct scx_exit {
	unsigned int kind;
	unsigned int pad;
	long long code;
	char reason[128];
	char msg[512];
};

#endif /* KTSTR_GUEST_SCX_EXIT_H */
