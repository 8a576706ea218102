// SPDX-License-Identifier: GPL-2.0
/*
 * test_kallsyms.c - a symbol table made here, in each of the ways that kernels store addresses
 *
 * Memory is one piece: an image at IMAGE, linked to BASE, and the note of vmcoreinfo.
 */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kselftest_harness.h"
#include "../monitor/kallsyms.h"
#include "../monitor/kernel.h"

#define RAM_SIZE	(1 * MIB)
#define IMAGE		0x40000ULL	/* of memory */
#define BASE		(KERNEL_MAP + 0x12400000ULL)
#define NOTE		0x1000ULL

#define OFF_NR		0x100
#define OFF_REL		0x108
#define OFF_TOKENS	0x200
#define OFF_INDEX	0x2000
#define OFF_ADDRS	0x4000
#define OFF_NAMES	0x8000

enum way { WAY_PLACE, WAY_RELATIVE, WAY_PERCPU, WAY_ABSOLUTE };

/*
 * Names with their type, addresses from BASE on. What is below 0x1000 counts from zero in
 * one of the ways.
 */
static const struct {
	const char *name;
	uint64_t off;
} syms[] = {
	{ "Trunqueues", 0x340 },
	{ "T_text", 0x200000 },
	{ "T_stext", 0x200040 },
	{ "tphys_base_of_another", 0x200050 },
	{ "tphys_bas", 0x200060 },
	{ "Dphys_base", 0x300000 },
	{ "rlinux_banner", 0x300100 },
	{ "Djiffies", 0x300200 },
	{ "Djiffies_64", 0x300208 },
	{ "Dinit_top_pgt", 0x301000 },
	{ "D__per_cpu_offset", 0x302000 },
	{ "tphys_base", 0x303000 },
};

FIXTURE(kallsyms) {
	uint8_t *ram;
	struct guest_mem gm;
	struct vmcoreinfo vi;
	char text[1024];
	size_t names_len;
};

FIXTURE_VARIANT(kallsyms) {
	enum way way;
};

FIXTURE_VARIANT_ADD(kallsyms, place) { WAY_PLACE };
FIXTURE_VARIANT_ADD(kallsyms, relative) { WAY_RELATIVE };
FIXTURE_VARIANT_ADD(kallsyms, percpu) { WAY_PERCPU };
FIXTURE_VARIANT_ADD(kallsyms, absolute) { WAY_ABSOLUTE };

static void put(FIXTURE_DATA(kallsyms) *const self, uint64_t off, const void *data, size_t len)
{
	memcpy(self->ram + IMAGE + off, data, len);
}

static uint64_t addr_of(enum way way, unsigned int i)
{
	return way == WAY_PERCPU && syms[i].off < 0x1000 ? syms[i].off : BASE + syms[i].off;
}

static void put_addr(FIXTURE_DATA(kallsyms) *const self, enum way way, unsigned int i)
{
	const uint64_t base = BASE + 0x80;
	uint64_t addr = addr_of(way, i);
	uint32_t off = 0;

	switch (way) {
	case WAY_PLACE:
		off = (uint32_t)(addr - (BASE + OFF_ADDRS + 4 * i));
		break;
	case WAY_RELATIVE:
		off = (uint32_t)(addr - base);
		break;
	case WAY_PERCPU:
		off = addr < 0x1000 ? (uint32_t)addr : (uint32_t)(base - 1 - addr);
		break;
	case WAY_ABSOLUTE:
		put(self, OFF_ADDRS + 8 * i, &addr, sizeof(addr));
		return;
	}
	put(self, OFF_REL, &base, sizeof(base));
	put(self, OFF_ADDRS + 4 * i, &off, sizeof(off));
}

/*
 * Token n is the character n, but that 1 is "T_", 2 is "phys_", and 3 is empty. A name
 * with three or more of them to spell is longer than it looks.
 */
