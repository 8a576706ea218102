/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scx_minimal.h - what our BPF schedulers need of the kernel's types
 *
 * Kept by hand, since no kernel is at hand where kselftests are built. Only
 * members that are used; libbpf finds each in the running kernel's BTF. That
 * also holds for struct sched_ext_ops: its members are matched by name.
 */
#ifndef KTSTR_SCENARIOS_SCX_MINIMAL_H
#define KTSTR_SCENARIOS_SCX_MINIMAL_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#include <stdbool.h>

enum bpf_map_type {
	BPF_MAP_TYPE_RINGBUF = 27,	/* UAPI */
};

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;
};

enum scx_exit_kind {
	SCX_EXIT_NONE,
};

struct scx_exit_info {
	enum scx_exit_kind kind;
	s64 exit_code;		/* not in the first versions */
	const char *reason;
	char *msg;
};

#pragma clang attribute pop

/* Values are relocated: SCX_ENUM(). */
enum scx_dsq_id_flags {
	SCX_DSQ_LOCAL = 0x8000000000000002ULL,
};

enum scx_public_consts {
	SCX_SLICE_DFL = 20 * 1000000,
};

#define SCX_ENUM(_type, _name)	bpf_core_enum_value(enum _type, _name)

struct sched_ext_ops {
	s32 (*select_cpu)(struct task_struct *p, s32 prev_cpu, u64 wake_flags);
	void (*enqueue)(struct task_struct *p, u64 enq_flags);
	void (*dispatch)(s32 cpu, struct task_struct *prev);
	s32 (*init)(void);
	void (*exit)(struct scx_exit_info *info);
	u64 flags;
	u32 timeout_ms;
	char name[128];
};

s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym;
s32 scx_bpf_select_cpu_dfl(struct task_struct *p, s32 cpu, u64 wake_flags, bool *is_idle) __ksym;
void scx_bpf_error_bstr(char *fmt, unsigned long long *data, u32 data_sz) __ksym;

/*
 * Renamed in 6.13, replaced by variants with another prototype in 6.19 and
 * 7.1. What follows the last "___" is not part of the kernel's name.
 */
bool scx_bpf_dsq_insert___v2___compat(struct task_struct *p, u64 dsq, u64 slice,
				      u64 enq) __ksym __weak;
void scx_bpf_dsq_insert___v1(struct task_struct *p, u64 dsq, u64 slice, u64 enq) __ksym __weak;
void scx_bpf_dispatch___v0(struct task_struct *p, u64 dsq, u64 slice, u64 enq) __ksym __weak;

bool scx_bpf_dsq_move_to_local___v2___compat(u64 dsq, u64 enq) __ksym __weak;
bool scx_bpf_dsq_move_to_local___v1(u64 dsq) __ksym __weak;
bool scx_bpf_consume___v0(u64 dsq) __ksym __weak;

static inline void dsq_insert(struct task_struct *p, u64 dsq, u64 slice, u64 enq)
{
	if (bpf_ksym_exists(scx_bpf_dsq_insert___v2___compat))
		scx_bpf_dsq_insert___v2___compat(p, dsq, slice, enq);
	else if (bpf_ksym_exists(scx_bpf_dsq_insert___v1))
		scx_bpf_dsq_insert___v1(p, dsq, slice, enq);
	else
		scx_bpf_dispatch___v0(p, dsq, slice, enq);
}

static inline bool dsq_move_to_local(u64 dsq)
{
	if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___v2___compat))
		return scx_bpf_dsq_move_to_local___v2___compat(dsq, 0);
	if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___v1))
		return scx_bpf_dsq_move_to_local___v1(dsq);
	return scx_bpf_consume___v0(dsq);
}

/* scx_error - give up: the kernel ejects the scheduler with this text. */
#define scx_error(_fmt, ...)							\
({										\
	static char ___fmt[] = _fmt;						\
	unsigned long long ___param[___bpf_narg(__VA_ARGS__) ?: 1] = {};	\
	___bpf_fill(___param, ##__VA_ARGS__);					\
	scx_bpf_error_bstr(___fmt, ___param, sizeof(___param));			\
})

#endif /* KTSTR_SCENARIOS_SCX_MINIMAL_H */
