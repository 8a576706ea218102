// SPDX-License-Identifier: GPL-2.0
/*
 * bench.c - what ktstr costs, measured side by side in one run; JSON lines
 *
 * Real time on a shared machine means little by itself: what is compared is
 * measured in turns, and reported as medians and their ratio.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../guest/guest.h"
#include "../ktstr.h"
#include "../monitor/monitor.h"
#include "../runner/handoff.h"
#include "../runner/initrd.h"
#include "../vmm/vm.h"

#define QEMU		"qemu-system-x86_64"
#define TOPOLOGY	"1n2l2c1t"
#define MEM		(512 * MIB)
#define MAX_RUNS	64
#define LIMIT_NS	(300 * NSEC_PER_SEC)

struct bench {
	struct vm_config cfg;
	struct initramfs ird;
	struct job job;
	unsigned int runs;
};

static void __attribute__((noreturn)) die(const char *what, const struct err *err)
{
	fprintf(stderr, "bench: %s: %s\n", what, err->msg[0] ? err->msg : strerror(errno));
	exit(1);
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static double median(uint64_t *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), cmp_u64);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2.;
}

/* ,"NAME":MEDIAN,"NAME_p10":...,"NAME_p90":... in milliseconds, by nearest rank. */
static void print_ms(const char *name, uint64_t *v, unsigned int n)
{
	printf(",\"%s\":%.0f", name, median(v, n) / 1e6);
	printf(",\"%s_p10\":%.0f,\"%s_p90\":%.0f", name, v[(n - 1) / 10] / 1e6, name,
	       v[(9 * n - 1) / 10] / 1e6);
}

/* Wait until the guest said that it reached @stage, in real time; 0 if it did not. */
static uint64_t wait_stage(struct vm *vm, enum stage stage, bool *ended)
{
	uint64_t until = now_ns() + LIMIT_NS;
	struct shm_frame frame;
	enum vm_event event;

	while (now_ns() < until) {
		event = *ended ? VM_EVENT_NONE : vm_wait(vm, 1);
		while (shm_recv(&vm->shm, &frame) == 1) {
			const struct msg_stage *msg = (const void *)frame.payload;

			if (frame.type == MSG_STAGE && frame.len == sizeof(*msg) && msg->stage >= stage)
				return now_ns();
		}
		if (*ended)
			return 0;
		*ended = event != VM_EVENT_NONE;
	}
	return 0;
}

static void wait_end(struct vm *vm, bool ended)
{
	uint64_t until = now_ns() + LIMIT_NS;

	while (!ended && now_ns() < until)
		ended = vm_wait(vm, 10) != VM_EVENT_NONE;
}

/* --- time to PID 1, ours and QEMU's own loader ------------------------------ */

/* Wall time, and CPU time of this process and of @pid, which others on the machine hardly change. */
struct cost {
	uint64_t wall, cpu;
};

