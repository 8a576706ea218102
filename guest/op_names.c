// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include "scenario.h"

static const char *const op_names[NR_OPS] = {
	[OP_NONE]		= "none",
	[OP_ADD_CGROUP]		= "add-cgroup",
	[OP_REMOVE_CGROUP]	= "remove-cgroup",
	[OP_SET_CPUSET]		= "set-cpuset",
	[OP_CLEAR_CPUSET]	= "clear-cpuset",
	[OP_SWAP_CPUSETS]	= "swap-cpusets",
	[OP_SPAWN]		= "spawn",
	[OP_STOP_CGROUP]	= "stop-cgroup",
	[OP_SET_AFFINITY]	= "set-affinity",
	[OP_SPAWN_ROOT]		= "spawn-root",
	[OP_MOVE_TASKS]		= "move-tasks",
	[OP_ADD_CGROUP_DEF]	= "add-cgroup-def",
	[OP_SET_WEIGHT]		= "set-weight",
	[OP_SET_MAX]		= "set-max",
	[OP_FREEZE]		= "freeze",
	[OP_THAW]		= "thaw",
	[OP_SET_PARTITION]	= "set-partition",
	[OP_SET_MEMS]		= "set-mems",
	[OP_CPU_OFFLINE]	= "cpu-offline",
	[OP_CPU_ONLINE]		= "cpu-online",
	[OP_DETACH_SCHEDULER]	= "detach-scheduler",
	[OP_ATTACH_SCHEDULER]	= "attach-scheduler",
	[OP_RESTART_SCHEDULER]	= "restart-scheduler",
	[OP_KILL_SCHEDULER]	= "kill-scheduler",
	[OP_RUN_PAYLOAD]	= "run-payload",
	[OP_WAIT_PAYLOAD]	= "wait-payload",
	[OP_KILL_PAYLOAD]	= "kill-payload",
};

/* Each has a bit in a message. */
_Static_assert(NR_OPS <= 64, "op_mask is too small");

const char *op_name(unsigned int kind)
{
	return kind < NR_OPS && op_names[kind] ? op_names[kind] : "?";
}

char *op_mask_format(uint64_t mask, char *buf, size_t size)
{
	unsigned int kind;
	size_t len = 0;

	snprintf(buf, size, "none");
	for (kind = 0; kind < 64 && len < size; kind++) {
		if (mask & 1ULL << kind)
			len += snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
					op_name(kind));
	}
	return buf;
}
