// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_paging.c - hostile guest memory: page tables, and everything that is found through them
 *
 * The input says how memory is cut, then an address and the top table for a walk,
 * then what the memory holds: tiled, so that every pointer leads to input again.
 */
#include <stdlib.h>
#include <string.h>
#include "../monitor/events.h"
#include "../monitor/rq.h"
#include "../monitor/tasks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed);

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

static void read_events(const struct kernel *k, const struct header *h)
{
	struct event_layout layout = { .have = true, .by_root = h->linked & 2, .nr = 2 };
	struct event_totals totals = { .any = false };
	struct event_reader r;
	struct event_sample s;
	unsigned int i;

	layout.percpu.off = h->field[RD_CPU];
	layout.off[0] = h->field[RD_CLOCK];
	layout.off[1] = h->field[RD_CURR];
	events_open(&r, k, &layout, 1 + h->nr_cpus % 8);
	for (i = 0; i < 2; i++) {
		if (!events_read(&r, &s))
			events_add(&totals, &s);
	}
}

static void find_ext(const struct kernel *k, const struct header *h)
{
	struct task_layout layout = { .have = true, .thread_head = { h->field[RD_DSQ_NR], 8 } };
	struct ext_tasks found;
	unsigned int i;

	for (i = 0; i < NR_TASK_FIELDS; i++)
		layout.field[i] = (struct field){ h->field[i], i == TASK_COMM ? UINT32_MAX : 8 };
	tasks_find_ext(k, &layout, &found, NULL);
	if (!memchr(found.comm, '\0', sizeof(found.comm)))
		abort();
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
	if (!kernel_find(&k, &gm, &sym, h.text_pa, NULL)) {
		read_queues(&k, &h);
		read_events(&k, &h);
		find_ext(&k, &h);
	}

	/* As if it had been found, since input that leads there by itself is rare. */
	memset(&k, 0, sizeof(k));
	k.gm = &gm;
	k.sym = sym;
	k.paging = (struct paging){ &gm, h.root % RAM_SIZE, 4 + (h.levels & 1) };
	read_queues(&k, &h);
	read_events(&k, &h);
	find_ext(&k, &h);
	symbols_parse(&sym, (const char *)data, size);
	free(ram);
	return 0;
}

#define TILE		0x8000	/* eight pages: all that is mapped leads into them */
#define TEXT		0xffffffff81005000ULL
#define DIRECT		0xffff888000000000ULL
#define RQ_STEP		64

static void put(uint8_t *tile, uint64_t at, uint64_t val)
{
	memcpy(tile + at, &val, sizeof(val));
}

/* A kernel that is found, with its run queues; @seed says how. */
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed)
{
	struct header h = { .text_pa = 0x5000, .nr_cpus = 7, .inside = 4 };
	uint8_t *tile = buf + sizeof(h);
	uint64_t i;

	if (size < sizeof(h) + TILE)
		return 0;
	memset(tile, 0, TILE);
	for (i = 0; i < 512; i++) {
		put(tile, 0x1000 + i * 8, 0x2001);
		put(tile, 0x2000 + i * 8, 0x3001);
		put(tile, 0x3000 + i * 8, 0x4001);
		put(tile, 0x4000 + i * 8, (i % 8) << 12 | 1);
	}
	memcpy(tile + 0x5100, BANNER_PREFIX, sizeof(BANNER_PREFIX));
	put(tile, 0x5300, 0x5000 - (TEXT - KERNEL_MAP));
	for (i = 0; i < 8; i++) {
		put(tile, 0x5200 + i * 8, DIRECT + i * RQ_STEP);
		put(tile, 0x6000 + i * RQ_STEP, i);
	}
	h.low_size = seed & 1 ? RAM_SIZE : RAM_SIZE / 2;
	h.high_base = seed & 2 ? RAM_SIZE / 2 : 4 * GIB;
	h.linked = seed >> 2 & 3;
	h.levels = 4;
	h.root = 0x1000;
	h.va = DIRECT + seed;
	h.addr[SYM_TEXT] = TEXT;
	h.addr[SYM_BANNER] = TEXT + 0x100;
	h.addr[SYM_PHYS_BASE] = TEXT + 0x300;
	h.addr[SYM_PGD] = TEXT - 0x4000;
	h.addr[SYM_PER_CPU_OFFSET] = TEXT + 0x200;
	h.addr[SYM_RUNQUEUES] = 0x6000;
	h.addr[SYM_JIFFIES] = TEXT + 0x400;
	h.addr[SYM_SCX_ROOT] = TEXT + 0x200;
	h.addr[SYM_SCX_EVENTS] = 0x6000;
	h.addr[SYM_INIT_TASK] = TEXT + 0x500;
	h.addr[SYM_EXT_CLASS] = TEXT;
	for (i = 0; i < NR_READINGS; i++)
		h.field[i] = (uint32_t)i * 8;
	memcpy(buf, &h, sizeof(h));
	return sizeof(h) + TILE;
}
