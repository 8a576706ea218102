// SPDX-License-Identifier: GPL-2.0
/*
 * kallsyms.c - the kernel's own symbol table, decoded in guest memory
 *
 * A name is a row of tokens, its length as ULEB128 before it; token n is the string at
 * token_table + token_index[n]. The first character of a name is its type.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kallsyms.h"
#include "kernel.h"

#define NOTE_NAME	"VMCOREINFO"
#define NOTE_MAX	(64 * KIB)
#define NR_TOKENS	256
#define TOKENS_MAX	(68 * KIB)	/* an index has 16 bits */
#define SYMS_MAX	(4U << 20)
#define NAMES_MAX	(64 * MIB)
#define NAME_LEN_MAX	0x3fff		/* two bytes of ULEB128 */
#define NAME_MAX_LEN	64		/* what is wanted is shorter */
#define HITS_MAX	64
#define FUNCTION_MAX	(1 * MIB)

/* --- vmcoreinfo ----------------------------------------------------------- */

static const struct {
	const char *key;
	size_t off;
	int base;
	bool needed;
} vi_keys[] = {
	{ "SYMBOL(_stext)", offsetof(struct vmcoreinfo, stext), 16, true },
	{ "SYMBOL(kallsyms_names)", offsetof(struct vmcoreinfo, names), 16, true },
	{ "SYMBOL(kallsyms_num_syms)", offsetof(struct vmcoreinfo, num_syms), 16, true },
	{ "SYMBOL(kallsyms_token_table)", offsetof(struct vmcoreinfo, token_table), 16, true },
	{ "SYMBOL(kallsyms_token_index)", offsetof(struct vmcoreinfo, token_index), 16, true },
	{ "SYMBOL(kallsyms_offsets)", offsetof(struct vmcoreinfo, offsets), 16, false },
	{ "SYMBOL(kallsyms_relative_base)", offsetof(struct vmcoreinfo, relative_base), 16, false },
	{ "SYMBOL(kallsyms_addresses)", offsetof(struct vmcoreinfo, addresses), 16, false },
	{ "NUMBER(phys_base)", offsetof(struct vmcoreinfo, phys_base), 10, true },
};

static int digit(char c, int base)
{
	int d = -1;

	if (c >= '0' && c <= '9')
		d = c - '0';
	else if (c >= 'a' && c <= 'f')
		d = c - 'a' + 10;
	return d < base ? d : -1;
}

/* The text is not terminated, so no strtoull(). A decimal number may be negative. */
static bool parse_value(const char *text, size_t len, int base, uint64_t *val)
{
	bool minus = base == 10 && len && *text == '-';
	size_t i = minus;

	*val = 0;
	if (i == len || len - i > 20)
		return false;
	for (; i < len; i++) {
		int d = digit(text[i], base);

		if (d < 0)
			return false;
		*val = *val * (uint64_t)base + (uint64_t)d;
	}
	if (minus)
		*val = -*val;
	return true;
}

static void parse_line(struct vmcoreinfo *vi, bool *have, const char *line, size_t len)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vi_keys); i++) {
		size_t n = strlen(vi_keys[i].key);
		uint64_t val;

		if (len <= n || line[n] != '=' || memcmp(line, vi_keys[i].key, n))
			continue;
		if (!parse_value(line + n + 1, len - n - 1, vi_keys[i].base, &val))
			return;
		memcpy((char *)vi + vi_keys[i].off, &val, sizeof(val));
		have[i] = true;
		return;
	}
}

int vmcoreinfo_parse(const char *text, size_t len, struct vmcoreinfo *vi, struct err *err)
{
	bool have[ARRAY_SIZE(vi_keys)] = { false };
	const char *end = text + len;
	unsigned int i;

	memset(vi, 0, sizeof(*vi));
	while (text < end) {
		const char *nl = memchr(text, '\n', end - text);
		const char *stop = nl ? nl : end;

		parse_line(vi, have, text, stop - text);
		text = stop + 1;
	}
	for (i = 0; i < ARRAY_SIZE(vi_keys); i++) {
		if (vi_keys[i].needed && !have[i])
			return err_set(err, -ENODATA, "vmcoreinfo has no %s", vi_keys[i].key);
	}
	if (!vi->offsets && !vi->addresses)
		return err_set(err, -ENODATA, "vmcoreinfo has no addresses of symbols");
	return 0;
}

