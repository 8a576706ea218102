// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_paging.c - hostile guest memory: page tables, and everything that is found through them
 *
 * The input says how memory is cut, then an address and the top table for a walk,
 * then what the memory holds: tiled, so that every pointer leads to input again.
 */
#include <stdlib.h>
#include <string.h>
#include "../monitor/rq.h"

#define RAM_SIZE	(256 * KIB)	/* a power of two */

struct header {
	uint64_t low_size;
	uint64_t high_base;
	uint64_t root;
	uint64_t va;
	uint64_t text_pa;
	uint64_t addr[NR_SYMS];
	uint32_t field[NR_READINGS];
	uint8_t levels;
	uint8_t linked;
	uint8_t nr_cpus;
	uint8_t inside;
};

static void fill(uint8_t *ram, const uint8_t *data, size_t size)
{
	size_t pos;

	for (pos = 0; size && pos < RAM_SIZE; pos += size)
		memcpy(ram + pos, data, min(size, RAM_SIZE - pos));
}

/* Random words are rarely addresses of RAM: make them so, to get deeper. */
static void point_inside(uint8_t *ram)
{
	uint64_t *word = (uint64_t *)ram;
	size_t i;

	for (i = 0; i < RAM_SIZE / sizeof(*word); i++)
		word[i] = (word[i] & (0xfff0000000000000ULL | (2 * RAM_SIZE - 1))) | 1;
}

static void read_queues(const struct kernel *k, const struct header *h)
{
	struct rq_layout layout;
	struct cpu_sample s;
	struct rq_reader r;
	unsigned int i;

	for (i = 0; i < NR_READINGS; i++) {
		layout.have[i] = true;
		layout.field[i].off = h->field[i];
		layout.field[i].size = i == RD_CLOCK ? 8 : 4;
	}
	if (rq_open(&r, k, &layout, 1 + h->nr_cpus % 8, NULL))
		return;
	for (i = 0; i < 9; i++)
		rq_read(&r, i, &s);
	rq_close(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct symbols sym = { .hz = 0 };
	struct guest_mem gm;
	struct kernel k;
	struct header h;
	uint64_t gpa;
	uint8_t *ram;

	if (size < sizeof(h))
		return 0;
	memcpy(&h, data, sizeof(h));
	data += sizeof(h);
	size -= sizeof(h);

	/* No more than RAM: a read past it is what the sanitizer is to see. */
	ram = malloc(RAM_SIZE);
	if (!ram)
		return 0;
	fill(ram, data, min(size, RAM_SIZE));
	if (!size)
		memset(ram, 0, RAM_SIZE);
	if (h.inside & 1)
		point_inside(ram);

	gm.ram = ram;
	gm.size = RAM_SIZE;
	/* The host cuts memory at page boundaries. */
	gm.low_size = h.low_size % (2 * RAM_SIZE) & ~(4 * KIB - 1);
	gm.high_base = (h.inside & 2 ? RAM_SIZE : h.high_base) & ~(4 * KIB - 1);

	k.paging = (struct paging){ &gm, h.inside & 4 ? h.root % RAM_SIZE : h.root,
				     h.levels % 8 };
	if (!paging_walk(&k.paging, h.va, &gpa) && !gmem_ptr(&gm, gpa, 1))
		abort();

	memcpy(sym.addr, h.addr, sizeof(sym.addr));
	sym.linked = h.linked & 1;
	if (!kernel_find(&k, &gm, &sym, h.text_pa, NULL))
		read_queues(&k, &h);

	/* As if it had been found, since input that leads there by itself is rare. */
	memset(&k, 0, sizeof(k));
	k.gm = &gm;
	k.sym = sym;
	k.paging = (struct paging){ &gm, h.root % RAM_SIZE, 4 + (h.levels & 1) };
	read_queues(&k, &h);
	symbols_parse(&sym, (const char *)data, size);
	free(ram);
	return 0;
}
