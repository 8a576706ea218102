// SPDX-License-Identifier: GPL-2.0
/*
 * kernel.c - the running kernel in guest memory: address arithmetic, KASLR, per-CPU areas
 */
#include <errno.h>
#include <string.h>
#include "kernel.h"

#define IMAGE_ALIGN	(2 * MIB)	/* the least CONFIG_PHYSICAL_ALIGN */
#define IMAGE_MAX	(1 * GIB)	/* KERNEL_IMAGE_SIZE */
#define NOTES_MAX	4096

static const enum sym needed[] = {
	SYM_TEXT, SYM_BANNER, SYM_PGD, SYM_PER_CPU_OFFSET, SYM_RUNQUEUES,
};

/* By distance from the start of the image: the same whether addresses are linked or final. */
static uint64_t image_pa(const struct kernel *k, const struct symbols *sym, uint64_t addr)
{
	return addr - sym->addr[SYM_TEXT] + k->text_pa;
}

static bool is_banner(const struct kernel *k, const struct symbols *sym)
{
	size_t len = sym->banner_len ? sym->banner_len : strlen(BANNER_PREFIX);
	const char *want = sym->banner_len ? sym->banner : BANNER_PREFIX;
	const void *ptr = gmem_ptr(k->gm, image_pa(k, sym, sym->addr[SYM_BANNER]), len);

	return ptr && !memcmp(ptr, want, len);
}

static int find_kaslr(struct kernel *k, const struct symbols *sym)
{
	uint64_t phys_base, again;
	int ret;

	k->kaslr = 0;
	if (!sym->linked)
		return 0;
	ret = gmem_read_u64(k->gm, image_pa(k, sym, sym->addr[SYM_PHYS_BASE]), &phys_base);
	if (!ret)
		ret = gmem_read_u64(k->gm, image_pa(k, sym, sym->addr[SYM_PHYS_BASE]), &again);
	if (ret)
		return ret;
	/* phys_base is what turns a final address into a physical one. */
	k->kaslr = k->text_pa - phys_base + KERNEL_MAP - sym->addr[SYM_TEXT];
	if (phys_base != again || k->kaslr >= IMAGE_MAX || k->kaslr % IMAGE_ALIGN)
		return -EAGAIN;
	return 0;
}

static void relocate(struct kernel *k, const struct symbols *sym)
{
	unsigned int i;

	k->sym = *sym;
	k->sym.linked = false;
	for (i = 0; i < NR_SYMS; i++) {
		/* Zero-based per-CPU symbols are offsets: KASLR does not move them. */
		if (k->sym.addr[i] >= KERNEL_MAP)
			k->sym.addr[i] += k->kaslr;
	}
}

static int find_page_tables(struct kernel *k)
{
	uint64_t banner = k->sym.addr[SYM_BANNER];
	uint64_t gpa;

	k->paging.gm = k->gm;
	k->paging.root = image_pa(k, &k->sym, k->sym.addr[SYM_PGD]);
	/* No need to ask how many levels there are: only the right number leads to the banner. */
	for (k->paging.levels = 5; k->paging.levels >= 4; k->paging.levels--) {
		if (!paging_walk(&k->paging, banner, &gpa) && gpa == image_pa(k, &k->sym, banner))
			return 0;
	}
	return -EAGAIN;
}

static int check_build_id(const struct kernel *k, const struct symbols *sym)
{
	struct build_id id = { 0 };
	char notes[NOTES_MAX];
	size_t len = min(sym->notes_len, sizeof(notes));

	if (!sym->notes_addr)
		return 0;
	if (gmem_read(k->gm, image_pa(k, sym, sym->notes_addr), notes, len) ||
	    notes_build_id(notes, len, &id) || build_id_differ(&id, &sym->build_id))
		return -ESTALE;
	return 0;
}

/* Is the kernel at k->text_pa, and can we follow its addresses? */
static int try_image(struct kernel *k, const struct symbols *sym)
{
	int ret;

	if (!is_banner(k, sym))
		return -ENOENT;
	ret = find_kaslr(k, sym);
	if (ret)
		return ret;
	relocate(k, sym);
	ret = find_page_tables(k);
	if (ret)
		return ret;
	return check_build_id(k, sym);
}

static int scan(struct kernel *k, const struct symbols *sym, uint64_t from, uint64_t to)
{
	int ret, worst = -ENOENT;

	for (k->text_pa = from; k->text_pa < to; k->text_pa += IMAGE_ALIGN) {
		ret = try_image(k, sym);
		if (!ret)
			return 0;
		/* A copy that the decompressor left, or one that is not set up yet. */
		if (ret != -ENOENT)
			worst = ret;
	}
	return worst;
}

int kernel_find(struct kernel *k, const struct guest_mem *gm, const struct symbols *sym,
		uint64_t text_pa, struct err *err)
{
	uint64_t low = min(gm->low_size, gm->size);
	unsigned int i;
	int ret;

	memset(k, 0, sizeof(*k));
	k->gm = gm;
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!sym->addr[needed[i]])
			return err_set(err, -ENODATA, "no symbol %s", symbols_name(needed[i]));
	}
	if (sym->linked && !sym->addr[SYM_PHYS_BASE])
		return err_set(err, -ENODATA, "no symbol %s", symbols_name(SYM_PHYS_BASE));

	ret = -ENOENT;
	if (text_pa) {
		k->text_pa = text_pa;
		ret = try_image(k, sym);
	}
	if (ret)
		ret = scan(k, sym, IMAGE_ALIGN, low);
	if (ret == -ENOENT)
		ret = scan(k, sym, gm->high_base, gm->high_base + (gm->size - low));
	if (!ret)
		return 0;
	if (ret == -ESTALE)
		return err_set(err, -ESTALE, "another kernel runs: the build-id is not the same");
	if (ret == -ENOENT)
		return err_set(err, -EAGAIN, "no kernel with these symbols in guest memory");
	return err_set(err, -EAGAIN,
		       "a kernel is in guest memory, but its page tables do not lead to it");
}

int kernel_translate(const struct kernel *k, uint64_t va, uint64_t *gpa)
{
	return paging_walk(&k->paging, va, gpa);
}

int kernel_read_ptr(const struct kernel *k, uint64_t va, uint64_t *val)
{
	uint64_t gpa;
	int ret;

	ret = kernel_translate(k, va, &gpa);
	if (ret)
		return ret;
	return gmem_read_u64(k->gm, gpa, val);
}

int kernel_percpu_ptr(const struct kernel *k, uint64_t ptr, unsigned int cpu, uint64_t *va)
{
	uint64_t off;
	int ret;

	ret = kernel_read_ptr(k, k->sym.addr[SYM_PER_CPU_OFFSET] + cpu * sizeof(off), &off);
	if (!ret)
		*va = ptr + off;
	return ret;
}

int kernel_percpu(const struct kernel *k, enum sym which, unsigned int cpu, uint64_t *va)
{
	uint64_t copy;
	int ret;

	ret = kernel_percpu_ptr(k, k->sym.addr[which], cpu, &copy);
	if (ret)
		return ret;
	/*
	 * Before setup_per_cpu_areas() an offset leads to the initial copy in the
	 * image; afterwards an area is never there.
	 */
	if (copy >= KERNEL_MAP)
		return -EAGAIN;
	*va = copy;
	return 0;
}
