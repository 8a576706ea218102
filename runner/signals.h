/* SPDX-License-Identifier: GPL-2.0 */
/*
 * signals.h - the signals that end a run, and those of children, as something to poll
 */
#ifndef KTSTR_RUNNER_SIGNALS_H
#define KTSTR_RUNNER_SIGNALS_H

#include <signal.h>
#include "../lib/log.h"

/* signals_open - block them, @old is the mask from before; returns a signalfd(2). */
int signals_open(sigset_t *old, struct err *err);

/* signals_read - one that ends the run, 0 if there is none within @timeout_ms. Eats any SIGCHLD. */
int signals_read(int sigfd, int timeout_ms);

#endif /* KTSTR_RUNNER_SIGNALS_H */
