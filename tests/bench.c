// SPDX-License-Identifier: GPL-2.0
/*
 * bench.c - what ktstr costs, measured side by side in one run; JSON lines
 *
 * Real time on a shared machine means little by itself: what is compared is
 * measured in turns, and reported as medians and their ratio. What has a limit says whether it is
 * met; the exit code is 1 when one is not.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../guest/guest.h"
#include "../ktstr.h"
#include "../monitor/monitor.h"
#include "../runner/handoff.h"
#include "../runner/initrd.h"
#include "../runner/session.h"
#include "bench.h"

#define TOPOLOGY	"1n2l2c1t"
#define MEM_MIB		512
#define RSS_MISSED	2	/* exit code of the process that measures itself */

void bench_die(const char *what, const struct err *err)
{
	fprintf(stderr, "bench: %s: %s\n", what, err->msg[0] ? err->msg : strerror(errno));
	exit(1);
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

double bench_median(uint64_t *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), cmp_u64);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2.;
}

static void print_value(const char *name, const char *suffix, double ns)
{
	double ms = ns / 1e6;

	printf(",\"%s%s\":%.*f", name, suffix, ms < 10 ? 3 : ms < 100 ? 1 : 0, ms);
}

void bench_print_ms(const char *name, uint64_t *v, unsigned int n)
{
	print_value(name, "", bench_median(v, n));
	print_value(name, "_p10", v[(n - 1) / 10]);
	print_value(name, "_p90", v[(9 * n - 1) / 10]);
}

static void limit(struct bench *b, const char *what, const char *name, double val, double most,
		  bool judged)
{
	bool met = val <= most;

	printf(",\"%s\":%g,\"met\":%s", name, most, !judged ? "null" : met ? "true" : "false");
	if (!judged || met)
		return;
	b->missed++;
	fprintf(stderr, "bench: MISSED on %s: %s is %.3g, its limit is %g\n",
		b->cfg.engine->name, what, val, most);
}

void bench_limit(struct bench *b, const char *what, const char *name, double val, double most)
{
	limit(b, what, name, val, most, true);
}

void bench_limit_abs(struct bench *b, const char *what, const char *name, double val, double most)
{
	limit(b, what, name, val, most, !getenv("KTSTR_NESTED"));
}

/* Wait until the guest said that it reached @stage, in real time; 0 if it did not. */
static uint64_t wait_stage(struct vm *vm, enum stage stage, bool *ended)
{
	uint64_t until = now_ns() + BENCH_LIMIT_NS;
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
	uint64_t until = now_ns() + BENCH_LIMIT_NS;

	while (!ended && now_ns() < until)
		ended = vm_wait(vm, 10) != VM_EVENT_NONE;
}

/* --- one instance, warm and cold -------------------------------------------- */

enum part {
	PART_MAKE,		/* RAM and the engine */
	PART_START,		/* until the CPUs run */
	PART_SETUP,		/* until STAGE_RUN */
	PART_COLLECT,		/* from STAGE_COLLECT until the guest has ended */
	PART_FREE,
	NR_PARTS,
};

struct instance_times {
	uint64_t part[NR_PARTS];
	uint64_t first_worker;	/* from the start to STAGE_RUN */
	uint64_t beyond;	/* all but the time between STAGE_RUN and STAGE_COLLECT */
};

/* As the runner has one for each instance. */
static struct monitor *start_monitor(const struct bench *b, struct vm *vm, bool warm,
				     struct shm *shm)
{
	const struct monitor_config cfg = {
		.mem = { .ram = vm->ram, .size = vm->ram_size, .low_size = vm->low_size,
			 .high_base = GPA_HIGH_RAM },
		.shm = shm, .nr_cpus = topology_nr_cpus(&vm->cfg.topo),
		.known = warm ? b->known : NULL,
	};
	struct err err = { "" };
	struct monitor *mon;

	*shm = vm->shm;
	if (monitor_create(&cfg, &mon) || monitor_start(mon, &err))
		bench_die("monitor", &err);
	return mon;
}

/* In real time, a guest that boots gets its job when the monitor can see. */
static void give_job(const struct bench *b, struct vm *vm, const struct monitor *mon, bool *ended)
{
	uint64_t until = now_ns() + BENCH_LIMIT_NS;

	while (!*ended && !monitor_settled(mon) && now_ns() < until)
		*ended = vm_wait(vm, SESSION_WAIT_MS) != VM_EVENT_NONE;
	handoff_job(vm, &b->job);
}

