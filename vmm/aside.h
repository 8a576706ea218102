/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTSTR_VMM_ASIDE_H
#define KTSTR_VMM_ASIDE_H

/*
 * close_aside - close @fd without waiting for what the kernel has to wait for until it is closed
 *
 * A worker of the kernel closes it, soon, even if this process is gone by then. Where this process
 * cannot have an io_uring (none in the kernel, or kernel.io_uring_disabled), it is closed here.
 */
void close_aside(int fd);

#endif /* KTSTR_VMM_ASIDE_H */
