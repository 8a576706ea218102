// SPDX-License-Identifier: GPL-2.0
/*
 * wire.c - the words for stages, verdicts and causes
 */
#include "wire.h"

static const char *const stage_names[NR_STAGES] = {
	[STAGE_NONE]		= "none",
	[STAGE_INIT]		= "init",
	[STAGE_HANDOVER]	= "handover",
	[STAGE_READY]		= "ready",
	[STAGE_JOB]		= "job",
	[STAGE_SCHED]		= "sched",
	[STAGE_SETUP]		= "setup",
	[STAGE_RUN]		= "run",
	[STAGE_COLLECT]		= "collect",
	[STAGE_DETACH]		= "detach",
	[STAGE_DONE]		= "done",
};

static const char *const verdict_names[NR_VERDICTS] = {
	[VERDICT_NONE]		= "none",
	[VERDICT_PASS]		= "pass",
	[VERDICT_SKIP]		= "skip",
	[VERDICT_INCONCLUSIVE]	= "inconclusive",
	[VERDICT_FAIL]		= "fail",
};

static const char *const cause_names[NR_CAUSES] = {
	[CAUSE_NONE]		= "none",
	[CAUSE_STARVED]		= "starved",
	[CAUSE_STUCK]		= "stuck",
	[CAUSE_UNFAIR]		= "unfair",
	[CAUSE_ISOLATION]	= "isolation",
	[CAUSE_WORKER]		= "worker",
	[CAUSE_SCHED_ATTACH]	= "sched-attach",
	[CAUSE_SCHED_DIED]	= "sched-died",
	[CAUSE_SCHED_DETACH]	= "sched-detach",
	[CAUSE_IMBALANCE]	= "imbalance",
	[CAUSE_DSQ_DEPTH]	= "dsq-depth",
	[CAUSE_STALL]		= "stall",
	[CAUSE_READING]		= "reading",
	[CAUSE_KERNEL_LOG]	= "kernel-log",
	[CAUSE_RCU_STALL]	= "rcu-stall",
	[CAUSE_PANIC]		= "panic",
	[CAUSE_NO_RESULT]	= "no-result",
	[CAUSE_TIMEOUT]		= "timeout",
	[CAUSE_INFRA]		= "infra",
	[CAUSE_TOPOLOGY]	= "topology",
	[CAUSE_CGROUP]		= "cgroup",
	[CAUSE_THROUGHPUT]	= "throughput",
	[CAUSE_LATENCY]		= "latency",
	[CAUSE_MIGRATION]	= "migration",
	[CAUSE_NUMA]		= "numa",
	[CAUSE_SHARE]		= "share",
	[CAUSE_PAYLOAD]		= "payload",
	[CAUSE_HOTPLUG]		= "hotplug",
	[CAUSE_EVENTS]		= "events",
	[CAUSE_TEARDOWN]	= "teardown",
	[CAUSE_OTHER]		= "other",
};

static const char *name_of(const char *const *names, size_t nr, unsigned int i)
{
	return i < nr && names[i] ? names[i] : "?";
}

const char *stage_name(unsigned int stage)
{
	return name_of(stage_names, ARRAY_SIZE(stage_names), stage);
}

const char *verdict_name(unsigned int verdict)
{
	return name_of(verdict_names, ARRAY_SIZE(verdict_names), verdict);
}

const char *cause_name(unsigned int cause)
{
	return name_of(cause_names, ARRAY_SIZE(cause_names), cause);
}
