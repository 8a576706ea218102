// SPDX-License-Identifier: GPL-2.0
/*
 * test_kvm_failures.c - all that KVM can refuse or do to a guest, and what is said then
 *
 * A table. Each row is a micro-guest on the kvm engine and one thing that goes wrong; it is handled
 * when the error, the event, the text, the console and the verdict are as the row says, and nothing
 * is left behind. Each row is also run without what goes wrong, or with .control instead: what it
 * expects must then not come true. Runs on every /dev/kvm, also on one that only emulates.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../lib/report.h"
#include "../runner/child.h"
#include "../runner/host.h"
#include "../runner/plan.h"
#include "../vmm/engines.h"
#include "inject.h"
#include "known_failures.h"
/* Its macros are for a harness; only guests are taken from it. */
#include "micro_guest.h"

#define ROW_LIMIT_S	60
#define HANG_MS		200	/* until a guest that does not end is asked where it is */
#define CONTROL_MS	2000	/* until one that nothing goes wrong with has not ended */
#define NO_EXIT		99	/* a reason that nothing has */
#define MEMORY_FAULT	39	/* KVM_EXIT_MEMORY_FAULT, since 6.8 */
#define MSR_TSC		0x10
#define MSR_TSC_DEADLINE	0x6e0
#define CGROUP_DIR	"/sys/fs/cgroup"
#define CGROUP		CGROUP_DIR "/ktstr-failures"

#define PUTC(c)		"mov $0x3f8, %edx; mov $'" c "', %eax; out %al, %dx;"

GUEST_CODE(done, PUTC("d") EXIT(0x20) FOREVER);
GUEST_CODE(halt, "1: hlt; jmp 1b;");
/* Without "pause": in an L1, where instructions are counted, each makes QEMU look at all CPUs. */
GUEST_CODE(spin, "1: jmp 1b;");
GUEST_CODE(reset, EXIT(0x21) FOREVER);
/* By one instruction each, all at once, and backwards as the direction flag says. */
GUEST_CODE(string_pio,
	   "mov $0x3f8, %edx; lea 2f(%rip), %rsi; mov $5, %ecx; cld; rep outsb;"
	   "lea 2f+4(%rip), %rsi; mov $5, %ecx; std; rep outsb; cld;"
	   EXIT(0x20) FOREVER "2: .ascii \"hello\"");
/* A port and an address that nothing is at, and what they read. */
GUEST_CODE(unknown_io,
	   "mov $0x1234, %edx; in %dx, %eax; cmp $-1, %eax; jne 9f; out %eax, %dx;"
	   "mov $0xd0000000, %ecx; mov (%rcx), %rax; cmp $-1, %rax; jne 9f;"
	   PUTC("1") "9:" EXIT(0x20) FOREVER);
/* COM1's "transmitter empty", a message to the local APIC. */
GUEST_CODE(irq,
	   "mov $0xfec00000, %ebp; movl $0x19, (%rbp); movl $0, 0x10(%rbp);"
	   "movl $0x18, (%rbp); movl $0x40, 0x10(%rbp);"
	   OUTB(0x3fc, 8) OUTB(0x3f9, 2) EXIT(0x20) FOREVER);

/*
 * As drivers do until there is an answer: the clock's "update in progress" and the keyboard
 * controller's "input buffer full" are clear at once, and so it goes a thousand times.
 */
GUEST_CODE(polled,
	   "mov $1000, %ebp; 1: mov $0x70, %edx; mov $0x0a, %eax; out %al, %dx;"
	   "inc %edx; in %dx, %al; test $0x80, %al; jnz 9f;"
	   "mov $0x64, %edx; in %dx, %al; test $2, %al; jnz 9f;"
	   "dec %ebp; jnz 1b;"
	   PUTC("1") "9:" EXIT(0x20) FOREVER);

/* From behind itself to the window, a byte of each page. */
GUEST_CODE(touch,
	   "mov $0x1100000, %ebx; 1: incb (%rbx); add $0x1000, %ebx; cmp $0x7000000, %ebx; jb 1b;"
	   PUTC("d") EXIT(0x20) FOREVER);

/* The local timer is to go off at a time of the TSC, masked, in hours. */
GUEST_CODE(armed,
	   "mov $0xfee00000, %ebx; movl $0x1ff, 0xf0(%rbx); movl $0x50040, 0x320(%rbx); mfence;"
	   "rdtsc; add $0x1000, %edx; mov $0x6e0, %ecx; wrmsr;"
	   BELL PUTC("d") EXIT(0x20) FOREVER);

GUEST_CODE(frozen, BELL PUTC("d") EXIT(0x20) FOREVER);

/* What became of one run. */
struct seen {
	int ret;			/* of the probe, or of vm_create() */
	enum vm_event event;
	struct outcome outcome;		/* of an instance to which this happens */
	char text[1024];		/* error, or what the engine says at the end */
	char console[64];
	char stats[1024];
	unsigned int hits;
	bool left;			/* descriptors, threads or mappings */
	bool picked;			/* by --accel auto */
};

/* When it goes wrong. */
enum when {
	WHILE_IT_RUNS,			/* or is made */
	WHILE_IT_IS_FROZEN,
	WHILE_IT_IS_THAWED,
};

struct row {
	const char *name;
	unsigned int known;		/* its number in known_failures.h; 0: not there */
	enum when when;
	const uint8_t *code, *code_end;	/* NULL: "done" */
	const char *topology;		/* NULL: one CPU */
	bool probe;			/* the probe, no guest */
	bool after_result;		/* the guest has sent its result before */
	bool perf;			/* as --perf makes it */
	bool plan;			/* the runner asks the host for memory first */
	unsigned int cgroup_mib;	/* what goes wrong: so much memory, and no more */
	struct inject inject, control;
	/* Expected: */
	int ret;
	enum vm_event event;
	enum verdict verdict;
	enum cause cause;
	unsigned int hits;		/* at least */
	bool left;
	const char *text[3];		/* parts, "" or NULL: none */
	const char *console;
	const char *stats;		/* part of them; "": nothing was counted */
};

#define CODE(_name)	.code = guest_##_name, .code_end = guest_##_name##_end
#define FAILS(_request, _errno)								\
	{ .call = CALL_IOCTL, .request = _request, .value = _errno }
#define GIVES(_request, _value)								\
	{ .call = CALL_IOCTL, .how = HOW_VALUE, .request = _request, .value = _value }