static uint64_t cpu_ns(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static struct cost cost_now(pid_t pid)
{
	return (struct cost){ now_ns(), cpu_ns(0) + (pid ? cpu_ns(pid) : 0) };
}

/* Until something is on COM2: the first message of PID 1. False if nothing comes. */
static bool until_com2(int fd, pid_t pid, struct cost start, struct cost *cost)
{
	struct stat st;

	while (now_ns() < start.wall + LIMIT_NS) {
		if (!fstat(fd, &st) && st.st_size) {
			*cost = cost_now(pid);
			cost->wall -= start.wall;
			cost->cpu -= start.cpu;
			return true;
		}
		usleep(500);
	}
	return false;
}

static bool ours_to_pid1(struct bench *b, struct cost *cost)
{
	struct cost start = cost_now(0);
	struct err err = { "" };
	struct vm *vm;
	bool ok;

	if (vm_create(&b->cfg, -1, &vm, &err) || vm_run(vm, &err))
		die("our VM", &err);
	ok = until_com2(vm->console_fd[1], vm->engine->process(vm), start, cost);
	vm_destroy(vm);
	return ok;
}

/* The kernel command line of our VM, less the window, which QEMU's does not have. */
static void our_cmdline(struct bench *b, char *line, size_t size)
{
	struct err err = { "" };
	struct vm *vm;
	char *word, *end;

	if (vm_create(&b->cfg, -1, &vm, &err))
		die("our VM", &err);
	snprintf(line, size, "%s", (char *)vm->ram + GPA_CMDLINE);
	vm_destroy(vm);
	word = strstr(line, CMDLINE_SHM);
	if (word) {
		end = word + strcspn(word, " ");
		memmove(word, end, strlen(end) + 1);
	}
}

static bool qemu_to_pid1(struct bench *b, const char *initrd, const char *cmdline,
			 struct cost *cost)
{
	int com2 = memfd_create("bench-com2", 0);
	char chardev[64], smp[128];
	const char *argv[] = {
		QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-M", "microvm", "-accel", "tcg,thread=single", "-icount", "shift=3,sleep=off",
		"-cpu", "max,vendor=GenuineIntel,rdrand=off,rdseed=off,la57=off",
		"-smp", smp, "-m", "512M", "-kernel", b->cfg.kernel, "-initrd", initrd,
		"-append", cmdline, "-serial", "null",
		"-chardev", chardev, "-device", "isa-serial,index=1,chardev=com2", NULL,
	};
	struct cost start = cost_now(0);
	pid_t pid;
	bool ok;

	snprintf(chardev, sizeof(chardev), "file,id=com2,path=/proc/self/fd/%d", com2);
	snprintf(smp, sizeof(smp), "%u,sockets=%u,cores=%u,threads=%u",
		 topology_nr_cpus(&b->cfg.topo), b->cfg.topo.nr_llcs, b->cfg.topo.cores_per_llc,
		 b->cfg.topo.threads_per_core);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(QEMU, (char *const *)argv);
		_exit(127);
	}
	ok = until_com2(com2, pid, start, cost);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(com2);
	return ok;
}

static void bench_pid1(struct bench *b)
{
	uint64_t ours[MAX_RUNS], theirs[MAX_RUNS], ours_cpu[MAX_RUNS], theirs_cpu[MAX_RUNS];
	char path[] = "/tmp/ktstr-bench-XXXXXX", cmdline[CMDLINE_MAX];
	struct err err = { "" };
	bool have_ours = true, have_theirs = true;
	int fd = mkstemp(path);
	unsigned int i;

	if (fd < 0 || write_all(fd, b->ird.data, b->ird.len))
		die(path, &err);
	our_cmdline(b, cmdline, sizeof(cmdline));
	for (i = 0; i < b->runs; i++) {
		struct cost us = {}, they = {};

		/* In turns, and who begins changes too. */
		if (i % 2)
			have_theirs = qemu_to_pid1(b, path, cmdline, &they);
		have_ours = ours_to_pid1(b, &us);
		if (!(i % 2))
			have_theirs = qemu_to_pid1(b, path, cmdline, &they);
		if (!have_ours || !have_theirs)
			break;
		ours[i] = us.wall;
		ours_cpu[i] = us.cpu;
		theirs[i] = they.wall;
		theirs_cpu[i] = they.cpu;
	}
	unlink(path);
	close(fd);
	if (i < b->runs) {
		snprintf(err.msg, sizeof(err.msg), "no PID 1 within %llu s",
			 LIMIT_NS / NSEC_PER_SEC);
		die(have_ours ? "QEMU's loader" : "our VM", &err);
	}
	printf("{\"bench\":\"exec_to_pid1\",\"runs\":%u", i);
	print_ms("ours_ms", ours, i);
	print_ms("qemu_microvm_ms", theirs, i);
	print_ms("ours_cpu_ms", ours_cpu, i);
	print_ms("qemu_microvm_cpu_ms", theirs_cpu, i);
	printf(",\"cpu_ratio\":%.3f,\"ratio\":%.3f,\"limit\":0.95}\n",
	       median(ours_cpu, i) / median(theirs_cpu, i), median(ours, i) / median(theirs, i));
}

/* --- one instance, warm and cold -------------------------------------------- */

enum phase {
	PHASE_MAKE,		/* RAM and the engine */
	PHASE_START,		/* until the CPUs run */
	PHASE_SETUP,		/* until STAGE_RUN */
	PHASE_COLLECT,		/* from STAGE_COLLECT until the guest has ended */
	PHASE_FREE,
	NR_PHASES,
};

struct instance_times {
	uint64_t phase[NR_PHASES];
	uint64_t first_worker;	/* from the start to STAGE_RUN */
	uint64_t beyond;	/* all but the time between STAGE_RUN and STAGE_COLLECT */
};

