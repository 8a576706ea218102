// SPDX-License-Identifier: GPL-2.0
/*
 * test_pio.c - ports and addresses: who answers, and what it means for the VM
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../vmm/layout.h"
#include "../vmm/pio.h"
#include "kselftest_harness.h"

#define CAP	65536
/* 2026-02-03 14:05:06, a Tuesday */
#define NOW	1770127506

FIXTURE(pio) {
	int console[2];
	struct ioapic ioapic;
	struct pio pio;
	struct msi sent;
	unsigned int nr_sent;
};

static void on_deliver(void *arg, const struct msi *msi)
{
	FIXTURE_DATA(pio) *self = arg;

	self->sent = *msi;
	self->nr_sent++;
}

static const struct ioapic_ops ops = { .deliver = on_deliver };

FIXTURE_SETUP(pio)
{
	self->nr_sent = 0;
	self->console[0] = memfd_create("com1", MFD_CLOEXEC);
	self->console[1] = memfd_create("com2", MFD_CLOEXEC);
	ioapic_init(&self->ioapic, &ops, self);
	ASSERT_EQ(pio_init(&self->pio, &self->ioapic, self->console, CAP, NOW), 0);
}

FIXTURE_TEARDOWN(pio)
{
	pio_destroy(&self->pio);
	ioapic_destroy(&self->ioapic);
	close(self->console[0]);
	close(self->console[1]);
}

static enum pio_action outb(struct pio *pio, uint16_t port, uint8_t val)
{
	return pio_out(pio, port, 1, 1, &val, NULL);
}

static uint8_t inb(struct pio *pio, uint16_t port)
{
	uint8_t val = 0x55;

	pio_in(pio, port, 1, 1, &val);
	return val;
}

static bool contains(int fd, const char *text)
{
	char buf[256];
	ssize_t n = pread(fd, buf, sizeof(buf), 0);

	return n == (ssize_t)strlen(text) && !memcmp(buf, text, n);
}

TEST_F(pio, consoles)
{
	EXPECT_EQ(outb(&self->pio, PORT_COM1, 'a'), PIO_NONE);
	EXPECT_EQ(outb(&self->pio, PORT_COM2, 'b'), PIO_NONE);
	EXPECT_EQ(outb(&self->pio, PORT_COM1 + 7, 0x11), PIO_NONE);
	EXPECT_EQ(outb(&self->pio, PORT_COM2 + 7, 0x22), PIO_NONE);
	EXPECT_EQ(inb(&self->pio, PORT_COM1 + 7), 0x11);
	EXPECT_EQ(inb(&self->pio, PORT_COM2 + 7), 0x22);
	EXPECT_TRUE(contains(self->console[0], "a"));
	EXPECT_TRUE(contains(self->console[1], "b"));
}

/* rep outsb: the data moves on, the port does not. */
TEST_F(pio, string)
{
	uint8_t lsr[5];

	EXPECT_EQ(pio_out(&self->pio, PORT_COM1, 1, 12, "hello, world", NULL), PIO_NONE);
	EXPECT_TRUE(contains(self->console[0], "hello, world"));
	EXPECT_EQ(inb(&self->pio, PORT_COM1 + 7), 0);
	pio_in(&self->pio, PORT_COM1 + 5, 1, sizeof(lsr), lsr);
	EXPECT_EQ(memcmp(lsr, "\x60\x60\x60\x60\x60", sizeof(lsr)), 0);
}

/* outw: two byte ports; rep outsw: the same two again and again. */
TEST_F(pio, wide)
{
	uint32_t val;

	EXPECT_EQ(pio_out(&self->pio, PORT_COM1 + 7, 1, 1, "\x77", NULL), PIO_NONE);
	EXPECT_EQ(pio_out(&self->pio, PORT_COM1, 2, 2, "a\x01" "b\x02", NULL), PIO_NONE);
	EXPECT_TRUE(contains(self->console[0], "ab"));
	EXPECT_EQ(inb(&self->pio, PORT_COM1 + 1), 0x02);
	/* LSR, MSR, SCR and the empty bus behind them. */
	pio_in(&self->pio, PORT_COM1 + 5, 4, 1, &val);
	EXPECT_EQ(val & 0xff00ffff, 0xff00b060);
	EXPECT_EQ(val >> 16 & 0xff, 0x77);
	/* Index and date of the CMOS with one instruction. */
	EXPECT_EQ(pio_out(&self->pio, 0x70, 2, 1, "\x20\x99", NULL), PIO_NONE);
	EXPECT_EQ(inb(&self->pio, 0x71), 0x99);
}

