// SPDX-License-Identifier: GPL-2.0
/*
 * lockstep.c - QEMU's main loop looks at the clock only while no CPU runs, and CPUs take turns
 *
 * A library that the tcg engine has preloaded into QEMU. Under -icount,sleep=off it
 * is the main loop that moves the clock on when all CPUs are idle, and each timer
 * that fires wakes it, just to find nothing to do. It then runs beside the CPU thread:
 * when it looks in the moment in which the last CPU halts, before the instructions of
 * that CPU are accounted or the round robin has ended, the clock or the order of the
 * CPUs is another one than usual. Also, a stop that a CPU asked for takes effect when
 * the main loop gets to it, and until then the other CPUs run on.
 *
 * So: when poll() tells the main loop of nothing but QEMU's own notifications, it
 * returns only once the CPU thread waits for work (softmmu/cpus.c and
 * accel/tcg/tcg-accel-ops-rr.c of QEMU 7.2: qemu_cond_wait_iothread()). What comes from
 * outside, as a command or a signal does, is let through at once.
 *
 * The round robin of QEMU 7.2 (accel/tcg/tcg-accel-ops-rr.c, icount_prepare_for_run()) lets a CPU
 * run up to the next timer. Whose turn it is then has no time left, runs the timers, and is passed
 * over: a busy CPU was seen to stand still for 2 s in this way. With a CPU that was asked to exit
 * it is different: the round starts again with it, timers first. So the next one that has something
 * to do is always asked to; not each, since a start looks at all CPUs, a square of them then. And
 * because timers may come in a pattern that gives one CPU all the time, there is one more, of our
 * own, so often that a turn is short. It rests while all CPUs do. The turn of one that is alone
 * just goes on: else a new one would begin at each "pause", which is a round, and a guest that
 * calibrates a timer does that a million times. In QEMU's list, one that becomes the next makes
 * each CPU exit, with a start of the round for each: a square of them again. So where there are
 * many it is in a list of its own. Where there are few it is not, which has a good side: it is
 * nearly always the next, and a CPU that sets a timer keeps the rest of its turn.
 *
 * Instructions that are counted may pass much faster than time: idle time in no time at all. So
 * that whoever looks at the guest from outside sees all of it also on a busy host, the CPU thread
 * waits for the next look when there was none for a while. The guest cannot tell.
 *
 * Linked with nothing: all names are found in the process that this is loaded into.
 */
#include <dlfcn.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lockstep.h"

/* Not in a header: a QEMU that was built with _FORTIFY_SOURCE calls it. */
int __ppoll_chk(struct pollfd *fds, nfds_t nr, const struct timespec *timeout,
		const sigset_t *mask, size_t len);

#define MAX_FDS		64
#define MAX_EVENTFD	256
#define MAX_CPUS	1024
/* CPUs may never wait, and there be something to do: a triple fault beside an endless loop. */
#define PATIENCE_NS	500000000

/* Guest time from one look to the next: twice the period of a sample. */
#define PACE_NS		40000000
/* Of who should look and does not. It may have to find out first where in the guest things are. */
#define PACE_PATIENCE_S	10

typedef int ppoll_fn(struct pollfd *fds, nfds_t nr, const struct timespec *timeout,
		     const sigset_t *mask);
typedef int mutex_lock_fn(pthread_mutex_t *mutex);
typedef int cond_wait_fn(pthread_cond_t *cond, pthread_mutex_t *mutex);
typedef int eventfd_fn(unsigned int val, int flags);

/* Of QEMU itself, which exports what its modules may need (include/hw/core/cpu.h). */
struct cpu_state;
typedef struct cpu_state *get_cpu_fn(int index);
typedef void cpu_exit_fn(struct cpu_state *cpu);
typedef bool cpu_idle_fn(struct cpu_state *cpu);	/* include/sysemu/cpus.h */
/* include/qemu/timer.h */
struct qemu_timer;
struct timer_list_group {
	void *list[4];
};
typedef void notify_fn(void *opaque, int clock);
typedef void timer_group_fn(struct timer_list_group *group, notify_fn *notify, void *opaque);
typedef void timer_init_fn(struct qemu_timer *timer, void *group, int clock, int scale,
			   int attributes, void (*cb)(void *), void *opaque);
typedef void timer_mod_fn(struct qemu_timer *timer, int64_t ns);
typedef void timer_del_fn(struct qemu_timer *timer);
typedef int64_t clock_get_fn(int clock);
typedef int64_t deadline_fn(int clock, int attributes);

