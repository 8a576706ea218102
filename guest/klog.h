/* SPDX-License-Identifier: GPL-2.0 */
/*
 * klog.h - the kernel log as the guest reads it
 *
 * Format of /dev/kmsg: Documentation/ABI/testing/dev-kmsg.
 */
#ifndef KTSTR_GUEST_KLOG_H
#define KTSTR_GUEST_KLOG_H

#include "guest.h"

#define KLOG_RECORD_LEN	8192
/* At a time: a flood that goes on while we read must not keep us there. */
#define KLOG_MAX_READS	65536

struct klog_rec {
	unsigned int level;	/* LOG_EMERG to LOG_DEBUG */
	uint64_t seq;
	uint64_t at_us;
	const char *text;	/* one line, NUL-terminated, without the trailing key=value lines */
};

/* klog_parse - a record in @buf, NUL-terminated; it is changed in place. -EBADMSG if it is none. */
int klog_parse(char *buf, struct klog_rec *rec);

/* klog_open - /dev/kmsg, not blocking, behind all that is in it. A descriptor or negative errno. */
int klog_open(void);

/*
 * klog_read - the next record into @buf, of KLOG_RECORD_LEN bytes: 1, 0 when there is none yet,
 * or a negative errno. Records that were overwritten before they were read are added to *@lost.
 */
int klog_read(int fd, char *buf, struct klog_rec *rec, uint64_t *lost);

/* klog_wanted - is a record worth sending: a warning or worse, or about sched_ext? */
bool klog_wanted(const struct klog_rec *rec);

#define KLOG_MAX_LINES	200
#define KLOG_MAX_LINE	256

/*
 * klog_send - the wanted lines from g->kmsg_fd as MSG_KLOG, each with its time as dmesg
 * prints it; then, if there were more than KLOG_MAX_LINES or some were lost, a line that
 * says how many.
 */
void klog_send(struct guest *g);

#endif /* KTSTR_GUEST_KLOG_H */
