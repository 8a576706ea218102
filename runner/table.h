/* SPDX-License-Identifier: GPL-2.0 */
/*
 * table.h - what controls have been caught by
 */
#ifndef KTSTR_RUNNER_TABLE_H
#define KTSTR_RUNNER_TABLE_H

#include "outcome.h"
#include "plan.h"

/*
 * table_print - a line for each control among the first @nr instances of @plan: its fault, the
 * cause that it failed with, and after how long; nothing if there is none.
 */
void table_print(const struct plan *plan, const struct caught *caught, unsigned int nr);

#endif /* KTSTR_RUNNER_TABLE_H */