static struct instance_times time_instance(struct bench *b, const struct vm_image *image)
{
	const bool later = !image && b->cfg.engine->time == VM_TIME_REAL;
	struct instance_times t = {};
	uint64_t start = now_ns(), made, runs, run, collect, end;
	struct monitor_report *report = calloc(1, sizeof(*report));
	struct err err = { "" };
	struct monitor *mon;
	bool ended = false;
	struct shm shm;
	struct vm *vm;
	int ret;

	if (!report)
		bench_die("memory", &err);
	ret = image ? vm_thaw(&b->cfg, image, &vm, &err) : vm_create(&b->cfg, -1, &vm, &err);
	if (ret)
		bench_die(image ? "thaw" : "boot", &err);
	if (!image)
		handoff_symreq(vm);
	if (later)
		handoff_later(vm);
	else
		handoff_job(vm, &b->job);
	mon = start_monitor(b, vm, image, &shm);
	made = now_ns();
	if (vm_run(vm, &err))
		bench_die("run", &err);
	runs = now_ns();
	if (later)
		give_job(b, vm, mon, &ended);
	run = wait_stage(vm, STAGE_RUN, &ended);
	collect = wait_stage(vm, STAGE_COLLECT, &ended);
	wait_end(vm, ended);
	monitor_stop(mon, report);
	free(report);
	end = now_ns();
	monitor_destroy(mon);
	vm_destroy(vm);
	if (!run || !collect) {
		snprintf(err.msg, sizeof(err.msg), "the guest did not run its test");
		bench_die(image ? "warm instance" : "cold instance", &err);
	}
	t.part[PART_MAKE] = made - start;
	t.part[PART_START] = runs - made;
	t.part[PART_SETUP] = run - runs;
	t.part[PART_COLLECT] = end - collect;
	t.part[PART_FREE] = now_ns() - end;
	t.first_worker = run - start;
	t.beyond = now_ns() - start - (collect - run);
	return t;
}

static void learn(struct bench *b, struct vm *vm)
{
	const struct monitor_config cfg = {
		.mem = { .ram = vm->ram, .size = vm->ram_size, .low_size = vm->low_size,
			 .high_base = GPA_HIGH_RAM },
		.shm = &vm->shm, .nr_cpus = topology_nr_cpus(&vm->cfg.topo),
	};
	struct err err = { "" };

	b->known = calloc(1, monitor_known_size());
	if (!b->known || monitor_learn(&cfg, b->known, &err))
		bench_die("monitor", &err);
}

static void make_image(struct bench *b, struct vm_image *image)
{
	uint64_t until = now_ns() + BENCH_LIMIT_NS;
	enum vm_event event = VM_EVENT_NONE;
	struct err err = { "" };
	struct vm *vm;

	if (vm_image_open(image, &err) || vm_create(&b->cfg, image->ram_fd, &vm, &err))
		bench_die("template", &err);
	handoff_symreq(vm);
	if (vm_run(vm, &err))
		bench_die("template", &err);
	while (event == VM_EVENT_NONE && now_ns() < until)
		event = vm_wait(vm, 100);
	if (event == VM_EVENT_DOORBELL)
		learn(b, vm);
	if (event != VM_EVENT_DOORBELL || vm_freeze(vm, image, &err))
		bench_die("template", &err);
	vm_destroy(vm);
}

static void bench_instances(struct bench *b, const struct vm_image *image)
{
	static const char *const names[NR_PARTS] = { "make", "start", "setup", "collect", "free" };
	uint64_t cold[BENCH_MAX_RUNS], warm[BENCH_MAX_RUNS], beyond[BENCH_MAX_RUNS], part[NR_PARTS][BENCH_MAX_RUNS];
	unsigned int i, p;
	double ratio;

	for (i = 0; i < b->runs; i++) {
		struct instance_times t = time_instance(b, image);

		warm[i] = t.first_worker;
		beyond[i] = t.beyond;
		for (p = 0; p < NR_PARTS; p++)
			part[p][i] = t.part[p];
		cold[i] = time_instance(b, NULL).first_worker;
	}
	printf("{\"bench\":\"first_worker\",\"runs\":%u", i);
	bench_print_ms("warm_ms", warm, i);
	bench_print_ms("cold_ms", cold, i);
	ratio = bench_median(warm, i) / bench_median(cold, i);
	printf(",\"ratio\":%.3f", ratio);
	bench_limit(b, "first_worker, warm to cold", "limit", ratio,
		    b->cfg.engine->time == VM_TIME_REAL ? .1 : .15);
	puts("}");
	printf("{\"bench\":\"beyond_hold\",\"runs\":%u", i);
	bench_print_ms("ms", beyond, i);
	for (p = 0; p < NR_PARTS; p++)
		printf(",\"%s_ms\":%.0f", names[p], bench_median(part[p], i) / 1e6);
	bench_limit_abs(b, "beyond_hold, ms", "limit_ms", bench_median(beyond, i) / 1e6, 500);
	puts("}");
}

