/* SPDX-License-Identifier: GPL-2.0 */
/*
 * acpi.h - the firmware tables, the same for every engine
 *
 * Hardware-reduced ACPI 6.5: FADT, a static DSDT with both serial ports, MADT,
 * and with more than one node SRAT, SLIT and HMAT.
 */
#ifndef KTSTR_VMM_ACPI_H
#define KTSTR_VMM_ACPI_H

#include "../lib/topology.h"

struct acpi_config {
	const struct topology *topo;
	uint64_t ram_size;
	uint64_t low_size;
};

/*
 * acpi_build - write all tables for guest-physical @gpa to @buf, which has @size
 * bytes; the root pointer comes first, at @gpa. Returns the bytes used, or -ENOSPC.
 */
long acpi_build(const struct acpi_config *cfg, uint8_t *buf, size_t size, uint64_t gpa);

/*
 * acpi_node_ram - which part of RAM a node has: bytes [start, start + len) of the RAM object, not
 * of guest-physical space.
 */
void acpi_node_ram(const struct acpi_config *cfg, unsigned int node, uint64_t *start,
		   uint64_t *len);

#endif /* KTSTR_VMM_ACPI_H */
