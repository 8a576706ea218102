// SPDX-License-Identifier: GPL-2.0
/*
 * pio.c - what answers at which port and address
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "layout.h"
#include "pio.h"

#define PORT_I8042_DATA		0x60
#define PORT_I8042_COMMAND	0x64
#define I8042_PULSE_RESET	0xfe	/* pulse output line 0: the CPU's reset */
#define PORT_CMOS_INDEX		0x70
#define PORT_CMOS_DATA		0x71
#define PORT_PCI		0xcf8	/* address and data of configuration mechanism 1 */
#define NR_PCI			8

/* The MC146818's registers. */
enum {
	RTC_SECONDS = 0x00,
	RTC_MINUTES = 0x02,
	RTC_HOURS = 0x04,
	RTC_WEEKDAY = 0x06,
	RTC_DAY = 0x07,
	RTC_MONTH = 0x08,
	RTC_YEAR = 0x09,
	RTC_A = 0x0a,
	RTC_B = 0x0b,
	RTC_C = 0x0c,
	RTC_D = 0x0d,
	RTC_CENTURY = 0x32,
};

#define RTC_A_UIP		0x80
#define RTC_A_32KHZ		0x26
#define RTC_B_24H		0x02	/* and BCD, since bit 2 is clear */
#define RTC_D_VALID		0x80
#define CMOS_INDEX_BITS		0x7f	/* bit 7 masks NMI */

static uint8_t bcd(unsigned int n)
{
	return n / 10 % 10 << 4 | n % 10;
}

static void cmos_init(uint8_t *cmos, time_t now)
{
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		gmtime_r(&(time_t){ 0 }, &tm);
	cmos[RTC_SECONDS] = bcd(min(tm.tm_sec, 59));
	cmos[RTC_MINUTES] = bcd(tm.tm_min);
	cmos[RTC_HOURS] = bcd(tm.tm_hour);
	cmos[RTC_WEEKDAY] = tm.tm_wday + 1;
	cmos[RTC_DAY] = bcd(tm.tm_mday);
	cmos[RTC_MONTH] = bcd(tm.tm_mon + 1);
	cmos[RTC_YEAR] = bcd((tm.tm_year + 1900) % 100);
	cmos[RTC_CENTURY] = bcd((tm.tm_year + 1900) / 100);
	cmos[RTC_A] = RTC_A_32KHZ;
	cmos[RTC_B] = RTC_B_24H;
	cmos[RTC_D] = RTC_D_VALID;
}

/*
 * Under the lock. The date stands still, so that an update is never in progress and no
 * interrupt ever due.
 */
static void cmos_write(struct pio *pio, uint8_t val)
{
	switch (pio->cmos_index) {
	case RTC_C:
	case RTC_D:
		return;
	case RTC_A:
		val &= ~RTC_A_UIP;
		break;
	}
	pio->cmos[pio->cmos_index] = val;
}

static void count(struct pio *pio, struct pio_counts *c, uint64_t addr, bool out, unsigned int n)
{
	unsigned int i;

	pthread_mutex_lock(&pio->lock);
	for (i = 0; i < c->nr && c->entry[i].addr != addr; i++)
		;
	if (i == PIO_COUNTED) {
		c->others += n;
	} else {
		if (i == c->nr)
			c->entry[c->nr++] = (struct pio_count){ .addr = addr };
		*(out ? &c->entry[i].out : &c->entry[i].in) += n;
	}
	pthread_mutex_unlock(&pio->lock);
}

static struct serial *com_at(struct pio *pio, uint16_t port, unsigned int *reg)
{
	static const uint16_t base[] = { PORT_COM1, PORT_COM2 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(base); i++) {
		*reg = port - base[i];
		if (*reg < SERIAL_PORTS)
			return &pio->com[i];
	}
	return NULL;
}

static bool is_pci(uint16_t port)
{
	return (unsigned int)port - PORT_PCI < NR_PCI;
}

