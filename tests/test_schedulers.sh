#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Schedulers that others wrote: those of the tree's tools/sched_ext.
#
# Usage: test_schedulers.sh [--all N] [--only "NAME..."] BINARY TREE WORKDIR KERNEL [OLD_KERNEL]
#
# KERNEL is the bzImage that the tree belongs to, OLD_KERNEL one that is too old for
# some of its schedulers. They are built in WORKDIR. What each of them promises, and what
# not, is in tests/schedulers. What fails is a false alarm: of these all are taken for right
# in the rest.
#
# With --all the whole catalogue runs on each of them and on ours and the kernel's own, N times
# with seeds 1 to N, on both kernels. Logs stay in WORKDIR.

usage()
{
	echo "usage: $0 [--all N] [--only \"NAME...\"] BINARY TREE WORKDIR KERNEL [OLD_KERNEL]" >&2
	exit 1
}

all=0
only=
while :; do
	case ${1-} in
	--all) all=${2-}; shift 2 || usage ;;
	--only) only=${2-}; shift 2 || usage ;;
	*) break ;;
	esac
done
case $all in
*[!0-9]* | "") usage ;;
esac
[ $# -ge 4 ] || usage
here=$(cd "$(dirname "$0")" && pwd)
bin=$(realpath "$1")
tree=$(realpath "$2")
mkdir -p "$3" || exit 1
work=$(realpath "$3")
kernel=$(realpath "$4")
old=${5-}
KTSTR_JOBS=${KTSTR_JOBS:-$(nproc)}
export KTSTR_JOBS

steady="scx_simple scx_qmap scx_cpu0 scx_pair scx_sdt"
# What is wrong with the others, see schedulers/, shows or does not show by chance: they are for --all.
theirs="$steady scx_flatcg scx_userland"
# Some of all that a scheduler has to do with; -t for each.
some="cgroup_oversubscribed cgroup_pipe_io cgroup_bursty_imbalance cgroup_affinity_pinned
	cgroup_add_midrun"
# To be loaded again beside spinners takes some of them minutes, emulated.
hotplug=scx_simple

nr=0
failed=0

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
	"$tree/scripts/extract-vmlinux" "$kernel" >"$work/vmlinux" || return 1
	for clang in clang clang-22 clang-21 clang-20 clang-19 clang-18 clang-17 clang-16; do
		v=$(echo __clang_major__ | $clang -E -P -x c - 2>/dev/null) || continue
		[ "$v" -ge 16 ] || continue
		# What make was told about our own build is not for this one.
		# shellcheck disable=SC2086
		env -u MAKEFLAGS -u MAKELEVEL -u O -u KBUILD_OUTPUT make -C "$tree/tools/sched_ext"	\
			CLANG="$clang" VMLINUX_BTF="$work/vmlinux" O="$work" -j"$(nproc)" $theirs
		return
	done
	echo "no clang that is new enough"
	return 1
}

# The options for a scheduler by its name.
sched()		# $1: scheduler
{
	case $1 in
	none | builtin:*) echo "--sched $1" ;;
	*)
		echo "--sched $work/build/bin/$1"
		[ -f "$here/schedulers/$1" ] && echo "--sched-decl $here/schedulers/$1" ;;
	esac
}

# Adds to the counts what a log says; what was planned and is not there has failed, too.
count()		# $1: log
{
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$1" | head -n 1)
	seen=$(grep -Ec '^(not )?ok ' "$1")
	bad=$(grep -c '^not ok ' "$1")
	[ "$seen" = "${planned:-none}" ] || bad=$((bad + 1))
	maybe=$(grep -c '^# inconclusive: ' "$1")
	skip=$(($(grep -c '^ok .* # SKIP' "$1") - maybe))
	passed=$((passed + seen - $(grep -c '^not ok ' "$1") - skip - maybe))
	skipped=$((skipped + skip))
	unsure=$((unsure + maybe))
	alarms=$((alarms + bad))
}

zero()
{
	runs=0 passed=0 skipped=0 unsure=0 alarms=0
}

# All that runs. The paths here have no blanks that are not asked for.
run()		# $1: kernel, $2: scheduler, $3: seed, then more
{
	log=$work/log-$(basename "$2")-$(basename "$(dirname "$1")")-$3
	k=$1 s=$2 seed=$3
	shift 3
	runs=$((runs + 1))
	# shellcheck disable=SC2046
	"$bin" -k "$k" $(sched "$s") --seed "$seed" "$@" >"$log" 2>&1
	count "$log"
}

