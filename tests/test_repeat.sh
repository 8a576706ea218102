#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Two tcg guests with the same seed write the same to their consoles, byte for byte, also
# while the host is busy with something else and more of them is shown: booted cold, and thawed
# from one image, with a scheduler or without; so does one alone that starts from what it started
# from in company, as "run again" has it. One with another seed does not.
#
# Usage: test_repeat.sh BINARY KERNEL

if [ $# -ne 2 ]; then
	echo "usage: $0 BINARY KERNEL" >&2
	exit 1
fi
bin=$(realpath "$1")
kernel=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
# A group of one boots cold anyway: the second pattern names more.
cold='--cold -t cgroup_steady'
# What others need to run is in each guest: in company of a payload, alone none.
warm='-t nested_cgroup_steady -t nested_cgroup_task_move -t payload_hackbench'
# Of four the scheduler is attached before they are copied.
attached='--sched builtin:fifo -t nested_cgroup_[rint]* -t nested_cgroup_steady'
# The guest that is copied is made for the first of them.
booted_alone='--warm booted -t nested_cgroup_task_move'
attached_alone='--warm attached --sched builtin:fifo -t nested_cgroup_no_ctrl'

echo "TAP version 13"
echo "1..7"
if ! "$bin" --accel tcg -l >/dev/null 2>&1; then
	echo "Bail out! $bin does not run"
	exit 1
fi

run()		# $1: name, $2: seed; the rest: options
{
	name=$1 seed=$2
	shift 2
	"$bin" -k "$kernel" --accel tcg --seed "$seed" --keep "$work/$name" "$@"		\
		>"$work/$name.log" 2>&1 && return
	sed 's/^/# | /' "$work/$name.log"
	echo "Bail out! the run $name failed"
	exit 1
}

nr=0
failed=0
result()	# $1: 0 if it is good, $2: name
{
	nr=$((nr + 1))
	[ "$1" = 0 ] || failed=1
	[ "$1" = 0 ] && echo "ok $nr $2" || echo "not ok $nr $2"
}

same()		# $1, $2: runs; $3: file. All of that name in both runs.
{
	find "$work/$1" -name "$3" | {
		ret=1
		while read -r a; do
			ret=0
			cmp "$a" "$work/$2/${a#"$work/$1/"}" || exit 1
		done
		exit $ret
	} >"$work/cmp" 2>&1
}

# $1, $2: runs; $3: file, $4: name
check_same()
{
	same "$1" "$2" "$3"
	result $? "$4"
	sed 's/^/# /' "$work/cmp"
}

set -f
# Nor is whether anybody looks: only these two have -v.
run cold 7 $cold -v
run warm 7 $warm -v
run attached 7 $attached -v
# A busy host must not be seen. Ended by the process id, whatever happens to this script.
(while :; do :; done) &
busy=$!
(while :; do :; done) &
busy="$busy $!"
trap 'kill $busy 2>/dev/null; rm -rf "$work"' EXIT
run cold-again 7 $cold
run warm-again 7 $warm
run booted-alone 7 $booted_alone
run attached-alone 7 $attached_alone
kill $busy
run other 8 $cold

check_same cold cold-again console.log cold_console_is_the_same
check_same cold cold-again com2.log cold_com2_is_the_same
check_same warm warm-again console.log thawed_console_is_the_same
check_same warm warm-again com2.log thawed_com2_is_the_same
check_same booted-alone warm com2.log alone_it_is_the_same
check_same attached-alone attached com2.log alone_with_a_scheduler_it_is_the_same
# The control: the comparison can fail.
same cold other console.log && ret=1 || ret=0
result $ret another_seed_is_another_guest
exit $failed
