// SPDX-License-Identifier: GPL-2.0
/*
 * test_shm.c - the ring in the shared window
 */
#include <pthread.h>
#include "kselftest_harness.h"
#include "../lib/shm.h"
#include "../lib/wire.h"

#define REC		sizeof(struct shm_record)
#define BIG_RECORD	(REC + SHM_MAX_PAYLOAD)

FIXTURE(window) {
	struct shm host;
	struct shm guest;
	struct shm_frame frame;
	char *base;
	char *ring;
	struct shm_header *hdr;
	char big[SHM_MAX_PAYLOAD + 1];
};

FIXTURE_SETUP(window)
{
	/* Nothing behind the ring, so that an overrun is seen. */
	self->base = aligned_alloc(4096, SHM_BULK_OFF);
	ASSERT_NE(self->base, NULL);
	memset(self->base, 0, SHM_BULK_OFF);
	self->ring = self->base + SHM_RING_OFF;
	shm_format(&self->host, self->base);
	ASSERT_EQ(shm_attach(&self->guest, self->base), 0);
	self->hdr = shm_header(&self->host);
	memset(self->big, 'B', sizeof(self->big));
}

FIXTURE_TEARDOWN(window)
{
	free(self->base);
}

/* A record made by hand at byte @pos of the ring; nothing wraps. */
static void put_record(char *ring, size_t pos, uint32_t seq, uint32_t len, const void *payload)
{
	struct shm_record rec = { .type = MSG_LOG, .len = len, .seq = seq };

	rec.crc = shm_record_crc(&rec, payload);
	memcpy(ring + pos, &rec, sizeof(rec));
	memcpy(ring + pos + sizeof(rec), payload, len);
}

TEST(crc32_check_values)
{
	uint32_t crc;

	EXPECT_EQ(crc32_update(0, "", 0), 0);
	EXPECT_EQ(crc32_update(0, NULL, 0), 0);
	/* The check value of CRC-32/ISO-HDLC. */
	EXPECT_EQ(crc32_update(0, "123456789", 9), 0xcbf43926);
	EXPECT_EQ(crc32_update(0, "\0\0\0\0", 4), 0x2144df1c);
	crc = crc32_update(0, "1234", 4);
	EXPECT_EQ(crc32_update(crc, "56789", 5), 0xcbf43926);
}

TEST(every_word_has_a_name)
{
	unsigned int i;

	for (i = 0; i < NR_STAGES; i++)
		EXPECT_STRNE(stage_name(i), "?");
	for (i = 0; i < NR_VERDICTS; i++)
		EXPECT_STRNE(verdict_name(i), "?");
	for (i = 0; i < NR_CAUSES; i++)
		EXPECT_STRNE(cause_name(i), "?");
	EXPECT_STREQ(stage_name(NR_STAGES), "?");
	EXPECT_STREQ(verdict_name(NR_VERDICTS), "?");
	EXPECT_STREQ(cause_name(NR_CAUSES), "?");
	EXPECT_STREQ(cause_name(~0U), "?");
}

TEST_F(window, messages_come_through_in_order)
{
	struct shm_frame *f = &self->frame;

	EXPECT_EQ(shm_recv(&self->host, f), 0);
	EXPECT_EQ(shm_send(&self->guest, MSG_LOG, "hello", 5, false), 0);
	EXPECT_EQ(shm_send(&self->guest, MSG_EXIT, NULL, 0, true), 0);
	EXPECT_EQ(shm_send(&self->guest, MSG_LOG, self->big, SHM_MAX_PAYLOAD, false), 0);

	ASSERT_EQ(shm_recv(&self->host, f), 1);
	EXPECT_EQ(f->type, MSG_LOG);
	EXPECT_EQ(f->len, 5);
	EXPECT_EQ(f->seq, 0);
	EXPECT_STREQ((char *)f->payload, "hello");

	ASSERT_EQ(shm_recv(&self->host, f), 1);
	EXPECT_EQ(f->type, MSG_EXIT);
	EXPECT_EQ(f->len, 0);
	EXPECT_EQ(f->seq, 1);
	EXPECT_STREQ((char *)f->payload, "");

	ASSERT_EQ(shm_recv(&self->host, f), 1);
	EXPECT_EQ(f->len, SHM_MAX_PAYLOAD);
	EXPECT_EQ(memcmp(f->payload, self->big, SHM_MAX_PAYLOAD), 0);
	EXPECT_EQ(f->payload[SHM_MAX_PAYLOAD], 0);

	EXPECT_EQ(shm_recv(&self->host, f), 0);
	EXPECT_EQ((uint64_t)self->hdr->rpos, (uint64_t)self->hdr->wpos);
	EXPECT_EQ(shm_drops(&self->host), 0);
}

