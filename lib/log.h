/* SPDX-License-Identifier: GPL-2.0 */
/*
 * log.h - errors that name their cause and their cure
 *
 * A function that can fail returns a negative errno. Where a person will read
 * about it, the function also takes a struct err, its last parameter, and
 * leaves one line there: what was wrong with what, and what to do about it.
 */
#ifndef KTSTR_LIB_LOG_H
#define KTSTR_LIB_LOG_H

#include "util.h"

struct err {
	char msg[512];
};

/*
 * err_set - write the message and return @code, so that a caller can end with
 * "return err_set(err, -EINVAL, ...)". The first message wins: what is set
 * deeper down is nearer to the cause. @err may be NULL. Control characters are
 * replaced, so that a message stays one line.
 */
int err_set(struct err *err, int code, const char *fmt, ...) __printf(3, 4);

/* now_ns - CLOCK_MONOTONIC in nanoseconds. */
uint64_t now_ns(void);

/*
 * write_all/read_file - whole transfers: short writes and EINTR are handled.
 * read_file() returns the number of bytes (the buffer is NUL-terminated, at
 * most @size - 1 are read) or a negative errno.
 */
int write_all(int fd, const void *buf, size_t len);
int read_file(const char *path, char *buf, size_t size);

/*
 * read_file_alloc - the whole of a file, of any kind and size up to @limit;
 * *@buf is malloc()ed, NUL-terminated and the caller's to free.
 * -EFBIG when there is more than @limit.
 */
int read_file_alloc(const char *path, size_t limit, char **buf, size_t *len);

/* write_file - open for writing (no O_CREAT), write the string, close. */
int write_file(const char *path, const char *str);

#endif /* KTSTR_LIB_LOG_H */
