/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host.h - what this machine, and whoever started us, can give
 */
#ifndef KTSTR_RUNNER_HOST_H
#define KTSTR_RUNNER_HOST_H

#include "../lib/util.h"

/* host_memory - bytes that can be had without swapping, here and in our control group. */
uint64_t host_memory(void);

/* host_budget - seconds that kselftest's runner.sh gives us in all, 0 if nobody limits us. */
unsigned int host_budget(void);

#endif /* KTSTR_RUNNER_HOST_H */
