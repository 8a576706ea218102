// SPDX-License-Identifier: GPL-2.0
/*
 * test_paging.c - guest memory and page table walks, over tables made here
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kselftest_harness.h"
#include "../monitor/paging.h"

#define RAM_SIZE	(4 * MIB)
#define LOW_SIZE	(3 * MIB)	/* the last MiB lies at 4 GiB */
#define HIGH_BASE	(4 * GIB)

#define P		1ULL		/* present */
#define PS		BIT_ULL(7)	/* large */
#define NX		BIT_ULL(63)
#define PKEY		(0xfULL << 59)
#define SOFT		(0x7ffULL << 52)

/* One table a level; 4-level walks start at PML4. */
#define PML5		0x1000ULL
#define PML4		0x2000ULL
#define PDPT		0x3000ULL
#define PD		0x4000ULL
#define PT		0x5000ULL
#define PAGE		0x6000ULL

#define VA		0xffff888012345678ULL
#define VA5		0xff11000012345678ULL

FIXTURE(paging) {
	uint8_t *ram;
	struct guest_mem gm;
	struct paging pg;
};

static void set(uint8_t *ram, uint64_t table, uint64_t va, unsigned int level, uint64_t entry)
{
	((uint64_t *)(ram + table))[(va >> (12 + 9 * (level - 1))) & 511] = entry;
}

static void map(uint8_t *ram, uint64_t va)
{
	set(ram, PML5, va, 5, PML4 | P);
	set(ram, PML4, va, 4, PDPT | P);
	set(ram, PDPT, va, 3, PD | P);
	set(ram, PD, va, 2, PT | P);
	set(ram, PT, va, 1, PAGE | P);
}

FIXTURE_SETUP(paging)
{
	self->ram = calloc(1, RAM_SIZE);
	ASSERT_NE(NULL, self->ram);
	self->gm = (struct guest_mem){ self->ram, RAM_SIZE, LOW_SIZE, HIGH_BASE };
	self->pg = (struct paging){ &self->gm, PML4, 4 };
	map(self->ram, VA);
}

FIXTURE_TEARDOWN(paging)
{
	free(self->ram);
}

TEST_F(paging, small_page)
{
	uint64_t gpa = 0;

	ASSERT_EQ(0, paging_walk(&self->pg, VA, &gpa));
	EXPECT_EQ(PAGE + 0x678, gpa);
}

TEST_F(paging, five_levels)
{
	uint64_t gpa = 0;

	map(self->ram, VA5);
	self->pg.root = PML5;
	self->pg.levels = 5;
	ASSERT_EQ(0, paging_walk(&self->pg, VA5, &gpa));
	EXPECT_EQ(PAGE + 0x678, gpa);
}

TEST_F(paging, no_other_number_of_levels)
{
	static const unsigned int levels[] = { 0, 1, 3, 6, 7, 64, ~0U };
	uint64_t gpa = 42;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		self->pg.levels = levels[i];
		EXPECT_EQ(-EINVAL, paging_walk(&self->pg, VA, &gpa));
	}
	EXPECT_EQ(42ULL, gpa);
}

TEST_F(paging, large_pages)
{
	uint64_t gpa = 0;

	/* Bit 12 of a large page is PAT, not address. */
	set(self->ram, PD, VA, 2, 0x200000 | (1 << 12) | PS | P);
	ASSERT_EQ(0, paging_walk(&self->pg, 0xffff888012245678ULL, &gpa));
	EXPECT_EQ(0x245678ULL, gpa);

	set(self->ram, PDPT, VA, 3, (1 << 12) | PS | P);
	ASSERT_EQ(0, paging_walk(&self->pg, 0xffff888000234567ULL, &gpa));
	EXPECT_EQ(0x234567ULL, gpa);
}

