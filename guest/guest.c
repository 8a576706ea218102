// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../lib/random.h"
#include "com2.h"
#include "guest.h"

static bool is_essential(uint32_t type)
{
	switch (type) {
	case MSG_STAGE:
	case MSG_DETAIL:
	case MSG_RESULT:
	case MSG_CRASH:
	case MSG_EXIT:
		return true;
	default:
		return false;
	}
}

static void send_com2(struct guest *g, uint32_t type, const void *payload, size_t len)
{
	char line[FRAME_TEXT_LEN];
	int n;

	if (g->com2_fd < 0)
		return;
	n = frame_encode(type, g->com2_seq, payload, len, line, sizeof(line));
	if (n < 0)
		return;
	g->com2_seq++;
	/* Once it is stuck, each further message would cost the whole limit. */
	if (com2_write(g->com2_fd, line, (size_t)n, COM2_LIMIT_NS)) {
		close(g->com2_fd);
		g->com2_fd = -1;
	}
}

void guest_send(struct guest *g, uint32_t type, const void *payload, size_t len, bool final)
{
	bool ends_run = type == MSG_RESULT || type == MSG_EXIT;

	len = min_t(size_t, len, SHM_MAX_PAYLOAD);
	/* A full ring counts what it drops; nothing else is to be done about it here. */
	if (g->shm.base && !(ends_run && (g->job.fault & JOB_FAULT_CUT_WINDOW)))
		shm_send(&g->shm, type, payload, len, final);
	if (ends_run && (g->job.fault & JOB_FAULT_CUT_COM2))
		return;
	if (!g->shm.base || is_essential(type))
		send_com2(g, type, payload, len);
}

void guest_stage(struct guest *g, enum stage stage)
{
	struct msg_stage msg = { .stage = stage, .at_ns = now_ns() };

	guest_send(g, MSG_STAGE, &msg, sizeof(msg), false);
}

static void make_one_line(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = ' ';
}

static void __printf(3, 0) send_text(struct guest *g, uint32_t type, const char *fmt, va_list ap)
{
	char line[2 * RESULT_TEXT_LEN];

	if (vsnprintf(line, sizeof(line), fmt, ap) < 0)
		return;
	make_one_line(line);
	guest_send(g, type, line, strlen(line), false);
}

void guest_log(struct guest *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_text(g, MSG_LOG, fmt, ap);
	va_end(ap);
}

void guest_detail(struct guest *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_text(g, MSG_DETAIL, fmt, ap);
	va_end(ap);
}

void guest_signal(struct guest *g, uint32_t bits)
{
	if (g->shm.base)
		atomic_fetch_or_explicit(&shm_header(&g->shm)->guest, bits, memory_order_release);
}

uint32_t guest_requests(struct guest *g)
{
	if (!g->shm.base)
		return 0;
	return atomic_load_explicit(&shm_header(&g->shm)->request, memory_order_acquire);
}

uint32_t guest_sched_faults(struct guest *g)
{
	if (!g->shm.base)
		return 0;
	return atomic_load_explicit(&shm_header(&g->shm)->sched_faults, memory_order_relaxed);
}

bool guest_poll_requests(struct guest *g)
{
	uint32_t req = guest_requests(g);

	if (req & SHM_REQ_DUMP) {
		int ret = write_file("/proc/sysrq-trigger", "D");

		if (ret)
			guest_log(g, "cannot ask for a sched_ext dump: %s", strerror(-ret));
		atomic_fetch_and(&shm_header(&g->shm)->request, ~SHM_REQ_DUMP);
	}
	return req & SHM_REQ_SHUTDOWN;
}

void result_set(struct guest *g, struct msg_result *res, enum verdict verdict,
		enum cause cause, const char *fmt, ...)
{
	char text[RESULT_TEXT_LEN] = "";
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	make_one_line(text);

	/* The verdicts are declared in the order of their weight. */
	if ((uint32_t)verdict > res->verdict) {
		res->verdict = verdict;
		res->cause = cause;
		res->at_ns = now_ns();
		memcpy(res->text, text, sizeof(res->text));
	}
	guest_detail(g, "%s", text);
}

uint32_t guest_random(struct guest *g, uint32_t bound)
{
	uint32_t x, reject;

	if (!bound)
		return 0;
	/* The lowest 2^32 mod @bound values would make some remainders likelier than others. */
	reject = -bound % bound;
	do {
		x = (uint32_t)(splitmix64(&g->rng) >> 32);
	} while (x < reject);
	return x % bound;
}
