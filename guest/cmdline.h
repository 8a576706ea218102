/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cmdline.h - what the host says on the kernel command line (lib/platform.h)
 */
#ifndef KTSTR_GUEST_CMDLINE_H
#define KTSTR_GUEST_CMDLINE_H

#include <stdbool.h>
#include "../lib/util.h"

/* cmdline_word - value of the last word that starts with @key, cut to @size; false if none does. */
bool cmdline_word(const char *cmdline, const char *key, char *val, size_t size);

/* cmdline_window - where the window is. -ENOENT without the word, -EINVAL if it makes no sense. */
int cmdline_window(const char *cmdline, uint64_t *base, uint64_t *size);

/* cmdline_virtual_time - is time counted in instructions? */
bool cmdline_virtual_time(const char *cmdline);

#endif /* KTSTR_GUEST_CMDLINE_H */
