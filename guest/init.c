// SPDX-License-Identifier: GPL-2.0
/*
 * The life of PID 1: make the guest usable, find the ways to the host, get a job,
 * do it, say what came of it, end the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "../lib/platform.h"
#include "cmdline.h"
#include "com2.h"
#include "guest.h"
#include "handover.h"
#include "instrument.h"
#include "job.h"
#include "klog.h"
#include "ports.h"
#include "scenario.h"
#include "scheduler.h"
#include "scx.h"

#define CONSOLE_PATH	"/dev/ttyS0"
#define PID1_MAX_FILES	65536
#define QUIET_STREAK	20

/* --- the end -------------------------------------------------------------- */

static void __noreturn power_off(struct guest *g)
{
	if (g->com2_fd >= 0)
		com2_drain(g->com2_fd, COM2_LIMIT_NS);
	/* Past this line only without such a port, or without access to it. */
	port_write(PORT_DEBUG_EXIT, DEBUG_EXIT_DONE);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

/* A report of our own death: both ways, and on the console for whoever reads that. */
static void send_crash(struct guest *g, const char *text)
{
	guest_send(g, MSG_CRASH, text, strlen(text), true);
	dprintf(STDERR_FILENO, "ktstr: %s\n", text);
}

static void __noreturn __printf(2, 3) die(struct guest *g, const char *fmt, ...)
{
	char text[sizeof(struct err)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	send_crash(g, text);
	guest_send(g, MSG_EXIT, NULL, 0, true);
	power_off(g);
}

/* A signal handler gets no argument, so this is the one pointer that has to be global. */
static struct guest *crash_guest;

static void crash_handler(int sig, siginfo_t *info, void *ctx)
{
	(void)ctx;
	/* A worker inherited us. SA_RESETHAND has restored the default action, which is its due. */
	if (getpid() != 1) {
		raise(sig);
		return;
	}
	die(crash_guest, "PID 1: signal %d (%s), code %d, address %p", sig, strsignal(sig),
	    info->si_code, info->si_addr);
}

#define CRASH_STACK_SIZE	(128 * KIB)

static int catch_crashes(struct guest *g)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	struct sigaction sa = {
		.sa_sigaction = crash_handler,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND,
	};
	stack_t stack = { .ss_size = CRASH_STACK_SIZE };
	size_t i;

	stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_POPULATE, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL))
		return -errno;
	crash_guest = g;
	sigfillset(&sa.sa_mask);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], &sa, NULL))
			return -errno;
	/* Whoever reads from a worker that died gets EPIPE instead. */
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0;
}

/* --- file systems and the ways to the host -------------------------------- */

struct mount_point {
	const char *path;
	const char *type;
	const char *options;
	bool needed;
};

/* A scheduler that logs without end fills /tmp, not the guest's memory. */
static const struct mount_point mount_points[] = {
	{ "/proc",		"proc",		NULL,		true },
	{ "/sys",		"sysfs",	NULL,		true },
	{ "/dev",		"devtmpfs",	NULL,		true },
	{ "/tmp",		"tmpfs",	"size=25%",	true },
	{ "/run",		"tmpfs",	"size=10%",	false },
	{ "/dev/shm",		"tmpfs",	NULL,		false },
	{ "/sys/kernel/debug",	"debugfs",	NULL,		false },
	{ "/sys/kernel/tracing", "tracefs",	NULL,		false },
	{ "/sys/fs/bpf",	"bpf",		NULL,		false },
	{ "/sys/fs/cgroup",	"cgroup2",	NULL,		false },
};

#define NR_MOUNTS	ARRAY_SIZE(mount_points)

/* What cannot be mounted goes into @failed, to be said when there is a way to say it. */
static void mount_all(int failed[NR_MOUNTS])
{
	size_t i;

	for (i = 0; i < NR_MOUNTS; i++) {
		const struct mount_point *m = &mount_points[i];

		failed[i] = 0;
		/* Fails in sysfs, where the directory is there or cannot be made. */
		mkdir(m->path, 0755);
		if (mount(m->type, m->path, m->type, 0, m->options) && errno != EBUSY)
			failed[i] = errno;
	}
}

static void report_mounts(struct guest *g, const int failed[NR_MOUNTS])
{
	size_t i;

	for (i = 0; i < NR_MOUNTS; i++) {
		const struct mount_point *m = &mount_points[i];

		if (failed[i] && m->needed)
			die(g, "PID 1 cannot mount %s on %s: %s", m->type, m->path,
			    strerror(failed[i]));
		if (failed[i])
			guest_log(g, "cannot mount %s on %s: %s", m->type, m->path,
				  strerror(failed[i]));
	}
}