#define QEMU_CLOCK_VIRTUAL	1
#define TIMER_ATTR_EXTERNAL	1		/* while all are idle, the clock does not skip to it */
#define TIMER_ATTR_ALL		(-1)
#define TIMER_MAX_SIZE		256		/* it has 48 */
#define SCALE_NS		1
/* All of a round, and limits for one turn: each costs. */
#define ROUND_NS		1200000
#define TURN_MIN_NS		100000
#define TURN_MAX_NS		300000
#define FEW			8		/* CPUs */
#define MIX			0x9e3779b97f4a7c15ULL	/* 2^64 over the golden ratio */

/* Interposed functions have no argument of ours: this is the one place for global state. */
static _Atomic(ppoll_fn *) next_ppoll;
static _Atomic(cond_wait_fn *) next_cond_wait;
static _Atomic(mutex_lock_fn *) next_mutex_lock;
static _Atomic(eventfd_fn *) next_eventfd;
static atomic_bool notifies[MAX_EVENTFD];	/* this descriptor is an eventfd */
static atomic_int cpu_thread;			/* 0: there is none yet */
static atomic_bool cpus_waiting;
static atomic_int wake_fd = -1;
static __thread pthread_mutex_t *big_lock;	/* what the CPU thread has waited with */

/* These two are the CPU thread's alone, which fills them in when it runs for the first time. */
static struct {
	struct lockstep_pace *page;		/* NULL: there is none */
	uint32_t looks;				/* at the last change */
	int64_t since_ns;
} pace;

static struct {
	cpu_exit_fn *exit;
	cpu_idle_fn *idle;
	timer_mod_fn *timer_mod;
	timer_del_fn *timer_del;
	clock_get_fn *clock_get;
	deadline_fn *deadline;
	struct cpu_state **current;		/* NULL: this QEMU does not tell */
	struct cpu_state *cpu[MAX_CPUS];
	bool known;
	unsigned int nr;			/* 0: there are no turns */
	unsigned int at;			/* whose turn it was when the lock was taken */
	unsigned int asked;			/* up to it: nobody; nr: all after it are idle */
	int64_t turn_ns;
	int64_t until;				/* the end of the turn, while the timer is set */
	int64_t last_ns;			/* when the lock was last taken */
	bool ticking;
	unsigned int busy;			/* one of several that were, when last seen */
	struct cpu_state *alone;		/* all others are idle; or NULL */
	struct timer_list_group group;
	_Alignas(max_align_t) char timer[TIMER_MAX_SIZE];
} turns;

/* All CPUs share one. It is the first to wait, but for the main thread: until the machine runs. */
static bool in_cpu_thread(void)
{
	int none = 0, self = gettid();

	if (self == getpid())
		return false;
	return atomic_compare_exchange_strong(&cpu_thread, &none, self) || none == self;
}

static int call_eventfd(unsigned int val, int flags)
{
	eventfd_fn *next = next_eventfd;

	if (!next)
		next = (eventfd_fn *)dlsym(RTLD_NEXT, "eventfd");
	next_eventfd = next;
	return next(val, flags);
}

int eventfd(unsigned int val, int flags)
{
	int fd = call_eventfd(val, flags);

	if (fd >= 0 && fd < MAX_EVENTFD)
		notifies[fd] = true;
	return fd;
}

static bool is_notification(int fd)
{
	return fd >= 0 && fd < MAX_EVENTFD && notifies[fd];
}

/* --- CPUs that take turns -------------------------------------------------------- */

static struct qemu_timer *turn_timer(void)
{
	return (struct qemu_timer *)turns.timer;
}

/*
 * A turn that begins now ends after half of the usual time to one and a half: all of one length
 * fall in step with what the guest does at regular times. The clock alone says which, so that it
 * does not matter what was before.
 */
static void begin_turn(int64_t now)
{
	const uint64_t mixed = ((uint64_t)now * MIX) >> 32;
	const int64_t until = now + turns.turn_ns / 2 + (int64_t)(mixed % turns.turn_ns);

	if (turns.ticking && until == turns.until)
		return;
	turns.until = until;
	turns.ticking = true;
	turns.timer_mod(turn_timer(), until);
}

static void turn_ended(void *arg)
{
	const int64_t now = turns.clock_get(QEMU_CLOCK_VIRTUAL);

	(void)arg;
	if (now >= turns.until)
		begin_turn(now);
}

/*
 * Nobody runs the list of our own, but this is called when its timer was set, or when one of any
 * list has run out. The main thread hears of that, too.
 */
static void on_timers(void *opaque, int clock)
{
	if (big_lock && clock == QEMU_CLOCK_VIRTUAL && turns.ticking)
		turn_ended(opaque);
}

