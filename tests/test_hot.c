// SPDX-License-Identifier: GPL-2.0
/*
 * test_hot.c - what one copy of an image writes to, the next one gets beforehand
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kselftest_harness.h"
#include "../lib/util.h"
#include "../vmm/hot.h"
#include "../vmm/sparse.h"

#define PAGE		4096UL
#define NR_PAGES	1000UL
#define SIZE		(NR_PAGES * PAGE)

FIXTURE(hot) {
	int image, hot;
	char *ram;
};

static char *map_private(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
}

/* Pages that belong to nobody else (Documentation/admin-guide/mm/pagemap.rst). */
static unsigned int nr_own(const char *ram, unsigned int nr_pages)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	unsigned int i, nr = 0;
	uint64_t entry;

	for (i = 0; i < nr_pages; i++)
		if (pread(fd, &entry, sizeof(entry), ((uintptr_t)ram / PAGE + i) * sizeof(entry)) ==
		    sizeof(entry))
			nr += (entry >> 61 & 5) == 4;
	close(fd);
	return nr;
}

FIXTURE_SETUP(hot)
{
	char page[PAGE];
	unsigned int i;

	self->image = memfd_create("image", 0);
	self->hot = memfd_create("hot", 0);
	for (i = 0; i < NR_PAGES; i++) {
		memset(page, i, PAGE);
		ASSERT_EQ((ssize_t)PAGE, pwrite(self->image, page, PAGE, i * PAGE));
	}
	self->ram = map_private(self->image, SIZE);
	ASSERT_NE(MAP_FAILED, (void *)self->ram);
}

FIXTURE_TEARDOWN(hot)
{
	munmap(self->ram, SIZE);
	close(self->image);
	close(self->hot);
}

TEST_F(hot, learnt_from_the_first)
{
	static const unsigned int written[] = { 0, 1, 2, 500, 998, 999 };
	unsigned int i;

	/* Nothing is known yet. */
	hot_populate(self->hot, self->ram, SIZE);
	EXPECT_EQ(0, nr_own(self->ram, NR_PAGES));
	for (i = 0; i < NR_PAGES; i++)
		EXPECT_EQ((char)i, self->ram[i * PAGE]);
	for (i = 0; i < ARRAY_SIZE(written); i++)
		self->ram[written[i] * PAGE + 7] = 'x';
	EXPECT_EQ(ARRAY_SIZE(written), nr_own(self->ram, NR_PAGES));
	hot_save(self->hot, self->ram, SIZE);
	/* The first counts. */
	self->ram[3 * PAGE] = 'x';
	hot_save(self->hot, self->ram, SIZE);

	munmap(self->ram, SIZE);
	self->ram = map_private(self->image, SIZE);
	hot_populate(self->hot, self->ram, SIZE);
	if (!nr_own(self->ram, NR_PAGES))
		SKIP(return, "no MADV_POPULATE_WRITE here");
	EXPECT_EQ(ARRAY_SIZE(written), nr_own(self->ram, NR_PAGES));
	/* And they hold what the image holds. */
	for (i = 0; i < NR_PAGES; i++)
		EXPECT_EQ((char)i, self->ram[i * PAGE + 7]);
}

/* Whatever is in the file, it says no more than which pages to copy. */
TEST_F(hot, any_file_will_do)
{
	char junk[4096];

	memset(junk, 0xff, sizeof(junk));
	ASSERT_EQ((ssize_t)sizeof(junk), write(self->hot, junk, sizeof(junk)));
	hot_populate(self->hot, self->ram, SIZE);
	EXPECT_EQ(1, self->ram[PAGE]);
	ASSERT_EQ(0, ftruncate(self->hot, 3));
	hot_populate(self->hot, self->ram, SIZE);
	hot_populate(-1, self->ram, SIZE);
	hot_save(-1, self->ram, SIZE);
}

/* However much it was that the first one wrote to: of that only the beginning. */
TEST_F(hot, not_more_than_is_worth_it)
{
	const size_t size = HOT_MAX + 8 * MIB, nr = size / PAGE;
	char map[(HOT_MAX + 8 * MIB) / PAGE / 8], *ram;
	int fd = memfd_create("large", 0);

	memset(map, 0xff, sizeof(map));
	map[0] = 0;
	ASSERT_EQ((ssize_t)sizeof(map), write(self->hot, map, sizeof(map)));
	ASSERT_EQ(0, ftruncate(fd, size));
	ram = map_private(fd, size);
	ASSERT_NE(MAP_FAILED, (void *)ram);
	hot_populate(self->hot, ram, size);
	if (nr_own(ram, nr)) {
		EXPECT_EQ(HOT_MAX / PAGE, nr_own(ram, nr));
		EXPECT_EQ(HOT_MAX / PAGE, nr_own(ram + 8 * PAGE, HOT_MAX / PAGE));
	}
	munmap(ram, size);
	close(fd);
}

/* Memory that was never touched stays a hole in what is saved of it, and so do zeros. */
TEST(holes_stay)
{
	const size_t size = 64 * MIB;
	int fd = memfd_create("save", 0);
	char *from = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct err err = { "" };
	char page[PAGE];

	madvise(from, size, MADV_NOHUGEPAGE);
	from[5 * MIB] = 'a';
	from[5 * MIB + PAGE] = 0;
	from[9 * MIB - 1] = 'b';
	from[size - 1] = 'c';
	/* Where there is swap, not all of it is in memory then. */
	madvise(from, size, MADV_PAGEOUT);
	ASSERT_EQ(0, sparse_save(from, fd, size, &err)) TH_LOG("%s", err.msg);
	EXPECT_EQ((off_t)size, lseek(fd, 0, SEEK_END));
	EXPECT_EQ((off_t)(5 * MIB), lseek(fd, 0, SEEK_DATA));
	EXPECT_EQ((off_t)(5 * MIB + PAGE), lseek(fd, 5 * MIB, SEEK_HOLE));
	ASSERT_EQ((ssize_t)PAGE, pread(fd, page, PAGE, 9 * MIB - PAGE));
	EXPECT_EQ('b', page[PAGE - 1]);
	ASSERT_EQ((ssize_t)PAGE, pread(fd, page, PAGE, size - PAGE));
	EXPECT_EQ('c', page[PAGE - 1]);
	munmap(from, size);
	close(fd);
}

TEST_HARNESS_MAIN