static struct instance_times time_instance(struct bench *b, const struct vm_image *image)
{
	struct instance_times t = {};
	uint64_t start = now_ns(), made, runs, run, collect, end;
	struct err err = { "" };
	bool ended = false;
	struct vm *vm;
	int ret;

	ret = image ? vm_thaw(&b->cfg, image, &vm, &err) : vm_create(&b->cfg, -1, &vm, &err);
	if (ret)
		die(image ? "thaw" : "boot", &err);
	if (!image)
		handoff_symreq(vm);
	handoff_job(vm, &b->job);
	made = now_ns();
	if (vm_run(vm, &err))
		die("run", &err);
	runs = now_ns();
	run = wait_stage(vm, STAGE_RUN, &ended);
	collect = wait_stage(vm, STAGE_COLLECT, &ended);
	wait_end(vm, ended);
	end = now_ns();
	vm_destroy(vm);
	if (!run || !collect) {
		snprintf(err.msg, sizeof(err.msg), "the guest did not run its test");
		die(image ? "warm instance" : "cold instance", &err);
	}
	t.phase[PHASE_MAKE] = made - start;
	t.phase[PHASE_START] = runs - made;
	t.phase[PHASE_SETUP] = run - runs;
	t.phase[PHASE_COLLECT] = end - collect;
	t.phase[PHASE_FREE] = now_ns() - end;
	t.first_worker = run - start;
	t.beyond = now_ns() - start - (collect - run);
	return t;
}

static void make_image(struct bench *b, struct vm_image *image)
{
	uint64_t until = now_ns() + LIMIT_NS;
	enum vm_event event = VM_EVENT_NONE;
	struct err err = { "" };
	struct vm *vm;

	if (vm_image_open(image, &err) || vm_create(&b->cfg, image->ram_fd, &vm, &err))
		die("template", &err);
	handoff_symreq(vm);
	if (vm_run(vm, &err))
		die("template", &err);
	while (event == VM_EVENT_NONE && now_ns() < until)
		event = vm_wait(vm, 100);
	if (event != VM_EVENT_DOORBELL || vm_freeze(vm, image, &err))
		die("template", &err);
	vm_destroy(vm);
}

static void bench_instances(struct bench *b, const struct vm_image *image)
{
	static const char *const names[NR_PHASES] = { "make", "start", "setup", "collect", "free" };
	uint64_t cold[MAX_RUNS], warm[MAX_RUNS], beyond[MAX_RUNS], phase[NR_PHASES][MAX_RUNS];
	unsigned int i, p;

	for (i = 0; i < b->runs; i++) {
		struct instance_times t = time_instance(b, image);

		warm[i] = t.first_worker;
		beyond[i] = t.beyond;
		for (p = 0; p < NR_PHASES; p++)
			phase[p][i] = t.phase[p];
		cold[i] = time_instance(b, NULL).first_worker;
	}
	printf("{\"bench\":\"first_worker\",\"runs\":%u", i);
	print_ms("warm_ms", warm, i);
	print_ms("cold_ms", cold, i);
	printf(",\"ratio\":%.3f,\"limit\":0.15}\n", median(warm, i) / median(cold, i));
	printf("{\"bench\":\"beyond_hold\",\"runs\":%u", i);
	print_ms("ms", beyond, i);
	for (p = 0; p < NR_PHASES; p++)
		printf(",\"%s_ms\":%.0f", names[p], median(phase[p], i) / 1e6);
	printf(",\"limit_ms\":500}\n");
}

/* --- the monitor, the initramfs, memory ------------------------------------- */

static void bench_monitor(struct bench *b, const struct vm_image *image)
{
	enum { ROUNDS = 20000 };
	unsigned int nr_cpus = topology_nr_cpus(&b->cfg.topo), cpu, i;
	struct err err = { "" };
	struct cpu_sample s;
	struct monitor *mon;
	struct vm *vm;
	uint64_t start;

	if (vm_thaw(&b->cfg, image, &vm, &err))
		die("thaw", &err);
	if (monitor_create(&(struct monitor_config){
			.mem = { .ram = vm->ram, .size = vm->ram_size, .low_size = vm->low_size,
				 .high_base = GPA_HIGH_RAM },
			.shm = &vm->shm, .nr_cpus = nr_cpus }, &mon))
		die("monitor", &err);
	if (monitor_sample_cpu(mon, 0, &s, &err))
		die("monitor", &err);
	start = now_ns();
	for (i = 0; i < ROUNDS; i++)
		for (cpu = 0; cpu < nr_cpus; cpu++)
			if (monitor_sample_cpu(mon, cpu, &s, &err))
				die("monitor", &err);
	printf("{\"bench\":\"monitor_sample\",\"cpus\":%u,\"ns_per_cpu\":%.0f,\"limit_ns\":500}\n",
	       nr_cpus, (double)(now_ns() - start) / ROUNDS / nr_cpus);
	monitor_destroy(mon);
	vm_destroy(vm);
}

