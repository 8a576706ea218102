/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shm.h - the shared window between host and guest
 *
 * A window of guest RAM that e820 calls "reserved"; the host sees it as part
 * of the RAM object, PID 1 through /dev/mem. Laid out by the host:
 *
 *	header | job (host -> guest) | ring (guest -> host) | bulk (hand-over)
 *
 * The geometry is a constant of this header: neither side takes an offset or
 * a size from the other. One writer (PID 1), one reader (the host). A full
 * ring drops the message and counts it, it never blocks; its last
 * SHM_RESERVE bytes are kept for the messages that end a run.
 *
 * The reader trusts nothing: it copies each header before it looks at it,
 * checks length, sequence and CRC32 (over the header without the CRC field,
 * then the payload), and after the first bad record reads no more, since
 * nothing behind it can be framed.
 */
#ifndef KTSTR_LIB_SHM_H
#define KTSTR_LIB_SHM_H

#include <stdatomic.h>
#include <stdbool.h>
#include "util.h"

#define SHM_MAGIC	0x5254534bU	/* "KSTR" */
#define SHM_VERSION	1U

#define SHM_SIZE	(16 * MIB)
#define SHM_JOB_OFF	(4 * KIB)
#define SHM_JOB_SIZE	(60 * KIB)
#define SHM_RING_OFF	(64 * KIB)
#define SHM_RING_SIZE	(1 * MIB)	/* a power of two */
#define SHM_BULK_OFF	(SHM_RING_OFF + SHM_RING_SIZE)
#define SHM_BULK_SIZE	(SHM_SIZE - SHM_BULK_OFF)

#define SHM_RESERVE	(16 * KIB)
#define SHM_MAX_PAYLOAD	(8 * KIB)

/* Signal words, host -> guest. */
#define SHM_REQ_SHUTDOWN	BIT(0)	/* drain and power off */
#define SHM_REQ_DUMP		BIT(1)	/* SysRq-D: dump the sched_ext state */
#define SHM_REQ_WAIT		BIT(2)	/* from the start: the job will come without a doorbell */

/* Signal words, guest -> host: bits of shm_header.guest. */
#define SHM_GST_ATTACHED	BIT(0)	/* the scheduler is attached */
#define SHM_GST_STARTED		BIT(1)	/* workers run, sampling may begin */
#define SHM_GST_STOPPED		BIT(2)	/* the measured part is over */

struct shm_header {
	uint32_t magic;
	uint32_t version;
	uint32_t size;
	_Atomic uint32_t request;	/* SHM_REQ_*, set by the host */
	_Atomic uint32_t guest;		/* SHM_GST_*, set by the guest */
	_Atomic uint32_t sched_faults;	/* SCHED_FAULT() bits, set by the host */
	_Atomic uint32_t drops;
	_Atomic uint64_t wpos;		/* bytes ever written to the ring */
	_Atomic uint64_t rpos;		/* bytes ever read, set by the host */
};

/* A frame in the ring; the payload follows, padded to 8 bytes. */
struct shm_record {
	uint32_t crc;			/* CRC32 of the rest of this header and of the payload */
	uint32_t type;			/* enum msg_type, lib/wire.h */
	uint32_t len;			/* of the payload, at most SHM_MAX_PAYLOAD */
	uint32_t seq;			/* counts from 0, without gaps */
};

struct shm_frame {
	uint32_t type;
	uint32_t len;
	uint32_t seq;
	/* NUL-terminated behind @len, to be printed as it is; aligned for any struct msg_*. */
	uint8_t payload[SHM_MAX_PAYLOAD + 1] __aligned(8);
};

struct shm {
	void *base;
	uint64_t rpos;			/* reader's own position, never taken from the window */
	uint64_t wpos;			/* writer's own position */
	uint32_t next_seq;
	bool any_seq;			/* begun in the middle: no number is wrong */
	bool corrupt;
};

/* CRC-32 as in Ethernet and zlib (reflected, 0xedb88320); @crc is 0 or the result so far. */
uint32_t crc32_update(uint32_t crc, const void *buf, size_t len);

/* shm_format - host: make a window of SHM_SIZE zeroed bytes at @base. Becomes its reader. */
void shm_format(struct shm *shm, void *base);

/*
 * shm_adopt - host: read a window that was formatted before (a copy of a frozen
 * guest), while its guest stands still. From the start if the ring never
 * wrapped, which gives all messages again; else from where the reader before
 * had stopped.
 */
void shm_adopt(struct shm *shm, void *base);

/*
 * shm_attach - guest: become the writer. -EPROTO if magic, version or size
 * differ, -EBUSY if the ring had a writer before: there can only be one.
 */
int shm_attach(struct shm *shm, void *base);

/*
 * shm_send - guest: append a message. -EMSGSIZE, or -ENOSPC when the ring is
 * full (counted in the header). @final lets it use the reserve. A process may
 * call it from the handler of a signal that ends the process.
 */
int shm_send(struct shm *shm, uint32_t type, const void *payload, size_t len, bool final);

/*
 * shm_recv - host: 1 and a frame, 0 when there is none, -EBADMSG when the ring is
 * corrupt, from then on always.
 */
int shm_recv(struct shm *shm, struct shm_frame *frame);

/* shm_record_crc - what belongs in @rec->crc. */
uint32_t shm_record_crc(const struct shm_record *rec, const void *payload);

/* shm_drops - how many messages did not fit, as the guest counted them. */
uint32_t shm_drops(const struct shm *shm);

static inline struct shm_header *shm_header(const struct shm *shm)
{
	return shm->base;
}

static inline void *shm_job(const struct shm *shm)
{
	return (char *)shm->base + SHM_JOB_OFF;
}

static inline void *shm_bulk(const struct shm *shm)
{
	return (char *)shm->base + SHM_BULK_OFF;
}

/*
 * The same frames as text, for COM2: one line a frame,
 *
 *	"@ktstr TYPE SEQ LEN CRC HEX...;\n"
 *
 * all numbers in lower-case hex. frame_encode() returns the length of the line in
 * @buf, -EMSGSIZE, or -ENOSPC (never with FRAME_TEXT_LEN bytes). frame_decode()
 * finds the next whole and sound line in *@text, whatever noise lies between, and
 * moves *@text behind it: 1 and a frame, or 0 at the end. Damaged lines are
 * skipped and counted in *@bad, which may be NULL. After 0, *@text is at the start
 * of a line that may become whole when more text comes, else at @end: so a growing
 * text can be decoded piece by piece, and a last line that was cut off is seen.
 */
#define FRAME_TEXT_LEN	(2 * SHM_MAX_PAYLOAD + 64)

int frame_encode(uint32_t type, uint32_t seq, const void *payload, size_t len,
		 char *buf, size_t size);
int frame_decode(const char **text, const char *end, struct shm_frame *frame, unsigned int *bad);

#endif /* KTSTR_LIB_SHM_H */
