/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pio.h - what answers at which port and address, for an engine that has to ask
 *
 * COM1 and COM2, an i8042 that can only reset, a CMOS with a date that stands still, the
 * debug-exit port and the doorbell of lib/platform.h, the I/O APIC's window. PCI is absent.
 * Everything else reads all-ones, as an empty bus does, and is counted.
 *
 * Locking: any number of vCPU threads may be in here at once; the devices and the counters have
 * their own locks. Order: serial, then ioapic; the one of struct pio is never held over a call.
 */
#ifndef KTSTR_VMM_PIO_H
#define KTSTR_VMM_PIO_H

#include <pthread.h>
#include <time.h>
#include "../lib/util.h"
#include "ioapic.h"
#include "serial.h"

#define PIO_COUNTED		64	/* different unknown addresses */
#define CMOS_SIZE		128

/* What the access means for the VM. The access itself is complete in any case. */
enum pio_action {
	PIO_NONE,
	PIO_DOORBELL,		/* the guest waits for a job */
	PIO_EXIT,		/* it ended itself: a byte to the debug-exit port */
	PIO_RESET,		/* it asked for a reset: DEBUG_EXIT_RESET, or by the i8042 */
};

/* Accesses to an address that nothing answers at. */
struct pio_count {
	uint64_t addr;		/* port, or guest-physical */
	uint64_t in, out;
};

struct pio_counts {
	struct pio_count entry[PIO_COUNTED];
	unsigned int nr;
	uint64_t others;	/* what came when the table was full */
};

/* All that has to survive a freeze, besides the I/O APIC's own. */
struct pio_state {
	struct serial_state com[2];
	uint8_t cmos[CMOS_SIZE];
	uint8_t cmos_index;
	uint8_t reserved[7];
};

struct pio_com {		/* where a port's interrupt goes */
	struct pio *pio;
	unsigned int pin;
};

struct pio {
	struct serial com[2];
	struct pio_com com_irq[2];
	struct ioapic *ioapic;
	pthread_mutex_t lock;	/* of all below */
	uint8_t cmos[CMOS_SIZE];
	uint8_t cmos_index;
	struct pio_counts ports, mmio;
};

/*
 * pio_init - @console are the files of COM1 and COM2, which take @cap bytes each; @now is the date
 * that the CMOS has. They and @ioapic stay the caller's. 0 or a negative errno.
 */
int pio_init(struct pio *pio, struct ioapic *ioapic, const int console[2], uint64_t cap,
	     time_t now);
void pio_destroy(struct pio *pio);

/*
 * pio_out/in - @count accesses of @size (1, 2 or 4) bytes each to @port; @data has @size * @count
 * bytes. More than one is string I/O: always the same port. A wide access reaches the byte
 * registers at @port, @port + 1, ... as on an ISA bus. What is behind the byte that made an action
 * happen does not reach any device. *@value, if not NULL, is that byte.
 */
enum pio_action pio_out(struct pio *pio, uint16_t port, unsigned int size, unsigned int count,
			const void *data, uint8_t *value);
void pio_in(struct pio *pio, uint16_t port, unsigned int size, unsigned int count, void *data);

/* mmio_write/read - @len (1 to 8) bytes at @gpa, where there is no RAM. */
void mmio_write(struct pio *pio, uint64_t gpa, unsigned int len, const void *data);
void mmio_read(struct pio *pio, uint64_t gpa, unsigned int len, void *data);

/*
 * pio_unknown - the @nr unknown addresses with the most accesses, in that order, in one line:
 * "port 0x80: 12, address 0xfed00000: 3, others: 7". "" if there was none.
 */
void pio_unknown(struct pio *pio, unsigned int nr, char *buf, size_t size);

/* pio_save/restore - as those of the ports. What was counted is not part of it. */
void pio_save(struct pio *pio, struct pio_state *state);
int pio_restore(struct pio *pio, const struct pio_state *state);

#endif /* KTSTR_VMM_PIO_H */
