// SPDX-License-Identifier: GPL-2.0
/*
 * bench_start.c - how long a VM takes to start and to end, ours and QEMU's own microvm
 *
 * The same kernel, initramfs, command line, topology and kind of CPU, in turns, each in a process of
 * its own from exec on. What is looked at is the same for both: what PID 1 writes to COM2, when the
 * process is gone, and on KVM its trace points.
 *
 * A process of ours does not wait for the end of its VM (vmm/aside.h): the grace period in it is
 * part of QEMU's teardown only.
 *
 * A bzImage is unpacked in the guest, or before it starts (ours, where CPUs are emulated), which
 * hides what a VMM itself takes. So both are also given the same kernel as a vmlinux.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../runner/handoff.h"
#include "../runner/initrd.h"
#include "bench.h"

#define QEMU		"qemu-system-x86_64"
#define POLL_US		200
#define MAX_ARGS	64

enum measure {
	M_FIRST_RUN,		/* exec to the first entry into the guest */
	M_PID1,			/* exec to the first message of PID 1 */
	M_PID1_CPU,		/* the same in CPU time, which others on the machine hardly change */
	M_TEARDOWN,		/* the guest's last act until the process is gone */
	NR_MEASURES,
};

static const struct {
	const char *name;
	double limit;
} measures[NR_MEASURES] = {
	[M_FIRST_RUN]	= { "exec_to_first_run", .5 },
	[M_PID1]	= { "exec_to_pid1", .95 },
	[M_PID1_CPU]	= { "exec_to_pid1_cpu", .95 },
	[M_TEARDOWN]	= { "teardown", .5 },
};

#define LIMIT_PID1_KVM	.8

enum vmm {
	OURS,
	QEMUS,
	NR_VMMS,
};

struct start {
	struct bench *b;
	bool trace;
	const char *kernel;
	char initrd[PATH_MAX];			/* a file, for QEMU */
	char cmdline[CMDLINE_MAX];
	uint64_t v[NR_MEASURES][NR_VMMS][BENCH_MAX_RUNS];
};

/* The guest's job is over at once: what is measured comes before and after it. */
static struct job start_job(const struct bench *b)
{
	struct job job = b->job;

	snprintf(job.test, sizeof(job.test), "topology_matches");
	return job;
}

int bench_one(struct bench *b)
{
	const struct options opts = { .sched_kind = SCHED_KIND_NONE };
	struct job job = start_job(b);
	struct err err = { "" };
	struct vm *vm;

	if (initrd_build(&opts, b->self, NULL, &b->ird, &err))
		bench_die("initramfs", &err);
	b->cfg.initramfs = b->ird.data;
	b->cfg.initramfs_len = b->ird.len;
	if (vm_create(&b->cfg, -1, &vm, &err))
		bench_die("our VM", &err);
	/* Loaded: the runner has it, and not the process of an instance. */
	initramfs_free(&b->ird);
	handoff_job(vm, &job);
	if (vm_run(vm, &err))
		bench_die("our VM", &err);
	while (vm_wait(vm, 1000) == VM_EVENT_NONE)
		;
	/* As the process of an instance does. */
	vm_leave(vm);
	_exit(0);
}

/* --- what both are asked for -------------------------------------------------- */

static uint64_t cpu_ns(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* Of a process and of its children. */
static uint64_t cpu_ns_all(pid_t pid)
{
	char path[64], text[256], *p, *end;
	uint64_t sum = cpu_ns(pid);

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return sum;
	for (p = text; (pid = strtol(p, &end, 10)) > 0; p = end)
		sum += cpu_ns(pid);
	return sum;
}

/* The console that the process has made last, opened; negative until there are two. */
static int open_com2(pid_t pid)
{
	char path[PATH_MAX], link[64];
	int last = -1, found = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		if (strncmp(link, "/memfd:ktstr-console", strlen("/memfd:ktstr-console")))
			continue;
		found++;
		last = max(last, atoi(entry->d_name));
	}
	closedir(dir);
	if (found < 2)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, last);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/*
 * Until the process is gone, at most until @limit; with @look, not longer than it takes to look
 * again for what cannot be waited for. Who measures takes no CPU from what is measured.
 */
static bool wait_gone(pid_t pid, int pidfd, bool look, uint64_t limit)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	uint64_t now = now_ns(), left = limit > now ? limit - now : 0;
	struct timespec ts;

	if (look)
		left = min(left, POLL_US * NSEC_PER_USEC);
	ts = (struct timespec){ left / NSEC_PER_SEC, left % NSEC_PER_SEC };
	ppoll(&pfd, 1, &ts, NULL);
	return waitpid(pid, NULL, WNOHANG) == pid;
}

