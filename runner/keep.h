/* SPDX-License-Identifier: GPL-2.0 */
/*
 * keep.h - --keep: files that stay after a run
 */
#ifndef KTSTR_RUNNER_KEEP_H
#define KTSTR_RUNNER_KEEP_H

#include "result.h"
#include "runner.h"

/* keep_prepare - the directory, the initramfs in it, and a directory for each instance. */
int keep_prepare(const struct runner *run, struct err *err);

/* keep_result - result.txt of one instance; what goes wrong becomes a note in @res. */
void keep_result(const char *dir, const char *name, struct instance_result *res);

/* keep_phases - phases.json of one instance that has run, in the same way. */
void keep_phases(const struct runner *run, const char *name, struct instance_result *res);

/* keep_file - DIR/NAME/FILE, or DIR/FILE with @name NULL; 0 or a negative errno. */
int keep_file(const char *dir, const char *name, const char *file, const void *data, size_t len);

#endif /* KTSTR_RUNNER_KEEP_H */
