// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "sparse.h"

#define PAGE		4096		/* of a memfd without huge pages */
#define CHUNK		(4 * MIB)
#define MAX_THREADS	4		/* memory is the limit beyond that */

/* Documentation/admin-guide/mm/pagemap.rst */
#define PM_THERE	(BIT_ULL(63) | BIT_ULL(62))	/* in memory, or swapped out */

struct copy {
	const char *src;
	int from;		/* @src is a mapping of it; or -1 */
	int pagemap;		/* of @src, without @from; -1: not to be had */
	int to;
	uint64_t size;
	atomic_ullong next;	/* the first byte that nobody has taken yet */
	atomic_int ret;
};

static bool is_zero(const char *page)
{
	return !page[0] && !memcmp(page, page + 1, PAGE - 1);
}

/*
 * Whole pages of [start, end) that hold something. By pwrite(), since a page that is
 * written whole needs neither a fault nor to be cleared before.
 */
static int copy_pages(struct copy *c, uint64_t start, uint64_t end)
{
	while (start < end) {
		uint64_t run;
		ssize_t n;

		if (is_zero(c->src + start)) {
			start += PAGE;
			continue;
		}
		for (run = start + PAGE; run < end; run += PAGE)
			if (is_zero(c->src + run))
				break;
		while (start < run) {
			n = pwrite(c->to, c->src + start, run - start, start);
			if (n < 0 && errno != EINTR)
				return -errno;
			start += max(n, 0);
		}
	}
	return 0;
}

/*
 * The next part of [at, end) that may hold something. 1 if there is one, 0 if not, or a negative
 * errno.
 */
static int next_data(const struct copy *c, uint64_t at, uint64_t end, uint64_t *data,
		     uint64_t *hole)
{
	uint64_t entry[CHUNK / PAGE];
	size_t len = (end - at) / PAGE * sizeof(entry[0]);
	off_t pos;
	uint64_t i;

	if (c->from >= 0) {
		pos = lseek(c->from, at, SEEK_DATA);
		/* Nothing but a hole up to the end. */
		if (pos < 0 && errno == ENXIO)
			return 0;
		*data = pos;
		if (pos >= 0)
			pos = lseek(c->from, pos, SEEK_HOLE);
		if (pos < 0)
			return -errno;
		*hole = min((uint64_t)pos, end);
		return *data < end;
	}
	/* What nobody has touched is not there. mincore() says so of what is swapped out, too. */
	if (c->pagemap < 0 ||
	    pread(c->pagemap, entry, len, ((uintptr_t)c->src + at) / PAGE * sizeof(entry[0])) !=
	    (ssize_t)len) {
		*data = at;
		*hole = end;
		return 1;
	}
	for (i = 0; at + i * PAGE < end && !(entry[i] & PM_THERE); i++)
		;
	*data = at + i * PAGE;
	for (; at + i * PAGE < end && entry[i] & PM_THERE; i++)
		;
	*hole = at + i * PAGE;
	return *data < end;
}

static void *copy_run(void *arg)
{
	struct copy *c = arg;

	while (!c->ret) {
		uint64_t at = atomic_fetch_add(&c->next, CHUNK);
		uint64_t end = min(at + CHUNK, c->size), data, hole;
		int ret = 1;

		if (at >= c->size)
			break;
		while (ret > 0 && at < end) {
			ret = next_data(c, at, end, &data, &hole);
			if (ret <= 0)
				break;
			ret = copy_pages(c, data, hole) ?: 1;
			at = hole;
		}
		if (ret < 0)
			c->ret = ret;
	}
	return NULL;
}

static int copy_all(struct copy *c, struct err *err)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[MAX_THREADS - 1];
	unsigned int nr = 0;

	/* Without a second one it takes longer, and that is all. */
	while (nr < ARRAY_SIZE(threads) && nr + 1 < nr_cpus &&
	       !pthread_create(&threads[nr], NULL, copy_run, c))
		nr++;
	copy_run(c);
	while (nr)
		pthread_join(threads[--nr], NULL);
	return c->ret ? err_set(err, c->ret, "copying RAM: %s", strerror(-c->ret)) : 0;
}

int sparse_copy(int from, int to, uint64_t size, struct err *err)
{
	struct copy c = { .from = from, .pagemap = -1, .to = to, .size = size };
	int ret;

	c.src = mmap(NULL, size, PROT_READ, MAP_SHARED, from, 0);
	if (c.src == MAP_FAILED)
		return err_set(err, -errno, "mapping RAM: %s", strerror(errno));
	ret = copy_all(&c, err);
	munmap((void *)c.src, size);
	return ret;
}

int sparse_save(const void *from, int to, uint64_t size, struct err *err)
{
	struct copy c = { .src = from, .from = -1, .to = to, .size = size };
	int ret;

	if (ftruncate(to, size))
		return err_set(err, -errno, "RAM of %llu MiB: %s",
			       (unsigned long long)(size / MIB), strerror(errno));
	c.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ret = copy_all(&c, err);
	if (c.pagemap >= 0)
		close(c.pagemap);
	return ret;
}