static uint64_t status_kib(const char *key)
{
	char buf[8192], *p;

	if (read_file("/proc/self/status", buf, sizeof(buf)) < 0)
		return 0;
	p = strstr(buf, key);
	return p ? strtoull(p + strlen(key), NULL, 10) : 0;
}

/* While a guest runs: all of this process that is not guest RAM, which is shared memory. */
static void bench_rss(struct bench *b, const struct vm_image *image)
{
	struct err err = { "" };
	bool ended = false;
	struct vm *vm;

	if (vm_thaw(&b->cfg, image, &vm, &err))
		die("thaw", &err);
	handoff_job(vm, &b->job);
	if (vm_run(vm, &err) || !wait_stage(vm, STAGE_RUN, &ended))
		die("run", &err);
	printf("{\"bench\":\"host_rss\",\"mib\":%.1f,\"limit_mib\":32}\n",
	       (status_kib("RssAnon:") + status_kib("RssFile:")) / 1024.);
	vm_destroy(vm);
}

static void bench_initramfs(struct bench *b, const char *self)
{
	const struct options opts = { .sched_kind = SCHED_KIND_NONE };
	uint64_t t[MAX_RUNS];
	struct err err = { "" };
	unsigned int i;

	for (i = 0; i < b->runs; i++) {
		struct initramfs ird;
		uint64_t start = now_ns();

		if (initrd_build(&opts, self, &ird, &err))
			die("initramfs", &err);
		t[i] = now_ns() - start;
		if (i)
			initramfs_free(&ird);
		else
			b->ird = ird;
	}
	b->cfg.initramfs = b->ird.data;
	b->cfg.initramfs_len = b->ird.len;
	printf("{\"bench\":\"initramfs\",\"runs\":%u,\"ms\":%.1f,\"kib\":%zu}\n",
	       i, median(t, i) / 1e6, b->ird.len / KIB);
}

int main(int argc, char **argv)
{
	struct bench b = { .runs = 3 };
	struct vm_image image;
	struct err err = { "" };
	char self[PATH_MAX];
	ssize_t n;
	int opt;

	/* This program is its guests' /init, as every test program is. */
	if (getpid() == 1)
		guest_main();

	while ((opt = getopt(argc, argv, "k:n:")) != -1) {
		if (opt == 'k')
			b.cfg.kernel = optarg;
		else if (opt == 'n')
			b.runs = atoi(optarg);
		else
			return 1;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (!b.cfg.kernel || b.runs < 1 || b.runs > MAX_RUNS || n < 0) {
		fprintf(stderr, "usage: %s -k KERNEL [-n RUNS (1 to %d)]\n", argv[0], MAX_RUNS);
		return 1;
	}
	self[n] = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (vm_engine_select("auto", &b.cfg.engine, &err) || topology_parse(TOPOLOGY, &b.cfg.topo, &err))
		die("engine", &err);
	b.cfg.mem_bytes = MEM;
	b.cfg.seed = 1;
	b.job = (struct job){ .seed = 1, .duration_ms = 200, .topology = TOPOLOGY,
			      .test = "cgroup_steady", .sched_kind = SCHED_KIND_NONE };
	printf("{\"bench\":\"setup\",\"kernel\":\"%s\",\"engine\":\"%s\",\"topology\":\"%s\"}\n",
	       b.cfg.kernel, b.cfg.engine->name, TOPOLOGY);
	bench_initramfs(&b, self);
	make_image(&b, &image);
	bench_monitor(&b, &image);
	bench_rss(&b, &image);
	bench_instances(&b, &image);
	bench_pid1(&b);
	vm_image_close(&image);
	initramfs_free(&b.ird);
	return 0;
}
