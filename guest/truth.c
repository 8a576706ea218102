// SPDX-License-Identifier: GPL-2.0
/*
 * truth.c - says what the guest sees of its own run queues, then stops the VM at that instant
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../lib/platform.h"
#include "handover.h"
#include "instrument.h"
#include "ports.h"
#include "scx.h"
#include "truth.h"

#define SCHED_DEBUG	"/sys/kernel/debug/sched/debug"
#define DEBUG_MAX	(4 * MIB)
#define MAX_SPINNERS	64
#define STABLE_NS	(10 * NSEC_PER_SEC)
#define SUM_TIMES	10U
#define SUM_NS		(200 * NSEC_PER_USEC)
#define LIE_ABOUT	1U	/* CPU */
#define SYMS_MAX	(16 * KIB)
#define EVENTS_MAX	(4 * KIB)

enum lie {
	LIE_NONE,
	LIE_RUNNING,
	LIE_CLOCK,
	LIE_IDLE,
	LIE_SCX,
	LIE_EVENT,
	LIE_SYMBOL,
};

struct load {
	unsigned int nr_cpus;
	unsigned int own_cpu;		/* PID 1's, on which it counts itself */
	bool scx;			/* sched_ext has the spinners */
	unsigned int nr;
	pid_t pid[MAX_SPINNERS];
	struct truth_cpu cpu[KTSTR_MAX_CPUS];
	char events[EVENTS_MAX];	/* what sched_ext has counted */
	uint64_t for_ns;		/* what a look took */
	int loadavg_fd;
};

/* --- sched/debug ---------------------------------------------------------- */

/* "  .clock   : 5012.345678": milliseconds, with six digits behind the point. */
static const char *debug_value(const char *line, const char *name)
{
	size_t len = strlen(name);

	line += strspn(line, " ");
	if (strncmp(line, name, len))
		return NULL;
	line += len;
	line += strspn(line, " ");
	return *line == ':' ? line + 1 : NULL;
}

enum debug_have {
	HAVE_RUNNING = 1,
	HAVE_CURR = 2,
	HAVE_CLOCK = 4,
	HAVE_ALL = 7,
};

/* The first of each below "cpu#": queues below it repeat names. */
static void debug_line(const char *line, struct truth_cpu *cpu, unsigned int *have)
{
	unsigned long long ms, ns;
	const char *val;

	val = debug_value(line, ".nr_running");
	if (val && !(*have & HAVE_RUNNING) && sscanf(val, "%u", &cpu->nr_running) == 1)
		*have |= HAVE_RUNNING;
	val = debug_value(line, ".curr->pid");
	if (val && !(*have & HAVE_CURR) && sscanf(val, "%u", &cpu->curr) == 1)
		*have |= HAVE_CURR;
	val = debug_value(line, ".clock");
	if (val && !(*have & HAVE_CLOCK) && sscanf(val, "%llu.%6llu", &ms, &ns) == 2) {
		cpu->clock = ms * NSEC_PER_MSEC + ns;
		*have |= HAVE_CLOCK;
	}
}

int sched_debug_parse(const char *text, struct truth_cpu *cpus, unsigned int nr)
{
	unsigned int have[KTSTR_MAX_CPUS] = { 0 };
	unsigned int cpu = KTSTR_MAX_CPUS, i;

	while (*text) {
		if (sscanf(text, "cpu#%u", &i) == 1)
			cpu = i;
		else if (cpu < nr)
			debug_line(text, &cpus[cpu], &have[cpu]);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	for (i = 0; i < nr; i++) {
		if (have[i] != HAVE_ALL)
			return -ENODATA;
		cpus[i].cpu = i;
	}
	return 0;
}

/* --- the load ------------------------------------------------------------- */

/* CPU 0 stays idle, so that both kinds are seen. */
static unsigned int spinners_of(unsigned int cpu)
{
	return cpu ? cpu + 1 : 0;
}

static void pin(pid_t pid, unsigned int cpu, int *ret)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(pid, sizeof(set), &set))
		*ret = -errno;
}

/* Forked by a realtime task that resets on fork: normal ones. */
static int load_start(struct load *l)
{
	unsigned int cpu, i;
	int ret = 0;

	for (cpu = 0; cpu < l->nr_cpus; cpu++) {
		for (i = 0; i < spinners_of(cpu); i++) {
			pid_t pid;

			if (l->nr == MAX_SPINNERS)
				return -E2BIG;
			pid = fork();
			if (pid < 0)
				return -errno;
			if (!pid) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				for (;;)
					__asm__ volatile("pause");
			}
			l->pid[l->nr++] = pid;
			pin(pid, cpu, &ret);
			if (ret)
				return ret;
		}
	}
	return ret;
}

