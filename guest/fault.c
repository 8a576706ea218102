// SPDX-License-Identifier: GPL-2.0
/*
 * Faults that a job asks for, to prove that they are noticed. Each is done behind
 * the back of whatever must notice it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "steps.h"

#define FLOOD_NS	NSEC_PER_SEC

/* As the kernel's own warnings look in the log; a real one cannot be had. */
#define WARN_TEXT	"<4>WARNING: CPU: 0 PID: 1 at ktstr fault_inject\n"
#define RCU_STALL_TEXT	"<3>rcu: INFO: rcu_preempt detected stalls on CPUs/tasks: { ktstr fault_inject }\n"

/* Those that are done elsewhere, and cannot fail to come. */
#define ELSEWHERE	(JOB_FAULT_CUT_WINDOW | JOB_FAULT_CUT_COM2 | JOB_FAULT_NO_WINDOW)

static bool wanted(const struct scenario *scn, uint32_t fault)
{
	return scn->g->job.fault & fault;
}

static void write_or_log(struct scenario *scn, uint32_t fault, const char *path, const char *text)
{
	int ret = write_file(path, text);

	if (ret)
		guest_log(scn->g, "fault: cannot write to %s: %s", path, strerror(-ret));
	else
		scn->faults_done |= fault;
}

static struct worker *first_alive(struct scenario *scn)
{
	struct worker *w;

	for (w = scn->workers; w && !worker_alive(w); w = w->next)
		;
	return w;
}

/* Into the root, and onto a CPU that its cpuset has not. Its own idea of where it may be stays. */
static void escape(struct scenario *scn)
{
	struct cpumask cpuset, outside;
	struct err err = { };
	struct worker *w;
	int ret;

	for (w = scn->workers; w; w = w->next) {
		cgroup_effective(&scn->fs, w->cgroup, &cpuset);
		cpumask_andnot(&outside, &scn->all, &cpuset);
		if (worker_alive(w) && !cpumask_empty(&outside))
			break;
	}
	if (!w) {
		guest_log(scn->g, "fault: no worker has anything outside of its cpuset");
		return;
	}
	ret = cgroup_move(&scn->fs, NULL, w->pid, &err);
	if (!ret)
		ret = worker_set_affinity(w->pid, &outside);
	if (ret)
		guest_log(scn->g, "fault: worker %u stays where it is: %s %s", w->id,
			  strerror(-ret), err.msg);
	else
		scn->faults_done |= JOB_FAULT_ESCAPE;
}

static void unfair(struct scenario *scn)
{
	struct worker *w = first_alive(scn);

	if (!w || setpriority(PRIO_PROCESS, w->pid, 19))
		guest_log(scn->g, "fault: no worker could be made nice");
	else
		scn->faults_done |= JOB_FAULT_UNFAIR;
}

static void hang(void) __noreturn;

static void hang(void)
{
	volatile unsigned long turns = 0;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (;;)
		turns++;
}