TEST_F(window, too_large_is_refused)
{
	EXPECT_EQ(shm_send(&self->guest, MSG_LOG, self->big, SHM_MAX_PAYLOAD + 1, true),
		  -EMSGSIZE);
	EXPECT_EQ(shm_send(&self->guest, MSG_LOG, self->big, SIZE_MAX, true), -EMSGSIZE);
	EXPECT_EQ(shm_recv(&self->host, &self->frame), 0);
	EXPECT_EQ((uint64_t)self->hdr->wpos, 0);
}

TEST_F(window, full_ring_drops_and_keeps_the_reserve)
{
	unsigned int sent = 0, dropped = 0, final = 0, i;

	while (!shm_send(&self->guest, MSG_LOG, self->big, SHM_MAX_PAYLOAD, false))
		sent++;
	dropped++;
	EXPECT_EQ(sent, (SHM_RING_SIZE - SHM_RESERVE) / BIG_RECORD);
	EXPECT_LE((uint64_t)self->hdr->wpos, SHM_RING_SIZE - SHM_RESERVE);
	EXPECT_EQ(shm_drops(&self->host), dropped);

	/* A small one may still fit, until the reserve begins: to the last byte of it. */
	while (!shm_send(&self->guest, MSG_LOG, NULL, 0, false))
		sent++;
	dropped++;
	EXPECT_EQ((uint64_t)self->hdr->wpos, SHM_RING_SIZE - SHM_RESERVE);

	while (!shm_send(&self->guest, MSG_RESULT, NULL, 0, true))
		final++;
	dropped++;
	EXPECT_EQ(final, SHM_RESERVE / REC);
	EXPECT_EQ((uint64_t)self->hdr->wpos, SHM_RING_SIZE);
	EXPECT_EQ(shm_drops(&self->host), dropped);

	/* No number is missing, though messages are. */
	for (i = 0; i < sent + final; i++) {
		ASSERT_EQ(shm_recv(&self->host, &self->frame), 1);
		EXPECT_EQ(self->frame.seq, i);
	}
	EXPECT_EQ(shm_recv(&self->host, &self->frame), 0);
	EXPECT_EQ(shm_send(&self->guest, MSG_LOG, "again", 5, false), 0);
	ASSERT_EQ(shm_recv(&self->host, &self->frame), 1);
	EXPECT_STREQ((char *)self->frame.payload, "again");
}

TEST_F(window, wraps_at_every_offset)
{
	unsigned int i, len;

	/* Sizes that share no divisor with the ring but 8: all gets cut, anywhere. */
	for (i = 0; i < 2000; i++) {
		len = i * 37 % (SHM_MAX_PAYLOAD + 1);
		memset(self->big, i, len);
		ASSERT_EQ(shm_send(&self->guest, i, self->big, len, false), 0);
		ASSERT_EQ(shm_recv(&self->host, &self->frame), 1);
		ASSERT_EQ(self->frame.type, i);
		ASSERT_EQ(self->frame.len, len);
		ASSERT_EQ(memcmp(self->frame.payload, self->big, len), 0);
	}
	EXPECT_GT((uint64_t)self->hdr->wpos, 4 * SHM_RING_SIZE);
}

static bool pass_on(struct shm *guest, struct shm *host, struct shm_frame *frame,
		    const char *buf, size_t len)
{
	return !shm_send(guest, 1, buf, len, false) && shm_recv(host, frame) == 1;
}

TEST_F(window, header_across_the_end)
{
	/* Up to 8 bytes before the end, where the next header is cut in two. */
	ASSERT_TRUE(pass_on(&self->guest, &self->host, &self->frame, self->big, 8));
	while (self->guest.wpos < SHM_RING_SIZE - 512)
		ASSERT_TRUE(pass_on(&self->guest, &self->host, &self->frame, self->big, 512 - REC));
	ASSERT_TRUE(pass_on(&self->guest, &self->host, &self->frame, self->big, 480 - REC));
	ASSERT_EQ(self->guest.wpos, SHM_RING_SIZE - 8);
	ASSERT_EQ(shm_send(&self->guest, 5, "across", 6, false), 0);
	ASSERT_EQ(shm_recv(&self->host, &self->frame), 1);
	EXPECT_STREQ((char *)self->frame.payload, "across");
}