static void put_tokens(FIXTURE_DATA(kallsyms) *const self)
{
	static const char *const more[] = { "", "T_", "phys_", "" };
	uint16_t index[256];
	size_t pos = 0;
	unsigned int i;

	for (i = 0; i < 256; i++) {
		char one[2] = { (char)i, '\0' };
		const char *token = i < ARRAY_SIZE(more) ? more[i] : one;

		index[i] = (uint16_t)pos;
		put(self, OFF_TOKENS + pos, token, strlen(token) + 1);
		pos += strlen(token) + 1;
	}
	put(self, OFF_INDEX, index, sizeof(index));
}

static size_t put_name(FIXTURE_DATA(kallsyms) *const self, size_t pos, const char *name)
{
	uint8_t raw[256];
	size_t n = 0, i;

	/* Empty tokens before the type, and so many behind a name that its length needs two bytes. */
	raw[n++] = 3;
	while (*name) {
		if (!strncmp(name, "T_", 2)) {
			raw[n++] = 1;
			name += 2;
		} else if (!strncmp(name, "phys_", 5)) {
			raw[n++] = 2;
			name += 5;
		} else {
			raw[n++] = (uint8_t)*name++;
		}
	}
	while (n < 0x80 && raw[1] == 'D')
		raw[n++] = 3;
	if (n < 0x80) {
		self->ram[IMAGE + pos++] = (uint8_t)n;
	} else {
		self->ram[IMAGE + pos++] = 0x80 | (n & 0x7f);
		self->ram[IMAGE + pos++] = (uint8_t)(n >> 7);
	}
	for (i = 0; i < n; i++)
		self->ram[IMAGE + pos++] = raw[i];
	return pos;
}

