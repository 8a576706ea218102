// SPDX-License-Identifier: GPL-2.0
/*
 * test_serial.c - the 16550A, driven as drivers drive it
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/serial_reg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/util.h"
#include "../vmm/serial.h"
#include "kselftest_harness.h"

#define CAP	64
#define IDLE	(UART_LSR_TEMT | UART_LSR_THRE)
#define ON	(UART_FCR_ENABLE_FIFO | UART_FCR_R_TRIG_10)	/* of 16: at 8 */

FIXTURE(serial) {
	int fd;
	struct serial port;
	bool level;
	unsigned int edges;
};

static void on_irq(void *arg, bool level)
{
	FIXTURE_DATA(serial) *self = arg;

	/* Told of changes only. */
	if (level == self->level)
		abort();
	self->level = level;
	self->edges += level;
}

FIXTURE_SETUP(serial)
{
	self->level = false;
	self->edges = 0;
	self->fd = memfd_create("console", MFD_CLOEXEC);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(serial_init(&self->port, self->fd, CAP, on_irq, self), 0);
}

FIXTURE_TEARDOWN(serial)
{
	serial_destroy(&self->port);
	close(self->fd);
}

static bool contains(int fd, const char *text)
{
	char buf[2 * CAP];
	ssize_t n = pread(fd, buf, sizeof(buf), 0);

	return n == (ssize_t)strlen(text) && !memcmp(buf, text, n);
}

static void send_text(struct serial *port, const char *text)
{
	serial_out_string(port, UART_TX, (const uint8_t *)text, strlen(text));
}

#define IN(reg)		serial_in(&self->port, reg)
#define OUT(reg, val)	serial_out(&self->port, reg, val)
#define SEND(text)	send_text(&self->port, text)

/* Each byte is in the file before the next instruction. */
TEST_F(serial, output)
{
	OUT(UART_TX, 'a');
	EXPECT_TRUE(contains(self->fd, "a"));
	SEND("bc");
	EXPECT_TRUE(contains(self->fd, "abc"));
	SEND("");
	OUT(UART_TX, '\0');
	EXPECT_EQ(IN(UART_LSR), IDLE);
	EXPECT_EQ(self->port.len, 4);
	EXPECT_EQ(self->edges, 0);
}

TEST_F(serial, cap)
{
	char line[CAP - 4 + 1] = { 0 };
	struct serial_state s;
	struct stat st;

	memset(line, 'x', CAP - 4);
	SEND(line);
	SEND("123456789");
	OUT(UART_TX, 'y');
	serial_save(&self->port, &s);
	EXPECT_EQ(s.dropped, 6);
	EXPECT_EQ(fstat(self->fd, &st), 0);
	EXPECT_EQ(st.st_size, CAP);
	EXPECT_EQ(IN(UART_LSR), IDLE);
}

