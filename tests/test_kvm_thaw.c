// SPDX-License-Identifier: GPL-2.0
/*
 * test_kvm_thaw.c - micro-guests on the kvm engine that are frozen, and copies of them
 *
 * They run on every /dev/kvm, as those of test_kvm.c do. And what is left of machines of all kinds.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../vmm/kvm.h"
#include "kselftest_harness.h"
#include "kvm_guest.h"

GUEST_CODE(bell_flood,
	   BELL "mov $0x3f8, %edx; mov $0x1000000, %esi; mov $4096, %ecx; cld; rep outsb;"
	   EXIT(0x20) FOREVER);

/* The TSC before and after, in the job area. */
#define RDTSC		"rdtsc; shl $32, %rdx; or %rdx, %rax;"
GUEST_CODE(rdtsc_bell,
	   "mov $0x7001000, %ebx;" RDTSC "mov %rax, (%rbx);" BELL RDTSC "mov %rax, 8(%rbx);"
	   EXIT(0x20) FOREVER);

GUEST_CODE(ap_spins_bell,
	   START_AP(AP_HERE "4: incw 4; jmp 4b;") AWAIT_AP BELL
	   /* It must go on: what it counts changes, from whatever it was. */
	   "mov 0x11004, %ax; 2: pause; cmp 0x11004, %ax; je 2b;"
	   PUTC("B") EXIT(0x20) FOREVER);

GUEST_CODE(irq_after_bell,
	   SET_UP_IRQ(0x40) OUTB(0x3fc, 8) BELL OUTB(0x3f9, 2)
	   "sti;" HALT
	   "3:" PUTC("I") EXIT(0x20) FOREVER IDT);
/* Pending when it rings, taken after. */
GUEST_CODE(irq_over_bell,
	   SET_UP_IRQ(0x40) OUTB(0x3fc, 8) OUTB(0x3f9, 2) BELL
	   "sti;" HALT
	   "3:" PUTC("I") EXIT(0x20) FOREVER IDT);

/* In service when it rings. Only if that EOI comes back it is sent again. */
#define IRQ_LEVEL_OVER_BELL(before, after)					\
	SET_UP_IRQ(0x8040) OUTB(0x3fc, 8) "xor %r8d, %r8d;" OUTB(0x3f9, 2)	\
	"sti;" HALT								\
	"3:" PUTC("L") "inc %r8d; cmp $2, %r8d; je 4f;"				\
	before BELL "movl $0, 0xb0(%rbx);" after "iretq;"			\
	"4:" EXIT(0x20) FOREVER IDT
GUEST_CODE(irq_level_over_bell, IRQ_LEVEL_OVER_BELL("", ""));
GUEST_CODE(irq_masked_over_bell,
	   IRQ_LEVEL_OVER_BELL(IOAPIC(0x18, 0x18040), IOAPIC(0x18, 0x8040)));

/*
 * In the handler of an NMI when it rings: another one is not taken before IRET, whether it comes
 * after the bell or has come before.
 */
#define SEND_NMI	"movl $0, 0x310(%rbx); movl $0x4400, 0x300(%rbx);"
#define NMI_OVER_BELL(before, after)						\
	SET_UP_GATE(0x12020) "xor %r8d, %r8d;" SEND_NMI					\
	PUTC("e") EXIT(0x20) FOREVER						\
	"3: inc %r8d; cmp $2, %r8d; je 4f;"					\
	PUTC("n") before BELL after PUTC("m") "iretq;"				\
	"4:" PUTC("N") EXIT(0x20) FOREVER IDT
GUEST_CODE(nmi_after_bell, NMI_OVER_BELL("", SEND_NMI));
GUEST_CODE(nmi_over_bell, NMI_OVER_BELL(SEND_NMI, ""));

/* The area that XSAVE needs is as large as XCR0 has it. CR4 says that there is one. */
GUEST_CODE(xcr0_over_bell,
	   "mov %cr4, %rax; or $0x40600, %eax; mov %rax, %cr4;" BELL
	   "mov $0xd, %eax; xor %ecx, %ecx; cpuid; mov $0x7001000, %ecx; mov %ebx, (%rcx);"
	   EXIT(0x20) FOREVER);

