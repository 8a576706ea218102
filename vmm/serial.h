/* SPDX-License-Identifier: GPL-2.0 */
/*
 * serial.h - a 16550A that only talks: what the guest sends is kept in a file
 *
 * Nothing ever comes in from outside, so the receiver only sees what the guest sends to
 * itself in loopback mode. A byte is sent the moment it is written: the transmitter is
 * always empty, and every byte is in the file before the guest goes on.
 *
 * Locking: each port has a mutex of its own, every function here takes it. The irq callback is
 * called with it held and must not call back into the port; taking the lock of an
 * interrupt controller in it is right (order: serial, then ioapic).
 */
#ifndef KTSTR_VMM_SERIAL_H
#define KTSTR_VMM_SERIAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_PORTS		8	/* registers, each a byte wide */
#define SERIAL_FIFO		16

/* All that has to survive a freeze, besides the file. */
struct serial_state {
	uint8_t ier, fcr, lcr, mcr, lsr, msr, scr, dll, dlm;
	uint8_t thre_pending;	/* THRE is to be told by interrupt */
	uint8_t line;		/* level of the interrupt line */
	uint8_t rx_len;
	uint8_t rx[SERIAL_FIFO];	/* oldest first */
	uint8_t reserved[4];
	uint64_t dropped;	/* bytes that the file had no room for */
};

struct serial {
	pthread_mutex_t lock;
	struct serial_state s;
	int fd;
	uint64_t len, cap;	/* bytes in the file, at most */
	void (*irq)(void *arg, bool level);
	void *arg;
};

/*
 * serial_init - a port after reset. What the guest sends is added to the end of @fd, which
 * stays the caller's, until @cap bytes are in it; the rest is counted and dropped. @irq
 * (not NULL) is called whenever the interrupt line changes. Returns 0, or the negative
 * errno of looking at @fd.
 */
int serial_init(struct serial *port, int fd, uint64_t cap, void (*irq)(void *arg, bool level),
		void *arg);
void serial_destroy(struct serial *port);

/* serial_in/out - one byte at register @reg, 0 to SERIAL_PORTS - 1. */
uint8_t serial_in(struct serial *port, unsigned int reg);
void serial_out(struct serial *port, unsigned int reg, uint8_t val);

/* serial_out_string - as @len times serial_out() to one register, at the price of one write(). */
void serial_out_string(struct serial *port, unsigned int reg, const uint8_t *data, size_t len);

/*
 * serial_save/restore - between serial_init() and the first access it can be put to what
 * another one was; the line is then where it was, and no interrupt is raised for it. The
 * file is read anew for its length. -EINVAL for a state that no port can have.
 */
void serial_save(struct serial *port, struct serial_state *state);
int serial_restore(struct serial *port, const struct serial_state *state);

#endif /* KTSTR_VMM_SERIAL_H */
