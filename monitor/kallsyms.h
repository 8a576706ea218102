/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kallsyms.h - the kernel's own symbol table, decoded in guest memory
 *
 * /proc/kallsyms is made out of it, at a price that the guest has to pay. The tables are
 * found through vmcoreinfo, a text that the kernel keeps for those who read its crash
 * dumps. All of it is the guest's and may hold anything.
 */
#ifndef KTSTR_MONITOR_KALLSYMS_H
#define KTSTR_MONITOR_KALLSYMS_H

#include "guest_mem.h"
#include "symbols.h"

/* Final addresses; 0: not there. */
struct vmcoreinfo {
	uint64_t stext;		/* 0: linux_banner has to do */
	uint64_t names, num_syms, token_table, token_index;
	uint64_t offsets, relative_base, addresses;
	uint64_t phys_base;	/* what turns an address of the image into a physical one */
};

/*
 * vmcoreinfo_parse - from its text. -ENODATA with the reason in @err when what is needed
 * to find the symbol table is missing.
 */
int vmcoreinfo_parse(const char *text, size_t len, struct vmcoreinfo *vi, struct err *err);

/*
 * vmcoreinfo_read - from the ELF note at @gpa of @len bytes, as in /sys/kernel/vmcoreinfo.
 * -EFAULT: not RAM; -EBADMSG: no such note.
 */
int vmcoreinfo_read(const struct guest_mem *gm, uint64_t gpa, uint64_t len, struct vmcoreinfo *vi,
		    struct err *err);

/*
 * kallsyms_find - without that: the tables are somewhere around @va, an address of the kernel that
 * is at @gpa. .stext stays unknown. -ENODATA: not found. Slow; for kernels from 6.4 on.
 */
int kallsyms_find(const struct guest_mem *gm, uint64_t va, uint64_t gpa, struct vmcoreinfo *vi,
		  struct err *err);

/*
 * kallsyms_decode - add what is wanted of the symbols to @sym. How addresses are stored
 * changed over time: the way is taken that gives _stext the address vmcoreinfo has for
 * it, or leads to the banner. -EFAULT: a table is not RAM; -EBADMSG: they are no symbol table, or neither way is right.
 */
int kallsyms_decode(const struct guest_mem *gm, const struct vmcoreinfo *vi, struct symbols *sym,
		    struct err *err);

/*
 * kallsyms_lookup - the symbol that @addr lies in, and how far from its start. -ENOENT: in none.
 * Other errors as above.
 */
int kallsyms_lookup(const struct guest_mem *gm, const struct vmcoreinfo *vi, uint64_t addr,
		    char *name, size_t size, uint64_t *off, struct err *err);

#endif /* KTSTR_MONITOR_KALLSYMS_H */
