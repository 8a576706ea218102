// SPDX-License-Identifier: GPL-2.0
/*
 * nearest.c - for a name that is mistyped, those that may have been meant
 */
#include <stdio.h>
#include <string.h>
#include "nearest.h"

#define NEAREST_NR	3

/* How many single-letter edits make @a of @b; names are short. */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int row[65], i, j;
	size_t len = min(strlen(b), ARRAY_SIZE(row) - 1);

	for (j = 0; j <= len; j++)
		row[j] = j;
	for (i = 1; *a; a++, i++) {
		unsigned int diag = row[0];

		row[0] = i;
		for (j = 1; j <= len; j++) {
			unsigned int up = row[j];

			row[j] = min(min(up, row[j - 1]) + 1, diag + (*a != b[j - 1]));
			diag = up;
		}
	}
	return row[len];
}

const char *nearest(const struct ktstr_test *const *tests, unsigned int nr, const char *glob,
		    char *buf, size_t size)
{
	bool taken[nr ? nr : 1];
	unsigned int i, n;
	size_t len = 0;

	memset(taken, 0, sizeof(taken));
	snprintf(buf, size, "none");
	for (n = 0; n < NEAREST_NR && n < nr; n++) {
		unsigned int best = nr, best_dist = 0;

		for (i = 0; i < nr; i++) {
			unsigned int dist = edit_distance(glob, tests[i]->name);

			/* A part of a name is near, whatever its length. */
			if (strstr(tests[i]->name, glob))
				dist = 0;
			if (!taken[i] && (best == nr || dist < best_dist)) {
				best = i;
				best_dist = dist;
			}
		}
		taken[best] = true;
		len += snprintf(buf + len, size - len, "%s%s", n ? ", " : "", tests[best]->name);
		if (len >= size)
			break;
	}
	return buf;
}
