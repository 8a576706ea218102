// SPDX-License-Identifier: GPL-2.0
/*
 * hot.c - the pages that thawed guests of one image write to
 *
 * The file is a bitmap, a bit a page. Several may write it at once: what comes of that is a bitmap
 * just as good.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/log.h"
#include "hot.h"

#define PAGE		4096UL
#define BATCH		1024

/* Documentation/admin-guide/mm/pagemap.rst */
#define PM_PRESENT	BIT_ULL(63)
#define PM_FILE		BIT_ULL(61)	/* a page of a file, or shared */

static void scan(int pagemap, uintptr_t start, uint64_t nr, uint8_t *map)
{
	uint64_t entry[BATCH], done = 0;
	ssize_t n, i;

	while (done < nr) {
		n = pread(pagemap, entry, min(nr - done, (uint64_t)BATCH) * sizeof(entry[0]),
			  (start / PAGE + done) * sizeof(entry[0]));
		if (n < (ssize_t)sizeof(entry[0]))
			return;
		n /= sizeof(entry[0]);
		for (i = 0; i < n; i++, done++)
			if ((entry[i] & (PM_PRESENT | PM_FILE)) == PM_PRESENT)
				map[done / 8] |= 1 << done % 8;
	}
}

void hot_save(int fd, const void *ram, uint64_t size)
{
	uint64_t nr = size / PAGE, len = DIV_ROUND_UP(nr, 8);
	struct stat st;
	uint8_t *map;
	int pagemap;

	if (fstat(fd, &st) || st.st_size)
		return;
	map = calloc(1, len);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (map && pagemap >= 0) {
		scan(pagemap, (uintptr_t)ram, nr, map);
		/* Half of it would do, or none: to cut what others have mapped would be fatal. */
		pwrite(fd, map, len, 0);
	}
	if (pagemap >= 0)
		close(pagemap);
	free(map);
}

static bool is_hot(const uint8_t *map, uint64_t page)
{
	return map[page / 8] & 1 << page % 8;
}

void hot_populate(int fd, void *ram, uint64_t size)
{
	uint64_t nr, left = HOT_MAX / PAGE, page = 0, end;
	struct stat st;
	uint8_t *map;

	if (fstat(fd, &st) || !st.st_size)
		return;
	map = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return;
	nr = min(size / PAGE, (uint64_t)st.st_size * 8);
	while (page < nr && left) {
		if (!is_hot(map, page)) {
			page++;
			continue;
		}
		for (end = page + 1; end < nr && end - page < left && is_hot(map, end); end++)
			;
		if (madvise((char *)ram + page * PAGE, (end - page) * PAGE, MADV_POPULATE_WRITE))
			break;
		left -= end - page;
		page = end;
	}
	munmap(map, st.st_size);
}
