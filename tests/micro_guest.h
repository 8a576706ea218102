/* SPDX-License-Identifier: GPL-2.0 */
/*
 * micro_guest.h - guests of a few instructions instead of a kernel, for tests of engines
 *
 * A fixture has the fields that MICRO_GUEST_FIELDS names; one guest at a time is in them.
 */
#ifndef KTSTR_TESTS_MICRO_GUEST_H
#define KTSTR_TESTS_MICRO_GUEST_H

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../vmm/vm.h"

#define MEM		(128 * MIB)
#define CODE_GPA	(16 * MIB)
#define CODE_MAX	4096		/* bytes: one page is loaded */
#define WAIT_MS		20000

/*
 * 64-bit code, entered as a kernel is. Position-independent, loaded at CODE_GPA; numbers are
 * those of lib/platform.h and vmm/layout.h.
 */
#define GUEST_CODE(_name, _text)						\
	extern const uint8_t guest_##_name[], guest_##_name##_end[];		\
	asm(".pushsection .rodata\n"						\
	    ".globl guest_" #_name ", guest_" #_name "_end\n"			\
	    "guest_" #_name ":\n" _text "\n"					\
	    "guest_" #_name "_end:\n"						\
	    ".popsection")

#define OUTB(port, val)	"mov $" #port ", %edx; mov $" #val ", %eax; out %al, %dx;"
#define EXIT(val)	OUTB(0xf4, val)
#define BELL		OUTB(0x505, 1)
#define FOREVER		"1: pause; jmp 1b;"

#define MICRO_GUEST_FIELDS							\
	char dir[32];								\
	char path[64];								\
	struct vm_config cfg;							\
	struct vm *vm;								\
	struct err err

/* In FIXTURE_SETUP() and FIXTURE_TEARDOWN(); the engine is the fixture's own choice. */
#define MICRO_GUEST_SETUP() do {						\
	strcpy(self->dir, "/tmp/ktstr-test-XXXXXX");				\
	ASSERT_NE(mkdtemp(self->dir), NULL);					\
	snprintf(self->path, sizeof(self->path), "%s/kernel", self->dir);	\
	ASSERT_EQ(topology_parse("1n1l1c1t", &self->cfg.topo, NULL), 0);	\
	self->cfg.kernel = self->path;						\
	self->cfg.mem_bytes = MEM;						\
} while (0)

#define MICRO_GUEST_TEARDOWN() do {						\
	vm_destroy(self->vm);							\
	unlink(self->path);							\
	rmdir(self->dir);							\
} while (0)

/* A "vmlinux" of one segment with that code. */
static inline int make_kernel(const char *path, const uint8_t *code, size_t len)
{
	struct {
		Elf64_Ehdr eh;
		Elf64_Phdr ph;
	} head = {
		.eh = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			.e_entry = CODE_GPA, .e_phoff = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
		},
		.ph = {
			.p_type = PT_LOAD, .p_offset = CODE_MAX, .p_paddr = CODE_GPA,
			.p_vaddr = 0xffffffff81000000, .p_filesz = len, .p_memsz = CODE_MAX,
		},
	};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), ret;

	if (fd < 0)
		return -errno;
	ret = write_all(fd, &head, sizeof(head));
	if (!ret && pwrite(fd, code, len, CODE_MAX) != (ssize_t)len)
		ret = -EIO;
	close(fd);
	return ret;
}

/* Of a directory, as those that tell a process's descriptors and threads are; or a negative errno. */
static inline int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int nr = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

/* Before the fixture is torn down, so that what it prints is seen. */
static inline void finish(struct vm **vm)
{
	vm_destroy(*vm);
	*vm = NULL;
}

#define OK(_call)								\
	ASSERT_EQ(_call, 0) {							\
		TH_LOG("%s", self->err.msg);					\
	}

#define LOAD(_name)								\
	ASSERT_EQ(make_kernel(self->path, guest_##_name,			\
			      guest_##_name##_end - guest_##_name), 0)

#define START(_name) do {							\
	LOAD(_name);								\
	OK(vm_create(&self->cfg, -1, &self->vm, &self->err));			\
	OK(vm_run(self->vm, &self->err));					\
} while (0)

#define EXPECT_END(_event)							\
	EXPECT_EQ(vm_wait(self->vm, WAIT_MS), _event) {				\
		TH_LOG("%s", vm_engine_text(self->vm));				\
	}

#endif /* KTSTR_TESTS_MICRO_GUEST_H */
