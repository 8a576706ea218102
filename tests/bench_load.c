// SPDX-License-Identifier: GPL-2.0
/*
 * bench_load.c - is an archive copied into guest RAM faster than it is mapped there?
 *
 * What is mapped is not there before it is touched, so all of it is read, as the guest does.
 * Then the guest frees its pages and they are written to: those that were mapped are copied now.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "bench.h"

#define PAGE	4096U

enum way {
	COPIED,
	MAPPED,
	NR_WAYS,
};

struct load {
	const struct bench *b;
	size_t size;
	int fd;			/* of the archive */
	uint64_t read[NR_WAYS][BENCH_MAX_RUNS];
	uint64_t written[NR_WAYS][BENCH_MAX_RUNS];
};

static void load_die(const char *call)
{
	struct err err = { "" };

	err_set(&err, -errno, "%s: %s", call, strerror(errno));
	bench_die("load", &err);
}

static void load_once(struct load *l, enum way way, unsigned int run)
{
	const int prot = PROT_READ | PROT_WRITE;
	uint8_t *ram;
	uint64_t start;
	void *map;
	size_t i;

	map = mmap(NULL, l->size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		load_die("mmap");
	ram = map;
	start = now_ns();
	if (way == COPIED)
		memcpy(map, l->b->ird.data, l->b->ird.len);
	else if (mmap(map, l->size, prot, MAP_PRIVATE | MAP_FIXED, l->fd, 0) != map)
		load_die("mmap of the archive");
	for (i = 0; i < l->size; i += PAGE)
		READ_ONCE(ram[i]);
	l->read[way][run] = now_ns() - start;
	for (i = 0; i < l->size; i += PAGE)
		WRITE_ONCE(ram[i], 1);
	l->written[way][run] = now_ns() - start;
	munmap(map, l->size);
}

void bench_load(const struct bench *b)
{
	struct load l = { .b = b, .size = ALIGN_UP(b->ird.len, PAGE) };
	unsigned int i;

	l.fd = memfd_create("ktstr-bench", MFD_CLOEXEC);
	if (l.fd < 0 || ftruncate(l.fd, l.size) ||
	    write(l.fd, b->ird.data, b->ird.len) != (ssize_t)b->ird.len)
		load_die("memfd");
	for (i = 0; i < b->runs; i++) {
		load_once(&l, COPIED, i);
		load_once(&l, MAPPED, i);
	}
	printf("{\"bench\":\"load\",\"kib\":%zu,\"runs\":%u", b->ird.len / KIB, i);
	bench_print_ms("copied_ms", l.read[COPIED], i);
	bench_print_ms("mapped_ms", l.read[MAPPED], i);
	bench_print_ms("copied_written_ms", l.written[COPIED], i);
	bench_print_ms("mapped_written_ms", l.written[MAPPED], i);
	printf(",\"chosen\":\"copied\",\"ratio\":%.2f}\n",
	       bench_median(l.written[COPIED], i) / bench_median(l.written[MAPPED], i));
	close(l.fd);
}
