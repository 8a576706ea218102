// SPDX-License-Identifier: GPL-2.0
/*
 * test_layout.c - members found by path, in BTF made here
 */
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kselftest_harness.h"
#include "../monitor/layout.h"
#include "../monitor/rq.h"

FIXTURE(layout) {
	struct btf *made;	/* the types of a small kernel */
	struct btf *btf;	/* the same, through layout_open_bytes() */
	int u32, u64, ptr;
	int rq;
};

/*
 * struct dsq { u64 lock; u32 nr; };
 * struct scx_rq {
 *	struct dsq local_dsq;
 *	volatile flags_t flags;
 *	union { struct { u32 a, nr_running; }; };
 * };
 * struct rq {
 *	u32 nr_running, bits:3, cpu;
 *	u64 clock;
 *	void *curr, *idle;
 *	struct scx_rq scx;
 *	int online;
 * };
 */
static int make_rq(FIXTURE_DATA(layout) *const self, struct btf *btf)
{
	int dsq, inner, onion, scx, flags, id;

	self->u32 = btf__add_int(btf, "unsigned int", 4, 0);
	self->u64 = btf__add_int(btf, "unsigned long long", 8, 0);
	self->ptr = btf__add_ptr(btf, 0);
	flags = btf__add_volatile(btf, btf__add_typedef(btf, "flags_t", self->u32));

	dsq = btf__add_struct(btf, "dsq", 16);
	btf__add_field(btf, "lock", self->u64, 0, 0);
	btf__add_field(btf, "nr", self->u32, 64, 0);
	inner = btf__add_struct(btf, NULL, 8);
	btf__add_field(btf, "a", self->u32, 0, 0);
	btf__add_field(btf, "nr_running", self->u32, 32, 0);
	onion = btf__add_union(btf, NULL, 8);
	btf__add_field(btf, NULL, inner, 0, 0);
	scx = btf__add_struct(btf, "scx_rq", 32);
	btf__add_field(btf, "local_dsq", dsq, 0, 0);
	btf__add_field(btf, "flags", flags, 128, 0);
	btf__add_field(btf, NULL, onion, 192, 0);

	/* Another structure of that name, as when a driver has one too. */
	btf__add_struct(btf, "rq", 8);
	btf__add_field(btf, "nr_running", self->u32, 32, 0);

	id = btf__add_struct(btf, "rq", 80);
	btf__add_field(btf, "nr_running", self->u32, 0, 0);
	btf__add_field(btf, "bits", self->u32, 32, 3);
	btf__add_field(btf, "cpu", self->u32, 64, 0);
	btf__add_field(btf, "clock", self->u64, 128, 0);
	btf__add_field(btf, "curr", self->ptr, 192, 0);
	btf__add_field(btf, "idle", self->ptr, 256, 0);
	btf__add_field(btf, "scx", scx, 320, 0);
	btf__add_field(btf, "online", self->u32, 576, 0);
	return id;
}

FIXTURE_SETUP(layout)
{
	const void *data;
	uint32_t size;

	self->made = btf__new_empty();
	ASSERT_NE(NULL, self->made);
	self->rq = make_rq(self, self->made);
	ASSERT_LT(0, self->rq);
	data = btf__raw_data(self->made, &size);
	ASSERT_NE(NULL, data);
	ASSERT_EQ(0, layout_open_bytes(data, size, &self->btf, NULL));
}

FIXTURE_TEARDOWN(layout)
{
	layout_close(self->btf);
	layout_close(self->made);
}

TEST_F(layout, paths)
{
	static const struct {
		const char *path;
		uint32_t off, size;
	} cases[] = {
		{ "nr_running", 0, 4 },
		{ "cpu", 8, 4 },
		{ "clock", 16, 8 },
		{ "curr", 24, 8 },
		{ "scx.local_dsq.nr", 48, 4 },
		{ "scx.flags", 56, 4 },
		{ "scx.nr_running", 68, 4 },
		{ "online", 72, 4 },
	};
	struct field f;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, layout_field(self->btf, self->rq, cases[i].path, &f));
		EXPECT_EQ(cases[i].off, f.off);
		EXPECT_EQ(cases[i].size, f.size);
	}
}