/* --- the monitor, the initramfs, memory ------------------------------------- */

/* A monitor that has found all that it reads. */
static struct monitor *start_sampling(struct vm *vm)
{
	struct err err = { "" };
	struct cpu_sample s;
	struct monitor *mon;

	if (monitor_create(&(struct monitor_config){
			.mem = { .ram = vm->ram, .size = vm->ram_size, .low_size = vm->low_size,
				 .high_base = GPA_HIGH_RAM },
			.shm = &vm->shm, .nr_cpus = topology_nr_cpus(&vm->cfg.topo) }, &mon) ||
	    monitor_sample_cpu(mon, 0, &s, &err))
		bench_die("monitor", &err);
	return mon;
}

static void bench_monitor(struct bench *b, const struct vm_image *image)
{
	enum { ROUNDS = 20000 };
	unsigned int nr_cpus = topology_nr_cpus(&b->cfg.topo), cpu, i;
	struct err err = { "" };
	struct cpu_sample s;
	struct monitor *mon;
	struct vm *vm;
	uint64_t start;
	double ns;

	if (vm_thaw(&b->cfg, image, &vm, &err))
		bench_die("thaw", &err);
	mon = start_sampling(vm);
	start = now_ns();
	for (i = 0; i < ROUNDS; i++)
		for (cpu = 0; cpu < nr_cpus; cpu++)
			if (monitor_sample_cpu(mon, cpu, &s, &err))
				bench_die("monitor", &err);
	ns = (double)(now_ns() - start) / ROUNDS / nr_cpus;
	printf("{\"bench\":\"monitor_sample\",\"cpus\":%u,\"ns_per_cpu\":%.0f", nr_cpus, ns);
	bench_limit_abs(b, "monitor_sample, ns", "limit_ns", ns, 500);
	puts("}");
	monitor_destroy(mon);
	vm_destroy(vm);
}

/* Resident memory of a process, less its mapping of guest RAM: @ram here, by its name in others. */
static uint64_t rss_beyond_ram_kib(pid_t pid, const struct vm *vm)
{
	const uintptr_t ram = pid == getpid() ? (uintptr_t)vm->ram : UINTPTR_MAX;
	char path[64], *text, *line, *next;
	bool of_ram = false;
	uint64_t sum = 0;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	if (read_file_alloc(path, 4 * MIB, &text, &len))
		return 0;
	for (line = text; line; line = next) {
		unsigned long start, end;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			of_ram = (start >= ram && start - ram < vm->ram_size) ||
				 strstr(line, "/memfd:ktstr-ram");
		else if (!of_ram && !strncmp(line, "Rss:", strlen("Rss:")))
			sum += strtoull(line + strlen("Rss:"), NULL, 10);
	}
	free(text);
	return sum;
}

static double rss_mib(pid_t pid, const struct vm *vm)
{
	return rss_beyond_ram_kib(pid, vm) / 1024.;
}

/* In a process of its own, as each instance is. */
static void rss_child(struct bench *b, const struct vm_image *image)
{
	bool kvm = b->cfg.engine->time == VM_TIME_REAL;
	struct err err = { "" };
	struct monitor *mon;
	bool ended = false;
	struct vm *vm;
	pid_t cpus;
	double mib;

	if (vm_thaw(&b->cfg, image, &vm, &err))
		bench_die("thaw", &err);
	handoff_job(vm, &b->job);
	if (vm_run(vm, &err) || !wait_stage(vm, STAGE_RUN, &ended))
		bench_die("run", &err);
	mib = rss_mib(getpid(), vm);
	printf("{\"bench\":\"host_rss\",\"engine\":\"%s\",\"mib\":%.1f", b->cfg.engine->name,
	       mib);
	bench_limit(b, "host_rss, MiB", "limit_mib", mib, kvm ? 5 : 32);
	/* The limit is for what is ours; the translations and devices of QEMU are not. */
	cpus = vm->engine->process(vm);
	if (cpus && cpus != getpid())
		printf(",\"qemu_mib\":%.1f", rss_mib(cpus, vm));
	/* What watches a guest is no part of what runs it. */
	mon = start_sampling(vm);
	printf(",\"with_monitor_mib\":%.1f}\n", rss_mib(getpid(), vm));
	monitor_destroy(mon);
	vm_destroy(vm);
}