/*
 * Nothing is printed on standard output here, but a C library that gives up writes there,
 * and a descriptor below 3 that is closed would be given to the first file that is opened.
 */
static void redirect_stdio(void)
{
	int in = open("/dev/null", O_RDONLY);
	int out = open(CONSOLE_PATH, O_WRONLY | O_NOCTTY | O_NONBLOCK);

	if (in >= 0)
		dup2(in, STDIN_FILENO);
	if (out < 0)
		out = open("/dev/null", O_WRONLY);
	if (out >= 0) {
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
	}
	if (in > STDERR_FILENO)
		close(in);
	if (out > STDERR_FILENO)
		close(out);
}

static int open_window(struct guest *g, const char *cmdline, struct err *err)
{
	uint64_t base, size;
	void *map;
	int fd, ret;

	ret = cmdline_window(cmdline, &base, &size);
	if (ret)
		return err_set(err, ret, "no window: %s %s on the kernel command line",
			       ret == -ENOENT ? "no" : "bad", CMDLINE_SHM);
	/* With O_SYNC it would be mapped uncached. */
	fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "no window: /dev/mem: %s (needs CONFIG_DEVMEM)",
			       strerror(errno));
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)base);
	ret = -errno;
	close(fd);
	if (map == MAP_FAILED)
		return err_set(err, ret, "no window: mapping 0x%llx of /dev/mem: %s",
			       (unsigned long long)base, strerror(-ret));
	ret = shm_attach(&g->shm, map);
	if (ret) {
		munmap(map, size);
		g->shm.base = NULL;
		return err_set(err, ret, "no window: what lies at 0x%llx is not one: %s",
			       (unsigned long long)base, strerror(-ret));
	}
	return 0;
}

/* --- settings of the guest ------------------------------------------------ */

/* Only what does not change how anything is scheduled. */
static void set_up(struct guest *g)
{
	const struct sched_param param = { .sched_priority = PID1_PRIO };
	const struct rlimit files = { .rlim_cur = PID1_MAX_FILES, .rlim_max = PID1_MAX_FILES };
	int ret;

	ret = write_file("/proc/sys/kernel/sched_schedstats", "1");
	if (ret)
		guest_log(g, "no run delay from /proc/PID/schedstat: %s", strerror(-ret));
	if (setrlimit(RLIMIT_NOFILE, &files))
		guest_log(g, "cannot raise the limit of open files: %s", strerror(errno));
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/", 1);

	/*
	 * An instrument must not be starved by what it measures. Workers and schedulers
	 * start as normal tasks all the same.
	 */
	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		guest_log(g, "PID 1 is no realtime task, its own delays will show: %s",
			  strerror(errno));
}

static void measure_instrument(struct guest *g)
{
	struct msg_instrument m;
	bool quiet;

	if (g->virtual_time) {
		quiet = instrument_wait_quiet(QUIET_STREAK, true);
		instrument_measure(&m, INSTRUMENT_SLEEPS);
	} else {
		/* Sleeping costs real time here, and a late one may be the host's doing. */
		quiet = instrument_wait_quiet(QUIET_STREAK / 4, false);
		instrument_measure(&m, INSTRUMENT_SLEEPS / 10);
	}
	m.quiet = quiet;
	guest_send(g, MSG_INSTRUMENT, &m, sizeof(m), false);
}

/* --- the job -------------------------------------------------------------- */

static void take_job(struct guest *g, const struct err *window_err)
{
	struct err err = { "" };
	int ret = job_take(g, &err);

	if (ret && !g->shm.base)
		die(g, "%s; and no job without it: %s", window_err->msg, err.msg);
	if (ret)
		die(g, "%s", err.msg);
}

static void __noreturn end_job(struct guest *g, const struct msg_result *res)
{
	klog_send(g);
	guest_send(g, MSG_RESULT, res, sizeof(*res), true);
	guest_stage(g, STAGE_DONE);
	guest_send(g, MSG_EXIT, NULL, 0, true);
	power_off(g);
}

/*
 * To load a scheduler can take longer than a test: it is attached in the guest that others are
 * copies of. If it cannot be, the host gives each of them a try.
 */
