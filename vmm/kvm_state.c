// SPDX-License-Identifier: GPL-2.0
/*
 * kvm_state.c - a machine that stands still, as bytes, and back
 *
 * It lives as long as one run on one host and is read by the program that wrote it, so these are
 * KVM's own structs. RAM is not in it.
 */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kvm.h"

#define CPUID_HYPERVISOR	0x40000000
#define SEG_TSS			0x9	/* of the type: available */
#define STATE_MAGIC	0x3176534d564b544bULL	/* "KTKVMSv1" */

#define MSR_TSC			0x10
#define MSR_MTRR_VARIABLE	0x200	/* a base and a mask each */
#define MSR_MTRR_NR_VARIABLE	8
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MSR_MCE_CTL(bank)	(0x400 + 4 * (bank))
#define MCE_BANKS		32	/* KVM's, where nobody set up fewer */
#define MSR_TSC_DEADLINE	0x6e0
/* Writing these has KVM write to guest RAM, at the time of boot and not later. */
#define MSR_KVM_WALL_CLOCK_OLD	0x11
#define MSR_KVM_WALL_CLOCK	0x4b564d00

/* Without these a guest cannot go on; KVM may refuse any other, which it does not have then. */
static const struct {
	uint32_t index;
	const char *name;
} vital[] = {
	{ 0x174, "SYSENTER_CS" }, { 0x175, "SYSENTER_ESP" }, { 0x176, "SYSENTER_EIP" },
	{ 0x277, "PAT" }, { MSR_MTRR_DEF_TYPE, "MTRRdefType" },
	{ 0xc0000081, "STAR" }, { 0xc0000082, "LSTAR" }, { 0xc0000083, "CSTAR" },
	{ 0xc0000084, "SFMASK" }, { 0xc0000102, "KERNEL_GS_BASE" },
	{ 0x4b564d01, "KVM_SYSTEM_TIME_NEW" },
};

/* Memory types by MTRR are not in KVM's own list; nor are machine-check banks. */
static const uint32_t mtrr_fixed[] = {
	0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f,
};

struct state_head {
	uint64_t magic;
	uint32_t nr_vcpus, nr_msrs;
	uint64_t xsave_size;
	uint64_t ram_size;
	uint64_t tsc;			/* of CPU 0, when clock was read */
	struct kvm_clock_data clock;
	struct ioapic_state ioapic;
	struct pio_state pio;
};

/* Followed by the XSAVE area and the MSRs. */
struct state_vcpu {
	struct kvm_mp_state mp_state;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_debugregs debugregs;
	struct kvm_xcrs xcrs;
	struct kvm_lapic_state lapic;
	struct kvm_vcpu_events events;
	uint64_t tsc_deadline;
};

struct kvm_state {
	const struct state_head *head;
	size_t len;
};

static size_t vcpu_size(const struct state_head *head)
{
	return sizeof(struct state_vcpu) + head->xsave_size +
	       head->nr_msrs * sizeof(struct kvm_msr_entry);
}

static const char *vital_name(uint32_t index)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vital); i++)
		if (vital[i].index == index)
			return vital[i].name;
	return NULL;
}

/* --- MSRs ----------------------------------------------------------------------- */

static void msrs_add(struct kvm_msr_set *set, uint32_t index)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (set->index[i] == index)
			return;
	if (set->nr < KVM_MSRS_MAX)
		set->index[set->nr++] = index;
}

/* The clocks have their own time to be set. */
static bool msr_is_apart(uint32_t index)
{
	return index == MSR_TSC || index == MSR_TSC_DEADLINE || index == MSR_KVM_WALL_CLOCK ||
	       index == MSR_KVM_WALL_CLOCK_OLD;
}

int kvm_msrs_list(struct kvm_machine *m, struct err *err)
{
	KVM_ARG(struct kvm_msr_list, uint32_t, KVM_MSRS_MAX) arg = {
		.head = { .nmsrs = KVM_MSRS_MAX },
	};
	unsigned int i;

	if (ioctl(m->dev_fd, KVM_GET_MSR_INDEX_LIST, &arg))
		return err_set(err, -errno, "KVM_GET_MSR_INDEX_LIST: %s", strerror(errno));
	for (i = 0; i < arg.head.nmsrs; i++)
		if (!msr_is_apart(arg.head.indices[i]))
			msrs_add(&m->msrs, arg.head.indices[i]);
	for (i = 0; i < ARRAY_SIZE(vital); i++)
		msrs_add(&m->msrs, vital[i].index);
	for (i = 0; i < ARRAY_SIZE(mtrr_fixed); i++)
		msrs_add(&m->msrs, mtrr_fixed[i]);
	for (i = 0; i < 2 * MSR_MTRR_NR_VARIABLE; i++)
		msrs_add(&m->msrs, MSR_MTRR_VARIABLE + i);
	for (i = 0; i < MCE_BANKS; i++)
		msrs_add(&m->msrs, MSR_MCE_CTL(i));
	return 0;
}

