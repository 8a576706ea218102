// SPDX-License-Identifier: GPL-2.0
/*
 * instance.c - one guest, from its start to its result
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "../lib/truth.h"
#include "../monitor/truth.h"
#include "deadline.h"
#include "evidence.h"
#include "handoff.h"
#include "initrd.h"
#include "instance.h"
#include "keep.h"

#define WAIT_MS			5	/* between looks at the window */
#define EXIT_S			10	/* from the guest's last message to its end, real time */
#define DUMP_S			2	/* for the dump of a guest that is late */
#define KILL_S			120	/* what the process may take beyond its guest's deadlines */
#define CONSOLE_LINES		20
#define STALL_MS		1500

/* A guest while it runs, and all that is known of it. */
struct session {
	const struct runner *run;
	const struct plan_instance *inst;
	struct instance_result *res;
	struct collector col;
	struct shm_frame frame;
	struct deadline deadline;
	struct vm *vm;
	struct monitor *mon;
	struct shm mon_shm;		/* the monitor's own view of the window */
	struct monitor_report report;
	bool ring_corrupt;
	bool from_com2;
	size_t job_off;			/* console: where the job began */
	char *console[2];
	size_t console_len[2];
};

static void note(struct session *s, const char *fmt, ...) __printf(2, 3);

static void note(struct session *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	textbuf_add(&s->res->section[SECTION_NOTE], text, strlen(text));
}

static void infra(struct session *s, const char *text)
{
	s->col.ev.ending = ENDING_INFRA;
	snprintf(s->col.ev.ending_text, sizeof(s->col.ev.ending_text), "%s", text);
}

static struct vm_config vm_config_of(const struct session *s)
{
	const struct runner *run = s->run;

	return (struct vm_config){
		.engine = run->engine,
		.kernel = run->kernel.image,
		.topo = s->inst->topo,
		.mem_bytes = s->inst->mem_bytes,
		.initramfs = run->initramfs.data,
		.initramfs_len = run->initramfs.len,
		.append = run->opts.append,
		.seed = run->opts.seed,
		.doorbell = s->inst->test->inspect,
		.verbose = run->opts.verbose,
	};
}

static struct monitor_limits limits_of(const struct expect *exp)
{
	return (struct monitor_limits){
		.max_imbalance = exp->max_imbalance,
		.max_dsq_depth = exp->max_dsq_depth ? exp->max_dsq_depth : EXPECT_DSQ_DEPTH,
		.stall_ms = STALL_MS,
		.sustain_ms = exp->sustain_ms ? exp->sustain_ms : EXPECT_SUSTAIN_MS,
	};
}

/* A guest can be judged without its monitor, so a monitor that cannot be is a note. */
static void start_monitor(struct session *s)
{
	const struct runner *run = s->run;
	struct vm *vm = s->vm;
	struct monitor_config cfg = {
		.mem = {
			.ram = vm->ram, .size = vm->ram_size, .low_size = vm->low_size,
			.high_base = GPA_HIGH_RAM,
		},
		.shm = &s->mon_shm,
		.vmlinux = run->kernel.vmlinux[0] ? run->kernel.vmlinux : NULL,
		.nr_cpus = topology_nr_cpus(&s->inst->topo),
		.limits = limits_of(&s->inst->test->expect),
	};
	struct err err = { "" };
	int ret;

	s->mon_shm = vm->shm;
	ret = monitor_create(&cfg, &s->mon);
	if (!ret)
		ret = monitor_start(s->mon, &err);
	if (!ret)
		return;
	note(s, "no monitor: %s", err.msg[0] ? err.msg : strerror(-ret));
	monitor_destroy(s->mon);
	s->mon = NULL;
}

static size_t console_size(struct vm *vm)
{
	struct stat st;

	return fstat(vm->console_fd[0], &st) ? 0 : st.st_size;
}

static void drain(struct session *s)
{
	if (s->ring_corrupt)
		return;
	if (!collect_window(&s->col, &s->vm->shm, &s->frame)) {
		s->ring_corrupt = true;
		note(s, "the window's ring is corrupt; COM2 has to do");
	}
	if (s->col.ev.stage >= STAGE_JOB && !s->deadline.job_start_ns) {
		deadline_job(&s->deadline, now_ns());
		s->job_off = console_size(s->vm);
	}
}

