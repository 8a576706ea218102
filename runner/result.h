/* SPDX-License-Identifier: GPL-2.0 */
/*
 * result.h - what the process of an instance tells the runner, over a pipe
 *
 * One record: a head with all lengths, then the text of each section. It counts
 * only when it is whole; a process that died left less.
 */
#ifndef KTSTR_RUNNER_RESULT_H
#define KTSTR_RUNNER_RESULT_H

#include "options.h"
#include "outcome.h"
#include "phases.h"
#include "text.h"

/* In the order in which they are printed. */
enum section {
	SECTION_DETAIL,		/* lines of the guest that belong to the result */
	SECTION_NOTE,		/* what the runner has to say about the run */
	SECTION_MONITOR,
	SECTION_SCHED,		/* the scheduler's own output */
	SECTION_KLOG,		/* hits in the kernel log, with what follows them */
	SECTION_CONSOLE,	/* the last lines, when there was no result */
	SECTION_ENGINE,		/* what it has counted; only with -v */
	SECTION_LOG,		/* only with -v */
	NR_SECTIONS,
};

#define RESULT_MAGIC	0x5345524bU	/* "KRES" */
#define RESULT_MAX	(NR_SECTIONS * TEXTBUF_LIMIT + 4 * KIB)

/* Of a template: it ran, but without a window, so that no image could be made of it. */
#define RESULT_NO_WINDOW	BIT(0)
/* The engine cannot have this machine: no failure when it was the test that asked for it. */
#define RESULT_TOO_LARGE	BIT(1)
/* Others have what it needs of the host. */
#define RESULT_BUSY		BIT(2)

struct instance_result {
	struct outcome outcome;
	uint32_t flags;
	bool have_result;		/* the guest itself had a say */
	uint64_t run_ns;		/* guest: the measured part */
	uint64_t real_ns;		/* host: all of it; not in the record */
	enum warm warm;			/* what it started from; nor is this */
	struct phases phases;
	struct textbuf section[NR_SECTIONS];
};

void instance_result_free(struct instance_result *res);

/*
 * result_unmet - what the host cannot give now makes a skip of a failure, and so does what no host
 * can, but if it @was_asked_for by the user.
 */
void result_unmet(struct instance_result *res, bool was_asked_for);

/* result_send - the whole record; 0 or a negative errno. */
int result_send(int fd, const struct instance_result *res);

struct result_reader {
	char *buf;
	size_t len, cap;
};

/* result_read - what is there. 1 at the end of the pipe, 0 if more may come, or an error. */
int result_read(struct result_reader *rd, int fd);

/* result_parse - what was read; -EBADMSG unless it is one whole and sound record. */
int result_parse(const struct result_reader *rd, struct instance_result *res);
void result_reader_free(struct result_reader *rd);

#endif /* KTSTR_RUNNER_RESULT_H */