/* Watch a process that was started at @start; its numbers go to @v. */
static bool watch(const struct start *s, pid_t pid, int com2, uint64_t start,
		  uint64_t v[NR_MEASURES])
{
	const int pidfd = syscall(SYS_pidfd_open, pid, 0);
	bool gone = false, said = false;
	struct stat st;
	uint64_t end, mark;

	memset(v, 0, NR_MEASURES * sizeof(*v));
	while (now_ns() < start + BENCH_LIMIT_NS && !gone && !(said && !s->trace)) {
		if (com2 < 0)
			com2 = open_com2(pid);
		if (!said && com2 >= 0 && !fstat(com2, &st) && st.st_size) {
			v[M_PID1] = now_ns() - start;
			v[M_PID1_CPU] = cpu_ns_all(pid);
			said = true;
		}
		gone = wait_gone(pid, pidfd, !said || pidfd < 0, start + BENCH_LIMIT_NS);
	}
	end = now_ns();
	if (!gone) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (pidfd >= 0)
		close(pidfd);
	if (com2 >= 0)
		close(com2);
	if (!s->trace)
		return said;
	/* Ours has tried KVM before, in its first thread: that was not the guest. */
	mark = trace_first_entry(pid);
	v[M_FIRST_RUN] = mark > start ? mark - start : 0;
	mark = trace_debug_exit();
	v[M_TEARDOWN] = mark && mark < end ? end - mark : 0;
	return said && v[M_FIRST_RUN] && v[M_TEARDOWN];
}

static pid_t spawn(const char *const *argv)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	return pid;
}

static bool run_ours(const struct start *s, uint64_t v[NR_MEASURES])
{
	const struct bench *b = s->b;
	const char *const argv[] = {
		b->self, "-k", s->kernel, "-a", b->cfg.engine->name, "-1", NULL,
	};
	uint64_t start = now_ns();

	return watch(s, spawn(argv), -1, start, v);
}

static bool run_qemu(const struct start *s, uint64_t v[NR_MEASURES])
{
	const struct bench *b = s->b;
	const struct topology *topo = &b->cfg.topo;
	bool kvm = b->cfg.engine->time == VM_TIME_REAL;
	int com2 = memfd_create("bench-com2", 0);
	char chardev[64], smp[128], mem[32];
	const char *argv[MAX_ARGS] = {
		QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-M", "microvm", "-smp", smp, "-m", mem, "-kernel", s->kernel,
		"-initrd", s->initrd, "-append", s->cmdline, "-serial", "null",
		"-chardev", chardev, "-device", "isa-serial,index=1,chardev=com2",
		"-device", "isa-debug-exit,iobase=0xf4,iosize=1",
	};
	static const char *const cpu[2][6] = {
		{ "-accel", "tcg,thread=single", "-icount", "shift=3,sleep=off",
		  "-cpu", "max,vendor=GenuineIntel,model=6,rdrand=off,rdseed=off,la57=off" },
		{ "-accel", "kvm", "-cpu", "host" },
	};
	unsigned int n = 0, i;
	uint64_t start;

	snprintf(chardev, sizeof(chardev), "file,id=com2,path=/proc/self/fd/%d", com2);
	snprintf(smp, sizeof(smp), "%u,sockets=%u,cores=%u,threads=%u", topology_nr_cpus(topo),
		 topo->nr_llcs, topo->cores_per_llc, topo->threads_per_core);
	snprintf(mem, sizeof(mem), "%lluM", (unsigned long long)(b->cfg.mem_bytes / MIB));
	while (argv[n])
		n++;
	for (i = 0; i < ARRAY_SIZE(cpu[0]) && cpu[kvm][i]; i++)
		argv[n++] = cpu[kvm][i];
	start = now_ns();
	return watch(s, spawn(argv), com2, start, v);
}

/* --- the comparison ------------------------------------------------------------- */

/* What our VM has, less the window, which QEMU's does not have. */
static void our_cmdline(struct start *s)
{
	struct err err = { "" };
	struct vm *vm;
	char *word, *end;

	if (vm_create(&s->b->cfg, -1, &vm, &err))
		bench_die("our VM", &err);
	snprintf(s->cmdline, sizeof(s->cmdline), "%s", (char *)vm->ram + GPA_CMDLINE);
	vm_destroy(vm);
	word = strstr(s->cmdline, CMDLINE_SHM);
	if (word) {
		end = word + strcspn(word, " ");
		memmove(word, end, strlen(end) + 1);
	}
}