static void __printf(2, 3) say(FIXTURE_DATA(kallsyms) *const self, const char *fmt, ...)
{
	size_t len = strlen(self->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(self->text + len, sizeof(self->text) - len, fmt, ap);
	va_end(ap);
}

static void make_text(FIXTURE_DATA(kallsyms) *const self, enum way way)
{
	const unsigned long long base = BASE;

	say(self, "OSRELEASE=1.2.3\nSYMBOL(_stext)=%llx\n", base + 0x200040);
	say(self, "NUMBER(phys_base)=%lld\n", (long long)(IMAGE - (BASE - KERNEL_MAP)));
	say(self, "SYMBOL(kallsyms_names)=%llx\nSYMBOL(kallsyms_num_syms)=%llx\n",
	    base + OFF_NAMES, base + OFF_NR);
	say(self, "SYMBOL(kallsyms_token_table)=%llx\nSYMBOL(kallsyms_token_index)=%llx\n",
	    base + OFF_TOKENS, base + OFF_INDEX);
	if (way == WAY_ABSOLUTE)
		say(self, "SYMBOL(kallsyms_addresses)=%llx\n", base + OFF_ADDRS);
	else
		say(self, "SYMBOL(kallsyms_offsets)=%llx\n", base + OFF_ADDRS);
	if (way == WAY_RELATIVE || way == WAY_PERCPU)
		say(self, "SYMBOL(kallsyms_relative_base)=%llx\n", base + OFF_REL);
	say(self, "KERNELOFFSET=%llx", 0x12400000ULL - 0x1000000);
}

FIXTURE_SETUP(kallsyms)
{
	const uint32_t nr = ARRAY_SIZE(syms);
	struct err err = { "" };
	size_t pos = OFF_NAMES;
	unsigned int i;

	memset(self, 0, sizeof(*self));
	self->ram = calloc(1, RAM_SIZE);
	ASSERT_NE(NULL, self->ram);
	self->gm = (struct guest_mem){
		.ram = self->ram, .size = RAM_SIZE, .low_size = RAM_SIZE, .high_base = 4 * GIB,
	};
	put(self, OFF_NR, &nr, sizeof(nr));
	put_tokens(self);
	for (i = 0; i < nr; i++) {
		pos = put_name(self, pos, syms[i].name);
		put_addr(self, variant->way, i);
	}
	self->names_len = pos - OFF_NAMES;
	make_text(self, variant->way);
	ASSERT_EQ(0, vmcoreinfo_parse(self->text, strlen(self->text), &self->vi, &err)) {
		TH_LOG("%s", err.msg);
	}
}

FIXTURE_TEARDOWN(kallsyms)
{
	free(self->ram);
}

static int decode(FIXTURE_DATA(kallsyms) *const self, struct symbols *sym, struct err *err)
{
	err->msg[0] = '\0';
	memset(sym, 0, sizeof(*sym));
	return kallsyms_decode(&self->gm, &self->vi, sym, err);
}

TEST_F(kallsyms, all_are_found)
{
	struct symbols sym;
	struct err err;

	ASSERT_EQ(0, decode(self, &sym, &err)) {
		TH_LOG("%s", err.msg);
	}
	EXPECT_EQ(addr_of(variant->way, 0), sym.addr[SYM_RUNQUEUES]);
	EXPECT_EQ(BASE + 0x200000, sym.addr[SYM_TEXT]);
	EXPECT_EQ(BASE + 0x300100, sym.addr[SYM_BANNER]);
	EXPECT_EQ(BASE + 0x301000, sym.addr[SYM_PGD]);
	EXPECT_EQ(BASE + 0x302000, sym.addr[SYM_PER_CPU_OFFSET]);
	/* The first of two that are the same, and the first of two names for one. */
	EXPECT_EQ(BASE + 0x300000, sym.addr[SYM_PHYS_BASE]);
	EXPECT_EQ(BASE + 0x300200, sym.addr[SYM_JIFFIES]);
}

TEST_F(kallsyms, an_address_has_a_name)
{
	char name[64];
	struct err err;
	uint64_t off;

#define LOOKUP(_addr)	kallsyms_lookup(&self->gm, &self->vi, _addr, name, sizeof(name), &off, &err)
	err.msg[0] = '\0';
	EXPECT_EQ(0, LOOKUP(BASE + 0x200059)) {
		TH_LOG("%s", err.msg);
	}
	EXPECT_STREQ("phys_base_of_another", name);
	EXPECT_EQ(9, off);
	EXPECT_EQ(0, LOOKUP(BASE + 0x200060));
	EXPECT_STREQ("phys_bas", name);
	EXPECT_EQ(0, off);
	EXPECT_EQ(0, LOOKUP(BASE + 0x303000 + MIB - 1));
	EXPECT_STREQ("phys_base", name);
	EXPECT_EQ(MIB - 1, off);
	/* Too far behind the last one, before the first one. */
	EXPECT_EQ(-ENOENT, LOOKUP(BASE + 0x303000 + MIB));
	EXPECT_EQ(-ENOENT, LOOKUP(BASE - 1));
	self->vi.stext += 8;
	EXPECT_EQ(-EBADMSG, LOOKUP(BASE + 0x200059));
#undef LOOKUP
}

TEST_F(kallsyms, the_proof_is_needed)
{
	struct symbols sym;
	struct err err;

	self->vi.stext += 8;
	EXPECT_EQ(-EBADMSG, decode(self, &sym, &err));
	EXPECT_NE(NULL, strstr(err.msg, "no known way"));
	EXPECT_EQ(0, sym.addr[SYM_TEXT]);
}

TEST_F(kallsyms, memory_ends_anywhere)
{
	const struct guest_mem whole = self->gm;
	struct symbols sym;
	uint64_t end = IMAGE + OFF_NAMES + self->names_len;
	struct err err;

	/* The same bytes at the end of a smaller allocation, for the sanitizer. */
	while (end > IMAGE) {
		uint8_t *ram = malloc(end);

		ASSERT_NE(NULL, ram);
		memcpy(ram, self->ram, end);
		self->gm.ram = ram;
		self->gm.size = end;
		self->gm.low_size = end;
		EXPECT_EQ(end == IMAGE + OFF_NAMES + self->names_len, !decode(self, &sym, &err));
		free(ram);
		end -= end > IMAGE + OFF_NAMES ? 1 : 0x100;
	}
	self->gm = whole;
}

TEST_F(kallsyms, what_cannot_be)
{
	static const uint32_t counts[] = { 0, UINT32_MAX, (4U << 20) + 1, ARRAY_SIZE(syms) + 1 };
	const uint32_t nr = ARRAY_SIZE(syms);
	struct symbols sym;
	struct err err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		put(self, OFF_NR, &counts[i], sizeof(counts[i]));
		EXPECT_EQ(-EBADMSG, decode(self, &sym, &err));
	}
	put(self, OFF_NR, &nr, sizeof(nr));

	/* _stext is not there: fewer symbols than it has before it. */
	put(self, OFF_NR, &(uint32_t){ 2 }, 4);
	EXPECT_EQ(-EBADMSG, decode(self, &sym, &err));
	EXPECT_NE(NULL, strstr(err.msg, "_stext"));
	put(self, OFF_NR, &nr, sizeof(nr));

	/* A length of three bytes, and none at all. */
	put(self, OFF_NAMES, &(uint16_t){ 0xffff }, 2);
	EXPECT_EQ(-EBADMSG, decode(self, &sym, &err));
	put(self, OFF_NAMES, &(uint16_t){ 0 }, 2);
	EXPECT_EQ(-EBADMSG, decode(self, &sym, &err));
}

