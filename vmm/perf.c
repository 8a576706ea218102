// SPDX-License-Identifier: GPL-2.0
/*
 * perf.c - RAM in large pages
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "hot.h"
#include "perf.h"

#define HUGE_SIZE	(2 * MIB)
#define NODES_MAX	1024
#define LONG_BITS	(8 * sizeof(unsigned long))

static int bind_node(void *ram, uint64_t size, unsigned int node, struct err *err)
{
	unsigned long mask[NODES_MAX / LONG_BITS] = { 0 };

	if (node >= NODES_MAX)
		return err_set(err, -ERANGE, "node %u of the host", node);
	mask[node / LONG_BITS] = 1UL << node % LONG_BITS;
	if (syscall(SYS_mbind, ram, size, MPOL_BIND, mask, NODES_MAX + 1, 0))
		return err_set(err, -errno, "%llu MiB of RAM on node %u of the host: %s",
			       (unsigned long long)(size / MIB), node, strerror(errno));
	return 0;
}

int ram_map_anon(uint64_t size, void **out, enum perf_pages *pages, struct err *err)
{
	char *map = mmap(NULL, size + HUGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), *ram;

	if (map == MAP_FAILED)
		return err_set(err, -errno, "mapping %llu MiB of RAM: %s",
			       (unsigned long long)(size / MIB), strerror(errno));
	/* At a multiple of their size, as in the guest: else KVM cannot map them as they are. */
	ram = (char *)ALIGN_UP((uintptr_t)map, HUGE_SIZE);
	if (ram > map)
		munmap(map, ram - map);
	munmap(ram + size, map + HUGE_SIZE - ram);
	*pages = madvise(ram, size, MADV_HUGEPAGE) ? PERF_PAGES_SMALL : PERF_PAGES_THP;
	*out = ram;
	return 0;
}

/*
 * What is reserved is so for the whole host, not for a node: where that has too few of them, the
 * first touch of a missing one would kill us.
 */
static int map_reserved(uint64_t size, int node, void **out)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, -1, 0);
	struct err err = { "" };

	if (map == MAP_FAILED)
		return -errno;
	if (node >= 0 && (bind_node(map, size, node, &err) ||
			  madvise(map, size, MADV_POPULATE_WRITE))) {
		munmap(map, size);
		return -ENOMEM;
	}
	*out = map;
	return 0;
}

int perf_map_ram(uint64_t size, int node, void **ram, enum perf_pages *pages, struct err *err)
{
	void *map;
	int ret;

	*pages = PERF_PAGES_RESERVED;
	if (!map_reserved(size, node, ram))
		return 0;
	ret = ram_map_anon(size, &map, pages, err);
	if (ret)
		return ret;
	if (node >= 0)
		ret = bind_node(map, size, node, err);
	if (ret)
		munmap(map, size);
	else
		*ram = map;
	return ret;
}