/* The local timer, one shot by its own count: armed, then the bell. */
GUEST_CODE(timer_over_bell,
	   SET_UP_IRQ(0x10000)
	   "movl $0x40, 0x320(%rbx); movl $0xb, 0x3e0(%rbx); movl $300000000, 0x380(%rbx);" BELL
	   "sti;" HALT
	   "3:" PUTC("T") EXIT(0x20) FOREVER IDT);

/* As Linux arms it: by a time of the TSC, 300 million cycles ahead. */
GUEST_CODE(deadline_over_bell,
	   SET_UP_IRQ(0x10000)
	   "movl $0x40040, 0x320(%rbx); mfence; rdtsc; add $300000000, %eax; adc $0, %edx;"
	   "mov $0x6e0, %ecx; wrmsr;" BELL
	   "sti;" HALT
	   "3:" PUTC("T") EXIT(0x20) FOREVER IDT);

/* system_time in the page of kvmclock (MSR_KVM_SYSTEM_TIME_NEW, at 0x13000), before and after. */
GUEST_CODE(kvmclock_bell,
	   "mov $0x4b564d01, %ecx; mov $0x13001, %eax; xor %edx, %edx; wrmsr; pause;"
	   "mov $0x7001000, %ebx; mov 0x13010, %rax; mov %rax, (%rbx);" BELL
	   "mov 0x13010, %rax; mov %rax, 8(%rbx);"
	   EXIT(0x20) FOREVER);

/* An MSR and what it is given, or whether it has it still: ZF. */
#define SET_MSR(msr, val)							\
	"mov $" #msr ", %ecx; mov $" #val ", %rax; mov %rax, %rdx; shr $32, %rdx; wrmsr;"
#define HAS_MSR(msr, val)							\
	"mov $" #msr ", %ecx; rdmsr; shl $32, %rdx; or %rax, %rdx;"		\
	"mov $" #val ", %rax; cmp %rax, %rdx;"
/* @letter if ZF says so. */
#define SHOW(letter)								\
	"mov $'" letter "', %eax; je 8f; mov $'!', %eax; 8: mov $0x3f8, %edx; out %al, %dx;"
/* @nr bytes of what FXSAVE had before and has now. */
#define HAS_FPU(offset, nr)							\
	"mov $0x13000 + " #offset ", %esi; mov $0x13200 + " #offset ", %edi;"	\
	"mov $" #nr ", %ecx; repe cmpsb;"

/*
 * What a CPU has in it, not as it is after reset: general registers, flags, CR2, CR8, debug
 * registers, FPU (exceptions off, it rounds down), MSRs. What of it is there after the bell. Of
 * SYSENTER_EIP KVM keeps no more than an AMD CPU uses, half of it (arch/x86/kvm/svm/svm.c).
 */