/* Tokens without an end: nothing is read beyond the copy. */
TEST_F(kallsyms, tokens_without_end)
{
	struct symbols sym;
	struct err err;

	memset(self->ram + IMAGE + OFF_TOKENS, 'x', OFF_INDEX - OFF_TOKENS);
	memset(self->ram + IMAGE + OFF_INDEX, 0xff, 512);
	EXPECT_NE(0, decode(self, &sym, &err));
}

/* Names that are wanted, over and over. */
TEST_F(kallsyms, repeated_names)
{
	size_t pos = OFF_NAMES;
	struct symbols sym;
	struct err err;
	uint32_t i;

	for (i = 0; i < 1000; i++)
		pos = put_name(self, pos, "Trunqueues");
	put(self, OFF_NR, &i, sizeof(i));
	EXPECT_EQ(-EBADMSG, decode(self, &sym, &err));
}

TEST_F(kallsyms, tables_out_of_reach)
{
	static const size_t offs[] = {
		offsetof(struct vmcoreinfo, names), offsetof(struct vmcoreinfo, num_syms),
		offsetof(struct vmcoreinfo, token_table), offsetof(struct vmcoreinfo, token_index),
	};
	static const uint64_t bad[] = { 0, 1, KERNEL_MAP, UINT64_MAX, UINT64_MAX - 7,
					0xffff888000000000ULL, KERNEL_MAP - 1 };
	const struct vmcoreinfo good = self->vi;
	struct symbols sym;
	struct err err;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(offs); i++) {
		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			self->vi = good;
			memcpy((char *)&self->vi + offs[i], &bad[j], 8);
			EXPECT_NE(0, decode(self, &sym, &err)) {
				TH_LOG("table %zu at %zu", i, j);
			}
		}
	}
	for (j = 0; j < ARRAY_SIZE(bad); j++) {
		self->vi = good;
		self->vi.offsets = self->vi.addresses = bad[j];
		EXPECT_NE(0, decode(self, &sym, &err));
	}
}

static void put_note(FIXTURE_DATA(kallsyms) *const self, const char *name, uint32_t desc)
{
	Elf64_Nhdr hdr = { .n_namesz = (uint32_t)strlen(name) + 1, .n_descsz = desc };

	memcpy(self->ram + NOTE, &hdr, sizeof(hdr));
	memcpy(self->ram + NOTE + sizeof(hdr), name, hdr.n_namesz);
	memcpy(self->ram + NOTE + sizeof(hdr) + 12, self->text, strlen(self->text));
}