static void on_event(struct session *s, enum vm_event event)
{
	struct evidence *ev = &s->col.ev;

	switch (event) {
	case VM_EVENT_DOORBELL:
		ev->ending = ENDING_DOORBELL;
		break;
	case VM_EVENT_EXIT:
		ev->ending = ENDING_EXIT;
		break;
	case VM_EVENT_RESET:
		ev->ending = ENDING_RESET;
		break;
	case VM_EVENT_ENGINE:
		ev->ending = ENDING_ENGINE;
		snprintf(ev->ending_text, sizeof(ev->ending_text), "%s", vm_engine_text(s->vm));
		break;
	default:
		break;
	}
}

/* Let it run until it ends, or @until; true when it ended. */
static bool run_until(struct session *s, uint64_t until)
{
	enum vm_event event;

	while (now_ns() < until) {
		event = vm_wait(s->vm, WAIT_MS);
		drain(s);
		if (event != VM_EVENT_NONE) {
			on_event(s, event);
			return true;
		}
	}
	return false;
}

/* Is there a stage that only COM2 knows? Asked once, at a deadline with a silent window. */
static bool com2_has_job(struct session *s)
{
	struct collector peek = { 0 };
	char *text = NULL;
	size_t len = 0;
	bool has;

	if (s->col.nr_frames || vm_console(s->vm, 1, &text, &len))
		return false;
	collect_text(&peek, text, len, &s->frame);
	has = peek.ev.stage >= STAGE_JOB;
	collector_free(&peek);
	free(text);
	return has;
}

/* A late guest may still say what its scheduler was doing. */
static void on_late(struct session *s)
{
	s->col.ev.ending = ENDING_TIMEOUT;
	atomic_fetch_or(&shm_header(&s->vm->shm)->request, SHM_REQ_DUMP);
	if (run_until(s, now_ns() + DUMP_S * NSEC_PER_SEC))
		s->col.ev.ending = ENDING_TIMEOUT;
}

static void watch(struct session *s)
{
	struct evidence *ev = &s->col.ev;
	enum vm_event event;
	uint64_t guest_now;

	for (;;) {
		event = vm_wait(s->vm, WAIT_MS);
		drain(s);
		if (event != VM_EVENT_NONE) {
			on_event(s, event);
			return;
		}
		if (s->col.have_exit) {
			if (!run_until(s, now_ns() + EXIT_S * NSEC_PER_SEC))
				note(s, "the guest did not end within %d s of its last message",
				     EXIT_S);
			return;
		}
		if (!s->mon || monitor_guest_ns(s->mon, &guest_now))
			guest_now = 0;
		if (!deadline_passed(&s->deadline, now_ns(), guest_now, ev->ending_text,
				     sizeof(ev->ending_text)))
			continue;
		if (!s->deadline.job_start_ns && com2_has_job(s)) {
			deadline_job(&s->deadline, now_ns());
			continue;
		}
		on_late(s);
		return;
	}
}

/* The guest stands still where its test wanted it to: what is read of it is the result. */
static int inspect(struct session *s)
{
	struct msg_result *res = &s->col.ev.result;
	struct err err = { "" };
	struct inspection in;
	int ret = -ENODATA;

	if (s->mon) {
		monitor_stop(s->mon, &s->report);
		drain(s);
		in = (struct inspection){
			.mon = s->mon,
			.rep = &s->report,
			.nr_cpus = topology_nr_cpus(&s->inst->topo),
			.said = textbuf_str(&s->col.log),
		};
		ret = s->inst->test->inspect(&in, &err);
	}
	memset(res, 0, sizeof(*res));
	res->verdict = ret ? VERDICT_FAIL : VERDICT_PASS;
	res->cause = ret ? CAUSE_READING : CAUSE_NONE;
	if (ret)
		snprintf(res->text, sizeof(res->text), "%s", err.msg[0] ? err.msg : strerror(-ret));
	return ret;
}

/* As often as the guest is ready to, or until host and guest agree. */
static int watch_and_inspect(struct session *s, struct err *err)
{
	struct evidence *ev = &s->col.ev;
	unsigned int looks;
	int ret;

	for (looks = 1;; looks++) {
		watch(s);
		if (!s->inst->test->inspect || ev->ending != ENDING_DOORBELL || ev->have_result)
			return 0;
		if (!inspect(s) || looks == TRUTH_LOOKS)
			break;
		note(s, "look %u: %s", looks, ev->result.text);
		ev->ending = ENDING_NONE;
		ret = vm_run(s->vm, err);
		if (ret)
			return ret;
	}
	ev->have_result = true;
	return 0;
}

