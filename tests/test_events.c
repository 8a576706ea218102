// SPDX-License-Identifier: GPL-2.0
/*
 * test_events.c - sched_ext's event counters: found in BTF, read from memory made here, summed up
 *
 * Memory is a scale model, mapped twice: at TEXT as the kernel's image, and at DIRECT.
 *
 *	0x1000	page tables
 *	0x8000	__per_cpu_offset[], scx_root
 *	0x9000	struct scx_sched, twice
 *	AREA(cpu)	per-CPU areas
 */
#include <bpf/btf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "../monitor/events.h"

#define RAM_SIZE	(1 * MIB)
#define CPUS		3
#define TEXT		0xffffffff81000000ULL
#define DIRECT		0xffff9a0000000000ULL
#define PAGE		4096UL

#define OFF_PCO		0x8000ULL
#define OFF_ROOT	0x8100ULL
#define SCHED(n)	(0x9000ULL + (n) * 0x100ULL)
#define OFF_PERCPU	0x40ULL		/* in a scheduler */
#define AREA(cpu)	(0x20000ULL + (cpu) * 0x8000ULL)
#define START		0x1000ULL	/* what per-CPU addresses are relative to */
#define DYNAMIC(n)	(0x2000ULL + (n) * 0x1000ULL)	/* in an area: of a scheduler */
#define OFF_EVENTS	0x10ULL		/* in there */

/* --- layout --------------------------------------------------------------- */

enum place { PLACE_PCPU, PLACE_OWN, PLACE_STATIC, PLACE_NONE };

/*
 * struct scx_event_stats { s64 SCX_EV_A, SCX_EV_B; u32 narrow, bits:3; s64 SCX_EV_C; };
 * struct scx_sched_pcpu { void *sch; struct scx_event_stats event_stats; };
 * struct scx_sched { u64 ops; void *pcpu or *event_stats_cpu; };
 */
static struct btf *make_btf(enum place place)
{
	struct btf *btf = btf__new_empty();
	int s64, alias, u32, ptr, stats;

	s64 = btf__add_int(btf, "long long", 8, BTF_INT_SIGNED);
	alias = btf__add_typedef(btf, "s64", s64);
	u32 = btf__add_int(btf, "int", 4, 0);
	ptr = btf__add_ptr(btf, 0);
	if (place == PLACE_NONE)
		return btf;
	stats = btf__add_struct(btf, "scx_event_stats", 32);
	btf__add_field(btf, "SCX_EV_A", s64, 0, 0);
	btf__add_field(btf, "SCX_EV_B", alias, 64, 0);
	btf__add_field(btf, "narrow", u32, 128, 0);
	btf__add_field(btf, "bits", u32, 160, 3);
	btf__add_field(btf, "SCX_EV_C", s64, 192, 0);
	if (place == PLACE_STATIC)
		return btf;
	if (place == PLACE_PCPU) {
		btf__add_struct(btf, "scx_sched_pcpu", 40);
		btf__add_field(btf, "sch", ptr, 0, 0);
		btf__add_field(btf, "event_stats", stats, 64, 0);
	}
	btf__add_struct(btf, "scx_sched", 16);
	btf__add_field(btf, "ops", s64, 0, 0);
	btf__add_field(btf, place == PLACE_PCPU ? "pcpu" : "event_stats_cpu", ptr, 64, 0);
	return btf;
}

FIXTURE(place) {
	struct btf *btf;
};

FIXTURE_VARIANT(place) {
	enum place place;
	bool have, by_root;
	uint32_t off;		/* of the first counter */
};

FIXTURE_VARIANT_ADD(place, pcpu) { PLACE_PCPU, true, true, 8 };
FIXTURE_VARIANT_ADD(place, own_pointer) { PLACE_OWN, true, true, 0 };
FIXTURE_VARIANT_ADD(place, static_variable) { PLACE_STATIC, true, false, 0 };
FIXTURE_VARIANT_ADD(place, none) { PLACE_NONE, false, false, 0 };

FIXTURE_SETUP(place)
{
	self->btf = make_btf(variant->place);
	ASSERT_NE(NULL, self->btf);
}

FIXTURE_TEARDOWN(place)
{
	btf__free(self->btf);
}

