// SPDX-License-Identifier: GPL-2.0
/*
 * result.c - what the process of an instance tells the runner, over a pipe
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "result.h"

struct result_head {
	uint32_t magic;
	uint32_t flags;
	uint32_t have_result;
	uint32_t pad;
	uint64_t run_ns;
	struct phases phases;
	struct outcome outcome;
	uint64_t len[NR_SECTIONS];
	uint64_t nr_dropped[NR_SECTIONS];
};

_Static_assert(sizeof(struct result_head) <= 4 * KIB, "the head must fit into RESULT_MAX");

void instance_result_free(struct instance_result *res)
{
	unsigned int i;

	for (i = 0; i < NR_SECTIONS; i++)
		textbuf_free(&res->section[i]);
	memset(res, 0, sizeof(*res));
}

void result_unmet(struct instance_result *res, bool was_asked_for)
{
	if ((res->flags & RESULT_BUSY) || ((res->flags & RESULT_TOO_LARGE) && !was_asked_for))
		res->outcome.verdict = VERDICT_SKIP;
}

int result_send(int fd, const struct instance_result *res)
{
	struct result_head head = {
		.magic = RESULT_MAGIC,
		.flags = res->flags,
		.have_result = res->have_result,
		.run_ns = res->run_ns,
		.phases = res->phases,
		.outcome = res->outcome,
	};
	unsigned int i;
	int ret;

	for (i = 0; i < NR_SECTIONS; i++) {
		head.len[i] = res->section[i].len;
		head.nr_dropped[i] = res->section[i].nr_dropped;
	}
	ret = write_all(fd, &head, sizeof(head));
	for (i = 0; !ret && i < NR_SECTIONS; i++)
		ret = write_all(fd, textbuf_str(&res->section[i]), res->section[i].len);
	return ret;
}

int result_read(struct result_reader *rd, int fd)
{
	ssize_t n;

	if (rd->len == rd->cap) {
		size_t cap = rd->cap ? 2 * rd->cap : 16 * KIB;
		char *buf;

		/* One byte more than the largest record, to notice one that is larger. */
		if (rd->cap > RESULT_MAX)
			return -EFBIG;
		cap = min(cap, (size_t)RESULT_MAX + 1);
		buf = realloc(rd->buf, cap);
		if (!buf)
			return -ENOMEM;
		rd->buf = buf;
		rd->cap = cap;
	}
	n = read(fd, rd->buf + rd->len, rd->cap - rd->len);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	rd->len += n;
	return n == 0;
}

static bool outcome_sound(const struct outcome *out)
{
	return out->verdict > VERDICT_NONE && out->verdict < NR_VERDICTS &&
	       out->cause < NR_CAUSES && out->caught.cause < NR_CAUSES &&
	       memchr(out->unseen, '\0', sizeof(out->unseen)) &&
	       memchr(out->text, '\0', sizeof(out->text));
}

int result_parse(const struct result_reader *rd, struct instance_result *res)
{
	struct result_head head;
	size_t off = sizeof(head);
	unsigned int i;

	memset(res, 0, sizeof(*res));
	if (rd->len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, rd->buf, sizeof(head));
	if (head.magic != RESULT_MAGIC || !outcome_sound(&head.outcome))
		return -EBADMSG;
	for (i = 0; i < NR_SECTIONS; i++) {
		if (head.len[i] > rd->len - off)
			return -EBADMSG;
		off += head.len[i];
	}
	if (off != rd->len)
		return -EBADMSG;

	res->outcome = head.outcome;
	res->flags = head.flags;
	res->have_result = head.have_result;
	res->run_ns = head.run_ns;
	res->phases = head.phases;
	for (i = 0, off = sizeof(head); i < NR_SECTIONS; off += head.len[i++]) {
		const char *pos = rd->buf + off, *end = pos + head.len[i], *line;
		size_t len;

		while (line_next(&pos, end, &line, &len))
			textbuf_add(&res->section[i], line, len);
		res->section[i].nr_dropped += head.nr_dropped[i];
	}
	return 0;
}

void result_reader_free(struct result_reader *rd)
{
	free(rd->buf);
	memset(rd, 0, sizeof(*rd));
}
