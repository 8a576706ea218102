// SPDX-License-Identifier: GPL-2.0
/*
 * bench_load.c - is a file copied into guest RAM faster than it is mapped there? And what is RAM?
 *
 * What is mapped is not there before it is touched, so all of it is read, as the guest does with
 * the archive. Then the guest frees its pages and they are written to: those that were mapped are
 * copied now. Of a kernel less is touched; but what KASLR moves it by is added all over its image,
 * and a copy has large pages.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
	const void *data;
	size_t len, size;	/* as it is, and in whole pages */
	int fd;			/* of the same */
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
		memcpy(map, l->data, l->len);
	else if (mmap(map, l->size, prot, MAP_PRIVATE | MAP_FIXED, l->fd, 0) != map)
		load_die("mmap of it");
	for (i = 0; i < l->size; i += PAGE)
		READ_ONCE(ram[i]);
	l->read[way][run] = now_ns() - start;
	for (i = 0; i < l->size; i += PAGE)
		WRITE_ONCE(ram[i], 1);
	l->written[way][run] = now_ns() - start;
	munmap(map, l->size);
}

static void load(const char *what, const void *data, size_t len, unsigned int runs)
{
	struct load l = { .data = data, .len = len, .size = ALIGN_UP(len, PAGE) };
	unsigned int i;

	l.fd = memfd_create("ktstr-bench", MFD_CLOEXEC);
	if (l.fd < 0 || ftruncate(l.fd, l.size) || write_all(l.fd, data, len))
		load_die("memfd");
	for (i = 0; i < runs; i++) {
		load_once(&l, COPIED, i);
		load_once(&l, MAPPED, i);
	}
	printf("{\"bench\":\"load\",\"what\":\"%s\",\"kib\":%zu,\"runs\":%u", what, len / KIB,
	       i);
	bench_print_ms("copied_ms", l.read[COPIED], i);
	bench_print_ms("mapped_ms", l.read[MAPPED], i);
	bench_print_ms("copied_written_ms", l.written[COPIED], i);
	bench_print_ms("mapped_written_ms", l.written[MAPPED], i);
	printf(",\"chosen\":\"copied\",\"ratio\":%.2f}\n",
	       bench_median(l.written[COPIED], i) / bench_median(l.written[MAPPED], i));
	close(l.fd);
}

/* A byte of each page, as a guest that boots touches them. */
static uint64_t touch(uint8_t *ram, size_t size)
{
	const uint64_t start = now_ns();
	size_t i;

	for (i = 0; i < size; i += PAGE)
		WRITE_ONCE(ram[i], 1);
	munmap(ram, size);
	return now_ns() - start;
}

static void bench_ram(const struct bench *b)
{
	const size_t size = min(b->cfg.mem_bytes, 256 * MIB);
	uint64_t anon[BENCH_MAX_RUNS], shared[BENCH_MAX_RUNS];
	enum perf_pages pages = PERF_PAGES_SMALL;
	struct err err = { "" };
	unsigned int i;
	void *ram;
	int fd;

	for (i = 0; i < b->runs; i++) {
		if (ram_map_anon(size, &ram, &pages, &err))
			bench_die("ram", &err);
		anon[i] = touch(ram, size);
		fd = memfd_create("ktstr-bench", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, size))
			load_die("memfd");
		ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (ram == MAP_FAILED)
			load_die("mmap of a memfd");
		shared[i] = touch(ram, size);
		close(fd);
	}
	printf("{\"bench\":\"ram\",\"mib\":%zu,\"runs\":%u", size / MIB, i);
	bench_print_ms("anon_ms", anon, i);
	bench_print_ms("memfd_ms", shared, i);
	printf(",\"chosen\":\"anon\",\"large_pages\":%s,\"ratio\":%.2f}\n",
	       pages == PERF_PAGES_THP ? "true" : "false",
	       bench_median(anon, i) / bench_median(shared, i));
}

void bench_load(const struct bench *b)
{
	size_t len;
	void *kernel;

	bench_ram(b);
	load("archive", b->ird.data, b->ird.len, b->runs);
	kernel = vm_kernel_unpack(b->cfg.kernel, &len);
	if (kernel)
		load("kernel", kernel, len, b->runs);
	free(kernel);
}
