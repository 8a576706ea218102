// SPDX-License-Identifier: GPL-2.0
/*
 * test_ioapic.c - what lines and registers of the I/O APIC turn into
 */
#include <errno.h>
#include <string.h>
#include "../lib/util.h"
#include "../vmm/ioapic.h"
#include "kselftest_harness.h"

#define SEL	0x00
#define WIN	0x10
#define EOI	0x40

#define MASKED	BIT(16)
#define LEVEL	BIT(15)
#define REMOTE	BIT(14)
#define LOGICAL	BIT(11)

FIXTURE(ioapic) {
	struct ioapic apic;
	struct msi sent, routed;
	unsigned int nr_sent, nr_changed, pin;
	bool masked;
};

static void on_deliver(void *arg, const struct msi *msi)
{
	FIXTURE_DATA(ioapic) *self = arg;

	self->sent = *msi;
	self->nr_sent++;
}

static void on_changed(void *arg, unsigned int pin, const struct msi *msi, bool masked)
{
	FIXTURE_DATA(ioapic) *self = arg;

	self->routed = *msi;
	self->pin = pin;
	self->masked = masked;
	self->nr_changed++;
}

static const struct ioapic_ops ops = { .deliver = on_deliver, .changed = on_changed };

FIXTURE_SETUP(ioapic)
{
	memset(self, 0, sizeof(*self));
	ioapic_init(&self->apic, &ops, self);
}

FIXTURE_TEARDOWN(ioapic)
{
	ioapic_destroy(&self->apic);
}

static uint32_t reg_in(struct ioapic *apic, unsigned int reg)
{
	ioapic_write(apic, SEL, reg);
	return ioapic_read(apic, WIN);
}

static void reg_out(struct ioapic *apic, unsigned int reg, uint32_t val)
{
	ioapic_write(apic, SEL, reg);
	ioapic_write(apic, WIN, val);
}

/* High half first, as kernels do it: it must not be live with a wrong destination. */
static void redirect(struct ioapic *apic, unsigned int pin, uint32_t high, uint32_t low)
{
	reg_out(apic, 0x11 + 2 * pin, high);
	reg_out(apic, 0x10 + 2 * pin, low);
}

static uint32_t low_half(struct ioapic *apic, unsigned int pin)
{
	return reg_in(apic, 0x10 + 2 * pin);
}

TEST_F(ioapic, after_reset)
{
	unsigned int pin;

	EXPECT_EQ(reg_in(&self->apic, 0), 0);
	EXPECT_EQ(reg_in(&self->apic, 1), 0x00170020);
	EXPECT_EQ(ioapic_read(&self->apic, SEL), 1);
	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		EXPECT_EQ(low_half(&self->apic, pin), MASKED);
		EXPECT_EQ(reg_in(&self->apic, 0x11 + 2 * pin), 0);
		ioapic_set_irq(&self->apic, pin, true);
	}
	EXPECT_EQ(self->nr_sent, 0);
}

TEST_F(ioapic, registers)
{
	reg_out(&self->apic, 0, 0xffffffff);
	EXPECT_EQ(reg_in(&self->apic, 0), 0x0f000000);
	EXPECT_EQ(reg_in(&self->apic, 2), 0x0f000000);
	/* Read-only, and not there. */
	reg_out(&self->apic, 1, 0);
	EXPECT_EQ(reg_in(&self->apic, 1), 0x00170020);
	EXPECT_EQ(reg_in(&self->apic, 0x0f), 0xffffffff);
	reg_out(&self->apic, 0x10 + 2 * IOAPIC_PINS, 0x30);
	EXPECT_EQ(reg_in(&self->apic, 0x10 + 2 * IOAPIC_PINS), 0xffffffff);
	EXPECT_EQ(reg_in(&self->apic, 0xff), 0xffffffff);
	EXPECT_EQ(ioapic_read(&self->apic, 0x20), 0xffffffff);
	ioapic_write(&self->apic, 0x20, 1);
	/* Delivery status and remote IRR cannot be written, reserved bits are 0. */
	redirect(&self->apic, 23, 0xffffffff, 0xffffffff);
	EXPECT_EQ(low_half(&self->apic, 23), 0x0001afff);
	EXPECT_EQ(reg_in(&self->apic, 0x11 + 2 * 23), 0xfffe0000);
	EXPECT_EQ(self->nr_sent, 0);
	EXPECT_EQ(self->pin, 23);
}

