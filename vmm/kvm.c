// SPDX-License-Identifier: GPL-2.0
/*
 * kvm.c - the place of the kvm engine; it is not built yet
 */
#include <errno.h>
#include "engines.h"
#include "kvm_probe.h"

static int kvm_engine_probe(struct err *err)
{
	int ret = kvm_probe(err);

	return ret ?: err_set(err, -ENOSYS, "/dev/kvm works, but the kvm engine is not built yet");
}

/* Since the probe never succeeds, nothing else of the table is ever called. */
const struct vm_engine vm_engine_kvm = {
	.name = "kvm",
	.probe = kvm_engine_probe,
	.time = VM_TIME_REAL,
};
