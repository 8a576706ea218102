// SPDX-License-Identifier: GPL-2.0
/*
 * watch.c - what a guest does between its start and its end, and whether it is in time
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/truth.h"
#include "../monitor/truth.h"
#include "handoff.h"
#include "session.h"

/* A guest whose time is virtual waits for us: it has no CPU when we have none. */
struct host_time session_host_time(struct session *s)
{
	return (struct host_time){
		.now_ns = now_ns(),
		.starved_ns = vm_starved_ns(s->vm) + s->stopped_ns,
	};
}

size_t session_console_size(const struct session *s)
{
	struct stat st;

	return fstat(s->vm->console_fd[0], &st) ? 0 : st.st_size;
}

/* The console may begin with something else: what is printed is a matter of --append. */
static void look_for_banner(struct session *s)
{
	char text[64];
	ssize_t n;

	if (s->col.phases.at_ns[PHASE_BANNER])
		return;
	n = pread(s->vm->console_fd[0], text, sizeof(text) - 1, 0);
	text[max(n, 0L)] = '\0';
	if (phase_is_banner(text))
		phase_reached(&s->col.phases, PHASE_BANNER);
}

void session_drain(struct session *s)
{
	look_for_banner(s);
	if (s->ring_corrupt)
		return;
	if (!collect_window(&s->col, &s->vm->shm, &s->frame)) {
		s->ring_corrupt = true;
		session_note(s, "the window's ring is corrupt; COM2 has to do");
	}
	if (s->col.ev.stage >= STAGE_JOB && !s->deadline.job_start.now_ns) {
		const struct host_time host = session_host_time(s);

		deadline_job(&s->deadline, &host);
		s->job_off = session_console_size(s);
	}
}

/* What the guest does before the monitor can see would be seen by nobody. */
static bool monitor_will_see(const struct session *s)
{
	const struct bulk_header *bulk = shm_bulk(&s->vm->shm);

	if (!s->mon || monitor_settled(s->mon))
		return false;
	/* PID 1 has not told it where to look, and goes on without. */
	return s->col.ev.stage < STAGE_READY ||
	       atomic_load_explicit(&bulk->ready, memory_order_acquire);
}

static void give_job(struct session *s)
{
	if (!s->job || monitor_will_see(s))
		return;
	handoff_job(s->vm, s->job);
	s->job = NULL;
}

/* At once when workers run. PID 1 looks several times a second. */
static void switch_faults(struct session *s)
{
	struct shm_header *h = shm_header(&s->vm->shm);

	if (s->switched || !s->inst->test->sched_faults ||
	    !(atomic_load_explicit(&h->guest, memory_order_acquire) & SHM_GST_STARTED))
		return;
	s->switched = true;
	atomic_store_explicit(&h->sched_faults, s->inst->test->sched_faults,
			      memory_order_relaxed);
}

void session_event(struct session *s, enum vm_event event)
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
	case VM_EVENT_ENGINE:
		ev->ending = event == VM_EVENT_RESET ? ENDING_RESET : ENDING_ENGINE;
		snprintf(ev->ending_text, sizeof(ev->ending_text), "%s", vm_engine_text(s->vm));
		if (event == VM_EVENT_ENGINE)
			session_where(s);
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
		event = vm_wait(s->vm, SESSION_WAIT_MS);
		session_drain(s);
		if (event != VM_EVENT_NONE) {
			session_event(s, event);
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

bool session_late(struct session *s)
{
	struct evidence *ev = &s->col.ev;
	struct host_time host = { .now_ns = now_ns() };
	uint64_t guest_now;
	enum late late;

	s->stopped_ns += deadline_stopped(&s->looked_ns, host.now_ns, SESSION_WAIT_MS);
	if (!s->mon || monitor_guest_ns(s->mon, &guest_now))
		guest_now = 0;
	if (deadline_near(&s->deadline, host.now_ns))
		host = session_host_time(s);
	late = deadline_passed(&s->deadline, &host, guest_now, ev->ending_text,
			       sizeof(ev->ending_text));
	ev->starved = late == LATE_HOST;
	return late != LATE_NOT;
}

/* A late guest may still say what its scheduler was doing. */
static void on_late(struct session *s)
{
	s->col.ev.ending = ENDING_TIMEOUT;
	session_where(s);
	atomic_fetch_or(&shm_header(&s->vm->shm)->request, SHM_REQ_DUMP);
	if (run_until(s, now_ns() + SESSION_DUMP_S * NSEC_PER_SEC))
		s->col.ev.ending = ENDING_TIMEOUT;
}

static void watch(struct session *s)
{
	enum vm_event event;

	for (;;) {
		event = vm_wait(s->vm, SESSION_WAIT_MS);
		session_drain(s);
		if (event != VM_EVENT_NONE) {
			session_event(s, event);
			return;
		}
		give_job(s);
		switch_faults(s);
		if (s->col.ev.have_exit) {
			if (!run_until(s, now_ns() + SESSION_EXIT_S * NSEC_PER_SEC))
				session_note(s,
					     "the guest did not end within %d s of its last message",
					     SESSION_EXIT_S);
			return;
		}
		if (!session_late(s))
			continue;
		if (!s->deadline.job_start.now_ns && com2_has_job(s)) {
			const struct host_time host = session_host_time(s);

			deadline_job(&s->deadline, &host);
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
		session_drain(s);
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
int session_watch(struct session *s, struct err *err)
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
		/* Each look is evidence: the last may have been disturbed where another was not. */
		textbuf_printf(&s->col.details, "look %u: %s", looks, ev->result.text);
		ev->ending = ENDING_NONE;
		ret = vm_run(s->vm, err);
		if (ret)
			return ret;
	}
	ev->have_result = true;
	s->inspected = true;
	return 0;
}
