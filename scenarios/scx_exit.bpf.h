/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scx_exit.bpf.h - the ops.exit() of all our BPF schedulers
 */
#ifndef KTSTR_SCENARIOS_SCX_EXIT_BPF_H
#define KTSTR_SCENARIOS_SCX_EXIT_BPF_H

#include "scx_minimal.h"
#include "../guest/scx_exit.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} exits SEC(".maps");

static void tell_exit(const struct scx_exit_info *info)
{
	struct scx_exit *e = bpf_ringbuf_reserve(&exits, sizeof(*e), 0);

	if (!e)
		return;
	e->kind = info->kind;
	e->pad = 0;
	e->code = bpf_core_field_exists(info->exit_code) ? info->exit_code : 0;
	e->reason[0] = 0;
	e->msg[0] = 0;
	bpf_probe_read_kernel_str(e->reason, sizeof(e->reason), info->reason);
	bpf_probe_read_kernel_str(e->msg, sizeof(e->msg), info->msg);
	bpf_ringbuf_submit(e, 0);
}

#endif /* KTSTR_SCENARIOS_SCX_EXIT_BPF_H */