int vmcoreinfo_read(const struct guest_mem *gm, uint64_t gpa, uint64_t len, struct vmcoreinfo *vi,
		    struct err *err)
{
	const size_t head = sizeof(Elf64_Nhdr) + ALIGN_UP(sizeof(NOTE_NAME), 4);
	Elf64_Nhdr hdr;
	char *buf;
	int ret;

	if (len > NOTE_MAX || len < head)
		return err_set(err, -EBADMSG, "vmcoreinfo of %llu bytes", (unsigned long long)len);
	/* A copy, so that what was checked is what is used. */
	buf = malloc(len);
	if (!buf)
		return err_set(err, -ENOMEM, "no memory for vmcoreinfo");
	if (gmem_read(gm, gpa, buf, len)) {
		ret = err_set(err, -EFAULT, "vmcoreinfo at 0x%llx is not in RAM",
			      (unsigned long long)gpa);
		goto out;
	}
	memcpy(&hdr, buf, sizeof(hdr));
	if (hdr.n_namesz != sizeof(NOTE_NAME) || hdr.n_descsz > len - head ||
	    memcmp(buf + sizeof(hdr), NOTE_NAME, sizeof(NOTE_NAME)))
		ret = err_set(err, -EBADMSG, "there is no vmcoreinfo at 0x%llx",
			      (unsigned long long)gpa);
	else
		ret = vmcoreinfo_parse(buf + head, hdr.n_descsz, vi, err);
out:
	free(buf);
	return ret;
}

/* --- names ---------------------------------------------------------------- */

struct hit {
	uint32_t index;
	uint32_t len;
	char name[NAME_MAX_LEN];
};

struct decoder {
	const struct guest_mem *gm;
	const struct vmcoreinfo *vi;
	const uint8_t *pos, *end;	/* names: guest memory, each byte is read once */
	uint32_t nr_syms;
	uint16_t index[NR_TOKENS];
	size_t tokens_len;
	bool have_stext;
	uint32_t stext;			/* its index */
	unsigned int nr_hits;
	struct hit hit[HITS_MAX];
	char tokens[TOKENS_MAX + 1];
};

/* The image is mapped in one piece, phys_base away from where it is linked to. */
static uint64_t image_gpa(const struct vmcoreinfo *vi, uint64_t va)
{
	return va >= KERNEL_MAP ? va - KERNEL_MAP + vi->phys_base : UINT64_MAX;
}

static int decoder_open(struct decoder *d, struct err *err)
{
	uint64_t tokens = image_gpa(d->vi, d->vi->token_table);
	uint64_t names = image_gpa(d->vi, d->vi->names);
	uint64_t left;
	unsigned int i;

	if (gmem_read_u32(d->gm, image_gpa(d->vi, d->vi->num_syms), &d->nr_syms) ||
	    gmem_read(d->gm, image_gpa(d->vi, d->vi->token_index), d->index, sizeof(d->index)))
		return err_set(err, -EFAULT, "the kernel's symbol table is not in RAM");
	if (!d->nr_syms || d->nr_syms > SYMS_MAX)
		return err_set(err, -EBADMSG, "a kernel with %u symbols", d->nr_syms);

	if (!gmem_span(d->gm, tokens, &left))
		return err_set(err, -EFAULT, "the kernel's token table is not in RAM");
	d->tokens_len = min_t(uint64_t, left, TOKENS_MAX);
	gmem_read(d->gm, tokens, d->tokens, d->tokens_len);
	d->tokens[d->tokens_len] = '\0';
	for (i = 0; i < NR_TOKENS; i++) {
		if (d->index[i] >= d->tokens_len)
			return err_set(err, -EBADMSG, "token %u is not in the token table", i);
	}

	d->pos = gmem_span(d->gm, names, &left);
	if (!d->pos)
		return err_set(err, -EFAULT, "the kernel's names are not in RAM");
	d->end = d->pos + min(left, NAMES_MAX);
	return 0;
}