/*
 * Get or set as many as there are; KVM stops at the first that it refuses. Those are dropped
 * from @arg when read, and passed over when written.
 */
static int msrs_transfer(struct kvm_vcpu *v, bool set, struct kvm_msr_entry *entry,
			 unsigned int *nr, struct err *err)
{
	const unsigned long request = set ? KVM_SET_MSRS : KVM_GET_MSRS;
	unsigned int done = 0;
	struct kvm_msrs *arg = malloc(sizeof(*arg) + *nr * sizeof(*entry));
	int n, ret = 0;

	if (!arg)
		return err_set(err, -ENOMEM, "out of memory");
	while (done < *nr) {
		*arg = (struct kvm_msrs){ .nmsrs = *nr - done };
		memcpy(arg->entries, entry + done, arg->nmsrs * sizeof(*entry));
		n = ioctl(v->fd, request, arg);
		if (n < 0) {
			ret = err_set(err, -errno, "%s: %s", set ? "KVM_SET_MSRS" : "KVM_GET_MSRS",
				      strerror(errno));
			break;
		}
		if (!set)
			memcpy(entry + done, arg->entries, n * sizeof(*entry));
		done += n;
		if (done == *nr)
			break;
		if (vital_name(entry[done].index)) {
			ret = err_set(err, -EIO, "KVM refuses to %s MSR %s (%#x)",
				      set ? "set" : "read", vital_name(entry[done].index),
				      entry[done].index);
			break;
		}
		if (set) {
			done++;
			continue;
		}
		--*nr;
		memmove(entry + done, entry + done + 1, (*nr - done) * sizeof(*entry));
	}
	free(arg);
	return ret;
}

static int msr_get(struct kvm_vcpu *v, uint32_t index, uint64_t *val)
{
	KVM_ARG(struct kvm_msrs, struct kvm_msr_entry, 1) arg = { .head = { .nmsrs = 1 } };

	arg.head.entries[0] = (struct kvm_msr_entry){ .index = index };
	if (ioctl(v->fd, KVM_GET_MSRS, &arg) != 1)
		return -EIO;
	*val = arg.head.entries[0].data;
	return 0;
}

static int msr_set(struct kvm_vcpu *v, uint32_t index, uint64_t val)
{
	KVM_ARG(struct kvm_msrs, struct kvm_msr_entry, 1) arg = { .head = { .nmsrs = 1 } };

	arg.head.entries[0] = (struct kvm_msr_entry){ .index = index, .data = val };
	return ioctl(v->fd, KVM_SET_MSRS, &arg) == 1 ? 0 : -EIO;
}

/* --- save ------------------------------------------------------------------------- */

