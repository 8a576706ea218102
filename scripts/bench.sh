#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh - "make bench": what ktstr costs, as JSON lines (tests/bench.c), on both engines. BENCH_RUNS
# rounds. Where this machine's KVM runs no kernel, kvm is measured in a guest in which it does, whose clock
# counts instructions: its times are to be compared with each other only.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

scripts/install-deps.sh
if [ -z "${KDIR-}" ]; then
	scripts/fetch-tree.sh >/dev/null
fi
kernel=$(scripts/fetch-kernel.sh)
"${MAKE:-make}" -j"$(nproc)" all tests >&2
bench=build/tests/ktstr_bench
runs=${BENCH_RUNS:-5}

# Limits that are missed are told, and the exit code is 1; the rest is measured all the same.
missed=0
$bench -k "$kernel" -n "$runs" -a tcg || missed=1

code=0
./ktstr_basic --accel kvm -k "$kernel" -t topology_matches >/dev/null 2>&1 || code=$?
if [ $code != 4 ]; then
	$bench -k "$kernel" -n "$runs" -a kvm || missed=1
	exit $missed
fi
say "KVM runs no kernel here: measuring it in a guest, which takes some minutes"
qemu=$(command -v qemu-system-x86_64)
share=${qemu%/bin/*}/share/qemu
set --
for file in bios-microvm.bin linuxboot_dma.bin kvmvapic.bin pvh.bin; do
	set -- "$@" "$share/$file:$share/$file"
done
# What the kernel of that guest says goes to stderr, which is for progress.
scripts/nested.sh -m 3072 -c 4 -t 3000 $bench "$kernel:vmlinuz" "$qemu:$qemu" "$@" --	\
	ktstr_bench -k /vmlinuz -n "$runs" -a kvm || missed=1
exit $missed
