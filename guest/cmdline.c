// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/platform.h"
#include "../lib/shm.h"
#include "cmdline.h"

bool cmdline_word(const char *cmdline, const char *key, char *val, size_t size)
{
	size_t key_len = strlen(key);
	bool found = false;

	while (*cmdline) {
		size_t len = strcspn(cmdline, " \t\n");

		if (len >= key_len && !strncmp(cmdline, key, key_len)) {
			size_t n = min(len - key_len, size - 1);

			memcpy(val, cmdline + key_len, n);
			val[n] = '\0';
			found = true;
		}
		cmdline += len;
		cmdline += strspn(cmdline, " \t\n");
	}
	return found;
}

int cmdline_window(const char *cmdline, uint64_t *base, uint64_t *size)
{
	unsigned long long b, s;
	char val[64], *end;

	if (!cmdline_word(cmdline, CMDLINE_SHM, val, sizeof(val)))
		return -ENOENT;
	if (strncmp(val, "0x", 2))
		return -EINVAL;
	errno = 0;
	b = strtoull(val, &end, 16);
	if (errno || *end != ',' || strncmp(end + 1, "0x", 2))
		return -EINVAL;
	s = strtoull(end + 1, &end, 16);
	if (errno || *end || !b || b % (4 * KIB) || s != SHM_SIZE)
		return -EINVAL;
	*base = b;
	*size = s;
	return 0;
}

bool cmdline_virtual_time(const char *cmdline)
{
	char val[16];

	return cmdline_word(cmdline, CMDLINE_TIME, val, sizeof(val)) && !strcmp(val, "virtual");
}
