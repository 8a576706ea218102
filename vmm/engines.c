// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include "engines.h"

static const struct vm_engine *const engines[] = { &vm_engine_kvm, &vm_engine_tcg };

int vm_engine_select(const char *name, const struct vm_engine **engine, struct err *err)
{
	struct err why[ARRAY_SIZE(engines)] = {};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		if (!strcmp(name, engines[i]->name)) {
			ret = engines[i]->probe(&why[i]);
			if (ret)
				return err_set(err, -ENODEV, "--accel %s: %s", name, why[i].msg);
			*engine = engines[i];
			return 0;
		}
	}
	if (strcmp(name, "auto"))
		return err_set(err, -EINVAL, "--accel %s: no such engine: auto, kvm or tcg", name);

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		if (!engines[i]->probe(&why[i])) {
			*engine = engines[i];
			return 0;
		}
	}
	return err_set(err, -ENODEV, "no engine can run here: kvm: %s; tcg: %s", why[0].msg,
		       why[1].msg);
}
