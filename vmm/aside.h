/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTSTR_VMM_ASIDE_H
#define KTSTR_VMM_ASIDE_H

#include <stdbool.h>

/*
 * close_aside - close @fd without waiting for what the kernel has to wait for until it is closed
 *
 * A worker of the kernel closes it, soon, even if this process is gone by then. There is one such
 * worker for all files of the machine (delayed_fput() in fs/file_table.c), which closes one after
 * the other: this is not for files that come faster than they can be closed. A system call that
 * this thread is in meanwhile may be restarted.
 *
 * False where this process cannot have an io_uring (none in the kernel, kernel.io_uring_disabled, a
 * seccomp filter): then it was closed here.
 */
bool close_aside(int fd);

#endif /* KTSTR_VMM_ASIDE_H */
