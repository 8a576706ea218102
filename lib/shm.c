// SPDX-License-Identifier: GPL-2.0
/*
 * shm.c - the ring of messages in the shared window
 */
#include <errno.h>
#include <string.h>
#include "shm.h"

#define RING_MASK	(SHM_RING_SIZE - 1)
#define RECORD_ALIGN	8

_Static_assert(!(SHM_RING_SIZE & RING_MASK), "positions are masked");
_Static_assert(sizeof(struct shm_header) <= SHM_JOB_OFF, "the header must fit before the job");
_Static_assert(sizeof(struct shm_record) % RECORD_ALIGN == 0, "records must stay aligned");
_Static_assert(SHM_RESERVE >= sizeof(struct shm_record) + SHM_MAX_PAYLOAD,
	       "the reserve must hold any one message");

static size_t record_size(uint32_t len)
{
	return sizeof(struct shm_record) + ALIGN_UP((size_t)len, RECORD_ALIGN);
}

/*
 * The compiler may neither read shared bytes a second time after they were
 * copied and checked, nor move the two halves of a send into each other.
 */
static void barrier(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

static char *ring(const struct shm *shm)
{
	return (char *)shm->base + SHM_RING_OFF;
}

static void ring_read(const struct shm *shm, uint64_t pos, void *buf, size_t len)
{
	size_t off = pos & RING_MASK;
	size_t head = min(len, SHM_RING_SIZE - off);

	memcpy(buf, ring(shm) + off, head);
	memcpy((char *)buf + head, ring(shm), len - head);
	barrier();
}

static void ring_write(const struct shm *shm, uint64_t pos, const void *buf, size_t len)
{
	size_t off = pos & RING_MASK;
	size_t head = min(len, SHM_RING_SIZE - off);

	if (!len)
		return;
	memcpy(ring(shm) + off, buf, head);
	memcpy(ring(shm), (const char *)buf + head, len - head);
}

uint32_t shm_record_crc(const struct shm_record *rec, const void *payload)
{
	const size_t skip = sizeof(rec->crc);
	uint32_t crc;

	crc = crc32_update(0, (const char *)rec + skip, sizeof(*rec) - skip);
	return crc32_update(crc, payload, rec->len);
}

void shm_format(struct shm *shm, void *base)
{
	struct shm_header *hdr = base;

	*shm = (struct shm){ .base = base };
	atomic_store_explicit(&hdr->request, 0, memory_order_relaxed);
	atomic_store_explicit(&hdr->guest, 0, memory_order_relaxed);
	atomic_store_explicit(&hdr->drops, 0, memory_order_relaxed);
	atomic_store_explicit(&hdr->wpos, 0, memory_order_relaxed);
	atomic_store_explicit(&hdr->rpos, 0, memory_order_relaxed);
	hdr->size = SHM_SIZE;
	hdr->version = SHM_VERSION;
	atomic_thread_fence(memory_order_release);
	hdr->magic = SHM_MAGIC;
}

/* Can a reader be at @rpos when the writer is at @wpos? */
static bool positions_sane(uint64_t wpos, uint64_t rpos)
{
	return wpos - rpos <= SHM_RING_SIZE && !(wpos % RECORD_ALIGN) && !(rpos % RECORD_ALIGN);
}

void shm_adopt(struct shm *shm, void *base)
{
	struct shm_header *hdr = base;
	uint64_t wpos = atomic_load_explicit(&hdr->wpos, memory_order_acquire);
	uint64_t rpos = 0;

	*shm = (struct shm){ .base = base };
	if (wpos > SHM_RING_SIZE) {
		/* The start was overwritten; the reader's old place is the one known record. */
		rpos = atomic_load_explicit(&hdr->rpos, memory_order_relaxed);
		shm->any_seq = true;
	}
	if (!positions_sane(wpos, rpos)) {
		shm->corrupt = true;
		return;
	}
	shm->rpos = rpos;
	/* The writer must not take back what is about to be read again. */
	atomic_store_explicit(&hdr->rpos, rpos, memory_order_release);
}

int shm_attach(struct shm *shm, void *base)
{
	struct shm_header *hdr = base;

	if (READ_ONCE(hdr->magic) != SHM_MAGIC)
		return -EPROTO;
	atomic_thread_fence(memory_order_acquire);
	if (hdr->version != SHM_VERSION || hdr->size != SHM_SIZE)
		return -EPROTO;
	if (atomic_load_explicit(&hdr->wpos, memory_order_relaxed))
		return -EBUSY;
	*shm = (struct shm){ .base = base };
	return 0;
}

int shm_send(struct shm *shm, uint32_t type, const void *payload, size_t len, bool final)
{
	struct shm_header *hdr = shm_header(shm);
	static const char zeroes[RECORD_ALIGN];
	struct shm_record rec;
	uint64_t pos = shm->wpos;
	uint64_t used;
	size_t room, need;

	if (len > SHM_MAX_PAYLOAD)
		return -EMSGSIZE;

	used = pos - atomic_load_explicit(&hdr->rpos, memory_order_acquire);
	room = used <= SHM_RING_SIZE ? SHM_RING_SIZE - used : 0;
	if (!final)
		room -= min(room, SHM_RESERVE);
	need = record_size(len);
	if (need > room) {
		/* There is one writer; a locked operation on uncached memory is best avoided. */
		uint32_t drops = atomic_load_explicit(&hdr->drops, memory_order_relaxed);

		atomic_store_explicit(&hdr->drops, drops + 1, memory_order_relaxed);
		return -ENOSPC;
	}

	rec = (struct shm_record){ .type = type, .len = len, .seq = shm->next_seq };
	rec.crc = shm_record_crc(&rec, payload);
	ring_write(shm, pos, &rec, sizeof(rec));
	ring_write(shm, pos + sizeof(rec), payload, len);
	ring_write(shm, pos + sizeof(rec) + len, zeroes, need - sizeof(rec) - len);

	/*
	 * Own state first: a signal handler that sends one last message from
	 * here then appends to this one, which is whole, and publishes both.
	 */
	barrier();
	shm->next_seq++;
	shm->wpos = pos + need;
	barrier();
	atomic_store_explicit(&hdr->wpos, shm->wpos, memory_order_release);
	return 0;
}

static int ring_corrupt(struct shm *shm, struct shm_frame *frame)
{
	shm->corrupt = true;
	frame->type = 0;
	frame->len = 0;
	frame->seq = 0;
	frame->payload[0] = '\0';
	return -EBADMSG;
}

int shm_recv(struct shm *shm, struct shm_frame *frame)
{
	struct shm_header *hdr = shm_header(shm);
	struct shm_record rec;
	uint64_t wpos;

	if (shm->corrupt)
		return ring_corrupt(shm, frame);

	wpos = atomic_load_explicit(&hdr->wpos, memory_order_acquire);
	if (wpos == shm->rpos)
		return 0;
	if (!positions_sane(wpos, shm->rpos) || wpos - shm->rpos < sizeof(rec))
		return ring_corrupt(shm, frame);

	ring_read(shm, shm->rpos, &rec, sizeof(rec));
	if (rec.len > SHM_MAX_PAYLOAD || wpos - shm->rpos < record_size(rec.len))
		return ring_corrupt(shm, frame);
	if (rec.seq != shm->next_seq && !shm->any_seq)
		return ring_corrupt(shm, frame);

	ring_read(shm, shm->rpos + sizeof(rec), frame->payload, rec.len);
	if (rec.crc != shm_record_crc(&rec, frame->payload))
		return ring_corrupt(shm, frame);

	frame->payload[rec.len] = '\0';
	frame->type = rec.type;
	frame->len = rec.len;
	frame->seq = rec.seq;

	shm->any_seq = false;
	shm->next_seq = rec.seq + 1;
	shm->rpos += record_size(rec.len);
	atomic_store_explicit(&hdr->rpos, shm->rpos, memory_order_release);
	return 1;
}

uint32_t shm_drops(const struct shm *shm)
{
	return atomic_load_explicit(&shm_header(shm)->drops, memory_order_relaxed);
}
