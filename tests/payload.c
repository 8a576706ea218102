// SPDX-License-Identifier: GPL-2.0
/*
 * A payload for controls: says a number, then ends in the way that it is told to.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Goes, and leaves one behind that spins and lets nobody else run. */
static int leave(void)
{
	const struct sched_param param = { .sched_priority = 1 };
	pid_t pid = fork();

	if (pid < 0)
		return 1;
	if (pid)
		return 0;
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	for (;;)
		;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	printf("first score: 1\nlast score = %s ops/s\n", argc > 2 ? argv[2] : "none");
	fflush(stdout);
	if (!strcmp(how, "hang"))
		pause();
	if (!strcmp(how, "sleep"))
		return sleep(1);
	if (!strcmp(how, "leave"))
		return leave();
	if (!strcmp(how, "crash"))
		kill(getpid(), SIGSEGV);
	return atoi(how);
}
