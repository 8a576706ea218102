// SPDX-License-Identifier: GPL-2.0
/*
 * test_frame.c - messages as lines of text
 */
#include "kselftest_harness.h"
#include "../lib/shm.h"
#include "../lib/wire.h"

FIXTURE(text) {
	struct shm_frame frame;
	char line[FRAME_TEXT_LEN];
	char all[4 * FRAME_TEXT_LEN];
	const char *pos;
	unsigned int bad;
};

FIXTURE_SETUP(text)
{
	self->pos = self->all;
}

FIXTURE_TEARDOWN(text)
{
}

static int encode(char *buf, uint32_t seq, const char *payload)
{
	return frame_encode(MSG_LOG, seq, payload, strlen(payload), buf, FRAME_TEXT_LEN);
}

TEST_F(text, exact_form)
{
	struct shm_record rec = { .type = MSG_LOG, .len = 3, .seq = 0x1f };
	char want[64];
	int n;

	n = frame_encode(MSG_LOG, 0x1f, "a\xffZ", 3, self->line, sizeof(self->line));
	snprintf(want, sizeof(want), "@ktstr 2 1f 3 %x 61ff5a;\n", shm_record_crc(&rec, "a\xffZ"));
	EXPECT_STREQ(self->line, want);
	EXPECT_EQ(n, (int)strlen(want));
}

TEST_F(text, largest_frame_fits_and_comes_back)
{
	static uint8_t payload[SHM_MAX_PAYLOAD];
	const char *end;
	size_t i;
	int n;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = i * 7;
	n = frame_encode(~0U, ~0U, payload, sizeof(payload), self->line, sizeof(self->line));
	ASSERT_GT(n, 0);
	self->pos = self->line;
	end = self->line + n;
	ASSERT_EQ(frame_decode(&self->pos, end, &self->frame, &self->bad), 1);
	EXPECT_EQ(self->frame.type, ~0U);
	EXPECT_EQ(self->frame.seq, ~0U);
	EXPECT_EQ(self->frame.len, SHM_MAX_PAYLOAD);
	EXPECT_EQ(memcmp(self->frame.payload, payload, sizeof(payload)), 0);
	EXPECT_EQ(self->frame.payload[SHM_MAX_PAYLOAD], 0);
	EXPECT_EQ(frame_decode(&self->pos, end, &self->frame, &self->bad), 0);
	EXPECT_EQ(self->pos, end);
	EXPECT_EQ(self->bad, 0);

	EXPECT_EQ(frame_encode(1, 1, payload, SHM_MAX_PAYLOAD + 1, self->line, sizeof(self->line)),
		  -EMSGSIZE);
}

TEST_F(text, small_buffers)
{
	char *buf;
	int n, size;

	n = encode(self->line, 3, "text");
	for (size = 0; size <= n + 1; size++) {
		/* Of exactly that size, so that an overrun is seen. */
		buf = malloc(size);
		EXPECT_EQ(frame_encode(MSG_LOG, 3, "text", 4, buf, size), size <= n ? -ENOSPC : n);
		free(buf);
	}
}

TEST_F(text, empty_payload)
{
	int n = frame_encode(MSG_EXIT, 9, NULL, 0, self->line, sizeof(self->line));

	self->pos = self->line;
	ASSERT_EQ(frame_decode(&self->pos, self->line + n, &self->frame, NULL), 1);
	EXPECT_EQ(self->frame.type, MSG_EXIT);
	EXPECT_EQ(self->frame.seq, 9);
	EXPECT_EQ(self->frame.len, 0);
}

TEST_F(text, noise_between)
{
	char *p = self->all, *end;
	size_t i;

	p += sprintf(p, "[    0.000000] Linux\r\n@kts @ktstr\n@@ktstr;\n");
	for (i = 0; i < 8; i++)
		*p++ = i * 31;	/* NUL and bytes that are no text */
	p += encode(p, 0, "zero");
	p += sprintf(p, "more, without an end of line");
	p += encode(p, 1, "one");
	p[-1] = '\r';
	*p++ = '\n';
	p += encode(p, 2, "two");
	end = p + sprintf(p, "tail\n");

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(frame_decode(&self->pos, end, &self->frame, &self->bad), 1);
		EXPECT_EQ(self->frame.seq, i);
	}
	EXPECT_EQ(frame_decode(&self->pos, end, &self->frame, &self->bad), 0);
	EXPECT_EQ(self->pos, end);
	EXPECT_EQ(self->bad, 0);
}

