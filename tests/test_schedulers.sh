#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Schedulers that others wrote: those of the tree's tools/sched_ext.
#
# Usage: test_schedulers.sh BINARY TREE WORKDIR KERNEL [OLD_KERNEL]
#
# KERNEL is the bzImage that the tree belongs to, OLD_KERNEL one that is too old for
# some of its schedulers. They are built in WORKDIR.

if [ $# -lt 4 ]; then
	echo "usage: $0 BINARY TREE WORKDIR KERNEL [OLD_KERNEL]" >&2
	exit 1
fi
bin=$(realpath "$1")
tree=$(realpath "$2")
work=$3
kernel=$4
old=${5-}

nr=0
failed=0
echo "TAP version 13"
echo "1..$([ -n "$old" ] && echo 4 || echo 2)"

result()	# $1: 0 if it is good, $2: name
{
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then
		echo "ok $nr $2"
	else
		echo "not ok $nr $2"
		failed=$((failed + 1))
	fi
}

say()
{
	sed 's/^/# | /' "$1"
}

# A loader of these wants an ELF file with the BTF of the kernel that it is built for.
build()
{
	mkdir -p "$work"
	"$tree/scripts/extract-vmlinux" "$kernel" >"$work/vmlinux" || return 1
	for clang in clang clang-22 clang-21 clang-20 clang-19 clang-18 clang-17 clang-16; do
		v=$(echo __clang_major__ | $clang -E -P -x c - 2>/dev/null) || continue
		[ "$v" -ge 16 ] || continue
		# What make was told about our own build is not for this one.
		env -u MAKEFLAGS -u MAKELEVEL -u O -u KBUILD_OUTPUT make -C "$tree/tools/sched_ext"	\
			CLANG="$clang" VMLINUX_BTF="$work/vmlinux" O="$work" -j"$(nproc)"		\
			scx_simple scx_qmap
		return
	done
	echo "no clang that is new enough"
	return 1
}

passes()	# $1: kernel, $2: scheduler
{
	"$bin" -k "$1" --sched "$work/build/bin/$2" -t cgroup_steady -t cgroup_add_midrun	\
		-t cgroup_pipe_io >"$work/log" 2>&1
	code=$?
	[ $code = 0 ] && [ "$(grep -c '^ok [0-9]* [a-z]' "$work/log")" = 3 ] && return
	say "$work/log"
	return 1
}

# The first line of the report must be what the loader itself said.
refused()	# $1: kernel, $2: scheduler
{
	"$bin" -k "$1" --sched "$work/build/bin/$2" -t cgroup_steady >"$work/log" 2>&1
	code=$?
	first=$(grep -m 1 '^# FAIL' "$work/log")
	case "$code $first" in
	"1 # FAIL sched-attach: scheduler $2 ended before it was attached, exit code 1: "*"too old"*)
		return ;;
	esac
	say "$work/log"
	return 1
}

if ! build >"$work.log" 2>&1; then
	tail -n 30 "$work.log" | sed 's/^/# | /'
	echo "Bail out! tools/sched_ext cannot be built"
	exit 1
fi
passes "$kernel" scx_simple
result $? scx_simple
refused "$kernel" /bin/true >/dev/null 2>&1 && bad=1 || bad=0
result $bad refusal_is_not_seen_in_anything
if [ -n "$old" ]; then
	passes "$old" scx_simple
	result $? scx_simple_on_an_older_kernel
	refused "$old" scx_qmap
	result $? scx_qmap_on_an_older_kernel_says_why
fi
exit $((failed > 0))
