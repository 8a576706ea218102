/* SPDX-License-Identifier: GPL-2.0 */
/*
 * handover.h - PID 1 gives the monitor what it cannot find by itself
 */
#ifndef KTSTR_GUEST_HANDOVER_H
#define KTSTR_GUEST_HANDOVER_H

#include "guest.h"

/*
 * handover - fill the bulk area of the window: addresses of the symbols that the host
 * asked for or where it finds them, BTF, notes, where the kernel lies, how long a jiffy
 * is. What this kernel does not offer is just absent. -ENODEV without a window, -EPROTO if the
 * host did not prepare the area.
 */
int handover(struct guest *g);

/*
 * kallsyms_scan - search text that comes in pieces, as from /proc/kallsyms, for names:
 * @names is a list of strings of @len bytes in all, each with its NUL. Feed every piece
 * to kallsyms_feed(); it returns true once every name was seen. Lines of hits collect in
 * out[0..out_len), as "ADDRESS NAME\n"; what does not fit is left out.
 */
#define KALLSYMS_NAMES		32	/* more are not searched for */
#define KALLSYMS_LINE		512

struct kallsyms_scan {
	char *out;
	size_t out_size;
	size_t out_len;
	unsigned int nr_names;
	unsigned int nr_seen;
	uint64_t lengths;		/* bit n: a name of n bytes is wanted */
	struct {
		const char *name;
		size_t len;
		bool seen;
	} names[KALLSYMS_NAMES];
	size_t partial_len;		/* a line that began in the last piece */
	char partial[KALLSYMS_LINE];
};

void kallsyms_init(struct kallsyms_scan *scan, const char *names, size_t len, char *out,
		   size_t size);
bool kallsyms_feed(struct kallsyms_scan *scan, const char *text, size_t len);

/* kallsyms_search - the same for all of /proc/kallsyms; returns the length of what is in @out. */
size_t kallsyms_search(const char *names, size_t names_len, char *out, size_t size);

#endif /* KTSTR_GUEST_HANDOVER_H */