/* A process that is killed at the end of the scenario; true in it. */
static bool fork_fault(struct scenario *scn, uint32_t fault)
{
	pid_t pid = fork();

	if (pid < 0)
		guest_log(scn->g, "fault: cannot fork: %s", strerror(errno));
	else
		scn->faults_done |= fault;
	if (pid) {
		scn->fault_pid = max(pid, 0);
		return false;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return true;
}

/*
 * A process of its own: a console may be slow, and the scenario has a duration. Not for all of it:
 * a port that is never busy has its next interrupt at once, and where each costs much, as on KVM
 * in a guest, the CPU that takes them does nothing else, be it for PID 1.
 */
static void flood(struct scenario *scn)
{
	static const char line[] = "ktstr: one line of very many, as a broken driver prints them\n";
	uint64_t until = now_ns() + FLOOD_NS;
	int fd;

	if (!fork_fault(scn, JOB_FAULT_FLOOD))
		return;
	fd = open("/dev/console", O_WRONLY | O_NOCTTY);
	while (fd >= 0 && now_ns() < until && !write_all(fd, line, sizeof(line) - 1))
		;
	_exit(0);
}

static void kill_sched(struct scenario *scn)
{
	if (scn->sched && scn->sched->pid > 0 && !kill(scn->sched->pid, SIGKILL))
		scn->faults_done |= JOB_FAULT_KILL_SCHED;
}

void fault_inject(struct scenario *scn)
{
	if (wanted(scn, JOB_FAULT_WARN))
		write_or_log(scn, JOB_FAULT_WARN, "/dev/kmsg", WARN_TEXT);
	if (wanted(scn, JOB_FAULT_RCU_STALL))
		write_or_log(scn, JOB_FAULT_RCU_STALL, "/dev/kmsg", RCU_STALL_TEXT);
	if (wanted(scn, JOB_FAULT_ESCAPE))
		escape(scn);
	if (wanted(scn, JOB_FAULT_UNFAIR))
		unfair(scn);
	if (wanted(scn, JOB_FAULT_FLOOD))
		flood(scn);
	if (wanted(scn, JOB_FAULT_KILL_SCHED))
		kill_sched(scn);
	/* Of these nobody comes back. */
	if (wanted(scn, JOB_FAULT_PANIC))
		write_or_log(scn, JOB_FAULT_PANIC, "/proc/sysrq-trigger", "c");
	if (wanted(scn, JOB_FAULT_TRIPLE))
		write_or_log(scn, JOB_FAULT_TRIPLE, "/proc/sysrq-trigger", "b");
	if (wanted(scn, JOB_FAULT_INIT_KILLED))
		_exit(1);
	if (wanted(scn, JOB_FAULT_HANG))
		hang();
}

void fault_before_release(struct scenario *scn)
{
	struct worker *w = first_alive(scn);

	if (!wanted(scn, JOB_FAULT_STARVE) || scn->start_ns || !w)
		return;
	/* It sleeps in the kernel and stops before it comes back. */
	if (kill(w->pid, SIGSTOP))
		guest_log(scn->g, "fault: no worker could be stopped: %s", strerror(errno));
	else
		scn->faults_done |= JOB_FAULT_STARVE;
}

/* As if somebody else had started it. */
static void second_scheduler(struct scenario *scn)
{
	if (!fork_fault(scn, JOB_FAULT_SECOND_SCHED))
		return;
	execl("/proc/self/exe", "ktstr", "--role=scheduler", KTSTR_SCHED, NULL);
	_exit(1);
}

/* Sent is not stopped: on another CPU it goes on until that one hears of it. */
static bool stop_worker(const struct worker *w)
{
	siginfo_t info;

	return !kill(w->pid, SIGSTOP) &&
	       !waitid(P_PID, (id_t)w->pid, &info, WSTOPPED | WNOWAIT);
}

void fault_scheduler(struct scenario *scn)
{
	struct worker *w = first_alive(scn);

	if (wanted(scn, JOB_FAULT_LEFT_BEHIND)) {
		if (w && stop_worker(w))
			scn->faults_done |= JOB_FAULT_LEFT_BEHIND;
		else
			guest_log(scn->g, "fault: no worker could be stopped");
	}
	if (wanted(scn, JOB_FAULT_SECOND_SCHED) && !scn->fault_pid)
		second_scheduler(scn);
}

static bool make_dir(struct scenario *scn, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s/%s", scn->fs.mount, scn->fs.base, name);
	if (!mkdir(path, 0755))
		return true;
	guest_log(scn->g, "fault: cannot make %s: %s", path, strerror(errno));
	return false;
}

void fault_before_cgroup(struct scenario *scn, const char *name)
{
	if (fault_refuse(scn))
		make_dir(scn, name);
}

bool fault_refuse(struct scenario *scn)
{
	if (!wanted(scn, JOB_FAULT_REFUSED))
		return false;
	scn->faults_done |= JOB_FAULT_REFUSED;
	return true;
}

void fault_cgroups(struct scenario *scn)
{
	if (wanted(scn, JOB_FAULT_LEAK_CGROUP) && make_dir(scn, "leak"))
		scn->faults_done |= JOB_FAULT_LEAK_CGROUP;
}

void fault_forget(struct scenario *scn)
{
	pid_t pid;

	if (wanted(scn, JOB_FAULT_SLEEPER) && scn->sched && scn->sched->probe.pid &&
	    !kill(scn->sched->probe.pid, SIGSTOP))
		scn->faults_done |= JOB_FAULT_SLEEPER;
	if (!scn->sched)
		return;
	if (wanted(scn, JOB_FAULT_ALL_ASLEEP)) {
		scn->faults_done |= JOB_FAULT_ALL_ASLEEP;
		scn->sched->kind = SCHED_KIND_NONE;
	}
	if (!wanted(scn, JOB_FAULT_NO_DETACH))
		return;
	scn->faults_done |= JOB_FAULT_NO_DETACH;
	scn->sched->kind = SCHED_KIND_NONE;
	/* PID 1 is real-time, and else nobody may have anything to do. */
	pid = fork();
	if (pid < 0)
		guest_log(scn->g, "fault: cannot fork: %s", strerror(errno));
	if (!pid)
		hang();
}

void fault_end(struct scenario *scn)
{
	if (!scn->fault_pid)
		return;
	kill(scn->fault_pid, SIGKILL);
	waitpid(scn->fault_pid, NULL, 0);
	scn->fault_pid = 0;
}

uint32_t fault_missing(const struct scenario *scn)
{
	return scn->g->job.fault & ~(scn->faults_done | ELSEWHERE);
}
