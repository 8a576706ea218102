// SPDX-License-Identifier: GPL-2.0
/*
 * target.c - a guest kernel that can be read: from a vmlinux, or from PID 1's hand-over
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kallsyms.h"
#include "target.h"

#define TICK_MIN_NS	(NSEC_PER_SEC / 10000)
#define TICK_MAX_NS	(NSEC_PER_SEC / 24)
#define KALLSYMS_MAX	(1 * MIB)
#define NOTES_MAX	(64 * KIB)
#define CR3_ADDR	0xffffffffff000ULL
#define CR4_LA57	BIT_ULL(12)

void target_init(struct target *t, const struct monitor_config *cfg)
{
	memset(t, 0, sizeof(*t));
	t->cfg = cfg;
}

static const struct bulk_header *bulk_ready(const struct monitor_config *cfg)
{
	const struct bulk_header *bulk;

	if (!cfg->shm)
		return NULL;
	bulk = shm_bulk(cfg->shm);
	if (READ_ONCE(bulk->magic) != BULK_MAGIC ||
	    !atomic_load_explicit(&bulk->ready, memory_order_acquire))
		return NULL;
	return bulk;
}

/* A private copy of an entry, so that the guest cannot change what was checked. */
static int bulk_copy(const struct bulk_header *bulk, enum bulk_kind kind, size_t limit,
		     char **buf, size_t *len)
{
	uint64_t off = READ_ONCE(bulk->entry[kind].off);
	uint64_t n = READ_ONCE(bulk->entry[kind].len);

	if (!n)
		return -ENODATA;
	if (n > limit || off < sizeof(*bulk) || off > SHM_BULK_SIZE || n > SHM_BULK_SIZE - off)
		return -EBADMSG;
	*buf = malloc(n);
	if (!*buf)
		return -ENOMEM;
	memcpy(*buf, (const char *)bulk + off, n);
	*len = n;
	return 0;
}

/* Guest time is an extra: without it nothing can be judged, but all can be read. */
static void find_clock(struct target *t)
{
	const struct bulk_header *bulk = bulk_ready(t->cfg);
	uint64_t tick = 0, hz;

	t->tick_ns = 0;
	if (t->kernel.sym.hz)
		tick = NSEC_PER_SEC / t->kernel.sym.hz;
	else if (bulk)
		tick = READ_ONCE(bulk->tick_ns);
	if (tick < TICK_MIN_NS || tick > TICK_MAX_NS)
		return;
	if (!t->kernel.sym.addr[SYM_JIFFIES] ||
	    kernel_translate(&t->kernel, t->kernel.sym.addr[SYM_JIFFIES], &t->jiffies_gpa))
		return;
	hz = (NSEC_PER_SEC + tick / 2) / tick;
	t->first_jiffy = (1ULL << 32) - 300 * hz;
	t->tick_ns = tick;
}

static int target_attach(struct target *t, struct err *err)
{
	struct monitor_known *known = &t->known;
	int ret;

	ret = kernel_find(&t->kernel, &t->cfg->mem, &known->sym, known->text_pa, err);
	if (!ret)
		ret = rq_open(&t->rq, &t->kernel, &known->layout.rq, t->cfg->nr_cpus, err);
	if (ret)
		return ret;
	events_open(&t->events, &t->kernel, &known->layout.events, t->cfg->nr_cpus);
	find_clock(t);
	known->have = true;
	return 0;
}

static int read_layout(struct monitor_known *known, struct btf *btf, struct err *err)
{
	int ret = rq_layout(btf, &known->layout.rq, known->off, sizeof(known->off), err);

	if (!ret) {
		events_layout(btf, &known->layout.events, known->off, sizeof(known->off));
		tasks_layout(btf, &known->layout.tasks, known->off, sizeof(known->off));
	}
	layout_close(btf);
	return ret;
}

