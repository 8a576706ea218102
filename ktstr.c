// SPDX-License-Identifier: GPL-2.0
/*
 * One program, three roles: PID 1 of a guest, a scheduler in it, the runner on the host
 */
#include <string.h>
#include <unistd.h>
#include "guest/guest.h"
#include "guest/scheduler.h"
#include "runner/runner.h"

#define ROLE_SCHEDULER	"--role=scheduler"

int main(int argc, char **argv)
{
	/* In a container the runner may be PID 1 too; only a kernel names its first program so. */
	if (getpid() == 1 && argc > 0 && !strcmp(argv[0], "/init"))
		guest_main();
	if (argc > 1 && !strcmp(argv[1], ROLE_SCHEDULER))
		return builtin_main(argc - 2, argv + 2);
	return runner_main(argc, argv);
}