TEST_F(place, is_found)
{
	static const char *const names[] = { "SCX_EV_A", "SCX_EV_B", "SCX_EV_C" };
	static const uint32_t offs[] = { 0, 8, 24 };
	struct event_layout layout;
	char off[64] = "";
	unsigned int i;

	events_layout(self->btf, &layout, off, sizeof(off));
	EXPECT_EQ(variant->have, layout.have);
	EXPECT_STREQ(variant->have ? "" : "scx_event_stats", off);
	if (!variant->have)
		return;
	EXPECT_EQ(variant->by_root, layout.by_root);
	if (variant->by_root)
		EXPECT_EQ(8U, layout.percpu.off);
	ASSERT_EQ(ARRAY_SIZE(names), layout.nr);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_STREQ(names[i], layout.name[i]);
		EXPECT_EQ(variant->off + offs[i], layout.off[i]);
	}
}

TEST_F(place, in_changed_bytes)
{
	struct event_layout layout;
	struct btf *btf;
	const void *data;
	uint32_t size, i;
	uint8_t *copy;
	char off[64];

	data = btf__raw_data(self->btf, &size);
	copy = malloc(size);
	ASSERT_NE(NULL, copy);
	for (i = 0; i < size * 8; i++) {
		memcpy(copy, data, size);
		copy[i / 8] ^= 1 << i % 8;
		if (layout_open_bytes(copy, size, &btf, NULL))
			continue;
		off[0] = '\0';
		events_layout(btf, &layout, off, sizeof(off));
		EXPECT_EQ(layout.have, !off[0]);
		layout_close(btf);
	}
	free(copy);
}

TEST(the_list_of_what_is_off)
{
	struct btf *btf = make_btf(PLACE_NONE);
	struct event_layout layout;
	char off[64] = "rq.clock", tiny[12] = "rq.clock", full[9] = "rq.clock";

	events_layout(btf, &layout, off, sizeof(off));
	EXPECT_STREQ("rq.clock, scx_event_stats", off);
	/* It is cut, not the stack. */
	events_layout(btf, &layout, tiny, sizeof(tiny));
	EXPECT_STREQ("rq.clock, s", tiny);
	events_layout(btf, &layout, full, sizeof(full));
	EXPECT_STREQ("rq.clock", full);
	btf__free(btf);
}

/* Names go to where people read them, and there is room for so many. */
TEST(names_and_numbers_of_counters)
{
	static const char *const odd[] = { "A B", "A\nnot ok 1", "", "A=1", "\x1b[2J" };
	char name[MONITOR_EVENT_NAME + 1];
	struct btf *btf = btf__new_empty();
	struct event_layout layout;
	char off[64] = "";
	unsigned int i;
	int s64;

	s64 = btf__add_int(btf, "long long", 8, BTF_INT_SIGNED);
	btf__add_struct(btf, "scx_event_stats", 8 * 200);
	for (i = 0; i < ARRAY_SIZE(odd); i++)
		btf__add_field(btf, odd[i], s64, 64 * i, 0);
	memset(name, 'A', sizeof(name));
	name[MONITOR_EVENT_NAME] = '\0';
	btf__add_field(btf, name, s64, 64 * i, 0);
	name[MONITOR_EVENT_NAME - 1] = '\0';
	btf__add_field(btf, name, s64, 64 * ++i, 0);
	events_layout(btf, &layout, off, sizeof(off));
	ASSERT_EQ(1U, layout.nr);
	EXPECT_STREQ(name, layout.name[0]);
	EXPECT_EQ(8 * i, layout.off[0]);
	while (++i < 200) {
		snprintf(name, sizeof(name), "SCX_EV_%u", i);
		btf__add_field(btf, name, s64, 64 * i, 0);
	}
	events_layout(btf, &layout, off, sizeof(off));
	EXPECT_EQ(MONITOR_MAX_EVENTS, layout.nr);
	btf__free(btf);
}

/* --- reading -------------------------------------------------------------- */

FIXTURE(events) {
	uint8_t *ram;
	struct guest_mem gm;
	struct kernel kernel;
	struct event_layout layout;
	struct event_reader r;
	struct event_sample s;
};

FIXTURE_VARIANT(events) {
	bool by_root;
};

FIXTURE_VARIANT_ADD(events, of_a_scheduler) { true };
FIXTURE_VARIANT_ADD(events, of_the_kernel) { false };