GUEST_CODE(state_over_bell,
	   "mov %cr4, %rax; or $0x600, %eax; mov %rax, %cr4;"
	   "mov %cr0, %rax; and $~4, %eax; or $2, %eax; mov %rax, %cr0;"
	   "mov $0x13000, %ebx; fxsave (%rbx); movw $0x77f, (%rbx); movb $0xff, 4(%rbx);"
	   "movl $0x3f80, 24(%rbx);"
	   /* ST0 to ST7 have 10 bytes in each 16, XMM0 to XMM15 all. */
	   "xor %ecx, %ecx; 7: lea 0x41(%rcx), %eax; mov %al, 0x20(%rbx,%rcx);"
	   "mov %al, 0xa0(%rbx,%rcx); mov %al, 0x120(%rbx,%rcx); inc %ecx; cmp $0x80, %ecx; jb 7b;"
	   "xor %ecx, %ecx; 7: movl $0, 0x2a(%rbx,%rcx); movw $0, 0x2e(%rbx,%rcx);"
	   "add $16, %ecx; cmp $0x80, %ecx; jb 7b; fxrstor (%rbx); fxsave (%rbx);"
	   SET_MSR(0xc0000082, 0xffffffff81111111) SET_MSR(0xc0000102, 0xffff888022222222)
	   SET_MSR(0xc0000100, 0x7fff33333333) SET_MSR(0xc0000084, 0x47700)
	   SET_MSR(0x176, 0x44444444) SET_MSR(0x277, 0x0007010600070106)
	   SET_MSR(0x200, 0xc0000000) SET_MSR(0x250, 0x0606060606060606)
	   "mov $0x5555000, %eax; mov %rax, %cr2; mov $6, %eax; mov %rax, %cr8;"
	   "mov $0x7777, %eax; mov %rax, %dr0; mov $0x8888, %eax; mov %rax, %dr3;"
	   "mov $0x1234567890abcdef, %r8; mov $0x234567890abcdef1, %r15;"
	   "mov $0x14ff0, %esp; mov $0x3456789, %ebp; mov $0x456789a, %ebx; stc; std;"
	   BELL
	   "pushf; cld; pop %rsi; and $0x401, %esi; cmp $0x401, %esi;" SHOW("f")
	   "cmp $0x14ff0, %rsp;" SHOW("s") "cmp $0x3456789, %rbp;" SHOW("b")
	   "cmp $0x456789a, %rbx;" SHOW("x")
	   "mov $0x1234567890abcdef, %rax; cmp %rax, %r8;" SHOW("8")
	   "mov $0x234567890abcdef1, %rax; cmp %rax, %r15;" SHOW("9")
	   "mov %cr2, %rax; cmp $0x5555000, %rax;" SHOW("2")
	   "mov %cr8, %rax; cmp $6, %rax;" SHOW("t")
	   "mov %dr0, %rax; cmp $0x7777, %rax;" SHOW("d")
	   "mov %dr3, %rax; cmp $0x8888, %rax;" SHOW("D")
	   "mov $0x13200, %ebx; fxsave (%rbx);"
	   HAS_FPU(0, 2) SHOW("c") HAS_FPU(24, 4) SHOW("m")
	   HAS_FPU(32, 128) SHOW("7") HAS_FPU(160, 256) SHOW("X")
	   HAS_MSR(0xc0000082, 0xffffffff81111111) SHOW("L")
	   HAS_MSR(0xc0000102, 0xffff888022222222) SHOW("G")
	   HAS_MSR(0xc0000100, 0x7fff33333333) SHOW("F")
	   HAS_MSR(0xc0000084, 0x47700) SHOW("M")
	   HAS_MSR(0x176, 0x44444444) SHOW("E")
	   HAS_MSR(0x277, 0x0007010600070106) SHOW("P")
	   HAS_MSR(0x200, 0xc0000000) SHOW("V")
	   HAS_MSR(0x250, 0x0606060606060606) SHOW("I")
	   EXIT(0x20) FOREVER);

/* @_s: seconds that it is there before it runs. */
#define FREEZE_AGED(_name, _image, _s) do {					\
	LOAD(_name);								\
	OK(vm_image_open(_image, &self->err));					\
	OK(vm_create(&self->cfg, (_image)->ram_fd, &self->vm, &self->err));	\
	sleep(_s);								\
	OK(vm_run(self->vm, &self->err));					\
	EXPECT_END(VM_EVENT_DOORBELL);						\
	OK(vm_freeze(self->vm, _image, &self->err));				\
	finish(&self->vm);							\
} while (0)
#define FREEZE(_name, _image)	FREEZE_AGED(_name, _image, 0)

/* Whole seconds later a copy, which puts what it reads beside what was read before. */
#define THAW_LATER(_image, _read) do {						\
	sleep(2);								\
	OK(vm_thaw(&self->cfg, _image, &self->vm, &self->err));			\
	OK(vm_run(self->vm, &self->err));					\
	EXPECT_END(VM_EVENT_EXIT);						\
	memcpy(_read, shm_job(&self->vm->shm), sizeof(_read));			\
	finish(&self->vm);							\
	vm_image_close(_image);							\
} while (0)

