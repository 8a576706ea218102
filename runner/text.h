/* SPDX-License-Identifier: GPL-2.0 */
/*
 * text.h - lines of text, of which only so much is kept
 */
#ifndef KTSTR_RUNNER_TEXT_H
#define KTSTR_RUNNER_TEXT_H

#include <stdbool.h>
#include "../lib/util.h"

/* Holds the newest lines; at the limit the oldest go. Zeroed memory is an empty one. */
struct textbuf {
	char *data;		/* NUL-terminated, NULL while empty */
	size_t len;
	size_t cap;
	unsigned int nr_dropped;	/* lines that are gone */
};

#define TEXTBUF_LIMIT	(64 * KIB)

/*
 * textbuf_add - append a line of @len bytes, and a newline. A line that cannot fit is cut, a NUL
 * becomes a '?'.
 */
void textbuf_add(struct textbuf *tb, const char *line, size_t len);

/* textbuf_printf - the same, formatted; cut at 1 KiB. */
void textbuf_printf(struct textbuf *tb, const char *fmt, ...) __printf(2, 3);

/* textbuf_tail - append the last @nr lines of @text, which may be NULL. */
void textbuf_tail(struct textbuf *tb, const char *text, size_t len, unsigned int nr);

static inline const char *textbuf_str(const struct textbuf *tb)
{
	return tb->data ? tb->data : "";
}

void textbuf_free(struct textbuf *tb);

/*
 * line_next - the next line of *@text, without its end ("\n" or "\r\n"); moves *@text
 * behind it. False at @end.
 */
bool line_next(const char **text, const char *end, const char **line, size_t *len);

#endif /* KTSTR_RUNNER_TEXT_H */
