// SPDX-License-Identifier: GPL-2.0
/*
 * Two programs at KVM's tracepoints. The one at kvm_inj_virq notes that the thread has injected
 * something; the one at kvm_entry, where interrupts are off and VMRUN is next, has the local APIC
 * raise an interrupt: what bpf_send_signal() has to do then is left to irq_work. Signal 0 is none.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>
#include "../lib/util.h"
#include "nested_irq.h"

#define MAX_THREADS	4096	/* vCPUs of all guests */

#define INSN(_code, _dst, _src, _off, _imm)					\
	((struct bpf_insn){							\
		.code = (_code), .dst_reg = (_dst), .src_reg = (_src), .off = (_off),	\
		.imm = (_imm),							\
	})
#define MOV(_dst, _imm)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, _dst, 0, 0, _imm)
#define CALL(_func)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, _func)
#define EXIT()			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Unless r0 is @_imm, leave out the next @_nr. */
#define SKIP_UNLESS(_imm, _nr)	INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, _nr, _imm)
/* The 32 bits at @_off of the stack: what they become, and in two steps their address. */
#define STACK_R0(_off)		INSN(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, BPF_REG_0, _off, 0)
#define STACK_IMM(_off, _imm)	INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, _off, _imm)
#define STACK(_dst)		INSN(BPF_ALU64 | BPF_MOV | BPF_X, _dst, BPF_REG_10, 0, 0)
#define ADD(_dst, _imm)		INSN(BPF_ALU64 | BPF_ADD | BPF_K, _dst, 0, 0, _imm)
/* One instruction as long as two. */
#define MAP_LOW(_dst, _fd)	INSN(BPF_LD | BPF_DW | BPF_IMM, _dst, BPF_PSEUDO_MAP_FD, 0, _fd)
#define MAP_HIGH()		INSN(0, 0, 0, 0, 0)

static int attach(const char *tracepoint, const struct bpf_insn *insns, size_t nr)
{
	int prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL", insns, nr, NULL);
	int link;

	if (prog < 0)
		return prog;
	/* Never closed: it ends with the process. */
	link = bpf_raw_tracepoint_open(tracepoint, prog);
	close(prog);
	return link < 0 ? link : 0;
}

int nested_irq_init(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_HASH, NULL, 4, 4, MAX_THREADS, NULL), ret;
	const struct bpf_insn injected[] = {
		CALL(BPF_FUNC_get_current_pid_tgid),
		STACK_R0(-4),
		STACK_IMM(-8, 1),
		MAP_LOW(BPF_REG_1, map),
		MAP_HIGH(),
		STACK(BPF_REG_2),
		ADD(BPF_REG_2, -4),
		STACK(BPF_REG_3),
		ADD(BPF_REG_3, -8),
		MOV(BPF_REG_4, BPF_ANY),
		CALL(BPF_FUNC_map_update_elem),
		MOV(BPF_REG_0, 0),
		EXIT(),
	};
	const struct bpf_insn enter[] = {
		CALL(BPF_FUNC_get_current_pid_tgid),
		STACK_R0(-4),
		MAP_LOW(BPF_REG_1, map),
		MAP_HIGH(),
		STACK(BPF_REG_2),
		ADD(BPF_REG_2, -4),
		CALL(BPF_FUNC_map_delete_elem),
		SKIP_UNLESS(0, 2),
		MOV(BPF_REG_1, 0),
		CALL(BPF_FUNC_send_signal),
		MOV(BPF_REG_0, 0),
		EXIT(),
	};

	if (map < 0)
		return map;
	ret = attach("kvm_inj_virq", injected, ARRAY_SIZE(injected));
	if (!ret)
		ret = attach("kvm_entry", enter, ARRAY_SIZE(enter));
	close(map);
	return ret;
}
