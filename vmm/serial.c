// SPDX-License-Identifier: GPL-2.0
/*
 * serial.c - a 16550A that only talks
 *
 * Register numbers and bits: linux/serial_reg.h.
 */
#include <errno.h>
#include <linux/serial_reg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/util.h"
#include "serial.h"

#define IER_BITS	(UART_IER_RDI | UART_IER_THRI | UART_IER_RLSI | UART_IER_MSI)
#define MCR_BITS	(UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_OUT1 | UART_MCR_RTS |	\
			 UART_MCR_DTR)
#define FCR_KEPT	(UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_MASK)
/* Both bits: FIFOs are on and work. */
#define IIR_FIFO_16550A	0xc0
#define LSR_IDLE	(UART_LSR_TEMT | UART_LSR_THRE)
#define MSR_LINES	(UART_MSR_DCD | UART_MSR_RI | UART_MSR_DSR | UART_MSR_CTS)
#define MSR_DELTAS	(UART_MSR_DDCD | UART_MSR_TERI | UART_MSR_DDSR | UART_MSR_DCTS)
/* A cable with somebody at the other end. */
#define MSR_PLUGGED	(UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS)

/* Bits 7-6 of FCR. */
static const uint8_t rx_trigger[] = { 1, 4, 8, 14 };

static unsigned int rx_size(const struct serial_state *s)
{
	return s->fcr & UART_FCR_ENABLE_FIFO ? SERIAL_FIFO : 1;
}

/* The interrupt of the highest priority, as IIR tells it. */
static uint8_t pending(const struct serial_state *s)
{
	if ((s->ier & UART_IER_RLSI) && (s->lsr & UART_LSR_BRK_ERROR_BITS))
		return UART_IIR_RLSI;
	if ((s->ier & UART_IER_RDI) && s->rx_len) {
		if (!(s->fcr & UART_FCR_ENABLE_FIFO) || s->rx_len >= rx_trigger[s->fcr >> 6])
			return UART_IIR_RDI;
		/* Below the trigger it takes four characters' time, and here none takes any. */
		return UART_IIR_RX_TIMEOUT;
	}
	if ((s->ier & UART_IER_THRI) && s->thre_pending)
		return UART_IIR_THRI;
	if ((s->ier & UART_IER_MSI) && (s->msr & MSR_DELTAS))
		return UART_IIR_MSI;
	return UART_IIR_NO_INT;
}

/* OUT2 is what connects the chip to the bus in a PC, and loopback disconnects it. */
static bool line_level(const struct serial_state *s)
{
	return pending(s) != UART_IIR_NO_INT &&
	       (s->mcr & (UART_MCR_OUT2 | UART_MCR_LOOP)) == UART_MCR_OUT2;
}

static void update_line(struct serial *port)
{
	bool level = line_level(&port->s);

	if (level == port->s.line)
		return;
	port->s.line = level;
	port->irq(port->arg, level);
}

