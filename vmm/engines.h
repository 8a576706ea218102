/* SPDX-License-Identifier: GPL-2.0 */
/*
 * engines.h - all engines there are, best first
 */
#ifndef KTSTR_VMM_ENGINES_H
#define KTSTR_VMM_ENGINES_H

#include "vm.h"

extern const struct vm_engine vm_engine_kvm;
extern const struct vm_engine vm_engine_tcg;

#endif /* KTSTR_VMM_ENGINES_H */
