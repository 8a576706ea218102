// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_perf.c - vCPUs that have a CPU of the host each, and keep it
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "kvm.h"

/* Of those that KVM can leave out, the ones by which a guest gives its CPU back. */
#define EXITS	(KVM_X86_DISABLE_EXITS_HLT | KVM_X86_DISABLE_EXITS_PAUSE)

void kvm_perf_vm(struct kvm_machine *m)
{
	int can = ioctl(m->dev_fd, KVM_CHECK_EXTENSION, (unsigned long)KVM_CAP_X86_DISABLE_EXITS);
	const struct kvm_enable_cap req = {
		.cap = KVM_CAP_X86_DISABLE_EXITS, .args = { can & EXITS },
	};

	m->cpuid.realtime = true;
	if (can > 0 && can & EXITS && !ioctl(m->fd, KVM_ENABLE_CAP, &req))
		m->exits_off = can & EXITS;
}

int kvm_perf_vcpu(struct kvm_vcpu *v, struct err *err)
{
	const struct vm_perf *perf = v->m->vm->cfg.perf;
	const struct sched_param param = { .sched_priority = PERF_PRIO_CPU };
	const unsigned int cpu = perf->cpu[v->cpu];
	cpu_set_t set;

	/*
	 * The first KVM_RUN may make a thread of KVM's own (the recovery of large pages), which
	 * is like the one that calls it. It must not be where, and what, the vCPU will be.
	 */
	WRITE_ONCE(v->run->immediate_exit, 1);
	if (!ioctl(v->fd, KVM_RUN, 0) || errno != EINTR)
		return err_set(err, -EIO, "cpu %u: KVM_RUN does not stop before it starts", v->cpu);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return err_set(err, -errno, "cpu %u on CPU %u of the host: %s", v->cpu, cpu,
			       strerror(errno));
	/* Not everyone may; what came of it is told. */
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		WRITE_ONCE(v->m->fifo_errno, errno);
	return 0;
}

void kvm_perf_print(const struct kvm_machine *m, char *buf, size_t size)
{
	static const char *const pages[] = {
		[PERF_PAGES_RESERVED] = "reserved 2 MiB pages",
		[PERF_PAGES_THP] = "transparent huge pages",
		[PERF_PAGES_SMALL] = "4 KiB pages",
	};
	static const char *const llcs[] = {
		[PERF_LLCS_UNKNOWN] = "whose LLCs are unknown",
		[PERF_LLCS_DIFFER] = "whose LLCs are not the guest's",
		[PERF_LLCS_SAME] = "whose LLCs are the guest's",
	};
	const struct vm_perf *perf = m->vm->cfg.perf;
	size_t len;
	unsigned int i;

	len = snprintf(buf, size, "perf: on CPUs");
	for (i = 0; i < m->nr_vcpus; i++)
		len += snprintf(buf + min(len, size), size - min(len, size), " %u", perf->cpu[i]);
	if (perf->node >= 0)
		len += snprintf(buf + min(len, size), size - min(len, size), " of node %d",
				perf->node);
	snprintf(buf + min(len, size), size - min(len, size),
		 " of the host, %s, %s%s%s, %s%s%s%sRAM in %s, exits off: %s%s%s\n",
		 llcs[perf->llcs],
		 m->fifo_errno ? "not SCHED_FIFO (" : "SCHED_FIFO",
		 m->fifo_errno ? strerror(m->fifo_errno) : "", m->fifo_errno ? ")" : "",
		 perf->watched ? "watched by SCHED_FIFO, " : "",
		 perf->watch_errno ? "not watched by SCHED_FIFO (" : "",
		 perf->watch_errno ? strerror(perf->watch_errno) : "",
		 perf->watch_errno ? "), " : "",
		 pages[m->vm->pages], m->exits_off & KVM_X86_DISABLE_EXITS_HLT ? "HLT " : "",
		 m->exits_off & KVM_X86_DISABLE_EXITS_PAUSE ? "PAUSE" : "",
		 m->exits_off ? "" : "none");
}
