#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh - "make demo": from nothing to scenarios on the kernel's own scheduler, on a sched_ext
# scheduler, and on one that stalls and is caught.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

topology=1n2l2c1t
tour="-t cgroup_steady -t cgroup_add_midrun -t cgroup_pipe_io -t sched_batch -t nested_cgroup_steady
	-t cgroup_cpuset_llc_steady -t cgroup_cpuset_overlap_steady -t cgroup_affinity_pinned"

# The kernel of this machine if it has sched_ext and its image can be read, else one from the cache.
pick_kernel()
{
	if [ -e /sys/kernel/sched_ext ]; then
		release=$(uname -r)
		for image in "/lib/modules/$release/vmlinuz" "/boot/vmlinuz-$release"; do
			if [ -r "$image" ]; then
				echo "$image"
				return
			fi
		done
	fi
	scripts/fetch-kernel.sh
}

scripts/install-deps.sh
if [ -z "${KDIR-}" ]; then
	scripts/fetch-tree.sh >/dev/null
fi
kernel=$(pick_kernel)
"${MAKE:-make}" -j"$(nproc)" all tests

code=0
show()		# $1: title; then a command
{
	printf '\n=== %s\n' "$1"
	shift
	echo "    $*"
	"$@" || { status=$?; [ $code = 1 ] || code=$status; }
}

# shellcheck disable=SC2086 # words, on purpose
set -- -j 2 -k "$kernel" --topology $topology $tour
show "scenarios on the kernel's own scheduler" ./ktstr "$@"
show "the same on a sched_ext scheduler, one FIFO for all CPUs" ./ktstr "$@" --sched builtin:fifo
show "that scheduler made to stall: the test passes if that is noticed"		\
	build/tests/ktstr_controls -k "$kernel" -t 'control_sched_stall*'

case $code in
0) echo "all of it passed" ;;
4) echo "some of it was skipped, see above" ;;
*) echo "something failed, see above" ;;
esac
exit $code
