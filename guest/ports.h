/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ports.h - x86 I/O ports from userspace
 */
#ifndef KTSTR_GUEST_PORTS_H
#define KTSTR_GUEST_PORTS_H

#include <stdint.h>

/*
 * port_write - one byte: with outb where the kernel has iopl(), else through /dev/port.
 * Returns 0, or a negative errno when the kernel offers neither way.
 */
int port_write(uint16_t port, uint8_t val);

#endif /* KTSTR_GUEST_PORTS_H */