static int make_initrd(struct start *s)
{
	struct job job = start_job(s->b);
	char *data;
	size_t len;
	int fd, ret;

	snprintf(s->initrd, sizeof(s->initrd), "/tmp/ktstr-bench-XXXXXX");
	fd = mkstemp(s->initrd);
	if (fd < 0)
		return -errno;
	job.magic = JOB_MAGIC;
	ret = initrd_with_job(&s->b->ird, &job, &data, &len);
	if (!ret) {
		ret = write_all(fd, data, len);
		free(data);
	}
	close(fd);
	return ret;
}

static void print(struct start *s, enum measure m, const char *form)
{
	bool kvm = s->b->cfg.engine->time == VM_TIME_REAL;
	double limit = m == M_PID1 && kvm ? LIMIT_PID1_KVM : measures[m].limit;
	uint64_t *ours = s->v[m][OURS], *qemus = s->v[m][QEMUS];
	unsigned int runs = s->b->runs;
	char what[80];
	double ratio;

	printf("{\"bench\":\"%s\",\"engine\":\"%s\",\"kernel\":\"%s\",\"runs\":%u",
	       measures[m].name, s->b->cfg.engine->name, form, runs);
	bench_print_ms("ours_ms", ours, runs);
	bench_print_ms("qemu_microvm_ms", qemus, runs);
	ratio = bench_median(ours, runs) / bench_median(qemus, runs);
	printf(",\"ratio\":%.3f", ratio);
	if (m == M_TEARDOWN)
		printf(",\"ours_waits_for_end_of_vm\":false");
	snprintf(what, sizeof(what), "%s of the kernel %s, ours to QEMU's", measures[m].name, form);
	bench_limit(s->b, what, "limit", ratio, limit);
	puts("}");
}

static void run_both(struct start *s, unsigned int run)
{
	static bool (*const runs[NR_VMMS])(const struct start *, uint64_t *) = {
		run_ours, run_qemu,
	};
	uint64_t v[NR_MEASURES];
	struct err err = { "" };
	unsigned int i, who;
	enum measure m;

	for (i = 0; i < NR_VMMS; i++) {
		/* Who begins changes too. */
		who = (i + run) % NR_VMMS;
		if (s->trace)
			trace_reset();
		if (!runs[who](s, v)) {
			unlink(s->initrd);
			snprintf(err.msg, sizeof(err.msg), "no end, or no sign of PID 1, within %llu s",
				 BENCH_LIMIT_NS / NSEC_PER_SEC);
			bench_die(who == OURS ? "our VM" : "QEMU's microvm", &err);
		}
		for (m = 0; m < NR_MEASURES; m++)
			s->v[m][who][run] = v[m];
	}
}

static void compare(struct start *s, const char *kernel, const char *form)
{
	enum measure m;
	unsigned int i;

	s->kernel = kernel;
	for (i = 0; i < s->b->runs; i++)
		run_both(s, i);
	for (m = 0; m < NR_MEASURES; m++)
		if (s->trace || (m != M_FIRST_RUN && m != M_TEARDOWN))
			print(s, m, form);
}

/* As a vmlinux, if it is a bzImage that this program can unpack. */
static void compare_unpacked(struct start *s)
{
	struct err err = { "" };
	char path[64];
	size_t len;
	void *elf = vm_kernel_unpack(s->b->cfg.kernel, &len);
	int fd;

	if (!elf)
		return;
	/* In memory, which both inherit: no file that could be left. */
	fd = memfd_create("bench-vmlinux", 0);
	if (fd < 0 || write_all(fd, elf, len))
		bench_die("vmlinux", &err);
	free(elf);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	compare(s, path, "vmlinux");
	close(fd);
}

void bench_start(struct bench *b)
{
	bool kvm = b->cfg.engine->time == VM_TIME_REAL;
	struct start *s = calloc(1, sizeof(*s));
	struct err err = { "" };
	int ret;

	if (!s)
		bench_die("memory", &err);
	s->b = b;
	s->trace = kvm && trace_open();
	if (kvm && !s->trace)
		fprintf(stderr, "bench: no trace points of KVM here: first run and teardown are left out\n");
	our_cmdline(s);
	ret = make_initrd(s);
	if (ret) {
		err_set(&err, ret, "%s", strerror(-ret));
		bench_die(s->initrd, &err);
	}
	compare(s, b->cfg.kernel, "as given");
	compare_unpacked(s);
	unlink(s->initrd);
	if (s->trace)
		trace_close();
	free(s);
}
