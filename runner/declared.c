// SPDX-License-Identifier: GPL-2.0
/*
 * declared.c - a file in which the author of a scheduler says what it can and cannot do
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "declared.h"

#define BLANKS		" \t\r"
#define DECL_MAX	(64 * KIB)

int declared_read(const char *path, char **text, struct err *err)
{
	char *buf;
	size_t len;
	int ret;

	ret = read_file_alloc(path, DECL_MAX, &buf, &len);
	if (ret)
		return ret;
	if (strlen(buf) != len) {
		free(buf);
		return err_set(err, -EINVAL, "%s: there are NUL bytes in it", path);
	}
	*text = buf;
	return 0;
}

static char *trim(char *s)
{
	char *end;

	s += strspn(s, BLANKS);
	end = s + strlen(s);
	while (end > s && strchr(BLANKS, end[-1]))
		end--;
	*end = '\0';
	return s;
}

static int parse_line(char *line, const char *from, declared_fn fn, void *ctx, struct err *err)
{
	char *value;

	line = trim(line);
	/* An argument may have one in it: only what begins a line is a comment. */
	if (!*line || *line == '#')
		return 0;
	value = line + strcspn(line, BLANKS);
	if (*value)
		*value++ = '\0';
	value = trim(value);
	if (!*value)
		return err_set(err, -EINVAL, "%s: %.64s: needs a value", from, line);
	return fn(ctx, from, line, value, err);
}

int declared_parse(char *text, const char *path, declared_fn fn, void *ctx, struct err *err)
{
	char from[PATH_MAX + 16], *next;
	unsigned int nr = 0;
	int ret = 0;

	for (; text && !ret; text = next) {
		next = strchr(text, '\n');
		if (next)
			*next++ = '\0';
		snprintf(from, sizeof(from), "%s:%u", path, ++nr);
		ret = parse_line(text, from, fn, ctx, err);
	}
	return ret;
}
