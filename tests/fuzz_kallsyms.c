// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_kallsyms.c - a hostile vmcoreinfo and symbol table
 *
 * The input says where the tables are, then what memory holds: tiled. The text of
 * vmcoreinfo is read from there too.
 */
#include <stdlib.h>
#include <string.h>
#include "../monitor/kallsyms.h"
#include "../monitor/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed);

#define RAM_SIZE	(128 * KIB)	/* a power of two */

struct header {
	struct vmcoreinfo vi;
	uint64_t note, note_len;
	uint32_t inside;
	uint32_t nr_syms;		/* 0: as memory has it */
};

/* Into RAM, or what leads out of it is all that is ever tried. */
static void point_inside(struct vmcoreinfo *vi)
{
	uint64_t *word = (uint64_t *)vi;
	size_t i;

	for (i = 0; i < sizeof(*vi) / sizeof(*word); i++)
		word[i] = KERNEL_MAP + word[i] % RAM_SIZE;
	vi->phys_base = 0;
	vi->num_syms &= ~3ULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[32];
	uint64_t off;
	struct symbols sym = { .hz = 0 };
	struct guest_mem gm;
	struct header h;
	struct vmcoreinfo vi;
	uint8_t *ram;
	size_t pos;

	if (size <= sizeof(h))
		return 0;
	memcpy(&h, data, sizeof(h));
	data += sizeof(h);
	size -= sizeof(h);

	/* No more than RAM: a read past it is what the sanitizer is to see. */
	ram = malloc(RAM_SIZE);
	if (!ram)
		return 0;
	for (pos = 0; pos < RAM_SIZE; pos += size)
		memcpy(ram + pos, data, min(size, RAM_SIZE - pos));
	gm = (struct guest_mem){
		.ram = ram, .size = RAM_SIZE,
		.low_size = h.inside & 2 ? RAM_SIZE / 2 : RAM_SIZE, .high_base = 4 * GIB,
	};

	if (h.inside & 1)
		point_inside(&h.vi);
	if (h.nr_syms && h.inside & 1)
		memcpy(ram + h.vi.num_syms - KERNEL_MAP, &h.nr_syms, sizeof(h.nr_syms));
	kallsyms_decode(&gm, &h.vi, &sym, NULL);
	kallsyms_lookup(&gm, &h.vi, h.vi.stext + h.note_len, name, sizeof(name), &off, NULL);

	if (!vmcoreinfo_parse((const char *)data, size, &vi, NULL))
		kallsyms_decode(&gm, &vi, &sym, NULL);
	if (!vmcoreinfo_read(&gm, h.note % (2 * RAM_SIZE), h.note_len % (RAM_SIZE), &vi, NULL))
		kallsyms_decode(&gm, &vi, &sym, NULL);
	if (!kallsyms_find(&gm, KERNEL_MAP + h.note % RAM_SIZE, h.note % RAM_SIZE, &vi, NULL))
		kallsyms_lookup(&gm, &vi, KERNEL_MAP + h.note_len, name, sizeof(name), &off, NULL);
	free(ram);
	return 0;
}

#define TILE	0x2000

/* Three symbols with _stext among them; @seed says how their addresses are stored. */
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed)
{
	static const char *const names[] = { "Trunqueues", "T_stext", "D_text" };
	static const char text[] = "SYMBOL(_stext)=ffffffff80000000\nSYMBOL(kallsyms_names)=ffffffff80000010\nNUMBER(phys_base)=-16\n";
	struct header h = { .inside = 1 | (seed & 2), .nr_syms = ARRAY_SIZE(names) };
	uint8_t *tile = buf + sizeof(h);
	size_t pos = 0x100;
	uint32_t i;

	if (size < sizeof(h) + TILE)
		return 0;
	memset(tile, 0, TILE);
	memcpy(tile + 0x10, text, sizeof(text));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);
		uint32_t off = 0x1800 - (0x200 + 4 * i);

		tile[pos++] = (uint8_t)len;
		memcpy(tile + pos, names[i], len);
		pos += len;
		memcpy(tile + 0x200 + 4 * i, &off, sizeof(off));
	}
	for (i = 0; i < 256; i++) {
		uint16_t index = (uint16_t)(i * 2);

		tile[0x400 + i * 2] = (uint8_t)i;
		memcpy(tile + 0x800 + i * 2, &index, sizeof(index));
	}
	h.vi.stext = 0x1800;
	h.vi.names = 0x100;
	h.vi.token_table = 0x400;
	h.vi.token_index = 0x800;
	h.vi.offsets = 0x200;
	h.vi.num_syms = 0x1000;
	h.vi.relative_base = 0x1100;
	h.vi.addresses = 0x1200;
	h.note_len = 0x400;
	memcpy(buf, &h, sizeof(h));
	return sizeof(h) + TILE;
}