/* One line each: what is in the entry, and what leaves. */
static const struct {
	const char *name;
	uint32_t high, low;
	uint64_t address;
	uint32_t data;
} formats[] = {
	{ "physical, CPU 0", 0, 0x31, 0xfee00000, 0x31 },
	{ "physical, CPU 5", 5U << 24, 0xef, 0xfee05000, 0xef },
	{ "all CPUs", 0xffU << 24, 0x40, 0xfeeff000, 0x40 },
	{ "logical", 3U << 24, LOGICAL | 0x41, 0xfee03004, 0x41 },
	{ "logical, lowest priority", 3U << 24, LOGICAL | 1 << 8 | 0x41, 0xfee0300c, 0x141 },
	{ "NMI", 0, 4 << 8, 0xfee00000, 0x400 },
	{ "INIT", 0, 5 << 8, 0xfee00000, 0x500 },
	{ "ExtINT", 0, 7 << 8, 0xfee00000, 0x700 },
	{ "level", 1U << 24, LEVEL | 0x50, 0xfee01000, 0xc050 },
	{ "active low is not for the CPU", 1U << 24, 1 << 13 | 0x51, 0xfee01000, 0x51 },
	{ "CPU 256", 0x01U << 17, 0x60, 0xfee00020, 0x60 },
	{ "CPU 300", 0x2cU << 24 | 0x01U << 17, 0x61, 0xfee2c020, 0x61 },
	{ "CPU 32767", 0xffU << 24 | 0x7fU << 17, 0x62, 0xfeefffe0, 0x62 },
};

TEST_F(ioapic, message_format)
{
	struct msi msi;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		TH_LOG("%s", formats[i].name);
		redirect(&self->apic, 4, formats[i].high, formats[i].low);
		EXPECT_EQ(self->routed.address, formats[i].address);
		EXPECT_EQ(self->routed.data, formats[i].data);
		ioapic_set_irq(&self->apic, 4, true);
		EXPECT_EQ(self->nr_sent, i + 1);
		EXPECT_EQ(self->sent.address, formats[i].address);
		EXPECT_EQ(self->sent.data, formats[i].data);
		ioapic_eoi_route(&self->apic, 4, &msi);
		EXPECT_EQ(memcmp(&msi, &self->sent, sizeof(msi)), 0);
		ioapic_set_irq(&self->apic, 4, false);
	}
}

TEST(address_for_kvm)
{
	EXPECT_EQ(msi_address_kvm(0xfee05004), 0xfee05004);
	EXPECT_EQ(msi_address_kvm(0xfee00020), 0x100fee00000);
	EXPECT_EQ(msi_address_kvm(0xfeefffe0), 0x7f00feeff000);
}

TEST_F(ioapic, edge)
{
	redirect(&self->apic, 3, 0, 0x33);
	ioapic_set_irq(&self->apic, 3, true);
	EXPECT_EQ(self->nr_sent, 1);
	EXPECT_EQ(low_half(&self->apic, 3) & REMOTE, 0);
	/* It has to go down first. */
	ioapic_set_irq(&self->apic, 3, true);
	EXPECT_EQ(self->nr_sent, 1);
	ioapic_set_irq(&self->apic, 3, false);
	EXPECT_EQ(self->nr_sent, 1);
	/* No EOI is waited for. */
	ioapic_set_irq(&self->apic, 3, true);
	EXPECT_EQ(self->nr_sent, 2);
	ioapic_eoi(&self->apic, 0x33);
	EXPECT_EQ(self->nr_sent, 2);
}

TEST_F(ioapic, masked_edge_is_lost)
{
	redirect(&self->apic, 3, 0, MASKED | 0x33);
	ioapic_set_irq(&self->apic, 3, true);
	redirect(&self->apic, 3, 0, 0x33);
	EXPECT_EQ(self->nr_sent, 0);
	ioapic_set_irq(&self->apic, 3, false);
	ioapic_set_irq(&self->apic, 3, true);
	EXPECT_EQ(self->nr_sent, 1);
}

