// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sched_log.h"

char *sched_log_read(int fd)
{
	size_t len, done = 0;
	struct stat st;
	off_t from;
	char *buf;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	len = min_t(size_t, st.st_size, SCHED_LOG_MAX_READ);
	from = st.st_size - (off_t)len;
	buf = malloc(len + 1);
	if (!buf)
		return NULL;
	while (done < len) {
		ssize_t n = pread(fd, buf + done, len - done, from + (off_t)done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	/* Text as far as C strings are concerned. */
	for (len = 0; len < done; len++)
		if (!buf[len])
			buf[len] = ' ';
	buf[done] = '\0';
	return buf;
}

/* The next line that is not blank, without the blanks around it; false at the end. */
static bool next_line(const char **log, const char **line, size_t *len)
{
	while (**log) {
		size_t n = strcspn(*log, "\n");
		const char *s = *log;

		*log += n + ((*log)[n] == '\n');
		while (n && isspace((unsigned char)*s)) {
			s++;
			n--;
		}
		while (n && isspace((unsigned char)s[n - 1]))
			n--;
		if (n) {
			*line = s;
			*len = n;
			return true;
		}
	}
	return false;
}

static bool starts_with(const char *line, const char *word)
{
	return !strncmp(line, word, strlen(word));
}

static bool contains(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (; len >= n; line++, len--)
		if (!strncasecmp(line, word, n))
			return true;
	return false;
}

static bool speaks_of_error(const char *line, size_t len)
{
	static const char *const words[] = {
		"error", "fail", "cannot", "can't", "invalid", "denied", "not found", "unknown",
		"unsupported", "not supported", "panicked", "no such", "bug:", "_bug",
	};
	size_t i;

	/* libbpf says so about what the kernel does not have and the scheduler does without. */
	if (contains(line, len, "skipping") || contains(line, len, "zeroing"))
		return false;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (contains(line, len, words[i]))
			return true;
	return false;
}

char *sched_log_telling(const char *log, char *buf, size_t size)
{
	const char *verifier = NULL, *report = NULL, *error = NULL, *last = NULL;
	size_t verifier_len = 0, report_len = 0, error_len = 0, last_len = 0;
	const char *line, *prev = NULL;
	size_t len, prev_len = 0;
	bool in_verifier_log = false;

	while (next_line(&log, &line, &len)) {
		if (contains(line, len, "BEGIN PROG LOAD LOG")) {
			in_verifier_log = true;
			prev = NULL;
		} else if (contains(line, len, "END PROG LOAD LOG")) {
			in_verifier_log = false;
		} else if (in_verifier_log) {
			/* Behind the complaint comes an explanation (7.3 on), or the totals. */
			if (!verifier && prev && (starts_with(line, "Verification failed:") ||
						  starts_with(line, "processed "))) {
				verifier = prev;
				verifier_len = prev_len;
			}
			prev = line;
			prev_len = len;
		} else if (starts_with(line, "EXIT: ")) {
			report = line;
			report_len = len;
		} else if (!error && starts_with(line, "[SCX_BUG]")) {
			/* SCX_BUG() of tools/sched_ext: place and errno, then what it is. */
			if (!next_line(&log, &error, &error_len)) {
				error = line;
				error_len = len;
			}
			line = error;
			len = error_len;
		} else if (!error && speaks_of_error(line, len)) {
			error = line;
			error_len = len;
		}
		last = line;
		last_len = len;
	}

	if (verifier && error)
		snprintf(buf, size, "%.*s: %.*s", (int)min(error_len, size / 2), error,
			 (int)min(verifier_len, size / 2), verifier);
	else if (report)
		snprintf(buf, size, "%.*s", (int)min(report_len, size), report);
	else if (error)
		snprintf(buf, size, "%.*s", (int)min(error_len, size), error);
	else
		snprintf(buf, size, "%.*s", (int)min(last_len, size), last ? last : "");
	return buf;
}

const char *sched_log_tail(const char *log, unsigned int nr)
{
	const char *s = log + strlen(log);

	while (s > log && nr) {
		const char *end = s;

		while (end > log && end[-1] == '\n')
			end--;
		for (s = end; s > log && s[-1] != '\n'; s--)
			;
		if (s < end)
			nr--;
	}
	return s;
}

/* The lines from @from on; @detail with a prefix, as they stand between others there. */
static void send_lines(struct guest *g, const char *from, bool detail)
{
	while (*from) {
		size_t len = strcspn(from, "\n");
		int shown = (int)min_t(size_t, len, RESULT_TEXT_LEN);

		if (shown && detail)
			guest_detail(g, "scheduler: %.*s", shown, from);
		else if (shown)
			guest_send(g, MSG_SCHED_LOG, from, (size_t)shown, false);
		from += len + (from[len] == '\n');
	}
}

static void send_tail(struct guest *g, int fd, unsigned int nr, bool detail)
{
	char *log = sched_log_read(fd);

	if (!log)
		return;
	send_lines(g, sched_log_tail(log, nr), detail);
	free(log);
}

void sched_log_details(struct guest *g, int fd)
{
	send_tail(g, fd, SCHED_LOG_TAIL, true);
}

void sched_log_send(struct guest *g, int fd)
{
	send_tail(g, fd, SCHED_LOG_MAX_LINES, false);
}
