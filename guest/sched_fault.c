// SPDX-License-Identifier: GPL-2.0
/*
 * The faults of the built-in scheduler "fault": what they are, and their switches.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "sched_fault.h"
#include "scheduler.h"

#define MAX_AFTER_S	3600

static const struct {
	const char *name;
	const char *what;
	unsigned int arg, max;		/* default, and largest; 0: it takes none */
} known[NR_SCHED_FAULTS] = {
	[SCHED_FAULT_STALL_CPU] = {
		"stall-cpu", "nothing is dispatched on CPU N", 1, 1023 },
	[SCHED_FAULT_STALL_ALL] = {
		"stall-all", "nothing is dispatched any more", 0, 0 },
	[SCHED_FAULT_DROP] = {
		"drop", "one task in N that is enqueued is forgotten", 50, 1 << 20 },
	[SCHED_FAULT_STARVE] = {
		"starve", "tasks of the cgroup of that name never run", 0, 0 },
	[SCHED_FAULT_IGNORE_AFFINITY] = {
		"ignore-affinity", "tasks are sent to a CPU that they may not use", 0, 0 },
	[SCHED_FAULT_WRONG_CPUSET] = {
		"wrong-cpuset", "tasks wait for CPU N although they may not use it", 0, 1023 },
	[SCHED_FAULT_SLOW] = {
		"slow", "of N dispatches one is done", 4, 1 << 20 },
	[SCHED_FAULT_SCATTERSHOT] = {
		"scattershot", "tasks are sent to a random CPU", 0, 0 },
	[SCHED_FAULT_BYPASS] = {
		"bypass", "CPUs are chosen that tasks may not use: the kernel has to", 0, 0 },
	[SCHED_FAULT_CROWD] = {
		"crowd", "tasks are sent to CPU N, if they may use it", 0, 1023 },
	[SCHED_FAULT_PILE_UP] = {
		"pile-up", "tasks wait in local DSQs, not in the queue", 0, 0 },
	[SCHED_FAULT_UNFAIR] = {
		"unfair", "tasks with an odd pid get 1/N of a slice", 10, 1000 },
	[SCHED_FAULT_LATE] = {
		"late", "one in N that wake up waits for up to 20 ms", 1, 1 << 20 },
	[SCHED_FAULT_HOG] = {
		"hog", "slices never end", 0, 0 },
	[SCHED_FAULT_SPIN] = {
		"spin", "CPU 1 is kept for N ms, once", 3000, 60000 },
	[SCHED_FAULT_ERROR] = {
		"error", "gives up with scx_bpf_error()", 0, 0 },
	[SCHED_FAULT_CRASH] = {
		"crash", "uses a DSQ that does not exist", 0, 0 },
	[SCHED_FAULT_EXIT] = {
		"exit", "leaves with scx_bpf_exit()", 0, 0 },
	[SCHED_FAULT_REJECT] = {
		"reject", "the verifier refuses it", 0, 0 },
	[SCHED_FAULT_LATE_ATTACH] = {
		"late-attach", "takes N s to attach", 5, 3600 },
	[SCHED_FAULT_NO_ATTACH] = {
		"no-attach", "does not attach", 0, 0 },
	[SCHED_FAULT_DIE] = {
		"die", "ends by itself, with exit code 7", 0, 0 },
	[SCHED_FAULT_REATTACH] = {
		"reattach", "is detached and attached again", 0, 0 },
	[SCHED_FAULT_LEAK] = {
		"leak", "leaves its link pinned when it ends", 0, 0 },
	[SCHED_FAULT_DEAF] = {
		"deaf", "does not end when it is told to", 0, 0 },
};

void sched_fault_defaults(struct sched_fault_options *o)
{
	unsigned int i;

	memset(o, 0, sizeof(*o));
	for (i = 0; i < NR_SCHED_FAULTS; i++)
		o->arg[i] = known[i].arg;
}

static int parse_after(const char *text, double *after_s, struct err *err)
{
	char *end;

	errno = 0;
	*after_s = strtod(text, &end);
	/* Written so that NaN is refused. */
	if (errno || end == text || *end || !(*after_s >= 0 && *after_s <= MAX_AFTER_S))
		return err_set(err, -EINVAL, "--fault: @%s: not a number of seconds, at most %d", text,
			       MAX_AFTER_S);
	return 0;
}

