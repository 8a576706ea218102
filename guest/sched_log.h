/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sched_log.h - what a scheduler's loader printed
 *
 * All of it is kept in a file; a report shows its end, and in its first line the
 * one that says most about why there is no scheduler.
 */
#ifndef KTSTR_GUEST_SCHED_LOG_H
#define KTSTR_GUEST_SCHED_LOG_H

#include "guest.h"

#define SCHED_LOG_TAIL		20
#define SCHED_LOG_MAX_LINES	200
#define SCHED_LOG_MAX_READ	(1 * MIB)	/* from the end of the file */

/* sched_log_read - the end of the log, malloc()ed, NUL-terminated; NULL when it cannot be read. */
char *sched_log_read(int fd);

/*
 * sched_log_telling - the line that tells why it failed, without leading blanks: the verifier's
 * complaint; else the loader's exit report ("EXIT: ..."); else the first that speaks of
 * an error; else the last. "" for an empty log. Returns @buf.
 */
char *sched_log_telling(const char *log, char *buf, size_t size);

/* sched_log_tail - where the last @nr lines begin that are not empty. */
const char *sched_log_tail(const char *log, unsigned int nr);

/* sched_log_details - the last SCHED_LOG_TAIL lines as detail lines. */
void sched_log_details(struct guest *g, int fd);

/* sched_log_send - the last SCHED_LOG_MAX_LINES lines as MSG_SCHED_LOG. */
void sched_log_send(struct guest *g, int fd);

#endif /* KTSTR_GUEST_SCHED_LOG_H */