static void bench_rss(struct bench *b, const struct vm_image *image)
{
	struct err err = { "" };
	pid_t pid = fork();
	int status;

	if (!pid) {
		rss_child(b, image);
		exit(b->missed ? RSS_MISSED : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bench_die("fork", &err);
	if (WIFEXITED(status) && WEXITSTATUS(status) == RSS_MISSED)
		b->missed++;
	else if (status)
		bench_die("host_rss", &err);
}

static void bench_initramfs(struct bench *b, const char *self)
{
	const struct options opts = { .sched_kind = SCHED_KIND_NONE };
	uint64_t t[BENCH_MAX_RUNS];
	struct err err = { "" };
	unsigned int i;

	for (i = 0; i < b->runs; i++) {
		struct initramfs ird;
		uint64_t start = now_ns();

		if (initrd_build(&opts, self, NULL, &ird, &err))
			bench_die("initramfs", &err);
		t[i] = now_ns() - start;
		if (i)
			initramfs_free(&ird);
		else
			b->ird = ird;
	}
	b->cfg.initramfs = b->ird.data;
	b->cfg.initramfs_len = b->ird.len;
	printf("{\"bench\":\"initramfs\",\"runs\":%u,\"ms\":%.1f,\"kib\":%zu}\n",
	       i, bench_median(t, i) / 1e6, b->ird.len / KIB);
}

/* What --accel auto takes to find out what there is. */
static void bench_probe(struct bench *b)
{
	const struct vm_engine *engine = NULL;
	uint64_t t[BENCH_MAX_RUNS];
	struct err err = { "" };
	unsigned int i;

	for (i = 0; i < b->runs; i++) {
		uint64_t start = now_ns();

		if (vm_engine_select("auto", &engine, &err))
			bench_die("engine", &err);
		t[i] = now_ns() - start;
	}
	printf("{\"bench\":\"auto_probe\",\"picks\":\"%s\",\"runs\":%u", engine->name, i);
	bench_print_ms("ms", t, i);
	bench_limit_abs(b, "auto_probe, ms", "limit_ms", bench_median(t, i) / 1e6, 50);
	puts("}");
}

int main(int argc, char **argv)
{
	struct bench b = { .runs = 3 };
	struct vm_image image;
	struct err err = { "" };
	const char *accel = "auto";
	char self[PATH_MAX];
	bool one = false;
	ssize_t n;
	int opt;

	/* This program is its guests' /init, as every test program is. */
	if (getpid() == 1)
		guest_main();

	while ((opt = getopt(argc, argv, "k:n:a:1")) != -1) {
		if (opt == 'k')
			b.cfg.kernel = optarg;
		else if (opt == 'n')
			b.runs = atoi(optarg);
		else if (opt == 'a')
			accel = optarg;
		else if (opt == '1')
			one = true;
		else
			return 1;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (!b.cfg.kernel || b.runs < 1 || b.runs > BENCH_MAX_RUNS || n < 0) {
		fprintf(stderr, "usage: %s -k KERNEL [-n RUNS (1 to %d)] [-a ENGINE]\n", argv[0],
			BENCH_MAX_RUNS);
		return 1;
	}
	self[n] = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (vm_engine_select(accel, &b.cfg.engine, &err) ||
	    topology_parse(TOPOLOGY, &b.cfg.topo, &err))
		bench_die("engine", &err);
	b.self = self;
	b.cfg.mem_bytes = MEM_MIB * MIB;
	b.cfg.seed = 1;
	b.job = (struct job){ .seed = 1, .duration_ms = 200, .topology = TOPOLOGY,
			      .test = "cgroup_steady", .sched_kind = SCHED_KIND_NONE };
	if (one)
		return bench_one(&b);
	printf("{\"bench\":\"setup\",\"kernel\":\"%s\",\"engine\":\"%s\",\"topology\":\"%s\"}\n",
	       b.cfg.kernel, b.cfg.engine->name, TOPOLOGY);
	bench_probe(&b);
	bench_initramfs(&b, self);
	bench_load(&b);
	make_image(&b, &image);
	/* First, before anything is left in the heap that its process would inherit. */
	bench_rss(&b, &image);
	bench_monitor(&b, &image);
	bench_instances(&b, &image);
	bench_start(&b);
	vm_image_close(&image);
	initramfs_free(&b.ird);
	free(b.known);
	printf("{\"bench\":\"limits\",\"engine\":\"%s\",\"missed\":%u}\n", b.cfg.engine->name,
	       b.missed);
	return b.missed ? 1 : 0;
}