TEST_F(window, writer_survives_a_mad_read_position)
{
	self->hdr->rpos = 64;
	EXPECT_EQ(shm_send(&self->guest, 1, "x", 1, true), -ENOSPC);
	self->hdr->rpos = UINT64_MAX;
	EXPECT_EQ(shm_send(&self->guest, 1, "x", 1, true), 0);
	self->hdr->rpos = 1ULL << 63;
	EXPECT_EQ(shm_send(&self->guest, 1, "x", 1, true), -ENOSPC);
	EXPECT_EQ(shm_drops(&self->host), 2);
}

TEST_F(window, attach_checks_the_header)
{
	struct shm other;

	self->hdr->magic++;
	EXPECT_EQ(shm_attach(&other, self->base), -EPROTO);
	self->hdr->magic--;
	self->hdr->version++;
	EXPECT_EQ(shm_attach(&other, self->base), -EPROTO);
	self->hdr->version--;
	self->hdr->size--;
	EXPECT_EQ(shm_attach(&other, self->base), -EPROTO);
	self->hdr->size++;
	EXPECT_EQ(shm_attach(&other, self->base), 0);
	ASSERT_EQ(shm_send(&self->guest, 1, "x", 1, false), 0);
	EXPECT_EQ(shm_attach(&other, self->base), -EBUSY);
}

/* --- a hostile writer ----------------------------------------------------- */

TEST_F(window, corruption_is_final)
{
	ASSERT_EQ(shm_send(&self->guest, 1, "good", 4, false), 0);
	ASSERT_EQ(shm_send(&self->guest, 1, "evil", 4, false), 0);
	ASSERT_EQ(shm_send(&self->guest, 1, "good", 4, false), 0);
	self->ring[REC + 8 + REC] ^= 1;

	EXPECT_EQ(shm_recv(&self->host, &self->frame), 1);
	EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG);
	EXPECT_EQ(self->frame.len, 0);
	EXPECT_EQ(self->frame.payload[0], 0);
	/* Mended or not, it is not looked at again. */
	self->ring[REC + 8 + REC] ^= 1;
	EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG);
	self->hdr->wpos = self->host.rpos;
	EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG);
}

TEST_F(window, every_bit_of_a_record_counts)
{
	unsigned int bit;

	for (bit = 0; bit < 8 * (REC + 4); bit++) {
		shm_format(&self->host, self->base);
		ASSERT_EQ(shm_attach(&self->guest, self->base), 0);
		ASSERT_EQ(shm_send(&self->guest, MSG_RESULT, "text", 4, false), 0);
		self->ring[bit / 8] ^= 1 << bit % 8;
		EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG) {
			TH_LOG("bit %u was flipped", bit);
		}
	}
}

TEST_F(window, bad_lengths)
{
	static const uint32_t lens[] = {
		SHM_MAX_PAYLOAD + 1, SHM_RING_SIZE, INT32_MAX, 0x80000000,
		UINT32_MAX - 7, UINT32_MAX,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		struct shm_record rec = { .type = 1, .len = lens[i] };

		shm_format(&self->host, self->base);
		memcpy(self->ring, &rec, sizeof(rec));
		self->hdr->wpos = SHM_RING_SIZE;
		EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG);
	}

	/* In itself sound, but more than a frame has room for. */
	for (i = SHM_MAX_PAYLOAD + 1; i < 2 * SHM_MAX_PAYLOAD; i += 4000) {
		shm_format(&self->host, self->base);
		put_record(self->ring, 0, 0, i, self->ring + SHM_RING_SIZE / 2);
		self->hdr->wpos = SHM_RING_SIZE / 2;
		EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG);
	}

	/* In itself sound, but longer than what was written. */
	for (i = REC; i < REC + 24; i += 8) {
		shm_format(&self->host, self->base);
		put_record(self->ring, 0, 0, 17, "seventeen letters");
		self->hdr->wpos = i;
		EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG);
	}
	shm_format(&self->host, self->base);
	self->hdr->wpos = REC + 24;
	EXPECT_EQ(shm_recv(&self->host, &self->frame), 1);
}

TEST_F(window, bad_write_positions)
{
	static const uint64_t positions[] = {
		1, 4, 7, 8, REC - 8, REC + 1, SHM_RING_SIZE + 8, SHM_RING_SIZE + 1,
		1ULL << 32, 1ULL << 63, UINT64_MAX, UINT64_MAX - 7,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(positions); i++) {
		shm_format(&self->host, self->base);
		put_record(self->ring, 0, 0, 0, "");
		self->hdr->wpos = positions[i];
		EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG) {
			TH_LOG("wpos %llx", (unsigned long long)positions[i]);
		}
	}

	/* Backwards. */
	shm_format(&self->host, self->base);
	put_record(self->ring, 0, 0, 0, "");
	self->hdr->wpos = REC;
	ASSERT_EQ(shm_recv(&self->host, &self->frame), 1);
	self->hdr->wpos = 0;
	EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG);
}

