// SPDX-License-Identifier: GPL-2.0
/*
 * test_engine.c - micro-guests: a few instructions instead of a kernel
 *
 * They show what an engine does with each way in which a guest can end, in
 * milliseconds, without a kernel image.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kselftest_harness.h"
#include "micro_guest.h"

#define PUTC(port, c)	"mov $" #port ", %edx; mov $'" c "', %eax; out %al, %dx;"

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
/*
 * Rings twice; in between it adds a byte of the job area (RAM end - 16 MiB + 4 KiB) to a register
 * and prints the sum.
 */
GUEST_CODE(bell,
	   "mov $'0', %ebx;" BELL
	   "mov $0x7001000, %ecx; addb (%rcx), %bl;"
	   "mov $0x3f8, %edx; mov %ebx, %eax; out %al, %dx;"
	   EXIT(0x20) FOREVER);

/* Counts in the job area for as long as it runs. */
GUEST_CODE(count, "mov $0x7001000, %ecx; 1: incl (%rcx); jmp 1b;");

FIXTURE(engine) {
	MICRO_GUEST_FIELDS;
};

FIXTURE_SETUP(engine)
{
	MICRO_GUEST_SETUP();
	if (vm_engine_select("auto", &self->cfg.engine, &self->err))
		SKIP(return, "%s", self->err.msg);
}

FIXTURE_TEARDOWN(engine)
{
	MICRO_GUEST_TEARDOWN();
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
	EXPECT_FALSE(vm_leaves_out(self->vm));
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

/* Does each thread of the engine sleep? One that wants to run is not asleep, on whatever host. */
static bool asleep(struct vm *vm)
{
	char path[64], text[512], *state;
	struct dirent *d;
	bool ret = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", vm->engine->process(vm));
	dir = opendir(path);
	if (!dir)
		return false;
	while (ret && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stat", vm->engine->process(vm),
			 d->d_name);
		/* "PID (NAME) STATE ..." */
		ret = read_file(path, text, sizeof(text)) > 0 && (state = strrchr(text, ')')) &&
		      state[2] == 'S';
	}
	closedir(dir);
	return ret;
}

/* What the guest "count" stopped at, 0 if it did not. */
static uint32_t stopped_at(struct vm *vm)
{
	const _Atomic uint32_t *count = shm_job(&vm->shm);
	unsigned int tries;

	for (tries = 0; tries < 1000; tries++) {
		uint32_t then = *count;

		if (then && asleep(vm) && *count == then)
			return then;
		if (vm_wait(vm, 5) != VM_EVENT_NONE)
			return 0;
	}
	return 0;
}

/* Virtual time does not run away from who looks at the guest. */
TEST_F(engine, goes_on_when_looked_at)
{
	const _Atomic uint32_t *count;
	uint32_t first, second;

	if (vm_engine_select("tcg", &self->cfg.engine, &self->err))
		SKIP(return, "%s", self->err.msg);
	/* It takes turns with one that is not started. */
	ASSERT_EQ(topology_parse("1n1l2c1t", &self->cfg.topo, NULL), 0);
	LOAD(count);
	OK(vm_create(&self->cfg, -1, &self->vm, &self->err));
	count = shm_job(&self->vm->shm);
	vm_looked(self->vm, true);
	OK(vm_run(self->vm, &self->err));
	first = stopped_at(self->vm);
	/* 40 ms and the rest of a turn, of two instructions of 8 ns each. */
	EXPECT_GT(first, 2000000);
	EXPECT_LT(first, 3000000);
	vm_looked(self->vm, true);
	second = stopped_at(self->vm);
	EXPECT_GT(second - first, 2000000);
	EXPECT_LT(second - first, 3000000);
	vm_looked(self->vm, false);
	while (*count - second < 10000000)
		ASSERT_EQ(vm_wait(self->vm, 10), VM_EVENT_NONE);
	finish(&self->vm);
}

/* What counts is the last APIC id: 252 CPUs may be too many where 255 are not. */
TEST_F(engine, as_many_cpus_as_have_an_apic_id)
{
	struct vm_config cfg;

	if (vm_engine_select("tcg", &self->cfg.engine, &self->err))
		SKIP(return, "%s", self->err.msg);
	LOAD(done);
	cfg = self->cfg;
	ASSERT_EQ(topology_parse("1n14l18c1t", &cfg.topo, NULL), 0);
	EXPECT_EQ(vm_create(&cfg, -1, &self->vm, &self->err), -ERANGE);
	EXPECT_STREQ(self->err.msg,
		     "252 CPUs in this topology have APIC ids up to 433: the tcg engine has none above 254");
	ASSERT_EQ(topology_parse("1n256l1c1t", &cfg.topo, NULL), 0);
	EXPECT_EQ(vm_create(&cfg, -1, &self->vm, &self->err), -ERANGE);
	self->vm = NULL;

	ASSERT_EQ(topology_parse("1n255l1c1t", &self->cfg.topo, NULL), 0);
	START(done);
	EXPECT_END(VM_EVENT_EXIT);
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
