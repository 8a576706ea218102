#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run-tests.sh - run programs that speak KTAP, and count what they said
#
#	run-tests.sh run DIR NAME SECONDS COMMAND...	one program; its output goes to DIR/NAME.log
#	run-tests.sh pass DIR NAME SECONDS		a step that went well
#	run-tests.sh fail DIR NAME REASON		a step that could not even be started
#	run-tests.sh total DIR				the totals of all so far, in one line
#
# Result lines are counted, nothing else. A program that dies, exits with a code that does not match its
# lines, or says less than its plan counts as one more failure.
set -u

line()		# $1: name, passed, failed, skipped, seconds, what else is to be said
{
	printf '%-44s %4d passed %3d failed %3d skipped %5d s%s\n' "$@"
}

case $1 in
run)
	dir=$2 name=$3 seconds=$4
	shift 4
	mkdir -p "$dir"
	log=$dir/$name.log
	start=$(date +%s)
	# The runner ends its guests on SIGTERM; -k is for one that does not end itself. timeout has a
	# process group of its own, which an interrupt from the terminal does not reach; and what a shell
	# starts in the background would ignore one.
	trap 'kill $! 2>/dev/null; wait; exit 130' INT TERM HUP
	env --default-signal=INT,QUIT timeout -k 10 "$seconds" "$@" >"$log" 2>&1 </dev/null &
	wait $!
	code=$?
	trap - INT TERM HUP
	# Only lines at the margin: what is indented or behind "# " belongs to something else.
	set -- $(awk '
		/^1\.\.[0-9]+/			{ plan = substr($1, 4) + 0; if (!plan) skip_all = /# SKIP/ }
		/^(not )?ok /			{ all++ }
		/^ok .*# SKIP/			{ skip++; next }
		/^ok /				{ pass++ }
		/^not ok /			{ fail++ }
		/^Bail out!/			{ bail = 1 }
		END { print pass+0, fail+0, skip+0, plan+0, all+0, skip_all+0, bail+0 }' "$log")
	pass=$1 fail=$2 skip=$3 plan=$4 all=$5 skip_all=$6 bail=$7
	why=
	if [ "$code" = 124 ] || [ "$code" = 137 ]; then
		why="no end within $seconds s"
	elif [ "$skip_all" = 1 ] && [ "$code" = 4 ]; then
		skip=1
	elif [ "$bail" = 1 ]; then
		why="it bailed out"
	elif [ "$all" -lt "$plan" ] || [ "$all" = 0 ]; then
		why="$all results of a plan of $plan, exit code $code"
	elif [ "$code" = 0 ] && [ "$fail" != 0 ]; then
		why="exit code 0 in spite of failures"
	elif [ "$code" = 4 ] && [ "$pass$fail" != 00 ]; then
		why="exit code 4, but not all was skipped"
	elif [ "$code" != 0 ] && [ "$code" != 4 ] && [ "$fail" = 0 ]; then
		why="exit code $code without a failure"
	fi
	[ -z "$why" ] || fail=$((fail + 1))
	echo "$pass $fail $skip $name" >>"$dir/results"
	line "$name" "$pass" "$fail" "$skip" $(($(date +%s) - start)) "${why:+  $why}"
	if [ "$fail" != 0 ]; then
		# What went wrong is needed here, also where the log is out of reach.
		grep -v '^ok ' "$log" | tail -n 60 | sed 's/^/    | /'
		exit 1
	fi
	;;
pass)
	dir=$2 name=$3
	mkdir -p "$dir"
	echo "1 0 0 $name" >>"$dir/results"
	line "$name" 1 0 0 "$4" ""
	;;
fail)
	dir=$2 name=$3
	mkdir -p "$dir"
	echo "0 1 0 $name" >>"$dir/results"
	line "$name" 0 1 0 0 "  $4"
	exit 1
	;;
total)
	awk '{ p += $1; f += $2; s += $3 }
	     END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p == 0 }' "$2/results"
	;;
*)
	echo "run-tests.sh: '$1'?" >&2
	exit 1
	;;
esac
