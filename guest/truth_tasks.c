// SPDX-License-Identifier: GPL-2.0
/*
 * truth_tasks.c - says which tasks are of the ext class, then stops the VM at that instant
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../lib/platform.h"
#include "../lib/truth.h"
#include "ports.h"
#include "truth.h"

#define NR_SLEEPERS	8U	/* of them one with threads, and one dead */
#define NR_THREADS	3U	/* besides its first one */
#define STABLE_TIMES	100U
#define SCHED_MAX	(16 * KIB)
#define LIE_BY		1U

static void *sleep_on(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void sleeper(unsigned int nr)
{
	pthread_t thread;
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!nr)
		_exit(0);
	for (i = 0; nr == 1 && i < NR_THREADS; i++)
		pthread_create(&thread, NULL, sleep_on, NULL);
	sleep_on(NULL);
}

static int sleepers_start(pid_t *pids, unsigned int *nr)
{
	siginfo_t info;

	for (*nr = 0; *nr < NR_SLEEPERS; (*nr)++) {
		pids[*nr] = fork();
		if (pids[*nr] < 0)
			return -errno;
		if (!pids[*nr])
			sleeper(*nr);
	}
	/* Dead, but not gone. */
	return waitid(P_PID, pids[0], &info, WEXITED | WNOWAIT) ? -errno : 0;
}

static void sleepers_stop(const pid_t *pids, unsigned int nr)
{
	while (nr--) {
		kill(pids[nr], SIGKILL);
		while (waitpid(pids[nr], NULL, 0) < 0 && errno == EINTR)
			;
	}
}

/* "77 (a name) S ..." */
static bool parse_stat(char *stat, struct truth_ext *task)
{
	char *open = strchr(stat, '('), *close = strrchr(stat, ')');

	if (!open || !close || close < open || close[1] != ' ' || strchr("ZXx", close[2]))
		return false;
	*close = '\0';
	task->pid = strtoul(stat, NULL, 10);
	snprintf(task->comm, sizeof(task->comm), "%.*s", (int)sizeof(task->comm) - 1, open + 1);
	return true;
}

/* -ENOENT: it is gone, or dead. */
static int read_thread(const char *dir, const char *tid, bool *ext, struct truth_ext *task)
{
	char path[600], buf[SCHED_MAX];
	const char *line;

	snprintf(path, sizeof(path), "%s/%s/stat", dir, tid);
	if (read_file(path, buf, sizeof(buf)) < 0 || !parse_stat(buf, task))
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s/sched", dir, tid);
	if (read_file(path, buf, sizeof(buf)) < 0)
		return -ENOENT;
	line = strstr(buf, "\next.enabled");
	if (!line)
		return -ENODATA;
	line += strcspn(line, ":");
	*ext = *line && atoi(line + 1);
	return 0;
}

static int numeric(const struct dirent *d)
{
	return isdigit((unsigned char)d->d_name[0]);
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int count_threads(const char *pid, struct truth_ext *all)
{
	struct truth_ext task;
	struct dirent **tids;
	char dir[300];
	int i, nr, ret = 0;
	bool ext;

	snprintf(dir, sizeof(dir), "/proc/%s/task", pid);
	nr = scandir(dir, &tids, numeric, by_number);
	if (nr < 0)
		return 0;
	for (i = 0; i < nr; i++) {
		int err = read_thread(dir, tids[i]->d_name, &ext, &task);

		free(tids[i]);
		if (err && err != -ENOENT)
			ret = err;
		if (err || !ext)
			continue;
		if (!all->nr) {
			all->pid = task.pid;
			memcpy(all->comm, task.comm, sizeof(all->comm));
		}
		all->nr++;
	}
	free(tids);
	return ret;
}

static int count(struct truth_ext *all)
{
	struct dirent **pids;
	int i, nr, ret = 0;

	memset(all, 0, sizeof(*all));
	nr = scandir("/proc", &pids, numeric, by_number);
	if (nr < 0)
		return -errno;
	for (i = 0; i < nr; i++) {
		if (!ret)
			ret = count_threads(pids[i]->d_name, all);
		free(pids[i]);
	}
	free(pids);
	return ret;
}

/* Until two counts agree: kernel threads come and go. */
static int count_stable(struct truth_ext *all)
{
	struct truth_ext before;
	unsigned int i;
	int ret;

	ret = count(all);
	for (i = 0; !ret && i < STABLE_TIMES; i++) {
		before = *all;
		ret = count(all);
		if (!ret && all->nr == before.nr)
			return 0;
	}
	return ret ? ret : -ETIMEDOUT;
}

static int truth(struct scenario *scn, struct msg_result *res, unsigned int lie)
{
	pid_t pids[NR_SLEEPERS];
	struct truth_ext all;
	unsigned int i, nr;
	int ret;

	if (!scn->g->shm.base)
		return -ENODEV;
	ret = sleepers_start(pids, &nr);
	for (i = 0; !ret && i < TRUTH_LOOKS; i++) {
		ret = count_stable(&all);
		if (ret)
			break;
		guest_log(scn->g, TRUTH_EXT_FMT, all.nr + lie, all.pid, all.comm);
		ret = port_write(PORT_DOORBELL, DOORBELL_VALUE);
	}
	sleepers_stop(pids, nr);
	if (ret != -ENODATA)
		return ret ? ret : -ENOTSUP;
	result_set(scn->g, res, VERDICT_SKIP, CAUSE_NONE,
		   "/proc/PID/sched does not say who is of the ext class");
	return 0;
}

int truth_tasks(struct scenario *scn, struct msg_result *res)
{
	return truth(scn, res, 0);
}

int truth_lie_tasks(struct scenario *scn, struct msg_result *res)
{
	return truth(scn, res, LIE_BY);
}
