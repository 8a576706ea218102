// SPDX-License-Identifier: GPL-2.0
/*
 * kallsyms_find.c - where a kernel has its symbol table, when nobody has told
 *
 * scripts/kallsyms.c writes it in one piece: num_syms, names, markers, token_table, token_index,
 * offsets, relative_base (not each kernel has one). All digits are used in names, so that each of
 * them is a token of its own, and these follow each other in the order of their codes.
 */
#include <errno.h>
#include <string.h>
#include "kallsyms.h"
#include "kernel.h"

#define AROUND		(128 * MIB)	/* no part of a kernel is farther from another */
#define NR_TOKENS	256
#define TOKENS_MAX	(64 * KIB)
#define BLOCK		256U		/* names from one marker to the next */
#define BLOCKS_MAX	16384U
#define BLOCK_SIZE_MAX	(128 * KIB)
#define SEEN_MAX	4096		/* who makes up more of them has no table */
#define TRIED_MAX	16

/* All that follows are offsets into it. */
struct piece {
	const uint8_t *mem;		/* the guest's: whatever is read may change at once */
	size_t len;
	uint64_t gpa;
};

struct tables {
	size_t num_syms, names, tokens, index;
	uint32_t nr;
};

static uint32_t u32_at(const struct piece *p, size_t off)
{
	uint32_t val;

	memcpy(&val, p->mem + off, sizeof(val));
	return val;
}

/* Both ends are RAM. */
static int take_piece(const struct guest_mem *gm, uint64_t gpa, struct piece *p)
{
	uint64_t below = min(gpa % gm->high_base, (uint64_t)AROUND) & ~0xfffULL, left;

	p->gpa = (gpa & ~0xfffULL) - below;
	p->mem = gmem_span(gm, p->gpa, &left);
	if (!p->mem || !gmem_ptr(gm, gpa, 1))
		return -EFAULT;
	p->len = min(left, below + AROUND);
	return 0;
}

/* The tokens end 256 - '0' strings behind @digits; their index has to be right for all of that. */
static bool find_index(const struct piece *p, size_t digits, struct tables *t)
{
	const size_t most = min(p->len, digits + TOKENS_MAX);
	size_t end = digits, align;
	uint16_t index[NR_TOKENS];
	unsigned int i;

	for (i = '0'; i < NR_TOKENS && end < most; end++)
		i += !p->mem[end];
	for (align = 4; align <= 8; align += 4) {
		t->index = ALIGN_UP(end, align);
		if (t->index > p->len || p->len - t->index < sizeof(index))
			return false;
		memcpy(index, p->mem + t->index, sizeof(index));
		for (i = 1; i < NR_TOKENS && index[i] > index[i - 1]; i++)
			;
		if (i == NR_TOKENS && !index[0] && index['1'] - index['0'] == 2 &&
		    index['0'] <= digits && digits - index['0'] + index[NR_TOKENS - 1] < end) {
			t->tokens = digits - index['0'];
			return true;
		}
	}
	return false;
}

/* Do 256 names from @at on take @size bytes? */
static bool is_block(const struct piece *p, size_t at, uint32_t size)
{
	const size_t end = at + size;
	unsigned int i;
	size_t len;

	for (i = 0; i < BLOCK && end - at >= 2; i++) {
		len = p->mem[at++];
		if (len & 0x80)
			len = (len & 0x7f) | (size_t)p->mem[at++] << 7;
		if (!len || len > end - at)
			return false;
		at += len;
	}
	return i == BLOCK && at == end;
}

/*
 * From the last marker, which is right before the tokens, back to the first one, which is 0. The
 * names end where it is, and the last one says how long all but the last block of them are.
 */
static bool find_names(const struct piece *p, struct tables *t)
{
	size_t at = t->tokens & ~3UL, first, from;
	uint32_t last, val, nr = 0;

	if (at < 8)
		return false;
	if (!u32_at(p, at - 4))
		at -= 4;
	if (at < 8)
		return false;
	last = u32_at(p, at - 4);
	for (val = UINT32_MAX; val && at >= 4; at -= 4) {
		if (u32_at(p, at - 4) >= val || ++nr > BLOCKS_MAX)
			return false;
		val = u32_at(p, at - 4);
	}
	if (val || nr < 2 || last > at)
		return false;
	first = u32_at(p, at + 4);
	if (first > last)
		return false;
	from = (at - last) & ~3UL;
	for (t->names = from; t->names >= 8 && from - t->names < BLOCK_SIZE_MAX; t->names -= 4) {
		t->num_syms = t->names - 4;
		t->nr = u32_at(p, t->num_syms);
		if (!t->nr) {
			t->num_syms -= 4;
			t->nr = u32_at(p, t->num_syms);
		}
		if (t->nr > (nr - 1) * BLOCK && t->nr <= nr * BLOCK && is_block(p, t->names, first))
			return true;
	}
	return false;
}

static bool find_tables(const struct piece *p, struct tables *t)
{
	static const char digits[20] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
	const uint8_t *from = p->mem, *end = p->mem + p->len;
	unsigned int seen = 0, tried = 0;

	while (seen++ < SEEN_MAX && tried < TRIED_MAX &&
	       (from = memmem(from, end - from, digits, sizeof(digits)))) {
		if (find_index(p, from - p->mem, t)) {
			if (find_names(p, t))
				return true;
			tried++;
		}
		from++;
	}
	return false;
}

int kallsyms_find(const struct guest_mem *gm, uint64_t va, uint64_t gpa, struct vmcoreinfo *vi,
		  struct err *err)
{
	struct tables t;
	struct piece p;
	uint64_t start;

	if (va < KERNEL_MAP || take_piece(gm, gpa, &p))
		return err_set(err, -EFAULT, "0x%llx is not in the kernel's image",
			       (unsigned long long)va);
	if (!find_tables(&p, &t))
		return err_set(err, -ENODATA, "no symbol table is near 0x%llx",
			       (unsigned long long)va);
	/* One piece, as the image is. */
	start = va - gpa + p.gpa;
	*vi = (struct vmcoreinfo){
		.names = start + t.names,
		.num_syms = start + t.num_syms,
		.token_table = start + t.tokens,
		.token_index = start + t.index,
		.offsets = start + t.index + NR_TOKENS * sizeof(uint16_t),
		.phys_base = gpa - (va - KERNEL_MAP),
	};
	vi->relative_base = ALIGN_UP(vi->offsets + 4ULL * t.nr, 8);
	return 0;
}
