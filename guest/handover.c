// SPDX-License-Identifier: GPL-2.0
/*
 * handover.c - PID 1 gives the monitor what it cannot find by itself
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "handover.h"

#define AREA_ALIGN	64
#define CHUNK		(64 * KIB)
#define SYMREQ_MAX	(4 * KIB)
#define SYMS_MAX	(16 * KIB)
#define NOTES_MAX	(16 * KIB)
#define IOMEM_MAX	(32 * KIB)

/* "ADDRESS T ": the kernel prints 16 digits, always. */
#define ADDR_LEN	16
#define NAME_AT		(ADDR_LEN + 3)

void kallsyms_init(struct kallsyms_scan *scan, const char *names, size_t len, char *out,
		   size_t size)
{
	const char *end = names + len;

	memset(scan, 0, sizeof(*scan));
	scan->out = out;
	scan->out_size = size;
	while (names < end && scan->nr_names < KALLSYMS_NAMES) {
		size_t n = strnlen(names, end - names);

		if (n && n < 64 && names + n < end) {
			scan->names[scan->nr_names].name = names;
			scan->names[scan->nr_names].len = n;
			scan->nr_names++;
			scan->lengths |= 1ULL << n;
		}
		names += n + 1;
	}
}

static void kallsyms_hit(struct kallsyms_scan *scan, const char *line, unsigned int i)
{
	size_t len = scan->names[i].len;

	if (scan->names[i].seen)
		return;
	scan->names[i].seen = true;
	scan->nr_seen++;
	if (ADDR_LEN + 1 + len + 1 > scan->out_size - scan->out_len)
		return;
	memcpy(scan->out + scan->out_len, line, ADDR_LEN);
	scan->out_len += ADDR_LEN;
	scan->out[scan->out_len++] = ' ';
	memcpy(scan->out + scan->out_len, line + NAME_AT, len);
	scan->out_len += len;
	scan->out[scan->out_len++] = '\n';
}

/* Called some 200000 times where each instruction costs guest time: reject by length first. */
static inline void kallsyms_line(struct kallsyms_scan *scan, const char *line, size_t len)
{
	size_t n = len - NAME_AT;
	unsigned int i;

	if (len <= NAME_AT || n >= 64 || !(scan->lengths >> n & 1))
		return;
	for (i = 0; i < scan->nr_names; i++) {
		if (scan->names[i].len == n && scan->names[i].name[0] == line[NAME_AT] &&
		    !memcmp(scan->names[i].name, line + NAME_AT, n) && line[ADDR_LEN] == ' ')
			kallsyms_hit(scan, line, i);
	}
}

bool kallsyms_feed(struct kallsyms_scan *scan, const char *text, size_t len)
{
	const char *end = text + len;
	const char *nl;

	if (scan->partial_len && len) {
		size_t room = sizeof(scan->partial) - scan->partial_len;
		size_t n;

		nl = memchr(text, '\n', len);
		n = nl ? (size_t)(nl - text) : len;
		/* An endless line matches nothing: its head is enough. */
		memcpy(scan->partial + scan->partial_len, text, min(n, room));
		scan->partial_len += min(n, room);
		if (!nl)
			return false;
		kallsyms_line(scan, scan->partial, scan->partial_len);
		scan->partial_len = 0;
		text = nl + 1;
	}
	while (text < end) {
		nl = memchr(text, '\n', end - text);
		if (!nl)
			break;
		kallsyms_line(scan, text, nl - text);
		text = nl + 1;
	}
	if (text < end) {
		scan->partial_len = min((size_t)(end - text), sizeof(scan->partial));
		memcpy(scan->partial, text, scan->partial_len);
	}
	return scan->nr_names && scan->nr_seen == scan->nr_names;
}