TEST_F(kallsyms, note)
{
	const uint32_t len = (uint32_t)strlen(self->text);
	struct vmcoreinfo vi;
	struct err err = { "" };

	put_note(self, "VMCOREINFO", len);
	ASSERT_EQ(0, vmcoreinfo_read(&self->gm, NOTE, 4096, &vi, &err));
	EXPECT_EQ(0, memcmp(&vi, &self->vi, sizeof(vi)));
	/* Exactly as long as it is, one less, less than a head, more than RAM. */
	EXPECT_EQ(0, vmcoreinfo_read(&self->gm, NOTE, 24 + len, &vi, &err));
	EXPECT_EQ(-EBADMSG, vmcoreinfo_read(&self->gm, NOTE, 23 + len, &vi, &err));
	EXPECT_EQ(-EBADMSG, vmcoreinfo_read(&self->gm, NOTE, 23, &vi, &err));
	EXPECT_EQ(-EBADMSG, vmcoreinfo_read(&self->gm, NOTE, UINT64_MAX, &vi, &err));
	EXPECT_EQ(-EFAULT, vmcoreinfo_read(&self->gm, RAM_SIZE - 2048, 4096, &vi, &err));
	EXPECT_EQ(-EFAULT, vmcoreinfo_read(&self->gm, UINT64_MAX - 2048, 4096, &vi, &err));
	EXPECT_EQ(-EBADMSG, vmcoreinfo_read(&self->gm, NOTE + 4, 4096, &vi, &err));

	put_note(self, "VMCOREINFP", len);
	EXPECT_EQ(-EBADMSG, vmcoreinfo_read(&self->gm, NOTE, 4096, &vi, &err));
	put_note(self, "VMCOREINFO", UINT32_MAX);
	EXPECT_EQ(-EBADMSG, vmcoreinfo_read(&self->gm, NOTE, 4096, &vi, &err));
}

TEST(vmcoreinfo_lines)
{
	static const char head[] = "SYMBOL(_stext)=1f\nSYMBOL(kallsyms_names)=2\nSYMBOL(kallsyms_num_syms)=3\nSYMBOL(kallsyms_token_table)=4\nSYMBOL(kallsyms_token_index)=5\n";
	static const struct {
		const char *more;
		const char *missing;
		uint64_t phys_base;
	} cases[] = {
		{ "NUMBER(phys_base)=16\nSYMBOL(kallsyms_offsets)=6\n", NULL, 16 },
		{ "NUMBER(phys_base)=-16\nSYMBOL(kallsyms_offsets)=6", NULL, -16ULL },
		{ "NUMBER(phys_base)=0\nSYMBOL(kallsyms_addresses)=6", NULL, 0 },
		{ "NUMBER(phys_base)=16\n", "addresses of symbols", 0 },
		{ "SYMBOL(kallsyms_offsets)=6\n", "NUMBER(phys_base)", 0 },
		{ "SYMBOL(kallsyms_offsets)=6\nNUMBER(phys_base)=\n", "NUMBER(phys_base)", 0 },
		{ "SYMBOL(kallsyms_offsets)=6\nNUMBER(phys_base)=-\n", "NUMBER(phys_base)", 0 },
		{ "SYMBOL(kallsyms_offsets)=6\nNUMBER(phys_base)=f\n", "NUMBER(phys_base)", 0 },
		{ "SYMBOL(kallsyms_offsets)=6\nNUMBER(phys_base)16\n", "NUMBER(phys_base)", 0 },
		{ "SYMBOL(kallsyms_offsets)=6\nxNUMBER(phys_base)=16\n", "NUMBER(phys_base)", 0 },
	};
	struct vmcoreinfo vi;
	char text[512];
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { "" };

		len = (size_t)snprintf(text, sizeof(text), "%s%s", head, cases[i].more);
		ASSERT_EQ(cases[i].missing ? -ENODATA : 0, vmcoreinfo_parse(text, len, &vi, &err)) {
			TH_LOG("case %zu: %s", i, err.msg);
		}
		if (cases[i].missing) {
			EXPECT_NE(NULL, strstr(err.msg, cases[i].missing));
			continue;
		}
		EXPECT_EQ(0x1f, vi.stext);
		EXPECT_EQ(cases[i].phys_base, vi.phys_base);
	}
	EXPECT_EQ(-ENODATA, vmcoreinfo_parse("", 0, &vi, NULL));
}