/* One frozen guest, thawed many times with a job of its own each, also side by side. */
TEST_F(kvm, freeze_and_thaw)
{
	struct vm *vm[3] = {};
	struct vm_image image;
	unsigned int i;

	FREEZE(bell, &image);
	for (i = 0; i < ARRAY_SIZE(vm); i++) {
		OK(vm_thaw(&self->cfg, &image, &vm[i], &self->err));
		*(uint8_t *)shm_job(&vm[i]->shm) = i;
		OK(vm_run(vm[i], &self->err));
	}
	for (i = 0; i < ARRAY_SIZE(vm); i++) {
		char expect[2] = { '1' + i };

		EXPECT_EQ(vm_wait(vm[i], WAIT_MS), VM_EVENT_EXIT) {
			TH_LOG("%s", vm_engine_text(vm[i]));
		}
		EXPECT_CONSOLE(vm[i], expect);
		vm_destroy(vm[i]);
	}
	vm_image_close(&image);
}

/*
 * A hundred guests of one image, all there at once: what each prints, and how it
 * ends, is what one that was booted for the same job does.
 */
TEST_F_TIMEOUT(kvm, hundred_thaws, 300)
{
	enum { NR = 100, JOBS = 64 };	/* as many as there are bytes from '1' on */
	char *booted[JOBS], *thawed;
	struct vm *vm[NR] = {};
	struct vm_image image;
	unsigned int i;
	size_t len;

	CPUS("1n1l2c1t");
	LOAD(bell);
	for (i = 0; i < JOBS; i++) {
		OK(vm_create(&self->cfg, -1, &self->vm, &self->err));
		OK(vm_run(self->vm, &self->err));
		EXPECT_END(VM_EVENT_DOORBELL);
		*(uint8_t *)shm_job(&self->vm->shm) = i;
		OK(vm_run(self->vm, &self->err));
		EXPECT_END(VM_EVENT_EXIT);
		ASSERT_EQ(vm_console(self->vm, 0, &booted[i], &len), 0);
		ASSERT_EQ(len, 1U);
		/* They differ, or it would not be seen who got whose job. */
		EXPECT_EQ(booted[i][0], '1' + (char)i);
		finish(&self->vm);
	}
	FREEZE(bell, &image);
	for (i = 0; i < NR; i++) {
		OK(vm_thaw(&self->cfg, &image, &vm[i], &self->err));
		*(uint8_t *)shm_job(&vm[i]->shm) = i % JOBS;
	}
	for (i = 0; i < NR; i++)
		OK(vm_run(vm[i], &self->err));
	for (i = 0; i < NR; i++) {
		EXPECT_EQ(vm_wait(vm[i], WAIT_MS), VM_EVENT_EXIT) {
			TH_LOG("%u: %s", i, vm_engine_text(vm[i]));
		}
		ASSERT_EQ(vm_console(vm[i], 0, &thawed, &len), 0);
		EXPECT_STREQ(thawed, booted[i % JOBS]);
		free(thawed);
	}
	for (i = 0; i < NR; i++)
		vm_destroy(vm[i]);
	for (i = 0; i < JOBS; i++)
		free(booted[i]);
	vm_image_close(&image);
}

#define THAW_AND_EXPECT(_name, _console) do {					\
	struct vm_image _image;							\
	FREEZE(_name, &_image);							\
	OK(vm_thaw(&self->cfg, &_image, &self->vm, &self->err));		\
	OK(vm_run(self->vm, &self->err));					\
	EXPECT_END(VM_EVENT_EXIT);						\
	EXPECT_CONSOLE(self->vm, _console);					\
	finish(&self->vm);							\
	vm_image_close(&_image);						\
} while (0)

TEST_F(kvm, thaw_interrupt_routed_before)
{
	THAW_AND_EXPECT(irq_after_bell, "I");
}

