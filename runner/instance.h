/* SPDX-License-Identifier: GPL-2.0 */
/*
 * instance.h - one guest, from its start to its result; in a process of its own
 */
#ifndef KTSTR_RUNNER_INSTANCE_H
#define KTSTR_RUNNER_INSTANCE_H

#include "result.h"
#include "runner.h"
#include "template.h"

/*
 * instance_run - boot (@tmpl NULL) or thaw a guest, give it its job, watch it, judge it. Returns
 * what is left of it, or NULL: for vm_leave(), once the result is told.
 */
struct vm *instance_run(const struct runner *run, const struct plan_instance *inst,
			const struct template *tmpl, struct instance_result *res);

/*
 * template_run - boot a guest of the kind that @inst needs up to the doorbell and freeze it
 * into @tmpl. VERDICT_PASS if that worked, else what would be said about its instances. Returns as
 * instance_run() does.
 */
struct vm *template_run(const struct runner *run, const struct plan_instance *inst,
			struct template *tmpl, struct instance_result *res);

/* instance_limit_ns - real time after which the process has failed to see to its own deadlines. */
uint64_t instance_limit_ns(const struct plan_instance *inst);

#endif /* KTSTR_RUNNER_INSTANCE_H */
