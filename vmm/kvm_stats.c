// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_stats.c - what KVM has counted: Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD
 *
 * The kernel says what it has, by name. An older one has nothing, and then nothing is said.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "kvm.h"

#define TOP_UNKNOWN	5
#define CREATE_SLOW_NS	(20 * NSEC_PER_MSEC)

/* In the order in which they are printed; of vCPUs, all together, or of the VM. */
static const char *const wanted[] = {
	"exits", "io_exits", "mmio_exits", "halt_exits", "signal_exits", "irq_exits",
	"irq_window_exits", "request_irq_exits", "irq_injections", "nmi_injections", "hypercalls",
	"pf_taken", "insn_emulation", "insn_emulation_fail", "preemption_reported",
	"halt_successful_poll", "halt_attempted_poll", "halt_wakeup", "halt_wait_ns",
	"remote_tlb_flush", "pages_4k", "pages_2m", "pages_1g",
};

struct sums {
	bool have[ARRAY_SIZE(wanted)];
	uint64_t sum[ARRAY_SIZE(wanted)];
};

static int read_at(int fd, void *buf, size_t len, off_t off)
{
	ssize_t n = pread(fd, buf, len, off);

	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

static void add_one(int fd, const struct kvm_stats_header *head, const struct kvm_stats_desc *desc,
		    size_t name_size, struct sums *s)
{
	const uint32_t type = desc->flags & KVM_STATS_TYPE_MASK;
	uint64_t val;
	unsigned int i;

	/* Histograms have more than one value. */
	if (desc->size != 1 ||
	    (type != KVM_STATS_TYPE_CUMULATIVE && type != KVM_STATS_TYPE_INSTANT))
		return;
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (strncmp(desc->name, wanted[i], name_size))
			continue;
		if (read_at(fd, &val, sizeof(val), (off_t)head->data_offset + desc->offset))
			return;
		s->have[i] = true;
		s->sum[i] += val;
		return;
	}
}

/* All scalars of one descriptor, which is closed. */
static int add_all(int fd, struct sums *s)
{
	struct kvm_stats_header head;
	size_t size, i;
	char *descs;
	int ret;

	ret = read_at(fd, &head, sizeof(head), 0);
	if (ret)
		goto out;
	size = sizeof(struct kvm_stats_desc) + head.name_size;
	descs = calloc(head.num_desc + 1, size);
	ret = descs ? read_at(fd, descs, head.num_desc * size, head.desc_offset) : -ENOMEM;
	for (i = 0; !ret && i < head.num_desc; i++)
		add_one(fd, &head, (const void *)(descs + i * size), head.name_size, s);
	free(descs);
out:
	close(fd);
	return ret;
}

/* -ENOTTY and the like from a kernel that has none. */
static int sum_up(struct kvm_machine *m, struct sums *s)
{
	unsigned int i;
	int fd, ret;

	fd = ioctl(m->fd, KVM_GET_STATS_FD, NULL);
	ret = fd < 0 ? -errno : add_all(fd, s);
	for (i = 0; !ret && i < m->nr_vcpus; i++) {
		fd = ioctl(m->vcpu[i].fd, KVM_GET_STATS_FD, NULL);
		ret = fd < 0 ? -errno : add_all(fd, s);
	}
	return ret;
}

/* What makes guests slow, but stops none. */
static size_t print_slow(const struct kvm_machine *m, char *buf, size_t size)
{
	size_t len = 0;

	if (m->create_ns >= CREATE_SLOW_NS)
		len = snprintf(buf, size,
			       "kvm: KVM_CREATE_VM took %llu ms: moving threads between cgroups is slow on this host (mount option favordynmods)\n",
			       (unsigned long long)(m->create_ns / NSEC_PER_MSEC));
	if (m->nr_advised && m->nr_vcpus > m->nr_advised)
		len += snprintf(buf + min(len, size), size - min(len, size),
				"kvm: %u CPUs, of which this host's KVM recommends at most %u (KVM_CAP_NR_VCPUS)\n",
				m->nr_vcpus, m->nr_advised);
	return len;
}

void kvm_stats_print(struct kvm_machine *m, char *buf, size_t size)
{
	struct serial_state com;
	struct sums s = { 0 };
	char unknown[256];
	size_t len = 0;
	unsigned int i;

	buf[0] = '\0';
	if (m->vm->cfg.perf) {
		kvm_perf_print(m, buf, size);
		len = strlen(buf);
		buf += len;
		size -= len;
		len = 0;
	}
	if (!sum_up(m, &s)) {
		for (i = 0; i < ARRAY_SIZE(wanted); i++) {
			if (!s.have[i] || !s.sum[i])
				continue;
			len += snprintf(buf + min(len, size), size - min(len, size),
					"%s %s %" PRIu64, len ? "," : "kvm:", wanted[i], s.sum[i]);
		}
		if (len)
			len += snprintf(buf + min(len, size), size - min(len, size), "\n");
	}
	len += print_slow(m, buf + min(len, size), size - min(len, size));
	if (!m->have_devices)
		return;
	pio_unknown(&m->pio, TOP_UNKNOWN, unknown, sizeof(unknown));
	if (unknown[0])
		len += snprintf(buf + min(len, size), size - min(len, size),
				"kvm: accesses that nothing answers: %s\n", unknown);
	for (i = 0; i < ARRAY_SIZE(m->pio.com); i++) {
		serial_save(&m->pio.com[i], &com);
		if (com.dropped)
			len += snprintf(buf + min(len, size), size - min(len, size),
					"kvm: %" PRIu64 " bytes of COM%u were not kept\n",
					com.dropped, i + 1);
	}
}