TEST_F(kvm, thaw_interrupt_pending)
{
	THAW_AND_EXPECT(irq_over_bell, "I");
}

TEST_F(kvm, thaw_interrupt_in_service)
{
	THAW_AND_EXPECT(irq_level_over_bell, "LL");
}

TEST_F(kvm, thaw_interrupt_in_service_masked)
{
	THAW_AND_EXPECT(irq_masked_over_bell, "LL");
}

TEST_F(kvm, thaw_nmi_in_service)
{
	THAW_AND_EXPECT(nmi_after_bell, "nmN");
}

TEST_F(kvm, thaw_nmi_pending)
{
	THAW_AND_EXPECT(nmi_over_bell, "nmN");
}

/*
 * It is set from outside: where KVM itself runs in QEMU's TCG, a guest that sets XCR0 sets that of
 * its host. To 7, which takes AVX; reset leaves 1.
 */
TEST_F(kvm, thaw_xcr0)
{
	const struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0].value = 7 };
	struct vm_image image;
	uint32_t size;
	int ret;

	LOAD(xcr0_over_bell);
	OK(vm_image_open(&image, &self->err));
	OK(vm_create(&self->cfg, image.ram_fd, &self->vm, &self->err));
	OK(vm_run(self->vm, &self->err));
	EXPECT_END(VM_EVENT_DOORBELL);
	ret = ioctl(((struct kvm_machine *)self->vm->priv)->vcpu[0].fd, KVM_SET_XCRS, &xcrs);
	if (!ret)
		OK(vm_freeze(self->vm, &image, &self->err));
	finish(&self->vm);
	if (ret) {
		vm_image_close(&image);
		SKIP(return, "guests have no AVX here");
	}
	OK(vm_thaw(&self->cfg, &image, &self->vm, &self->err));
	OK(vm_run(self->vm, &self->err));
	EXPECT_END(VM_EVENT_EXIT);
	memcpy(&size, shm_job(&self->vm->shm), sizeof(size));
	/* FPU, SSE, and what is said of the rest; AVX has 256 bytes. */
	EXPECT_GE(size, 512U + 64 + 256);
	finish(&self->vm);
	vm_image_close(&image);
}

TEST_F(kvm, thaw_timer)
{
	THAW_AND_EXPECT(timer_over_bell, "T");
}

TEST_F(kvm, thaw_deadline)
{
	THAW_AND_EXPECT(deadline_over_bell, "T");
}

/* Seconds before the freeze, of which a new machine would know nothing, and before the thaw. */
TEST_F(kvm, thaw_kvmclock)
{
	struct vm_image image;
	uint64_t ns[2];

	FREEZE_AGED(kvmclock_bell, &image, 2);
	THAW_LATER(&image, ns);
	EXPECT_GT(ns[0], NSEC_PER_SEC);
	EXPECT_GE(ns[1], ns[0]);
	EXPECT_LT(ns[1] - ns[0], NSEC_PER_SEC);
}

TEST_F(kvm, thaw_state)
{
	THAW_AND_EXPECT(state_over_bell, "fsbx892tdDcm7XLGFMEPVI");
}

TEST_F(kvm, thaw_smp)
{
	CPUS("1n1l2c1t");
	THAW_AND_EXPECT(ap_spins_bell, "B");
}

/* Whole seconds between freeze and thaw, of which the guest's TSC shows nothing. */
TEST_F(kvm, thaw_clock_does_not_jump)
{
	struct vm_image image;
	uint64_t tsc[2];

	FREEZE(rdtsc_bell, &image);
	THAW_LATER(&image, tsc);
	/* A new machine's begins at 0. 10 s of the fastest there is: that was the host's. */
	if (tsc[0] > 60000000000)
		SKIP(return, "this KVM does not virtualize the TSC");
	EXPECT_GT(tsc[1], tsc[0]);
	/* Half a second of the slowest there is. */
	EXPECT_LT(tsc[1] - tsc[0], 500000000);
}

