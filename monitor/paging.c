// SPDX-License-Identifier: GPL-2.0
/*
 * paging.c - x86-64 page tables, walked from outside
 */
#include <errno.h>
#include "paging.h"

#define PTE_PRESENT	BIT_ULL(0)
#define PTE_LARGE	BIT_ULL(7)
#define PTE_ADDR	0x000ffffffffff000ULL	/* bits 12 to 51 */

#define LEVEL_PTE	1
#define LEVEL_PDPT	3	/* the highest that can map a page by itself: 1 GiB */

static unsigned int level_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

static int walk_canonical(const struct paging *pg, uint64_t va)
{
	unsigned int unused;

	if (pg->levels != 4 && pg->levels != 5)
		return 0;
	/* The bits above the highest that is translated must be copies of it. */
	unused = 64 - level_shift(pg->levels + 1);
	return (uint64_t)((int64_t)(va << unused) >> unused) == va;
}

int paging_walk(const struct paging *pg, uint64_t va, uint64_t *gpa)
{
	uint64_t table = pg->root & PTE_ADDR;
	uint64_t entry, mask, pa;
	unsigned int level;
	int ret;

	if (!walk_canonical(pg, va))
		return -EINVAL;

	for (level = pg->levels; ; level--) {
		uint64_t index = (va >> level_shift(level)) & 511;

		ret = gmem_read_u64(pg->gm, table + index * sizeof(entry), &entry);
		if (ret)
			return ret;
		if (!(entry & PTE_PRESENT))
			return -ENOENT;
		if (level == LEVEL_PTE)
			break;
		if (entry & PTE_LARGE) {
			if (level > LEVEL_PDPT)
				return -EBADMSG;
			break;
		}
		table = entry & PTE_ADDR;
	}

	/* The low address bits of a large page hold its PAT bit. */
	mask = (1ULL << level_shift(level)) - 1;
	pa = (entry & PTE_ADDR & ~mask) | (va & mask);
	if (!gmem_ptr(pg->gm, pa, 1))
		return -EFAULT;
	*gpa = pa;
	return 0;
}