TEST_F(pio, interrupts)
{
	static const struct {
		uint16_t port;
		unsigned int pin;
	} com[] = { { PORT_COM1, IRQ_COM1 }, { PORT_COM2, IRQ_COM2 } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(com); i++) {
		uint32_t vector = 0x30 + i, sel = 0x10 + 2 * com[i].pin;

		mmio_write(&self->pio, GPA_IOAPIC, 4, &sel);
		mmio_write(&self->pio, GPA_IOAPIC + 0x10, 4, &vector);
		outb(&self->pio, com[i].port + 4, 0x08);
		EXPECT_EQ(self->nr_sent, i);
		outb(&self->pio, com[i].port + 1, 0x02);
		EXPECT_EQ(self->nr_sent, i + 1);
		EXPECT_EQ(self->sent.data, vector);
		EXPECT_EQ(inb(&self->pio, com[i].port + 2), 0x02);
	}
}

TEST_F(pio, ends)
{
	static const struct {
		uint16_t port;
		uint8_t val;
		enum pio_action action;
	} tries[] = {
		{ PORT_DEBUG_EXIT, DEBUG_EXIT_DONE, PIO_EXIT },
		{ PORT_DEBUG_EXIT, DEBUG_EXIT_RESET, PIO_RESET },
		{ PORT_DEBUG_EXIT, 0, PIO_EXIT },
		{ PORT_DEBUG_EXIT, 0xff, PIO_EXIT },
		{ PORT_DOORBELL, DOORBELL_VALUE, PIO_DOORBELL },
		{ PORT_DOORBELL, 0, PIO_NONE },
		{ PORT_DOORBELL, 2, PIO_NONE },
		{ 0x64, 0xfe, PIO_RESET },
		{ 0x64, 0xff, PIO_NONE },
		{ 0x64, 0x20, PIO_NONE },
		{ 0x60, 0xfe, PIO_NONE },
		{ 0x80, 0xfe, PIO_NONE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		uint8_t val = 0x33;

		TH_LOG("0x%x to port 0x%x", tries[i].val, tries[i].port);
		EXPECT_EQ(pio_out(&self->pio, tries[i].port, 1, 1, &tries[i].val, &val),
			  tries[i].action);
		EXPECT_EQ(val, tries[i].action ? tries[i].val : 0x33);
	}
}

/* The first byte that means something is it, and nothing comes after it. */
TEST_F(pio, string_ends)
{
	uint8_t val = 0;

	EXPECT_EQ(pio_out(&self->pio, PORT_DOORBELL, 1, 3, "\x02\x05\x01", &val), PIO_DOORBELL);
	EXPECT_EQ(val, 5);
	EXPECT_EQ(pio_out(&self->pio, PORT_DEBUG_EXIT, 1, 2, "\x20\x21", &val), PIO_EXIT);
	EXPECT_EQ(val, 0x20);
	EXPECT_EQ(pio_out(&self->pio, PORT_DEBUG_EXIT, 4, 1, "\x21\x00\x00\x00", &val), PIO_RESET);
	EXPECT_EQ(val, 0x21);
}

TEST_F(pio, i8042)
{
	EXPECT_EQ(inb(&self->pio, 0x64), 0);
	EXPECT_EQ(inb(&self->pio, 0x60), 0);
}

static uint8_t cmos(struct pio *pio, uint8_t reg)
{
	outb(pio, 0x70, reg);
	return inb(pio, 0x71);
}

TEST_F(pio, date)
{
	static const struct {
		uint8_t reg, val;
	} want[] = {
		{ 0x00, 0x06 }, { 0x02, 0x05 }, { 0x04, 0x14 }, { 0x06, 3 }, { 0x07, 0x03 },
		{ 0x08, 0x02 }, { 0x09, 0x26 }, { 0x32, 0x20 }, { 0x0b, 0x02 }, { 0x0d, 0x80 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(want); i++)
		EXPECT_EQ(cmos(&self->pio, want[i].reg), want[i].val);
	/* The bit of the index that masks NMI. */
	EXPECT_EQ(cmos(&self->pio, 0x80 | 0x04), 0x14);
	/* Never an update in progress, even if the guest says so. */
	EXPECT_EQ(cmos(&self->pio, 0x0a) & 0x80, 0);
	outb(&self->pio, 0x71, 0xa6);
	EXPECT_EQ(inb(&self->pio, 0x71), 0x26);
	cmos(&self->pio, 0x0d);
	outb(&self->pio, 0x71, 0);
	EXPECT_EQ(inb(&self->pio, 0x71), 0x80);
	cmos(&self->pio, 0x7f);
	outb(&self->pio, 0x71, 0x42);
	EXPECT_EQ(inb(&self->pio, 0x71), 0x42);
	EXPECT_EQ(cmos(&self->pio, 0x0c), 0);
}

TEST_F(pio, strange_dates)
{
	static const time_t dates[] = { 0, -1, 4102444799, INT64_MAX, INT64_MIN };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dates); i++) {
		struct pio pio;

		ASSERT_EQ(pio_init(&pio, &self->ioapic, self->console, CAP, dates[i]), 0);
		EXPECT_EQ(cmos(&pio, 0x0d), 0x80);
		EXPECT_GE(cmos(&pio, 0x08), 0x01);
		EXPECT_LE(cmos(&pio, 0x08), 0x12);
		pio_destroy(&pio);
	}
}