/* What is full stays full, and the guest goes on: not an error of the engine. */
TEST_F(kvm, flood_is_capped)
{
	struct vm_image image;
	char stats[1024];
	struct stat st;

	FREEZE(bell_flood, &image);
	ASSERT_EQ(ftruncate(image.console_fd[0], VM_CONSOLE_CAP - 100), 0);
	OK(vm_thaw(&self->cfg, &image, &self->vm, &self->err));
	OK(vm_run(self->vm, &self->err));
	EXPECT_END(VM_EVENT_EXIT);
	ASSERT_EQ(fstat(self->vm->console_fd[0], &st), 0);
	EXPECT_EQ((size_t)st.st_size, VM_CONSOLE_CAP);
	vm_stats(self->vm, stats, sizeof(stats));
	EXPECT_NE(strstr(stats, "kvm: 3996 bytes of COM1 were not kept\n"), NULL) {
		TH_LOG("%s", stats);
	}
	finish(&self->vm);
	vm_image_close(&image);
}

TEST_F(kvm, thaw_refuses)
{
	struct vm_image image;
	const uint64_t bad = 0;

	FREEZE(bell, &image);
	/* Another number of CPUs */
	CPUS("1n1l2c1t");
	EXPECT_EQ(vm_thaw(&self->cfg, &image, &self->vm, &self->err), -EINVAL);
	EXPECT_STREQ(self->err.msg, "the frozen guest is of another machine");
	CPUS("1n1l1c1t");
	/* More memory than there is in the image */
	self->cfg.mem_bytes = 2 * MEM;
	EXPECT_EQ(vm_thaw(&self->cfg, &image, &self->vm, &self->err), -EINVAL);
	EXPECT_STREQ(self->err.msg, "the frozen guest is of another machine");
	self->cfg.mem_bytes = MEM;
	/* Cut, then not a state at all. */
	ASSERT_EQ(ftruncate(image.state_fd, lseek(image.state_fd, 0, SEEK_END) - 1), 0);
	EXPECT_EQ(vm_thaw(&self->cfg, &image, &self->vm, &self->err), -EINVAL);
	ASSERT_EQ(pwrite(image.state_fd, &bad, sizeof(bad), 0), (ssize_t)sizeof(bad));
	EXPECT_EQ(vm_thaw(&self->cfg, &image, &self->vm, &self->err), -EINVAL);
	ASSERT_EQ(ftruncate(image.state_fd, 3), 0);
	EXPECT_EQ(vm_thaw(&self->cfg, &image, &self->vm, &self->err), -EINVAL);
	self->vm = NULL;
	vm_image_close(&image);
}

TEST_F(kvm, freeze_needs_doorbell)
{
	struct vm_image image;

	OK(vm_image_open(&image, &self->err));
	START(spin);
	EXPECT_EQ(vm_freeze(self->vm, &image, &self->err), -EINVAL);
	finish(&self->vm);
	vm_image_close(&image);
}

/* Guest RAM, images and vCPUs; what an allocator keeps is its own affair. */
static int count_our_maps(uint64_t ram_size)
{
	unsigned long start, end;
	char *text, *line, *pos;
	size_t len;
	int nr = 0;

	if (read_file_alloc("/proc/self/maps", 16 * MIB, &text, &len))
		return -1;
	for (line = strtok_r(text, "\n", &pos); line; line = strtok_r(NULL, "\n", &pos))
		nr += strstr(line, "memfd:ktstr") || strstr(line, "kvm-vcpu") ||
		      (sscanf(line, "%lx-%lx ", &start, &end) == 2 && end - start == ram_size);
	free(text);
	return nr;
}