/* The engine takes less for proven where this is not said. */
static void tell_turns(void)
{
	static const char line[] = LOCKSTEP_TURNS "\n";

	write(STDERR_FILENO, line, sizeof(line) - 1);
}

static void find_pace(void)
{
	void *page = mmap(NULL, sizeof(*pace.page), PROT_READ, MAP_SHARED, LOCKSTEP_PACE_FD, 0);

	pace.page = page == MAP_FAILED ? NULL : page;
}

static void keep_pace(int64_t now)
{
	const struct timespec patience = { .tv_sec = PACE_PATIENCE_S };
	const uint32_t looks = pace.page ? pace.page->looks : 0;

	if (looks && looks == pace.looks) {
		if (now - pace.since_ns < PACE_NS)
			return;
		/* Woken by a signal, it has waited for less: so be it. */
		syscall(SYS_futex, &pace.page->looks, FUTEX_WAIT, looks, &patience, NULL, 0);
	}
	pace.looks = looks;
	pace.since_ns = now;
}

static void find_cpus(void)
{
	get_cpu_fn *get = (get_cpu_fn *)dlsym(RTLD_DEFAULT, "qemu_get_cpu");
	timer_group_fn *group = (timer_group_fn *)dlsym(RTLD_DEFAULT, "timerlistgroup_init");
	timer_init_fn *init = (timer_init_fn *)dlsym(RTLD_DEFAULT, "timer_init_full");
	unsigned int nr = 0;

	turns.known = true;
	turns.exit = (cpu_exit_fn *)dlsym(RTLD_DEFAULT, "cpu_exit");
	turns.idle = (cpu_idle_fn *)dlsym(RTLD_DEFAULT, "cpu_thread_is_idle");
	turns.timer_mod = (timer_mod_fn *)dlsym(RTLD_DEFAULT, "timer_mod_ns");
	turns.timer_del = (timer_del_fn *)dlsym(RTLD_DEFAULT, "timer_del");
	turns.clock_get = (clock_get_fn *)dlsym(RTLD_DEFAULT, "qemu_clock_get_ns");
	turns.deadline = (deadline_fn *)dlsym(RTLD_DEFAULT, "qemu_clock_deadline_ns_all");
	turns.current = dlsym(RTLD_DEFAULT, "current_cpu");
	if (!get || !group || !init || !turns.exit || !turns.idle || !turns.timer_mod ||
	    !turns.timer_del || !turns.clock_get || !turns.deadline || !turns.current) {
		turns.current = NULL;
		return;
	}
	while (nr < MAX_CPUS && (turns.cpu[nr] = get(nr)))
		nr++;
	tell_turns();
	find_pace();
	/* One alone has nobody to take turns with. */
	if (nr < 2)
		return;
	turns.nr = nr;
	/* Nobody's turn has been seen: that of the first must be, too. */
	turns.at = nr - 1;
	turns.turn_ns = ROUND_NS / nr;
	if (turns.turn_ns < TURN_MIN_NS)
		turns.turn_ns = TURN_MIN_NS;
	if (turns.turn_ns > TURN_MAX_NS)
		turns.turn_ns = TURN_MAX_NS;
	if (nr > FEW)
		group(&turns.group, on_timers, NULL);
	init(turn_timer(), nr > FEW ? &turns.group : NULL, QEMU_CLOCK_VIRTUAL, SCALE_NS,
	     TIMER_ATTR_EXTERNAL, turn_ended, NULL);
}

/* Whose turn it is now. A round has ended when it is one that comes before the last. */
static void find_turn(struct cpu_state *current)
{
	const unsigned int last = turns.at;
	unsigned int i;

	for (i = 0; i < turns.nr && turns.cpu[turns.at] != current; i++)
		turns.at = (turns.at + 1) % turns.nr;
	if (turns.at < last)
		turns.asked = 0;
}

/*
 * The next that is not idle, or may not be when a timer that is due has run. Whoever runs may wake
 * one that comes sooner: look again then. After the last one the round starts anyway.
 */
static void ask_next(void)
{
	unsigned int i = turns.at + 1;
	const bool due = !turns.deadline(QEMU_CLOCK_VIRTUAL, TIMER_ATTR_ALL);

	while (!due && i < turns.nr && i != turns.asked && turns.idle(turns.cpu[i]))
		i++;
	if (i < turns.nr && i != turns.asked)
		turns.exit(turns.cpu[i]);
	turns.asked = i;
}

static bool others_idle(const struct cpu_state *current)
{
	unsigned int i, n;

	/* Who was busy is likely to be. */
	for (n = 0, i = turns.busy; n < turns.nr; n++, i = (i + 1) % turns.nr) {
		if (turns.cpu[i] == current || turns.idle(turns.cpu[i]))
			continue;
		turns.busy = i;
		return false;
	}
	return true;
}

