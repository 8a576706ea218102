#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh - "make bench": what ktstr costs, as JSON lines (tests/bench.c). BENCH_RUNS rounds.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

scripts/install-deps.sh
if [ -z "${KDIR-}" ]; then
	scripts/fetch-tree.sh >/dev/null
fi
kernel=$(scripts/fetch-kernel.sh)
"${MAKE:-make}" -j"$(nproc)" tests >&2
exec build/tests/ktstr_bench -k "$kernel" -n "${BENCH_RUNS:-5}"
