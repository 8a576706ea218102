// SPDX-License-Identifier: GPL-2.0
/*
 * test_acpi.c - the firmware tables, read back as an operating system would
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../vmm/acpi.h"
#include "../vmm/layout.h"
#include "kselftest_harness.h"

#define BASE	GPA_ACPI
#define SIZE	(GPA_ACPI_END - GPA_ACPI)

FIXTURE(acpi) {
	uint8_t *buf;
	struct topology topo;
	struct acpi_config cfg;
	long len;
};

FIXTURE_VARIANT(acpi) {
	const char *topology;
	uint64_t ram;
};

FIXTURE_VARIANT_ADD(acpi, one) {
	.topology = "1n1l1c1t", .ram = 512 * MIB,
};

FIXTURE_VARIANT_ADD(acpi, nodes) {
	.topology = "2n4l2c1t", .ram = 1024 * MIB,
};

/* RAM on both sides of the hole, a node across it. */
FIXTURE_VARIANT_ADD(acpi, high_ram) {
	.topology = "3n3l3c2t", .ram = 8192 * MIB,
};

FIXTURE_VARIANT_ADD(acpi, many) {
	.topology = "1n14l9c2t", .ram = 1024 * MIB,
};

/* All of them, all x2APIC: what needs most room. */
FIXTURE_VARIANT_ADD(acpi, most) {
	.topology = "16n1024l1c1t", .ram = 16384 * MIB,
};

FIXTURE_VARIANT_ADD(acpi, memory_only) {
	.topology = "1n2l2c1t1m", .ram = 1024 * MIB,
};

FIXTURE_VARIANT_ADD(acpi, distances) {
	.topology = "2n2l1c1t2m-17-21-31-22-32-41", .ram = 4096 * MIB,
};

FIXTURE_SETUP(acpi)
{
	self->buf = malloc(SIZE);
	ASSERT_NE(self->buf, NULL);
	ASSERT_EQ(topology_parse(variant->topology, &self->topo, NULL), 0);
	self->cfg = (struct acpi_config){
		.topo = &self->topo,
		.ram_size = variant->ram, .low_size = ram_low_size(variant->ram),
	};
	self->len = acpi_build(&self->cfg, self->buf, SIZE, BASE);
	ASSERT_GT(self->len, 0);
}

FIXTURE_TEARDOWN(acpi)
{
	free(self->buf);
}

static uint64_t get(const void *p, size_t len)
{
	uint64_t v = 0;

	memcpy(&v, p, len);
	return v;
}

static uint8_t sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s += *p++;
	return s;
}

/* A table by signature, through the root pointer; NULL if it is missing or its checksum is wrong. */
static const uint8_t *find(const uint8_t *buf, const char *sig)
{
	const uint8_t *xsdt = buf + get(buf + 24, 8) - BASE;
	uint32_t len = get(xsdt + 4, 4), i;

	for (i = 36; i < len; i += 8) {
		const uint8_t *t = buf + get(xsdt + i, 8) - BASE;

		if (!memcmp(t, sig, 4))
			return sum(t, get(t + 4, 4)) ? NULL : t;
	}
	return NULL;
}

TEST_F(acpi, root)
{
	const uint8_t *xsdt = self->buf + get(self->buf + 24, 8) - BASE;

	EXPECT_EQ(memcmp(self->buf, "RSD PTR ", 8), 0);
	EXPECT_EQ(sum(self->buf, 20), 0);
	EXPECT_EQ(sum(self->buf, 36), 0);
	EXPECT_EQ(memcmp(xsdt, "XSDT", 4), 0);
	EXPECT_EQ(sum(xsdt, get(xsdt + 4, 4)), 0);
	EXPECT_EQ(!find(self->buf, "SRAT"), topology_all_nodes(&self->topo) == 1);
	EXPECT_EQ(!find(self->buf, "SLIT"), topology_all_nodes(&self->topo) == 1);
	EXPECT_EQ(!find(self->buf, "HMAT"), topology_all_nodes(&self->topo) == 1);
}

TEST_F(acpi, fadt_points_to_dsdt)
{
	const uint8_t *fadt = find(self->buf, "FACP"), *dsdt;
	uint32_t flags, len;

	ASSERT_NE(fadt, NULL);
	flags = get(fadt + 112, 4);
	EXPECT_TRUE(flags & 1U << 20);
	EXPECT_TRUE(get(fadt + 109, 2) & 1U << 5);
	EXPECT_EQ(get(fadt + 120, 8), PORT_DEBUG_EXIT);
	EXPECT_EQ(fadt[128], DEBUG_EXIT_RESET);
	dsdt = self->buf + get(fadt + 140, 8) - BASE;
	len = get(dsdt + 4, 4);
	EXPECT_EQ(memcmp(dsdt, "DSDT", 4), 0);
	EXPECT_EQ(sum(dsdt, len), 0);
	/* The scope's PkgLength spans the rest of the table. */
	EXPECT_EQ(dsdt[36], 0x10);
	EXPECT_EQ((dsdt[37] & 0xf) | dsdt[38] << 4, (int)len - 37);
	EXPECT_NE(memmem(dsdt, len, "COM1", 4), NULL);
	EXPECT_NE(memmem(dsdt, len, "COM2", 4), NULL);
}

