/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vm.h - a virtual machine: RAM that we prepare, and an engine that runs CPUs on it
 */
#ifndef KTSTR_VMM_VM_H
#define KTSTR_VMM_VM_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include "../lib/log.h"
#include "../lib/shm.h"
#include "../lib/topology.h"
#include "layout.h"
#include "perf.h"

struct vm_engine;

struct vm_config {
	const struct vm_engine *engine;
	const char *kernel;		/* bzImage or vmlinux ELF file */
	const void *unpacked;		/* vm_kernel_unpack() of it, not owned; or NULL */
	size_t unpacked_len;
	struct topology topo;
	uint64_t mem_bytes;		/* a multiple of 2 MiB, at least VM_MIN_MEM */
	const void *initramfs;		/* newc cpio, not owned */
	size_t initramfs_len;
	const char *append;		/* more words for the kernel command line, or NULL */
	uint64_t seed;			/* of boot_params' RNG: the same one, the same guest */
	bool doorbell;			/* it may be rung, though this is no guest to be frozen */
	bool leave_waits;		/* vm_leave() does: for the end of the VM, too */
	const struct vm_perf *perf;	/* not owned; NULL: it shares the host with everyone */
};

#define VM_MIN_MEM		(128 * MIB)

enum vm_time {
	VM_TIME_REAL,			/* guest time is host time, less steal */
	VM_TIME_VIRTUAL,		/* instructions are counted: host load cannot be seen */
};

enum vm_event {
	VM_EVENT_NONE,			/* the time-out passed */
	VM_EVENT_DOORBELL,		/* the guest stopped itself and waits for a job */
	VM_EVENT_EXIT,			/* the guest ended itself through the debug-exit port */
	VM_EVENT_RESET,			/* reset or triple fault */
	VM_EVENT_ENGINE,		/* the engine failed or was killed: see vm_engine_text() */
};

struct vm {
	struct vm_config cfg;
	const struct vm_engine *engine;
	enum vm_time time;
	bool template;			/* made to be frozen: it will ring the doorbell */
	int ram_fd;			/* memfd, shared with the engine */
	void *ram;
	int hot_fd;			/* thawed, with private RAM: the image's; else -1 */
	enum perf_pages pages;		/* with private RAM: what it is made of */
	uint64_t ram_size;
	uint64_t low_size;
	uint64_t entry;			/* 64-bit entry point */
	int console_fd[2];		/* memfds: what the guest wrote to COM1 and COM2 */
	struct shm shm;			/* host side of the window */
	void *priv;			/* the engine's */
};

/* A guest that was stopped at the doorbell. All are memfds: they vanish with their last owner. */
struct vm_image {
	int ram_fd;
	int hot_fd;			/* what is known of the pages that are written to */
	int state_fd;			/* CPU and device state, in the engine's own format */
	int console_fd[2];		/* what was on the consoles up to then */
};

#define VM_NR_GPRS		16

/* Where a CPU is that was stopped. */
struct vm_cpu {
	const char *state;		/* "runs", "halted", "not started", ... */
	bool have_regs;
	uint64_t rip, rflags, cr0, cr2, cr3, cr4, efer;
	uint64_t gpr[VM_NR_GPRS];	/* RAX, RBX, RCX, RDX, RSI, RDI, RSP, RBP, R8 ... R15 */
};

struct vm_engine {
	const char *name;
	/* Can it run here? 0, or a negative errno with the reason in @err. No side effects. */
	int (*probe)(struct err *err);
	/*
	 * Make CPUs and devices, stopped. RAM is ready only when run() is called.
	 * @image is NULL, or the state to continue from.
	 */
	int (*create)(struct vm *vm, const struct vm_image *image, struct err *err);
	/* Let the CPUs run, for the first time or on from the doorbell. */
	int (*run)(struct vm *vm, struct err *err);
	/* Wait at most @timeout_ms (real) for an event. */
	enum vm_event (*wait)(struct vm *vm, int timeout_ms);
	/* At the doorbell: write CPUs and devices to image->state_fd. It cannot be run again. */
	int (*freeze)(struct vm *vm, struct vm_image *image, struct err *err);
	/*
	 * One line on what the engine last said or why it ended, or where the CPUs of a guest are
	 * that still runs, if it can tell; a static or vm-owned string.
	 */
	const char *(*text)(struct vm *vm);
	/* The process that the CPUs are threads of, 0 if there is none now. */
	pid_t (*process)(struct vm *vm);
	/*
	 * Fill @cpu with the first @nr CPUs, of a guest that runs (and then goes on) or has ended.
	 * Returns how many there are in all. May be NULL: it cannot tell.
	 */
	int (*cpus)(struct vm *vm, struct vm_cpu *cpu, unsigned int nr, struct err *err);
	/*
	 * Can a CPU that has work have stood still while others ran, which is not the guest's
	 * doing? NULL: it cannot.
	 */
	bool (*leaves_out)(struct vm *vm);
	/*
	 * Somebody has looked at the guest (@on), and will again: an engine whose time is virtual
	 * lets little of it pass until then. Not @on: no more. From any one thread. May be NULL.
	 */
	void (*looked)(struct vm *vm, bool on);
	/* Lines on what it has counted so far, "" if there is nothing to say. May be NULL. */
	void (*stats)(struct vm *vm, char *buf, size_t size);
	/* Stop the CPUs, free all that is the engine's. Safe at any point after create(). */
	void (*destroy)(struct vm *vm);
	/*
	 * The process ends now, and takes with it what is left of CPUs, devices and RAM. May be
	 * NULL: they are not all its own.
	 */
	void (*leave)(struct vm *vm);
	enum vm_time time;
	/*
	 * RAM is this process's own: anonymous, or of a thawed guest a private mapping of the
	 * frozen one's. Then ram_fd is -1.
	 */
	bool private_ram;
	bool unpacks;			/* a kernel's own decompressor is slower than this process */
	bool can_perf;			/* it honours vm_config.perf; only of guests that are not frozen */
	const char *cmdline;		/* words that the kernel needs on this engine, or NULL */
};

