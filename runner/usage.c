// SPDX-License-Identifier: GPL-2.0
/*
 * usage.c - what -h says
 */
#include <stdio.h>
#include "options.h"

static const char usage_text[] =
"Boots the kernel under test in a virtual machine of its own for each test, and says in KTAP\n"
"whether its scheduler is right. Nothing of this machine's own scheduling is touched.\n"
"\n"
"  -l, --list           list what would run: seconds, needs, and what it verifies\n"
"      --all            also what does not run by default, since it takes long\n"
"  -t, --test GLOB      only tests whose name, or test.topology.profile, matches; repeatable\n"
"  -v, --verbose        show everything for every instance\n"
"  -j, --jobs N         N virtual machines at a time (1)\n"
"  -k, --kernel PATH    bzImage, vmlinux or build directory (the tree's, or the running kernel)\n"
"      --sched WHAT     scheduler under test: a program, builtin:NAME, or none (none)\n"
"      --sched-arg ARG  an argument for it; repeatable\n"
"      --sched-flag F   NAME or NAME=ARG: it can do that, if it is given ARG; tests about that run\n"
"                       without and with it; repeatable\n"
"      --sched-expect E limits for it, where a test sets none itself, such as spread=50; NAME=off: not\n"
"                       judged at all; cpu-weight=on, cpu-max=on: it honours those; GLOB: before one\n"
"                       of these: in the tests that match\n"
"      --sched-decl F   a file with lines such as \"sched-expect gap=off\", for what that says nothing of\n"
"      --topology T     NnNlNcNt: nodes, LLCs in all, cores per LLC, threads per core; then Nm:\n"
"                       nodes without CPUs; then -D-D...: distances of nodes 0-1, 0-2, ... 1-2, ...\n"
"                       Repeatable: each test runs on each of them\n"
"      --duration S     seconds that a test measures, in guest time\n"
"      --memory-mb N    guest memory\n"
"      --accel WHAT     auto, kvm or tcg (auto)\n"
"      --keep DIR       keep consoles, results and the initramfs there\n"
"      --seed N         seed of everything random (1)\n"
"      --cold           boot each instance anew, rather than copies of one booted guest\n"
"      --warm WHAT      each instance a copy, also of a guest that nobody else needs: booted; attached,\n"
"                       which has its scheduler, too\n"
"      --perf           a CPU of the host for each of a guest, huge pages, no exits for idling\n"
"      --append WORDS   more words for the guest's kernel command line; loglevel=7: all that it says\n"
"  -h, --help           this text\n"
"\n"
"Variables, for the same: KTSTR_KERNEL, KTSTR_SCHED, KTSTR_SCHED_ARGS, KTSTR_SCHED_FLAGS (words),\n"
"KTSTR_SCHED_EXPECT, KTSTR_SCHED_DECL, KTSTR_TOPOLOGY (words), KTSTR_DURATION, KTSTR_MEMORY_MB, KTSTR_ACCEL,\n"
"KTSTR_KEEP, KTSTR_SEED, KTSTR_FILTER (globs), KTSTR_JOBS, KTSTR_VERBOSE=1, KTSTR_COLD=1, KTSTR_WARM,\n"
"KTSTR_PERF=1, KTSTR_ALL=1. KTSTR_NO_SKIP=1 makes each skip a failure.\n"
"\n"
"Exit code: 0 passed, 1 failed or bad usage, 4 skipped.\n";

void options_usage(const char *program)
{
	printf("Usage: %s [OPTION]...\n%s", program, usage_text);
}