/* --- tables that nobody has told of --------------------------------------------- */

#define NR_FUNCTIONS	700
#define FUNCTION(i)	(0x40000 + 16 * (i))
#define BANNER		0x3f000

/* As scripts/kallsyms.c lays them out: one after the other, aligned to 8, lately to 4. */
FIXTURE(around) {
	uint8_t *ram;
	struct guest_mem gm;
	struct vmcoreinfo vi;
	size_t end, names, markers, tokens, index;
	uint64_t offsets;
};

FIXTURE_VARIANT(around) {
	size_t align;
	enum way way;
};

FIXTURE_VARIANT_ADD(around, place) { 4, WAY_PLACE };
FIXTURE_VARIANT_ADD(around, relative) { 8, WAY_RELATIVE };
FIXTURE_VARIANT_ADD(around, percpu) { 8, WAY_PERCPU };

static void add(FIXTURE_DATA(around) *const self, const void *data, size_t len)
{
	memcpy(self->ram + IMAGE + self->end, data, len);
	self->end += len;
}

static size_t label(FIXTURE_DATA(around) *const self, size_t align)
{
	self->end = ALIGN_UP(self->end, align);
	return self->end;
}

static uint64_t add_symbol(FIXTURE_DATA(around) *const self, unsigned int i)
{
	char name[32];
	uint8_t len;

	if (i == NR_FUNCTIONS)
		snprintf(name, sizeof(name), "rlinux_banner");
	else if (!i)
		snprintf(name, sizeof(name), "T_stext");
	else
		snprintf(name, sizeof(name), "tfunction_%u", i);
	len = strlen(name);
	add(self, &len, 1);
	add(self, name, len);
	return BASE + (i == NR_FUNCTIONS ? BANNER : FUNCTION(i));
}

FIXTURE_SETUP(around)
{
	const uint32_t nr = NR_FUNCTIONS + 1;
	const uint64_t base = BASE + 0x100;
	uint32_t marker[3], off;
	uint64_t addr[nr];
	uint16_t index[256];
	unsigned int i;

	memset(self, 0, sizeof(*self));
	self->ram = calloc(1, RAM_SIZE);
	ASSERT_NE(NULL, self->ram);
	self->gm = (struct guest_mem){
		.ram = self->ram, .size = RAM_SIZE, .low_size = RAM_SIZE, .high_base = 4 * GIB,
	};
	self->end = BANNER;
	add(self, "Linux version 1.2.3", 20);
	/* Digits in a row are not always tokens. */
	self->end = 0x50000;
	for (i = '0'; i <= '9'; i++)
		add(self, (uint16_t[]){ i }, 2);
	label(self, variant->align);
	add(self, &nr, sizeof(nr));
	self->names = label(self, variant->align);
	for (i = 0; i < nr; i++) {
		if (i % 256 == 0)
			marker[i / 256] = self->end - self->names;
		addr[i] = add_symbol(self, i);
	}
	self->markers = label(self, variant->align);
	add(self, marker, sizeof(marker));
	self->tokens = label(self, variant->align);
	for (i = 0; i < 256; i++) {
		/* Of characters that no name has, rows of others. */
		const char token[] = { i, i < '0' ? 'x' : 0, 0 };

		index[i] = self->end - self->tokens;
		add(self, token, strlen(token) + 1);
	}
	self->index = label(self, variant->align);
	add(self, index, sizeof(index));
	self->offsets = label(self, variant->align);
	for (i = 0; i < nr; i++) {
		if (variant->way == WAY_PLACE)
			off = addr[i] - (BASE + self->end);
		else
			off = variant->way == WAY_RELATIVE ? addr[i] - base : base - 1 - addr[i];
		add(self, &off, sizeof(off));
	}
	if (variant->way != WAY_PLACE) {
		label(self, 8);
		add(self, &base, sizeof(base));
	}
}