#define EXITS(_edit)									\
	{ .call = CALL_IOCTL, .how = HOW_EXIT, .request = KVM_RUN, .edit = _edit, .times = 1 }
#define FAULTS(_errno)									\
	{ .call = CALL_IOCTL, .how = HOW_EXIT, .request = KVM_RUN, .edit = memory_fault,	\
	  .value = _errno }
#define OPEN_FAILS(_errno)	{ .call = CALL_OPEN, .value = _errno }
#define MMAP_FAILS(_flags)	{ .call = CALL_MMAP, .request = _flags, .value = ENOMEM }
#define NO_SPACE(_call)		{ .call = _call, .value = ENOSPC }
/* How an instance ends that cannot even be made, or whose engine gives up. */
#define TOO_LARGE	.ret = -ERANGE, .verdict = VERDICT_SKIP, .cause = CAUSE_INFRA
#define INFRA		.verdict = VERDICT_FAIL, .cause = CAUSE_INFRA
#define NO_RESULT	.verdict = VERDICT_FAIL, .cause = CAUSE_NO_RESULT
#define ENGINE_ENDS	.event = VM_EVENT_ENGINE, INFRA
#define ENDS_WELL	.event = VM_EVENT_EXIT, NO_RESULT, .console = "d"

#define ON_FREEZE(_name, ...)								\
	.name = "freeze_" _name, .when = WHILE_IT_IS_FROZEN, CODE(frozen), .inject = __VA_ARGS__
#define ON_THAW(_name, ...)								\
	.name = "thaw_" _name, .when = WHILE_IT_IS_THAWED, CODE(frozen), .inject = __VA_ARGS__
/* What not every KVM has: this one has it. */
#define FAILS_TOO(_request, _also)							\
	{ .call = CALL_IOCTL, .request = _request, .value = EIO, .also = _also }
#define REFUSES(_request, _msr)								\
	{ .call = CALL_IOCTL, .how = HOW_VALUE, .request = _request, .msr = _msr }
