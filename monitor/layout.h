/* SPDX-License-Identifier: GPL-2.0 */
/*
 * layout.h - where members of the kernel's structures are, from its BTF
 */
#ifndef KTSTR_MONITOR_LAYOUT_H
#define KTSTR_MONITOR_LAYOUT_H

#include "../lib/log.h"

struct btf;

/* A scalar inside a structure. */
struct field {
	uint32_t off;
	uint32_t size;
};

/*
 * layout_open - BTF from bytes that may be hostile (they are copied), or from a file,
 * ELF or raw. -EINVAL with the reason in @err when it is none.
 */
int layout_open_bytes(const void *data, size_t len, struct btf **btf, struct err *err);
int layout_open_file(const char *path, struct btf **btf, struct err *err);
void layout_close(struct btf *btf);

/*
 * layout_struct - the id of the structure of that name which has all of the members in
 * @must (a NULL-terminated list of paths, or NULL). Several structures can share a
 * name. -ENOENT.
 */
int layout_struct(const struct btf *btf, const char *name, const char *const *must);

/*
 * layout_field - a scalar by its path, "scx.local_dsq.nr", from the structure with this
 * id, through members without a name. -ENOENT: no such member; -EOPNOTSUPP: it is a bit
 * field, or no scalar of 1, 2, 4 or 8 bytes at a multiple of its size; -E2BIG: gave up.
 */
int layout_field(const struct btf *btf, int id, const char *path, struct field *field);

/*
 * layout_text - the same for an array of characters: where it is and how long. -EOPNOTSUPP: it is
 * something else.
 */
int layout_text(const struct btf *btf, int id, const char *path, struct field *field);

/* layout_member - the name of a structure's @nth member, "" if it has none. -ENOENT: no such. */
int layout_member(const struct btf *btf, int id, unsigned int nth, const char **name);

#endif /* KTSTR_MONITOR_LAYOUT_H */