/* The next name, without its type: what fits into @name. False at the end of memory. */
static bool next_name(struct decoder *d, char name[NAME_MAX_LEN], size_t *name_len)
{
	size_t len, n = 0;
	const uint8_t *stop;
	bool typed = false;

	if (d->pos == d->end)
		return false;
	len = READ_ONCE(*d->pos++);
	if (len & 0x80) {
		if (d->pos == d->end)
			return false;
		len = (len & 0x7f) | (size_t)READ_ONCE(*d->pos++) << 7;
	}
	if (!len || len > NAME_LEN_MAX || len > (size_t)(d->end - d->pos))
		return false;

	stop = d->pos + len;
	while (d->pos < stop && n < NAME_MAX_LEN) {
		const char *token = d->tokens + d->index[READ_ONCE(*d->pos++)];

		/* A token that is the type and more. */
		if (!typed && *token) {
			typed = true;
			token++;
		}
		while (*token && n < NAME_MAX_LEN)
			name[n++] = *token++;
	}
	d->pos = stop;
	*name_len = n;
	return true;
}

static int find_names(struct decoder *d, struct err *err)
{
	static const char stext[] = "_stext";
	uint32_t i;

	for (i = 0; i < d->nr_syms; i++) {
		struct hit *hit = &d->hit[d->nr_hits];
		char name[NAME_MAX_LEN];
		size_t len;

		if (!next_name(d, name, &len))
			return err_set(err, -EBADMSG, "symbol %u of %u has no name", i, d->nr_syms);
		if (!d->have_stext && len == strlen(stext) && !memcmp(name, stext, len)) {
			d->have_stext = true;
			d->stext = i;
		}
		if (!symbols_wanted(name, len))
			continue;
		if (d->nr_hits == HITS_MAX)
			return err_set(err, -EBADMSG, "names repeat in the kernel's symbol table");
		hit->index = i;
		hit->len = (uint32_t)len;
		memcpy(hit->name, name, len);
		d->nr_hits++;
	}
	if (!d->have_stext)
		return err_set(err, -EBADMSG, "no %s among %u symbols", stext, d->nr_syms);
	return 0;
}

/* --- addresses ------------------------------------------------------------ */

static int read_offset(const struct decoder *d, uint32_t i, int32_t *off)
{
	if (!d->vi->offsets)
		return -ENODATA;
	return gmem_read_u32(d->gm, image_gpa(d->vi, d->vi->offsets + 4ULL * i), (uint32_t *)off);
}

static int read_base(const struct decoder *d, uint64_t *base)
{
	if (!d->vi->relative_base)
		return -ENODATA;
	return gmem_read_u64(d->gm, image_gpa(d->vi, d->vi->relative_base), base);
}

/* From the place of the offset itself. */
static int addr_place(const struct decoder *d, uint32_t i, uint64_t *addr)
{
	int32_t off;
	int ret = read_offset(d, i, &off);

	if (!ret)
		*addr = d->vi->offsets + 4ULL * i + (uint64_t)(int64_t)off;
	return ret;
}

static int addr_relative(const struct decoder *d, uint32_t i, uint64_t *addr)
{
	int32_t off;
	int ret = read_base(d, addr);

	if (!ret)
		ret = read_offset(d, i, &off);
	if (!ret)
		*addr += (uint32_t)off;
	return ret;
}

/* Where per-CPU addresses count from zero they are not relative: the sign tells. */
static int addr_percpu(const struct decoder *d, uint32_t i, uint64_t *addr)
{
	int32_t off;
	int ret = read_base(d, addr);

	if (!ret)
		ret = read_offset(d, i, &off);
	if (!ret)
		*addr = off >= 0 ? (uint64_t)off : *addr - 1 - (uint64_t)(int64_t)off;
	return ret;
}

static int addr_absolute(const struct decoder *d, uint32_t i, uint64_t *addr)
{
	if (!d->vi->addresses)
		return -ENODATA;
	return gmem_read_u64(d->gm, image_gpa(d->vi, d->vi->addresses + 8ULL * i), addr);
}

typedef int (*addr_fn)(const struct decoder *d, uint32_t i, uint64_t *addr);

static const addr_fn ways[] = { addr_place, addr_relative, addr_percpu, addr_absolute };

