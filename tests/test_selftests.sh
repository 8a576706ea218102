#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own selftests/sched_ext, in a guest: their runner is a payload, whose results are judged.
#
# Usage: test_selftests.sh [--all] BINARY CONTROLS TREE WORKDIR KERNEL
#
# BINARY has payload_scx_selftests*, CONTROLS control_selftests_*; KERNEL is the bzImage that TREE
# belongs to. The runner is built in WORKDIR; where that cannot be done all is skipped. Without
# --all only those about select_cpu() run: all of them take ten times as long.

all=
if [ "${1-}" = --all ]; then
	all=1
	shift
fi
if [ $# -ne 5 ]; then
	echo "usage: $0 [--all] BINARY CONTROLS TREE WORKDIR KERNEL" >&2
	exit 1
fi
bin=$(realpath "$1")
controls=$(realpath "$2")
tree=$(realpath "$3")
mkdir -p "$4" || exit 1
work=$(realpath "$4")
kernel=$(realpath "$5")
tests="payload_scx_selftests_select_cpu control_selftests_fail control_selftests_few"
[ -z "$all" ] || tests="$tests payload_scx_selftests"

# What keeps it from being built, if anything does, is the last line.
build()
{
	dir=$tree/tools/testing/selftests/sched_ext
	[ -f "$dir/runner.c" ] || { echo "$tree has no tools/testing/selftests/sched_ext"; return 1; }
	"$tree/scripts/extract-vmlinux" "$kernel" >"$work/vmlinux" ||
		{ echo "no kernel in $kernel, whose BTF it is built with"; return 1; }
	for clang in clang clang-22 clang-21 clang-20 clang-19 clang-18 clang-17 clang-16; do
		v=$(echo __clang_major__ | $clang -E -P -x c - 2>/dev/null) || continue
		[ "$v" -ge 16 ] || continue
		# What make was told about our own build is not for this one.
		env -u MAKEFLAGS -u MAKELEVEL -u O -u KBUILD_OUTPUT make -C "$dir" CLANG="$clang"	\
			VMLINUX_BTF="$work/vmlinux" OUTPUT="$work" -j"$(nproc)" || return 1
		ln -sf runner "$work/scx_selftests"
		return
	done
	echo "no clang of version 16 or later"
	return 1
}

echo "TAP version 13"
# shellcheck disable=SC2086
set -- $tests
echo "1..$#"
nr=0
failed=0
if ! build >"$work/build.log" 2>&1; then
	echo "# skipped: the runner cannot be built: $(tail -n 1 "$work/build.log")"
	for test; do
		nr=$((nr + 1))
		echo "ok $nr $test # SKIP"
	done
	exit 4
fi
PATH=$work:$PATH
export PATH
for test; do
	nr=$((nr + 1))
	case $test in
	control_*) program=$controls ;;
	*) program=$bin ;;
	esac
	"$program" -k "$kernel" -v -t "$test" >"$work/$test.log" 2>&1
	code=$?
	# Skipped is not passed: it was built, and the kernel has what it needs.
	if [ $code = 0 ] && grep -q "^ok 1 $test\.[^#]*$" "$work/$test.log"; then
		sed -n 's/^# log| \(payload [a-z_]*: tests .*\)/# \1/p' "$work/$test.log"
		echo "ok $nr $test"
	else
		sed 's/^/# | /' "$work/$test.log"
		echo "not ok $nr $test"
		failed=1
	fi
done
exit $failed