TEST_F(pio, absent)
{
	char text[256];
	uint32_t val = 0;

	pio_in(&self->pio, 0xcfc, 4, 1, &val);
	EXPECT_EQ(val, 0xffffffff);
	EXPECT_EQ(pio_out(&self->pio, 0xcf8, 4, 1, "\0\0\0\x80", NULL), PIO_NONE);
	/* That they are not there is known. */
	pio_unknown(&self->pio, 10, text, sizeof(text));
	EXPECT_STREQ(text, "");
	pio_in(&self->pio, 0x1234, 4, 1, &val);
	EXPECT_EQ(val, 0xffffffff);
	EXPECT_EQ(inb(&self->pio, 0xffff), 0xff);
	pio_unknown(&self->pio, 10, text, sizeof(text));
	EXPECT_STREQ(text, "port 0x1234: 1, port 0xffff: 1");
}

/* Ports end at 0xffff, and a wide access there stays a wide access. */
TEST_F(pio, last_port)
{
	uint32_t val = 0;

	pio_in(&self->pio, 0xffff, 4, 1, &val);
	EXPECT_EQ(val, 0xffffffff);
	EXPECT_EQ(pio_out(&self->pio, 0xfffe, 4, 1, "\xfe\xfe\xfe\xfe", NULL), PIO_NONE);
}

TEST_F(pio, counted)
{
	uint64_t buf = 0;
	char text[256];
	uint8_t bytes[7];
	unsigned int i;

	for (i = 0; i < 5; i++)
		outb(&self->pio, 0x80, i);
	inb(&self->pio, 0x61);
	pio_in(&self->pio, 0x61, 1, sizeof(bytes), bytes);
	mmio_read(&self->pio, 0xfed00000, 8, &buf);
	EXPECT_EQ(buf, ~0ULL);
	mmio_write(&self->pio, 0xfed000f0, 8, &buf);
	mmio_write(&self->pio, 0xfed000f0, 8, &buf);
	pio_unknown(&self->pio, 3, text, sizeof(text));
	EXPECT_STREQ(text, "port 0x61: 8, port 0x80: 5, address 0xfed000f0: 2, others: 1");
	/* Whatever the room. */
	for (i = 0; i < sizeof(text); i++) {
		memset(text, '#', sizeof(text));
		pio_unknown(&self->pio, 3, text, i);
		EXPECT_EQ(text[i], '#');
		if (i)
			EXPECT_LT(strnlen(text, i), i);
	}
	pio_unknown(&self->pio, 0, text, sizeof(text));
	EXPECT_STREQ(text, "others: 16");
}

/* A guest that tries them all does not make us grow. */
TEST_F(pio, table_full)
{
	char text[128];
	unsigned int port;

	for (port = 0x1000; port < 0x1000 + 3 * PIO_COUNTED; port++)
		inb(&self->pio, port);
	inb(&self->pio, 0x1000);
	pio_unknown(&self->pio, 1, text, sizeof(text));
	EXPECT_STREQ(text, "port 0x1000: 2, others: 191");
}

