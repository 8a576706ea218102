// SPDX-License-Identifier: GPL-2.0
/*
 * ioapic.c - an I/O APIC that speaks in MSIs
 *
 * Intel 82093AA data sheet (290566); the EOI register is that of the ICH (3.5 there).
 */
#include <errno.h>
#include <string.h>
#include "../lib/util.h"
#include "ioapic.h"

#define IOREGSEL	0x00
#define IOWIN		0x10
#define IOEOI		0x40

#define REG_ID		0x00
#define REG_VERSION	0x01
#define REG_ARB		0x02
#define REG_BOOT	0x03
#define REG_REDIR	0x10	/* two registers a pin */

#define VERSION		((IOAPIC_PINS - 1) << 16 | 0x20)
#define ID_BITS		0x0f000000
#define BOOT_BY_MSI	1

#define REDIR_VECTOR	0xffULL
#define REDIR_MODE	(7ULL << 8)
#define REDIR_LOGICAL	BIT_ULL(11)
#define REDIR_PENDING	BIT_ULL(12)	/* delivery status: never, it leaves at once */
#define REDIR_LOW	BIT_ULL(13)	/* polarity; lines here tell what is asserted, not volts */
#define REDIR_REMOTE	BIT_ULL(14)	/* sent and not yet acknowledged */
#define REDIR_LEVEL	BIT_ULL(15)
#define REDIR_MASKED	BIT_ULL(16)
#define REDIR_EXT_ID	(0x7fULL << 49)
#define REDIR_DEST	(0xffULL << 56)
#define REDIR_READ_ONLY	(REDIR_PENDING | REDIR_REMOTE)
#define REDIR_BITS	(REDIR_VECTOR | REDIR_MODE | REDIR_LOGICAL | REDIR_LOW | REDIR_REMOTE |	\
			 REDIR_LEVEL | REDIR_MASKED | REDIR_EXT_ID | REDIR_DEST)

#define MODE_LOWEST	1
#define MSI_BASE	0xfee00000ULL

static struct msi to_msi(uint64_t redir)
{
	unsigned int mode = (redir & REDIR_MODE) >> 8;
	struct msi msi = { .address = MSI_BASE, .data = redir & (REDIR_VECTOR | REDIR_MODE) };

	msi.address |= redir >> 56 << 12 | (redir & REDIR_EXT_ID) >> 49 << 5;
	if (redir & REDIR_LOGICAL)
		msi.address |= 1 << 2;
	if (mode == MODE_LOWEST)
		msi.address |= 1 << 3;
	if (redir & REDIR_LEVEL)
		msi.data |= 1 << 15 | 1 << 14;
	return msi;
}

static void send(struct ioapic *ioapic, unsigned int pin)
{
	struct msi msi = to_msi(ioapic->s.redir[pin]);

	if (ioapic->s.redir[pin] & REDIR_LEVEL)
		ioapic->s.redir[pin] |= REDIR_REMOTE;
	ioapic->ops->deliver(ioapic->arg, &msi);
}

/* A level is sent once, then waits for its EOI. */
static void service_level(struct ioapic *ioapic, unsigned int pin)
{
	uint64_t redir = ioapic->s.redir[pin];

	if ((ioapic->s.level >> pin & 1) && (redir & REDIR_LEVEL) &&
	    !(redir & (REDIR_MASKED | REDIR_REMOTE)))
		send(ioapic, pin);
}

static uint32_t read_select(const struct ioapic_state *s)
{
	unsigned int n = s->select - REG_REDIR;

	switch (s->select) {
	case REG_ID:
	case REG_ARB:
		return s->id;
	case REG_VERSION:
		return VERSION;
	case REG_BOOT:
		return BOOT_BY_MSI;
	}
	if (s->select >= REG_REDIR && n < 2 * IOAPIC_PINS)
		return s->redir[n / 2] >> 32 * (n % 2);
	return ~0U;
}

static void write_redir(struct ioapic *ioapic, unsigned int n, uint32_t val)
{
	unsigned int pin = n / 2, shift = 32 * (n % 2);
	uint64_t old = ioapic->s.redir[pin], redir;
	struct msi msi;

	redir = (old & ~(0xffffffffULL << shift)) | (uint64_t)val << shift;
	redir = (redir & REDIR_BITS & ~REDIR_READ_ONLY) | (old & REDIR_REMOTE);
	/* What is edge-triggered waits for no EOI. Kernels clear a stuck one by this. */
	if (!(redir & REDIR_LEVEL))
		redir &= ~REDIR_REMOTE;
	ioapic->s.redir[pin] = redir;
	if (ioapic->ops->changed && redir != old) {
		msi = to_msi(redir);
		ioapic->ops->changed(ioapic->arg, pin, &msi, redir & REDIR_MASKED);
	}
	service_level(ioapic, pin);
}