static void put(FIXTURE_DATA(events) *const self, uint64_t gpa, uint64_t val)
{
	memcpy(self->ram + gpa, &val, sizeof(val));
}

/* Two levels are shared: the same 2 MiB page at each address. */
static void map(FIXTURE_DATA(events) *const self, uint64_t va)
{
	put(self, 0x1000 + (va >> 39 & 511) * 8, 0x2000 | 1);
	put(self, 0x2000 + (va >> 30 & 511) * 8, 0x3000 | 1);
	put(self, 0x3000 + (va >> 21 & 511) * 8, 0x81);
}

static uint64_t counter_at(bool by_root, unsigned int sched, unsigned int cpu, unsigned int nr)
{
	return AREA(cpu) + DYNAMIC(sched) + (by_root ? OFF_EVENTS : 0) + 8 * nr;
}

FIXTURE_SETUP(events)
{
	static const uint64_t counts[] = { 1, 10, -100 };
	unsigned int cpu, i;

	memset(self, 0, sizeof(*self));
	/* Whole pages: below, one is taken away. */
	self->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	ASSERT_NE(MAP_FAILED, self->ram);
	self->gm = (struct guest_mem){ self->ram, RAM_SIZE, RAM_SIZE, 4 * GIB };
	map(self, TEXT);
	map(self, DIRECT);
	for (cpu = 0; cpu < CPUS; cpu++) {
		put(self, OFF_PCO + cpu * 8, DIRECT + AREA(cpu) - START);
		for (i = 0; i < 3; i++)
			put(self, counter_at(variant->by_root, 0, cpu, i), counts[i] << cpu);
	}
	for (i = 0; i < 2; i++)
		put(self, SCHED(i) + OFF_PERCPU, START + DYNAMIC(i));
	put(self, OFF_ROOT, DIRECT + SCHED(0));

	self->kernel.gm = &self->gm;
	self->kernel.paging = (struct paging){ &self->gm, 0x1000, 4 };
	self->kernel.sym.addr[SYM_PER_CPU_OFFSET] = TEXT + OFF_PCO;
	if (variant->by_root)
		self->kernel.sym.addr[SYM_SCX_ROOT] = TEXT + OFF_ROOT;
	else
		self->kernel.sym.addr[SYM_SCX_EVENTS] = START + DYNAMIC(0);
	self->layout = (struct event_layout){
		.have = true, .by_root = variant->by_root, .percpu = { OFF_PERCPU, 8 }, .nr = 3,
		.name = { "SCX_EV_A", "SCX_EV_B", "SCX_EV_C" },
	};
	for (i = 0; i < 3; i++)
		self->layout.off[i] = (variant->by_root ? OFF_EVENTS : 0) + 8 * i;
	events_open(&self->r, &self->kernel, &self->layout, CPUS);
	ASSERT_TRUE(self->r.layout.have);
}

FIXTURE_TEARDOWN(events)
{
	munmap(self->ram, RAM_SIZE);
}

TEST_F(events, are_summed_over_cpus)
{
	ASSERT_EQ(0, events_read(&self->r, &self->s));
	ASSERT_EQ(3U, self->s.nr);
	EXPECT_STREQ("SCX_EV_A", self->s.event[0].name);
	EXPECT_STREQ("SCX_EV_C", self->s.event[2].name);
	EXPECT_EQ(1 + 2 + 4, self->s.event[0].count);
	EXPECT_EQ(10 + 20 + 40, self->s.event[1].count);
	EXPECT_EQ(-100 - 200 - 400, self->s.event[2].count);
	EXPECT_NE(0U, self->s.root);
}

TEST_F(events, across_two_pages)
{
	uint64_t va = DIRECT + 2 * MIB, at = START + DYNAMIC(0) + self->layout.off[0];

	put(self, 0x3000 + (va >> 21 & 511) * 8, 0x4000 | 1);
	put(self, 0x4000, 0x50000 | 1);
	put(self, 0x4008, 0x70000 | 1);
	put(self, 0x50ff8, 5);
	put(self, 0x70000, 6);
	put(self, 0x70008, 7);
	put(self, OFF_PCO, va + PAGE - 8 - at);
	events_open(&self->r, &self->kernel, &self->layout, 1);
	ASSERT_EQ(0, events_read(&self->r, &self->s));
	EXPECT_EQ(5, self->s.event[0].count);
	EXPECT_EQ(6, self->s.event[1].count);
	EXPECT_EQ(7, self->s.event[2].count);
	/* The second one is gone. */
	put(self, 0x4008, 0);
	EXPECT_EQ(-ENOENT, events_read(&self->r, &self->s));
}