#define VCPU_IOCTL(v, request, arg, err)						\
	(ioctl((v)->fd, request, arg) ?							\
	 err_set(err, -errno, "cpu %u: " #request ": %s", (v)->cpu, strerror(errno)) : 0)

static int save_vcpu(struct kvm_vcpu *v, const struct state_head *head, void *buf, struct err *err)
{
	struct state_vcpu *s = buf;
	void *xsave = s + 1;
	struct kvm_msr_entry *msrs = xsave + head->xsave_size;
	unsigned int nr = head->nr_msrs, i;
	int ret;

	/* First, since a pending INIT or SIPI is taken with it. */
	ret = VCPU_IOCTL(v, KVM_GET_MP_STATE, &s->mp_state, err);
	ret = ret ?: VCPU_IOCTL(v, KVM_GET_REGS, &s->regs, err);
	ret = ret ?: VCPU_IOCTL(v, KVM_GET_SREGS, &s->sregs, err);
	ret = ret ?: VCPU_IOCTL(v, KVM_GET_LAPIC, &s->lapic, err);
	ret = ret ?: VCPU_IOCTL(v, KVM_GET_VCPU_EVENTS, &s->events, err);
	if (v->m->has_debugregs)
		ret = ret ?: VCPU_IOCTL(v, KVM_GET_DEBUGREGS, &s->debugregs, err);
	if (v->m->has_xcrs)
		ret = ret ?: VCPU_IOCTL(v, KVM_GET_XCRS, &s->xcrs, err);
	if (head->xsave_size > sizeof(struct kvm_xsave))
		ret = ret ?: VCPU_IOCTL(v, KVM_GET_XSAVE2, xsave, err);
	else
		ret = ret ?: VCPU_IOCTL(v, KVM_GET_XSAVE, xsave, err);
	if (ret)
		return ret;
	if (msr_get(v, MSR_TSC_DEADLINE, &s->tsc_deadline))
		s->tsc_deadline = 0;
	for (i = 0; i < nr; i++)
		msrs[i] = (struct kvm_msr_entry){ .index = v->m->msrs.index[i] };
	ret = msrs_transfer(v, false, msrs, &nr, err);
	if (!ret && nr != head->nr_msrs)
		ret = err_set(err, -EIO, "cpu %u has %u MSRs, cpu 0 has %u", v->cpu, nr,
			      head->nr_msrs);
	return ret;
}

/* Leave out of the list what CPU 0 does not have: neither do the others. */
static int probe_msrs(struct kvm_machine *m, struct err *err)
{
	struct kvm_msr_entry *entry = calloc(m->msrs.nr, sizeof(*entry));
	unsigned int nr = m->msrs.nr, i;
	int ret;

	if (!entry)
		return err_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < nr; i++)
		entry[i].index = m->msrs.index[i];
	ret = msrs_transfer(&m->vcpu[0], false, entry, &nr, err);
	if (!ret) {
		for (i = 0; i < nr; i++)
			m->msrs.index[i] = entry[i].index;
		m->msrs.nr = nr;
	}
	free(entry);
	return ret;
}

int kvm_state_save(struct kvm_machine *m, int fd, struct err *err)
{
	struct state_head *head, init = {
		.magic = STATE_MAGIC, .nr_vcpus = m->nr_vcpus, .xsave_size = m->xsave_size,
		.ram_size = m->vm->ram_size,
	};
	size_t len, size;
	unsigned int i;
	int ret;

	ret = probe_msrs(m, err);
	if (ret)
		return ret;
	init.nr_msrs = m->msrs.nr;
	size = vcpu_size(&init);
	len = sizeof(*head) + size * m->nr_vcpus;
	head = calloc(1, len);
	if (!head)
		return err_set(err, -ENOMEM, "out of memory");
	*head = init;
	if (ioctl(m->fd, KVM_GET_CLOCK, &head->clock))
		ret = err_set(err, -errno, "KVM_GET_CLOCK: %s", strerror(errno));
	else if (msr_get(&m->vcpu[0], MSR_TSC, &head->tsc))
		ret = err_set(err, -EIO, "KVM refuses to read MSR TSC");
	for (i = 0; !ret && i < m->nr_vcpus; i++)
		ret = save_vcpu(&m->vcpu[i], head, (char *)(head + 1) + i * size, err);
	if (!ret) {
		ioapic_save(&m->ioapic, &head->ioapic);
		pio_save(&m->pio, &head->pio);
		ret = write_all(fd, head, len);
		if (ret)
			err_set(err, ret, "writing a guest's state: %s", strerror(-ret));
	}
	free(head);
	return ret;
}

/* --- restore ------------------------------------------------------------------------ */

int kvm_state_open(struct kvm_machine *m, int fd, struct err *err)
{
	const struct state_head *head;
	struct kvm_state *s;
	struct stat st;

	if (fstat(fd, &st))
		return err_set(err, -errno, "a frozen guest's state: %s", strerror(errno));
	if (st.st_size < (off_t)sizeof(*head))
		return err_set(err, -EINVAL, "a frozen guest's state has only %lld bytes",
			       (long long)st.st_size);
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	s->len = st.st_size;
	head = mmap(NULL, s->len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (head == MAP_FAILED) {
		free(s);
		return err_set(err, -errno, "mapping a frozen guest's state: %s", strerror(errno));
	}
	s->head = head;
	m->thaw = s;
	if (head->magic != STATE_MAGIC || head->nr_vcpus != m->nr_vcpus ||
	    head->xsave_size != m->xsave_size || head->ram_size != m->vm->ram_size ||
	    head->nr_msrs > KVM_MSRS_MAX || s->len != sizeof(*head) + vcpu_size(head) * m->nr_vcpus)
		return err_set(err, -EINVAL, "the frozen guest is of another machine");
	return 0;
}

void kvm_state_close(struct kvm_machine *m)
{
	if (!m->thaw)
		return;
	munmap((void *)m->thaw->head, m->thaw->len);
	free(m->thaw);
	m->thaw = NULL;
}

static const struct state_vcpu *state_of(const struct kvm_vcpu *v)
{
	const struct state_head *head = v->m->thaw->head;

	return (const void *)((const char *)(head + 1) + v->cpu * vcpu_size(head));
}

/*
 * KVM shows each TSS as busy. On a host that is itself a guest of QEMU's TCG, which knows only the
 * type that LTR finds, no port would be open to the guest's programs any more.
 */
static void fit_tss(struct kvm_sregs *sregs)
{
	static const char tcg[] = "TCGTCGTCGTCG";
	uint32_t leaves, name[3];

	__cpuid(CPUID_HYPERVISOR, leaves, name[0], name[1], name[2]);
	if (!memcmp(name, tcg, sizeof(name)))
		sregs->tr.type = SEG_TSS;
}

int kvm_state_vcpu(struct kvm_vcpu *v, struct err *err)
{
	const struct state_head *head = v->m->thaw->head;
	const struct state_vcpu *s = state_of(v);
	const void *xsave = s + 1;
	struct kvm_msr_entry *msrs = (void *)(xsave + head->xsave_size);
	struct kvm_sregs sregs = s->sregs;
	unsigned int nr = head->nr_msrs;
	int ret;

	/* CR4 and the APIC's mode come first: they decide what else may be set. */
	fit_tss(&sregs);
	ret = VCPU_IOCTL(v, KVM_SET_SREGS, &sregs, err);
	if (v->m->has_xcrs)
		ret = ret ?: VCPU_IOCTL(v, KVM_SET_XCRS, &s->xcrs, err);
	ret = ret ?: VCPU_IOCTL(v, KVM_SET_XSAVE, xsave, err);
	ret = ret ?: msrs_transfer(v, true, msrs, &nr, err);
	ret = ret ?: VCPU_IOCTL(v, KVM_SET_REGS, &s->regs, err);
	ret = ret ?: VCPU_IOCTL(v, KVM_SET_LAPIC, &s->lapic, err);
	ret = ret ?: VCPU_IOCTL(v, KVM_SET_MP_STATE, &s->mp_state, err);
	if (v->m->has_debugregs)
		ret = ret ?: VCPU_IOCTL(v, KVM_SET_DEBUGREGS, &s->debugregs, err);
	return ret ?: VCPU_IOCTL(v, KVM_SET_VCPU_EVENTS, &s->events, err);
}

int kvm_state_devices(struct kvm_machine *m, struct err *err)
{
	const struct state_head *head = m->thaw->head;
	int ret;

	ret = ioapic_restore(&m->ioapic, &head->ioapic);
	if (!ret)
		ret = pio_restore(&m->pio, &head->pio);
	return ret ? err_set(err, ret, "the devices of a frozen guest: %s", strerror(-ret)) : 0;
}

/*
 * By offset, which is exact and the same for all CPUs. By value, a kernel before 6.7 takes a guest
 * that is younger than a second for one that wants to be in step with time 0.
 */
static int set_tsc(struct kvm_machine *m, uint64_t tsc)
{
	uint64_t offset, now;
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)&offset,
	};
	bool by_offset;
	unsigned int i;

	by_offset = !ioctl(m->vcpu[0].fd, KVM_GET_DEVICE_ATTR, &attr) &&
		    !msr_get(&m->vcpu[0], MSR_TSC, &now);
	if (by_offset)
		offset += tsc - now;
	for (i = 0; i < m->nr_vcpus; i++)
		if (by_offset ? ioctl(m->vcpu[i].fd, KVM_SET_DEVICE_ATTR, &attr) :
				msr_set(&m->vcpu[i], MSR_TSC, tsc))
			return -EIO;
	return 0;
}

int kvm_state_clocks(struct kvm_machine *m, struct err *err)
{
	const struct state_head *head = m->thaw->head;
	const struct kvm_clock_data clock = { .clock = head->clock.clock };
	unsigned int i;

	if (set_tsc(m, head->tsc))
		return err_set(err, -EIO, "KVM refuses to set the TSC");
	if (ioctl(m->fd, KVM_SET_CLOCK, &clock))
		return err_set(err, -errno, "KVM_SET_CLOCK: %s", strerror(errno));
	/* It is in units of the TSC, so it comes after it. */
	for (i = 0; i < m->nr_vcpus; i++) {
		uint64_t deadline = state_of(&m->vcpu[i])->tsc_deadline;

		if (deadline && msr_set(&m->vcpu[i], MSR_TSC_DEADLINE, deadline))
			return err_set(err, -EIO, "cpu %u: KVM refuses to set MSR TSC_DEADLINE", i);
	}
	return 0;
}