static void load_stop(struct load *l)
{
	unsigned int i;

	for (i = 0; i < l->nr; i++)
		kill(l->pid[i], SIGKILL);
	for (i = 0; i < l->nr; i++)
		while (waitpid(l->pid[i], NULL, 0) < 0 && errno == EINTR)
			;
}

static int look(struct load *l)
{
	uint64_t start = now_ns();
	size_t len;
	char *text;
	int ret;

	ret = read_file_alloc(SCHED_DEBUG, DEBUG_MAX, &text, &len);
	if (ret)
		return ret;
	ret = sched_debug_parse(text, l->cpu, l->nr_cpus);
	free(text);
	l->for_ns = now_ns() - start;
	if (!ret)
		ret = scx_read_events(SCX_DIR, l->events, sizeof(l->events));
	return ret;
}

/* Nothing but the spinners and PID 1 itself. */
static bool only_load(const struct load *l)
{
	unsigned int cpu;

	for (cpu = 0; cpu < l->nr_cpus; cpu++) {
		if (l->cpu[cpu].nr_running != spinners_of(cpu) + (cpu == l->own_cpu))
			return false;
		if (cpu != l->own_cpu && !l->cpu[cpu].curr != !spinners_of(cpu))
			return false;
	}
	return true;
}

/*
 * A look takes some 20 ms, in which a kernel thread may wake up. The sum of all run queues
 * takes microseconds: if that is right as well, nobody runs that should not.
 */
static bool sum_is_load(const struct load *l)
{
	char text[128] = "";
	unsigned int nr;

	if (pread(l->loadavg_fd, text, sizeof(text) - 1, 0) <= 0 || loadavg_running(text, &nr))
		return false;
	return nr == l->nr + 1;
}

/* What PID 1 itself has caused is over, and nobody is in the middle of going to sleep. */
static bool sum_stays(const struct load *l)
{
	unsigned int i;

	for (i = 0; i < SUM_TIMES; i++) {
		uint64_t until = now_ns() + SUM_NS;

		if (!sum_is_load(l))
			return false;
		while (now_ns() < until)
			;
	}
	return sum_is_load(l);
}

/* The counters that were told are still the right ones. */
static bool events_stay(const struct load *l)
{
	char now[EVENTS_MAX];

	return !scx_read_events(SCX_DIR, now, sizeof(now)) && !strcmp(now, l->events);
}

/* --- telling -------------------------------------------------------------- */

/* More than what may happen by chance between the guest's word and the host's look. */
#define LIE_BY	100

static void lie_about(struct truth_cpu *cpu, enum lie lie)
{
	switch (lie) {
	case LIE_RUNNING:
		cpu->nr_running += LIE_BY;
		break;
	case LIE_CLOCK:
		cpu->clock += 10 * NSEC_PER_SEC;
		break;
	case LIE_IDLE:
		cpu->curr = 0;
		break;
	case LIE_SCX:
		cpu->scx += LIE_BY;
		break;
	default:
		break;
	}
}

static void tell_events(struct guest *g, const struct load *l, enum lie lie)
{
	const char *line;
	size_t len;

	for (line = l->events; *line; line += len + !!line[len]) {
		char name[64];
		long long count;

		len = strcspn(line, "\n");
		if (lie == LIE_EVENT && line == l->events &&
		    sscanf(line, "%63s %lld", name, &count) == 2)
			guest_log(g, TRUTH_EVENT "%s %lld", name, count + LIE_BY);
		else
			guest_log(g, TRUTH_EVENT "%.*s", (int)len, line);
	}
}

/* By the window alone: an interrupt of COM2 would be seen on a run queue. */
static void tell(struct guest *g, struct load *l, enum lie lie)
{
	unsigned int cpu;

	for (cpu = 0; cpu < l->nr_cpus; cpu++) {
		struct truth_cpu *c = &l->cpu[cpu];

		c->scx = l->scx ? spinners_of(cpu) : 0;
		c->slack = cpu == l->own_cpu;
		if (cpu == LIE_ABOUT)
			lie_about(c, lie);
		guest_log(g, TRUTH_CPU_FMT, c->cpu, c->nr_running, (unsigned long long)c->clock,
			  c->curr, c->scx, c->slack);
	}
	guest_log(g, TRUTH_FOR_FMT, (unsigned long long)l->for_ns);
	tell_events(g, l, lie);
}

