// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
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

struct copy {
	const char *src;
	int from;
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

static void *copy_run(void *arg)
{
	struct copy *c = arg;

	while (!c->ret) {
		uint64_t at = atomic_fetch_add(&c->next, CHUNK);
		uint64_t end = min(at + CHUNK, c->size);
		int ret = 0;

		if (at >= c->size)
			break;
		while (!ret && at < end) {
			off_t data = lseek(c->from, at, SEEK_DATA), hole;

			/* ENXIO: nothing but a hole up to the end. */
			if (data < 0 && errno == ENXIO)
				break;
			hole = data < 0 ? data : lseek(c->from, data, SEEK_HOLE);
			if (hole < 0) {
				ret = -errno;
				break;
			}
			ret = copy_pages(c, data, min((uint64_t)hole, end));
			at = hole;
		}
		if (ret)
			c->ret = ret;
	}
	return NULL;
}

int sparse_copy(int from, int to, uint64_t size, struct err *err)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct copy c = { .from = from, .to = to, .size = size };
	pthread_t threads[MAX_THREADS - 1];
	unsigned int nr = 0;

	c.src = mmap(NULL, size, PROT_READ, MAP_SHARED, from, 0);
	if (c.src == MAP_FAILED)
		return err_set(err, -errno, "mapping RAM: %s", strerror(errno));
	/* Without a second one it takes longer, and that is all. */
	while (nr < ARRAY_SIZE(threads) && nr + 1 < nr_cpus &&
	       !pthread_create(&threads[nr], NULL, copy_run, &c))
		nr++;
	copy_run(&c);
	while (nr)
		pthread_join(threads[--nr], NULL);
	munmap((void *)c.src, size);
	return c.ret ? err_set(err, c.ret, "copying RAM: %s", strerror(-c.ret)) : 0;
}
