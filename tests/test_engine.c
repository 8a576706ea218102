// SPDX-License-Identifier: GPL-2.0
/*
 * test_engine.c - micro-guests: a few instructions instead of a kernel
 *
 * They show what an engine does with each way in which a guest can end, in
 * milliseconds, without a kernel image.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../vmm/vm.h"
#include "kselftest_harness.h"

#define MEM		(128 * MIB)
#define CODE_GPA	(16 * MIB)
#define CODE_MAX	512
#define WAIT_MS		20000

/*
 * 64-bit guest code, entered as a kernel would be. Position-independent, no stack.
 * Immediate values are those of lib/platform.h and vmm/layout.h.
 */
#define GUEST_CODE(_name, _text)						\
	extern const uint8_t guest_##_name[], guest_##_name##_end[];		\
	asm(".pushsection .rodata\n"						\
	    ".globl guest_" #_name ", guest_" #_name "_end\n"			\
	    "guest_" #_name ":\n" _text "\n"					\
	    "guest_" #_name "_end:\n"						\
	    ".popsection")

#define EXIT(val)	"mov $0xf4, %edx; mov $" #val ", %eax; out %al, %dx;"
#define PUTC(port, c)	"mov $" #port ", %edx; mov $'" c "', %eax; out %al, %dx;"
#define BELL		"mov $0x505, %edx; mov $1, %eax; out %al, %dx;"
#define FOREVER		"1: pause; jmp 1b;"

GUEST_CODE(done, EXIT(0x20) FOREVER);
GUEST_CODE(reset, EXIT(0x21) FOREVER);
GUEST_CODE(triple_fault, "lea 2f(%rip), %rax; lidt (%rax); int3; 2: .quad 0, 0");
GUEST_CODE(spin, FOREVER);
GUEST_CODE(halt, "1: hlt; jmp 1b;");
GUEST_CODE(consoles, PUTC(0x3f8, "a") PUTC(0x3f8, "b") PUTC(0x2f8, "c") EXIT(0x20) FOREVER);
GUEST_CODE(flood, "mov $0x3f8, %edx; mov $'x', %eax; 1: out %al, %dx; jmp 1b;");
/* The state that the boot protocol promises: "HdrS" where RSI points to. */
GUEST_CODE(boot_params,
	   "cmpl $0x53726448, 0x202(%rsi); jne 3f;"
	   "mov %cs, %eax; cmp $0x10, %eax; jne 3f;"
	   "mov %ds, %eax; cmp $0x18, %eax; jne 3f;"
	   EXIT(0x20) "3:" EXIT(0x21) FOREVER);
/* Rings twice; in between it adds a byte of the job area (RAM end - 16 MiB + 4 KiB) to a register and prints the sum. */
GUEST_CODE(bell,
	   "mov $'0', %ebx;" BELL
	   "mov $0x7001000, %ecx; addb (%rcx), %bl;"
	   "mov $0x3f8, %edx; mov %ebx, %eax; out %al, %dx;"
	   EXIT(0x20) FOREVER);

static const uint64_t page = 4096;

/* A "vmlinux" of one segment with that code. */
static int make_kernel(const char *path, const uint8_t *code, size_t len)
{
	struct {
		Elf64_Ehdr eh;
		Elf64_Phdr ph;
	} head = {
		.eh = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			.e_entry = CODE_GPA, .e_phoff = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
		},
		.ph = {
			.p_type = PT_LOAD, .p_offset = page, .p_paddr = CODE_GPA,
			.p_vaddr = 0xffffffff81000000,
			.p_filesz = len, .p_memsz = page,
		},
	};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), ret;

	if (fd < 0)
		return -errno;
	ret = write_all(fd, &head, sizeof(head));
	if (!ret && pwrite(fd, code, len, page) != (ssize_t)len)
		ret = -EIO;
	close(fd);
	return ret;
}

FIXTURE(engine) {
	char dir[32];
	char path[64];
	struct vm_config cfg;
	struct vm *vm;
	struct err err;
};