TEST_F(window, numbers_without_gaps)
{
	static const uint32_t seqs[] = { 1, 5, UINT32_MAX };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(seqs); i++) {
		shm_format(&self->host, self->base);
		put_record(self->ring, 0, seqs[i], 0, "");
		self->hdr->wpos = REC;
		EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG);
	}

	/* A repeated one. */
	shm_format(&self->host, self->base);
	put_record(self->ring, 0, 0, 0, "");
	put_record(self->ring, REC, 0, 0, "");
	self->hdr->wpos = 2 * REC;
	EXPECT_EQ(shm_recv(&self->host, &self->frame), 1);
	EXPECT_EQ(shm_recv(&self->host, &self->frame), -EBADMSG);
}

TEST_F(window, reader_does_not_take_its_position_from_the_window)
{
	ASSERT_EQ(shm_send(&self->guest, 1, "one", 3, false), 0);
	ASSERT_EQ(shm_recv(&self->host, &self->frame), 1);
	ASSERT_EQ(shm_send(&self->guest, 1, "two", 3, false), 0);
	self->hdr->rpos = 0;
	ASSERT_EQ(shm_recv(&self->host, &self->frame), 1);
	EXPECT_STREQ((char *)self->frame.payload, "two");
	EXPECT_EQ((uint64_t)self->hdr->rpos, (uint64_t)self->hdr->wpos);
}

struct scribbler {
	char *base;
	atomic_bool stop;
};

/* Changes lengths, positions and payloads while they are being read. */
static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	struct shm_header *hdr = (struct shm_header *)s->base;
	struct shm_record *rec = (struct shm_record *)(s->base + SHM_RING_OFF);
	uint32_t i;

	for (i = 0; !atomic_load(&s->stop); i++) {
		WRITE_ONCE(rec->len, i & 1 ? 8 : 0x7fffffff);
		WRITE_ONCE(rec->crc, i & 4 ? 0 : ~0U);
		WRITE_ONCE(s->base[SHM_RING_OFF + REC + i % 8], i);
		atomic_store(&hdr->wpos, i & 2 ? REC + 8 : SHM_RING_SIZE);
	}
	return NULL;
}