#define FREEZE_FAILS(_what)								\
	{ ON_FREEZE(#_what, FAILS(KVM_GET_##_what, EIO)), .ret = -EIO, INFRA,		\
	  .text = { "KVM_GET_" #_what ": Input/output error" } }
#define THAW_FAILS(_what)								\
	{ ON_THAW(#_what, FAILS(KVM_SET_##_what, EIO)), .ret = -EIO, INFRA,		\
	  .text = { "KVM_SET_" #_what ": Input/output error" } }

#define NO_CAP(_cap, _for)								\
	{ .name = "lacks_" #_cap, .known = 4,						\
	  .inject = { .call = CALL_IOCTL, .how = HOW_VALUE, .request = KVM_CHECK_EXTENSION,	\
		      .arg = _cap },							\
	  .ret = -EOPNOTSUPP, INFRA, .text = { "lacks " #_cap ", needed for " _for } }

static void fail_entry(void *arg)
{
	struct kvm_run *run = arg;

	run->exit_reason = KVM_EXIT_FAIL_ENTRY;
	run->fail_entry.hardware_entry_failure_reason = 0x80000021;
	run->fail_entry.cpu = 3;
}

static void emulation_error(void *arg)
{
	static const uint8_t insn[] = { 0xf3, 0x0f, 0xb8, 0xc0 };
	struct kvm_run *run = arg;

	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->emulation_failure.suberror = KVM_INTERNAL_ERROR_EMULATION;
	run->emulation_failure.ndata = 5;
	run->emulation_failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
	run->emulation_failure.insn_size = sizeof(insn);
	memcpy(run->emulation_failure.insn_bytes, insn, sizeof(insn));
	/* Behind them: exit reason, what came with it, and so on. */
	run->internal.data[3] = 0x400;
	run->internal.data[4] = 0x184;
}

static void delivery_error(void *arg)
{
	struct kvm_run *run = arg;

	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = KVM_INTERNAL_ERROR_DELIVERY_EV;
	run->internal.ndata = 2;
	run->internal.data[0] = 0x80000b0e;
	run->internal.data[1] = 0x31;
}

/* More than there can be: what comes from the kernel is a number as well. */
static void endless_error(void *arg)
{
	struct kvm_run *run = arg;

	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = 77;
	run->internal.ndata = 1000000;
	memset(run->internal.data, 0, sizeof(run->internal.data));
}

static void shutdown_exit(void *arg)
{
	((struct kvm_run *)arg)->exit_reason = KVM_EXIT_SHUTDOWN;
}

static void unknown_exit(void *arg)
{
	((struct kvm_run *)arg)->exit_reason = KVM_EXIT_UNKNOWN;
	((struct kvm_run *)arg)->hw.hardware_exit_reason = 0x2b;
}

static void hypercall_exit(void *arg)
{
	((struct kvm_run *)arg)->exit_reason = KVM_EXIT_HYPERCALL;
}

static void future_exit(void *arg)
{
	((struct kvm_run *)arg)->exit_reason = NO_EXIT;
}

static void crash_event(void *arg)
{
	((struct kvm_run *)arg)->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	((struct kvm_run *)arg)->system_event.type = KVM_SYSTEM_EVENT_CRASH;
}

/* With KVM_RUN's own failure. */
static void memory_fault(void *arg)
{
	const uint64_t flags_gpa_size[] = { 8, 0x1234000, 0x1000 };
	struct kvm_run *run = arg;

	run->exit_reason = MEMORY_FAULT;
	memcpy(run->padding, flags_gpa_size, sizeof(flags_gpa_size));
}

static void probe_answer(struct kvm_run *run, uint8_t val)
{
	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = KVM_EXIT_IO_OUT;
	run->io.port = 0x10;
	run->io.size = 1;
	run->io.count = 1;
	run->io.data_offset = 1024;
	*((uint8_t *)run + 1024) = val;
}

static void probe_good(void *arg)
{
	probe_answer(arg, 8);
}

static void probe_wrong(void *arg)
{
	probe_answer(arg, 9);
}

static void narrow_gpa(void *arg)
{
	struct kvm_cpuid2 *cpuid = arg;
	unsigned int i;

	for (i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 0x80000008)
			cpuid->entries[i].eax = 26;
}

/* Longer than anyone waits for a vCPU at the end. */
static const struct inject cpuid_late = {
	.call = CALL_IOCTL, .how = HOW_LATE, .request = KVM_SET_CPUID2, .value = 6000,
};

static const struct inject has_xcrs = {
	.call = CALL_IOCTL, .how = HOW_VALUE, .request = KVM_CHECK_EXTENSION, .arg = KVM_CAP_XCRS,
	.value = 1,
};

static const struct inject has_debugregs = {
	.call = CALL_IOCTL, .how = HOW_VALUE, .request = KVM_CHECK_EXTENSION,
	.arg = KVM_CAP_DEBUGREGS, .value = 1,
};

/* One of the two is asked for it, as large as it is. */
static const struct inject no_xsave2 = FAILS(KVM_GET_XSAVE2, EIO);

static const struct row rows[] = {
	/* --- the device --- */
	{ .name = "no_device", .known = 1, .inject = OPEN_FAILS(ENOENT),
	  .ret = -ENOENT, INFRA, .text = { "no /dev/kvm", "load kvm_intel or kvm_amd" } },
	{ .name = "no_access", .known = 2, .inject = OPEN_FAILS(EACCES),
	  .ret = -EACCES, INFRA, .text = { "no access to /dev/kvm (mode ", "group" } },
	{ .name = "no_descriptors", .inject = OPEN_FAILS(EMFILE),
	  .ret = -ENODEV, INFRA, .text = { "/dev/kvm: Too many open files" } },
	{ .name = "api_version", .known = 4, .inject = GIVES(KVM_GET_API_VERSION, 11),
	  .ret = -ENODEV, INFRA, .text = { "API version 11", "12" } },
	NO_CAP(KVM_CAP_USER_MEMORY, "guest RAM"),
	NO_CAP(KVM_CAP_EXT_CPUID, "CPUID"),
	NO_CAP(KVM_CAP_SPLIT_IRQCHIP, "interrupts"),
	NO_CAP(KVM_CAP_SIGNAL_MSI, "interrupts of devices"),
	NO_CAP(KVM_CAP_X2APIC_API, "APIC ids above 254"),
	NO_CAP(KVM_CAP_IMMEDIATE_EXIT, "stopping a vCPU"),
	NO_CAP(KVM_CAP_MP_STATE, "freezing a guest"),
	NO_CAP(KVM_CAP_VCPU_EVENTS, "freezing a guest"),
	NO_CAP(KVM_CAP_ADJUST_CLOCK, "freezing a guest's clock"),
	NO_CAP(KVM_CAP_XSAVE, "freezing a guest's FPU"),
	{ .name = "run_size", .known = 4, .inject = GIVES(KVM_GET_VCPU_MMAP_SIZE, 100),
	  .ret = -EINVAL, INFRA, .text = { "KVM_GET_VCPU_MMAP_SIZE gave 100" } },
	{ .name = "supported_cpuid", .known = 4, .inject = FAILS(KVM_GET_SUPPORTED_CPUID, E2BIG),
	  .ret = -E2BIG, INFRA, .text = { "KVM_GET_SUPPORTED_CPUID: " } },

	/* --- the probe --- */
	{ .name = "probe_no_device", .known = 1, .probe = true, .inject = OPEN_FAILS(ENOENT),
	  .control = EXITS(probe_good), .ret = -ENOENT, .text = { "no /dev/kvm" } },
	{ .name = "probe_works", .known = 3, .probe = true, .inject = EXITS(probe_good),
	  .control = EXITS(probe_wrong) },
	{ .name = "probe_lacks_something", .known = 4, .probe = true,
	  .inject = { .call = CALL_IOCTL, .how = HOW_VALUE, .request = KVM_CHECK_EXTENSION,
		      .arg = KVM_CAP_SPLIT_IRQCHIP },
	  .control = EXITS(probe_good), .ret = -EOPNOTSUPP,
	  .text = { "lacks KVM_CAP_SPLIT_IRQCHIP, needed for interrupts" } },
	{ .name = "probe_emulates", .known = 3, .probe = true, .inject = EXITS(emulation_error),
	  .control = EXITS(probe_good), .ret = -ENODEV,
	  .text = { "/dev/kvm only emulates", "no VMX or SVM" } },
	{ .name = "probe_computes_wrongly", .known = 3, .probe = true, .inject = EXITS(probe_wrong),
	  .control = EXITS(probe_good), .ret = -ENODEV,
	  .text = { "computes wrongly (POPCNT gave 9)" } },
	{ .name = "probe_runs_nothing", .known = 3, .probe = true, .inject = EXITS(fail_entry),
	  .control = EXITS(probe_good), .ret = -ENODEV,
	  .text = { "runs no code (exit reason 9)" } },
	{ .name = "probe_never_runs", .known = 32, .probe = true, .inject = FAILS(KVM_RUN, EINTR),
	  .control = EXITS(probe_good), .ret = -ENODEV, .hits = 100, .text = { "KVM_RUN: " } },

	/* --- memory of the host --- */
	{ .name = "no_ram", .inject = MMAP_FAILS(MAP_NORESERVE),
	  .ret = -ENOMEM, INFRA, .text = { "mapping 128 MiB of RAM: Cannot allocate memory" } },
	/* There are others then. */
	{ .name = "no_huge_pages", .known = 12, .perf = true,
	  .inject = MMAP_FAILS(MAP_HUGETLB), .hits = 1,
	  ENDS_WELL, .stats = "perf: on CPUs 0" },
	/* The kernel ends who asks for more than there is: by chance, or by what was set for it. */
	{ .name = "out_of_memory", .known = 11,
	  .inject = { .call = CALL_IOCTL, .how = HOW_KILL, .request = KVM_RUN, .skip = 1 },
	  .ret = -ECHILD, INFRA, .text = { "killed by signal 9 (Killed)" } },
	{ .name = "out_of_cgroup_memory", .known = 11, CODE(touch), .cgroup_mib = 48,
	  .event = VM_EVENT_EXIT, .ret = -ECHILD, INFRA,
	  .text = { "killed by signal 9 (Killed)" } },
	{ .name = "cgroup_limit_is_known", .known = 14, .plan = true, .cgroup_mib = 48,
	  .ret = -ENOMEM, .verdict = VERDICT_SKIP, .cause = CAUSE_INFRA,
	  .text = { "needs ", " MB for its guest, this machine has 4" } },
	{ .name = "no_console", .inject = { .call = CALL_MEMFD, .value = EMFILE },
	  .ret = -EMFILE, INFRA, .text = { "memfd_create(ktstr-console): Too many open files" } },

	/* --- the VM --- */
	{ .name = "create_vm_late", .known = 6,
	  .inject = { .call = CALL_IOCTL, .how = HOW_LATE, .request = KVM_CREATE_VM,
		      .value = 1000 },
	  .hits = 1, ENDS_WELL, .stats = "kvm: KVM_CREATE_VM took 10" },
	{ .name = "create_vm_interrupted", .known = 5,
	  .inject = { .call = CALL_IOCTL, .request = KVM_CREATE_VM, .value = EINTR, .times = 3 },
	  .hits = 3, ENDS_WELL },
	{ .name = "create_vm_always_interrupted", .known = 5, .inject = FAILS(KVM_CREATE_VM, EINTR),
	  .ret = -ENODEV, INFRA, .hits = 5, .text = { "KVM_CREATE_VM: Interrupted" } },
	{ .name = "create_vm", .inject = FAILS(KVM_CREATE_VM, ENOMEM),
	  .ret = -ENODEV, INFRA, .text = { "KVM_CREATE_VM: Cannot allocate memory" } },
	{ .name = "memory_slot", .known = 9, .inject = FAILS(KVM_SET_USER_MEMORY_REGION, EEXIST),
	  .ret = -EEXIST, INFRA, .text = { "128 MiB of RAM at 0: File exists" } },
	{ .name = "tss_address", .known = 9, .inject = FAILS(KVM_SET_TSS_ADDR, EINVAL),
	  .ret = -EINVAL, INFRA, .text = { "KVM_SET_TSS_ADDR: " } },
	{ .name = "identity_map", .known = 9, .inject = FAILS(KVM_SET_IDENTITY_MAP_ADDR, EINVAL),
	  .ret = -EINVAL, INFRA, .text = { "KVM_SET_IDENTITY_MAP_ADDR: " } },
	{ .name = "irqchip", .inject = FAILS(KVM_ENABLE_CAP, EINVAL),
	  .ret = -EINVAL, INFRA, .text = { "KVM_CAP_SPLIT_IRQCHIP: Invalid argument" } },
	{ .name = "too_many_vcpus", .known = 7, .topology = "1n1l4c1t",
	  .inject = { .call = CALL_IOCTL, .how = HOW_VALUE, .request = KVM_CHECK_EXTENSION,
		      .arg = KVM_CAP_MAX_VCPUS, .value = 3 },
	  TOO_LARGE, .text = { "4 CPUs", "at most 3 (KVM_CAP_MAX_VCPUS)" } },
	{ .name = "vcpus_not_recommended", .known = 7, .topology = "1n1l4c1t",
	  .inject = { .call = CALL_IOCTL, .how = HOW_VALUE, .request = KVM_CHECK_EXTENSION,
		      .arg = KVM_CAP_NR_VCPUS, .value = 3 },
	  .hits = 1, ENDS_WELL, .stats = "kvm: 4 CPUs, of which this host's KVM recommends at most 3",
	},
	{ .name = "apic_id_limit", .known = 7, .topology = "1n3l1c2t",
	  .inject = { .call = CALL_IOCTL, .how = HOW_VALUE, .request = KVM_CHECK_EXTENSION,
		      .arg = KVM_CAP_MAX_VCPU_ID, .value = 4 },
	  TOO_LARGE,
	  .text = { "6 CPUs", "APIC ids up to 5", "below 4 (KVM_CAP_MAX_VCPU_ID)" } },
	{ .name = "gpa_width", .known = 10,
	  .inject = { .call = CALL_IOCTL, .how = HOW_EDIT, .request = KVM_GET_SUPPORTED_CPUID,
		      .edit = narrow_gpa },
	  TOO_LARGE,
	  .text = { "128 MiB of memory end at 0x8000000", "26 address bits" } },

	/* --- vCPUs --- */
	{ .name = "thread", .topology = "1n1l3c1t",
	  .inject = { .call = CALL_THREAD, .value = EAGAIN, .skip = 2 },
	  .ret = -EAGAIN, INFRA, .text = { "a thread for cpu 2 of 3: " } },
	/* Those that are still being made are waited for: they use what would be freed. */
	{ .name = "thread_while_others_are_made", .topology = "1n1l3c1t",
	  .inject = { .call = CALL_THREAD, .value = EAGAIN, .skip = 2, .also = &cpuid_late },
	  .hits = 3, .ret = -EAGAIN, INFRA, .text = { "a thread for cpu 2 of 3: " } },
	{ .name = "create_vcpu", .inject = FAILS(KVM_CREATE_VCPU, ENOMEM),
	  .ret = -ENOMEM, INFRA, .text = { "KVM_CREATE_VCPU(0): Cannot allocate memory" } },
	{ .name = "create_last_vcpu", .topology = "1n1l4c1t",
	  .inject = { .call = CALL_IOCTL, .request = KVM_CREATE_VCPU, .arg = 3, .value = EEXIST },
	  .ret = -EEXIST, INFRA, .text = { "KVM_CREATE_VCPU(3): File exists" } },
	{ .name = "cpuid", .known = 58, .inject = FAILS(KVM_SET_CPUID2, EINVAL),
	  .ret = -EINVAL, INFRA,
	  .text = { "KVM_SET_CPUID2 of cpu 0 (", " entries): Invalid argument" } },
	{ .name = "msrs", .known = 58, .inject = FAILS(KVM_SET_MSRS, EFAULT),
	  .ret = -EFAULT, INFRA, .text = { "KVM_SET_MSRS: Bad address" } },
	{ .name = "msr_first", .known = 58, .inject = GIVES(KVM_SET_MSRS, 0),
	  .ret = -EINVAL, INFRA, .text = { "KVM refuses MSR MISC_ENABLE (0x1a0)" } },
	{ .name = "msr_second", .known = 58, .inject = GIVES(KVM_SET_MSRS, 1),
	  .ret = -EINVAL, INFRA, .text = { "KVM refuses MSR MTRRdefType (0x2ff)" } },
	{ .name = "sregs", .inject = FAILS(KVM_SET_SREGS, EINVAL),
	  .ret = -EINVAL, INFRA, .text = { "KVM_SET_SREGS: " } },
	{ .name = "lapic", .inject = FAILS(KVM_SET_LAPIC, EINVAL),
	  .ret = -EINVAL, INFRA, .text = { "KVM_SET_LAPIC: " } },

	/* --- KVM_RUN --- */
	{ .name = "run_interrupted", .known = 32,
	  .inject = { .call = CALL_IOCTL, .request = KVM_RUN, .value = EINTR, .times = 7 },
	  .hits = 7, ENDS_WELL },
	{ .name = "run_again", .known = 32,
	  .inject = { .call = CALL_IOCTL, .request = KVM_RUN, .value = EAGAIN, .times = 7 },
	  .hits = 7, ENDS_WELL },
	{ .name = "run_enosys", .known = 32, .inject = FAILS(KVM_RUN, ENOSYS), ENGINE_ENDS,
	  .text = { "cpu 0: KVM_RUN: Function not implemented", "RIP 0x1000000" } },
	{ .name = "run_efault", .inject = FAILS(KVM_RUN, EFAULT), ENGINE_ENDS,
	  .text = { "cpu 0: KVM_RUN: Bad address", "RIP 0x1000000" } },
	{ .name = "run_memory_fault", .inject = FAULTS(EFAULT), ENGINE_ENDS,
	  .text = { "cpu 0: KVM_RUN: Bad address, KVM_EXIT_MEMORY_FAULT at 0x1234000, ",
		    "0, size 0x1000, flags 0x8, ", "RIP 0x1000000" } },
	{ .name = "run_poisoned", .inject = FAULTS(EHWPOISON), ENGINE_ENDS,
	  .text = { "cpu 0: KVM_RUN: Memory page has hardware error, KVM_EXIT_MEMORY_FAULT at ",
		    "0x1234000" } },
	{ .name = "run_enomem_later",
	  .inject = { .call = CALL_IOCTL, .request = KVM_RUN, .value = ENOMEM, .skip = 1 },
	  ENGINE_ENDS, .text = { "cpu 0: KVM_RUN: Cannot allocate memory" } },
	{ .name = "fail_entry", .known = 29, .inject = EXITS(fail_entry), ENGINE_ENDS,
	  .text = { "cpu 0: KVM_EXIT_FAIL_ENTRY, hardware reason 0x80000021, on host cpu 3",
		    "RIP 0x1000000" } },
	{ .name = "emulation", .known = 28, .inject = EXITS(emulation_error), ENGINE_ENDS,
	  .text = { "cpu 0: KVM_EXIT_INTERNAL_ERROR, suberror 1",
		    "instruction f3 0f b8 c0, data 0x400 0x184, ",
		    "RIP 0x1000000" } },
	{ .name = "delivery", .known = 28, .inject = EXITS(delivery_error), ENGINE_ENDS,
	  .text = { "suberror 3 (an exit while an event was delivered)", "data 0x80000b0e 0x31" } },
	{ .name = "internal_unknown", .known = 28, .inject = EXITS(endless_error), ENGINE_ENDS,
	  .text = { "suberror 77 (of a kind that is not known here)", "data 0 0 0" } },
	{ .name = "shutdown", .known = 27, .inject = EXITS(shutdown_exit),
	  .event = VM_EVENT_RESET, NO_RESULT,
	  .text = { "triple fault of cpu 0" } },
	{ .name = "shutdown_after_result", .known = 27, .inject = EXITS(shutdown_exit),
	  .after_result = true, .event = VM_EVENT_RESET, NO_RESULT, .text = { "triple fault of cpu 0" } },
	{ .name = "reset_asked_for", .known = 26, CODE(reset), .event = VM_EVENT_RESET, NO_RESULT,
	  .text = { "the kernel reset the machine" } },
	{ .name = "exit_unknown", .inject = EXITS(unknown_exit), ENGINE_ENDS,
	  .text = { "KVM_EXIT_UNKNOWN, hardware reason 0x2b" } },
	{ .name = "exit_unhandled", .inject = EXITS(hypercall_exit), ENGINE_ENDS,
	  .text = { "KVM_EXIT_HYPERCALL (3) is not handled" } },
	{ .name = "exit_of_the_future", .inject = EXITS(future_exit), ENGINE_ENDS,
	  .text = { "exit reason 99 is not handled" } },
	{ .name = "system_event", .inject = EXITS(crash_event), ENGINE_ENDS,
	  .text = { "KVM_EXIT_SYSTEM_EVENT, type 3 (crash)" } },
	{ .name = "msi_refused", CODE(irq), .inject = FAILS(KVM_SIGNAL_MSI, EINVAL), ENGINE_ENDS,
	  .text = { "KVM_SIGNAL_MSI(", "Invalid argument" } },

	/* --- several vCPUs, and their end --- */
	{ .name = "ap_fatal", .known = 31, CODE(halt), .topology = "1n1l4c1t",
	  .inject = { .call = CALL_IOCTL, .request = KVM_RUN, .value = EFAULT, .cpu = 3 },
	  ENGINE_ENDS, .text = { "cpu 2: KVM_RUN: Bad address" } },
	{ .name = "ap_fail_entry", .known = 31, CODE(spin), .topology = "1n1l2c1t",
	  .inject = { .call = CALL_IOCTL, .how = HOW_EXIT, .request = KVM_RUN, .edit = fail_entry,
		      .cpu = 2, .times = 1 },
	  ENGINE_ENDS, .text = { "cpu 1: KVM_EXIT_FAIL_ENTRY" } },
	{ .name = "kicks_lost", .known = 33, CODE(halt), .topology = "1n1l2c1t",
	  .inject = { .call = CALL_KICK, .times = 9 }, .hits = 9,
	  .event = VM_EVENT_NONE, NO_RESULT, .text = { "cpu 0 halted" } },
	/* Where no kick ever comes through, a vCPU that halts cannot be stopped. */
	{ .name = "halted_at_the_end", .known = 35, CODE(halt), .control = { .call = CALL_KICK },
	  .event = VM_EVENT_NONE, NO_RESULT, .text = { "cpu 0 halted" } },
	{ .name = "spinning_at_the_end", .known = 25, CODE(spin), .control = { .call = CALL_KICK },
	  .event = VM_EVENT_NONE, NO_RESULT, .text = { "cpu 0 runs", "RIP 0x100000" } },
	{ .name = "stuck_in_the_kernel", .known = 36, CODE(spin), .left = true,
	  .inject = { .call = CALL_IOCTL, .how = HOW_STUCK, .request = KVM_RUN, .skip = 1 },
	  .event = VM_EVENT_NONE, NO_RESULT, .text = { "a vCPU does not stop" } },

	/* --- devices --- */
	{ .name = "string_pio", .known = 41, CODE(string_pio), .event = VM_EVENT_EXIT, NO_RESULT,
	  .console = "helloolleh" },
	{ .name = "unknown_io", .known = 42, CODE(unknown_io),
	  .event = VM_EVENT_EXIT, NO_RESULT, .console = "1",
	  .stats = "nothing answers: port 0x1234: 2, address 0xd0000000: " },
	{ .name = "polled_devices", .known = 43, CODE(polled), .event = VM_EVENT_EXIT, NO_RESULT,
	  .console = "1" },
	{ .name = "no_statistics", .inject = FAILS(KVM_GET_STATS_FD, ENOTTY),
	  .hits = 1, ENDS_WELL, .stats = "" },

	/* --- a guest that is frozen, and a copy of it --- */
	FREEZE_FAILS(MP_STATE),
	FREEZE_FAILS(REGS),
	FREEZE_FAILS(SREGS),
	FREEZE_FAILS(LAPIC),
	FREEZE_FAILS(VCPU_EVENTS),
	{ ON_FREEZE("DEBUGREGS", FAILS_TOO(KVM_GET_DEBUGREGS, &has_debugregs)), .ret = -EIO, INFRA,
	  .text = { "KVM_GET_DEBUGREGS: Input/output error" } },
	{ ON_FREEZE("XCRS", FAILS_TOO(KVM_GET_XCRS, &has_xcrs)), .ret = -EIO, INFRA,
	  .text = { "KVM_GET_XCRS: Input/output error" } },
	{ ON_FREEZE("XSAVE", FAILS_TOO(KVM_GET_XSAVE, &no_xsave2)), .ret = -EIO, INFRA,
	  .text = { "KVM_GET_XSAVE", ": Input/output error" } },
	FREEZE_FAILS(MSRS),
	FREEZE_FAILS(CLOCK),
	{ ON_FREEZE("no_tsc", REFUSES(KVM_GET_MSRS, MSR_TSC)), .known = 58, .ret = -EIO, INFRA,
	  .text = { "KVM refuses to read MSR TSC" } },
	/* Of a timer that there is not, no deadline is missed. */
	{ ON_FREEZE("no_deadline", REFUSES(KVM_GET_MSRS, MSR_TSC_DEADLINE)), .known = 58, .hits = 1,
	  ENDS_WELL },
	{ ON_FREEZE("no_file", NO_SPACE(CALL_FTRUNCATE)), .known = 13, .ret = -ENOSPC, INFRA,
	  .text = { "RAM of 128 MiB: No space left on device" } },
	{ ON_FREEZE("no_space", NO_SPACE(CALL_PWRITE)), .known = 13, .ret = -ENOSPC, INFRA,
	  .text = { "copying RAM: No space left on device" } },
	/* Those that KVM does not have are left out, but for what no guest can do without. */
	{ ON_FREEZE("no_msr", GIVES(KVM_GET_MSRS, 0)), .known = 58, .ret = -EIO, INFRA,
	  .text = { "KVM refuses to read MSR " } },
	THAW_FAILS(SREGS),
	{ ON_THAW("XCRS", FAILS_TOO(KVM_SET_XCRS, &has_xcrs)), .ret = -EIO, INFRA,
	  .text = { "KVM_SET_XCRS: Input/output error" } },
	THAW_FAILS(XSAVE),
	THAW_FAILS(MSRS),
	THAW_FAILS(REGS),
	THAW_FAILS(LAPIC),
	THAW_FAILS(MP_STATE),
	{ ON_THAW("DEBUGREGS", FAILS_TOO(KVM_SET_DEBUGREGS, &has_debugregs)), .ret = -EIO, INFRA,
	  .text = { "KVM_SET_DEBUGREGS: Input/output error" } },
	THAW_FAILS(VCPU_EVENTS),
	THAW_FAILS(CLOCK),
	{ ON_THAW("no_msr", GIVES(KVM_SET_MSRS, 0)), .known = 58, .ret = -EIO, INFRA,
	  .text = { "KVM refuses to set MSR " } },
	/* A kernel that has no offsets gets the TSC itself. */
	{ ON_THAW("no_tsc_offset", FAILS(KVM_GET_DEVICE_ATTR, ENXIO)), .hits = 1, ENDS_WELL },
	{ ON_THAW("tsc_offset", FAILS(KVM_SET_DEVICE_ATTR, EIO)), .ret = -EIO, INFRA,
	  .text = { "KVM refuses to set the TSC" } },
	{ .name = "thaw_no_deadline", .known = 58, .when = WHILE_IT_IS_THAWED, CODE(armed),
	  .inject = REFUSES(KVM_SET_MSRS, MSR_TSC_DEADLINE), .ret = -EIO, INFRA,
	  .text = { "cpu 0: KVM refuses to set MSR TSC_DEADLINE" } },
	{ ON_THAW("create_vcpu", FAILS(KVM_CREATE_VCPU, ENOMEM)), .ret = -ENOMEM, INFRA,
	  .text = { "KVM_CREATE_VCPU(0): Cannot allocate memory" } },
	{ ON_THAW("run", FAILS(KVM_RUN, EFAULT)), ENGINE_ENDS,
	  .text = { "cpu 0: KVM_RUN: Bad address" } },
};

/* --- one run --------------------------------------------------------------------- */

static bool have_vm_maps(void)
{
	size_t len;
	bool have;
	char *text;

	if (read_file_alloc("/proc/self/maps", 16 * MIB, &text, &len))
		return true;
	have = strstr(text, "ktstr-") || strstr(text, "kvm-vcpu");
	free(text);
	return have;
}

/* What the runner makes of it, in short. */
static void judge(const struct row *row, struct seen *seen)
{
	static const enum ending endings[] = {
		[VM_EVENT_NONE] = ENDING_NONE, [VM_EVENT_DOORBELL] = ENDING_DOORBELL,
		[VM_EVENT_EXIT] = ENDING_EXIT, [VM_EVENT_RESET] = ENDING_RESET,
		[VM_EVENT_ENGINE] = ENDING_ENGINE,
	};
	static const struct ktstr_test test = { .name = "failures" };
	struct evidence ev = { .test = &test, .time = VM_TIME_REAL, .details = "" };
	struct instance_result res = { .flags = seen->ret == -ERANGE ? RESULT_TOO_LARGE : 0 };

	ev.ending = seen->ret ? ENDING_INFRA : endings[seen->event];
	snprintf(ev.ending_text, sizeof(ev.ending_text), "%.500s", seen->text);
	if (row->after_result) {
		ev.have_result = true;
		ev.result.verdict = VERDICT_PASS;
	}
	outcome_judge(&ev, &res.outcome);
	result_unmet(&res, false);
	seen->outcome = res.outcome;
}

/* The image of a guest that has rung, and a copy of it that runs. */
static int run_copy(const struct row *row, const struct inject *inj, const struct vm_config *cfg,
		    struct vm **vm, struct err *err)
{
	struct vm_image image;
	int ret;

	ret = vm_image_open(&image, err);
	if (ret)
		return ret;
	/* What it has is found out when it is made. */
	if (inj && row->when == WHILE_IT_IS_FROZEN)
		inject_begin(inj->also);
	ret = vm_create(cfg, image.ram_fd, vm, err);
	if (!ret)
		ret = vm_run(*vm, err);
	if (!ret && vm_wait(*vm, WAIT_MS) != VM_EVENT_DOORBELL)
		ret = err_set(err, -EPROTO, "it does not ring: %s", vm_engine_text(*vm));
	if (!ret && row->when == WHILE_IT_IS_FROZEN)
		inject_begin(inj);
	if (!ret)
		ret = vm_freeze(*vm, &image, err);
	vm_destroy(*vm);
	*vm = NULL;
	if (!ret && row->when == WHILE_IT_IS_THAWED)
		inject_begin(inj);
	if (!ret)
		ret = vm_thaw(cfg, &image, vm, err);
	if (!ret)
		ret = vm_run(*vm, err);
	vm_image_close(&image);
	return ret;
}

static void run_guest(const struct row *row, const struct inject *inj, const char *kernel,
		      struct seen *seen)
{
	const int wait_ms = inj == &row->inject ? WAIT_MS : CONTROL_MS;
	const struct vm_perf perf = { .nr_cpus = 1, .node = -1 };
	struct vm_config cfg = {
		.engine = &vm_engine_kvm, .kernel = kernel, .mem_bytes = MEM,
		.perf = row->perf ? &perf : NULL,
	};
	struct err err = { "" };
	struct vm *vm = NULL;
	char *console;
	size_t len;

	if (topology_parse(row->topology ?: "1n1l1c1t", &cfg.topo, &err))
		_exit(2);
	if (row->when == WHILE_IT_RUNS) {
		inject_begin(inj);
		seen->ret = vm_create(&cfg, -1, &vm, &err);
		if (!seen->ret)
			seen->ret = vm_run(vm, &err);
	} else {
		seen->ret = run_copy(row, inj, &cfg, &vm, &err);
	}
	if (seen->ret) {
		snprintf(seen->text, sizeof(seen->text), "%s", err.msg);
	} else {
		seen->event = vm_wait(vm, row->event ? wait_ms : HANG_MS);
		snprintf(seen->text, sizeof(seen->text), "%s", vm_engine_text(vm));
		vm_stats(vm, seen->stats, sizeof(seen->stats));
		if (!vm_console(vm, 0, &console, &len)) {
			snprintf(seen->console, sizeof(seen->console), "%s", console);
			free(console);
		}
	}
	vm_destroy(vm);
}

/* As the runner does before it makes a guest. */
static void ask_for_memory(struct seen *seen)
{
	static const struct ktstr_test test = { .name = "failures" };
	struct plan_instance inst = { .test = &test };
	struct plan plan = { .inst = &inst, .nr = 1 };
	const struct options opts = { 0 };
	struct err err = { "" };

	if (topology_parse("1n1l1c1t", &inst.topo, &err))
		_exit(2);
	seen->ret = plan_memory(&plan, &opts, 0, 0, host_memory(), &err);
	if (seen->ret || !inst.skip[0])
		return;
	seen->ret = -ENOMEM;
	seen->outcome.verdict = VERDICT_SKIP;
	seen->outcome.cause = CAUSE_INFRA;
	snprintf(seen->outcome.text, sizeof(seen->outcome.text), "%s", inst.skip);
	snprintf(seen->text, sizeof(seen->text), "%s", inst.skip);
}

static void observe(const struct row *row, const struct inject *inj, const char *kernel,
		    struct seen *seen)
{
	int fds = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task");
	struct err err = { "" }, why = { "" };
	const struct vm_engine *engine;
	unsigned int i;

	memset(seen, 0, sizeof(*seen));
	if (row->plan) {
		ask_for_memory(seen);
	} else if (row->probe) {
		inject_begin(inj);
		seen->ret = vm_engine_kvm.probe(&err);
		snprintf(seen->text, sizeof(seen->text), "%s", err.msg);
		/* It probes once more. */
		inject_begin(inj);
		seen->picked = !vm_engine_select("auto", &engine, &why) &&
			       engine == &vm_engine_kvm;
	} else {
		run_guest(row, inj, kernel, seen);
		judge(row, seen);
	}
	/* A probe that went well closes its VM in a thread of its own: there is no event for it. */
	for (i = 0; row->probe && i < 1000 && count_entries("/proc/self/task") != threads; i++)
		usleep(10000);
	seen->left = count_entries("/proc/self/fd") != fds || have_vm_maps() ||
		     count_entries("/proc/self/task") != threads;
	seen->hits = inject_end();
}

/* --- the table ------------------------------------------------------------------- */

/* For those that get no more memory. Not on a host: the groups there are others'. */
static int make_cgroup(unsigned int mib)
{
	char max[32];
	int ret;

	snprintf(max, sizeof(max), "%uM", mib);
	ret = write_file(CGROUP_DIR "/cgroup.subtree_control", "+memory");
	if (!ret && mkdir(CGROUP, 0755) && errno != EEXIST)
		ret = -errno;
	return ret ?: write_file(CGROUP "/memory.max", max);
}

/* How the runner tells of a process that has told it nothing. */
static int killed(int fd, int status, struct seen *seen)
{
	struct child child = { .fd = fd };
	struct instance_result res = { 0 };

	child_result(&child, status, &res);
	memset(seen, 0, sizeof(*seen));
	seen->ret = -ECHILD;
	seen->outcome = res.outcome;
	snprintf(seen->text, sizeof(seen->text), "%s", res.outcome.text);
	return 0;
}

/* In a process of its own: what is left behind, or goes on for ever, is gone with it. */
static int run_apart(const struct row *row, const struct inject *inj, bool limited,
		     struct seen *seen)
{
	char kernel[] = "/tmp/ktstr-test-XXXXXX";
	const uint8_t *code = row->code ?: guest_done;
	const uint8_t *end = row->code ? row->code_end : guest_done_end;
	int fd[2], status, tmp = mkstemp(kernel);
	ssize_t n;
	pid_t pid;

	if (tmp < 0 || pipe(fd))
		return -errno;
	close(tmp);
	if (make_kernel(kernel, code, end - code) || (limited && make_cgroup(row->cgroup_mib)))
		return -EIO;
	pid = fork();
	if (!pid) {
		close(fd[0]);
		alarm(ROW_LIMIT_S);
		if (limited && write_file(CGROUP "/cgroup.procs", "0"))
			_exit(3);
		observe(row, inj, kernel, seen);
		_exit(write_all(fd[1], seen, sizeof(*seen)) ? 2 : 0);
	}
	close(fd[1]);
	n = read(fd[0], seen, sizeof(*seen));
	unlink(kernel);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	if (limited)
		rmdir(CGROUP);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return killed(fd[0], status, seen);
	close(fd[0]);
	return n == sizeof(*seen) && !status ? 0 : -EPROTO;
}

static bool has_text(const struct row *row, const char *text)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(row->text); i++)
		if (row->text[i] && !strstr(text, row->text[i]))
			return false;
	return true;
}

/* The first thing that is not as the row has it, or NULL. */
static const char *differs(const struct row *row, const struct seen *seen)
{
	if (seen->ret != row->ret)
		return "the return value";
	if (!row->ret && !row->probe && seen->event != row->event)
		return "the event";
	if (!has_text(row, seen->text))
		return "the text";
	if (seen->hits < row->hits)
		return "the number of calls";
	if (row->console && strcmp(seen->console, row->console))
		return "the console";
	if (row->stats && !strstr(seen->stats, *row->stats ? row->stats : "exits ") != !*row->stats)
		return "the statistics";
	if (seen->left != row->left)
		return "what is left behind";
	if (row->probe)
		return seen->picked == !row->ret ? NULL : "what auto picks";
	if (seen->outcome.verdict != row->verdict || seen->outcome.cause != row->cause)
		return "the verdict";
	if ((row->ret || row->event == VM_EVENT_ENGINE || row->event == VM_EVENT_RESET) &&
	    !has_text(row, seen->outcome.text))
		return "the verdict's text";
	return NULL;
}

static void show(const char *what, const struct seen *seen)
{
	report_diag("", "%s: returned %d, event %d, %u calls, left %d, console %s, text: %s", what,
		    seen->ret, seen->event, seen->hits, seen->left, seen->console, seen->text);
	report_diag("", "%s: verdict %s, cause %s: %s", what, verdict_name(seen->outcome.verdict),
		    cause_name(seen->outcome.cause), seen->outcome.text);
}

static bool handled(const struct row *row)
{
	static const struct row plain = { .name = "plain" };
	bool injects = row->inject.call != CALL_NONE || row->cgroup_mib, ok;
	/* A guest that is itself what goes wrong has a healthy one as its control. */
	const struct row *other = injects || row->control.call != CALL_NONE ? row : &plain;
	struct seen seen = { 0 };
	const char *what;
	int ret;

	ret = run_apart(row, &row->inject, row->cgroup_mib, &seen);
	what = ret ? "the end of the process" : differs(row, &seen);
	ok = !what;
	if (what) {
		report_diag("", "%s: not as expected: %s", row->name, what);
		show("got", &seen);
	}
	memset(&seen, 0, sizeof(seen));
	ret = run_apart(other, row->control.call != CALL_NONE ? &row->control : NULL, false, &seen);
	if (ret || !differs(row, &seen)) {
		report_diag("", "%s: the control %s", row->name, ret ? "died" : "looks the same");
		show("control", &seen);
		ok = false;
	}
	return ok;
}

/* All rows, or those that are named. */
static bool selected(const struct row *row, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], row->name))
			return true;
	return argc < 2;
}

/* Of those that others were seen to fail at: which are this table's, and are its rows all right? */
static void report_known(const bool *tried, const bool *failed)
{
	unsigned int i, nr = 0, good = 0;

	report_diag("", "known failures of others (%zu) that are not in this table:",
		    ARRAY_SIZE(known_failures) - 1);
	for (i = 1; i < ARRAY_SIZE(known_failures); i++) {
		if (known_failures[i].where) {
			report_diag("", "%u, %s: %s", i, known_failures[i].what,
				    known_failures[i].where);
			continue;
		}
		nr++;
		good += tried[i] && !failed[i];
		if (!tried[i] || failed[i])
			report_diag("", "%u, %s: %s", i, known_failures[i].what,
				    failed[i] ? "FAILED" : "not tried");
	}
	report_diag("", "known failures that are in it, handled: %u/%u", good, nr);
}

int main(int argc, char **argv)
{
	bool tried[ARRAY_SIZE(known_failures)] = { 0 }, failed[ARRAY_SIZE(known_failures)] = { 0 };
	const bool nested = getenv("KTSTR_NESTED");
	unsigned int i, nr = 0, all = 0, skipped = 0;

	if (access("/dev/kvm", R_OK | W_OK))
		return report_skip_all("/dev/kvm: %s", strerror(errno));
	report_header();
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		all += selected(&rows[i], argc, argv);
	report_plan(all);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		bool ok;

		if (!selected(row, argc, argv))
			continue;
		if (row->cgroup_mib && !nested) {
			report_diag("", "%s: only where scripts/nested.sh runs this", row->name);
			report_result(row->name, VERDICT_SKIP, false);
			skipped++;
			continue;
		}
		ok = handled(row);
		nr += ok;
		tried[row->known] = true;
		failed[row->known] |= !ok;
		report_result(row->name, ok ? VERDICT_PASS : VERDICT_FAIL, true);
	}
	report_diag("", "handled: %u/%u, %u skipped", nr, all - skipped, skipped);
	if (argc < 2)
		report_known(tried, failed);
	return report_finish();
}
