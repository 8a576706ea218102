// SPDX-License-Identifier: GPL-2.0
/*
 * instance.c - one guest, from its start to its result
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../guest/expect.h"
#include "handoff.h"
#include "initrd.h"
#include "instance.h"
#include "keep.h"
#include "perf.h"
#include "session.h"

#define KILL_S			120	/* what the process may take beyond its guest's deadlines */
#define CONSOLE_LINES		20
/* One VM after the other is ended aside, some 30 a second. With more jobs a wait is hidden anyway. */
#define JOBS_ASIDE		8

void session_note(struct session *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	textbuf_add(&s->res->section[SECTION_NOTE], text, strlen(text));
}

static void infra(struct session *s, int ret, const struct err *err)
{
	if (ret == -ERANGE)
		s->res->flags |= RESULT_TOO_LARGE;
	s->col.ev.ending = ENDING_INFRA;
	snprintf(s->col.ev.ending_text, sizeof(s->col.ev.ending_text), "%s",
		 err->msg[0] ? err->msg : strerror(-ret));
}

static struct vm_config vm_config_of(const struct session *s)
{
	const struct runner *run = s->run;

	return (struct vm_config){
		.engine = run->engine,
		.kernel = run->kernel.image,
		.unpacked = run->unpacked,
		.unpacked_len = run->unpacked_len,
		.topo = s->inst->topo,
		.mem_bytes = s->inst->mem_bytes,
		.initramfs = run->initramfs.data,
		.initramfs_len = run->initramfs.len,
		.append = run->opts.append,
		.seed = run->opts.seed,
		.doorbell = s->inst->test->inspect,
		.leave_waits = run->opts.jobs > JOBS_ASIDE,
	};
}

static struct monitor_limits limits_of(const struct expect *exp)
{
	return (struct monitor_limits){
		.max_imbalance = exp->max_imbalance,
		.max_dsq_depth = exp->max_dsq_depth ? exp->max_dsq_depth : EXPECT_DSQ_DEPTH,
		.stall_ms = exp->max_stall_ms ? exp->max_stall_ms : EXPECT_STALL_MS,
		.sustain_ms = exp->sustain_ms ? exp->sustain_ms : EXPECT_SUSTAIN_MS,
		.judge_fallback = expect_has(exp, exp->max_fallback_rate, ZERO_FALLBACK_RATE),
		.judge_keep_last = expect_has(exp, exp->max_keep_last_rate, ZERO_KEEP_LAST_RATE),
		.max_fallback_rate = exp->max_fallback_rate,
		.max_keep_last_rate = exp->max_keep_last_rate,
	};
}

static void monitor_looked(void *vm, bool on)
{
	vm_looked(vm, on);
}

struct monitor_config session_monitor(struct session *s, struct shm *shm)
{
	const struct runner *run = s->run;
	const struct vm *vm = s->vm;

	*shm = vm->shm;
	return (struct monitor_config){
		.mem = {
			.ram = vm->ram, .size = vm->ram_size, .low_size = vm->low_size,
			.high_base = GPA_HIGH_RAM,
		},
		.shm = shm,
		.vmlinux = run->kernel.vmlinux[0] ? run->kernel.vmlinux : NULL,
		.nr_cpus = topology_nr_cpus(&s->inst->topo),
		.limits = limits_of(&s->inst->expect),
		.looked = monitor_looked,
		.looked_arg = s->vm,
	};
}

/* A guest can be judged without its monitor, so a monitor that cannot be is a note. */
static void start_monitor(struct session *s, const struct template *tmpl)
{
	struct monitor_config cfg = session_monitor(s, &s->mon_shm);
	struct err err = { "" };
	int ret;

	cfg.known = tmpl ? tmpl->known : NULL;
	ret = monitor_create(&cfg, &s->mon);
	if (!ret)
		ret = monitor_start(s->mon, &err);
	if (!ret)
		return;
	session_note(s, "no monitor: %s", err.msg[0] ? err.msg : strerror(-ret));
	monitor_destroy(s->mon);
	s->mon = NULL;
}

