#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# As a part of a kernel tree: built, run, installed, packed and cleaned by the tree's own makefiles, with and
# without O=, and with all that is optional missing.
#
# Usage: test_tree.sh TREE KERNEL WORKDIR

if [ $# -ne 3 ]; then
	echo "usage: $0 TREE KERNEL WORKDIR" >&2
	exit 1
fi
tree=$(realpath "$1")
kernel=$(realpath "$2")
mkdir -p "$3"
work=$(realpath "$3")
here=$(cd "$(dirname "$0")/.." && pwd)
top=$work/tree
self=$top/tools/testing/selftests/ktstr

echo "TAP version 13"
echo "1..13"
nr=0
failed=0
result()	# $1: 0 if it is good, $2: name
{
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then
		echo "ok $nr $2"
	else
		tail -n 20 "$work/log" | sed 's/^/# | /'
		echo "not ok $nr $2"
		failed=1
	fi
}

# Ours as it is committed or would be, at its place in a copy that shares its files with the tree.
set_up()
{
	rm -rf "$top" && cp -al "$tree" "$top" && rm -rf "$self" && mkdir "$self" || return 1
	(cd "$here" && git ls-files -co --exclude-standard -z | xargs -0 tar -c) | tar -x -C "$self" || return 1
	grep -q '^TARGETS += ktstr$' "$top/tools/testing/selftests/Makefile" ||
		sed -i '0,/^TARGETS +=/s//TARGETS += ktstr\n&/' "$top/tools/testing/selftests/Makefile"
}

# To the log by a pipe: runner.sh opens its standard output anew, at the start of a file.
logged()
{
	{
		"$@"
		echo $? >"$work/code"
	} 2>&1 | cat >"$work/log"
	return "$(cat "$work/code")"
}

# What make was told about our own build is not for this one.
kselftest()
{
	logged env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u OUTPUT -u KDIR -u O -u KBUILD_OUTPUT		\
		make -C "$top/tools/testing/selftests" TARGETS=ktstr "$@"
}

sources() { (cd "$self" && find . -type f -exec md5sum {} + | sort -k 2); }

# The same files as before the first build.
intact()
{
	sources >"$work/sources.now"
	diff "$work/sources" "$work/sources.now" >"$work/log"
}

# Two programs ran one test each, and passed; the others have none of that name.
both_ran()
{
	[ "$(grep -c '^# ok 1 cgroup_[a-z_]*\.1n2l2c1t\.default' "$work/log")" = 2 ] &&
		[ "$(grep -c '^ok [0-9]* selftests: ktstr: ktstr_[a-z]*$' "$work/log")" = 2 ]
}

export KTSTR_KERNEL="$kernel" KTSTR_FILTER="cgroup_steady cgroup_cpuset_llc_steady"

set_up || { echo "Bail out! $tree cannot be copied to $work"; exit 1; }
sources >"$work/sources"

kselftest
result $? all
grep -i 'warning' "$work/log" >"$work/warnings"
cp "$work/warnings" "$work/log"
[ ! -s "$work/warnings" ]
result $? no_warnings
kselftest run_tests
both_ran
result $? run_tests
groups=$(cd "$self/scenarios" && echo *.c | tr ' ' '\n' | sed -n '/\.bpf\.c/d; s/\(.*\)\.c/ktstr_\1/p')
kselftest install INSTALL_PATH="$work/installed" &&
	[ "$(cd "$work/installed/ktstr" && echo *)" = "$(echo config ktstr $groups settings)" ]
result $? install
kselftest gen_tar INSTALL_PATH="$work/packed"
result $? gen_tar
mkdir -p "$work/unpacked"
tar -xf "$work"/packed/kselftest-packages/kselftest.tar* -C "$work/unpacked" &&
	logged sh -c 'cd "$1" && exec ./run_kselftest.sh -c ktstr' - "$work/unpacked"
both_ran
result $? run_unpacked
kselftest clean && intact
result $? clean

# Neither static libraries nor clang: what is there runs, the rest is skipped by name.
bare="BPF_CLANGS=/bin/false"
kselftest O="$work/objects" $bare LIBS_TRY='"-lelf -lz"' && intact
result $? all_elsewhere
bin=$work/objects/kselftest/ktstr/ktstr_basic
ldd "$bin" >"$work/log" 2>&1 && grep -q libelf "$work/log" &&
	"$bin" -t cgroup_steady >"$work/log" 2>&1 && grep -q '^ok 1 cgroup_steady' "$work/log"
result $? dynamic
"$bin" -t cgroup_steady --sched builtin:fifo >"$work/log" 2>&1
[ $? = 4 ] && grep -q '^# skipped: built-in scheduler fifo: built without clang' "$work/log"
result $? without_clang
kselftest O="$work/objects" $bare clean && intact && [ -z "$(find "$work/objects/kselftest/ktstr" -type f)" ]
result $? clean_elsewhere

# Cleaning needs no tools, and an unknown architecture says so in one program.
kselftest clean CC=/bin/false CLANG=/bin/false BPFTOOL=/bin/false && intact
result $? clean_without_tools
kselftest ARCH=riscv && "$self/ktstr_unsupported" >"$work/log"
[ $? = 4 ] && grep -q '^1..0 # SKIP' "$work/log"
result $? other_architecture
rm -rf "$top"
exit $failed