static int parse_arg(const char *text, unsigned int max, unsigned int *arg, struct err *err)
{
	unsigned long val;
	char *end;

	errno = 0;
	val = strtoul(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || val > max)
		return err_set(err, -EINVAL, "--fault: =%s: not a number up to %u", text, max);
	*arg = (unsigned int)val;
	return 0;
}

static int unknown(const char *name, struct err *err)
{
	char list[512] = "";
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < NR_SCHED_FAULTS && len < sizeof(list); i++)
		len += snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
				known[i].name);
	return err_set(err, -EINVAL, "--fault: there is no '%.64s'; there are: %s", name, list);
}

int sched_fault_parse(const char *text, struct sched_fault_options *o, struct err *err)
{
	char buf[128], *at, *arg;
	unsigned int nr;
	int ret = 0;

	if ((size_t)snprintf(buf, sizeof(buf), "%s", text) >= sizeof(buf))
		return err_set(err, -EINVAL, "--fault: '%.20s...' is too long", text);
	at = strchr(buf, '@');
	if (at)
		*at++ = '\0';
	arg = strchr(buf, '=');
	if (arg)
		*arg++ = '\0';
	for (nr = 0; nr < NR_SCHED_FAULTS; nr++)
		if (!strcmp(buf, known[nr].name))
			break;
	if (nr == NR_SCHED_FAULTS)
		return unknown(buf, err);
	if (nr == SCHED_FAULT_STARVE) {
		if (!arg || !*arg || strlen(arg) >= sizeof(o->cgroup))
			return err_set(err, -EINVAL, "--fault %s needs the name of a cgroup", buf);
		snprintf(o->cgroup, sizeof(o->cgroup), "%s", arg);
	} else if (arg && !known[nr].max) {
		return err_set(err, -EINVAL, "--fault %s takes no argument", buf);
	} else if (arg) {
		ret = parse_arg(arg, known[nr].max, &o->arg[nr], err);
	}
	if (!ret && at)
		ret = parse_after(at, &o->after_s[nr], err);
	o->on[nr] = !ret;
	return ret;
}

const char *sched_fault_name(unsigned int nr)
{
	return nr < NR_SCHED_FAULTS ? known[nr].name : NULL;
}

void sched_fault_usage(FILE *f)
{
	unsigned int i;

	fprintf(f, "--fault NAME[=N][@S], S seconds after it is attached:\n");
	for (i = 0; i < NR_SCHED_FAULTS; i++) {
		fprintf(f, "  %-16s %s", known[i].name, known[i].what);
		if (known[i].max)
			fprintf(f, "; N is %u", known[i].arg);
		fputc('\n', f);
	}
}

bool sched_fault_strikes(struct sched_faults *faults, enum sched_fault nr)
{
	struct sched_fault_state *s = faults ? &faults->fault[nr] : NULL;
	unsigned long long from = s ? READ_ONCE(s->from_ns) : 0;

	if (!from || now_ns() < from)
		return false;
	if (!s->began_ns)
		s->began_ns = now_ns();
	return true;
}

/* --- PID 1 ---------------------------------------------------------------- */

void sched_faults_open(struct sched *s)
{
	void *map;
	int fd;

	s->faults = NULL;
	s->switched = 0;
	fd = bpf_obj_get(SCHED_FAULTS_PIN);
	if (fd < 0)
		return;
	/* The next scheduler pins its own, or has none. */
	unlink(SCHED_FAULTS_PIN);
	map = mmap(NULL, sizeof(*s->faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		s->faults = map;
}

void sched_faults_close(struct sched *s)
{
	unsigned int i;

	if (!s->faults)
		return;
	for (i = 0; i < NR_SCHED_FAULTS; i++) {
		uint64_t began = READ_ONCE(s->faults->fault[i].began_ns);

		if (began && (!s->fault_ns || began < s->fault_ns))
			s->fault_ns = began;
	}
	munmap(s->faults, sizeof(*s->faults));
	s->faults = NULL;
}

void sched_faults_switch(struct sched *s, uint32_t mask, uint64_t from_ns)
{
	uint32_t changed = mask ^ s->switched;
	unsigned int i;

	if (!s->faults || !changed)
		return;
	from_ns = max(from_ns, now_ns());
	for (i = 0; i < NR_SCHED_FAULTS; i++)
		if (changed & 1U << i)
			WRITE_ONCE(s->faults->fault[i].from_ns, mask & 1U << i ? from_ns : 0);
	s->switched = mask;
	if (s->pid > 0)
		kill(s->pid, SCHED_FAULT_SIGNAL);
}