TEST_F(text, damaged_lines_are_counted_and_skipped)
{
	char *p = self->all, *end;
	char *cut;

	/* A kernel message in the middle of a line. */
	cut = p;
	p += encode(p, 0, "spoilt");
	memcpy(cut + 20, "\nBUG:", 5);
	/* The end of a line is lost and the next begins at once. */
	p += encode(p, 1, "lost") - 4;
	p += encode(p, 2, "two");
	/* A bit has flipped in what is still hex. */
	cut = p;
	p += encode(p, 3, "flip");
	cut[strlen(cut) - 4] ^= 1;
	/* Lengths that cannot be. */
	p += sprintf(p, "@ktstr 1 1 2001 0 00;\n@ktstr 1 1 ffffffff 0 ;\n");
	/* Digits without end, capitals, a sign, no digits. */
	p += sprintf(p, "@ktstr 000000001 1 0 0 ;\n@ktstr A 1 0 0 ;\n");
	p += sprintf(p, "@ktstr -1 1 0 0 ;\n@ktstr  1 0 0 ;\n");
	p += encode(p, 4, "four");
	end = p;

	ASSERT_EQ(frame_decode(&self->pos, end, &self->frame, &self->bad), 1);
	EXPECT_EQ(self->frame.seq, 2);
	EXPECT_EQ(self->bad, 2);
	ASSERT_EQ(frame_decode(&self->pos, end, &self->frame, &self->bad), 1);
	EXPECT_EQ(self->frame.seq, 4);
	EXPECT_EQ(self->bad, 9);
	EXPECT_EQ(frame_decode(&self->pos, end, &self->frame, NULL), 0);
}

TEST_F(text, limits_hold_for_sound_lines_too)
{
	struct shm_record rec = { .type = MSG_LOG, .len = SHM_MAX_PAYLOAD + 1 };
	static const uint8_t zeroes[SHM_MAX_PAYLOAD + 1];
	char *p = self->all;
	uint32_t i;

	/* Only the length is wrong. */
	p += sprintf(p, "@ktstr %x 0 %x %x ", rec.type, rec.len, shm_record_crc(&rec, zeroes));
	for (i = 0; i < rec.len; i++)
		p += sprintf(p, "00");
	p += sprintf(p, ";\n");
	/* Only a leading zero too many; the last one has eight digits. */
	rec.len = 0;
	p += sprintf(p, "@ktstr %09x 0 0 %x ;\n", rec.type, shm_record_crc(&rec, NULL));
	p += sprintf(p, "@ktstr %08x 0 0 %x ;\n", rec.type, shm_record_crc(&rec, NULL));

	ASSERT_EQ(frame_decode(&self->pos, p, &self->frame, &self->bad), 1);
	EXPECT_EQ(self->frame.len, 0);
	EXPECT_EQ(self->bad, 2);
	EXPECT_EQ(frame_decode(&self->pos, p, &self->frame, &self->bad), 0);
	EXPECT_EQ(self->bad, 2);
}

TEST_F(text, every_changed_character_is_noticed)
{
	int n = encode(self->line, 7, "payload"), i;
	char *end = self->line + n;

	/* All but the end of the line, which is noise. */
	for (i = 0; i < n - 1; i++) {
		char was = self->line[i];

		self->line[i] = was == '3' ? '4' : '3';
		self->pos = self->line;
		EXPECT_EQ(frame_decode(&self->pos, end, &self->frame, NULL), 0) {
			TH_LOG("character %d: %s", i, self->line);
		}
		self->line[i] = was;
	}
}

TEST_F(text, decodes_while_text_grows)
{
	unsigned int seen = 0;
	int total, end;
	char *p = self->all;

	p += sprintf(p, "noise @kt");
	p += encode(p, 0, "zero");
	p += encode(p, 1, "one");
	p += sprintf(p, "@ktstr bad ");
	p += encode(p, 2, "two");
	total = p - self->all;

	for (end = 0; end <= total; end++) {
		/* A copy that ends there, so that a look beyond is seen. */
		size_t done = self->pos - self->all;
		char *copy = malloc(end - done + 1);
		const char *pos = copy;
		int ret;

		memcpy(copy, self->pos, end - done);
		copy = realloc(copy, end - done ? end - done : 1);
		pos = copy;
		ret = frame_decode(&pos, copy + (end - done), &self->frame, &self->bad);
		if (ret == 1)
			EXPECT_EQ(self->frame.seq, seen++);
		self->pos += pos - copy;
		free(copy);
	}
	EXPECT_EQ(seen, 3);
	EXPECT_EQ(self->bad, 1);
	EXPECT_EQ(self->pos, &self->all[total]);
}

TEST_F(text, unfinished_line_is_left)
{
	int n = encode(self->line, 7, "payload"), len;

	for (len = 1; len < n - 1; len++) {
		self->pos = self->line;
		EXPECT_EQ(frame_decode(&self->pos, self->line + len, &self->frame, &self->bad), 0);
		EXPECT_EQ(self->pos, &self->line[0]);
	}
	EXPECT_EQ(self->bad, 0);
}

TEST_HARNESS_MAIN
