// SPDX-License-Identifier: GPL-2.0
/*
 * A payload for controls: says a number, then ends in the way that it is told to.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	printf("first score: 1\nlast score = %s ops/s\n", argc > 2 ? argv[2] : "none");
	fflush(stdout);
	if (!strcmp(how, "hang"))
		pause();
	if (!strcmp(how, "crash"))
		kill(getpid(), SIGSEGV);
	return atoi(how);
}