/* One byte; false if nothing is there. */
static bool out_byte(struct pio *pio, uint16_t port, uint8_t val, enum pio_action *action)
{
	unsigned int reg;
	struct serial *com = com_at(pio, port, &reg);

	if (com) {
		serial_out(com, reg, val);
		return true;
	}
	switch (port) {
	case PORT_DEBUG_EXIT:
		*action = val == DEBUG_EXIT_RESET ? PIO_RESET : PIO_EXIT;
		return true;
	case PORT_DOORBELL:
		if (val & DOORBELL_VALUE)
			*action = PIO_DOORBELL;
		return true;
	case PORT_I8042_COMMAND:
		if (val == I8042_PULSE_RESET)
			*action = PIO_RESET;
		return true;
	case PORT_I8042_DATA:
		return true;
	case PORT_CMOS_INDEX:
	case PORT_CMOS_DATA:
		pthread_mutex_lock(&pio->lock);
		if (port == PORT_CMOS_INDEX)
			pio->cmos_index = val & CMOS_INDEX_BITS;
		else
			cmos_write(pio, val);
		pthread_mutex_unlock(&pio->lock);
		return true;
	}
	return is_pci(port);
}

static bool in_byte(struct pio *pio, uint16_t port, uint8_t *val)
{
	unsigned int reg;
	struct serial *com = com_at(pio, port, &reg);

	*val = 0xff;
	if (com) {
		*val = serial_in(com, reg);
		return true;
	}
	switch (port) {
	case PORT_DOORBELL:
		*val = DOORBELL_VALUE;	/* the events that it knows */
		return true;
	case PORT_I8042_COMMAND:
	case PORT_I8042_DATA:
		*val = 0;	/* nothing to read, ready for a command */
		return true;
	case PORT_CMOS_DATA:
		pthread_mutex_lock(&pio->lock);
		*val = pio->cmos[pio->cmos_index];
		pthread_mutex_unlock(&pio->lock);
		return true;
	case PORT_DEBUG_EXIT:
	case PORT_CMOS_INDEX:	/* write-only */
		return true;
	}
	return is_pci(port);
}

/* Bytes at consecutive ports, from the lowest. @known if any of them is something. */
static enum pio_action out_one(struct pio *pio, uint16_t port, unsigned int size,
			       const uint8_t *data, uint8_t *value, bool *known)
{
	enum pio_action action = PIO_NONE;
	unsigned int i;

	for (i = 0; i < size && !action; i++)
		if (out_byte(pio, port + i, data[i], &action)) {
			*known = true;
			*value = data[i];
		}
	return action;
}

enum pio_action pio_out(struct pio *pio, uint16_t port, unsigned int size, unsigned int nr,
			const void *data, uint8_t *value)
{
	const uint8_t *p = data;
	enum pio_action action = PIO_NONE;
	bool known = false;
	unsigned int i, reg;
	struct serial *com;
	uint8_t last = 0;

	com = size == 1 ? com_at(pio, port, &reg) : NULL;
	if (com) {
		serial_out_string(com, reg, p, nr);
		known = true;
	} else {
		for (i = 0; i < nr && !action; i++, p += size)
			action = out_one(pio, port, size, p, &last, &known);
	}
	if (!known && nr)
		count(pio, &pio->ports, port, true, nr);
	if (value && action)
		*value = last;
	return action;
}

void pio_in(struct pio *pio, uint16_t port, unsigned int size, unsigned int nr, void *data)
{
	uint8_t *p = data;
	bool known = false;
	unsigned int i, j;

	for (i = 0; i < nr; i++)
		for (j = 0; j < size; j++)
			known |= in_byte(pio, port + j, p++);
	if (!known && nr)
		count(pio, &pio->ports, port, false, nr);
}

/* Where in the I/O APIC's window? */
static bool in_ioapic(uint64_t gpa, uint32_t *offset)
{
	*offset = gpa - GPA_IOAPIC;
	return gpa >= GPA_IOAPIC && gpa - GPA_IOAPIC < IOAPIC_SIZE;
}

void mmio_write(struct pio *pio, uint64_t gpa, unsigned int len, const void *data)
{
	uint32_t offset, val = 0;

	if (in_ioapic(gpa, &offset)) {
		memcpy(&val, data, len < sizeof(val) ? len : sizeof(val));
		ioapic_write(pio->ioapic, offset, val);
	} else {
		count(pio, &pio->mmio, gpa, true, 1);
	}
}