TEST_F(ioapic, level)
{
	redirect(&self->apic, 9, 0, LEVEL | 0x50);
	ioapic_set_irq(&self->apic, 9, true);
	EXPECT_EQ(self->nr_sent, 1);
	EXPECT_EQ(low_half(&self->apic, 9), LEVEL | REMOTE | 0x50);
	/* Once until it is acknowledged, whatever the line does. */
	ioapic_set_irq(&self->apic, 9, false);
	ioapic_set_irq(&self->apic, 9, true);
	EXPECT_EQ(self->nr_sent, 1);
	/* Somebody else's EOI. */
	ioapic_eoi(&self->apic, 0x51);
	EXPECT_EQ(self->nr_sent, 1);
	/* Still asserted: again. */
	ioapic_eoi(&self->apic, 0x50);
	EXPECT_EQ(self->nr_sent, 2);
	ioapic_set_irq(&self->apic, 9, false);
	ioapic_eoi(&self->apic, 0x50);
	EXPECT_EQ(self->nr_sent, 2);
	EXPECT_EQ(low_half(&self->apic, 9), LEVEL | 0x50);
	ioapic_eoi(&self->apic, 0x50);
	EXPECT_EQ(self->nr_sent, 2);
}

TEST_F(ioapic, masked_level_waits)
{
	redirect(&self->apic, 9, 0, MASKED | LEVEL | 0x50);
	ioapic_set_irq(&self->apic, 9, true);
	EXPECT_EQ(self->nr_sent, 0);
	redirect(&self->apic, 9, 0, LEVEL | 0x50);
	EXPECT_EQ(self->nr_sent, 1);
	/* Masked while it is being handled: the EOI sends nothing, unmasking does. */
	redirect(&self->apic, 9, 0, MASKED | LEVEL | 0x50);
	EXPECT_EQ(low_half(&self->apic, 9), MASKED | LEVEL | REMOTE | 0x50);
	ioapic_eoi(&self->apic, 0x50);
	EXPECT_EQ(self->nr_sent, 1);
	EXPECT_EQ(low_half(&self->apic, 9), MASKED | LEVEL | 0x50);
	redirect(&self->apic, 9, 0, LEVEL | 0x50);
	EXPECT_EQ(self->nr_sent, 2);
}

/* Pins may share a vector; and the EOI register does what the message does. */
TEST_F(ioapic, eoi_register)
{
	redirect(&self->apic, 10, 0, LEVEL | 0x50);
	redirect(&self->apic, 11, 0, LEVEL | 0x50);
	redirect(&self->apic, 12, 0, LEVEL | 0x52);
	ioapic_set_irq(&self->apic, 10, true);
	ioapic_set_irq(&self->apic, 11, true);
	ioapic_set_irq(&self->apic, 12, true);
	EXPECT_EQ(self->nr_sent, 3);
	ioapic_set_irq(&self->apic, 10, false);
	ioapic_write(&self->apic, EOI, 0x50);
	EXPECT_EQ(self->nr_sent, 4);
	EXPECT_EQ(low_half(&self->apic, 10) & REMOTE, 0);
	EXPECT_EQ(low_half(&self->apic, 11) & REMOTE, REMOTE);
	EXPECT_EQ(low_half(&self->apic, 12) & REMOTE, REMOTE);
}

/* As __eoi_ioapic_pin() of arch/x86/kernel/apic/io_apic.c clears a stuck one. */
TEST_F(ioapic, edge_clears_remote_irr)
{
	redirect(&self->apic, 9, 0, LEVEL | 0x50);
	ioapic_set_irq(&self->apic, 9, true);
	ioapic_set_irq(&self->apic, 9, false);
	redirect(&self->apic, 9, 0, MASKED | 0x50);
	redirect(&self->apic, 9, 0, LEVEL | 0x50);
	EXPECT_EQ(low_half(&self->apic, 9), LEVEL | 0x50);
	EXPECT_EQ(self->nr_sent, 1);
}

