/* SPDX-License-Identifier: GPL-2.0 */
/*
 * guest_mem.h - the guest's physical memory, seen from outside
 *
 * The monitor's only way to a guest. A read is aligned and whole, and a read
 * that cannot be done is an error, never a zero.
 */
#ifndef KTSTR_MONITOR_GUEST_MEM_H
#define KTSTR_MONITOR_GUEST_MEM_H

#include "../lib/util.h"

/*
 * RAM is one object: guest-physical [0, low_size) is its start, guest-physical
 * [high_base, high_base + size - low_size) is the rest.
 */
struct guest_mem {
	const void *ram;	/* mapped, at least readable; not owned */
	uint64_t size;		/* bytes in all */
	uint64_t low_size;	/* bytes below the hole */
	uint64_t high_base;	/* 4 GiB */
};

/* gmem_span - host address of @gpa and how many bytes of RAM follow it there; NULL: not RAM. */
const void *gmem_span(const struct guest_mem *gm, uint64_t gpa, uint64_t *left);

/* gmem_ptr - host address of @len bytes at @gpa, NULL unless all of them are RAM and contiguous. */
const void *gmem_ptr(const struct guest_mem *gm, uint64_t gpa, uint64_t len);

/* One atomic load each. -EFAULT outside of RAM, -EINVAL when @gpa is not naturally aligned. */
int gmem_read_u64(const struct guest_mem *gm, uint64_t gpa, uint64_t *val);
int gmem_read_u32(const struct guest_mem *gm, uint64_t gpa, uint32_t *val);
int gmem_read_u8(const struct guest_mem *gm, uint64_t gpa, uint8_t *val);

/* gmem_read - copy bytes; no promise about tearing. -EFAULT unless all of them are RAM. */
int gmem_read(const struct guest_mem *gm, uint64_t gpa, void *buf, uint64_t len);

#endif /* KTSTR_MONITOR_GUEST_MEM_H */
