/* SPDX-License-Identifier: GPL-2.0 */
/*
 * com2.h - the second serial port: what goes to the host where the window does not
 */
#ifndef KTSTR_GUEST_COM2_H
#define KTSTR_GUEST_COM2_H

#include "../lib/util.h"

#define COM2_PATH	"/dev/ttyS1"

/*
 * com2_open - in raw mode, not blocking. A descriptor, or a negative errno; -EIO where
 * there is a device node, but no port behind it.
 */
int com2_open(const char *path);

/* com2_write - all of it, within @limit_ns. 0, -ETIMEDOUT, or another negative errno. */
int com2_write(int fd, const char *buf, size_t len, uint64_t limit_ns);

/*
 * com2_drain - wait until the last byte has left the port, at most @limit_ns. 0, -ETIMEDOUT,
 * or another negative errno.
 */
int com2_drain(int fd, uint64_t limit_ns);

#endif /* KTSTR_GUEST_COM2_H */
