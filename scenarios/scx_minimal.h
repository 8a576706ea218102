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

/* UAPI. */
enum bpf_map_type {
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_F_NO_PREALLOC = 1,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
};

struct bpf_timer {
	__u64 opaque[2];
};

struct bpf_iter_num {
	__u64 opaque;
};

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	const char *name;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct sched_entity {
	u64 sum_exec_runtime;
};

struct sched_ext_entity {
	u32 weight;
	u64 dsq_vtime;
};

struct cpumask {
	unsigned long bits;
};

typedef struct cpumask cpumask_t;

struct task_struct {
	unsigned int flags;
	int pid;
	const cpumask_t *cpus_ptr;
	unsigned short migration_disabled;
	struct sched_entity se;
	struct sched_ext_entity scx;
	struct css_set *cgroups;
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
	SCX_DSQ_LOCAL_ON = 0xc000000000000000ULL,
};

enum scx_enq_flags {
	SCX_ENQ_WAKEUP = 1ULL,
};

enum scx_kick_flags {
	SCX_KICK_IDLE = 1,
};

enum scx_public_consts {
	SCX_SLICE_DFL = 20 * 1000000,
	SCX_SLICE_INF = 0xffffffffffffffffULL,
};

/* Argument of a kfunc, 6.19 on. */
struct scx_bpf_dsq_insert_vtime_args {
	u64 dsq_id;
	u64 slice;
	u64 vtime;
	u64 enq_flags;
};

#define SCX_ENUM(_type, _name)	bpf_core_enum_value(enum _type, _name)

struct sched_ext_ops {
	s32 (*select_cpu)(struct task_struct *p, s32 prev_cpu, u64 wake_flags);
	void (*enqueue)(struct task_struct *p, u64 enq_flags);
	void (*dispatch)(s32 cpu, struct task_struct *prev);
	void (*running)(struct task_struct *p);
	void (*stopping)(struct task_struct *p, bool runnable);
	void (*enable)(struct task_struct *p);
	void (*cpu_online)(s32 cpu);
	void (*cpu_offline)(s32 cpu);
	s32 (*init)(void);
	void (*exit)(struct scx_exit_info *info);
	u64 flags;
	u32 timeout_ms;
	char name[128];
};

s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym;
s32 scx_bpf_select_cpu_dfl(struct task_struct *p, s32 cpu, u64 wake_flags, bool *is_idle) __ksym;
void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym;
u32 scx_bpf_nr_cpu_ids(void) __ksym;
bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *cpumask) __ksym;
void scx_bpf_exit_bstr(s64 code, char *fmt, unsigned long long *data, u32 data_sz) __ksym;
void scx_bpf_error_bstr(char *fmt, unsigned long long *data, u32 data_sz) __ksym;

/*
 * Renamed in 6.13, replaced by variants with another prototype in 6.19 and
 * 7.1. What follows the last "___" is not part of the kernel's name.
 */
bool scx_bpf_dsq_insert___v2___compat(struct task_struct *p, u64 dsq, u64 slice,
				      u64 enq) __ksym __weak;
void scx_bpf_dsq_insert___v1(struct task_struct *p, u64 dsq, u64 slice, u64 enq) __ksym __weak;
void scx_bpf_dispatch___v0(struct task_struct *p, u64 dsq, u64 slice, u64 enq) __ksym __weak;

bool __scx_bpf_dsq_insert_vtime(struct task_struct *p,
				struct scx_bpf_dsq_insert_vtime_args *args) __ksym __weak;
void scx_bpf_dsq_insert_vtime___v1(struct task_struct *p, u64 dsq, u64 slice, u64 vtime,
				   u64 enq) __ksym __weak;
void scx_bpf_dispatch_vtime___v0(struct task_struct *p, u64 dsq, u64 slice, u64 vtime,
				 u64 enq) __ksym __weak;

/* 6.19; before, the field was written. */
bool scx_bpf_task_set_dsq_vtime___v1(struct task_struct *p, u64 vtime) __ksym __weak;

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

static inline void dsq_insert_vtime(struct task_struct *p, u64 dsq, u64 slice, u64 vtime, u64 enq)
{
	struct scx_bpf_dsq_insert_vtime_args args = { dsq, slice, vtime, enq };

	if (bpf_ksym_exists(__scx_bpf_dsq_insert_vtime))
		__scx_bpf_dsq_insert_vtime(p, &args);
	else if (bpf_ksym_exists(scx_bpf_dsq_insert_vtime___v1))
		scx_bpf_dsq_insert_vtime___v1(p, dsq, slice, vtime, enq);
	else
		scx_bpf_dispatch_vtime___v0(p, dsq, slice, vtime, enq);
}

static inline void set_dsq_vtime(struct task_struct *p, u64 vtime)
{
	if (bpf_ksym_exists(scx_bpf_task_set_dsq_vtime___v1))
		scx_bpf_task_set_dsq_vtime___v1(p, vtime);
	else
		p->scx.dsq_vtime = vtime;
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

/* scx_exit - leave without blame, with this text. */
#define scx_exit(_code, _fmt, ...)						\
({										\
	static char ___fmt[] = _fmt;						\
	unsigned long long ___param[___bpf_narg(__VA_ARGS__) ?: 1] = {};	\
	___bpf_fill(___param, ##__VA_ARGS__);					\
	scx_bpf_exit_bstr(_code, ___fmt, ___param, sizeof(___param));		\
})

#endif /* KTSTR_SCENARIOS_SCX_MINIMAL_H */
