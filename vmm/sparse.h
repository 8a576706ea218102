/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sparse.h - copies of memory that is mostly holes and zeros
 */
#ifndef KTSTR_VMM_SPARSE_H
#define KTSTR_VMM_SPARSE_H

#include "../lib/log.h"

/*
 * sparse_copy - from memfd @from to the empty memfd @to, both of @size bytes (whole pages):
 * all that is neither a hole nor zero, by several threads. A negative errno with text.
 */
int sparse_copy(int from, int to, uint64_t size, struct err *err);

/* sparse_save - the same from anonymous memory at @from, and it sets the size of @to. */
int sparse_save(const void *from, int to, uint64_t size, struct err *err);

#endif /* KTSTR_VMM_SPARSE_H */