TEST_F(events, of_whoever_is_there)
{
	if (!variant->by_root)
		return;
	put(self, OFF_ROOT, 0);
	ASSERT_EQ(0, events_read(&self->r, &self->s));
	EXPECT_EQ(0U, self->s.root);
	EXPECT_EQ(3U, self->s.nr);
	EXPECT_EQ(0, self->s.event[0].count);

	put(self, OFF_ROOT, DIRECT + SCHED(1));
	put(self, counter_at(true, 1, 2, 1), 77);
	ASSERT_EQ(0, events_read(&self->r, &self->s));
	EXPECT_EQ(DIRECT + SCHED(1), self->s.root);
	EXPECT_EQ(0, self->s.event[0].count);
	EXPECT_EQ(77, self->s.event[1].count);
}

/* An error, and a final one. */
static bool refused(FIXTURE_DATA(events) *const self)
{
	int ret = events_read(&self->r, &self->s);

	return ret < 0 && ret != -EAGAIN && ret != -ENODATA;
}

TEST_F(events, behind_wild_pointers)
{
	static const uint64_t wild[] = { 1, UINT64_MAX, 1ULL << 63, DIRECT + RAM_SIZE, 2 * GIB,
					 DIRECT + SCHED(0) + 4, DIRECT + RAM_SIZE - OFF_PERCPU };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wild); i++) {
		put(self, OFF_PCO + 8, wild[i]);
		EXPECT_TRUE(refused(self));
		put(self, OFF_PCO + 8, DIRECT + AREA(1) - START);
		if (!variant->by_root)
			continue;
		put(self, OFF_ROOT, wild[i]);
		EXPECT_TRUE(refused(self));
		put(self, OFF_ROOT, DIRECT + SCHED(0));
		put(self, SCHED(0) + OFF_PERCPU, wild[i]);
		EXPECT_TRUE(refused(self));
		put(self, SCHED(0) + OFF_PERCPU, 0);
		EXPECT_TRUE(refused(self));
		put(self, SCHED(0) + OFF_PERCPU, START + DYNAMIC(0));
		EXPECT_FALSE(refused(self));
	}
}

TEST_F(events, cannot_be_found)
{
	struct kernel *k = &self->kernel;

	self->layout.have = false;
	events_open(&self->r, k, &self->layout, CPUS);
	EXPECT_EQ('\0', self->r.why.msg[0]);
	EXPECT_EQ(-ENODATA, events_read(&self->r, &self->s));
	self->layout.have = true;

	if (variant->by_root) {
		k->sym.addr[SYM_SCX_ROOT] = TEXT + 4 * MIB;
		events_open(&self->r, k, &self->layout, CPUS);
		EXPECT_NE(NULL, strstr(self->r.why.msg, "scx_root"));
		EXPECT_EQ(-ENODATA, events_read(&self->r, &self->s));
	}
	k->sym.addr[SYM_SCX_ROOT] = 0;
	k->sym.addr[SYM_SCX_EVENTS] = 0;
	events_open(&self->r, k, &self->layout, CPUS);
	EXPECT_STREQ(variant->by_root ? "no symbol scx_root" : "no symbol event_stats_cpu",
		     self->r.why.msg);
	EXPECT_EQ(-ENODATA, events_read(&self->r, &self->s));
}

/* A read of a page that is not there is when the guest goes on: in the middle of a sample. */
static struct {
	uint8_t *page;
	uint8_t *root;
	uint64_t becomes;
	uint8_t *entry;		/* of a page table, which goes too; or NULL */
} meanwhile;

static void on_fault(int sig)
{
	(void)sig;
	mprotect(meanwhile.page, PAGE, PROT_READ | PROT_WRITE);
	memcpy(meanwhile.root, &meanwhile.becomes, sizeof(meanwhile.becomes));
	if (meanwhile.entry)
		memset(meanwhile.entry, 0, sizeof(uint64_t));
}

