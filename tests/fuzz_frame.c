// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_frame.c - the parser of what comes from COM2
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/shm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed);

/* All that was decoded, as a number. */
struct outcome {
	unsigned int nr;
	unsigned int bad;
	uint32_t crc;
};

/* A frame that was accepted must be the frame of a line that frame_encode() makes. */
static void check_frame(const struct shm_frame *frame, const char *start, const char *end)
{
	static const char tail[] = ";\n";
	char *line = malloc(FRAME_TEXT_LEN);
	struct shm_frame again;
	const char *text = line;
	int n;

	if (!line || frame->len > SHM_MAX_PAYLOAD || frame->payload[frame->len])
		abort();
	n = frame_encode(frame->type, frame->seq, frame->payload, frame->len,
			 line, FRAME_TEXT_LEN);
	if (n < (int)strlen(tail) || memcmp(line + n - 2, tail, 2))
		abort();
	if (frame_decode(&text, line + n, &again, NULL) != 1 || again.type != frame->type ||
	    again.seq != frame->seq || again.len != frame->len ||
	    memcmp(again.payload, frame->payload, frame->len + 1))
		abort();
	/* Longer than its own text only by leading zeros and noise, never shorter. */
	if (end - start < n - 1)
		abort();
	free(line);
}

static void decode(const char **text, const char *end, struct outcome *out)
{
	struct shm_frame frame;
	const char *start = *text;

	while (frame_decode(text, end, &frame, &out->bad) == 1) {
		if (*text <= start || *text > end)
			abort();
		check_frame(&frame, start, *text);
		out->crc = crc32_update(out->crc, &frame.type, sizeof(frame.type));
		out->crc = crc32_update(out->crc, &frame.seq, sizeof(frame.seq));
		out->crc = crc32_update(out->crc, frame.payload, frame.len);
		out->nr++;
		start = *text;
	}
	/* What is left is one line that may become whole. */
	if (*text > end || (size_t)(end - *text) > FRAME_TEXT_LEN)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole = { 0 }, parts = { 0 };
	const char *text, *end, *middle;

	if (size < 2)
		return 0;
	text = (const char *)data + 2;
	end = (const char *)data + size;
	middle = text + (data[0] << 8 | data[1]) % (size - 1);
	decode(&text, end, &whole);

	/* Text that comes in two parts must mean the same. */
	text = (const char *)data + 2;
	decode(&text, middle, &parts);
	decode(&text, end, &parts);
	if (whole.nr != parts.nr || whole.bad != parts.bad || whole.crc != parts.crc)
		abort();
	return 0;
}

/* A few lines, with a kernel's noise between some and within one. */
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed)
{
	uint8_t payload[64];
	size_t pos = 2;
	unsigned int i;
	int n;

	if (size < 4096 + FRAME_TEXT_LEN)
		return 0;
	memset(payload, seed * 7, sizeof(payload));
	buf[0] = seed >> 8;
	buf[1] = seed * 31;
	for (i = 0; i <= seed % 6; i++) {
		if (seed >> 3 & i)
			pos += sprintf((char *)buf + pos, "[ %u.0] noise\r\n", i);
		n = frame_encode(i + seed % 11, i, payload, seed * (i + 1) % sizeof(payload),
				 (char *)buf + pos, size - pos);
		if (n < 0)
			abort();
		/* Sometimes the end of a line is lost. */
		pos += i + 1 == (seed >> 4 & 7) ? n / 2 : n;
	}
	/* The largest frame: what limits it is only seen beside it. */
	if (seed % 16 == 15) {
		static const uint8_t big[SHM_MAX_PAYLOAD];

		n = frame_encode(1, i, big, sizeof(big), (char *)buf + pos, size - pos);
		if (n < 0)
			abort();
		pos += n;
	}
	return pos;
}
