/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nearest.h - for a name that is mistyped, those that may have been meant
 */
#ifndef KTSTR_RUNNER_NEAREST_H
#define KTSTR_RUNNER_NEAREST_H

#include "../ktstr.h"

/*
 * nearest - the names of some of the @nr tests at @tests, those nearest to a @glob that matched
 * nothing, or "none"; returns @buf.
 */
const char *nearest(const struct ktstr_test *const *tests, unsigned int nr, const char *glob,
		    char *buf, size_t size);

#endif /* KTSTR_RUNNER_NEAREST_H */