/*
 * vm_engine_select - by name: "auto", "kvm", "tcg". -ENODEV when nothing can run here, -EINVAL
 * for another name.
 */
int vm_engine_select(const char *name, const struct vm_engine **engine, struct err *err);

/*
 * vm_create - RAM with kernel, tables, initramfs and window in it, and an engine that
 * waits. @image_ram is a memfd to use as RAM, which will then be the image's, or -1.
 * The caller may write a job to vm->shm before vm_run(). Errors are the user's to
 * read: wrong kernel, no memory, no engine.
 */
int vm_create(const struct vm_config *cfg, int image_ram, struct vm **vm, struct err *err);

/*
 * vm_thaw - a private copy of a frozen guest, stopped at the doorbell. @cfg is the one it was made
 * with.
 */
int vm_thaw(const struct vm_config *cfg, const struct vm_image *image, struct vm **vm,
	    struct err *err);

int vm_run(struct vm *vm, struct err *err);
enum vm_event vm_wait(struct vm *vm, int timeout_ms);
const char *vm_engine_text(struct vm *vm);

/* vm_cpus - see struct vm_engine; -EOPNOTSUPP where an engine cannot tell. */
int vm_cpus(struct vm *vm, struct vm_cpu *cpu, unsigned int nr, struct err *err);

/* vm_leaves_out - see struct vm_engine. */
bool vm_leaves_out(struct vm *vm);

/* vm_looked - see struct vm_engine. Holds back from the first call on, until @on is false. */
void vm_looked(struct vm *vm, bool on);

/* vm_stats - see struct vm_engine; @buf becomes a string in any case. */
void vm_stats(struct vm *vm, char *buf, size_t size);

/*
 * vm_starved_ns - time that the worst-off CPU waited for a CPU of the host, since it began; 0 where
 * the host does not say. Reads some files.
 */
uint64_t vm_starved_ns(struct vm *vm);

/*
 * vm_image_open - make an image's memfds. vm_freeze - fill it, from a VM that was created on
 * image->ram_fd.
 */
int vm_image_open(struct vm_image *image, struct err *err);
int vm_freeze(struct vm *vm, struct vm_image *image, struct err *err);
void vm_image_close(struct vm_image *image);

/*
 * vm_console - what the guest wrote to COM1 (@port 0) or COM2 (1) so far: malloc()ed,
 * NUL-terminated, the caller's to free. At most VM_CONSOLE_CAP bytes are kept.
 */
int vm_console(struct vm *vm, unsigned int port, char **text, size_t *len);

#define VM_CONSOLE_CAP		(16 * MIB)

/* vm_destroy - stop and free; @vm may be NULL. */
void vm_destroy(struct vm *vm);

/*
 * vm_leave - instead of that, just before _exit(): what the kernel takes back with the process
 * is left to it, and what it has to wait for in doing so it waits for after the process, unless
 * vm_config.leave_waits.
 */
void vm_leave(struct vm *vm);

/*
 * vm_kernel_unpack - what takes a good part of the start of a guest, once for many of them: for
 * vm_config.unpacked. For one alone, vm_create() does it where that is faster than to let the guest
 * do it. malloc()ed; NULL where that is of no use, or will be an error of vm_create().
 */
void *vm_kernel_unpack(const char *path, size_t *len);

/*
 * vm_kernel_info - check a kernel file; its version string ("7.3.4 (build) #1 ...", "" if it has
 * none) for reports.
 */
int vm_kernel_info(const char *path, char *version, size_t size, struct err *err);

#endif /* KTSTR_VMM_VM_H */
