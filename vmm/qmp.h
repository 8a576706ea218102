/* SPDX-License-Identifier: GPL-2.0 */
/*
 * qmp.h - the few words of the QEMU Machine Protocol that freezing a guest takes
 *
 * Source: docs/interop/qmp-spec of QEMU. One JSON object a line, from a program that we
 * started ourselves; nothing here is parsed but what kind of message it is.
 */
#ifndef KTSTR_VMM_QMP_H
#define KTSTR_VMM_QMP_H

#include "../lib/log.h"

struct qmp {
	int fd;			/* a stream socket, -1 when there is none */
	size_t len;
	char buf[16384];	/* what has come and was not read */
};

/* qmp_send - one command; @fd >= 0 goes with it (for getfd). Negative errno. */
int qmp_send(struct qmp *q, const char *json, int fd);

/*
 * qmp_expect - read messages until one contains @what; others are dropped, but one
 * with "error" ends the wait. Returns 0, -ETIMEDOUT, -EPIPE when QEMU closed the socket,
 * or -EPROTO with QEMU's message in @err.
 */
int qmp_expect(struct qmp *q, const char *what, int timeout_ms, struct err *err);

#endif /* KTSTR_VMM_QMP_H */