/* What cannot be written is counted as well, and the guest goes on. */
TEST_F(serial, bad_file)
{
	struct serial_state s;
	struct serial bad;

	EXPECT_EQ(serial_init(&bad, -1, CAP, on_irq, self), -EBADF);
	serial_destroy(&bad);
	close(self->fd);
	self->fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ASSERT_EQ(fcntl(self->fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	self->port.fd = self->fd;
	SEND("lost");
	serial_save(&self->port, &s);
	EXPECT_EQ(s.dropped, 4);
	EXPECT_EQ(self->port.len, 0);
}

/* It goes on where a thawed guest's console ends, and an over-long one is left alone. */
TEST_F(serial, appends)
{
	struct serial second;

	SEND("one ");
	ASSERT_EQ(serial_init(&second, self->fd, CAP, on_irq, self), 0);
	serial_out_string(&second, UART_TX, (const uint8_t *)"two", 3);
	EXPECT_TRUE(contains(self->fd, "one two"));
	serial_destroy(&second);

	ASSERT_EQ(serial_init(&second, self->fd, 3, on_irq, self), 0);
	serial_out(&second, UART_TX, '!');
	EXPECT_TRUE(contains(self->fd, "one two"));
	EXPECT_EQ(second.s.dropped, 1);
	serial_destroy(&second);
}

/* As autoconfig() of drivers/tty/serial/8250/8250_port.c looks for a 16550A. */
TEST_F(serial, autoconfig)
{
	uint8_t iir;

	OUT(UART_IER, 0);
	EXPECT_EQ(IN(UART_IER), 0);
	OUT(UART_IER, 0xff);
	EXPECT_EQ(IN(UART_IER), 0x0f);
	OUT(UART_IER, 0);

	OUT(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_RTS);
	EXPECT_EQ(IN(UART_MSR) & 0xf0, UART_MSR_DCD | UART_MSR_CTS);
	OUT(UART_MCR, 0);
	EXPECT_EQ(IN(UART_MSR) & 0xf0, UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS);

	/* No enhanced features register in the place of IIR. */
	OUT(UART_LCR, UART_LCR_CONF_MODE_B);
	OUT(UART_EFR, 0);
	OUT(UART_LCR, 0);
	OUT(UART_FCR, UART_FCR_ENABLE_FIFO);
	iir = IN(UART_IIR);
	EXPECT_EQ(iir, 0xc0 | UART_IIR_NO_INT);
	OUT(UART_LCR, UART_LCR_CONF_MODE_A);
	EXPECT_NE(IN(UART_EFR), 0);
	OUT(UART_LCR, UART_LCR_CONF_MODE_B);
	EXPECT_NE(IN(UART_EFR), 0);
	OUT(UART_LCR, 0);
	/* Nor 64 bytes of FIFO. */
	OUT(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR7_64BYTE);
	EXPECT_EQ(IN(UART_IIR) & 0xf0, 0xc0);
	OUT(UART_FCR, 0);
	EXPECT_EQ(IN(UART_IIR), UART_IIR_NO_INT);
}

/* The divisor lies over the data and the interrupt enable register. */
TEST_F(serial, divisor_latch)
{
	OUT(UART_IER, UART_IER_RDI);
	OUT(UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
	SEND("\x01\x0c");
	OUT(UART_DLM, 0x12);
	EXPECT_EQ(IN(UART_DLL), 0x0c);
	EXPECT_EQ(IN(UART_DLM), 0x12);
	OUT(UART_LCR, UART_LCR_WLEN8);
	EXPECT_EQ(IN(UART_LCR), UART_LCR_WLEN8);
	EXPECT_EQ(IN(UART_IER), UART_IER_RDI);
	EXPECT_EQ(IN(UART_RX), 0);
	EXPECT_EQ(self->port.len, 0);
}

TEST_F(serial, registers)
{
	OUT(UART_SCR, 0xa5);
	EXPECT_EQ(IN(UART_SCR), 0xa5);
	OUT(UART_MCR, 0xff);
	EXPECT_EQ(IN(UART_MCR), 0x1f);
	/* Read-only ones. */
	OUT(UART_LSR, 0);
	OUT(UART_MSR, 0);
	EXPECT_EQ(IN(UART_LSR), IDLE);
	EXPECT_EQ(IN(8), 0xff);
	OUT(8, 0);
}

/* As serial8250_do_startup() looks for bugs in telling that there is room. */
TEST_F(serial, thre_tests)
{
	uint8_t iir, again;

	OUT(UART_MCR, UART_MCR_OUT2);
	OUT(UART_IER, UART_IER_THRI);
	iir = IN(UART_IIR);
	OUT(UART_IER, 0);
	EXPECT_EQ(self->level, false);
	OUT(UART_IER, UART_IER_THRI);
	again = IN(UART_IIR);
	OUT(UART_IER, 0);
	EXPECT_EQ(iir, UART_IIR_THRI);
	EXPECT_EQ(again, UART_IIR_THRI);

	/* txen: it is told though nothing was ever sent. */
	OUT(UART_IER, UART_IER_THRI);
	EXPECT_EQ(IN(UART_LSR), IDLE);
	EXPECT_EQ(IN(UART_IIR), UART_IIR_THRI);
	EXPECT_EQ(IN(UART_IIR), UART_IIR_NO_INT);
}

TEST_F(serial, thre_interrupt)
{
	OUT(UART_MCR, UART_MCR_OUT2);
	SEND("polled");
	EXPECT_EQ(self->edges, 0);

	OUT(UART_IER, UART_IER_THRI);
	EXPECT_EQ(self->level, true);
	EXPECT_EQ(self->edges, 1);
	/* Asked for again, it is no news. */
	OUT(UART_IER, UART_IER_THRI);
	EXPECT_EQ(self->edges, 1);
	EXPECT_EQ(IN(UART_IIR), UART_IIR_THRI);
	EXPECT_EQ(self->level, false);
	OUT(UART_IER, UART_IER_THRI);
	EXPECT_EQ(self->edges, 1);

	/* A burst is one more edge, since the first byte of it already tells. */
	OUT(UART_TX, '1');
	EXPECT_EQ(self->edges, 2);
	SEND("2345");
	OUT(UART_TX, '6');
	EXPECT_EQ(self->edges, 2);
	EXPECT_EQ(self->level, true);
	EXPECT_EQ(IN(UART_LSR), IDLE);
	EXPECT_EQ(self->level, true);
	EXPECT_EQ(IN(UART_IIR), UART_IIR_THRI);
	SEND("7");
	EXPECT_EQ(self->edges, 3);
	/* Not wanted any more: the line goes down, and the event is still there later. */
	OUT(UART_IER, 0);
	EXPECT_EQ(self->level, false);
	EXPECT_EQ(IN(UART_IIR), UART_IIR_NO_INT);
}

/* OUT2 connects it to the bus. */
TEST_F(serial, out2)
{
	OUT(UART_IER, UART_IER_THRI);
	EXPECT_EQ(self->level, false);
	OUT(UART_MCR, UART_MCR_OUT2);
	EXPECT_EQ(self->level, true);
	OUT(UART_MCR, UART_MCR_OUT2 | UART_MCR_LOOP);
	EXPECT_EQ(self->level, false);
	OUT(UART_MCR, UART_MCR_OUT2);
	EXPECT_EQ(self->level, true);
	EXPECT_EQ(self->edges, 2);
	OUT(UART_MCR, 0);
	EXPECT_EQ(self->level, false);
}

TEST_F(serial, loopback)
{
	OUT(UART_MCR, UART_MCR_LOOP);
	OUT(UART_FCR, ON);
	OUT(UART_TX, 'a');
	EXPECT_EQ(IN(UART_LSR), IDLE | UART_LSR_DR);
	SEND("bc");
	EXPECT_EQ(IN(UART_RX), 'a');
	EXPECT_EQ(IN(UART_RX), 'b');
	EXPECT_EQ(IN(UART_LSR), IDLE | UART_LSR_DR);
	EXPECT_EQ(IN(UART_RX), 'c');
	EXPECT_EQ(IN(UART_LSR), IDLE);
	EXPECT_EQ(IN(UART_RX), 0);
	/* Nothing of it leaves the chip. */
	EXPECT_EQ(self->port.len, 0);
}

TEST_F(serial, overrun)
{
	unsigned int i;

	OUT(UART_MCR, UART_MCR_LOOP);
	OUT(UART_FCR, ON);
	SEND("0123456789abcdefgh");
	EXPECT_EQ(IN(UART_LSR), IDLE | UART_LSR_DR | UART_LSR_OE);
	EXPECT_EQ(IN(UART_LSR), IDLE | UART_LSR_DR);
	for (i = 0; i < 16; i++)
		EXPECT_EQ(IN(UART_RX), "0123456789abcdef"[i]);
	EXPECT_EQ(IN(UART_LSR), IDLE);

	SEND("xyz");
	OUT(UART_FCR, ON | UART_FCR_CLEAR_RCVR);
	EXPECT_EQ(IN(UART_LSR), IDLE);

	/* One byte without a FIFO: the newest stays. */
	SEND("xyz");
	OUT(UART_FCR, 0);
	EXPECT_EQ(IN(UART_LSR), IDLE);
	SEND("12");
	EXPECT_EQ(IN(UART_LSR), IDLE | UART_LSR_DR | UART_LSR_OE);
	EXPECT_EQ(IN(UART_RX), '2');
	EXPECT_EQ(IN(UART_LSR), IDLE);
}

TEST_F(serial, interrupt_order)
{
	OUT(UART_MCR, UART_MCR_LOOP);
	IN(UART_MSR);
	OUT(UART_IER, 0x0f);
	EXPECT_EQ(IN(UART_IIR), UART_IIR_THRI);
	OUT(UART_FCR, ON);
	SEND("0123456");
	EXPECT_EQ(IN(UART_IIR), 0xc0 | UART_IIR_RX_TIMEOUT);
	SEND("7");
	EXPECT_EQ(IN(UART_IIR), 0xc0 | UART_IIR_RDI);
	SEND("89abcdef-");
	OUT(UART_MCR, UART_MCR_LOOP | UART_MCR_RTS);
	EXPECT_EQ(IN(UART_IIR), 0xc0 | UART_IIR_RLSI);
	IN(UART_LSR);
	EXPECT_EQ(IN(UART_IIR), 0xc0 | UART_IIR_RDI);
	while (IN(UART_LSR) & UART_LSR_DR)
		IN(UART_RX);
	EXPECT_EQ(IN(UART_IIR), 0xc0 | UART_IIR_THRI);
	EXPECT_EQ(IN(UART_IIR), 0xc0 | UART_IIR_MSI);
	EXPECT_EQ(IN(UART_MSR), UART_MSR_CTS | UART_MSR_DCTS);
	EXPECT_EQ(IN(UART_IIR), 0xc0 | UART_IIR_NO_INT);
}

TEST_F(serial, modem_deltas)
{
	IN(UART_MSR);
	OUT(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT1);
	/* The three lines went away; that RI came is no event. */
	EXPECT_EQ(IN(UART_MSR), UART_MSR_RI | UART_MSR_DDCD | UART_MSR_DDSR | UART_MSR_DCTS);
	OUT(UART_MCR, UART_MCR_LOOP);
	EXPECT_EQ(IN(UART_MSR), UART_MSR_TERI);
	EXPECT_EQ(IN(UART_MSR), 0);
	/* There and back again is an event too. */
	OUT(UART_MCR, UART_MCR_LOOP | UART_MCR_DTR);
	OUT(UART_MCR, UART_MCR_LOOP);
	EXPECT_EQ(IN(UART_MSR), UART_MSR_DDSR);
}

TEST_F(serial, save_restore)
{
	FIXTURE_DATA(serial) other = { .fd = self->fd };
	struct serial_state s, t;

	OUT(UART_LCR, UART_LCR_WLEN8);
	OUT(UART_SCR, 0x5a);
	OUT(UART_FCR, ON);
	OUT(UART_MCR, UART_MCR_LOOP);
	SEND("in flight");
	OUT(UART_MCR, UART_MCR_OUT2 | UART_MCR_RTS);
	SEND("console");
	OUT(UART_IER, UART_IER_THRI);
	EXPECT_EQ(self->level, true);
	serial_save(&self->port, &s);

	other.level = true;	/* what it is told of must not be this */
	ASSERT_EQ(serial_init(&other.port, self->fd, CAP, on_irq, &other), 0);
	ASSERT_EQ(pwrite(self->fd, "copied ", 7, 7), 7);
	ASSERT_EQ(serial_restore(&other.port, &s), 0);
	EXPECT_EQ(other.edges, 0);
	serial_save(&other.port, &t);
	EXPECT_EQ(memcmp(&s, &t, sizeof(s)), 0);

	serial_out(&other.port, UART_TX, '!');
	EXPECT_TRUE(contains(self->fd, "consolecopied !"));
	EXPECT_EQ(serial_in(&other.port, UART_RX), 'i');
	EXPECT_EQ(serial_in(&other.port, UART_SCR), 0x5a);
	EXPECT_EQ(serial_in(&other.port, UART_IIR), 0xc0 | UART_IIR_THRI);
	EXPECT_EQ(other.level, false);
	serial_destroy(&other.port);
}

TEST_F(serial, bad_state)
{
	struct serial_state s, t;

	OUT(UART_FCR, ON);
	serial_save(&self->port, &s);
#define BAD(field, val) do {						\
	t = s;								\
	t.field = (val);						\
	EXPECT_EQ(serial_restore(&self->port, &t), -EINVAL);		\
} while (0)
	BAD(rx_len, 1);			/* without LSR_DR */
	BAD(rx_len, SERIAL_FIFO + 1);
	BAD(rx_len, 255);
	BAD(lsr, IDLE | UART_LSR_DR);	/* with nothing there */
	BAD(lsr, 0);
	BAD(ier, 0x10);
	BAD(mcr, 0x20);
	BAD(fcr, UART_FCR_CLEAR_RCVR);
	BAD(thre_pending, 2);
	BAD(line, 1);			/* for no reason */
#undef BAD
	/* What was refused has changed nothing. */
	serial_save(&self->port, &t);
	EXPECT_EQ(memcmp(&s, &t, sizeof(s)), 0);
	EXPECT_EQ(serial_restore(&self->port, &s), 0);
}

TEST_HARNESS_MAIN
