// SPDX-License-Identifier: GPL-2.0
/*
 * frame.c - messages as lines of text, for a serial port
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "shm.h"

#define MARKER		"@ktstr "
#define MARKER_LEN	(sizeof(MARKER) - 1)

static const char hex_digits[] = "0123456789abcdef";

int frame_encode(uint32_t type, uint32_t seq, const void *payload, size_t len,
		 char *buf, size_t size)
{
	struct shm_record rec = { .type = type, .len = len, .seq = seq };
	const uint8_t *p = payload;
	size_t i, pos;
	int n;

	if (len > SHM_MAX_PAYLOAD)
		return -EMSGSIZE;

	rec.crc = shm_record_crc(&rec, payload);
	n = snprintf(buf, size, MARKER "%x %x %x %x ", rec.type, rec.seq, rec.len, rec.crc);
	/* The payload, ";\n" and the NUL follow. */
	if (n < 0 || n + 2 * len + 3 > size)
		return -ENOSPC;

	pos = n;
	for (i = 0; i < len; i++) {
		buf[pos++] = hex_digits[p[i] >> 4];
		buf[pos++] = hex_digits[p[i] & 15];
	}
	buf[pos++] = ';';
	buf[pos++] = '\n';
	buf[pos] = '\0';
	return pos;
}

/* A number of 1 to 8 digits and the blank behind it. 1 if there is one, 0 if the text ends, -1. */
static int parse_number(const char **s, const char *end, uint32_t *v)
{
	const char *p;

	*v = 0;
	for (p = *s; p < end && p - *s < 8 && hex_value(*p) >= 0; p++)
		*v = *v << 4 | hex_value(*p);
	if (p == end)
		return 0;
	if (p == *s || *p != ' ')
		return -1;
	*s = p + 1;
	return 1;
}

/* What follows a marker: 1 and the frame, 0 if the text ends within it, -1 if it is damaged. */
static int parse_frame(const char **s, const char *end, struct shm_frame *frame)
{
	struct shm_record rec;
	uint32_t *const fields[] = { &rec.type, &rec.seq, &rec.len, &rec.crc };
	const char *p = *s;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		ret = parse_number(&p, end, fields[i]);
		if (ret != 1)
			return ret;
	}
	if (rec.len > SHM_MAX_PAYLOAD)
		return -1;

	for (i = 0; i < 2 * (size_t)rec.len; i++, p++) {
		int v;

		if (p == end)
			return 0;
		v = hex_value(*p);
		if (v < 0)
			return -1;
		if (i & 1)
			frame->payload[i / 2] |= v;
		else
			frame->payload[i / 2] = v << 4;
	}
	if (p == end)
		return 0;
	if (*p != ';' || rec.crc != shm_record_crc(&rec, frame->payload))
		return -1;

	frame->payload[rec.len] = '\0';
	frame->type = rec.type;
	frame->len = rec.len;
	frame->seq = rec.seq;
	*s = p + 1;
	return 1;
}

/* The next marker, or what may be the start of one at the very end, or @end. */
static const char *find_marker(const char *p, const char *end)
{
	for (; p < end; p++) {
		p = memchr(p, MARKER[0], end - p);
		if (!p)
			break;
		if (!memcmp(p, MARKER, min(MARKER_LEN, (size_t)(end - p))))
			return p;
	}
	return end;
}

int frame_decode(const char **text, const char *end, struct shm_frame *frame, unsigned int *bad)
{
	const char *p;

	while ((*text = find_marker(*text, end)) < end) {
		if ((size_t)(end - *text) < MARKER_LEN)
			return 0;
		p = *text + MARKER_LEN;
		switch (parse_frame(&p, end, frame)) {
		case 1:
			*text = p;
			return 1;
		case 0:
			return 0;
		}
		/* Behind the marker only: noise may have cut this line and a whole one follow. */
		*text += MARKER_LEN;
		if (bad)
			(*bad)++;
	}
	return 0;
}
