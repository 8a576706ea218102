// SPDX-License-Identifier: GPL-2.0
/*
 * acpi.c - ACPI tables. Section numbers are those of the ACPI specification 6.5.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "acpi.h"
#include "layout.h"

struct rsdp {				/* 5.2.5.3 */
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t ext_checksum;
	uint8_t reserved[3];
} __packed;

struct sdt_header {			/* 5.2.6 */
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __packed;

struct gas {				/* 5.2.3.2 */
	uint8_t space_id;
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t access_size;
	uint64_t address;
} __packed;

#define GAS_SYSTEM_IO	1
#define GAS_BYTE	1

/* 5.2.9; only what a hardware-reduced platform may fill in has a name. */
struct fadt {
	struct sdt_header h;
	uint32_t facs, dsdt;
	uint8_t reserved0;
	uint8_t pm_profile;
	uint8_t legacy[63];		/* SCI_INT to MON_ALRM, CENTURY: not used */
	uint16_t boot_arch;
	uint8_t reserved1;
	uint32_t flags;
	struct gas reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	struct gas legacy_blk[8];
	struct gas sleep_control, sleep_status;
	uint64_t hypervisor;
} __packed;

_Static_assert(sizeof(struct fadt) == 276, "FADT revision 6 has 276 bytes");

#define FADT_PM_ENTERPRISE_SERVER	4
#define FADT_BOOT_NO_VGA		BIT(2)
#define FADT_BOOT_NO_CMOS_RTC		BIT(5)
#define FADT_RESET_REG_SUP		BIT(10)
#define FADT_HW_REDUCED			BIT(20)

struct madt {				/* 5.2.12 */
	struct sdt_header h;
	uint32_t lapic;
	uint32_t flags;
} __packed;

struct madt_lapic {			/* 5.2.12.2, type 0 */
	uint8_t type, length;
	uint8_t acpi_id, apic_id;
	uint32_t flags;
} __packed;

struct madt_ioapic {			/* 5.2.12.3, type 1 */
	uint8_t type, length;
	uint8_t id, reserved;
	uint32_t address;
	uint32_t gsi_base;
} __packed;

struct madt_x2apic {			/* 5.2.12.12, type 9 */
	uint8_t type, length;
	uint16_t reserved;
	uint32_t apic_id;
	uint32_t flags;
	uint32_t acpi_id;
} __packed;

#define MADT_ENABLED	BIT(0)
#define XAPIC_MAX	254		/* 255 is the broadcast id */

struct srat {				/* 5.2.16 */
	struct sdt_header h;
	uint32_t reserved0;
	uint64_t reserved1;
} __packed;

struct srat_memory {			/* 5.2.16.2, type 1 */
	uint8_t type, length;
	uint32_t domain;
	uint16_t reserved0;
	uint64_t base, size;
	uint32_t reserved1;
	uint32_t flags;
	uint64_t reserved2;
} __packed;

struct srat_x2apic {			/* 5.2.16.3, type 2 */
	uint8_t type, length;
	uint16_t reserved0;
	uint32_t domain;
	uint32_t apic_id;
	uint32_t flags;
	uint32_t clock_domain;
	uint32_t reserved1;
} __packed;

#define SRAT_ENABLED	BIT(0)

struct slit {				/* 5.2.17 */
	struct sdt_header h;
	uint64_t nr_localities;
	uint8_t distance[];
} __packed;

struct hmat {				/* 5.2.28 */
	struct sdt_header h;
	uint32_t reserved;
} __packed;

struct hmat_domain {			/* 5.2.28.3, type 0 */
	uint16_t type, reserved0;
	uint32_t length;
	uint16_t flags, reserved1;
	uint32_t initiator, memory;
	uint32_t reserved2;
	uint64_t reserved3, reserved4;
} __packed;

_Static_assert(sizeof(struct hmat_domain) == 40, "the structure of type 0 has 40 bytes");

#define HMAT_INITIATOR_VALID	BIT(0)

/* 5.2.28.4, type 1; initiators, targets and the matrix, 16 bits each, follow. */
struct hmat_locality {
	uint16_t type, reserved0;
	uint32_t length;
	uint8_t flags, data_type, min_transfer, reserved1;
	uint32_t nr_initiators, nr_targets;
	uint32_t reserved2;
	uint64_t unit;
} __packed;

#define HMAT_ACCESS_LATENCY	0
#define HMAT_ACCESS_BANDWIDTH	3
#define HMAT_UNIT_LATENCY	1000	/* ps */
#define HMAT_UNIT_BANDWIDTH	100	/* MB/s */

/* Where the tables are put; becomes bad and stays bad when they do not fit. */
struct arena {
	uint8_t *buf;
	size_t size, used;
	uint64_t gpa;
	bool full;
};

static void *arena_alloc(struct arena *a, size_t len)
{
	void *p = a->buf + a->used;

	if (a->full || len > a->size - a->used) {
		a->full = true;
		return NULL;
	}
	memset(p, 0, len);
	a->used += len;
	return p;
}

static void *arena_put(struct arena *a, const void *data, size_t len)
{
	void *p = arena_alloc(a, len);

	return p ? memcpy(p, data, len) : NULL;
}

static uint8_t checksum(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint8_t sum = 0;

	while (len--)
		sum += *b++;
	return -sum;
}

static void *table_begin(struct arena *a, const char *signature, uint8_t revision, size_t len)
{
	struct sdt_header *h;

	a->used = ALIGN_UP(a->used, 16);
	if (a->used > a->size) {
		a->full = true;
		return NULL;
	}
	h = arena_alloc(a, len);
	if (!h)
		return NULL;
	memcpy(h->signature, signature, sizeof(h->signature));
	h->revision = revision;
	memcpy(h->oem_id, "KTSTR ", sizeof(h->oem_id));
	memcpy(h->oem_table_id, "KTSTRVM ", sizeof(h->oem_table_id));
	h->oem_revision = 1;
	memcpy(h->creator_id, "KTST", sizeof(h->creator_id));
	h->creator_revision = 1;
	return h;
}

/* Everything since table_begin() is the table. Returns its guest-physical address. */
static uint64_t table_end(struct arena *a, void *table)
{
	struct sdt_header *h = table;

	if (a->full || !h)
		return 0;
	h->length = a->buf + a->used - (uint8_t *)table;
	h->checksum = checksum(h, h->length);
	return a->gpa + ((uint8_t *)table - a->buf);
}

/*
 * The AML of one serial port (20.2.5 and 6.4): a PNP0501 with its ports and its
 * interrupt. Without it there is no interrupt on a hardware-reduced platform,
 * and the driver polls by timer.
 */
static void dsdt_serial(struct arena *a, char digit, uint8_t uid, uint16_t port, uint8_t irq)
{
	const uint8_t lo = port & 0xff, hi = port >> 8;
	const uint8_t crs[] = {
		0x47, 0x01, lo, hi, lo, hi, 0x01, 0x08,	/* 6.4.2.5: 8 ports, 16-bit decode */
		0x89, 0x06, 0x00, 0x03, 0x01, irq, 0, 0, 0,	/* 6.4.3.6: consumer, edge, high */
		0x79, 0x00,					/* 6.4.2.9: end tag, no checksum */
	};
	const uint8_t head[] = {
		'C', 'O', 'M', digit,
		0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0, 0x05, 0x01,	/* EISAID("PNP0501") */
		0x08, '_', 'U', 'I', 'D', 0x0a, uid,
		0x08, '_', 'C', 'R', 'S',
		0x11, sizeof(crs) + 3, 0x0a, sizeof(crs),		/* Buffer(n) */
	};
	const uint8_t device[] = { 0x5b, 0x82, 1 + sizeof(head) + sizeof(crs) };

	_Static_assert(1 + sizeof(head) + sizeof(crs) < 64, "one-byte PkgLength (20.2.4)");
	arena_put(a, device, sizeof(device));
	arena_put(a, head, sizeof(head));
	arena_put(a, crs, sizeof(crs));
}

static uint64_t build_dsdt(struct arena *a)
{
	void *t = table_begin(a, "DSDT", 2, sizeof(struct sdt_header));
	/* Scope(_SB), 2-byte PkgLength */
	uint8_t scope[] = { 0x10, 0x40, 0x00, '_', 'S', 'B', '_' };
	uint8_t *p = arena_put(a, scope, sizeof(scope));
	size_t len;

	dsdt_serial(a, '1', 1, PORT_COM1, IRQ_COM1);
	dsdt_serial(a, '2', 2, PORT_COM2, IRQ_COM2);
	if (!a->full) {
		/* 20.2.4: it counts its own bytes; bits 0-3 in the first, 4-11 in the second. */
		len = a->buf + a->used - (p + 1);
		p[1] = 0x40 | (len & 0xf);
		p[2] = len >> 4;
	}
	return table_end(a, t);
}

static uint64_t build_fadt(struct arena *a, uint64_t dsdt)
{
	struct fadt *t = table_begin(a, "FACP", 6, sizeof(*t));

	if (!t)
		return 0;
	t->minor = 5;
	t->dsdt = dsdt;
	t->x_dsdt = dsdt;
	t->pm_profile = FADT_PM_ENTERPRISE_SERVER;
	t->boot_arch = FADT_BOOT_NO_VGA | FADT_BOOT_NO_CMOS_RTC;
	t->flags = FADT_HW_REDUCED | FADT_RESET_REG_SUP;
	t->reset_reg = (struct gas){
		.space_id = GAS_SYSTEM_IO, .bit_width = 8, .access_size = GAS_BYTE,
		.address = PORT_DEBUG_EXIT,
	};
	t->reset_value = DEBUG_EXIT_RESET;
	return table_end(a, t);
}

static uint64_t build_madt(struct arena *a, const struct topology *topo)
{
	struct madt *t = table_begin(a, "APIC", 5, sizeof(*t));
	const struct madt_ioapic ioapic = {
		.type = 1, .length = sizeof(ioapic), .address = GPA_IOAPIC,
	};
	unsigned int cpu;

	if (!t)
		return 0;
	t->lapic = GPA_LAPIC;
	for (cpu = 0; cpu < topology_nr_cpus(topo); cpu++) {
		unsigned int id = topology_apic_id(topo, cpu);

		if (id <= XAPIC_MAX)
			arena_put(a, &(struct madt_lapic){
				.length = sizeof(struct madt_lapic),
				.acpi_id = cpu, .apic_id = id, .flags = MADT_ENABLED,
			}, sizeof(struct madt_lapic));
		else
			arena_put(a, &(struct madt_x2apic){
				.type = 9, .length = sizeof(struct madt_x2apic),
				.acpi_id = cpu, .apic_id = id, .flags = MADT_ENABLED,
			}, sizeof(struct madt_x2apic));
	}
	arena_put(a, &ioapic, sizeof(ioapic));
	return table_end(a, t);
}

void acpi_node_ram(const struct acpi_config *cfg, unsigned int node, uint64_t *start, uint64_t *len)
{
	unsigned int nodes = topology_all_nodes(cfg->topo);
	uint64_t share = cfg->ram_size / nodes & ~(2 * MIB - 1);

	*start = node * share;
	*len = node == nodes - 1 ? cfg->ram_size - *start : share;
}

static void srat_memory(struct arena *a, unsigned int node, uint64_t base, uint64_t size)
{
	if (size)
		arena_put(a, &(struct srat_memory){
			.type = 1, .length = sizeof(struct srat_memory), .domain = node,
			.base = base, .size = size, .flags = SRAT_ENABLED,
		}, sizeof(struct srat_memory));
}

static uint64_t build_srat(struct arena *a, const struct acpi_config *cfg)
{
	struct srat *t = table_begin(a, "SRAT", 3, sizeof(*t));
	unsigned int cpu, node;

	if (!t)
		return 0;
	t->reserved0 = 1;	/* "Reserved to be 1 for backward compatibility" */
	for (cpu = 0; cpu < topology_nr_cpus(cfg->topo); cpu++)
		arena_put(a, &(struct srat_x2apic){
			.type = 2, .length = sizeof(struct srat_x2apic),
			.domain = topology_node_of_cpu(cfg->topo, cpu),
			.apic_id = topology_apic_id(cfg->topo, cpu), .flags = SRAT_ENABLED,
		}, sizeof(struct srat_x2apic));
	for (node = 0; node < topology_all_nodes(cfg->topo); node++) {
		uint64_t start, len, low;

		acpi_node_ram(cfg, node, &start, &len);
		low = start < cfg->low_size ? min(len, cfg->low_size - start) : 0;
		srat_memory(a, node, start, low);
		srat_memory(a, node, GPA_HIGH_RAM + start + low - cfg->low_size, len - low);
	}
	return table_end(a, t);
}

static uint64_t build_slit(struct arena *a, const struct topology *topo)
{
	struct slit *t = table_begin(a, "SLIT", 1, sizeof(*t));
	unsigned int nodes = topology_all_nodes(topo), i, j;

	if (!t)
		return 0;
	t->nr_localities = nodes;
	for (i = 0; i < nodes; i++)
		for (j = 0; j < nodes; j++) {
			uint8_t d = topology_distance(topo, i, j);

			arena_put(a, &d, 1);
		}
	return table_end(a, t);
}

static void hmat_locality(struct arena *a, const struct topology *topo, uint8_t data_type)
{
	bool latency = data_type == HMAT_ACCESS_LATENCY;
	struct hmat_locality head = {
		.type = 1, .data_type = data_type,
		.nr_initiators = topo->nr_nodes, .nr_targets = topology_all_nodes(topo),
		.unit = latency ? HMAT_UNIT_LATENCY : HMAT_UNIT_BANDWIDTH,
	};
	uint32_t i, j;

	head.length = sizeof(head) + (head.nr_initiators + head.nr_targets) * sizeof(uint32_t) +
		      head.nr_initiators * head.nr_targets * sizeof(uint16_t);
	arena_put(a, &head, sizeof(head));
	for (i = 0; i < head.nr_initiators; i++)
		arena_put(a, &i, sizeof(i));
	for (j = 0; j < head.nr_targets; j++)
		arena_put(a, &j, sizeof(j));
	for (i = 0; i < head.nr_initiators; i++)
		for (j = 0; j < head.nr_targets; j++) {
			unsigned int distance = topology_distance(topo, i, j);
			uint16_t v = latency ? topology_latency(distance) :
				     topology_bandwidth(distance) / HMAT_UNIT_BANDWIDTH;

			arena_put(a, &v, sizeof(v));
		}
}

static uint64_t build_hmat(struct arena *a, const struct topology *topo)
{
	struct hmat *t = table_begin(a, "HMAT", 2, sizeof(*t));
	unsigned int node;

	/* A memory-only node has no initiator of its own: that is for the matrix to say. */
	for (node = 0; node < topology_all_nodes(topo); node++)
		arena_put(a, &(struct hmat_domain){
			.length = sizeof(struct hmat_domain), .memory = node,
			.initiator = node < topo->nr_nodes ? node : 0,
			.flags = node < topo->nr_nodes ? HMAT_INITIATOR_VALID : 0,
		}, sizeof(struct hmat_domain));
	hmat_locality(a, topo, HMAT_ACCESS_LATENCY);
	hmat_locality(a, topo, HMAT_ACCESS_BANDWIDTH);
	return table_end(a, t);
}

long acpi_build(const struct acpi_config *cfg, uint8_t *buf, size_t size, uint64_t gpa)
{
	struct arena a = { .buf = buf, .size = size, .gpa = gpa };
	struct rsdp *rsdp = arena_alloc(&a, sizeof(*rsdp));
	uint64_t table[8];
	unsigned int nr = 0;
	void *xsdt;

	table[nr++] = build_fadt(&a, build_dsdt(&a));
	table[nr++] = build_madt(&a, cfg->topo);
	if (topology_all_nodes(cfg->topo) > 1) {
		table[nr++] = build_srat(&a, cfg);
		table[nr++] = build_slit(&a, cfg->topo);
		table[nr++] = build_hmat(&a, cfg->topo);
	}
	xsdt = table_begin(&a, "XSDT", 1, sizeof(struct sdt_header));
	arena_put(&a, table, nr * sizeof(table[0]));
	if (a.full || !rsdp)
		return -ENOSPC;

	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, "KTSTR ", sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = table_end(&a, xsdt);
	rsdp->checksum = checksum(rsdp, 20);	/* of the ACPI 1.0 part */
	rsdp->ext_checksum = checksum(rsdp, sizeof(*rsdp));
	return a.used;
}