/* 200 machines in one process, of each kind of end: nothing is left open, mapped or running. */
TEST_F_TIMEOUT(kvm, leaves_nothing, 120)
{
	struct vm_image image;
	int fds, i;

	fds = count_entries("/proc/self/fd");
	CPUS("1n1l2c1t");
	FREEZE(ap_spins_bell, &image);
	LOAD(spin);
	for (i = 0; i < 200; i++) {
		switch (i % 4) {
		case 0:		/* never run */
			OK(vm_create(&self->cfg, -1, &self->vm, &self->err));
			break;
		case 1:		/* running, another CPU waits for its SIPI */
			OK(vm_create(&self->cfg, -1, &self->vm, &self->err));
			OK(vm_run(self->vm, &self->err));
			break;
		case 2:		/* thawed, never run */
			OK(vm_thaw(&self->cfg, &image, &self->vm, &self->err));
			break;
		case 3:		/* thawed, to the end */
			OK(vm_thaw(&self->cfg, &image, &self->vm, &self->err));
			OK(vm_run(self->vm, &self->err));
			EXPECT_END(VM_EVENT_EXIT);
			break;
		}
		/* The test does see them. */
		if (i < 4) {
			EXPECT_GT(count_our_maps(self->cfg.mem_bytes), 2);
		}
		finish(&self->vm);
	}
	vm_image_close(&image);
	EXPECT_EQ(count_entries("/proc/self/fd"), fds);
	EXPECT_EQ(count_our_maps(self->cfg.mem_bytes), 0);
	/* ".", ".." and this thread. */
	EXPECT_EQ(count_entries("/proc/self/task"), 3);
}

#define KVM_DEBUGFS	"/sys/kernel/debug/kvm"

/* How many VMs the kernel still has that @pid made; negative where it does not say. */
static int vms_of(pid_t pid)
{
	DIR *dir = opendir(KVM_DEBUGFS);
	struct dirent *entry;
	int nr = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) == pid && strchr(entry->d_name, '-'))
			nr++;
	closedir(dir);
	return nr;
}

/* They go aside. Each that goes is an event. */
static bool vms_go(pid_t pid, int events)
{
	struct pollfd pfd = { .fd = events, .events = POLLIN };
	char buf[4096];

	while (vms_of(pid) > 0)
		if (poll(&pfd, 1, 30000) != 1 || read(events, buf, sizeof(buf)) <= 0)
			return false;
	return true;
}

/* In a process of its own; exits with 0 if all went well up to there. */
static void leave(const struct vm_config *cfg, const struct vm_image *image)
{
	struct err err = { "" };
	struct vm *vm;

	if (image ? vm_thaw(cfg, image, &vm, &err) : vm_create(cfg, -1, &vm, &err))
		_exit(1);
	if (vm_run(vm, &err) || (image && vm_wait(vm, 10000) != VM_EVENT_EXIT))
		_exit(2);
	vm_leave(vm);
	_exit(0);
}

/*
 * Who leaves is gone, with CPUs that run and without, and so is its VM; what it knew of hot
 * pages is not.
 */
TEST_F(kvm, leave)
{
	int i, status, events = inotify_init1(IN_CLOEXEC);
	const bool nested = getenv("KTSTR_NESTED");
	struct vm_image image;
	struct stat st;
	pid_t pid;

	if (nested)
		ASSERT_GE(inotify_add_watch(events, KVM_DEBUGFS, IN_DELETE), 0);

	CPUS("1n1l2c1t");
	FREEZE(ap_spins_bell, &image);
	LOAD(spin);
	for (i = 0; i < 4; i++) {
		self->cfg.leave_waits = i & 1;
		pid = fork();
		if (!pid)
			leave(&self->cfg, i < 2 ? NULL : &image);
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		EXPECT_EQ(status, 0);
		if (nested && !(i & 1))
			EXPECT_TRUE(vms_go(pid, events));
		if (nested)
			EXPECT_EQ(vms_of(pid), 0);
		if (i < 2) {
			ASSERT_EQ(fstat(image.hot_fd, &st), 0);
			EXPECT_EQ(st.st_size, 0);
		}
	}
	close(events);
	ASSERT_EQ(fstat(image.hot_fd, &st), 0);
	EXPECT_GT(st.st_size, 0);
	vm_image_close(&image);
}

TEST_HARNESS_MAIN