TEST_F(paging, large_page_partly_ram)
{
	uint64_t gpa = 42;

	set(self->ram, PD, VA, 2, 0x200000 | PS | P);
	EXPECT_EQ(0, paging_walk(&self->pg, 0xffff8880122fffffULL, &gpa));
	EXPECT_EQ(0x2fffffULL, gpa);
	EXPECT_EQ(-EFAULT, paging_walk(&self->pg, 0xffff888012300000ULL, &gpa));
	EXPECT_EQ(0x2fffffULL, gpa);
}

TEST_F(paging, no_large_page_that_high)
{
	uint64_t gpa;

	set(self->ram, PML4, VA, 4, PDPT | PS | P);
	EXPECT_EQ(-EBADMSG, paging_walk(&self->pg, VA, &gpa));
	map(self->ram, VA5);
	set(self->ram, PML5, VA5, 5, PML4 | PS | P);
	self->pg.root = PML5;
	self->pg.levels = 5;
	EXPECT_EQ(-EBADMSG, paging_walk(&self->pg, VA5, &gpa));
}

TEST_F(paging, bits_that_are_no_address)
{
	uint64_t junk = NX | PKEY | SOFT | 0xf7e;
	uint64_t gpa = 0;

	junk &= ~PS;
	set(self->ram, PML4, VA, 4, PDPT | P | junk);
	set(self->ram, PDPT, VA, 3, PD | P | junk);
	set(self->ram, PD, VA, 2, PT | P | junk);
	set(self->ram, PT, VA, 1, PAGE | P | PS | junk);
	self->pg.root |= 0xfff;
	ASSERT_EQ(0, paging_walk(&self->pg, VA, &gpa));
	EXPECT_EQ(PAGE + 0x678, gpa);
}

TEST_F(paging, not_present)
{
	static const uint64_t table[] = { 0, PT, PD, PDPT, PML4 };
	unsigned int level;
	uint64_t gpa;

	for (level = 1; level <= 4; level++) {
		map(self->ram, VA);
		set(self->ram, table[level], VA, level, ~P);
		EXPECT_EQ(-ENOENT, paging_walk(&self->pg, VA, &gpa));
	}
}

TEST_F(paging, out_of_ram)
{
	static const uint64_t table[] = { 0, PT, PD, PDPT, PML4 };
	static const uint64_t bad[] = { LOW_SIZE, HIGH_BASE - 4 * KIB, HIGH_BASE + MIB,
					0x000ffffffffff000ULL };
	unsigned int level, i;
	uint64_t gpa = 42;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (level = 1; level <= 4; level++) {
			map(self->ram, VA);
			set(self->ram, table[level], VA, level, bad[i] | P);
			EXPECT_EQ(-EFAULT, paging_walk(&self->pg, VA, &gpa));
		}
		self->pg.root = bad[i];
		EXPECT_EQ(-EFAULT, paging_walk(&self->pg, VA, &gpa));
		self->pg.root = PML4;
	}
	EXPECT_EQ(42ULL, gpa);
}

TEST_F(paging, tables_above_the_hole)
{
	uint64_t gpa = 0;

	memcpy(self->ram + LOW_SIZE, self->ram + PT, 4 * KIB);
	set(self->ram, PD, VA, 2, HIGH_BASE | P);
	set(self->ram, LOW_SIZE, VA, 1, (HIGH_BASE + 4 * KIB) | P);
	ASSERT_EQ(0, paging_walk(&self->pg, VA, &gpa));
	EXPECT_EQ(HIGH_BASE + 4 * KIB + 0x678, gpa);
}

TEST_F(paging, table_that_is_its_own_child)
{
	uint64_t gpa = 0;
	unsigned int i;

	for (i = 0; i < 512; i++)
		((uint64_t *)(self->ram + PML4))[i] = PML4 | P;
	ASSERT_EQ(0, paging_walk(&self->pg, VA, &gpa));
	EXPECT_EQ(PML4 + 0x678, gpa);
}

