#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# check.sh - "make check": everything that proves the framework right. Fetches what is missing, builds
# with warnings as errors, runs the unit tests plain and sanitized, fuzzes, and runs scenarios and
# controls on two kernels. The last line is "N passed, N failed, N skipped".
#
# CHECK_KERNELS: series to test on. CHECK_FUZZ_S: seconds for each fuzz target. CHECK_TOPOLOGIES: random
# topologies on kvm where it runs in an L1, 10; "all": all 40 and all that are larger than 8 CPUs, too.
# CHECK_KVM: groups to run on kvm, "basic cpuset"; "all": each of them.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/common.sh

make=${MAKE:-make}
out=$PWD
logs=$out/build/check
rm -rf "$logs"
mkdir -p "$logs"

# A shell hears of a signal only when it waits, and nobody else will end what it has in the background.
foreground()
{
	"$@" &
	child=$!
	wait $child
}
on_signal() { kill $child $kvm_job 2>/dev/null; wait; exit 130; }
child=
kvm_job=
trap on_signal INT TERM HUP

run() { foreground scripts/run-tests.sh run "$logs" "$@"; }
failed() { scripts/run-tests.sh fail "$logs" "$@"; }
finish() { scripts/run-tests.sh total "$logs"; exit; }

# A step is one more result: what cannot be built has failed, and says so in the total.
step()		# $1: name, then a command
{
	name=$1
	shift
	start=$(date +%s)
	if foreground "$@" >"$logs/$name.log" 2>&1; then
		scripts/run-tests.sh pass "$logs" "$name" "$(($(date +%s) - start))"
	else
		# Less what make says about each file that it builds.
		grep -Ev '^  [A-Z]+ ' "$logs/$name.log" | tail -n 40 | sed 's/^/    | /'
		failed "$name" "see $logs/$name.log"
	fi
}

jobs=$(nproc)
step deps scripts/install-deps.sh || finish
tree=${KDIR-}
if [ -z "$tree" ]; then
	step tree scripts/fetch-tree.sh || finish
	tree=$(tail -n 1 "$logs/tree.log")
fi
step build-gcc "$make" -j"$jobs" WERROR=1 all tests tests-san || finish

# A program for each group; the names are those of the sources, so that one that was not built is missed.
groups=
for source in scenarios/*.c; do
	case $source in
	*.bpf.c) ;;
	*) groups="$groups $out/ktstr_$(basename "$source" .c)" ;;
	esac
done

on_kvm=
for group in ${CHECK_KVM:-basic cpuset}; do
	on_kvm="$on_kvm $out/ktstr_$group"
done
[ "${CHECK_KVM-}" != all ] || on_kvm=$groups

# A program where KVM works: where this machine's runs no kernel, in a guest (L1) in which it does. Small
# guests leave XSAVE alone, kernels do not.
with_kvm()	# $1: name, $2: program, $3: kernel for it or "", then options
{
	name=$1 program=$2 kernel=$3 xsave=-x
	shift 3
	[ -z "$kernel" ] || xsave=
	if [ "$here" != 4 ]; then
		run "$name" 900 "$program" ${kernel:+-k "$kernel" --accel kvm} "$@"
	else
		run "$name" 2400 scripts/nested.sh $xsave -c 4 -m 6144 -t 2300 "$program"	\
			${kernel:+"$kernel:vmlinuz" "$out/build/tests/payload"} --	\
			"${program##*/}" ${kernel:+-k /vmlinuz --accel kvm} "$@"
	fi
}

# All of them are too many boots for a guest of a guest: there, each kernel has others.
topologies()	# $1: series; options for tests/test_topologies.sh
{
	[ "$here" = 4 ] || return
	echo -N
	case ${CHECK_TOPOLOGIES:=10},$1 in
	all,*) ;;
	*,"$first") echo "-n $([ "$all" = " $first" ] && echo "$CHECK_TOPOLOGIES" || echo 0) -c 8" ;;
	*) echo "-o -n $CHECK_TOPOLOGIES" ;;
	esac
}

# At least one that is large, on one of the kernels.
large_one()	# $1: series
{
	[ "$here" = 4 ] && [ "$1" = "$first" ] && [ "${CHECK_TOPOLOGIES-}" != all ] || return 0
	echo --topology 1n4l8c1t
}

# All that needs KVM, one after the other.
kvm()
{
	# In the background this is a shell of its own, and not to end itself.
	kvm_job=
	trap on_signal INT TERM HUP
	# Small guests of their own run on each /dev/kvm, also on one that only emulates; but not all that
	# they ask of it is there then.
	if [ ! -w /dev/kvm ] || [ "$here" = 4 ]; then
		for test in test_kvm test_kvm_thaw test_kvm_failures test_kvm_report test_perf	\
				test_sigkill; do
			with_kvm "kvm-$test" "$out/build/tests/$test" ""
		done
	fi
	for series in $all; do
		kernel=$(tail -n 1 "$logs/kernel-$series.log")
		for program in $on_kvm; do
			with_kvm "kvm-${program##*/}-$series" "$program" "$kernel"
		done
		# Copies of a guest with a scheduler attached.
		with_kvm "kvm-fifo-$series" "$out/ktstr_basic" "$kernel" --sched builtin:fifo		\
			-t cgroup_steady -t cgroup_pipe_io -t 'cgroup_*load*'
		for program in "$out"/build/tests/ktstr_controls*; do
			with_kvm "kvm-${program##*/}-$series" "$program" "$kernel" -v
		done
		# shellcheck disable=SC2046
		run "kvm-topologies-$series" 3600 tests/test_topologies.sh $(topologies "$series")	\
			"$out/ktstr_basic" "$kernel" --accel kvm $(large_one "$series")
	done
	# One alone unpacks its kernel itself.
	with_kvm "kvm-alone-$first" "$out/ktstr_basic" "$(tail -n 1 "$logs/kernel-$first.log")"	\
		-t cgroup_steady
	# With CPUs of the host for itself, and more than there are.
	with_kvm "kvm-perf-$first" "$out/ktstr_basic" "$(tail -n 1 "$logs/kernel-$first.log")"	\
		--perf -v -t cgroup_steady --topology 1n1l2c1t --topology 1n1l64c1t
}