FIXTURE_SETUP(engine)
{
	strcpy(self->dir, "/tmp/ktstr-test-XXXXXX");
	ASSERT_NE(mkdtemp(self->dir), NULL);
	snprintf(self->path, sizeof(self->path), "%s/kernel", self->dir);
	if (vm_engine_select("auto", &self->cfg.engine, &self->err))
		SKIP(return, "%s", self->err.msg);
	ASSERT_EQ(topology_parse("1n1l1c1t", &self->cfg.topo, NULL), 0);
	self->cfg.kernel = self->path;
	self->cfg.mem_bytes = MEM;
}

FIXTURE_TEARDOWN(engine)
{
	vm_destroy(self->vm);
	unlink(self->path);
	rmdir(self->dir);
}

/* Before the fixture is torn down, so that what it prints is seen. */
static void finish(struct vm **vm)
{
	vm_destroy(*vm);
	*vm = NULL;
}

#define LOAD(_name)								\
	ASSERT_EQ(make_kernel(self->path, guest_##_name,			\
			      guest_##_name##_end - guest_##_name), 0)

#define START(_name) do {							\
	LOAD(_name);								\
	ASSERT_EQ(vm_create(&self->cfg, -1, &self->vm, &self->err), 0) {	\
		TH_LOG("%s", self->err.msg);					\
	}									\
	ASSERT_EQ(vm_run(self->vm, &self->err), 0) {				\
		TH_LOG("%s", self->err.msg);					\
	}									\
} while (0)

#define EXPECT_END(_event)							\
	EXPECT_EQ(vm_wait(self->vm, WAIT_MS), _event) {				\
		TH_LOG("%s", vm_engine_text(self->vm));				\
	}

TEST_F(engine, exit)
{
	START(done);
	EXPECT_END(VM_EVENT_EXIT);
	/* The event stays. */
	EXPECT_END(VM_EVENT_EXIT);
	finish(&self->vm);
}

TEST_F(engine, reset)
{
	START(reset);
	EXPECT_END(VM_EVENT_RESET);
	EXPECT_NE(strstr(vm_engine_text(self->vm), "panic or reboot"), NULL);
	finish(&self->vm);
}

TEST_F(engine, triple_fault)
{
	START(triple_fault);
	EXPECT_END(VM_EVENT_RESET);
	EXPECT_NE(strstr(vm_engine_text(self->vm), "triple fault"), NULL);
	finish(&self->vm);
}

TEST_F(engine, boot_params)
{
	START(boot_params);
	EXPECT_END(VM_EVENT_EXIT);
	finish(&self->vm);
}

TEST_F(engine, spin_is_stopped)
{
	START(spin);
	EXPECT_EQ(vm_wait(self->vm, 100), VM_EVENT_NONE);
	finish(&self->vm);
}

TEST_F(engine, halt_is_stopped)
{
	START(halt);
	EXPECT_EQ(vm_wait(self->vm, 100), VM_EVENT_NONE);
	finish(&self->vm);
}

TEST_F(engine, never_run)
{
	LOAD(done);
	ASSERT_EQ(vm_create(&self->cfg, -1, &self->vm, &self->err), 0);
	finish(&self->vm);
}

TEST_F(engine, consoles)
{
	char *text;
	size_t len;

	START(consoles);
	EXPECT_END(VM_EVENT_EXIT);
	ASSERT_EQ(vm_console(self->vm, 0, &text, &len), 0);
	EXPECT_STREQ(text, "ab");
	free(text);
	ASSERT_EQ(vm_console(self->vm, 1, &text, &len), 0);
	EXPECT_STREQ(text, "c");
	free(text);
	finish(&self->vm);
}

TEST_F_TIMEOUT(engine, flood_is_capped, 240)
{
	struct stat st;
	int i;

	START(flood);
	for (i = 0; i < 600; i++) {
		ASSERT_EQ(vm_wait(self->vm, 100), VM_EVENT_NONE);
		ASSERT_EQ(fstat(self->vm->console_fd[0], &st), 0);
		ASSERT_LE((size_t)st.st_size, VM_CONSOLE_CAP);
		if ((size_t)st.st_size == VM_CONSOLE_CAP)
			break;
	}
	/* Full, and the guest goes on: not an error of the engine. */
	EXPECT_EQ(vm_wait(self->vm, 100), VM_EVENT_NONE);
	finish(&self->vm);
}

/* One frozen guest, thawed many times with a job of its own each, also side by side. */
TEST_F(engine, freeze_and_thaw)
{
	struct vm *vm[3] = {};
	struct vm_image image;
	unsigned int i;
	char *text;
	size_t len;

	LOAD(bell);
	ASSERT_EQ(vm_image_open(&image, &self->err), 0);
	ASSERT_EQ(vm_create(&self->cfg, image.ram_fd, &self->vm, &self->err), 0);
	ASSERT_EQ(vm_run(self->vm, &self->err), 0);
	EXPECT_END(VM_EVENT_DOORBELL);
	ASSERT_EQ(vm_freeze(self->vm, &image, &self->err), 0) {
		TH_LOG("%s", self->err.msg);
	}
	finish(&self->vm);

	for (i = 0; i < ARRAY_SIZE(vm); i++) {
		ASSERT_EQ(vm_thaw(&self->cfg, &image, &vm[i], &self->err), 0) {
			TH_LOG("%s", self->err.msg);
		}
		*(uint8_t *)shm_job(&vm[i]->shm) = i + 1;
		ASSERT_EQ(vm_run(vm[i], &self->err), 0) {
			TH_LOG("%s", self->err.msg);
		}
	}
	for (i = 0; i < ARRAY_SIZE(vm); i++) {
		char expect[2] = { '1' + i };

		EXPECT_EQ(vm_wait(vm[i], WAIT_MS), VM_EVENT_EXIT) {
			TH_LOG("%s", vm_engine_text(vm[i]));
		}
		ASSERT_EQ(vm_console(vm[i], 0, &text, &len), 0);
		EXPECT_STREQ(text, expect);
		free(text);
		vm_destroy(vm[i]);
	}
	vm_image_close(&image);
}

/* The process that stands for the CPUs, found as our only child. */
static pid_t only_child(void)
{
	char path[64], buf[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	return read_file(path, buf, sizeof(buf)) > 0 ? atoi(buf) : -1;
}

TEST_F(engine, killed_from_outside)
{
	pid_t pid;

	START(spin);
	pid = only_child();
	if (pid <= 0)
		SKIP(return, "no child process to kill");
	EXPECT_EQ(vm_wait(self->vm, 50), VM_EVENT_NONE);
	kill(pid, SIGKILL);
	EXPECT_END(VM_EVENT_ENGINE);
	EXPECT_NE(strstr(vm_engine_text(self->vm), "signal 9"), NULL);
	finish(&self->vm);
}

/* 20 in a row in one process: nothing is left open, nothing left running. */
TEST_F(engine, leaves_nothing)
{
	int before, after, i;

	LOAD(done);
	before = dup(0);
	ASSERT_GE(before, 0);
	close(before);
	for (i = 0; i < 20; i++) {
		START(done);
		EXPECT_END(VM_EVENT_EXIT);
		finish(&self->vm);
	}
	after = dup(0);
	EXPECT_EQ(before, after);
	close(after);
	EXPECT_LE(only_child(), 0);
}

TEST_F(engine, refuses)
{
	struct vm_config cfg;

	LOAD(done);
	cfg = self->cfg;
	cfg.mem_bytes = 64 * MIB;
	EXPECT_EQ(vm_create(&cfg, -1, &self->vm, &self->err), -EINVAL);
	cfg = self->cfg;
	cfg.mem_bytes = MEM + 1;
	EXPECT_EQ(vm_create(&cfg, -1, &self->vm, &self->err), -EINVAL);
	cfg = self->cfg;
	cfg.kernel = "/nonexistent/bzImage";
	self->err.msg[0] = 0;
	EXPECT_EQ(vm_create(&cfg, -1, &self->vm, &self->err), -ENOENT);
	EXPECT_NE(strstr(self->err.msg, "/nonexistent/bzImage"), NULL);
	cfg.kernel = self->dir;
	EXPECT_EQ(vm_create(&cfg, -1, &self->vm, &self->err), -ENOEXEC);
	self->vm = NULL;
}

TEST(engine_names)
{
	const struct vm_engine *engine = NULL;
	struct err err = { "" };

	EXPECT_EQ(vm_engine_select("vmx", &engine, &err), -EINVAL);
	EXPECT_NE(strstr(err.msg, "auto, kvm or tcg"), NULL);
	EXPECT_EQ(engine, NULL);
}

TEST_HARNESS_MAIN
