// SPDX-License-Identifier: GPL-2.0
/*
 * Work that keeps changing what the scheduler knows of it.
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "work.h"

/*
 * The parent does not count as asleep while it waits: of the two one is always runnable, and
 * if that does not run, it is the scheduler's doing. What is measured as a wake-up is how
 * long the child takes to run for the first time.
 */
void work_run_fork_exit(struct work_self *self)
{
	_Atomic uint64_t *ran_ns = &self->page->shared.wake_ns[0];
	uint64_t forked_ns, at;
	pid_t pid;

	while (!work_stopped(self)) {
		work_checkpoint(self);
		forked_ns = now_ns();
		atomic_store(ran_ns, 0);
		pid = fork();
		if (pid < 0)
			work_fail(self, WORKER_SETUP_WORK, errno);
		if (!pid) {
			atomic_store(ran_ns, now_ns());
			_exit(0);
		}
		while (waitpid(pid, NULL, 0) < 0) {
			if (errno != EINTR)
				work_fail(self, WORKER_SETUP_WORK, errno);
		}
		work_checkpoint(self);
		at = atomic_load(ran_ns);
		if (at > forked_ns)
			work_wake_sample(self, at - forked_ns);
		self->page->rep.units++;
		self->page->rep.iterations++;
	}
}

void work_run_nice_sweep(struct work_self *self)
{
	int nice = -20;

	while (!work_stopped(self)) {
		work_unit(self);
		if (setpriority(PRIO_PROCESS, 0, nice))
			work_fail(self, WORKER_SETUP_WORK, errno);
		nice = nice == 19 ? -20 : nice + 1;
		self->page->rep.iterations++;
	}
	/* It ends as it began, so that the end is not at the mercy of the last value. */
	setpriority(PRIO_PROCESS, 0, self->work.nice);
}

void work_run_affinity_churn(struct work_self *self)
{
	struct cpumask cpus, one;
	uint32_t gen;
	int ret;

	while (!work_stopped(self)) {
		work_unit(self);
		/* The parent may fill the slot meanwhile; then it is not asked. */
		gen = atomic_load_explicit(&self->page->gen, memory_order_acquire);
		cpus = self->page->allowed[gen & 1].cpus;
		if (cpumask_empty(&cpus) || atomic_load(&self->page->gen) != gen)
			continue;
		cpumask_clear(&one);
		cpumask_set_cpu(&one, cpumask_nth(&cpus,
						  work_random(self, cpumask_weight(&cpus))));
		ret = worker_set_affinity(0, &one);
		/* It is on its way out of the cpuset, or not yet in. */
		if (ret == -EINVAL)
			work_refused(self, -ret);
		else if (ret)
			work_fail(self, WORKER_SETUP_WORK, -ret);
		sched_yield();
		work_checkpoint(self);
		self->page->rep.iterations++;
	}
}

void work_run_policy_churn(struct work_self *self)
{
	static const int policies[] = {
		SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR,
	};
	struct sched_param param = { };
	unsigned int i = 0;
	int policy;

	while (!work_stopped(self)) {
		work_unit(self);
		policy = policies[i++ % ARRAY_SIZE(policies)];
		param.sched_priority = policy == SCHED_FIFO || policy == SCHED_RR;
		if (!sched_setscheduler(0, policy, &param))
			self->page->rep.iterations++;
		else if (errno == EPERM)
			work_refused(self, errno);
		else
			work_fail(self, WORKER_SETUP_WORK, errno);
	}
}