static void update_msr(struct serial_state *s)
{
	uint8_t lines = MSR_PLUGGED, changed;

	if (s->mcr & UART_MCR_LOOP)
		lines = (s->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
			(s->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
			(s->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
			(s->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0);
	changed = (s->msr ^ lines) & MSR_LINES;
	/* Of the ring indicator only its end counts. */
	if (lines & UART_MSR_RI)
		changed &= ~UART_MSR_RI;
	/* The delta of each line is four bits below it. */
	s->msr = lines | (s->msr & MSR_DELTAS) | changed >> 4;
}

/* In loopback: what is sent is received. */
static void receive(struct serial_state *s, uint8_t val)
{
	if (s->rx_len < rx_size(s)) {
		s->rx[s->rx_len++] = val;
	} else {
		/* A full FIFO loses the newest, a single register what was in it. */
		if (!(s->fcr & UART_FCR_ENABLE_FIFO))
			s->rx[0] = val;
		s->lsr |= UART_LSR_OE;
	}
	s->lsr |= UART_LSR_DR;
}

static void flush_rx(struct serial_state *s)
{
	s->rx_len = 0;
	s->lsr &= ~(UART_LSR_DR | UART_LSR_OE);
}

static void append(struct serial *port, const uint8_t *data, size_t len)
{
	size_t fits = port->len < port->cap ? min((uint64_t)len, port->cap - port->len) : 0;
	ssize_t n;

	while (fits) {
		n = pwrite(port->fd, data, fits, port->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;	/* the guest cannot be told: it counts as dropped */
		port->len += n;
		data += n;
		fits -= n;
		len -= n;
	}
	port->s.dropped += len;
}

static void transmit(struct serial *port, const uint8_t *data, size_t len)
{
	if (!len)
		return;
	if (port->s.mcr & UART_MCR_LOOP)
		while (len--)
			receive(&port->s, *data++);
	else
		append(port, data, len);
	/*
	 * It is empty again at once. When the line is up for that already, the guest has yet to
	 * read IIR and will see it there: another edge would tell it nothing.
	 */
	port->s.thre_pending = 1;
}

static void write_fcr(struct serial_state *s, uint8_t val)
{
	/* Turning it on or off empties it, and without it the other bits mean nothing. */
	if (((s->fcr ^ val) & UART_FCR_ENABLE_FIFO) ||
	    ((val & UART_FCR_ENABLE_FIFO) && (val & UART_FCR_CLEAR_RCVR)))
		flush_rx(s);
	s->fcr = val & UART_FCR_ENABLE_FIFO ? val & FCR_KEPT : 0;
}

static void write_reg(struct serial *port, unsigned int reg, uint8_t val)
{
	struct serial_state *s = &port->s;

	switch (reg) {
	case UART_TX:
		if (s->lcr & UART_LCR_DLAB)
			s->dll = val;
		else
			transmit(port, &val, 1);
		break;
	case UART_IER:
		if (s->lcr & UART_LCR_DLAB) {
			s->dlm = val;
			break;
		}
		/* Once asked for, it tells at once that there is room: so drivers start. */
		if ((val & ~s->ier) & UART_IER_THRI)
			s->thre_pending = 1;
		s->ier = val & IER_BITS;
		break;
	case UART_FCR:
		write_fcr(s, val);
		break;
	case UART_LCR:
		s->lcr = val;
		break;
	case UART_MCR:
		s->mcr = val & MCR_BITS;
		update_msr(s);
		break;
	case UART_SCR:
		s->scr = val;
		break;
	default:		/* LSR and MSR are read-only */
		break;
	}
}

static uint8_t read_rx(struct serial_state *s)
{
	uint8_t val;

	if (!s->rx_len)
		return 0;
	val = s->rx[0];
	memmove(s->rx, s->rx + 1, --s->rx_len);
	if (!s->rx_len)
		s->lsr &= ~UART_LSR_DR;
	return val;
}

static uint8_t read_reg(struct serial_state *s, unsigned int reg)
{
	uint8_t val;

	switch (reg) {
	case UART_RX:
		return s->lcr & UART_LCR_DLAB ? s->dll : read_rx(s);
	case UART_IER:
		return s->lcr & UART_LCR_DLAB ? s->dlm : s->ier;
	case UART_IIR:
		val = pending(s);
		/* Being told of it settles this one; the others are settled at their registers. */
		if (val == UART_IIR_THRI)
			s->thre_pending = 0;
		return val | (s->fcr & UART_FCR_ENABLE_FIFO ? IIR_FIFO_16550A : 0);
	case UART_LCR:
		return s->lcr;
	case UART_MCR:
		return s->mcr;
	case UART_LSR:
		val = s->lsr;
		s->lsr &= ~UART_LSR_BRK_ERROR_BITS;
		return val;
	case UART_MSR:
		val = s->msr;
		s->msr &= ~MSR_DELTAS;
		return val;
	case UART_SCR:
		return s->scr;
	default:
		return 0xff;
	}
}

uint8_t serial_in(struct serial *port, unsigned int reg)
{
	uint8_t val;

	pthread_mutex_lock(&port->lock);
	val = read_reg(&port->s, reg);
	update_line(port);
	pthread_mutex_unlock(&port->lock);
	return val;
}

void serial_out_string(struct serial *port, unsigned int reg, const uint8_t *data, size_t len)
{
	size_t i;

	pthread_mutex_lock(&port->lock);
	if (reg == UART_TX && !(port->s.lcr & UART_LCR_DLAB)) {
		transmit(port, data, len);
		update_line(port);
	} else {
		for (i = 0; i < len; i++) {
			write_reg(port, reg, data[i]);
			update_line(port);
		}
	}
	pthread_mutex_unlock(&port->lock);
}

void serial_out(struct serial *port, unsigned int reg, uint8_t val)
{
	serial_out_string(port, reg, &val, 1);
}

static int find_end(struct serial *port)
{
	struct stat st;

	if (fstat(port->fd, &st))
		return -errno;
	port->len = st.st_size;
	return 0;
}

int serial_init(struct serial *port, int fd, uint64_t cap, void (*irq)(void *arg, bool level),
		void *arg)
{
	*port = (struct serial){
		.s = { .lsr = LSR_IDLE, .msr = MSR_PLUGGED },
		.fd = fd, .cap = cap, .irq = irq, .arg = arg,
	};
	pthread_mutex_init(&port->lock, NULL);
	return find_end(port);
}

void serial_destroy(struct serial *port)
{
	pthread_mutex_destroy(&port->lock);
}

void serial_save(struct serial *port, struct serial_state *state)
{
	pthread_mutex_lock(&port->lock);
	*state = port->s;
	pthread_mutex_unlock(&port->lock);
}

int serial_restore(struct serial *port, const struct serial_state *state)
{
	int ret = -EINVAL;

	pthread_mutex_lock(&port->lock);
	if ((state->ier & ~IER_BITS) || (state->mcr & ~MCR_BITS) || (state->fcr & ~FCR_KEPT) ||
	    (state->lsr & LSR_IDLE) != LSR_IDLE || state->thre_pending > 1 ||
	    state->rx_len > rx_size(state) || !state->rx_len != !(state->lsr & UART_LSR_DR) ||
	    state->line != line_level(state))
		goto out;
	port->s = *state;
	ret = find_end(port);
out:
	pthread_mutex_unlock(&port->lock);
	return ret;
}
