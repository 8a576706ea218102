// SPDX-License-Identifier: GPL-2.0
/*
 * text.c - lines of text, of which only so much is kept
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "text.h"

static int textbuf_grow(struct textbuf *tb, size_t need)
{
	size_t cap = tb->cap ? tb->cap : 1024;
	char *data;

	while (cap < need)
		cap *= 2;
	if (cap == tb->cap)
		return 0;
	data = realloc(tb->data, cap);
	if (!data)
		return -1;
	tb->data = data;
	tb->cap = cap;
	return 0;
}

/* Drop whole lines from the front until @room bytes are free below the limit. */
static void textbuf_make_room(struct textbuf *tb, size_t room)
{
	size_t cut = 0;

	while (cut < tb->len && tb->len - cut + room > TEXTBUF_LIMIT) {
		const char *nl = memchr(tb->data + cut, '\n', tb->len - cut);

		cut = nl ? (size_t)(nl - tb->data) + 1 : tb->len;
		tb->nr_dropped++;
	}
	if (!cut)
		return;
	memmove(tb->data, tb->data + cut, tb->len - cut);
	tb->len -= cut;
	tb->data[tb->len] = '\0';
}

void textbuf_add(struct textbuf *tb, const char *line, size_t len)
{
	size_t i;

	/* A full buffer is emptied a good part at a time, or each line would move it all. */
	if (len > TEXTBUF_LIMIT / 4)
		len = TEXTBUF_LIMIT / 4;
	if (tb->len + len + 2 > TEXTBUF_LIMIT)
		textbuf_make_room(tb, TEXTBUF_LIMIT / 4 + 2);
	if (textbuf_grow(tb, tb->len + len + 2)) {
		tb->nr_dropped++;
		return;
	}
	memcpy(tb->data + tb->len, line, len);
	/* A NUL in the middle would hide all that comes after it. */
	for (i = 0; i < len; i++)
		if (!tb->data[tb->len + i])
			tb->data[tb->len + i] = '?';
	tb->len += len;
	tb->data[tb->len++] = '\n';
	tb->data[tb->len] = '\0';
}

void textbuf_printf(struct textbuf *tb, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	textbuf_add(tb, line, strlen(line));
}

void textbuf_tail(struct textbuf *tb, const char *text, size_t len, unsigned int nr)
{
	const char *end, *pos, *line;
	size_t line_len;

	if (!text || !nr)
		return;
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	end = text + len;
	pos = end;
	while (pos > text) {
		if (pos[-1] == '\n' && !--nr)
			break;
		pos--;
	}
	while (line_next(&pos, end, &line, &line_len))
		textbuf_add(tb, line, line_len);
}

void textbuf_free(struct textbuf *tb)
{
	free(tb->data);
	memset(tb, 0, sizeof(*tb));
}

bool line_next(const char **text, const char *end, const char **line, size_t *len)
{
	const char *nl;

	if (*text >= end)
		return false;
	nl = memchr(*text, '\n', end - *text);
	*line = *text;
	*len = (nl ? nl : end) - *text;
	*text = nl ? nl + 1 : end;
	while (*len && (*line)[*len - 1] == '\r')
		--*len;
	return true;
}