all=
first=
for series in ${CHECK_KERNELS:-7 6.18}; do
	step "kernel-$series" scripts/fetch-kernel.sh "$series" || continue
	all="$all $series"
	first=${first:-$series}
done

# L1 takes one CPU, and counts its own time as guests of tcg do: what runs beside it changes no verdict. On
# KVM time is real, and what is beside it has to be over.
here=4
if [ -n "$first" ]; then
	"$out/ktstr_basic" --accel kvm -k "$(tail -n 1 "$logs/kernel-$first.log")" -t topology_matches	\
		>"$logs/kvm-here.log" 2>&1
	here=$?
fi
if [ "$here" = 4 ]; then
	kvm &
	kvm_job=$!
fi

# Another compiler sees other things.
for cc in clang-22 clang-21 clang-20 clang-19 clang-18 clang-17 clang-16; do
	command -v "$cc" >/dev/null || continue
	step "build-$cc" "$make" -j"$jobs" WERROR=1 CC="$cc" OUTPUT="$out/build/$cc" all tests
	break
done

for test in "$out"/build/tests/test_*; do
	[ -x "$test" ] && run "unit-${test##*/}" 300 "$test"
done
for test in "$out"/build/tests-san/test_*; do
	[ -x "$test" ] && run "sanitized-${test##*/}" 300 "$test"
done
for fuzz in "$out"/build/fuzz/fuzz_*; do
	# What kills a target is saved where it runs.
	[ -x "$fuzz" ] && run "${fuzz##*/}" 120 sh -c 'cd "$1" && shift && exec "$@"' sh "$logs" "$fuzz"	\
		-s "${CHECK_FUZZ_S:-5}"
done

newest=
for series in $all; do
	kernel=$(tail -n 1 "$logs/kernel-$series.log")
	for program in $groups; do
		[ -x "$program" ] || { failed "${program##*/}-$series" "was not built"; continue; }
		run "${program##*/}-$series" 900 "$program" -k "$kernel" --accel tcg -j "$jobs"
	done
	# A control that is skipped, as one whose verdict is in doubt is, has proven nothing.
	for program in "$out"/build/tests/ktstr_controls*; do
		run "${program##*/}-$series" 900 env KTSTR_NO_SKIP=1 "$program" -k "$kernel"	\
			--accel tcg -j "$jobs"
	done
	run "controls_of_tcg-$series" 300 env KTSTR_NO_SKIP=1 "$out/build/tests/ktstr_controls"	\
		-k "$kernel" --accel tcg -t control_woken -t control_turns
	run "ktstr-fifo-$series" 1800 "$out/ktstr" -k "$kernel" --accel tcg -j "$jobs"		\
		--sched builtin:fifo
	# What does not depend on the kernel is run once, what compares kernels when there are two.
	if [ -z "$newest" ]; then
		newest=$kernel
		# Nor has a row.
		run "ktstr_matrix-$series" 1500 env KTSTR_NO_SKIP=1 "$out/build/tests/ktstr_matrix"	\
			-k "$kernel" --accel tcg -j "$jobs"
		# The table: fault, caught by, after how long.
		sed -n '/^# control .* caught by/,/^# Totals/s/^# /    | /p'		\
			"$logs/ktstr_matrix-$series.log"
		run test_runner 900 tests/test_runner.sh "$out/ktstr_basic" "$kernel"
		# shellcheck disable=SC2086
		run test_catalogue 60 tests/test_catalogue.sh "$out/ktstr" $groups
		run test_repeat 600 tests/test_repeat.sh "$out/ktstr" "$kernel"
		run test_tree 900 tests/test_tree.sh "$tree" "$kernel" "$logs/tree"
		run test_topologies 1800 tests/test_topologies.sh "$out/ktstr_basic" "$kernel"	\
			--accel tcg -j 2
	else
		run test_selftests 900 tests/test_selftests.sh "$out/ktstr_lifecycle"		\
			"$out/build/tests/ktstr_controls_lifecycle" "$tree" "$logs/selftests" "$newest"
		run test_schedulers 900 tests/test_schedulers.sh "$out/ktstr" "$tree"	\
			"$logs/sched_ext" "$newest" "$kernel"
	fi
done
[ "$here" = 4 ] || kvm
wait
set --
# A log that is missing is no agreement.
for series in $all; do
	for program in $on_kvm "$out"/build/tests/ktstr_controls*; do
		name=${program##*/}-$series
		set -- "$@" "$logs/$name.log" "$logs/kvm-$name.log"
	done
done
[ $# -eq 0 ] || run test_engines 60 tests/test_engines.sh "$@"
have_all=
[ "$here" != 4 ] || have_all=-a
# shellcheck disable=SC2086
[ $# -eq 0 ] || run test_kvm_said 60 tests/test_kvm_said.sh $have_all	\
	"$logs/kvm-ktstr_controls-$first.log" "$logs/kvm-perf-$first.log"
finish
