// SPDX-License-Identifier: GPL-2.0
/*
 * test_kernel.c - a kernel found in guest memory: KASLR, per-CPU areas, run queues, hand-over
 *
 * Memory is a scale model:
 *
 *	IMAGE + 0x0000		_text
 *	      + 0x1000		linux_banner, phys_base, jiffies_64, __per_cpu_offset[]
 *	      + 0x2000		init_top_pgt and two tables below it
 *	      + 0x8000		the initial copy of the per-CPU area
 *	AREA(cpu)		per-CPU areas, in the direct map
 */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kselftest_harness.h"
#include "../monitor/monitor.h"
#include "../monitor/target.h"

#define RAM_SIZE	(32 * MIB)
#define WINDOW		(RAM_SIZE - SHM_SIZE)
#define CPUS		3
#define IMAGE		(6 * MIB)
#define AREA(cpu)	(0x100000ULL + (cpu) * 0x4000ULL)

#define LINKED		0xffffffff81000000ULL
#define KASLR		0x0000000012400000ULL
#define DIRECT		0xffff9a0000000000ULL
#define HZ		250

#define OFF_BANNER	0x1000
#define OFF_PHYS_BASE	0x1100
#define OFF_JIFFIES	0x1108
#define OFF_PCO		0x1200
#define OFF_PGD		0x2000
#define OFF_INITIAL	0x8000

#define OFF_RQ		0x340	/* in a per-CPU area */
#define RQ_SIZE		64

static const char banner[] = "Linux version 1.2.3-test (build) #1";

FIXTURE(kernel) {
	uint8_t *ram;
	struct guest_mem gm;
	struct shm shm;
	struct symbols sym;	/* as linked */
	struct rq_layout layout;
};

FIXTURE_VARIANT(kernel) {
	uint64_t kaslr;
	bool zero_based;
	unsigned int levels;
};

FIXTURE_VARIANT_ADD(kernel, zero_based) { KASLR, true, 4 };
FIXTURE_VARIANT_ADD(kernel, linked_percpu) { KASLR, false, 4 };
FIXTURE_VARIANT_ADD(kernel, five_levels) { KASLR, false, 5 };
FIXTURE_VARIANT_ADD(kernel, no_kaslr) { 0, true, 4 };

static void put64(FIXTURE_DATA(kernel) *const self, uint64_t gpa, uint64_t val)
{
	memcpy(self->ram + gpa, &val, sizeof(val));
}

static void put32(FIXTURE_DATA(kernel) *const self, uint64_t gpa, uint32_t val)
{
	memcpy(self->ram + gpa, &val, sizeof(val));
}

static void map_2m(FIXTURE_DATA(kernel) *const self, unsigned int levels, uint64_t *next,
		   uint64_t va, uint64_t gpa)
{
	uint64_t table = IMAGE + OFF_PGD;
	unsigned int level;

	for (level = levels; level > 2; level--) {
		uint64_t at = table + (va >> (12 + 9 * (level - 1)) & 511) * 8;
		uint64_t entry;

		memcpy(&entry, self->ram + at, 8);
		if (!(entry & 1)) {
			entry = *next | 1;
			*next += 0x1000;
			put64(self, at, entry);
		}
		table = entry & ~0xfffULL;
	}
	put64(self, table + (va >> 21 & 511) * 8, gpa | 0x81);
}

static uint64_t percpu_sym(bool zero_based)
{
	return zero_based ? OFF_RQ : LINKED + OFF_INITIAL + OFF_RQ;
}

static void put_rq(FIXTURE_DATA(kernel) *const self, unsigned int cpu)
{
	uint64_t rq = AREA(cpu) + OFF_RQ;

	put32(self, rq + 0, 10 + cpu);		/* nr_running */
	put32(self, rq + 4, cpu);
	put64(self, rq + 8, 1000000 + cpu);	/* clock */
	put64(self, rq + 16, 0x1000);		/* curr */
	put64(self, rq + 24, cpu == 1 ? 0x1000 : 0x2000);
	put32(self, rq + 32, 20 + cpu);		/* scx.nr_running */
	put32(self, rq + 36, 30 + cpu);		/* scx.flags */
	put32(self, rq + 40, 40 + cpu);		/* scx.local_dsq.nr */
}