void mmio_read(struct pio *pio, uint64_t gpa, unsigned int len, void *data)
{
	uint32_t offset, val;

	memset(data, 0xff, len);
	if (in_ioapic(gpa, &offset)) {
		val = ioapic_read(pio->ioapic, offset);
		memcpy(data, &val, len < sizeof(val) ? len : sizeof(val));
	} else {
		count(pio, &pio->mmio, gpa, false, 1);
	}
}

static int by_accesses(const void *a, const void *b)
{
	const struct pio_count *x = a, *y = b;
	uint64_t nx = x->in + x->out, ny = y->in + y->out;

	if (nx != ny)
		return nx < ny ? 1 : -1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

void pio_unknown(struct pio *pio, unsigned int nr, char *buf, size_t size)
{
	struct pio_count all[2 * PIO_COUNTED];
	unsigned int n, i, nr_ports;
	uint64_t others;
	size_t len = 0;

	pthread_mutex_lock(&pio->lock);
	nr_ports = pio->ports.nr;
	n = nr_ports + pio->mmio.nr;
	memcpy(all, pio->ports.entry, nr_ports * sizeof(all[0]));
	memcpy(all + nr_ports, pio->mmio.entry, pio->mmio.nr * sizeof(all[0]));
	others = pio->ports.others + pio->mmio.others;
	pthread_mutex_unlock(&pio->lock);

	qsort(all, n, sizeof(all[0]), by_accesses);
	if (size)
		buf[0] = 0;
	for (i = 0; i < n; i++) {
		uint64_t accesses = all[i].in + all[i].out;

		if (i >= nr) {
			others += accesses;
			continue;
		}
		/* No device could have an address that is a port's number: RAM is there. */
		len += snprintf(buf + min(len, size), size - min(len, size),
				"%s%s 0x%" PRIx64 ": %" PRIu64, i ? ", " : "",
				all[i].addr <= UINT16_MAX ? "port" : "address", all[i].addr,
				accesses);
	}
	if (others)
		snprintf(buf + min(len, size), size - min(len, size), "%sothers: %" PRIu64,
			 len ? ", " : "", others);
}

static void com_irq(void *arg, bool level)
{
	const struct pio_com *com = arg;

	ioapic_set_irq(com->pio->ioapic, com->pin, level);
}

int pio_init(struct pio *pio, struct ioapic *ioapic, const int console[2], uint64_t cap,
	     time_t now)
{
	static const unsigned int pin[] = { IRQ_COM1, IRQ_COM2 };
	int ret = 0, err;
	unsigned int i;

	*pio = (struct pio){ .ioapic = ioapic };
	pthread_mutex_init(&pio->lock, NULL);
	cmos_init(pio->cmos, now);
	for (i = 0; i < ARRAY_SIZE(pin); i++) {
		pio->com_irq[i] = (struct pio_com){ .pio = pio, .pin = pin[i] };
		err = serial_init(&pio->com[i], console[i], cap, com_irq, &pio->com_irq[i]);
		ret = ret ?: err;
	}
	if (ret)
		pio_destroy(pio);
	return ret;
}

void pio_destroy(struct pio *pio)
{
	serial_destroy(&pio->com[0]);
	serial_destroy(&pio->com[1]);
	pthread_mutex_destroy(&pio->lock);
}

void pio_save(struct pio *pio, struct pio_state *state)
{
	memset(state, 0, sizeof(*state));
	serial_save(&pio->com[0], &state->com[0]);
	serial_save(&pio->com[1], &state->com[1]);
	pthread_mutex_lock(&pio->lock);
	memcpy(state->cmos, pio->cmos, sizeof(state->cmos));
	state->cmos_index = pio->cmos_index;
	pthread_mutex_unlock(&pio->lock);
}

int pio_restore(struct pio *pio, const struct pio_state *state)
{
	int ret;

	if (state->cmos_index & ~CMOS_INDEX_BITS)
		return -EINVAL;
	ret = serial_restore(&pio->com[0], &state->com[0]);
	if (!ret)
		ret = serial_restore(&pio->com[1], &state->com[1]);
	if (ret)
		return ret;
	pthread_mutex_lock(&pio->lock);
	memcpy(pio->cmos, state->cmos, sizeof(pio->cmos));
	pio->cmos_index = state->cmos_index;
	pthread_mutex_unlock(&pio->lock);
	return 0;
}
