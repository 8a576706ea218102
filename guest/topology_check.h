/* SPDX-License-Identifier: GPL-2.0 */
/*
 * topology_check.h - is the machine that the kernel sees the one that was asked for?
 */
#ifndef KTSTR_GUEST_TOPOLOGY_CHECK_H
#define KTSTR_GUEST_TOPOLOGY_CHECK_H

#include "scenario.h"

/*
 * topology_check_sysfs - compare what is below @sysfs ("/sys") with @topo, exactly: CPUs
 * online, thread siblings, CPUs of the last-level caches, nodes with their CPUs, memory
 * and distances. -ENXIO with the first difference in @err.
 */
int topology_check_sysfs(const char *sysfs, const struct topology *topo, struct err *err);

/*
 * topology_check_hmat - the same for what the kernel read from HMAT: for the memory of each node
 * the nearest nodes with CPUs, latency and bandwidth from there. -ENODATA when it shows nothing
 * at all, as a kernel without CONFIG_ACPI_HMAT.
 */
int topology_check_hmat(const char *sysfs, const struct topology *topo, struct err *err);

/* topology_check - a body for KTSTR_TEST(): /sys against the topology of the job. */
int topology_check(struct scenario *scn, struct msg_result *res);

#endif /* KTSTR_GUEST_TOPOLOGY_CHECK_H */