static void set_symbols(struct symbols *sym, bool zero_based)
{
	sym->linked = true;
	sym->addr[SYM_TEXT] = LINKED;
	sym->addr[SYM_BANNER] = LINKED + OFF_BANNER;
	sym->addr[SYM_PHYS_BASE] = LINKED + OFF_PHYS_BASE;
	sym->addr[SYM_PGD] = LINKED + OFF_PGD;
	sym->addr[SYM_PER_CPU_OFFSET] = LINKED + OFF_PCO;
	sym->addr[SYM_JIFFIES] = LINKED + OFF_JIFFIES;
	sym->addr[SYM_RUNQUEUES] = percpu_sym(zero_based);
	sym->hz = HZ;
}

FIXTURE_SETUP(kernel)
{
	static const struct field fields[NR_READINGS] = {
		[RD_NR_RUNNING] = { 0, 4 }, [RD_CPU] = { 4, 4 }, [RD_CLOCK] = { 8, 8 },
		[RD_CURR] = { 16, 8 }, [RD_IDLE] = { 24, 8 }, [RD_SCX_NR_RUNNING] = { 32, 4 },
		[RD_SCX_FLAGS] = { 36, 4 }, [RD_DSQ_NR] = { 40, 4 },
	};
	uint64_t next = IMAGE + OFF_PGD + 0x1000;
	uint64_t text = LINKED + variant->kaslr;
	unsigned int cpu;

	memset(self, 0, sizeof(*self));
	self->ram = calloc(1, RAM_SIZE);
	ASSERT_NE(NULL, self->ram);
	self->gm = (struct guest_mem){ self->ram, RAM_SIZE, RAM_SIZE, 4 * GIB };
	memcpy(self->layout.field, fields, sizeof(fields));
	memset(self->layout.have, true, sizeof(self->layout.have));
	set_symbols(&self->sym, variant->zero_based);
	memcpy(self->sym.banner, banner, strlen(banner));
	self->sym.banner_len = strlen(banner);

	memcpy(self->ram + IMAGE + OFF_BANNER, banner, sizeof(banner));
	put64(self, IMAGE + OFF_PHYS_BASE, IMAGE - (text - KERNEL_MAP));
	put64(self, IMAGE + OFF_JIFFIES, (1ULL << 32) - 300 * HZ + 5 * HZ);
	map_2m(self, variant->levels, &next, text, IMAGE);
	map_2m(self, variant->levels, &next, DIRECT, 0);
	for (cpu = 0; cpu < CPUS; cpu++) {
		uint64_t start = variant->zero_based ? 0 : text + OFF_INITIAL;

		put64(self, IMAGE + OFF_PCO + cpu * 8, DIRECT + AREA(cpu) - start);
		put_rq(self, cpu);
	}
	shm_format(&self->shm, self->ram + WINDOW);
}

FIXTURE_TEARDOWN(kernel)
{
	free(self->ram);
}

