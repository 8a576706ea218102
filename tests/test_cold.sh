#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Two cold guests with the same seed write the same to their consoles, byte for byte,
# also while the host is busy with something else; one with another seed does not.
#
# Usage: test_cold.sh BINARY KERNEL

if [ $# -ne 2 ]; then
	echo "usage: $0 BINARY KERNEL" >&2
	exit 1
fi
bin=$(realpath "$1")
kernel=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
test=cgroup_steady

echo "TAP version 13"
echo "1..3"
if ! "$bin" --accel tcg -l >/dev/null 2>&1; then
	echo "Bail out! $bin does not run"
	exit 1
fi

run()		# $1: name, $2: seed
{
	"$bin" -k "$kernel" --accel tcg --cold -v --seed "$2" --keep "$work/$1" -t $test	\
		>"$work/$1.log" 2>&1 && return
	sed 's/^/# | /' "$work/$1.log"
	echo "Bail out! the run $1 failed"
	exit 1
}

failed=0
result()	# $1: 0 if it is good, $2: number, $3: name
{
	[ "$1" = 0 ] || failed=1
	[ "$1" = 0 ] && echo "ok $2 $3" || echo "not ok $2 $3"
}

same()		# $1, $2: runs; $3: file
{
	a=$(find "$work/$1" -name "$3") b=$(find "$work/$2" -name "$3")
	[ -s "$a" ] && cmp "$a" "$b" >"$work/cmp" 2>&1
}

run first 7
# A busy host must not be seen. Ended by the process id, whatever happens to this script.
(while :; do :; done) &
busy=$!
trap 'kill $busy 2>/dev/null; rm -rf "$work"' EXIT
run again 7
kill $busy
run other 8

same first again console.log
result $? 1 console_is_the_same
sed 's/^/# /' "$work/cmp"
same first again com2.log
result $? 2 com2_is_the_same
sed 's/^/# /' "$work/cmp"
# The control: the comparison can fail.
same first other console.log && ret=1 || ret=0
result $ret 3 another_seed_is_another_guest
exit $failed
