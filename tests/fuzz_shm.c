// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_shm.c - the reader of the ring, over whatever a guest may write
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "../lib/shm.h"

#define GUARD		4096
#define ADOPT		1	/* read it as the copy of a frozen guest */
#define MEND_CRC	2	/* a hostile guest can compute it */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed);

/* The start of an input; what follows goes into the ring at the reader's position. */
struct script {
	uint64_t rpos;
	uint64_t wpos[2];	/* the second one when the first was read */
	uint64_t flags;
};

/* The window up to the end of the ring; nothing can be read behind it. */
static char *window_map(void)
{
	char *base = mmap(NULL, SHM_BULK_OFF + GUARD, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED || mprotect(base + SHM_BULK_OFF, GUARD, PROT_NONE))
		abort();
	return base;
}

static void window_unmap(char *base)
{
	munmap(base, SHM_BULK_OFF + GUARD);
}

static void copy_to_ring(char *ring, uint64_t pos, const uint8_t *data, size_t len)
{
	while (len--)
		ring[pos++ % SHM_RING_SIZE] = *data++;
}

/* Make all checksums right, as far as there are whole records. */
static void mend_crcs(uint8_t *data, size_t len)
{
	struct shm_record rec;
	size_t pos = 0;

	while (len - pos >= sizeof(rec)) {
		memcpy(&rec, data + pos, sizeof(rec));
		if (rec.len > len - pos - sizeof(rec))
			break;
		rec.crc = shm_record_crc(&rec, data + pos + sizeof(rec));
		memcpy(data + pos, &rec, sizeof(rec));
		pos += sizeof(rec) + ALIGN_UP((size_t)rec.len, 8);
		if (pos > len)
			break;
	}
}

/* Read all there is; every promise of the header must hold. */
static void drain(struct shm *shm, struct shm_frame *frame)
{
	const struct shm_header *hdr = shm_header(shm);
	uint64_t wpos = hdr->wpos, before;
	unsigned int i;
	int ret;

	for (i = 0; i <= SHM_RING_SIZE / sizeof(struct shm_record); i++) {
		before = shm->rpos;
		ret = shm_recv(shm, frame);
		if (ret != 1)
			break;
		if (frame->len > SHM_MAX_PAYLOAD || frame->payload[frame->len])
			abort();
		if (shm->rpos - before != ALIGN_UP(sizeof(struct shm_record) + frame->len, 8))
			abort();
		if (hdr->rpos != shm->rpos || shm->rpos > wpos)
			abort();
	}
	if (ret == 0) {
		if (shm->rpos != wpos)
			abort();
	} else if (ret != -EBADMSG || shm_recv(shm, frame) != -EBADMSG || frame->len) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shm_frame frame;
	struct shm_header *hdr;
	struct script script;
	uint8_t *bytes;
	struct shm shm;
	size_t len;
	char *base;

	if (size < sizeof(script))
		return 0;
	memcpy(&script, data, sizeof(script));
	len = min(size - sizeof(script), SHM_RING_SIZE);
	bytes = malloc(len + 1);
	if (!bytes)
		abort();
	memcpy(bytes, data + sizeof(script), len);
	if (script.flags & MEND_CRC)
		mend_crcs(bytes, len);

	base = window_map();
	hdr = (struct shm_header *)base;
	shm_format(&shm, base);
	hdr->wpos = script.wpos[0];
	hdr->rpos = script.rpos;
	if (script.flags & ADOPT)
		shm_adopt(&shm, base);
	copy_to_ring(base + SHM_RING_OFF, shm.rpos, bytes, len);

	drain(&shm, &frame);
	hdr->wpos = script.wpos[1];
	drain(&shm, &frame);

	window_unmap(base);
	free(bytes);
	return 0;
}

/* What an honest writer leaves, at the start or after many turns of the ring. */
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed)
{
	struct script script = { .flags = seed & (ADOPT | MEND_CRC) };
	uint8_t payload[512];
	struct shm guest;
	size_t len, i, n;
	char *base;

	memset(payload, seed, sizeof(payload));
	base = window_map();
	shm_format(&guest, base);
	/* From a little before the end, so that something wraps. */
	if (script.flags & ADOPT && seed & 4) {
		script.rpos = 3 * SHM_RING_SIZE - 8 * (seed >> 3 & 31);
		guest.wpos = script.rpos;
		guest.next_seq = seed;
		shm_header(&guest)->rpos = script.rpos;
	}
	n = 1 + (seed >> 3) % 8;
	for (i = 0; i < n; i++) {
		if (i <= n / 2)
			script.wpos[0] = guest.wpos;
		if (shm_send(&guest, i, payload, seed * (i + 1) * 13 % sizeof(payload), false))
			abort();
	}
	script.wpos[1] = guest.wpos;

	len = guest.wpos - script.rpos;
	if (size < sizeof(script) + len)
		abort();
	memcpy(buf, &script, sizeof(script));
	for (i = 0; i < len; i++)
		buf[sizeof(script) + i] = base[SHM_RING_OFF + (script.rpos + i) % SHM_RING_SIZE];
	window_unmap(base);
	return sizeof(script) + len;
}