FIXTURE_TEARDOWN(around)
{
	free(self->ram);
}

/* What runs there is the function with that number. */
static int find(FIXTURE_DATA(around) *const self, unsigned int i, char *name, size_t size,
		uint64_t *off)
{
	struct err err = { "" };
	int ret = kallsyms_find(&self->gm, BASE + FUNCTION(i) + 3, IMAGE + FUNCTION(i) + 3,
				&self->vi, &err);

	return ret ?: kallsyms_lookup(&self->gm, &self->vi, BASE + FUNCTION(i) + 3, name, size,
				      off, &err);
}

TEST_F(around, is_found)
{
	char name[64];
	uint64_t off;

	ASSERT_EQ(0, find(self, 432, name, sizeof(name), &off));
	EXPECT_STREQ("function_432", name);
	EXPECT_EQ(3, off);
	EXPECT_EQ(BASE + self->names, self->vi.names);
	EXPECT_EQ(BASE + self->tokens, self->vi.token_table);
	EXPECT_EQ(BASE + self->index, self->vi.token_index);
	EXPECT_EQ(BASE + self->offsets, self->vi.offsets);
}

/* Without the banner it may be what another kernel has left. */
TEST_F(around, the_banner_is_the_proof)
{
	char name[64];
	uint64_t off;

	self->ram[IMAGE + BANNER] ^= 1;
	EXPECT_EQ(-EBADMSG, find(self, 432, name, sizeof(name), &off));
}

TEST_F(around, damaged)
{
	const size_t words[] = { self->names - variant->align, self->markers, self->markers + 4,
				 self->index };
	char name[64];
	uint64_t off;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		uint32_t word;

		memcpy(&word, self->ram + IMAGE + words[i], sizeof(word));
		memset(self->ram + IMAGE + words[i], 0xff, sizeof(word));
		EXPECT_EQ(-ENODATA, find(self, 432, name, sizeof(name), &off)) {
			TH_LOG("word %u", i);
		}
		memcpy(self->ram + IMAGE + words[i], &word, sizeof(word));
	}
	EXPECT_EQ(0, find(self, 432, name, sizeof(name), &off));
	EXPECT_EQ(-EFAULT, kallsyms_find(&self->gm, BASE, RAM_SIZE, &self->vi, NULL));
	EXPECT_EQ(-EFAULT, kallsyms_find(&self->gm, 0x401000, IMAGE, &self->vi, NULL));
}

/* The same bytes at the end of a smaller allocation, for the sanitizer. */
TEST_F(around, memory_ends_anywhere)
{
	const uint64_t whole = IMAGE + self->end;
	char name[64];
	uint64_t end, off;

	for (end = whole; end > IMAGE + self->names; end -= end + 16 > whole ? 1 : 37) {
		uint8_t *ram = malloc(end);

		ASSERT_NE(NULL, ram);
		memcpy(ram, self->ram, end);
		self->gm.ram = ram;
		self->gm.size = end;
		self->gm.low_size = end;
		EXPECT_EQ(end == whole, !find(self, 432, name, sizeof(name), &off));
		free(ram);
	}
}

TEST_HARNESS_MAIN
