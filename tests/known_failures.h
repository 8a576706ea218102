/* SPDX-License-Identifier: GPL-2.0 */
/*
 * known_failures.h - what other VMMs and monitors were seen to fail at, by number
 *
 * The numbers are those of section 4 of vmm.md, a survey of seven of them. NULL: there are rows of
 * test_kvm_failures.c with that number; else where that one is tested.
 */
#ifndef KTSTR_TESTS_KNOWN_FAILURES_H
#define KTSTR_TESTS_KNOWN_FAILURES_H

#define LOADER	"the loader's: test_loader, fuzz_loader"
#define MONITOR	"the monitor's: test_symbols, test_layout, test_kernel"
#define WINDOW	"the window's: test_shm, fuzz_shm, fuzz_frame"
#define WALKER	"the monitor's: test_paging, fuzz_paging"
#define RUNNER	"the runner's: test_runner.sh"

static const struct {
	const char *what;
	const char *where;
} known_failures[] = {
	[1] = { "no /dev/kvm", NULL },
	[2] = { "no access to it", NULL },
	[3] = { "no VMX or SVM", NULL },
	[4] = { "another API, a capability missing", NULL },
	[5] = { "KVM_CREATE_VM interrupted", NULL },
	[6] = { "KVM_CREATE_VM slow", NULL },
	[7] = { "more vCPUs than there can or should be", NULL },
	[8] = { "APIC ids above 254", "this engine's: test_kvm, smp_x2apic" },
	[9] = { "memory slots that overlap", NULL },
	[10] = { "RAM beyond the address width", NULL },
	[11] = { "the host runs out of memory", NULL },
	[12] = { "no huge pages left", NULL },
	[13] = { "no space for RAM", NULL },
	[14] = { "a memory limit on the control group", NULL },
	[15] = { "no bzImage", LOADER },
	[16] = { "a truncated bzImage", LOADER },
	[17] = { "a 32-bit kernel", LOADER },
	[18] = { "what does not fit into RAM", LOADER },
	[19] = { "a command line that is too long", LOADER },
	[20] = { "a damaged ELF file", LOADER },
	[21] = { "the vmlinux of another kernel", MONITOR },
	[22] = { "no BTF, no symbols", MONITOR },
	[23] = { "a member that is gone", MONITOR },
	[24] = { "several structs of a name", MONITOR },
	[25] = { "a hang without a word", NULL },
	[26] = { "a panic", NULL },
	[27] = { "a triple fault", NULL },
	[28] = { "KVM_EXIT_INTERNAL_ERROR", NULL },
	[29] = { "KVM_EXIT_FAIL_ENTRY", NULL },
	[30] = { "a CPU that never comes up", "the guest's: test_topology_check" },
	[31] = { "a fatal error of another vCPU", NULL },
	[32] = { "KVM_RUN interrupted", NULL },
	[33] = { "a kick that is lost", NULL },
	[34] = { "a kick after the end", "this engine's: test_kvm_thaw, leaves_nothing" },
	[35] = { "a vCPU that halts at the end", NULL },
	[36] = { "a vCPU stuck in the kernel", NULL },
	[37] = { "Ctrl-C and the like", RUNNER },
	[38] = { "the parent dies", "every engine's: test_sigkill" },
	[39] = { "nobody reads the results", RUNNER },
	[40] = { "a flood on the serial port", "this engine's: test_kvm_thaw, flood_is_capped" },
	[41] = { "string I/O", NULL },
	[42] = { "ports and addresses of nothing", NULL },
	[43] = { "devices that are polled", NULL },
	[44] = { "no entropy", LOADER },
	[45] = { "an initramfs cut short", "the guest's: test_initramfs" },
	[46] = { "a corrupt ring", WINDOW },
	[47] = { "a full ring", WINDOW },
	[48] = { "a header that changes while it is read", WINDOW },
	[49] = { "pointers out of RAM", WALKER },
	[50] = { "page tables and lists that loop", WALKER },
	[51] = { "torn reads", WALKER },
	[52] = { "per-CPU areas that are not there yet", MONITOR },
	[53] = { "a scheduler that is replaced", "the monitor's: test_events" },
	[54] = { "five levels of page tables", WALKER },
	[55] = { "an idle CPU whose clock stands still", "the monitor's: test_verdict" },
	[56] = { "a vCPU that does not get to run", "the runner's: test_deadline, test_outcome" },
	[57] = { "a host with too much to do", "the runner's: test_deadline, test_outcome" },
	[58] = { "an MSR or CPUID that is refused", NULL },
	[59] = { "the host's clock is set", "nobody's: all is CLOCK_MONOTONIC" },
	[60] = { "no space for results", "the runner's: test_report" },
	[61] = { "several want the same CPUs", "the runner's: test_perf" },
	[62] = { "a monitor that crashes", WALKER },
};

#endif /* KTSTR_TESTS_KNOWN_FAILURES_H */