TEST_F(layout, what_is_not_there)
{
	static const struct {
		const char *path;
		int ret;
	} cases[] = {
		{ "", -ENOENT }, { ".", -ENOENT }, { "nr", -ENOENT }, { "nr_running2", -ENOENT },
		{ "nr_running.x", -ENOENT }, { "scx.", -ENOENT }, { "scx.local_dsq.", -ENOENT },
		{ "scx.local_dsq.nr.nr", -ENOENT }, { ".nr_running", -ENOENT },
		{ "bits", -EOPNOTSUPP }, { "scx", -EOPNOTSUPP }, { "scx.local_dsq", -EOPNOTSUPP },
	};
	struct field f;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT_EQ(cases[i].ret, layout_field(self->btf, self->rq, cases[i].path, &f));
	EXPECT_EQ(-ENOENT, layout_field(self->btf, 0, "cpu", &f));
	EXPECT_EQ(-ENOENT, layout_field(self->btf, -1, "cpu", &f));
	EXPECT_EQ(-ENOENT, layout_field(self->btf, 1 << 20, "cpu", &f));
	EXPECT_EQ(-ENOENT, layout_field(self->btf, self->u32, "cpu", &f));
}

TEST_F(layout, array_of_characters)
{
	struct btf *btf = self->made;
	int chr, words, id;
	struct field f;

	chr = btf__add_int(btf, "char", 1, BTF_INT_CHAR);
	words = btf__add_array(btf, self->u32, self->u32, 4);
	chr = btf__add_array(btf, self->u32, btf__add_typedef(btf, "c", chr), 16);
	id = btf__add_struct(btf, "named", 64);
	btf__add_field(btf, "number", self->u32, 0, 0);
	btf__add_field(btf, "words", words, 32, 0);
	btf__add_field(btf, "comm", chr, 168, 0);
	ASSERT_EQ(0, layout_text(btf, id, "comm", &f));
	EXPECT_EQ(21U, f.off);
	EXPECT_EQ(16U, f.size);
	EXPECT_EQ(-EOPNOTSUPP, layout_text(btf, id, "number", &f));
	EXPECT_EQ(-EOPNOTSUPP, layout_text(btf, id, "words", &f));
	EXPECT_EQ(-EOPNOTSUPP, layout_field(btf, id, "comm", &f));
	EXPECT_EQ(-ENOENT, layout_text(btf, id, "name", &f));
	EXPECT_EQ(-ENOENT, layout_text(btf, -1, "comm", &f));
}

TEST_F(layout, struct_by_its_members)
{
	static const char *const both[] = { "nr_running", "cpu", NULL };
	static const char *const none[] = { "nr_running", "no_such", NULL };

	EXPECT_EQ(self->rq, layout_struct(self->btf, "rq", both));
	EXPECT_EQ(-ENOENT, layout_struct(self->btf, "rq", none));
	EXPECT_EQ(-ENOENT, layout_struct(self->btf, "r", NULL));
	/* The first one, if nothing tells them apart. */
	EXPECT_EQ(self->rq - 1, layout_struct(self->btf, "rq", NULL));
}

TEST_F(layout, unaligned_or_odd_members)
{
	struct btf *btf = self->made;
	int odd, id;
	struct field f;

	odd = btf__add_int(btf, "int128", 16, 0);
	id = btf__add_struct(btf, "odd", 64);
	btf__add_field(btf, "wide", odd, 0, 0);
	btf__add_field(btf, "skewed", self->u32, 16, 0);
	EXPECT_EQ(-EOPNOTSUPP, layout_field(btf, id, "wide", &f));
	EXPECT_EQ(-EOPNOTSUPP, layout_field(btf, id, "skewed", &f));
}

TEST_F(layout, types_without_end)
{
	struct btf *btf = self->made;
	struct btf *again;
	const void *data;
	uint32_t size;
	struct field f;
	int id, next, i;

	/* A structure whose nameless members are itself: 64^16 ways down. */
	id = btf__type_cnt(btf);
	btf__add_struct(btf, "fractal", 64);
	for (i = 0; i < 64; i++)
		btf__add_field(btf, NULL, id, 0, 0);
	/* A typedef of itself. */
	next = btf__type_cnt(btf);
	btf__add_typedef(btf, "ring", next);
	btf__add_struct(btf, "ringed", 8);
	btf__add_field(btf, "x", next, 0, 0);

	data = btf__raw_data(btf, &size);
	/* Whether libbpf refuses them or not, a lookup must end. */
	if (layout_open_bytes(data, size, &again, NULL))
		again = NULL;
	if (again) {
		EXPECT_GT(0, layout_field(again, id, "x", &f));
		EXPECT_GT(0, layout_field(again, next + 1, "x", &f));
		EXPECT_EQ(-ENOENT, layout_struct(again, "ringed", (const char *[]){ "x", NULL }));
		layout_close(again);
	}
}