TEST_F(window, survives_changes_while_reading)
{
	struct scribbler s = { .base = self->base };
	unsigned int i, good = 0;
	pthread_t thread;
	int ret;

	put_record(self->ring, 0, 0, 8, "payload");
	self->hdr->wpos = REC + 8;
	ASSERT_EQ(pthread_create(&thread, NULL, scribble, &s), 0);
	for (i = 0; i < 100000; i++) {
		self->host = (struct shm){ .base = self->base };
		ret = shm_recv(&self->host, &self->frame);
		if (ret == 1 && self->frame.len != 8)
			break;
		good += ret == 1;
	}
	atomic_store(&s.stop, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(i, 100000) {
		TH_LOG("a frame of %u bytes passed, %u were good", self->frame.len, good);
	}
}

/* --- two CPUs ------------------------------------------------------------- */

#define NR_CONCURRENT	100000

static uint32_t concurrent_len(uint32_t i)
{
	return i * 7 % 600;
}

static void *send_all(void *arg)
{
	char buf[600];
	uint32_t i;

	for (i = 0; i < NR_CONCURRENT; i++) {
		memset(buf, i, sizeof(buf));
		while (shm_send(arg, i, buf, concurrent_len(i), false))
			sched_yield();
	}
	return NULL;
}

TEST_F(window, writer_and_reader_at_the_same_time)
{
	struct shm_frame *f = &self->frame;
	pthread_t thread;
	uint32_t i, k;
	int ret;

	ASSERT_EQ(pthread_create(&thread, NULL, send_all, &self->guest), 0);
	for (i = 0; i < NR_CONCURRENT; i++) {
		while (!(ret = shm_recv(&self->host, f)))
			sched_yield();
		ASSERT_EQ(ret, 1);
		ASSERT_EQ(f->type, i);
		ASSERT_EQ(f->len, concurrent_len(i));
		for (k = 0; k < f->len; k++)
			if (f->payload[k] != (uint8_t)i)
				break;
		ASSERT_EQ(k, f->len);
	}
	pthread_join(thread, NULL);
	EXPECT_EQ(shm_recv(&self->host, f), 0);
}

/* --- copies of a frozen guest --------------------------------------------- */

TEST_F(window, adopt_reads_from_the_start)
{
	struct shm copy;

	ASSERT_EQ(shm_send(&self->guest, 1, "boot", 4, false), 0);
	ASSERT_EQ(shm_send(&self->guest, 2, "ready", 5, false), 0);
	ASSERT_EQ(shm_recv(&self->host, &self->frame), 1);

	shm_adopt(&copy, self->base);
	EXPECT_EQ((uint64_t)self->hdr->rpos, 0);
	ASSERT_EQ(shm_recv(&copy, &self->frame), 1);
	EXPECT_STREQ((char *)self->frame.payload, "boot");
	ASSERT_EQ(shm_recv(&copy, &self->frame), 1);
	EXPECT_STREQ((char *)self->frame.payload, "ready");
	EXPECT_EQ(shm_recv(&copy, &self->frame), 0);

	/* The thawed guest goes on where it was. */
	ASSERT_EQ(shm_send(&self->guest, 3, "run", 3, false), 0);
	ASSERT_EQ(shm_recv(&copy, &self->frame), 1);
	EXPECT_EQ(self->frame.seq, 2);
}

TEST_F(window, adopted_messages_are_not_overwritten)
{
	unsigned int sent = 0, seen = 0;
	struct shm copy;

	/* All read and given back once, then read again from the start by another reader. */
	while (!shm_send(&self->guest, 1, self->big, SHM_MAX_PAYLOAD, false))
		sent++;
	while (shm_recv(&self->host, &self->frame) == 1)
		;
	shm_adopt(&copy, self->base);
	EXPECT_EQ(shm_send(&self->guest, 1, self->big, SHM_MAX_PAYLOAD, false), -ENOSPC);
	while (shm_recv(&copy, &self->frame) == 1)
		EXPECT_EQ(self->frame.seq, seen++);
	EXPECT_EQ(seen, sent);
	EXPECT_FALSE(copy.corrupt);
}

TEST_F(window, adopt_a_ring_that_wrapped)
{
	struct shm copy;
	unsigned int i;

	for (i = 0; i < 500; i++) {
		ASSERT_EQ(shm_send(&self->guest, 1, self->big, 5000, false), 0);
		ASSERT_EQ(shm_recv(&self->host, &self->frame), 1);
	}
	ASSERT_EQ(shm_send(&self->guest, 2, "unread", 6, false), 0);
	ASSERT_GT((uint64_t)self->hdr->wpos, SHM_RING_SIZE);

	shm_adopt(&copy, self->base);
	ASSERT_EQ(shm_recv(&copy, &self->frame), 1);
	EXPECT_EQ(self->frame.seq, 500);
	EXPECT_STREQ((char *)self->frame.payload, "unread");
	EXPECT_EQ(shm_recv(&copy, &self->frame), 0);

	/* From here on the numbers count again. */
	ASSERT_EQ(shm_send(&self->guest, 2, NULL, 0, false), 0);
	self->guest.next_seq++;
	ASSERT_EQ(shm_send(&self->guest, 2, NULL, 0, false), 0);
	EXPECT_EQ(shm_recv(&copy, &self->frame), 1);
	EXPECT_EQ(shm_recv(&copy, &self->frame), -EBADMSG);
}

TEST_F(window, adopt_refuses_mad_positions)
{
	static const struct {
		uint64_t wpos, rpos;
	} cases[] = {
		{ 4, 0 },
		{ SHM_RING_SIZE + 8, 0 },
		{ SHM_RING_SIZE + 8, SHM_RING_SIZE + 16 },
		{ SHM_RING_SIZE + 16, 12 },
		{ 4 * SHM_RING_SIZE, UINT64_MAX },
		{ UINT64_MAX, 8 },
		{ UINT64_MAX - 7, 8 },
	};
	struct shm copy;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		self->hdr->wpos = cases[i].wpos;
		self->hdr->rpos = cases[i].rpos;
		shm_adopt(&copy, self->base);
		EXPECT_EQ(shm_recv(&copy, &self->frame), -EBADMSG) {
			TH_LOG("case %zu", i);
		}
		/* A guest that runs again cannot mend it. */
		shm_adopt(&copy, self->base);
		self->hdr->wpos = copy.rpos;
		EXPECT_EQ(shm_recv(&copy, &self->frame), -EBADMSG);
	}
}

TEST_HARNESS_MAIN