TEST_F(events, of_one_that_goes_meanwhile)
{
	static const uint64_t becomes[] = { 0, DIRECT + SCHED(1), DIRECT + SCHED(0) };
	const struct sigaction act = { .sa_handler = on_fault };
	unsigned int i;
	int ret;

	if (!variant->by_root)
		return;
	ASSERT_EQ(0, sigaction(SIGSEGV, &act, NULL));
	for (i = 0; i < 2 * ARRAY_SIZE(becomes); i++) {
		meanwhile.page = self->ram + (counter_at(true, 0, 1, 0) & ~(PAGE - 1));
		meanwhile.root = self->ram + OFF_ROOT;
		meanwhile.becomes = becomes[i / 2];
		meanwhile.entry = i & 1 ? self->ram + 0x1000 + (DIRECT >> 39 & 511) * 8 : NULL;
		put(self, OFF_ROOT, DIRECT + SCHED(0));
		map(self, DIRECT);
		ASSERT_EQ(0, mprotect(meanwhile.page, PAGE, PROT_NONE));
		ret = events_read(&self->r, &self->s);
		/* Whether it could still be read or not: that is no matter if it went. */
		EXPECT_EQ(i / 2 < 2 ? -EAGAIN : i & 1 ? -ENOENT : 0, ret);
	}
	signal(SIGSEGV, SIG_DFL);
}

/* --- totals --------------------------------------------------------------- */

static void add(struct event_totals *t, uint64_t root, int64_t a, int64_t b)
{
	struct event_sample s = { .root = root, .nr = 2,
				  .event = { { "SCX_EV_A", a }, { "SCX_EV_B", b } } };

	events_add(t, &s);
}

TEST(totals)
{
	static const struct {
		uint64_t root;
		int64_t a, b;		/* what was read */
		int64_t total_a, total_b;
	} steps[] = {
		{ 1, 100, 5, 0, 0 },	/* what was before does not count */
		{ 1, 100, 5, 0, 0 },
		{ 1, 103, 6, 3, 1 },
		{ 0, 0, 0, 3, 1 },	/* it went */
		{ 2, 10, 0, 13, 1 },	/* another one, from 0 on */
		{ 2, 12, 0, 15, 1 },
		{ 3, 12, 1, 27, 2 },	/* without a sample in between */
		{ 3, 4, 2, 31, 4 },	/* at the same address */
	};
	struct event_totals t = { .any = false };
	struct monitor_report rep = { .usable = true };
	unsigned int i;

	events_report(&t, &rep);
	EXPECT_FALSE(rep.have_events);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		add(&t, steps[i].root, steps[i].a, steps[i].b);
		events_report(&t, &rep);
		EXPECT_TRUE(rep.have_events);
		ASSERT_EQ(2U, rep.nr_events);
		EXPECT_STREQ("SCX_EV_B", rep.event[1].name);
		EXPECT_EQ(steps[i].total_a, rep.event[0].count);
		EXPECT_EQ(steps[i].total_b, rep.event[1].count);
	}
	/* Hostile numbers wrap. */
	add(&t, 4, INT64_MIN, INT64_MAX);
	add(&t, 4, INT64_MAX, INT64_MAX);
	add(&t, 5, INT64_MAX, INT64_MAX);
}

TEST(totals_without_a_scheduler)
{
	struct event_totals t = { .any = false };
	struct monitor_report rep = { .usable = true };

	add(&t, 0, 0, 0);
	events_report(&t, &rep);
	EXPECT_TRUE(rep.have_events);
	EXPECT_EQ(0U, rep.nr_events);
	/* It came after the first sample: all that it counted. */
	add(&t, 1, 7, 0);
	events_report(&t, &rep);
	EXPECT_EQ(2U, rep.nr_events);
	EXPECT_EQ(7, rep.event[0].count);
}

