// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include "klog.h"

/* The kernel writes control characters, the backslash and what is not ASCII as \xNN. */
static void unescape(char *s)
{
	char *out = s;

	while (*s) {
		if (s[0] == '\\' && s[1] == 'x' && hex_value(s[2]) >= 0 && hex_value(s[3]) >= 0) {
			int c = hex_value(s[2]) << 4 | hex_value(s[3]);

			*out++ = c < ' ' || c == 0x7f ? ' ' : (char)c;
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

static int parse_number(char **s, uint64_t *val)
{
	char *end;

	if (!isdigit((unsigned char)**s))
		return -EBADMSG;
	errno = 0;
	*val = strtoull(*s, &end, 10);
	if (errno || (*end != ',' && *end != ';'))
		return -EBADMSG;
	*s = *end == ',' ? end + 1 : end;
	return 0;
}

int klog_parse(char *buf, struct klog_rec *rec)
{
	char *text = strchr(buf, ';');
	uint64_t prio;

	if (!text || parse_number(&buf, &prio) || parse_number(&buf, &rec->seq) ||
	    parse_number(&buf, &rec->at_us) || buf > text)
		return -EBADMSG;
	text++;
	text[strcspn(text, "\n")] = '\0';
	unescape(text);
	rec->level = prio & LOG_PRIMASK;
	rec->text = text;
	return 0;
}

int klog_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_END) < 0) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

int klog_read(int fd, char *buf, struct klog_rec *rec, uint64_t *lost)
{
	for (;;) {
		ssize_t n = read(fd, buf, KLOG_RECORD_LEN - 1);

		if (n < 0 && errno == EPIPE) {
			/* The next read goes on at the oldest record that is left. */
			++*lost;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (n <= 0)
			return 0;
		buf[n] = '\0';
		if (!klog_parse(buf, rec))
			return 1;
		++*lost;
	}
}

bool klog_wanted(const struct klog_rec *rec)
{
	return rec->level <= LOG_WARNING || strstr(rec->text, "sched_ext");
}

void klog_send(struct guest *g)
{
	unsigned int nr = 0, more = 0, reads;
	char buf[KLOG_RECORD_LEN];
	char line[KLOG_MAX_LINE];
	struct klog_rec rec;
	uint64_t lost = 0;
	int ret, n;

	if (g->kmsg_fd < 0) {
		guest_log(g, "kernel log not readable: %s", strerror(-g->kmsg_fd));
		return;
	}
	for (reads = 0; reads < KLOG_MAX_READS; reads++) {
		ret = klog_read(g->kmsg_fd, buf, &rec, &lost);
		if (ret < 0)
			guest_log(g, "kernel log: %s", strerror(-ret));
		if (ret <= 0)
			break;
		if (!klog_wanted(&rec))
			continue;
		if (nr == KLOG_MAX_LINES) {
			more++;
			continue;
		}
		n = snprintf(line, sizeof(line), "[%5u.%06u] %s",
			     (unsigned int)(rec.at_us / 1000000),
			     (unsigned int)(rec.at_us % 1000000), rec.text);
		guest_send(g, MSG_KLOG, line, min((size_t)n, sizeof(line) - 1), false);
		nr++;
	}
	if (more || lost) {
		n = snprintf(line, sizeof(line), "(%u more lines not shown, %llu lost)", more,
			     (unsigned long long)lost);
		guest_send(g, MSG_KLOG, line, (size_t)n, false);
	}
}