/* After the end, when what is read is one state of the guest. */
static void find_ext_tasks(struct session *s)
{
	struct evidence *ev = &s->col.ev;
	struct err err = { "" }, why = { "" };
	struct cpu_sample sample;
	const char *name;
	unsigned int cpu;

	if (ev->ending != ENDING_EXIT || s->inst->expect.no_detach_check ||
	    plan_sched(s->inst->test, &s->run->opts, &name) == SCHED_KIND_NONE)
		return;
	if (!monitor_find_ext(s->mon, &ev->ext_tasks, &why))
		return;
	session_note(s, "not judged: tasks that sleep in the ext class: %s", why.msg);
	for (cpu = 0; cpu < s->report.nr_cpus; cpu++) {
		if (monitor_sample_cpu(s->mon, cpu, &sample, &err)) {
			session_note(s, "not judged: tasks left in the ext class: %s", err.msg);
			return;
		}
		if (sample.offline || sample.scx_nr_running <= ev->ext_left)
			continue;
		ev->ext_left = sample.scx_nr_running;
		ev->ext_cpu = cpu;
	}
}

/* Everything that is to be learnt from the guest's memory and consoles, before it is gone. */
static void collect(struct session *s)
{
	struct evidence *ev = &s->col.ev;
	struct collector com2 = { 0 };
	char text[2 * KIB];
	unsigned int i;

	if (s->mon) {
		monitor_stop(s->mon, &s->report);
		ev->monitor = &s->report;
		find_ext_tasks(s);
	}
	session_drain(s);
	vm_stats(s->vm, text, sizeof(text));
	textbuf_tail(&s->res->section[SECTION_ENGINE], text, strlen(text), UINT_MAX);
	for (i = 0; i < 2; i++) {
		if (vm_console(s->vm, i, &s->console[i], &s->console_len[i])) {
			s->console[i] = NULL;
			s->console_len[i] = 0;
			session_note(s, "what the guest wrote to COM%u cannot be read", i + 1);
		}
	}
	if (shm_drops(&s->vm->shm))
		session_note(s, "%u messages of the guest did not fit into the window",
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
	session_note(s, "the window had no result; %u messages came by COM2", com2.nr_frames);
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
	s->col.nr_bad += com2.nr_bad;
	collector_free(&com2);
}

static void keep_console(struct session *s, unsigned int port, const char *file)
{
	int ret = keep_file(s->run->opts.keep, s->inst->name, file, s->console[port] ?: "",
			    s->console_len[port]);

	if (ret)
		session_note(s, "--keep: %s: %s", file, strerror(-ret));
}

static void move_text(struct textbuf *to, struct textbuf *from)
{
	*to = *from;
	memset(from, 0, sizeof(*from));
}

static void log_instrument(struct textbuf *log, const struct msg_instrument *in)
{
	textbuf_printf(log,
		       "clocksource %.*s, hres_active %u, quiet %u, %u of %u sleeps off, mean %llu us, max %llu us",
		       (int)strnlen(in->clocksource, sizeof(in->clocksource)), in->clocksource,
		       in->hres_active, in->quiet, in->nr_bad, in->nr_sleeps,
		       (unsigned long long)(in->mean_ns / NSEC_PER_USEC),
		       (unsigned long long)(in->max_ns / NSEC_PER_USEC));
}

static void judge(struct session *s)
{
	struct instance_result *res = s->res;
	const struct expect *exp = &s->inst->expect;
	const struct monitor_limits limits = limits_of(exp);
	struct evidence *ev = &s->col.ev;
	const char *klog = textbuf_str(&s->col.klog);
	char text[8 * KIB];

	ev->klog.no_rcu_stall_check = exp->no_rcu_stall_check;
	if (s->console[0])
		klog_scan(&ev->klog, s->console[0], s->console_len[0], s->job_off);
	klog_scan(&ev->klog, klog, s->col.klog.len, 0);
	ev->details = textbuf_str(&s->col.details);
	ev->leaves_out = s->vm && vm_leaves_out(s->vm);
	ev->needs_running = limits.max_imbalance;
	ev->needs_dsq = exp->max_dsq_depth && exp->max_dsq_depth != UINT_MAX;
	ev->needs_events = limits.judge_fallback || limits.judge_keep_last;
	ev->sustain_ns = limits.sustain_ms * NSEC_PER_MSEC;
	outcome_judge(ev, &res->outcome);

	res->have_result = ev->have_result;
	res->run_ns = ev->have_result ? ev->result.run_ns : 0;
	if (ev->monitor) {
		monitor_print(&s->report, text, sizeof(text));
		textbuf_tail(&res->section[SECTION_MONITOR], text, strlen(text), UINT_MAX);
	}
	if (ev->klog.nr_hits || ev->klog.rcu_stall) {
		klog_excerpt(&ev->klog, s->console[0] ? s->console[0] : "", s->console_len[0],
			     &res->section[SECTION_KLOG]);
		if (!res->section[SECTION_KLOG].len)
			klog_excerpt(&ev->klog, klog, s->col.klog.len, &res->section[SECTION_KLOG]);
	}
	if (!ev->have_result)
		textbuf_tail(&res->section[SECTION_CONSOLE], s->console[0], s->console_len[0],
			     CONSOLE_LINES);
	if (ev->have_instrument)
		log_instrument(&s->col.log, &ev->instrument);
	if (s->col.nr_bad)
		session_note(s, "%u messages of the guest were damaged or made no sense",
			     s->col.nr_bad);
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
	s->col.phases.at_ns[PHASE_EXEC] = run->start_ns;
	phase_reached(&s->col.phases, PHASE_START);
}

/* @job: the guest is past the doorbell. */
static void session_start_clock(struct session *s, bool job)
{
	const struct host_time host = session_host_time(s);

	deadline_start(&s->deadline, &host, job);
}

static struct vm *session_end(struct session *s)
{
	unsigned int i;

	phase_reached(&s->col.phases, PHASE_END);
	monitor_destroy(s->mon);
	for (i = 0; i < 2; i++)
		free(s->console[i]);
	s->res->phases = s->col.phases;
	collector_free(&s->col);
	return s->vm;
}

/* What the plan has found to be possible, once more: of this guest, in force for this process. */
static int set_up_perf(struct session *s, struct vm_config *cfg, struct vm_perf *perf,
		       struct err *err)
{
	struct perf_host host;
	int ret;

	if (!s->run->opts.perf)
		return 0;
	ret = perf_host(&host, err);
	if (!ret)
		ret = perf_take(&host, &s->inst->topo, perf, err);
	if (ret == -EBUSY)
		s->res->flags |= RESULT_BUSY;
	if (!ret)
		ret = perf_leave(&host, perf, err);
	cfg->perf = perf;
	return ret;
}

struct vm *instance_run(const struct runner *run, const struct plan_instance *inst,
			const struct template *tmpl, struct instance_result *res)
{
	struct err err = { "" };
	struct vm_config cfg;
	struct vm_perf perf;
	struct session s;
	struct job job;
	char *archive = NULL;
	int ret;

	session_init(&s, run, inst, res);
	cfg = vm_config_of(&s);
	ret = plan_job(inst, &run->opts, &job, &err);
	if (!ret)
		ret = set_up_perf(&s, &cfg, &perf, &err);
	if (ret)
		goto infra;
	if (tmpl) {
		ret = vm_thaw(&cfg, &tmpl->image, &s.vm, &err);
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
	phase_reached(&s.col.phases, PHASE_CREATED);
	s.col.phases.thawed = tmpl;
	if (tmpl)
		s.job_off = session_console_size(&s);
	/* Virtual time waits for who looks, and has to be the same each time. */
	if (!tmpl && run->engine->time == VM_TIME_REAL) {
		handoff_later(s.vm);
		s.job = &job;
	} else {
		handoff_job(s.vm, &job);
	}
	/* The guest's CPUs have threads of their own by now, and a monitor will. */
	if (run->opts.perf)
		perf_watch(&perf);
	start_monitor(&s, tmpl);
	session_start_clock(&s, tmpl);
	ret = vm_run(s.vm, &err);
	phase_reached(&s.col.phases, PHASE_RUN);
	if (!ret)
		ret = session_watch(&s, &err);
	phase_reached(&s.col.phases, PHASE_END);
	if (ret)
		goto infra;
	collect(&s);
	/* That it was read rightly is not for the guest to say. */
	if (inst->test->inspect && !s.inspected && s.col.ev.result.verdict == VERDICT_PASS)
		s.col.ev.have_result = false;
	goto judge;
infra:
	infra(&s, ret, &err);
judge:
	judge(&s);
	free(archive);
	return session_end(&s);
}

/* A template runs no test: it is judged by nothing that one of them expects. */
static const struct ktstr_test no_test = { .name = "template" };

struct vm *template_run(const struct runner *run, const struct plan_instance *inst,
			struct template *tmpl, struct instance_result *res)
{
	struct err err = { "" };
	struct monitor_config mon;
	struct vm_config cfg;
	struct session s;
	struct job job;
	int ret;

	session_init(&s, run, inst, res);
	s.col.ev.test = &no_test;
	cfg = vm_config_of(&s);
	ret = vm_create(&cfg, tmpl->image.ram_fd, &s.vm, &err);
	if (ret)
		goto infra;
	phase_reached(&s.col.phases, PHASE_CREATED);
	handoff_symreq(s.vm);
	if (tmpl->attached) {
		ret = plan_job(inst, &run->opts, &job, &err);
		if (ret)
			goto infra;
		job.prepare = true;
		job.fault = 0;
		/* The same guest, whichever of its tests it is made for. */
		memset(job.test, 0, sizeof(job.test));
		snprintf(job.test, sizeof(job.test), "%s", no_test.name);
		memset(job.sched_expect, 0, sizeof(job.sched_expect));
		if (inst->expect.attach_ms)
			snprintf(job.sched_expect, sizeof(job.sched_expect), "attach=%u",
				 inst->expect.attach_ms);
		handoff_job(s.vm, &job);
		deadline_attach(&s.deadline);
	}
	session_start_clock(&s, false);
	ret = vm_run(s.vm, &err);
	phase_reached(&s.col.phases, PHASE_RUN);
	if (ret)
		goto infra;
	/* The window is not read: all that is in it is for those who thaw the guest. */
	do
		session_event(&s, vm_wait(s.vm, SESSION_WAIT_MS));
	while (s.col.ev.ending == ENDING_NONE && !session_late(&s));
	if (s.col.ev.ending == ENDING_DOORBELL) {
		mon = session_monitor(&s, &s.mon_shm);
		/* If there is nothing to be learnt, each monitor says so. */
		monitor_learn(&mon, tmpl->known, NULL);
		ret = vm_freeze(s.vm, &tmpl->image, &err);
		if (ret)
			goto infra;
		res->outcome.verdict = VERDICT_PASS;
		goto out;
	}
	if (s.col.ev.ending == ENDING_NONE) {
		s.col.ev.ending = ENDING_TIMEOUT;
		session_where(&s);
	}
	collect(&s);
	/* Whatever it said, a guest that did not ask for its job has not passed. */
	if (s.col.ev.have_result && s.col.ev.result.verdict == VERDICT_PASS)
		s.col.ev.have_result = false;
	goto judge;
infra:
	infra(&s, ret, &err);
judge:
	judge(&s);
out:
	return session_end(&s);
}

uint64_t instance_limit_ns(const struct plan_instance *inst)
{
	struct deadline d;

	deadline_init(&d, inst);
	return DEADLINE_STRETCH * (d.boot_ns + d.job_ns) +
	       (SESSION_EXIT_S + SESSION_DUMP_S + KILL_S) * NSEC_PER_SEC;
}
