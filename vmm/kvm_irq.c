// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_irq.c - interrupts between our I/O APIC and KVM's local ones
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include "kvm.h"

#define MSI_LEVEL		(1U << 15)	/* of the data */

static void deliver_msi(void *arg, const struct msi *msi)
{
	struct kvm_machine *m = arg;
	const uint64_t address = msi_address_kvm(msi->address);
	const struct kvm_msi req = {
		.address_lo = address, .address_hi = address >> 32, .data = msi->data,
	};

	/* 0: the guest blocks it, as is its right; EPERM: it has no CPU that this is for. */
	if (ioctl(m->fd, KVM_SIGNAL_MSI, &req) < 0 && errno != EPERM)
		kvm_raise(m, VM_EVENT_ENGINE, "KVM_SIGNAL_MSI(%#llx, %#x): %s",
			  (unsigned long long)address, msi->data, strerror(errno));
}

/*
 * KVM reports the EOI of a vector only if a route of one of the I/O APIC's pins has it. That costs the
 * guest an exit for each, and us a grace period for each change: only for level-triggered ones.
 */
static int set_routes(struct kvm_machine *m)
{
	KVM_ARG(struct kvm_irq_routing, struct kvm_irq_routing_entry, IOAPIC_PINS) arg = {
		.head = { 0 },
	};
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		const uint64_t address = msi_address_kvm(m->route[pin].address);

		if (!(m->level_pins & 1U << pin))
			continue;
		arg.head.entries[arg.head.nr++] = (struct kvm_irq_routing_entry){
			.gsi = pin, .type = KVM_IRQ_ROUTING_MSI,
			.u.msi = {
				.address_lo = address, .address_hi = address >> 32,
				.data = m->route[pin].data,
			},
		};
	}
	return ioctl(m->fd, KVM_SET_GSI_ROUTING, &arg);
}

void kvm_pin_changed(void *arg, unsigned int pin, const struct msi *msi, bool masked)
{
	const uint32_t bit = 1U << pin;
	struct kvm_machine *m = arg;
	bool level = msi->data & MSI_LEVEL, changed;

	pthread_mutex_lock(&m->route_lock);
	/* What is masked may still be in service: its EOI is wanted until it is something else. */
	changed = level && !masked ? !(m->level_pins & bit) ||
				     memcmp(&m->route[pin], msi, sizeof(*msi)) :
				     !level && (m->level_pins & bit);
	if (changed) {
		m->route[pin] = *msi;
		m->level_pins = level ? m->level_pins | bit : m->level_pins & ~bit;
		if (set_routes(m))
			kvm_raise(m, VM_EVENT_ENGINE, "KVM_SET_GSI_ROUTING: %s", strerror(errno));
	}
	pthread_mutex_unlock(&m->route_lock);
}

const struct ioapic_ops kvm_ioapic_ops = { .deliver = deliver_msi, .changed = kvm_pin_changed };