TEST_F(ioapic, changed)
{
	redirect(&self->apic, 7, 2U << 24, MASKED | 0x44);
	EXPECT_EQ(self->nr_changed, 2);
	EXPECT_TRUE(self->masked);
	redirect(&self->apic, 7, 2U << 24, 0x44);
	/* The same again is none. */
	EXPECT_EQ(self->nr_changed, 3);
	EXPECT_FALSE(self->masked);
}

/* Of what is level-triggered; while it is in service also if it gets masked. */
TEST_F(ioapic, routes_of_eois)
{
	struct msi msi;

	redirect(&self->apic, 7, 2U << 24, 0x44);
	EXPECT_FALSE(ioapic_eoi_route(&self->apic, 7, &msi));
	redirect(&self->apic, 7, 2U << 24, MASKED | LEVEL | 0x44);
	EXPECT_FALSE(ioapic_eoi_route(&self->apic, 7, &msi));
	redirect(&self->apic, 7, 2U << 24, LEVEL | 0x44);
	EXPECT_TRUE(ioapic_eoi_route(&self->apic, 7, &msi));
	EXPECT_EQ(msi.address, 0xfee02000);
	EXPECT_EQ(msi.data, LEVEL | 1 << 14 | 0x44);
	ioapic_set_irq(&self->apic, 7, true);
	redirect(&self->apic, 7, 2U << 24, MASKED | LEVEL | 0x44);
	EXPECT_TRUE(ioapic_eoi_route(&self->apic, 7, &msi));
	ioapic_eoi(&self->apic, 0x44);
	EXPECT_FALSE(ioapic_eoi_route(&self->apic, 7, &msi));
}

TEST_F(ioapic, no_such_pin)
{
	struct msi msi;

	ioapic_set_irq(&self->apic, IOAPIC_PINS, true);
	ioapic_set_irq(&self->apic, ~0U, true);
	EXPECT_FALSE(ioapic_eoi_route(&self->apic, IOAPIC_PINS, &msi));
	EXPECT_EQ(self->nr_sent, 0);
	EXPECT_EQ(self->apic.s.level, 0);
}

TEST_F(ioapic, save_restore)
{
	static const struct ioapic_ops silent = { .deliver = on_deliver };
	struct ioapic_state s, t;
	struct ioapic other;

	redirect(&self->apic, 4, 1U << 24, 0x31);
	redirect(&self->apic, 9, 0, LEVEL | 0x50);
	ioapic_set_irq(&self->apic, 4, true);
	ioapic_set_irq(&self->apic, 9, true);
	EXPECT_EQ(self->nr_sent, 2);
	ioapic_save(&self->apic, &s);
	ioapic_init(&other, &silent, self);
	ASSERT_EQ(ioapic_restore(&other, &s), 0);
	ioapic_save(&other, &t);
	EXPECT_EQ(memcmp(&s, &t, sizeof(s)), 0);
	EXPECT_EQ(self->nr_sent, 2);
	/* The lines are where they were, and so is what waits for an EOI. */
	ioapic_set_irq(&other, 4, true);
	EXPECT_EQ(self->nr_sent, 2);
	ioapic_eoi(&other, 0x50);
	EXPECT_EQ(self->nr_sent, 3);
	/* No one has to listen to changes. */
	redirect(&other, 5, 0, 0x33);
	ioapic_destroy(&other);
}

TEST_F(ioapic, bad_state)
{
	struct ioapic_state s, t;

	ioapic_save(&self->apic, &s);
#define BAD(field, val) do {						\
	t = s;								\
	t.field = (val);						\
	EXPECT_EQ(ioapic_restore(&self->apic, &t), -EINVAL);		\
} while (0)
	BAD(level, 1U << IOAPIC_PINS);
	BAD(id, 1);
	BAD(select, 0x100);
	BAD(redir[0], 1ULL << 12);
	BAD(redir[23], 1ULL << 32);
	BAD(redir[23], REMOTE);
#undef BAD
	ioapic_save(&self->apic, &t);
	EXPECT_EQ(memcmp(&s, &t, sizeof(s)), 0);
}

TEST_HARNESS_MAIN