static int vmlinux_read(struct target *t)
{
	struct btf *btf;
	int ret;

	ret = symbols_read_vmlinux(&t->known.sym, t->cfg->vmlinux, &t->known.vmlinux_err);
	if (!ret)
		ret = layout_open_file(t->cfg->vmlinux, &btf, &t->known.vmlinux_err);
	if (!ret)
		ret = read_layout(&t->known, btf, &t->known.vmlinux_err);
	return ret;
}

/* PID 1 read the build-id of its kernel: a clearer word than "not found" for a wrong vmlinux. */
static int vmlinux_check(struct target *t, const struct bulk_header *bulk, struct err *err)
{
	struct build_id id = { 0 };
	size_t len;
	char *buf;
	bool differ;

	if (bulk_copy(bulk, BULK_NOTES, NOTES_MAX, &buf, &len))
		return 0;
	differ = !notes_build_id(buf, len, &id) && build_id_differ(&id, &t->known.sym.build_id);
	free(buf);
	if (differ)
		return err_set(err, -ESTALE, "%s: not the kernel that runs, by its build-id",
			       t->cfg->vmlinux);
	return 0;
}

/* -EAGAIN only while PID 1 may still have something better to say. */
static int open_vmlinux(struct target *t, const struct bulk_header *bulk)
{
	struct err err = { "" };
	int ret;

	if (!t->vmlinux_done) {
		t->vmlinux_done = true;
		ret = vmlinux_read(t);
		if (ret) {
			t->known.vmlinux_bad = true;
			return ret;
		}
	}
	ret = bulk ? vmlinux_check(t, bulk, &err) : 0;
	if (!ret)
		ret = target_attach(t, &err);
	if (ret)
		t->known.vmlinux_err = err;
	if (ret && (ret != -EAGAIN || bulk))
		t->known.vmlinux_bad = true;
	return ret;
}

static int read_vmcoreinfo(const struct monitor_config *cfg, const struct bulk_header *bulk,
			   struct vmcoreinfo *vi, struct err *err)
{
	uint64_t gpa = READ_ONCE(bulk->vmcoreinfo_pa);

	if (!gpa)
		return err_set(err, -ENODATA, "no vmcoreinfo");
	return vmcoreinfo_read(&cfg->mem, gpa, READ_ONCE(bulk->vmcoreinfo_len), vi, err);
}

/* From the kernel's own table, else what PID 1 has read of /proc/kallsyms. */
static int read_symbols(const struct target *t, const struct bulk_header *bulk, struct symbols *sym,
			struct err *err)
{
	struct err why = { "" };
	struct vmcoreinfo vi;
	size_t len;
	char *buf;
	int ret;

	memset(sym, 0, sizeof(*sym));
	ret = read_vmcoreinfo(t->cfg, bulk, &vi, &why);
	if (!ret)
		ret = kallsyms_decode(&t->cfg->mem, &vi, sym, &why);
	if (!ret)
		return 0;

	memset(sym, 0, sizeof(*sym));
	ret = bulk_copy(bulk, BULK_KALLSYMS, KALLSYMS_MAX, &buf, &len);
	if (ret)
		return err_set(err, ret, "PID 1 handed over no kernel symbols (%s); %s",
			       strerror(-ret), why.msg);
	symbols_parse(sym, buf, len);
	free(buf);
	return 0;
}

static int open_handover(struct target *t, const struct bulk_header *bulk, struct err *err)
{
	struct btf *btf;
	size_t len;
	char *buf;
	int ret;

	ret = read_symbols(t, bulk, &t->known.sym, err);
	if (ret)
		return ret;

	ret = bulk_copy(bulk, BULK_BTF, SHM_BULK_SIZE, &buf, &len);
	if (ret)
		return err_set(err, ret, "PID 1 handed over no BTF (%s)", strerror(-ret));
	ret = layout_open_bytes(buf, len, &btf, err);
	free(buf);
	if (!ret)
		ret = read_layout(&t->known, btf, err);
	t->known.text_pa = READ_ONCE(bulk->text_pa);
	if (!ret)
		ret = target_attach(t, err);
	/* Userspace runs: what is not there now will never be. */
	return ret == -EAGAIN ? -ENODATA : ret;
}