/* Everything that is to be learnt from the guest's memory and consoles, before it is gone. */
static void collect(struct session *s)
{
	struct evidence *ev = &s->col.ev;
	struct collector com2 = { 0 };
	unsigned int i;

	if (s->mon) {
		monitor_stop(s->mon, &s->report);
		ev->monitor = &s->report;
	}
	drain(s);
	for (i = 0; i < 2; i++) {
		if (vm_console(s->vm, i, &s->console[i], &s->console_len[i])) {
			s->console[i] = NULL;
			s->console_len[i] = 0;
			note(s, "what the guest wrote to COM%u cannot be read", i + 1);
		}
	}
	if (shm_drops(&s->vm->shm))
		note(s, "%u messages of the guest did not fit into the window",
		     shm_drops(&s->vm->shm));
	if (ev->have_result || !s->console[1])
		return;

	/* No word in the window: whatever is whole on COM2 counts. */
	com2.ev = *ev;
	collect_text(&com2, s->console[1], s->console_len[1], &s->frame);
	if (!com2.nr_frames) {
		collector_free(&com2);
		return;
	}
	s->from_com2 = true;
	note(s, "the window had no result; %u messages came by COM2", com2.nr_frames);
	if (!s->col.nr_frames)
		s->res->flags |= RESULT_NO_WINDOW;
	if (com2.details.len) {
		textbuf_free(&s->col.details);
		s->col.details = com2.details;
		memset(&com2.details, 0, sizeof(com2.details));
	}
	if (!s->col.sched.len) {
		s->col.sched = com2.sched;
		memset(&com2.sched, 0, sizeof(com2.sched));
	}
	if (!s->col.klog.len) {
		s->col.klog = com2.klog;
		memset(&com2.klog, 0, sizeof(com2.klog));
	}
	s->col.ev = com2.ev;
	collector_free(&com2);
}

static void keep_console(struct session *s, unsigned int port, const char *file)
{
	int ret = keep_file(s->run->opts.keep, s->inst->name, file, s->console[port] ?: "",
			    s->console_len[port]);

	if (ret)
		note(s, "--keep: %s: %s", file, strerror(-ret));
}

static void move_text(struct textbuf *to, struct textbuf *from)
{
	*to = *from;
	memset(from, 0, sizeof(*from));
}

static void log_instrument(struct textbuf *log, const struct msg_instrument *in)
{
	textbuf_printf(log, "clocksource %.*s, hres_active %u, quiet %u, %u of %u sleeps off, mean %llu us, max %llu us",
		       (int)strnlen(in->clocksource, sizeof(in->clocksource)), in->clocksource,
		       in->hres_active, in->quiet, in->nr_bad, in->nr_sleeps,
		       (unsigned long long)(in->mean_ns / NSEC_PER_USEC),
		       (unsigned long long)(in->max_ns / NSEC_PER_USEC));
}

static void judge(struct session *s)
{
	struct instance_result *res = s->res;
	struct evidence *ev = &s->col.ev;
	const char *klog = textbuf_str(&s->col.klog);
	char text[2048];

	if (s->console[0])
		klog_scan(&ev->klog, s->console[0], s->console_len[0], s->job_off);
	klog_scan(&ev->klog, klog, s->col.klog.len, 0);
	ev->details = textbuf_str(&s->col.details);
	outcome_judge(ev, &res->outcome);

	res->have_result = ev->have_result;
	res->run_ns = ev->have_result ? ev->result.run_ns : 0;
	if (ev->monitor) {
		monitor_print(&s->report, text, sizeof(text));
		textbuf_tail(&res->section[SECTION_MONITOR], text, strlen(text), UINT_MAX);
	}
	if (ev->klog.nr_hits) {
		klog_excerpt(s->console[0] ? s->console[0] : "", s->console_len[0],
			     &res->section[SECTION_KLOG]);
		if (!res->section[SECTION_KLOG].len)
			klog_excerpt(klog, s->col.klog.len, &res->section[SECTION_KLOG]);
	}
	if (!ev->have_result)
		textbuf_tail(&res->section[SECTION_CONSOLE], s->console[0], s->console_len[0],
			     CONSOLE_LINES);
	if (ev->have_instrument)
		log_instrument(&s->col.log, &ev->instrument);
	if (s->col.nr_bad)
		note(s, "%u messages of the guest were damaged or made no sense", s->col.nr_bad);
	if (s->run->opts.keep) {
		keep_console(s, 0, "console.log");
		keep_console(s, 1, "com2.log");
	}
	move_text(&res->section[SECTION_DETAIL], &s->col.details);
	move_text(&res->section[SECTION_SCHED], &s->col.sched);
	move_text(&res->section[SECTION_LOG], &s->col.log);
}