TEST_F(paging, canonical)
{
	uint64_t gpa;

	EXPECT_EQ(-EINVAL, paging_walk(&self->pg, 0x0000800000000000ULL, &gpa));
	EXPECT_EQ(-EINVAL, paging_walk(&self->pg, 0xffff7fffffffffffULL, &gpa));
	EXPECT_EQ(-EINVAL, paging_walk(&self->pg, VA & ~(1ULL << 63), &gpa));
	/* The same address is canonical with five levels. */
	EXPECT_EQ(-EINVAL, paging_walk(&self->pg, VA5, &gpa));
	self->pg.levels = 5;
	EXPECT_EQ(-ENOENT, paging_walk(&self->pg, 0x0000800000000000ULL, &gpa));
	EXPECT_EQ(-EINVAL, paging_walk(&self->pg, 0x0100000000000000ULL, &gpa));
}

TEST_F(paging, memory_ends)
{
	EXPECT_EQ(self->ram, gmem_ptr(&self->gm, 0, LOW_SIZE));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, 0, LOW_SIZE + 1));
	EXPECT_EQ(self->ram + LOW_SIZE - 1, gmem_ptr(&self->gm, LOW_SIZE - 1, 1));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, LOW_SIZE - 1, 2));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, LOW_SIZE, 0));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, HIGH_BASE - 1, 1));
	EXPECT_EQ(self->ram + LOW_SIZE, gmem_ptr(&self->gm, HIGH_BASE, MIB));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, HIGH_BASE, MIB + 1));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, HIGH_BASE + MIB, 1));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, UINT64_MAX, 1));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, 1, UINT64_MAX));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, HIGH_BASE + 1, UINT64_MAX));
}

TEST_F(paging, all_ram_below_the_hole)
{
	self->gm.low_size = RAM_SIZE;
	EXPECT_NE(NULL, gmem_ptr(&self->gm, RAM_SIZE - 1, 1));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, HIGH_BASE, 1));
	/* A low part that is larger than all there is. */
	self->gm.low_size = RAM_SIZE * 2;
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, RAM_SIZE, 1));
	EXPECT_EQ(NULL, gmem_ptr(&self->gm, HIGH_BASE, 1));
}

TEST_F(paging, reads)
{
	uint64_t v64 = 42;
	uint32_t v32 = 42;
	uint8_t v8 = 42;
	char buf[4];

	memcpy(self->ram + 0x8000, "\1\2\3\4\5\6\7\10", 8);
	EXPECT_EQ(0, gmem_read_u64(&self->gm, 0x8000, &v64));
	EXPECT_EQ(0x0807060504030201ULL, v64);
	EXPECT_EQ(0, gmem_read_u32(&self->gm, 0x8004, &v32));
	EXPECT_EQ(0x08070605U, v32);
	EXPECT_EQ(0, gmem_read_u8(&self->gm, 0x8007, &v8));
	EXPECT_EQ(8, v8);
	EXPECT_EQ(0, gmem_read(&self->gm, 0x8001, buf, 4));
	EXPECT_EQ(0, memcmp(buf, "\2\3\4\5", 4));

	/* A failed read is an error and leaves the value alone. */
	EXPECT_EQ(-EINVAL, gmem_read_u64(&self->gm, 0x8004, &v64));
	EXPECT_EQ(-EINVAL, gmem_read_u32(&self->gm, 0x8002, &v32));
	EXPECT_EQ(-EFAULT, gmem_read_u64(&self->gm, LOW_SIZE, &v64));
	EXPECT_EQ(-EFAULT, gmem_read_u32(&self->gm, LOW_SIZE, &v32));
	EXPECT_EQ(-EFAULT, gmem_read_u8(&self->gm, LOW_SIZE, &v8));
	EXPECT_EQ(-EFAULT, gmem_read(&self->gm, LOW_SIZE - 2, buf, 4));
	EXPECT_EQ(0x0807060504030201ULL, v64);
	EXPECT_EQ(0x08070605U, v32);
	EXPECT_EQ(8, v8);
}

TEST_HARNESS_MAIN