TEST_F(kernel, found_from_linked_symbols)
{
	struct cpu_sample s;
	struct rq_reader r;
	struct kernel k;
	unsigned int cpu;
	uint64_t val;

	ASSERT_EQ(0, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
	EXPECT_EQ(IMAGE, k.text_pa);
	EXPECT_EQ(variant->kaslr, k.kaslr);
	EXPECT_EQ(variant->levels, k.paging.levels);
	EXPECT_EQ(0, kernel_read_ptr(&k, k.sym.addr[SYM_JIFFIES], &val));
	EXPECT_EQ((1ULL << 32) - 295 * HZ, val);

	ASSERT_EQ(0, rq_open(&r, &k, &self->layout, CPUS, NULL));
	for (cpu = 0; cpu < CPUS; cpu++) {
		ASSERT_EQ(0, rq_read(&r, cpu, &s));
		EXPECT_EQ(10 + cpu, s.nr_running);
		EXPECT_EQ(1000000 + cpu, s.clock);
		EXPECT_EQ(20 + cpu, s.scx_nr_running);
		EXPECT_EQ(30 + cpu, s.scx_flags);
		EXPECT_EQ(40 + cpu, s.dsq_nr);
		EXPECT_EQ(cpu == 1, s.idle);
	}
	EXPECT_EQ(-EINVAL, rq_read(&r, CPUS, &s));
	/* The memory becomes something else. */
	put32(self, AREA(1) + OFF_RQ + 4, 7);
	EXPECT_EQ(-EBADMSG, rq_read(&r, 1, &s));
	rq_close(&r);
}

TEST_F(kernel, found_from_final_symbols)
{
	struct symbols sym = { .linked = false };
	struct kernel k;
	unsigned int i;

	for (i = 0; i < NR_SYMS; i++)
		sym.addr[i] = self->sym.addr[i] + (self->sym.addr[i] >= KERNEL_MAP ?
						   variant->kaslr : 0);
	EXPECT_EQ(0, kernel_find(&k, &self->gm, &sym, IMAGE, NULL));
	/* PID 1 said nothing, or not the truth. */
	EXPECT_EQ(0, kernel_find(&k, &self->gm, &sym, 0, NULL));
	EXPECT_EQ(0, kernel_find(&k, &self->gm, &sym, 2 * MIB, NULL));
	EXPECT_EQ(0, kernel_find(&k, &self->gm, &sym, UINT64_MAX, NULL));
	EXPECT_EQ(IMAGE, k.text_pa);
}

TEST_F(kernel, stale_copy_before_it)
{
	struct kernel k;

	memcpy(self->ram + 2 * MIB, self->ram + IMAGE, OFF_PGD);
	ASSERT_EQ(0, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
	EXPECT_EQ(IMAGE, k.text_pa);
}

TEST_F(kernel, above_the_hole)
{
	struct kernel k;

	self->gm.low_size = 4 * MIB;
	/* Its tables and areas moved along with it, out of their sight: found, not believed. */
	EXPECT_EQ(-EAGAIN, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
	self->gm.high_base = 4 * MIB;
	EXPECT_EQ(0, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
}

TEST_F(kernel, not_there_yet)
{
	struct err err = { "" };
	struct kernel k;
	uint64_t keep;

	/* No banner. */
	self->ram[IMAGE + OFF_BANNER] ^= 1;
	EXPECT_EQ(-EAGAIN, kernel_find(&k, &self->gm, &self->sym, 0, &err));
	EXPECT_NE('\0', err.msg[0]);
	self->ram[IMAGE + OFF_BANNER] ^= 1;

	/* Another build with the same prefix. */
	self->ram[IMAGE + OFF_BANNER + strlen(banner) - 1] ^= 1;
	EXPECT_EQ(-EAGAIN, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
	self->ram[IMAGE + OFF_BANNER + strlen(banner) - 1] ^= 1;

	/* phys_base before it was set. */
	memcpy(&keep, self->ram + IMAGE + OFF_PHYS_BASE, 8);
	put64(self, IMAGE + OFF_PHYS_BASE, 0x123);
	EXPECT_EQ(-EAGAIN, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
	put64(self, IMAGE + OFF_PHYS_BASE, keep);

	/* No page tables. */
	memset(self->ram + IMAGE + OFF_PGD, 0, 0x1000);
	EXPECT_EQ(-EAGAIN, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
}

TEST_F(kernel, percpu_not_set_up)
{
	uint64_t text = LINKED + variant->kaslr;
	struct err err = { "" };
	struct rq_reader r;
	struct kernel k;
	unsigned int cpu;

	ASSERT_EQ(0, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
	/* As it is before: offsets lead to the initial copy, where CPU 0's number is right. */
	for (cpu = 0; cpu < CPUS; cpu++)
		put64(self, IMAGE + OFF_PCO + cpu * 8,
		      variant->zero_based ? text + OFF_INITIAL : 0);
	EXPECT_EQ(-EAGAIN, rq_open(&r, &k, &self->layout, 1, &err));
	EXPECT_NE('\0', err.msg[0]);
	EXPECT_EQ(NULL, r.gpa);
}

TEST_F(kernel, wrong_cpu_number)
{
	struct err err = { "" };
	struct rq_reader r;
	struct kernel k;

	ASSERT_EQ(0, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
	put32(self, AREA(2) + OFF_RQ + 4, 1);
	EXPECT_EQ(0, rq_open(&r, &k, &self->layout, 2, NULL));
	rq_close(&r);
	EXPECT_EQ(-EAGAIN, rq_open(&r, &k, &self->layout, 3, &err));
	EXPECT_NE(NULL, strstr(err.msg, "CPU 2"));
}

TEST_F(kernel, wild_percpu_offsets)
{
	static const uint64_t wild[] = { 0, 1, UINT64_MAX, 1ULL << 63, DIRECT + RAM_SIZE, 0x8000 };
	struct rq_reader r;
	struct kernel k;
	unsigned int i;

	ASSERT_EQ(0, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
	for (i = 0; i < ARRAY_SIZE(wild); i++) {
		put64(self, IMAGE + OFF_PCO + 8, wild[i]);
		EXPECT_EQ(-EAGAIN, rq_open(&r, &k, &self->layout, CPUS, NULL));
	}
	/* More CPUs than the table and the memory have. */
	EXPECT_EQ(-EAGAIN, rq_open(&r, &k, &self->layout, 100000, NULL));
}

TEST_F(kernel, missing_symbols)
{
	static const enum sym needed[] = { SYM_TEXT, SYM_BANNER, SYM_PHYS_BASE, SYM_PGD,
					   SYM_PER_CPU_OFFSET, SYM_RUNQUEUES };
	struct symbols sym;
	struct kernel k;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		struct err err = { "" };

		sym = self->sym;
		sym.addr[needed[i]] = 0;
		EXPECT_EQ(-ENODATA, kernel_find(&k, &self->gm, &sym, 0, &err));
		EXPECT_NE(NULL, strstr(err.msg, symbols_name(needed[i])));
	}
}

TEST_F(kernel, build_id)
{
	static const uint32_t note[] = { 4, 4, 3, 0x00554e47, 0x12345678 };
	struct kernel k;

	memcpy(self->ram + IMAGE + 0x1800, note, sizeof(note));
	self->sym.notes_addr = LINKED + 0x1800;
	self->sym.notes_len = sizeof(note);
	ASSERT_EQ(0, notes_build_id(note, sizeof(note), &self->sym.build_id));
	EXPECT_EQ(0, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
	self->ram[IMAGE + 0x1800 + 16] ^= 1;
	EXPECT_EQ(-ESTALE, kernel_find(&k, &self->gm, &self->sym, 0, NULL));
}

/* BTF of the struct rq above. */
static struct btf *make_btf(void)
{
	struct btf *btf = btf__new_empty();
	int u32, u64, dsq, scx;

	u32 = btf__add_int(btf, "int", 4, 0);
	u64 = btf__add_int(btf, "long", 8, 0);
	dsq = btf__add_struct(btf, "dsq", 4);
	btf__add_field(btf, "nr", u32, 0, 0);
	scx = btf__add_struct(btf, "scx_rq", 12);
	btf__add_field(btf, "nr_running", u32, 0, 0);
	btf__add_field(btf, "flags", u32, 32, 0);
	btf__add_field(btf, "local_dsq", dsq, 64, 0);
	btf__add_struct(btf, "rq", RQ_SIZE);
	btf__add_field(btf, "nr_running", u32, 0, 0);
	btf__add_field(btf, "cpu", u32, 32, 0);
	btf__add_field(btf, "clock", u64, 64, 0);
	btf__add_field(btf, "curr", u64, 128, 0);
	btf__add_field(btf, "idle", u64, 192, 0);
	btf__add_field(btf, "scx", scx, 256, 0);
	return btf;
}

/* What PID 1 would have left behind. */
static struct bulk_header *make_handover(FIXTURE_DATA(kernel) *const self, uint64_t kaslr,
					 bool zero_based)
{
	static const char *const names[NR_SYMS] = { "_text", "linux_banner", "phys_base",
		"init_top_pgt", "__per_cpu_offset", "runqueues", "jiffies_64", "scx_root",
		"event_stats_cpu", "init_task", "ext_sched_class" };
	struct bulk_header *bulk = shm_bulk(&self->shm);
	struct btf *btf = make_btf();
	char *area = (char *)bulk;
	const void *data;
	size_t len = 0;
	unsigned int i;
	uint32_t size;

	memset(bulk, 0, sizeof(*bulk));
	set_symbols(&self->sym, zero_based);
	for (i = 0; i < NR_SYMS; i++)
		len += sprintf(area + 4096 + len, "%016llx %s\n", (unsigned long long)
			       (self->sym.addr[i] + (self->sym.addr[i] >= KERNEL_MAP ? kaslr : 0)),
			       names[i]);
	bulk->entry[BULK_KALLSYMS] = (struct bulk_entry){ 4096, len };
	data = btf__raw_data(btf, &size);
	memcpy(area + 8192, data, size);
	bulk->entry[BULK_BTF] = (struct bulk_entry){ 8192, size };
	btf__free(btf);
	bulk->text_pa = IMAGE;
	bulk->tick_ns = NSEC_PER_SEC / HZ;
	bulk->magic = BULK_MAGIC;
	atomic_store(&bulk->ready, 1);
	return bulk;
}

static void make_config(FIXTURE_DATA(kernel) *const self, struct monitor_config *cfg)
{
	*cfg = (struct monitor_config){ .mem = self->gm, .shm = &self->shm, .nr_cpus = CPUS };
}

TEST_F(kernel, handover)
{
	struct monitor_config cfg;
	struct bulk_header *bulk;
	struct cpu_sample s;
	struct monitor *mon;
	uint64_t ns;

	make_config(self, &cfg);
	bulk = make_handover(self, variant->kaslr, variant->zero_based);
	atomic_store(&bulk->ready, 0);
	ASSERT_EQ(0, monitor_create(&cfg, &mon));
	EXPECT_EQ(-ENODATA, monitor_sample_cpu(mon, 0, &s, NULL));
	EXPECT_EQ(-ENODATA, monitor_guest_ns(mon, &ns));
	atomic_store(&bulk->ready, 1);
	ASSERT_EQ(0, monitor_sample_cpu(mon, 2, &s, NULL));
	EXPECT_EQ(42U, s.dsq_nr);
	EXPECT_EQ(1000002U, s.clock);
	EXPECT_EQ(-ENODATA, monitor_sample_cpu(mon, CPUS, &s, NULL));
	ASSERT_EQ(0, monitor_guest_ns(mon, &ns));
	EXPECT_EQ(5 * NSEC_PER_SEC, ns);
	monitor_destroy(mon);
}

/* A copy of a guest is read at once, also if what is said there of its kernel cannot be read. */
TEST_F(kernel, known)
{
	struct monitor_known *known = calloc(1, monitor_known_size());
	struct monitor_config cfg;
	struct bulk_header *bulk;
	struct cpu_sample s;
	struct monitor *mon;
	struct err err;

	ASSERT_NE(NULL, known);
	make_config(self, &cfg);
	bulk = make_handover(self, variant->kaslr, variant->zero_based);
	atomic_store(&bulk->ready, 0);
	EXPECT_EQ(-EAGAIN, monitor_learn(&cfg, known, &err));
	cfg.known = known;
	ASSERT_EQ(0, monitor_create(&cfg, &mon));
	EXPECT_EQ(-ENODATA, monitor_sample_cpu(mon, 2, &s, NULL));
	monitor_destroy(mon);

	atomic_store(&bulk->ready, 1);
	ASSERT_EQ(0, monitor_learn(&cfg, known, &err));
	atomic_store(&bulk->ready, 0);
	ASSERT_EQ(0, monitor_create(&cfg, &mon));
	ASSERT_EQ(0, monitor_sample_cpu(mon, 2, &s, NULL));
	EXPECT_EQ(42U, s.dsq_nr);
	EXPECT_EQ(1000002U, s.clock);
	monitor_destroy(mon);
	free(known);
}

/* Whatever is said of vmcoreinfo: what PID 1 read of /proc/kallsyms is still there. */
TEST_F(kernel, vmcoreinfo_that_is_none)
{
	static const uint64_t pa[] = { 1, 0x1000, RAM_SIZE - 8, RAM_SIZE, UINT64_MAX };
	struct monitor_config cfg;
	struct bulk_header *bulk;
	struct cpu_sample s;
	struct monitor *mon;
	unsigned int i;

	make_config(self, &cfg);
	for (i = 0; i < 2 * ARRAY_SIZE(pa); i++) {
		struct err err = { "" };

		bulk = make_handover(self, variant->kaslr, variant->zero_based);
		bulk->vmcoreinfo_pa = pa[i / 2];
		bulk->vmcoreinfo_len = 4096;
		if (i & 1)
			bulk->entry[BULK_KALLSYMS].len = 0;
		ASSERT_EQ(0, monitor_create(&cfg, &mon));
		EXPECT_EQ(i & 1 ? -ENODATA : 0, monitor_sample_cpu(mon, 0, &s, &err));
		EXPECT_EQ(i & 1, !!strstr(err.msg, "no kernel symbols"));
		EXPECT_EQ(i & 1, !!strstr(err.msg, "vmcoreinfo"));
		monitor_destroy(mon);
	}
}

TEST_F(kernel, hostile_handover)
{
	static const struct bulk_entry bad[] = {
		{ 0, 100 }, { 8, 100 }, { SHM_BULK_SIZE, 1 }, { SHM_BULK_SIZE - 1, 2 },
		{ UINT64_MAX, 2 }, { 4096, UINT64_MAX }, { UINT64_MAX - 4, 8 }, { 4096, 0 },
		{ 4096, SHM_BULK_SIZE }, { 4096, 1 }, { 1 * MIB, 64 * KIB },
	};
	static const uint64_t ticks[] = { 0, 1, UINT64_MAX, NSEC_PER_SEC };
	struct monitor_config cfg;
	struct bulk_header *bulk;
	struct cpu_sample s;
	struct monitor *mon;
	unsigned int i;
	uint64_t ns;

	make_config(self, &cfg);
	for (i = 0; i < 2 * ARRAY_SIZE(bad); i++) {
		struct err err = { "" };

		bulk = make_handover(self, variant->kaslr, variant->zero_based);
		bulk->entry[i & 1 ? BULK_BTF : BULK_KALLSYMS] = bad[i / 2];
		ASSERT_EQ(0, monitor_create(&cfg, &mon));
		EXPECT_EQ(-ENODATA, monitor_sample_cpu(mon, 0, &s, &err));
		EXPECT_NE('\0', err.msg[0]);
		monitor_destroy(mon);
	}
	for (i = 0; i < ARRAY_SIZE(ticks); i++) {
		bulk = make_handover(self, variant->kaslr, variant->zero_based);
		bulk->tick_ns = ticks[i];
		ASSERT_EQ(0, monitor_create(&cfg, &mon));
		/* Readable, only not judged. */
		EXPECT_EQ(0, monitor_sample_cpu(mon, 0, &s, NULL));
		EXPECT_EQ(-ENODATA, monitor_guest_ns(mon, &ns));
		monitor_destroy(mon);
	}
}

TEST_F(kernel, thread)
{
	struct monitor_report rep, again;
	struct monitor_config cfg;
	struct monitor *mon;
	unsigned int i;
	uint64_t ns;

	make_config(self, &cfg);
	cfg.limits = (struct monitor_limits){ .max_dsq_depth = 41, .sustain_ms = 100 };
	make_handover(self, variant->kaslr, variant->zero_based);
	ASSERT_EQ(0, monitor_create(&cfg, &mon));
	EXPECT_FALSE(monitor_settled(mon));
	ASSERT_EQ(0, monitor_start(mon, NULL));
	/* Only between started and stopped; one sample a period of guest time. */
	for (i = 0; i < 500 && monitor_guest_ns(mon, &ns); i++)
		usleep(10000);
	ASSERT_EQ(0, monitor_guest_ns(mon, &ns));
	EXPECT_TRUE(monitor_settled(mon));
	atomic_store(&shm_header(&self->shm)->guest, SHM_GST_STARTED);
	for (i = 0; i < 40; i++) {
		usleep(10000);
		put64(self, IMAGE + OFF_JIFFIES, (1ULL << 32) - 300 * HZ + 5 * HZ + i * 5);
	}
	usleep(20000);
	atomic_store(&shm_header(&self->shm)->guest, SHM_GST_STARTED | SHM_GST_STOPPED);
	usleep(20000);
	put64(self, IMAGE + OFF_JIFFIES, (1ULL << 32) + 1000);
	usleep(20000);
	monitor_stop(mon, &rep);
	EXPECT_TRUE(rep.usable);
	EXPECT_LT(5U, rep.nr_samples);
	EXPECT_GE(40U, rep.nr_samples);
	EXPECT_GE(39 * 20 * NSEC_PER_MSEC, rep.guest_ns);
	EXPECT_EQ(12U, rep.max_nr_running);
	EXPECT_EQ(42U, rep.max_dsq_depth);
	ASSERT_LE(1U, rep.nr_violations);
	EXPECT_EQ(CAUSE_DSQ_DEPTH, (int)rep.violation[0].cause);
	EXPECT_EQ(2U, rep.violation[0].cpu);
	EXPECT_GE(5780 * NSEC_PER_MSEC, rep.last_guest_ns);
	monitor_stop(mon, &again);
	EXPECT_EQ(0, memcmp(&rep, &again, sizeof(rep)));
	monitor_destroy(mon);
}

TEST_F(kernel, thread_without_a_guest)
{
	struct monitor_report rep;
	struct monitor_config cfg;
	struct monitor *mon;

	make_config(self, &cfg);
	ASSERT_EQ(0, monitor_create(&cfg, &mon));
	ASSERT_EQ(0, monitor_start(mon, NULL));
	usleep(30000);
	EXPECT_FALSE(monitor_settled(mon));
	monitor_stop(mon, &rep);
	/* It will never see anything. */
	EXPECT_TRUE(monitor_settled(mon));
	EXPECT_FALSE(rep.usable);
	EXPECT_NE('\0', rep.why[0]);
	EXPECT_EQ(0U, rep.nr_violations);
	monitor_destroy(mon);

	/* Never started, then destroyed. */
	ASSERT_EQ(0, monitor_create(&cfg, &mon));
	monitor_destroy(mon);
	monitor_destroy(NULL);
}

TEST_F(kernel, vmlinux_that_is_none)
{
	struct monitor_config cfg;
	struct monitor_report rep;
	struct cpu_sample s;
	struct monitor *mon;

	make_config(self, &cfg);
	cfg.vmlinux = "/dev/null";
	make_handover(self, variant->kaslr, variant->zero_based);
	ASSERT_EQ(0, monitor_create(&cfg, &mon));
	/* What PID 1 handed over is there still. */
	EXPECT_EQ(0, monitor_sample_cpu(mon, 0, &s, NULL));
	monitor_stop(mon, &rep);
	EXPECT_NE(NULL, strstr(rep.why, "/dev/null"));
	monitor_destroy(mon);
}

TEST_HARNESS_MAIN