static int tell_when_stable(struct guest *g, struct load *l, enum lie lie)
{
	const struct timespec nap = { .tv_nsec = 10 * NSEC_PER_MSEC };
	uint64_t deadline = now_ns() + STABLE_NS;
	int ret;

	while (now_ns() < deadline) {
		ret = look(l);
		if (ret)
			return ret;
		if (only_load(l)) {
			tell(g, l, lie);
			/* The host takes the last word. */
			if (sum_stays(l) && events_stay(l))
				return 0;
		}
		nanosleep(&nap, NULL);
	}
	tell(g, l, LIE_NONE);
	return -ETIMEDOUT;
}

/* The VM stops here. It goes on only if the host wants to look once more. */
static int stop_here(void)
{
	return port_write(PORT_DOORBELL, DOORBELL_VALUE);
}

static int truth(struct scenario *scn, enum lie lie)
{
	struct load l = { .nr_cpus = scn->g->nr_cpus, .own_cpu = scn->g->nr_cpus - 1 };
	struct scx_status st;
	unsigned int i;
	int ret = 0;

	if (!scn->g->shm.base)
		return -ENODEV;
	l.loadavg_fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	if (l.loadavg_fd < 0)
		return -errno;
	l.scx = !scx_read(SCX_DIR, &st) && scx_is(&st, "enabled") && st.switch_all;
	pin(0, l.own_cpu, &ret);
	if (!ret)
		ret = load_start(&l);
	for (i = 0; !ret && i < TRUTH_LOOKS; i++) {
		ret = tell_when_stable(scn->g, &l, lie);
		if (!ret)
			ret = stop_here();
	}
	load_stop(&l);
	close(l.loadavg_fd);
	return ret ? ret : -ENOTSUP;
}

int truth_load(struct scenario *scn, struct msg_result *res)
{
	(void)res;
	return truth(scn, LIE_NONE);
}

int truth_lie_running(struct scenario *scn, struct msg_result *res)
{
	(void)res;
	return truth(scn, LIE_RUNNING);
}

int truth_lie_clock(struct scenario *scn, struct msg_result *res)
{
	(void)res;
	return truth(scn, LIE_CLOCK);
}

int truth_lie_idle(struct scenario *scn, struct msg_result *res)
{
	(void)res;
	return truth(scn, LIE_IDLE);
}

int truth_lie_scx(struct scenario *scn, struct msg_result *res)
{
	(void)res;
	return truth(scn, LIE_SCX);
}

int truth_lie_event(struct scenario *scn, struct msg_result *res)
{
	char events[EVENTS_MAX];

	if (!scx_read_events(SCX_DIR, events, sizeof(events)) && !events[0]) {
		result_set(scn->g, res, VERDICT_SKIP, CAUSE_NONE,
			   "this kernel's sched_ext does not count events");
		return 0;
	}
	return truth(scn, LIE_EVENT);
}

/* --- symbols -------------------------------------------------------------- */

static int tell_symbols(struct guest *g, enum lie lie)
{
	const struct bulk_header *bulk = shm_bulk(&g->shm);
	struct bulk_entry req = bulk->entry[BULK_SYMREQ];
	char *text, *line, *next;
	unsigned int i;
	int ret = 0;
	size_t len;

	text = malloc(SYMS_MAX + 1);
	if (!text)
		return -ENOMEM;
	len = kallsyms_search((const char *)bulk + req.off, req.len, text, SYMS_MAX);
	text[len] = '\0';
	for (line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (lie == LIE_SYMBOL && strstr(line, " runqueues"))
			line[strcspn(line, " ") - 1] ^= 1;
		guest_log(g, TRUTH_SYMBOL "%s", line);
	}
	free(text);
	if (!len)
		return -ENODATA;
	for (i = 0; !ret && i < TRUTH_LOOKS; i++)
		ret = stop_here();
	return ret ? ret : -ENOTSUP;
}

int truth_symbols(struct scenario *scn, struct msg_result *res)
{
	(void)res;
	return scn->g->shm.base ? tell_symbols(scn->g, LIE_NONE) : -ENODEV;
}

int truth_lie_symbol(struct scenario *scn, struct msg_result *res)
{
	(void)res;
	return scn->g->shm.base ? tell_symbols(scn->g, LIE_SYMBOL) : -ENODEV;
}