TEST_F(pio, ioapic_window)
{
	uint64_t val = 1;

	mmio_write(&self->pio, GPA_IOAPIC, 8, &val);
	mmio_read(&self->pio, GPA_IOAPIC + 0x10, 8, &val);
	EXPECT_EQ(val, 0xffffffff00170020);
	val = 0;
	mmio_read(&self->pio, GPA_IOAPIC + 0x10, 1, &val);
	EXPECT_EQ(val, 0x20);
	mmio_write(&self->pio, GPA_IOAPIC, 1, "\x00");
	mmio_read(&self->pio, GPA_IOAPIC + 0x10, 4, &val);
	EXPECT_EQ(val, 0);
	/* Its neighbours are not it. */
	mmio_read(&self->pio, GPA_IOAPIC + IOAPIC_SIZE, 4, &val);
	EXPECT_EQ(val, 0xffffffff);
	mmio_read(&self->pio, GPA_IOAPIC - 4, 4, &val);
	EXPECT_EQ(val, 0xffffffff);
}

TEST_F(pio, save_restore)
{
	struct pio_state s, t;
	struct pio other;

	outb(&self->pio, PORT_COM1 + 7, 0x11);
	outb(&self->pio, PORT_COM2 + 7, 0x22);
	outb(&self->pio, PORT_COM2 + 4, 0x08);
	outb(&self->pio, PORT_COM2 + 1, 0x02);
	cmos(&self->pio, 0x40);
	outb(&self->pio, 0x71, 0x99);
	pio_save(&self->pio, &s);

	ASSERT_EQ(pio_init(&other, &self->ioapic, self->console, CAP, 0), 0);
	ASSERT_EQ(pio_restore(&other, &s), 0);
	pio_save(&other, &t);
	EXPECT_EQ(memcmp(&s, &t, sizeof(s)), 0);
	EXPECT_EQ(inb(&other, 0x71), 0x99);
	EXPECT_EQ(inb(&other, PORT_COM1 + 7), 0x11);
	EXPECT_EQ(inb(&other, PORT_COM2 + 7), 0x22);
	EXPECT_EQ(inb(&other, PORT_COM2 + 2), 0x02);
	EXPECT_EQ(cmos(&other, 0x09), 0x26);

	t = s;
	t.cmos_index = 0x80;
	EXPECT_EQ(pio_restore(&other, &t), -EINVAL);
	t = s;
	t.com[1].rx_len = 99;
	EXPECT_EQ(pio_restore(&other, &t), -EINVAL);
	pio_destroy(&other);
}

TEST_F(pio, no_console)
{
	const int bad[2] = { self->console[0], -1 };
	struct pio pio;

	EXPECT_EQ(pio_init(&pio, &self->ioapic, bad, CAP, NOW), -EBADF);
}

#define ROUNDS	2000

static void *hammer(void *arg)
{
	struct pio *pio = arg;
	uint64_t buf;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		pio_out(pio, PORT_COM1, 1, 4, "abc\n", NULL);
		outb(pio, PORT_COM1 + 1, i & 2);
		inb(pio, PORT_COM1 + 2);
		outb(pio, 0x80, i);
		mmio_read(pio, 0xfed00000, 8, &buf);
		mmio_read(pio, GPA_IOAPIC + 0x10, 4, &buf);
	}
	return NULL;
}

/* vCPUs at the same time: no line is torn, nothing is lost. */
TEST_F(pio, threads)
{
	static char out[4 * 4 * ROUNDS + 1];
	const uint32_t sel = 0x10 + 2 * IRQ_COM1, vector = 0x30;
	pthread_t thread[4];
	char text[64];
	unsigned int i;

	mmio_write(&self->pio, GPA_IOAPIC, 4, &sel);
	mmio_write(&self->pio, GPA_IOAPIC + 0x10, 4, &vector);
	outb(&self->pio, PORT_COM1 + 4, 0x08);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		ASSERT_EQ(pthread_create(&thread[i], NULL, hammer, &self->pio), 0);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_join(thread[i], NULL);
	ASSERT_EQ(pread(self->console[0], out, sizeof(out), 0), 4 * 4 * ROUNDS);
	for (i = 0; i < 4 * 4 * ROUNDS; i += 4)
		ASSERT_EQ(memcmp(out + i, "abc\n", 4), 0);
	pio_unknown(&self->pio, 5, text, sizeof(text));
	EXPECT_STREQ(text, "port 0x80: 8000, address 0xfed00000: 8000");
	EXPECT_GT(self->nr_sent, 0);
}

TEST_HARNESS_MAIN
