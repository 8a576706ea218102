// SPDX-License-Identifier: GPL-2.0
/*
 * where.c - where the CPUs of a guest are that will not say it themselves
 */
#include <string.h>
#include "session.h"

#define WHERE_MAX	16	/* CPUs */

static const char *const gpr_name[VM_NR_GPRS] = {
	"RAX", "RBX", "RCX", "RDX", "RSI", "RDI", "RSP", "RBP",
	"R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15",
};

static void note_cpu(struct session *s, const struct monitor_config *cfg, unsigned int nr,
		     const struct vm_cpu *cpu)
{
	const struct monitor_tables tables = { .cr3 = cpu->cr3, .cr4 = cpu->cr4 };
	char symbol[160], text[512];
	unsigned int i;
	size_t len = 0;
	bool known;

	if (!cpu->have_regs) {
		session_note(s, "cpu %u %s", nr, cpu->state);
		return;
	}
	known = monitor_symbol(cfg, cpu->rip, &tables, symbol, sizeof(symbol));
	session_note(s,
		     "cpu %u %s, RIP %#llx%s%s%s, RFLAGS %#llx, CR0 %#llx, CR2 %#llx, CR3 %#llx, CR4 %#llx, EFER %#llx",
		     nr, cpu->state, (unsigned long long)cpu->rip, known ? " (" : "",
		     known ? symbol : "", known ? ")" : "", (unsigned long long)cpu->rflags,
		     (unsigned long long)cpu->cr0, (unsigned long long)cpu->cr2,
		     (unsigned long long)cpu->cr3, (unsigned long long)cpu->cr4,
		     (unsigned long long)cpu->efer);
	for (i = 0; i < VM_NR_GPRS; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s %#llx", i ? ", " : "",
				gpr_name[i], (unsigned long long)cpu->gpr[i]);
	session_note(s, "cpu %u: %s", nr, text);
}

void session_where(struct session *s)
{
	enum phase last = phases_last(&s->col.phases);
	struct vm_cpu cpu[WHERE_MAX];
	struct monitor_config cfg;
	struct err err = { "" };
	struct shm shm;
	int nr, i;

	session_note(s, "last phase: %s, %.1f s before", phase_name(last),
		     (now_ns() - s->col.phases.at_ns[last]) / 1e9);
	nr = vm_cpus(s->vm, cpu, WHERE_MAX, &err);
	if (nr < 0) {
		session_note(s, "%s", err.msg);
		return;
	}
	/* One that watches has found less: it wants to be told, or a vmlinux. */
	cfg = session_monitor(s, &shm);
	for (i = 0; i < min(nr, WHERE_MAX); i++)
		note_cpu(s, &cfg, i, &cpu[i]);
	if (nr > WHERE_MAX)
		session_note(s, "and %d more CPUs", nr - WHERE_MAX);
}