/* A timer that is due may wake another one in the turn of a third: that is none to pass over. */
static bool is_alone(struct cpu_state *current)
{
	return !turns.idle(current) && others_idle(current) &&
	       turns.deadline(QEMU_CLOCK_VIRTUAL, TIMER_ATTR_ALL);
}

/*
 * The CPU thread has taken the lock: for a device, when a CPU has run, and before a round starts,
 * which is at the same instant. That is when a turn begins.
 */
static void take_turns(void)
{
	struct cpu_state *current;
	bool again;
	int64_t now;

	if (!turns.known)
		find_cpus();
	/* Without a CPU it is the start of a thread. */
	current = turns.current ? *turns.current : NULL;
	if (!current)
		return;
	if (!turns.nr) {
		keep_pace(turns.clock_get(QEMU_CLOCK_VIRTUAL));
		return;
	}
	/* Passed over, as it stays until the one that is alone wakes it. */
	if (turns.alone && turns.alone != current)
		return;
	again = current == turns.cpu[turns.at];
	if (!again)
		find_turn(current);
	/* The same on the way to one that was asked: no time passes, and nobody is woken. */
	if (turns.at < turns.asked && !again && turns.idle(current))
		return;
	now = turns.clock_get(QEMU_CLOCK_VIRTUAL);
	keep_pace(now);
	turns.alone = is_alone(current) ? current : NULL;
	if (!turns.ticking || now >= turns.until ||
	    (!turns.alone && again && now == turns.last_ns))
		begin_turn(now);
	if (turns.alone)
		turns.asked = turns.nr;
	else
		ask_next();
	turns.last_ns = now;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	cond_wait_fn *next = next_cond_wait;
	const uint64_t one = 1;
	int ret;

	if (!next) {
		/* By version: without one an old symbol of another layout is found. */
		next = (cond_wait_fn *)dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.3.2");
		if (!next)
			next = (cond_wait_fn *)dlsym(RTLD_NEXT, "pthread_cond_wait");
		next_cond_wait = next;
	}
	if (!in_cpu_thread())
		return next(cond, mutex);
	big_lock = mutex;
	if (turns.ticking)
		turns.timer_del(turn_timer());
	turns.ticking = false;
	turns.alone = NULL;
	cpus_waiting = true;
	/* It can only fail because its counter is full, and then it is readable. */
	if (wake_fd >= 0)
		write(wake_fd, &one, sizeof(one));
	ret = next(cond, mutex);
	cpus_waiting = false;
	return ret;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	mutex_lock_fn *next = next_mutex_lock;
	int ret;

	if (!next)
		next = (mutex_lock_fn *)dlsym(RTLD_NEXT, "pthread_mutex_lock");
	next_mutex_lock = next;
	ret = next(mutex);
	if (mutex == big_lock && !ret)
		take_turns();
	return ret;
}

/* Until the CPU thread waits, something comes in from outside, or patience ends. */
static void wait_for_cpus(const struct pollfd *fds, nfds_t nr)
{
	const struct timespec patience = { 0, PATIENCE_NS };
	struct pollfd others[MAX_FDS + 1];
	uint64_t count;
	nfds_t i;
	int ret;

	if (wake_fd < 0)
		wake_fd = call_eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (wake_fd < 0)
		return;
	for (i = 0; i < nr; i++) {
		if (fds[i].revents && !is_notification(fds[i].fd))
			return;
		others[i] = fds[i];
		if (is_notification(fds[i].fd))
			others[i].fd = -1;
	}
	others[nr] = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
	do {
		/* First forget what is old, then look: a wait that begins in between is seen. */
		read(wake_fd, &count, sizeof(count));
		if (cpus_waiting)
			return;
		ret = next_ppoll(others, nr + 1, &patience, NULL);
	} while (ret == 1 && others[nr].revents);
}

int ppoll(struct pollfd *fds, nfds_t nr, const struct timespec *timeout, const sigset_t *mask)
{
	int ret;

	if (!next_ppoll)
		next_ppoll = (ppoll_fn *)dlsym(RTLD_NEXT, "ppoll");
	ret = next_ppoll(fds, nr, timeout, mask);
	if (ret > 0 && nr <= MAX_FDS && cpu_thread && !cpus_waiting && gettid() == getpid())
		wait_for_cpus(fds, nr);
	return ret;
}

int __ppoll_chk(struct pollfd *fds, nfds_t nr, const struct timespec *timeout,
		const sigset_t *mask, size_t len)
{
	return nr > len / sizeof(*fds) ? -1 : ppoll(fds, nr, timeout, mask);
}