TEST(judged)
{
	const struct monitor_limits limits = {
		.sustain_ms = 500, .judge_fallback = true, .judge_keep_last = true,
		.max_fallback_rate = 200, .max_keep_last_rate = 100,
	}, none = { .sustain_ms = 500 }, zero = { .sustain_ms = 500, .judge_fallback = true };
	struct monitor_report rep = {
		.usable = true, .guest_ns = 2 * NSEC_PER_SEC, .nr_events = 3,
		.event = { { "SCX_EV_DISPATCH_KEEP_LAST", 200 }, { "SCX_EV_B", 10000 },
			   { "SCX_EV_SELECT_CPU_FALLBACK", 400 } },
	};
	char buf[8192];

	events_judge(&limits, &rep);
	EXPECT_EQ(0U, rep.nr_violations);
	rep.event[2].count = 401;
	events_judge(&none, &rep);
	EXPECT_EQ(0U, rep.nr_violations);
	events_judge(&limits, &rep);
	ASSERT_EQ(1U, rep.nr_violations);
	EXPECT_EQ(CAUSE_EVENTS, (int)rep.violation[0].cause);
	EXPECT_EQ(2U, rep.violation[0].cpu);
	EXPECT_EQ(201UL, rep.violation[0].measured);
	EXPECT_EQ(200UL, rep.violation[0].limit);
	rep.nr_samples = 1;
	EXPECT_NE(NULL, strstr(monitor_print(&rep, buf, sizeof(buf)),
			       "events: SCX_EV_SELECT_CPU_FALLBACK: 201 a second, limit 200, in 2000 ms\n"));

	/* Not one. */
	rep.nr_violations = 0;
	rep.event[2].count = 1;
	events_judge(&zero, &rep);
	ASSERT_EQ(1U, rep.nr_violations);
	EXPECT_EQ(0UL, rep.violation[0].limit);
	EXPECT_EQ(1UL, rep.violation[0].measured);
	rep.nr_violations = 0;
	rep.event[2].count = 0;
	events_judge(&zero, &rep);
	EXPECT_EQ(0U, rep.nr_violations);
	rep.event[2].count = 401;

	/* Beside others, and only as long as there is room. */
	rep.event[0].count = 1000;
	rep.nr_violations = MONITOR_MAX_VIOLATIONS - 1;
	events_judge(&limits, &rep);
	ASSERT_EQ(MONITOR_MAX_VIOLATIONS, rep.nr_violations);
	EXPECT_EQ(2U, rep.violation[MONITOR_MAX_VIOLATIONS - 1].cpu);

	/* In too short a time, without time, or by nobody who can be believed. */
	rep.nr_violations = 0;
	rep.guest_ns = 499 * NSEC_PER_MSEC;
	events_judge(&limits, &rep);
	rep.guest_ns = 0;
	events_judge(&limits, &rep);
	rep.guest_ns = NSEC_PER_SEC;
	rep.usable = false;
	events_judge(&limits, &rep);
	EXPECT_EQ(0U, rep.nr_violations);
	/* Hostile numbers. */
	rep.usable = true;
	rep.event[0].count = INT64_MIN;
	rep.event[2].count = INT64_MAX;
	events_judge(&limits, &rep);
	EXPECT_EQ(1U, rep.nr_violations);
}

TEST(printed)
{
	struct monitor_report rep = {
		.usable = true, .nr_samples = 1, .have_events = true, .nr_events = 3,
		.event = { { "SCX_EV_A", 12 }, { "SCX_EV_B", 0 }, { "SCX_EV_C", -3 } },
	};
	char buf[8192];
	unsigned int i;

	EXPECT_NE(NULL, strstr(monitor_print(&rep, buf, sizeof(buf)),
			       "\nmonitor: scx events: SCX_EV_A=12 SCX_EV_C=-3\n"));
	rep.event[0].count = 0;
	rep.event[2].count = 0;
	EXPECT_NE(NULL, strstr(monitor_print(&rep, buf, sizeof(buf)), "scx events: none\n"));
	rep.nr_events = 0;
	EXPECT_EQ(NULL, strstr(monitor_print(&rep, buf, sizeof(buf)), "scx events"));
	/* The longest line that there can be is whole. */
	rep.nr_events = MONITOR_MAX_EVENTS;
	for (i = 0; i < MONITOR_MAX_EVENTS; i++) {
		memset(rep.event[i].name, 'A', MONITOR_EVENT_NAME - 1);
		rep.event[i].name[MONITOR_EVENT_NAME - 1] = '\0';
		rep.event[i].count = INT64_MIN;
	}
	monitor_print(&rep, buf, sizeof(buf));
	ASSERT_NE(NULL, strstr(buf, "scx events: "));
	EXPECT_STREQ("=-9223372036854775808\n", strrchr(buf, '='));
}

TEST_HARNESS_MAIN
