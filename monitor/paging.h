/* SPDX-License-Identifier: GPL-2.0 */
/*
 * paging.h - x86-64 page tables, walked from outside
 *
 * The tables are the guest's and may hold anything: a walk reads at most one
 * entry a level, every table and every page must be RAM, and bits that are not
 * address (NX, protection keys, software bits) are masked.
 */
#ifndef KTSTR_MONITOR_PAGING_H
#define KTSTR_MONITOR_PAGING_H

#include "guest_mem.h"

struct paging {
	const struct guest_mem *gm;
	uint64_t root;		/* guest-physical address of the top table */
	unsigned int levels;	/* 4 or 5 */
};

/*
 * paging_walk - where the byte at @va lies.
 *
 * -EINVAL: @va is not canonical, or there are not 4 or 5 levels; -ENOENT: not
 * mapped; -EBADMSG: a large page where there can be none; -EFAULT: a table or
 * the page is not RAM. *@gpa is only written on success.
 */
int paging_walk(const struct paging *pg, uint64_t va, uint64_t *gpa);

#endif /* KTSTR_MONITOR_PAGING_H */
