// SPDX-License-Identifier: GPL-2.0
/*
 * guest_mem.c - the guest's physical memory, seen from outside
 */
#include <errno.h>
#include <string.h>
#include "guest_mem.h"

const void *gmem_span(const struct guest_mem *gm, uint64_t gpa, uint64_t *left)
{
	uint64_t low = min(gm->low_size, gm->size);
	uint64_t off;

	if (gpa < low) {
		off = gpa;
		*left = low - gpa;
	} else {
		if (gpa < gm->high_base || gpa - gm->high_base >= gm->size - low)
			return NULL;
		off = low + (gpa - gm->high_base);
		*left = gm->size - off;
	}
	return (const char *)gm->ram + off;
}

const void *gmem_ptr(const struct guest_mem *gm, uint64_t gpa, uint64_t len)
{
	uint64_t left;
	const void *ptr = gmem_span(gm, gpa, &left);

	return ptr && len <= left ? ptr : NULL;
}

int gmem_read_u64(const struct guest_mem *gm, uint64_t gpa, uint64_t *val)
{
	const uint64_t *ptr = gmem_ptr(gm, gpa, sizeof(*ptr));

	if (gpa % sizeof(*ptr))
		return -EINVAL;
	if (!ptr)
		return -EFAULT;
	*val = READ_ONCE(*ptr);
	return 0;
}

int gmem_read_u32(const struct guest_mem *gm, uint64_t gpa, uint32_t *val)
{
	const uint32_t *ptr = gmem_ptr(gm, gpa, sizeof(*ptr));

	if (gpa % sizeof(*ptr))
		return -EINVAL;
	if (!ptr)
		return -EFAULT;
	*val = READ_ONCE(*ptr);
	return 0;
}

int gmem_read_u8(const struct guest_mem *gm, uint64_t gpa, uint8_t *val)
{
	const uint8_t *ptr = gmem_ptr(gm, gpa, sizeof(*ptr));

	if (!ptr)
		return -EFAULT;
	*val = READ_ONCE(*ptr);
	return 0;
}

int gmem_read(const struct guest_mem *gm, uint64_t gpa, void *buf, uint64_t len)
{
	const void *ptr = gmem_ptr(gm, gpa, len);

	if (!ptr)
		return -EFAULT;
	memcpy(buf, ptr, len);
	return 0;
}
