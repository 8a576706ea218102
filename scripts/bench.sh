#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh - "make bench": what an instance costs, cold and warm, in real seconds. BENCH_RUNS times each.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

runs=${BENCH_RUNS:-5}

scripts/install-deps.sh
if [ -z "${KDIR-}" ]; then
	scripts/fetch-tree.sh >/dev/null
fi
kernel=$(scripts/fetch-kernel.sh)
"${MAKE:-make}" -j"$(nproc)" all >/dev/null

test=$(./ktstr -k "$kernel" -l | awk '!/^#/ && NF { print $1; exit }')
log=$(mktemp)
trap 'rm -f "$log"' EXIT

echo "# kernel $kernel, test $test, $runs runs each, $(nproc) CPUs"
printf '%-44s %8s %8s %8s\n' "what" "min s" "median s" "max s"
measure()	# $1: title; then a command
{
	title=$1
	shift
	i=0
	while [ $i -lt "$runs" ]; do
		start=$(date +%s.%N)
		"$@" >"$log" 2>&1 || { cat "$log"; die "failed: $*"; }
		echo "$start $(date +%s.%N)"
		i=$((i + 1))
	done | awk '{ print $2 - $1 }' | sort -n | awk -v t="$title" '
		{ v[NR] = $1 }
		END { printf "%-44s %8.2f %8.2f %8.2f\n", t, v[1], v[int((NR + 1) / 2)], v[NR] }'
}

for topology in 1n1l1c1t 1n2l2c1t; do
	measure "$topology, one instance of 0.1 s" ./ktstr -k "$kernel" -t "$test" --topology $topology --duration 0.1
	measure "$topology, the same, --cold" ./ktstr -k "$kernel" -t "$test" --topology $topology --duration 0.1 --cold
done
