/* SPDX-License-Identifier: GPL-2.0 */
/*
 * symbols.h - where the kernel's own variables are, by name
 *
 * Sources: a vmlinux, the System.map beside it, the kernel's own table (kallsyms.h),
 * or what PID 1 copied out of /proc/kallsyms. The first two say where a symbol was
 * linked, the others where it is; kernel.h closes the gap.
 */
#ifndef KTSTR_MONITOR_SYMBOLS_H
#define KTSTR_MONITOR_SYMBOLS_H

#include <stdbool.h>
#include "../lib/log.h"

enum sym {
	SYM_TEXT,		/* first byte of the kernel image */
	SYM_BANNER,		/* "Linux version ..." */
	SYM_PHYS_BASE,
	SYM_PGD,
	SYM_PER_CPU_OFFSET,
	SYM_RUNQUEUES,
	SYM_JIFFIES,
	SYM_SCX_ROOT,		/* only with sched_ext: one of these two, or none */
	SYM_SCX_EVENTS,
	SYM_INIT_TASK,
	SYM_EXT_CLASS,		/* only with sched_ext */
	NR_SYMS,
};

#define BANNER_PREFIX		"Linux version "
#define BANNER_MAX		512
#define BUILD_ID_MAX		64

struct build_id {
	uint32_t len;		/* 0: unknown */
	uint8_t bytes[BUILD_ID_MAX];
};

struct symbols {
	uint64_t addr[NR_SYMS];	/* 0: unknown */
	bool linked;		/* addresses of the linker, before any KASLR */
	/* Only from a vmlinux: */
	size_t banner_len;
	char banner[BANNER_MAX];
	struct build_id build_id;
	uint64_t notes_addr;	/* linked address and size of the notes section, 0 if unknown */
	uint64_t notes_len;
	unsigned int hz;	/* 0: unknown */
};

/* symbols_name - the first name of a symbol, for messages. */
const char *symbols_name(enum sym sym);

/*
 * symbols_request - all names that would be of use, each with its NUL; returns the
 * length, 0 if @size is too small.
 */
size_t symbols_request(char *buf, size_t size);

/*
 * symbols_wanted - is that name one of them? symbols_add - it is at @addr; the first
 * address of a name counts, 0 is none.
 */
bool symbols_wanted(const char *name, size_t len);
void symbols_add(struct symbols *sym, const char *name, size_t len, uint64_t addr);

/*
 * symbols_parse - lines "ADDRESS [TYPE] NAME", hex without 0x, as in System.map,
 * /proc/kallsyms and BULK_KALLSYMS. Any bytes may come; what is no such line is
 * skipped, and so is address 0 (hidden by kptr_restrict). The first line of a
 * name counts. Returns how many of the wanted symbols are known now.
 */
unsigned int symbols_parse(struct symbols *sym, const char *text, size_t len);

/*
 * symbols_read_vmlinux - symbols, banner, build-id and HZ of an ELF file; names from the
 * System.map in the same directory if it has no symbol table. -ENOENT, -ENOEXEC or
 * -ENODATA with the reason in @err.
 */
int symbols_read_vmlinux(struct symbols *sym, const char *path, struct err *err);

/*
 * symbols_lookup_vmlinux - the function of an ELF file that linked address @addr lies in, and how
 * far from its start. -ENOENT: in none, or there is no symbol table.
 */
int symbols_lookup_vmlinux(const char *path, uint64_t addr, char *name, size_t size,
			   uint64_t *off);

/* symbols_hz - HZ from the value that jiffies_64 has at build time, 0 if it cannot be that. */
unsigned int symbols_hz(uint64_t initial_jiffies);

/* notes_build_id - find the GNU build-id in ELF notes; -ENOENT. */
int notes_build_id(const void *notes, size_t len, struct build_id *id);

/* build_id_differ - both are known and not the same. */
bool build_id_differ(const struct build_id *a, const struct build_id *b);

#endif /* KTSTR_MONITOR_SYMBOLS_H */