TEST_F(acpi, madt_has_each_cpu_once)
{
	const uint8_t *madt = find(self->buf, "APIC"), *p, *end;
	unsigned int cpu = 0, ioapics = 0;

	ASSERT_NE(madt, NULL);
	end = madt + get(madt + 4, 4);
	for (p = madt + 44; p < end; p += p[1]) {
		ASSERT_GE(p[1], 2);
		if (p[0] == 0) {
			EXPECT_EQ(p[1], 8);
			EXPECT_EQ(p[2], cpu);
			EXPECT_EQ(p[3], topology_apic_id(&self->topo, cpu));
			EXPECT_LT(p[3], 255);
			EXPECT_EQ(p[4], 1);
			cpu++;
		} else if (p[0] == 9) {
			/* Ids that fit into the other kind must be there (5.2.12.12). */
			EXPECT_EQ(p[1], 16);
			EXPECT_GE(get(p + 4, 4), 255);
			EXPECT_EQ(get(p + 4, 4), topology_apic_id(&self->topo, cpu));
			EXPECT_EQ(get(p + 8, 4), 1);
			EXPECT_EQ(get(p + 12, 4), cpu);
			cpu++;
		} else {
			EXPECT_EQ(p[0], 1);
			EXPECT_EQ(get(p + 4, 4), GPA_IOAPIC);
			ioapics++;
		}
	}
	EXPECT_EQ(p, end);
	EXPECT_EQ(cpu, topology_nr_cpus(&self->topo));
	EXPECT_EQ(ioapics, 1);
}

TEST_F(acpi, srat_covers_all_ram)
{
	const uint8_t *srat = find(self->buf, "SRAT"), *p, *end;
	unsigned int nodes = topology_all_nodes(&self->topo), cpus = 0, node;
	uint64_t ram = 0, of_node[TOPOLOGY_MAX_NODES] = { 0 };

	if (nodes == 1)
		SKIP(return, "one node has no SRAT");
	ASSERT_NE(srat, NULL);
	end = srat + get(srat + 4, 4);
	for (p = srat + 48; p < end; p += p[1]) {
		ASSERT_GE(p[1], 2);
		if (p[0] == 2) {
			EXPECT_EQ(get(p + 8, 4), topology_apic_id(&self->topo, cpus));
			EXPECT_EQ(get(p + 4, 4), topology_node_of_cpu(&self->topo, cpus));
			cpus++;
		} else {
			uint64_t base = get(p + 8, 8), size = get(p + 16, 8);

			ASSERT_EQ(p[0], 1);
			ASSERT_LT(get(p + 2, 4), nodes);
			EXPECT_EQ(get(p + 28, 4), 1);
			of_node[get(p + 2, 4)] += size;
			/* Nothing in the hole. */
			EXPECT_TRUE(base + size <= GPA_HOLE || base >= GPA_HIGH_RAM);
			ram += size;
		}
	}
	EXPECT_EQ(p, end);
	EXPECT_EQ(cpus, topology_nr_cpus(&self->topo));
	EXPECT_EQ(ram, variant->ram);
	for (node = 0; node < nodes; node++)
		EXPECT_GE(of_node[node], variant->ram / nodes - 2 * MIB);
}

TEST_F(acpi, slit)
{
	const uint8_t *slit = find(self->buf, "SLIT");
	unsigned int n = topology_all_nodes(&self->topo), i, j;

	if (n == 1)
		SKIP(return, "one node has no SLIT");
	ASSERT_NE(slit, NULL);
	EXPECT_EQ(get(slit + 4, 4), 44 + n * n);
	EXPECT_EQ(get(slit + 36, 8), n);
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			EXPECT_EQ(slit[44 + i * n + j], topology_distance(&self->topo, i, j));
}

TEST_F(acpi, slit_is_symmetric)
{
	const uint8_t *slit = find(self->buf, "SLIT");
	unsigned int n = topology_all_nodes(&self->topo), i, j;

	if (n == 1)
		SKIP(return, "one node has no SLIT");
	ASSERT_NE(slit, NULL);
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++) {
			EXPECT_EQ(slit[44 + i * n + j] == 10, i == j);
			EXPECT_GE(slit[44 + i * n + j], 10);
			EXPECT_EQ(slit[44 + i * n + j], slit[44 + j * n + i]);
		}
}

/* One for each node's memory: who is at home there. Returns what follows, or NULL. */
static const uint8_t *check_domains(struct __test_metadata *_metadata, const struct topology *t,
				    const uint8_t *p, const uint8_t *end)
{
	unsigned int node;

	for (node = 0; node < topology_all_nodes(t); node++, p += 40) {
		EXPECT_LE(p + 40, end);
		if (p + 40 > end)
			return NULL;
		EXPECT_EQ(get(p, 2), 0);
		EXPECT_EQ(get(p + 4, 4), 40);
		EXPECT_EQ(get(p + 8, 2), node < t->nr_nodes);
		EXPECT_EQ(get(p + 12, 4), node < t->nr_nodes ? node : 0);
		EXPECT_EQ(get(p + 16, 4), node);
		EXPECT_EQ(get(p + 2, 2) | get(p + 10, 2) | get(p + 20, 4) | get(p + 24, 8) |
			  get(p + 32, 8), 0);
	}
	return p;
}