int target_open(struct target *t, struct err *err)
{
	const struct bulk_header *bulk = bulk_ready(t->cfg);
	int ret = -EAGAIN;

	if (t->cfg->known && t->cfg->known->have) {
		t->known = *t->cfg->known;
		return target_attach(t, err);
	}
	if (t->cfg->vmlinux && !t->known.vmlinux_bad) {
		ret = open_vmlinux(t, bulk);
		if (!ret)
			return 0;
	}
	if (bulk)
		return open_handover(t, bulk, err);
	if (t->known.vmlinux_err.msg[0])
		err_set(err, ret, "%s", t->known.vmlinux_err.msg);
	if (!t->cfg->shm)
		return ret == -EAGAIN && !t->cfg->vmlinux ?
		       err_set(err, -ENODATA, "neither a vmlinux nor a window") : ret;
	return err_set(err, -EAGAIN, "PID 1 has not handed over kernel symbols");
}

void target_close(struct target *t)
{
	rq_close(&t->rq);
}

int target_guest_ns(const struct target *t, uint64_t *ns)
{
	uint64_t jiffies;
	int ret;

	if (!t->tick_ns)
		return -ENODATA;
	ret = gmem_read_u64(t->rq.gm, t->jiffies_gpa, &jiffies);
	if (ret)
		return ret;
	if (jiffies < t->first_jiffy)
		return -ENODATA;
	*ns = (jiffies - t->first_jiffy) * t->tick_ns;
	return 0;
}

static int lookup_handover(const struct monitor_config *cfg, uint64_t addr, char *name, size_t size,
			   uint64_t *off)
{
	const struct bulk_header *bulk = bulk_ready(cfg);
	struct err err = { "" };
	struct vmcoreinfo vi;

	if (!bulk || read_vmcoreinfo(cfg, bulk, &vi, &err))
		return -ENODATA;
	return kallsyms_lookup(&cfg->mem, &vi, addr, name, size, off, &err);
}

/* It may have been moved by KASLR. */
static int lookup_vmlinux(const struct monitor_config *cfg, uint64_t addr, char *name, size_t size,
			  uint64_t *off)
{
	struct err err = { "" };
	struct symbols sym;
	struct kernel k;
	int ret;

	if (!cfg->vmlinux)
		return -ENODATA;
	ret = symbols_read_vmlinux(&sym, cfg->vmlinux, &err);
	if (!ret)
		ret = kernel_find(&k, &cfg->mem, &sym, 0, &err);
	return ret ?: symbols_lookup_vmlinux(cfg->vmlinux, addr - k.kaslr, name, size, off);
}

static int lookup_around(const struct monitor_config *cfg, uint64_t addr,
			 const struct monitor_tables *tables, char *name, size_t size,
			 uint64_t *off)
{
	const struct paging pg = {
		.gm = &cfg->mem, .root = tables->cr3 & CR3_ADDR,
		.levels = tables->cr4 & CR4_LA57 ? 5 : 4,
	};
	struct err err = { "" };
	struct vmcoreinfo vi;
	uint64_t gpa;
	int ret;

	ret = paging_walk(&pg, addr, &gpa);
	if (!ret)
		ret = kallsyms_find(&cfg->mem, addr, gpa, &vi, &err);
	return ret ?: kallsyms_lookup(&cfg->mem, &vi, addr, name, size, off, &err);
}

int target_lookup(const struct monitor_config *cfg, uint64_t addr,
		  const struct monitor_tables *tables, char *name, size_t size, uint64_t *off)
{
	int ret = lookup_handover(cfg, addr, name, size, off);

	if (!ret || ret == -ENOENT)
		return ret;
	ret = lookup_vmlinux(cfg, addr, name, size, off);
	return ret ? lookup_around(cfg, addr, tables, name, size, off) : 0;
}
