// SPDX-License-Identifier: GPL-2.0
/*
 * layout.c - where members of the kernel's structures are, from its BTF
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "layout.h"

#define BTF_BYTES_MAX	(64 * MIB)
#define NEST_MAX	16	/* structures within structures */
#define PEEL_MAX	32	/* typedefs and qualifiers on one type */
#define MEMBERS_MAX	100000	/* for one path: types that nest in themselves have no end */
#define SAME_NAME_MAX	16	/* structures of one name */

struct lookup {
	const struct btf *btf;
	struct field *field;
	bool text;		/* it is to be an array of characters */
	unsigned int members;	/* looked at so far */
};

int layout_open_bytes(const void *data, size_t len, struct btf **btf, struct err *err)
{
	/* libbpf prints to stderr unless told otherwise. */
	libbpf_set_print(NULL);
	if (len < sizeof(struct btf_header) || len > BTF_BYTES_MAX)
		return err_set(err, -EINVAL, "BTF of %zu bytes", len);
	*btf = btf__new(data, len);
	if (!*btf)
		return err_set(err, -EINVAL, "BTF of %zu bytes is damaged: %s", len,
			       strerror(errno));
	return 0;
}

int layout_open_file(const char *path, struct btf **btf, struct err *err)
{
	libbpf_set_print(NULL);
	*btf = btf__parse(path, NULL);
	if (!*btf)
		return err_set(err, -EINVAL, "%s: no BTF: %s", path, strerror(errno));
	return 0;
}

void layout_close(struct btf *btf)
{
	btf__free(btf);
}

/* Without typedefs and qualifiers; NULL if that does not end. */
static const struct btf_type *type_peel(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	unsigned int i;

	for (i = 0; t && i < PEEL_MAX; i++) {
		if (!btf_is_mod(t) && !btf_is_typedef(t))
			return t;
		t = btf__type_by_id(btf, t->type);
	}
	return NULL;
}

static int type_scalar_size(const struct btf_type *t)
{
	if (btf_is_ptr(t))
		return 8;
	if (btf_is_int(t) || btf_is_any_enum(t))
		return (int)t->size;
	return -EOPNOTSUPP;
}

static int leaf_field(const struct btf_type *t, uint64_t bits, struct field *field)
{
	int size = type_scalar_size(t);

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return -EOPNOTSUPP;
	if (bits % 8 || bits / 8 % (unsigned int)size || bits / 8 > UINT32_MAX)
		return -EOPNOTSUPP;
	field->off = (uint32_t)(bits / 8);
	field->size = (uint32_t)size;
	return 0;
}

static int leaf_text(const struct btf *btf, const struct btf_type *t, uint64_t bits,
		     struct field *field)
{
	const struct btf_type *elem;

	if (!btf_is_array(t))
		return -EOPNOTSUPP;
	elem = type_peel(btf, btf_array(t)->type);
	if (!elem || !btf_is_int(elem) || elem->size != 1 || bits % 8 || bits / 8 > UINT32_MAX)
		return -EOPNOTSUPP;
	field->off = (uint32_t)(bits / 8);
	field->size = btf_array(t)->nelems;
	return 0;
}

static int find_field(struct lookup *l, const struct btf_type *t, const char *path, uint64_t bits,
		      unsigned int depth)
{
	const struct btf_member *m = btf_members(t);
	size_t head = strcspn(path, ".");
	unsigned int i;
	int ret;

	if (depth > NEST_MAX)
		return -ENOENT;
	for (i = 0; i < btf_vlen(t); i++, m++) {
		const char *name = btf__name_by_offset(l->btf, m->name_off);
		const struct btf_type *mt = type_peel(l->btf, m->type);
		uint64_t at = bits + btf_member_bit_offset(t, i);
		bool anon = name && !name[0];

		if (++l->members > MEMBERS_MAX)
			return -E2BIG;
		if (!name || !mt)
			continue;
		if (anon) {
			if (!btf_is_composite(mt))
				continue;
			ret = find_field(l, mt, path, at, depth + 1);
			if (ret != -ENOENT)
				return ret;
			continue;
		}
		if (strlen(name) != head || memcmp(name, path, head))
			continue;
		if (btf_member_bitfield_size(t, i))
			return -EOPNOTSUPP;
		if (!path[head])
			return l->text ? leaf_text(l->btf, mt, at, l->field) :
					 leaf_field(mt, at, l->field);
		if (!btf_is_composite(mt))
			return -ENOENT;
		return find_field(l, mt, path + head + 1, at, depth + 1);
	}
	return -ENOENT;
}

static int find(struct lookup *l, int id, const char *path)
{
	const struct btf_type *t = id > 0 ? type_peel(l->btf, (uint32_t)id) : NULL;

	if (!t || !btf_is_composite(t))
		return -ENOENT;
	return find_field(l, t, path, 0, 0);
}

int layout_field(const struct btf *btf, int id, const char *path, struct field *field)
{
	struct lookup l = { .btf = btf, .field = field };

	return find(&l, id, path);
}

int layout_text(const struct btf *btf, int id, const char *path, struct field *field)
{
	struct lookup l = { .btf = btf, .field = field, .text = true };

	return find(&l, id, path);
}

int layout_member(const struct btf *btf, int id, unsigned int nth, const char **name)
{
	const struct btf_type *t = id > 0 ? type_peel(btf, (uint32_t)id) : NULL;

	if (!t || !btf_is_composite(t) || nth >= btf_vlen(t))
		return -ENOENT;
	*name = btf__name_by_offset(btf, btf_members(t)[nth].name_off);
	return *name ? 0 : -ENOENT;
}

static bool has_all(const struct btf *btf, int id, const char *const *must)
{
	struct field field;

	for (; must && *must; must++) {
		if (layout_field(btf, id, *must, &field))
			return false;
	}
	return true;
}

int layout_struct(const struct btf *btf, const char *name, const char *const *must)
{
	uint32_t id, nr = btf__type_cnt(btf);
	unsigned int same = 0;

	for (id = 1; id < nr && id <= INT32_MAX; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *tname;

		if (!t || !btf_is_struct(t))
			continue;
		tname = btf__name_by_offset(btf, t->name_off);
		if (!tname || strcmp(tname, name))
			continue;
		if (has_all(btf, (int)id, must))
			return (int)id;
		if (++same == SAME_NAME_MAX)
			break;
	}
	return -ENOENT;
}