/* A matrix from the nodes with CPUs to all. Returns what follows, or NULL. */
static const uint8_t *check_matrix(struct __test_metadata *_metadata, const struct topology *t,
				   const uint8_t *p, const uint8_t *end, unsigned int type,
				   unsigned int unit)
{
	unsigned int from = t->nr_nodes, to = topology_all_nodes(t), i, j;
	size_t len = 32 + 4 * (from + to) + 2 * from * to;
	const uint8_t *v = p + 32;

	EXPECT_LE(p + len, end);
	if (p + len > end)
		return NULL;
	EXPECT_EQ(get(p, 2), 1);
	EXPECT_EQ(get(p + 4, 4), len);
	EXPECT_EQ(p[8], 0);
	EXPECT_EQ(p[9], type);
	EXPECT_EQ(p[10], 0);
	EXPECT_EQ(get(p + 12, 4), from);
	EXPECT_EQ(get(p + 16, 4), to);
	EXPECT_EQ(get(p + 24, 8), unit);
	for (i = 0; i < from; i++, v += 4)
		EXPECT_EQ(get(v, 4), i);
	for (i = 0; i < to; i++, v += 4)
		EXPECT_EQ(get(v, 4), i);
	for (i = 0; i < from; i++)
		for (j = 0; j < to; j++, v += 2) {
			unsigned int d = topology_distance(t, i, j);

			/* 100 ns and 100 GB/s at home; 0 and 0xffff mean that it is unknown. */
			EXPECT_EQ(get(v, 2), type ? 10000 / d : 10 * d);
			EXPECT_GT(get(v, 2), 0);
			EXPECT_LT(get(v, 2), 0xffff);
		}
	EXPECT_EQ(v, p + len);
	return v;
}

TEST_F(acpi, hmat)
{
	const uint8_t *hmat = find(self->buf, "HMAT"), *p, *end;

	if (topology_all_nodes(&self->topo) == 1)
		SKIP(return, "one node has no HMAT");
	ASSERT_NE(hmat, NULL);
	/* Latencies are in ps from revision 2 on. */
	EXPECT_EQ(hmat[8], 2);
	EXPECT_EQ(get(hmat + 36, 4), 0);
	end = hmat + get(hmat + 4, 4);
	p = check_domains(_metadata, &self->topo, hmat + 40, end);
	ASSERT_NE(p, NULL);
	p = check_matrix(_metadata, &self->topo, p, end, 0, 1000);
	ASSERT_NE(p, NULL);
	p = check_matrix(_metadata, &self->topo, p, end, 3, 100);
	EXPECT_EQ(p, end);
}

/* The smallest one, as bytes: what is read back by the code that wrote it might be wrong twice. */
TEST(hmat_to_the_byte)
{
	static const uint8_t must[] = {
		0, 0, 0, 0,
		/* node 0: its own CPUs are nearest */
		0, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		/* node 1: none */
		0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		/* access latency, 1 to 2, in 1000 ps: 100, 250 */
		1, 0, 0, 0, 48, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
		0, 0, 0, 0, 0xe8, 3, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 100, 0, 250, 0,
		/* access bandwidth, in 100 MB/s: 1000, 400 */
		1, 0, 0, 0, 48, 0, 0, 0, 0, 3, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
		0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xe8, 3, 0x90, 1,
	};
	struct topology topo;
	const struct acpi_config cfg = {
		.topo = &topo, .ram_size = 512 * MIB, .low_size = 512 * MIB,
	};
	const uint8_t *hmat;
	uint8_t *buf;

	ASSERT_EQ(topology_parse("1n1l1c1t1m-25", &topo, NULL), 0);
	buf = malloc(SIZE);
	ASSERT_NE(buf, NULL);
	ASSERT_GT(acpi_build(&cfg, buf, SIZE, BASE), 0);
	hmat = find(buf, "HMAT");
	ASSERT_NE(hmat, NULL);
	EXPECT_EQ(get(hmat + 4, 4), 36 + sizeof(must));
	EXPECT_EQ(memcmp(hmat + 36, must, sizeof(must)), 0);
	free(buf);
}

/* Whatever the size of the area, it is kept. */
TEST_F(acpi, too_small)
{
	long size, step = self->len / 500 | 13;

	for (size = 0; size < self->len; size += step) {
		uint8_t *exact = malloc(size ?: 1);

		ASSERT_NE(exact, NULL);
		EXPECT_EQ(acpi_build(&self->cfg, exact, size, BASE), -ENOSPC);
		free(exact);
	}
}

TEST_HARNESS_MAIN
