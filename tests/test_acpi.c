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

FIXTURE_SETUP(acpi)
{
	self->buf = malloc(SIZE);
	ASSERT_NE(self->buf, NULL);
	ASSERT_EQ(topology_parse(variant->topology, &self->topo, NULL), 0);
	self->cfg = (struct acpi_config){
		.topo = &self->topo, .ram_size = variant->ram, .low_size = ram_low_size(variant->ram),
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

/* A table by signature, through the root pointer; NULL if it is not there or its checksum is wrong. */
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
	EXPECT_EQ(!find(self->buf, "SRAT"), self->topo.nr_nodes == 1);
	EXPECT_EQ(!find(self->buf, "SLIT"), self->topo.nr_nodes == 1);
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
			EXPECT_EQ(p[3], topology_apic_id(&self->topo, cpu));
			EXPECT_EQ(p[4], 1);
			cpu++;
		} else if (p[0] == 9) {
			EXPECT_EQ(get(p + 4, 4), topology_apic_id(&self->topo, cpu));
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
	unsigned int cpus = 0;
	uint64_t ram = 0;

	if (self->topo.nr_nodes == 1)
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
			EXPECT_LT(get(p + 2, 4), self->topo.nr_nodes);
			/* Nothing in the hole. */
			EXPECT_TRUE(base + size <= GPA_HOLE || base >= GPA_HIGH_RAM);
			ram += size;
		}
	}
	EXPECT_EQ(p, end);
	EXPECT_EQ(cpus, topology_nr_cpus(&self->topo));
	EXPECT_EQ(ram, variant->ram);
}

TEST_F(acpi, slit)
{
	const uint8_t *slit = find(self->buf, "SLIT");
	unsigned int n = self->topo.nr_nodes, i, j;

	if (n == 1)
		SKIP(return, "one node has no SLIT");
	ASSERT_NE(slit, NULL);
	EXPECT_EQ(get(slit + 36, 8), n);
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			EXPECT_EQ(slit[44 + i * n + j], i == j ? 10 : 20);
}

/* Whatever the size of the area, it is kept. */
TEST_F(acpi, too_small)
{
	long size;

	for (size = 0; size < self->len; size += 13) {
		uint8_t *exact = malloc(size ?: 1);

		ASSERT_NE(exact, NULL);
		EXPECT_EQ(acpi_build(&self->cfg, exact, size, BASE), -ENOSPC);
		free(exact);
	}
}

TEST_HARNESS_MAIN