size_t kallsyms_search(const char *names, size_t names_len, char *out, size_t size)
{
	struct kallsyms_scan *scan = malloc(sizeof(*scan) + CHUNK);
	ssize_t n;
	char *buf;
	int fd;

	fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	if (!scan || fd < 0) {
		free(scan);
		if (fd >= 0)
			close(fd);
		return 0;
	}
	buf = (char *)(scan + 1);
	kallsyms_init(scan, names, names_len, out, size);
	for (;;) {
		n = read(fd, buf, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		/* The rest, if all were seen, is modules and BPF programs. */
		if (n <= 0 || kallsyms_feed(scan, buf, n))
			break;
	}
	close(fd);
	size = scan->out_len;
	free(scan);
	return size;
}

/* A file, straight into the window. 0 if it is not there, or does not fit. */
static size_t read_whole(const char *path, char *dst, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (len < size) {
		n = read(fd, dst + len, min(size - len, MIB));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += n;
	}
	close(fd);
	return n ? 0 : len;
}

/* "  01000000-01dfffff : Kernel code" */
static uint64_t read_text_pa(void)
{
	char *buf = malloc(IOMEM_MAX);
	uint64_t pa = 0;
	char *hit;

	if (buf && read_file("/proc/iomem", buf, IOMEM_MAX) > 0) {
		hit = strstr(buf, " : Kernel code");
		while (hit && hit > buf && hit[-1] != '\n')
			hit--;
		if (hit)
			pa = strtoull(hit, NULL, 16);
	}
	free(buf);
	return pa;
}

/* "0x0000000003fd2000 1024" */
static void read_vmcoreinfo(struct bulk_header *bulk)
{
	unsigned long long pa, len;
	char buf[64];

	if (read_file("/sys/kernel/vmcoreinfo", buf, sizeof(buf)) <= 0 ||
	    sscanf(buf, "%llx %llx", &pa, &len) != 2)
		return;
	bulk->vmcoreinfo_pa = pa;
	bulk->vmcoreinfo_len = len;
}

static size_t add_entry(struct bulk_header *bulk, enum bulk_kind kind, size_t off, size_t len)
{
	bulk->entry[kind].off = off;
	bulk->entry[kind].len = len;
	return ALIGN_UP(off + len, AREA_ALIGN);
}

int handover(struct guest *g)
{
	struct bulk_header *bulk;
	struct bulk_entry req;
	struct utsname uts;
	struct timespec res;
	size_t off, len;
	char *area;

	if (!g->shm.base)
		return -ENODEV;
	area = shm_bulk(&g->shm);
	bulk = shm_bulk(&g->shm);
	req = bulk->entry[BULK_SYMREQ];
	if (bulk->magic != BULK_MAGIC || req.len > SYMREQ_MAX || req.off < sizeof(*bulk) ||
	    req.off > SHM_BULK_SIZE - SYMREQ_MAX)
		return -EPROTO;

	off = ALIGN_UP(req.off + req.len, AREA_ALIGN);
	read_vmcoreinfo(bulk);
	/* To search that is dear, and not needed where the host finds the kernel's own table. */
	if (req.len && !bulk->vmcoreinfo_pa) {
		len = kallsyms_search(area + req.off, req.len, area + off,
				      min(SHM_BULK_SIZE - off, SYMS_MAX));
		off = add_entry(bulk, BULK_KALLSYMS, off, len);
	}
	len = read_whole("/sys/kernel/notes", area + off, min(SHM_BULK_SIZE - off, NOTES_MAX));
	off = add_entry(bulk, BULK_NOTES, off, len);
	len = read_whole("/sys/kernel/btf/vmlinux", area + off, SHM_BULK_SIZE - off);
	add_entry(bulk, BULK_BTF, off, len);

	bulk->text_pa = read_text_pa();
	if (!clock_getres(CLOCK_MONOTONIC_COARSE, &res))
		bulk->tick_ns = res.tv_sec * NSEC_PER_SEC + res.tv_nsec;
	if (!uname(&uts))
		snprintf(bulk->release, sizeof(bulk->release), "%s", uts.release);
	atomic_store_explicit(&bulk->ready, 1, memory_order_release);
	return 0;
}