TEST_F(layout, damaged_bytes)
{
	struct err err = { "" };
	struct btf *btf;
	const void *data;
	uint32_t size;
	size_t len;
	char *copy;

	data = btf__raw_data(self->made, &size);
	for (len = 0; len < size; len++) {
		/* No byte more than it may read. */
		copy = malloc(len);
		memcpy(copy, data, len);
		EXPECT_EQ(-EINVAL, layout_open_bytes(copy, len, &btf, NULL));
		free(copy);
	}
	EXPECT_EQ(-EINVAL, layout_open_bytes(data, 1UL << 40, &btf, &err));
	EXPECT_NE('\0', err.msg[0]);
	EXPECT_EQ(-EINVAL, layout_open_file("/dev/null", &btf, NULL));
	EXPECT_EQ(-EINVAL, layout_open_file("/no/such/file", &btf, NULL));
}

TEST_F(layout, changed_bytes)
{
	struct rq_layout layout;
	struct btf *btf;
	const void *data;
	uint32_t size, i;
	uint8_t *copy;
	char off[192];

	data = btf__raw_data(self->made, &size);
	copy = malloc(size);
	ASSERT_NE(NULL, copy);
	for (i = 0; i < size * 8; i++) {
		memcpy(copy, data, size);
		copy[i / 8] ^= 1 << i % 8;
		if (layout_open_bytes(copy, size, &btf, NULL))
			continue;
		rq_layout(btf, &layout, off, sizeof(off), NULL);
		layout_close(btf);
	}
	free(copy);
}

TEST_F(layout, readings)
{
	struct rq_layout layout;
	char off[192];
	unsigned int i;

	ASSERT_EQ(0, rq_layout(self->btf, &layout, off, sizeof(off), NULL));
	for (i = 0; i < NR_READINGS; i++)
		EXPECT_TRUE(layout.have[i]);
	EXPECT_STREQ("", off);
	EXPECT_EQ(48U, layout.field[RD_DSQ_NR].off);
}

/* A kernel without sched_ext, whose clock is something else. */
TEST(readings_that_are_off)
{
	struct btf *btf = btf__new_empty();
	struct rq_layout layout;
	struct err err = { "" };
	char off[192], tiny[8];
	int u32;

	u32 = btf__add_int(btf, "int", 4, 0);
	btf__add_struct(btf, "rq", 16);
	btf__add_field(btf, "cpu", u32, 0, 0);
	btf__add_field(btf, "clock", u32, 32, 0);
	btf__add_field(btf, "nr_running", u32, 64, 0);
	ASSERT_EQ(0, rq_layout(btf, &layout, off, sizeof(off), NULL));
	EXPECT_TRUE(layout.have[RD_CPU]);
	EXPECT_TRUE(layout.have[RD_NR_RUNNING]);
	EXPECT_FALSE(layout.have[RD_CLOCK]);
	EXPECT_FALSE(layout.have[RD_DSQ_NR]);
	EXPECT_STREQ("rq.clock, rq.curr, rq.idle, "
		     "rq.scx.nr_running, rq.scx.flags, rq.scx.local_dsq.nr, rq.online", off);
	/* The list is cut, not the stack. */
	EXPECT_EQ(0, rq_layout(btf, &layout, tiny, sizeof(tiny), NULL));
	EXPECT_EQ(sizeof(tiny) - 1, strlen(tiny));
	btf__free(btf);

	btf = btf__new_empty();
	EXPECT_EQ(-ENODATA, rq_layout(btf, &layout, off, sizeof(off), &err));
	EXPECT_NE('\0', err.msg[0]);
	btf__free(btf);
}

TEST_HARNESS_MAIN