passes()	# $1: kernel, $2: scheduler, then options
{
	k=$1 s=$2
	shift 2
	zero
	run "$k" "$s" 1 "$@"
	[ $alarms = 0 ] && [ $unsure = 0 ] && [ $passed -gt 0 ] && return
	say "$log"
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

# The result is that of the command before it.
conclude()	# $1: name
{
	code=$?
	[ $code = 0 ] || say "$log"
	result $code "$1"
}

# One that is unfair is found, unless it is said of it that it is, and then that is told.
controls()
{
	zero
	run "$kernel" builtin:fault 1 --sched-arg --fault --sched-arg unfair -t cgroup_affinity_pinned
	[ $alarms = 1 ] && grep -q '^# FAIL unfair' "$log"
	conclude an_unfair_one_is_an_alarm
	zero
	run "$kernel" builtin:fault 1 --sched-arg --fault --sched-arg unfair -t cgroup_affinity_pinned	\
		--sched-expect 'cgroup_aff*:spread=off'
	[ $alarms = 0 ] && [ $passed = 1 ] &&
		grep -q '^# not judged, since it is off for this scheduler: spread$' "$log"
	conclude but_not_if_that_is_said_of_it
	# Who is forgotten when a stall is over.
	zero
	run "$kernel" builtin:fault 1 --sched-arg --fault --sched-arg drop@1 -t stall_recovery
	[ $alarms = 1 ] && grep -q '^# FAIL stuck: .*limit 2200 ms' "$log"
	conclude so_is_one_that_forgets_a_worker
}

row()
{
	printf '# %-14s %-12s %5s %7s %8s %13s %7s\n' "$@"
}

# Does it attach at all there?
attaches()	# $1: kernel, $2: scheduler
{
	# shellcheck disable=SC2046
	"$bin" -k "$1" $(sched "$2") -t empty_run >"$work/log" 2>&1 && return
	grep -q '^# FAIL sched-attach:' "$work/log" || return 0
	return 1
}

whole_catalogue()
{
	# shellcheck disable=SC2086
	set -- ${only:-none builtin:fifo builtin:vtime $theirs}
	echo "1..$(($# * (1 + (${#old} > 0))))"
	row scheduler kernel runs passed skipped inconclusive alarms >"$work/table"
	for k in "$kernel" ${old:+"$old"}; do
		series=$(basename "$(dirname "$k")")
		for s; do
			name=$(echo "$s" | tr : _)-$series
			zero
			if ! attaches "$k" "$s"; then
				grep -m 1 '^# FAIL' "$work/log"
				row "$s" "$series" 0 - - - - >>"$work/table"
				# One of the tree attaches on the kernel of the tree.
				[ "$k" != "$kernel" ]
				result $? "$name # SKIP it does not attach"
				continue
			fi
			while [ $runs -lt "$all" ]; do
				run "$k" "$s" $((runs + 1))
				grep -E '^(# FAIL|# inconclusive|# skipped|# run again|not ok)' "$log" | sed 's/^/# | /'
			done
			row "$s" "$series" $runs $passed $skipped $unsure $alarms >>"$work/table"
			[ $alarms = 0 ]
			result $? "$name"
		done
	done
	cat "$work/table"
}

echo "TAP version 13"
if ! build >"$work.log" 2>&1; then
	tail -n 30 "$work.log" | sed 's/^/# | /'
	echo "Bail out! tools/sched_ext cannot be built"
	exit 1
fi
if [ "$all" -gt 0 ]; then
	whole_catalogue
	exit $((failed > 0))
fi

echo "1..$([ -n "$old" ] && echo 11 || echo 9)"
tests=$(for t in $some; do echo "-t $t"; done)
for s in $steady; do
	# shellcheck disable=SC2086
	passes "$kernel" "$s" $tests $([ "$s" = $hotplug ] && echo -t cpu_hotplug)
	result $? "$s"
	echo "# $passed passed, $skipped skipped"
done
controls
refused "$kernel" /bin/true >/dev/null 2>&1 && bad=1 || bad=0
result "$bad" refusal_is_not_seen_in_anything
if [ -n "$old" ]; then
	passes "$old" scx_simple -t cgroup_steady -t cgroup_add_midrun -t cgroup_pipe_io
	result $? scx_simple_on_an_older_kernel
	refused "$old" scx_qmap
	result $? scx_qmap_on_an_older_kernel_says_why
fi
exit $((failed > 0))
