/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel.h - the running kernel in guest memory: address arithmetic, KASLR, per-CPU areas
 *
 * Nothing is believed that was not proved: the image is where its banner is, and
 * the page tables are right when they lead from the banner's address to it.
 */
#ifndef KTSTR_MONITOR_KERNEL_H
#define KTSTR_MONITOR_KERNEL_H

#include "paging.h"
#include "symbols.h"

#define KERNEL_MAP	0xffffffff80000000ULL	/* __START_KERNEL_map */

struct kernel {
	const struct guest_mem *gm;
	struct paging paging;
	struct symbols sym;	/* addresses as they are in the running kernel */
	uint64_t text_pa;
	uint64_t kaslr;		/* what was added to linked addresses */
};

/*
 * kernel_find - find the kernel that @sym is about. @text_pa is where it is said to
 * be, 0 if unknown; all of memory is searched if it is not there. -EAGAIN: not found (yet), or its
 * page tables are not set up yet; -ENODATA: a symbol is missing without which nothing
 * works; -ESTALE: another kernel, by its build-id. The reason is in @err.
 */
int kernel_find(struct kernel *k, const struct guest_mem *gm, const struct symbols *sym,
		uint64_t text_pa, struct err *err);

/* kernel_translate - guest-physical address of a kernel address: paging_walk(). */
int kernel_translate(const struct kernel *k, uint64_t va, uint64_t *gpa);

/*
 * kernel_read_ptr - a pointer (or any u64) at a kernel address. For pointers that
 * change while the guest runs: read anew for each use.
 */
int kernel_read_ptr(const struct kernel *k, uint64_t va, uint64_t *val);

/*
 * kernel_percpu - the address of one CPU's copy of a per-CPU symbol. -EAGAIN while
 * the per-CPU areas are not set up.
 */
int kernel_percpu(const struct kernel *k, enum sym which, unsigned int cpu, uint64_t *va);

/* kernel_percpu_ptr - the same for a per-CPU pointer that the kernel allocated, areas set up. */
int kernel_percpu_ptr(const struct kernel *k, uint64_t ptr, unsigned int cpu, uint64_t *va);

#endif /* KTSTR_MONITOR_KERNEL_H */