static void prepare(struct guest *g, struct sched *sched)
{
	struct msg_result res = { .verdict = VERDICT_NONE };

	g->kmsg_fd = klog_open();
	guest_stage(g, STAGE_SCHED);
	if (sched_start(g, sched, &res))
		end_job(g, &res);
}

static void run_test(struct guest *g, struct sched *sched, const struct ktstr_test *test,
		     struct msg_result *res)
{
	struct utsname u;

	if (test->needs_scx && !scx_present()) {
		result_set(g, res, VERDICT_SKIP, CAUSE_NONE,
			   "kernel %s has no sched_ext, which test %s needs",
			   uname(&u) ? "?" : u.release, test->name);
		return;
	}
	if (topology_nr_cpus(&g->topo) != g->nr_cpus) {
		result_set(g, res, VERDICT_FAIL, CAUSE_TOPOLOGY, "%u CPUs are online, %s has %u",
			   g->nr_cpus, g->job.topology, topology_nr_cpus(&g->topo));
		return;
	}
	if (!sched->attached) {
		guest_stage(g, STAGE_SCHED);
		if (sched_start(g, sched, res))
			return;
	}
	scenario_run(g, sched, test, res);
	if (res->verdict == VERDICT_NONE)
		result_set(g, res, VERDICT_FAIL, CAUSE_INFRA, "the scenario came to no verdict");
	guest_stage(g, STAGE_DETACH);
	sched_stop(g, sched, res);
}

static void __noreturn do_job(struct guest *g, struct sched *sched)
{
	struct msg_result res = { .verdict = VERDICT_NONE };
	const struct ktstr_test *test;
	struct err err = { "" };

	guest_stage(g, STAGE_JOB);
	/* Where boot ends and the job begins in the kernel's log. See prepare(). */
	if (!sched->attached)
		g->kmsg_fd = klog_open();
	g->rng = g->job.seed;
	if (g->job.fault & JOB_FAULT_NO_WINDOW)
		g->shm.base = NULL;

	test = job_find_test(g->job.test);
	if (!test)
		result_set(g, &res, VERDICT_FAIL, CAUSE_INFRA, "no test \"%s\" in this program",
			   g->job.test);
	else if (topology_parse(g->job.topology, &g->topo, &err))
		result_set(g, &res, VERDICT_FAIL, CAUSE_INFRA, "job: topology: %s", err.msg);
	else
		run_test(g, sched, test, &res);
	end_job(g, &res);
}

void guest_main(void)
{
	struct guest g = { .com2_fd = -1, .kmsg_fd = -1 };
	struct err window_err = { "" };
	struct sched sched = { .attached = false };
	int failed[NR_MOUNTS], ret;
	char cmdline[4096];
	long nr_cpus;

	ret = catch_crashes(&g);
	mount_all(failed);
	redirect_stdio();
	if (ret)
		die(&g, "PID 1 cannot catch signals: %s", strerror(-ret));
	ret = read_file("/proc/cmdline", cmdline, sizeof(cmdline));
	if (ret < 0)
		cmdline[0] = '\0';
	g.virtual_time = cmdline_virtual_time(cmdline);
	g.com2_fd = com2_open(COM2_PATH);
	ret = open_window(&g, cmdline, &window_err);

	guest_stage(&g, STAGE_INIT);
	if (ret)
		guest_log(&g, "%s", window_err.msg);
	if (g.com2_fd < 0)
		guest_log(&g, "no COM2: %s", strerror(-g.com2_fd));
	report_mounts(&g, failed);
	if (access(INITRAMFS_SENTINEL, F_OK))
		die(&g, "the initramfs was not unpacked completely: no %s; more memory may help",
		    INITRAMFS_SENTINEL);
	set_up(&g);
	nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (nr_cpus < 1 || nr_cpus > KTSTR_MAX_CPUS)
		die(&g, "%ld CPUs are online, at most %d can be had", nr_cpus, KTSTR_MAX_CPUS);
	g.nr_cpus = (unsigned int)nr_cpus;

	if (g.shm.base) {
		guest_stage(&g, STAGE_HANDOVER);
		ret = handover(&g);
		if (ret)
			guest_log(&g, "hand-over to the monitor: %s", strerror(-ret));
	}
	measure_instrument(&g);

	guest_stage(&g, STAGE_READY);
	take_job(&g, &window_err);
	if (g.job.prepare) {
		prepare(&g, &sched);
		job_drop(&g);
		guest_stage(&g, STAGE_READY);
		take_job(&g, &window_err);
	}
	do_job(&g, &sched);
}
