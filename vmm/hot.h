/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hot.h - the pages that thawed guests of one image write to
 *
 * They are about the same ones each time. To copy each when it is first written to costs an exit
 * from the guest, two faults, and all vCPUs their translations; to copy all before it runs costs
 * little.
 */
#ifndef KTSTR_VMM_HOT_H
#define KTSTR_VMM_HOT_H

#include <stdint.h>
#include <sys/mman.h>
#include "../lib/util.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23	/* since 5.14 */
#endif

/*
 * hot_save - note in @fd, unless something is in it already, which pages of @ram, a private
 * mapping of @size bytes, have become this process's own. What cannot be noted is not; it is a
 * matter of speed.
 */
void hot_save(int fd, const void *ram, uint64_t size);

/*
 * The first guest may have lived long and written much, the next ones need not. Kernels are at low
 * addresses: of more than this it is the lowest that are copied.
 */
#define HOT_MAX		(64 * MIB)

/* hot_populate - give such a mapping pages of its own where @fd says so, up to HOT_MAX. */
void hot_populate(int fd, void *ram, uint64_t size);

#endif /* KTSTR_VMM_HOT_H */