static void end_of_interrupt(struct ioapic *ioapic, uint8_t vector)
{
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		uint64_t *redir = &ioapic->s.redir[pin];

		if ((*redir & REDIR_VECTOR) != vector || !(*redir & REDIR_REMOTE))
			continue;
		*redir &= ~REDIR_REMOTE;
		service_level(ioapic, pin);
	}
}

static void write_select(struct ioapic *ioapic, uint32_t val)
{
	struct ioapic_state *s = &ioapic->s;

	if (s->select == REG_ID)
		s->id = val & ID_BITS;
	else if (s->select >= REG_REDIR && s->select < REG_REDIR + 2 * IOAPIC_PINS)
		write_redir(ioapic, s->select - REG_REDIR, val);
}

uint32_t ioapic_read(struct ioapic *ioapic, uint32_t offset)
{
	uint32_t val = ~0U;

	pthread_mutex_lock(&ioapic->lock);
	if (offset == IOREGSEL)
		val = ioapic->s.select;
	else if (offset == IOWIN)
		val = read_select(&ioapic->s);
	pthread_mutex_unlock(&ioapic->lock);
	return val;
}

void ioapic_write(struct ioapic *ioapic, uint32_t offset, uint32_t val)
{
	pthread_mutex_lock(&ioapic->lock);
	if (offset == IOREGSEL)
		ioapic->s.select = val & 0xff;
	else if (offset == IOWIN)
		write_select(ioapic, val);
	else if (offset == IOEOI)
		end_of_interrupt(ioapic, val);
	pthread_mutex_unlock(&ioapic->lock);
}

void ioapic_set_irq(struct ioapic *ioapic, unsigned int pin, bool level)
{
	uint32_t bit;

	if (pin >= IOAPIC_PINS)
		return;
	bit = 1U << pin;
	pthread_mutex_lock(&ioapic->lock);
	if (!level) {
		ioapic->s.level &= ~bit;
	} else if (!(ioapic->s.level & bit)) {
		ioapic->s.level |= bit;
		if (ioapic->s.redir[pin] & REDIR_LEVEL)
			service_level(ioapic, pin);
		else if (!(ioapic->s.redir[pin] & REDIR_MASKED))
			send(ioapic, pin);
	}
	pthread_mutex_unlock(&ioapic->lock);
}

void ioapic_eoi(struct ioapic *ioapic, uint8_t vector)
{
	pthread_mutex_lock(&ioapic->lock);
	end_of_interrupt(ioapic, vector);
	pthread_mutex_unlock(&ioapic->lock);
}

bool ioapic_eoi_route(struct ioapic *ioapic, unsigned int pin, struct msi *msi)
{
	uint64_t redir;

	if (pin >= IOAPIC_PINS)
		return false;
	pthread_mutex_lock(&ioapic->lock);
	redir = ioapic->s.redir[pin];
	pthread_mutex_unlock(&ioapic->lock);
	*msi = to_msi(redir);
	return (redir & REDIR_LEVEL) && (!(redir & REDIR_MASKED) || (redir & REDIR_REMOTE));
}

void ioapic_init(struct ioapic *ioapic, const struct ioapic_ops *ops, void *arg)
{
	unsigned int pin;

	*ioapic = (struct ioapic){ .ops = ops, .arg = arg };
	pthread_mutex_init(&ioapic->lock, NULL);
	for (pin = 0; pin < IOAPIC_PINS; pin++)
		ioapic->s.redir[pin] = REDIR_MASKED;
}

void ioapic_destroy(struct ioapic *ioapic)
{
	pthread_mutex_destroy(&ioapic->lock);
}

void ioapic_save(struct ioapic *ioapic, struct ioapic_state *state)
{
	pthread_mutex_lock(&ioapic->lock);
	*state = ioapic->s;
	pthread_mutex_unlock(&ioapic->lock);
}

int ioapic_restore(struct ioapic *ioapic, const struct ioapic_state *state)
{
	unsigned int pin;

	if (state->level >> IOAPIC_PINS || (state->id & ~ID_BITS) || state->select > 0xff)
		return -EINVAL;
	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		uint64_t redir = state->redir[pin];

		if ((redir & ~REDIR_BITS) || ((redir & REDIR_REMOTE) && !(redir & REDIR_LEVEL)))
			return -EINVAL;
	}
	pthread_mutex_lock(&ioapic->lock);
	ioapic->s = *state;
	pthread_mutex_unlock(&ioapic->lock);
	return 0;
}
