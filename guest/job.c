// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../lib/platform.h"
#include "job.h"
#include "ports.h"

static bool ends_within(const char *s, size_t size)
{
	return memchr(s, '\0', size);
}

int job_check(const struct job *job, struct err *err)
{
	size_t off = 0;
	uint32_t i;

	if (job->magic != JOB_MAGIC)
		return err_set(err, -EINVAL, "job: magic is 0x%x, not 0x%x", job->magic, JOB_MAGIC);
	if (!ends_within(job->test, sizeof(job->test)) ||
	    !ends_within(job->topology, sizeof(job->topology)) ||
	    !ends_within(job->sched_name, sizeof(job->sched_name)) ||
	    !ends_within(job->sched_expect, sizeof(job->sched_expect)))
		return err_set(err, -EINVAL, "job: a name does not end within its field");
	if (!job->test[0])
		return err_set(err, -EINVAL, "job: no test is named");
	if (job->sched_kind > SCHED_KIND_BUILTIN)
		return err_set(err, -EINVAL, "job: no kind %u of scheduler", job->sched_kind);
	if (job->nr_sched_args > JOB_MAX_ARGS)
		return err_set(err, -EINVAL, "job: %u scheduler arguments, at most %u fit",
			       job->nr_sched_args, JOB_MAX_ARGS);
	for (i = 0; i < job->nr_sched_args; i++) {
		if (!ends_within(job->sched_args + off, sizeof(job->sched_args) - off))
			return err_set(err, -EINVAL, "job: scheduler argument %u has no end", i);
		off += strlen(job->sched_args + off) + 1;
	}
	return 0;
}

int job_read_file(const char *path, struct job *job, struct err *err)
{
	char *buf;
	size_t len;
	int ret;

	ret = read_file_alloc(path, sizeof(*job), &buf, &len);
	if (ret)
		return err_set(err, ret, "%s: %s", path, strerror(-ret));
	if (len == sizeof(*job)) {
		memcpy(job, buf, sizeof(*job));
		ret = job_check(job, err);
	} else {
		ret = err_set(err, -EINVAL, "%s: %zu bytes, a job has %zu", path, len,
			      sizeof(*job));
	}
	free(buf);
	return ret;
}

static bool job_is_there(const struct guest *g)
{
	const struct job *job = shm_job(&g->shm);

	return atomic_load_explicit(&job->magic, memory_order_acquire) == JOB_MAGIC;
}

int job_take(struct guest *g, struct err *err)
{
	const struct timespec pause = { .tv_nsec = NSEC_PER_MSEC };
	uint64_t deadline;
	bool waits;
	int ret;

	if (!g->shm.base)
		return job_read_file(JOB_FILE, &g->job, err);

	waits = guest_requests(g) & SHM_REQ_WAIT;
	if (!job_is_there(g) && !waits) {
		ret = port_write(PORT_DOORBELL, DOORBELL_VALUE);
		if (ret)
			return err_set(err, ret, "no doorbell: %s (needs %s, or --cold)",
				       strerror(-ret), "CONFIG_X86_IOPL_IOPERM or CONFIG_DEVPORT");
	}
	/* The VM stops at the doorbell and goes on with a job; this is for one that stops late. */
	deadline = now_ns() + JOB_LIMIT_NS;
	while (!job_is_there(g)) {
		/* One that is awaited is the host's to be late with. */
		if (!waits && now_ns() >= deadline)
			return err_set(err, -ETIMEDOUT, "no job within %llu ms of the doorbell",
				       JOB_LIMIT_NS / NSEC_PER_MSEC);
		nanosleep(&pause, NULL);
	}
	memcpy(&g->job, shm_job(&g->shm), sizeof(g->job));
	return job_check(&g->job, err);
}

void job_drop(struct guest *g)
{
	struct job *job = shm_job(&g->shm);

	atomic_store_explicit(&job->magic, 0, memory_order_release);
}

void job_argv(struct job *job, char **argv, unsigned int first)
{
	char *arg = job->sched_args;
	uint32_t i;

	for (i = 0; i < job->nr_sched_args; i++) {
		argv[first + i] = arg;
		arg += strlen(arg) + 1;
	}
	argv[first + i] = NULL;
}

const struct ktstr_test *job_find_test(const char *name)
{
	const struct ktstr_test *const *pos;

	for_each_test(pos)
		if (!strcmp((*pos)->name, name))
			return *pos;
	return NULL;
}