static void session_init(struct session *s, const struct runner *run,
			 const struct plan_instance *inst, struct instance_result *res)
{
	memset(s, 0, sizeof(*s));
	memset(res, 0, sizeof(*res));
	s->run = run;
	s->inst = inst;
	s->res = res;
	s->col.ev.test = inst->test;
	s->col.ev.time = run->engine->time;
	deadline_init(&s->deadline, inst);
}

static void session_end(struct session *s)
{
	unsigned int i;

	monitor_destroy(s->mon);
	vm_destroy(s->vm);
	for (i = 0; i < 2; i++)
		free(s->console[i]);
	collector_free(&s->col);
}

void instance_run(const struct runner *run, const struct plan_instance *inst,
		  const struct vm_image *image, struct instance_result *res)
{
	struct err err = { "" };
	struct vm_config cfg;
	struct session s;
	struct job job;
	char *archive = NULL;
	int ret;

	session_init(&s, run, inst, res);
	cfg = vm_config_of(&s);
	ret = plan_job(inst, &run->opts, &job, &err);
	if (ret)
		goto infra;
	if (image) {
		ret = vm_thaw(&cfg, image, &s.vm, &err);
	} else {
		size_t len;

		job.magic = JOB_MAGIC;
		ret = initrd_with_job(&run->initramfs, &job, &archive, &len);
		cfg.initramfs = archive;
		cfg.initramfs_len = len;
		if (!ret)
			ret = vm_create(&cfg, -1, &s.vm, &err);
		if (!ret)
			handoff_symreq(s.vm);
	}
	if (ret)
		goto infra;
	if (image)
		s.job_off = console_size(s.vm);
	handoff_job(s.vm, &job);
	start_monitor(&s);
	deadline_start(&s.deadline, now_ns(), image);
	ret = vm_run(s.vm, &err);
	if (!ret)
		ret = watch_and_inspect(&s, &err);
	if (ret)
		goto infra;
	collect(&s);
	goto judge;
infra:
	if (ret == -ERANGE)
		res->flags |= RESULT_TOO_LARGE;
	infra(&s, err.msg[0] ? err.msg : strerror(-ret));
judge:
	judge(&s);
	session_end(&s);
	free(archive);
}

/* A template runs no test: it is judged by nothing that one of them expects. */
static const struct ktstr_test no_test = { .name = "template" };

void template_run(const struct runner *run, const struct plan_instance *inst,
		  struct vm_image *image, struct instance_result *res)
{
	struct err err = { "" };
	struct vm_config cfg;
	struct session s;
	uint64_t until;
	int ret;

	session_init(&s, run, inst, res);
	s.col.ev.test = &no_test;
	cfg = vm_config_of(&s);
	ret = vm_create(&cfg, image->ram_fd, &s.vm, &err);
	if (ret)
		goto infra;
	handoff_symreq(s.vm);
	deadline_start(&s.deadline, now_ns(), false);
	ret = vm_run(s.vm, &err);
	if (ret)
		goto infra;
	/* The window is not read: all that is in it is for those who thaw the guest. */
	until = s.deadline.start_ns + s.deadline.boot_ns;
	while (s.col.ev.ending == ENDING_NONE && now_ns() < until)
		on_event(&s, vm_wait(s.vm, WAIT_MS));
	if (s.col.ev.ending == ENDING_DOORBELL) {
		ret = vm_freeze(s.vm, image, &err);
		if (ret)
			goto infra;
		res->outcome.verdict = VERDICT_PASS;
		goto out;
	}
	if (s.col.ev.ending == ENDING_NONE) {
		s.col.ev.ending = ENDING_TIMEOUT;
		snprintf(s.col.ev.ending_text, sizeof(s.col.ev.ending_text),
			 "no doorbell within %.1f s of real time", s.deadline.boot_ns / 1e9);
	}
	collect(&s);
	/* Whatever it said, a guest that did not ask for its job has not passed. */
	if (s.col.ev.have_result && s.col.ev.result.verdict == VERDICT_PASS)
		s.col.ev.have_result = false;
	goto judge;
infra:
	if (ret == -ERANGE)
		res->flags |= RESULT_TOO_LARGE;
	infra(&s, err.msg[0] ? err.msg : strerror(-ret));
judge:
	judge(&s);
out:
	session_end(&s);
}

uint64_t instance_limit_ns(const struct plan_instance *inst)
{
	struct deadline d;

	deadline_init(&d, inst);
	return d.boot_ns + d.job_ns + (EXIT_S + DUMP_S + KILL_S) * NSEC_PER_SEC;
}
