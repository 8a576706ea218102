// SPDX-License-Identifier: GPL-2.0
/*
 * payload.c - the kernel proper, out of a bzImage
 */
#include <asm/bootparam.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#ifdef KTSTR_ZSTD
#include <zstd.h>
#endif
#include "../lib/util.h"
#include "payload.h"

#define START_KERNEL_MAP	0xffffffff80000000ULL	/* asm/page_64_types.h: __START_KERNEL_map */
#define KERNEL_IMAGE_SIZE	(1 * GIB)		/* the same, with CONFIG_RANDOMIZE_BASE */

struct codec {
	uint8_t magic[4];
	size_t magic_len;
	int (*unpack)(const void *in, size_t in_len, void *out, size_t out_len);
};

static int unpack_gzip(const void *in, size_t in_len, void *out, size_t out_len)
{
	z_stream z = {
		.next_in = (void *)in, .avail_in = in_len, .next_out = out, .avail_out = out_len,
	};
	int ret;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	ret = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return ret == Z_STREAM_END && z.total_out == out_len ? 0 : -EBADMSG;
}

#ifdef KTSTR_ZSTD
static int unpack_zstd(const void *in, size_t in_len, void *out, size_t out_len)
{
	/* What the build adds, the size, is not part of the frame. */
	size_t frame = ZSTD_findFrameCompressedSize(in, in_len);

	if (ZSTD_isError(frame))
		return -EBADMSG;
	return ZSTD_decompress(out, out_len, in, frame) == out_len ? 0 : -EBADMSG;
}
#endif

static const struct codec codecs[] = {
	{ { 0x1f, 0x8b }, 2, unpack_gzip },
#ifdef KTSTR_ZSTD
	{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
#endif
};

int payload_unpack(const void *file, size_t len, uint64_t setup, const struct setup_header *hdr,
		   void **out, size_t *out_len)
{
	uint64_t off = setup + hdr->payload_offset;
	size_t in_len = hdr->payload_length;
	const uint8_t *in = file;
	uint32_t size;
	unsigned int i;
	void *buf;
	int ret;

	if (off > len || in_len > len - off || in_len < sizeof(size) + sizeof(codecs[0].magic))
		return -EBADMSG;
	in += off;
	for (i = 0; i < ARRAY_SIZE(codecs); i++)
		if (!memcmp(in, codecs[i].magic, codecs[i].magic_len))
			break;
	if (i == ARRAY_SIZE(codecs))
		return -EOPNOTSUPP;
	/* scripts/Makefile.lib, size_append: what does not end with its length gets it added. */
	memcpy(&size, in + in_len - sizeof(size), sizeof(size));
	if (!size)
		return -EBADMSG;
	if (size > hdr->init_size)
		return -E2BIG;
	buf = malloc(size);
	if (!buf)
		return -ENOMEM;
	ret = codecs[i].unpack(in, in_len, buf, size);
	if (ret) {
		free(buf);
		return ret;
	}
	*out = buf;
	*out_len = size;
	return 0;
}

/* Behind the ELF file, which ends with its section headers: lists of 32-bit numbers. */
static size_t relocs_start(const void *elf, size_t len)
{
	const Elf64_Ehdr *eh = elf;
	uint64_t end;

	if (len < sizeof(*eh) || eh->e_shoff > len)
		return len;
	end = eh->e_shoff + (uint64_t)eh->e_shnum * eh->e_shentsize;
	return end > len ? len : end;
}

struct relocs {
	const uint8_t *base;
	size_t pos;		/* in words; read from the end to the start */
	uint8_t *ram;
	uint64_t ram_size;
};

/* The kinds of lists there are, in the order in which they are met from the end. */
enum reloc_kind {
	RELOC_32,
	RELOC_32_NEG,		/* up to 6.14: of per-CPU symbols, which were linked to 0 */
	RELOC_64,
};

static int relocate_one(struct relocs *r, int32_t where, enum reloc_kind kind, uint64_t delta)
{
	uint64_t gpa = (uint64_t)(int64_t)where - START_KERNEL_MAP, val64;
	size_t width = kind == RELOC_64 ? sizeof(uint64_t) : sizeof(uint32_t);
	uint32_t val32;

	if (gpa > r->ram_size || width > r->ram_size - gpa)
		return -EBADMSG;
	if (kind == RELOC_64) {
		memcpy(&val64, r->ram + gpa, sizeof(val64));
		val64 += delta;
		memcpy(r->ram + gpa, &val64, sizeof(val64));
		return 0;
	}
	memcpy(&val32, r->ram + gpa, sizeof(val32));
	val32 += kind == RELOC_32 ? delta : -delta;
	memcpy(r->ram + gpa, &val32, sizeof(val32));
	return 0;
}

/* One list, up to the zero that begins it. */
static int relocate_list(struct relocs *r, enum reloc_kind kind, uint64_t delta)
{
	int32_t where;
	int ret;

	while (r->pos) {
		r->pos--;
		memcpy(&where, r->base + r->pos * sizeof(where), sizeof(where));
		if (!where)
			return 0;
		ret = relocate_one(r, where, kind, delta);
		if (ret)
			return ret;
	}
	return -EBADMSG;
}

int payload_relocate(const void *elf, size_t len, uint8_t *ram, uint64_t ram_size, uint64_t delta)
{
	size_t nr = (len - relocs_start(elf, len)) / sizeof(int32_t), i;
	struct relocs r = { (const uint8_t *)elf + len - nr * sizeof(int32_t), nr, ram, ram_size };
	unsigned int lists = 0;
	int32_t where;
	int ret;

	for (i = 0; i < nr; i++) {
		memcpy(&where, r.base + i * sizeof(where), sizeof(where));
		lists += !where;
	}
	if (!nr)
		return -ENOENT;
	if (lists != 2 && lists != 3)
		return -EBADMSG;
	ret = relocate_list(&r, RELOC_32, delta);
	if (!ret && lists == 3)
		ret = relocate_list(&r, RELOC_32_NEG, delta);
	if (!ret)
		ret = relocate_list(&r, RELOC_64, delta);
	return ret ?: r.pos ? -EBADMSG : 0;
}

uint64_t payload_slots(uint64_t load_address, uint64_t size, uint64_t align)
{
	if (!align || load_address + size > KERNEL_IMAGE_SIZE)
		return 1;
	return 1 + (KERNEL_IMAGE_SIZE - load_address - size) / align;
}
