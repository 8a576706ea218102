/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ioapic.h - an I/O APIC (82093AA, with the EOI register of version 0x20) that speaks in MSIs
 *
 * Locking: one mutex, taken by every function here. The callbacks are called with it held, so
 * that messages of one pin leave in order; they must not call back into the ioapic.
 */
#ifndef KTSTR_VMM_IOAPIC_H
#define KTSTR_VMM_IOAPIC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define IOAPIC_PINS		24
#define IOAPIC_SIZE		0x1000	/* of the window at GPA_IOAPIC */

/*
 * As on the bus (Intel SDM 3, 11.11), and with the extended destination ids of KVM and QEMU
 * (Documentation/virt/kvm/x86/cpuid.rst, KVM_FEATURE_MSI_EXT_DEST_ID): address
 *	31-20 0xfee	19-12 destination id 7-0	11-5 destination id 14-8
 *	3 redirection hint (lowest priority)		2 logical destination
 * and data 15 level-triggered, 14 assert, 10-8 delivery mode, 7-0 vector.
 */
struct msi {
	uint64_t address;
	uint32_t data;
	uint32_t reserved;
};

/*
 * msi_address_kvm - the address as KVM wants it (KVM_CAP_X2APIC_API with 32-bit ids): it knows
 * nothing of bits 11-5, the id's higher bits are in address_hi at their own places there.
 */
static inline uint64_t msi_address_kvm(uint64_t address)
{
	return (address & ~0xfe0ULL) | (address & 0xfe0ULL) << 35;
}

/* All that has to survive a freeze. */
struct ioapic_state {
	uint64_t redir[IOAPIC_PINS];
	uint32_t level;			/* of each pin, a bit each */
	uint32_t id;			/* as in the register: bits 27-24 */
	uint32_t select;		/* IOREGSEL */
	uint32_t reserved;
};

struct ioapic_ops {
	/* Send it (KVM_SIGNAL_MSI). */
	void (*deliver)(void *arg, const struct msi *msi);
	/*
	 * May be NULL: pin @pin's redirection was changed by the guest to @msi. Who needs to
	 * hear of EOIs keeps routes by this; a masked one still needs its EOI if it was sent.
	 */
	void (*changed)(void *arg, unsigned int pin, const struct msi *msi, bool masked);
};

struct ioapic {
	pthread_mutex_t lock;
	struct ioapic_state s;
	const struct ioapic_ops *ops;
	void *arg;
};

/* ioapic_init - as after reset: all pins masked, all lines low. */
void ioapic_init(struct ioapic *ioapic, const struct ioapic_ops *ops, void *arg);
void ioapic_destroy(struct ioapic *ioapic);

/* ioapic_read/write - the guest at @offset of the window. What is not there reads all-ones. */
uint32_t ioapic_read(struct ioapic *ioapic, uint32_t offset);
void ioapic_write(struct ioapic *ioapic, uint32_t offset, uint32_t val);

/*
 * ioapic_set_irq - a device drives its line. An edge on a masked pin is lost, as on the real
 * one; a level is not, it is delivered when the pin is unmasked. Pins that are not there are
 * ignored.
 */
void ioapic_set_irq(struct ioapic *ioapic, unsigned int pin, bool level);

/* ioapic_eoi - a CPU is done with level-triggered @vector; what is still asserted is sent again. */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector);

/*
 * ioapic_eoi_route - what pin @pin sends. True if its EOI has to come back: it is level-triggered,
 * and not masked or still in service.
 */
bool ioapic_eoi_route(struct ioapic *ioapic, unsigned int pin, struct msi *msi);

/*
 * ioapic_save/restore - nothing is delivered: what was sent is in the CPUs' state. -EINVAL for a
 * state that none can have.
 */
void ioapic_save(struct ioapic *ioapic, struct ioapic_state *state);
int ioapic_restore(struct ioapic *ioapic, const struct ioapic_state *state);

#endif /* KTSTR_VMM_IOAPIC_H */