static bool is_banner(const struct decoder *d, addr_fn way, uint32_t index)
{
	char text[sizeof(BANNER_PREFIX) - 1];
	uint64_t addr;

	return !way(d, index, &addr) &&
	       !gmem_read(d->gm, image_gpa(d->vi, addr), text, sizeof(text)) &&
	       !memcmp(text, BANNER_PREFIX, sizeof(text));
}

static bool is_right(const struct decoder *d, addr_fn way)
{
	const char *banner = symbols_name(SYM_BANNER);
	unsigned int i;
	uint64_t addr;

	if (d->vi->stext)
		return !way(d, d->stext, &addr) && addr == d->vi->stext;
	for (i = 0; i < d->nr_hits; i++)
		if (d->hit[i].len == strlen(banner) &&
		    !memcmp(d->hit[i].name, banner, d->hit[i].len))
			return is_banner(d, way, d->hit[i].index);
	return false;
}

static addr_fn find_way(const struct decoder *d, struct err *err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (is_right(d, ways[i]))
			return ways[i];
	}
	err_set(err, -EBADMSG, "no known way leads to the addresses of symbols");
	return NULL;
}

static int add_hits(const struct decoder *d, struct symbols *sym, struct err *err)
{
	addr_fn way = find_way(d, err);
	unsigned int i;
	uint64_t addr;

	if (!way)
		return -EBADMSG;
	for (i = 0; i < d->nr_hits; i++) {
		if (way(d, d->hit[i].index, &addr))
			return err_set(err, -EFAULT, "the addresses of symbols are not in RAM");
		symbols_add(sym, d->hit[i].name, d->hit[i].len, addr);
	}
	return 0;
}

/* One that has seen all names; for free(). */
static int decoder_create(const struct guest_mem *gm, const struct vmcoreinfo *vi,
			  struct decoder **ret_d, struct err *err)
{
	struct decoder *d = calloc(1, sizeof(*d));
	int ret;

	if (!d)
		return err_set(err, -ENOMEM, "no memory for a symbol table");
	d->gm = gm;
	d->vi = vi;
	ret = decoder_open(d, err);
	if (!ret)
		ret = find_names(d, err);
	if (ret) {
		free(d);
		return ret;
	}
	*ret_d = d;
	return 0;
}

int kallsyms_decode(const struct guest_mem *gm, const struct vmcoreinfo *vi, struct symbols *sym,
		    struct err *err)
{
	struct decoder *d;
	int ret;

	ret = decoder_create(gm, vi, &d, err);
	if (ret)
		return ret;
	ret = add_hits(d, sym, err);
	free(d);
	return ret;
}

/* The last symbol at or below @addr; -ENOENT if that is too far away to be about it. */
static int find_below(const struct decoder *d, addr_fn way, uint64_t addr, uint32_t *index,
		      uint64_t *off)
{
	uint64_t best = 0, at;
	uint32_t i;

	for (i = 0; i < d->nr_syms; i++) {
		if (way(d, i, &at))
			return -EFAULT;
		if (at <= addr && at > best) {
			best = at;
			*index = i;
		}
	}
	*off = addr - best;
	return best && *off < FUNCTION_MAX ? 0 : -ENOENT;
}

int kallsyms_lookup(const struct guest_mem *gm, const struct vmcoreinfo *vi, uint64_t addr,
		    char *name, size_t size, uint64_t *off, struct err *err)
{
	char text[NAME_MAX_LEN];
	uint32_t index = 0;
	struct decoder *d;
	size_t len = 0;
	addr_fn way;
	int ret;

	ret = decoder_create(gm, vi, &d, err);
	if (ret)
		return err_set(err, ret, "0x%llx: no symbol", (unsigned long long)addr);
	way = find_way(d, err);
	ret = way ? find_below(d, way, addr, &index, off) : -EBADMSG;
	/* Once more from the start: names have no index that could be trusted. */
	if (!ret)
		ret = decoder_open(d, err);
	do {
		if (!ret && !next_name(d, text, &len))
			ret = -EBADMSG;
	} while (!ret && index--);
	if (!ret)
		snprintf(name, size, "%.*s", (int)len, text);
	free(d);
	return ret ? err_set(err, ret, "0x%llx: no symbol", (unsigned long long)addr) : 0;
}
