#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Each scenario that catalogue.txt names is there, and each that is there is read at a glance: from
# KTSTR_TEST( to its closing ); it has no more than 40 lines. A group takes a minute by default.
#
# Usage: test_catalogue.sh BINARY GROUP...
#
# BINARY is the program that has all groups, GROUPs those that have one each. No guest runs.

if [ $# -lt 2 ]; then
	echo "usage: $0 BINARY GROUP..." >&2
	exit 1
fi
bin=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
lines=40
seconds=60
# Of each test, beside what it measures, where KVM works.
each=.5

echo "TAP version 13"
echo "1..3"
# What would narrow the list.
for var in FILTER TOPOLOGY SCHED SCHED_FLAGS SCHED_DECL SCHED_EXPECT ALL; do
	unset "KTSTR_$var"
done
list=$("$bin" --accel tcg -l --all)
code=$?
if [ "$code" -ne 0 ]; then
	echo "Bail out! $bin -l --all: exit code $code"
	exit 1
fi

nr=0
failed=0
result()	# $1: what is wrong, "" if nothing is; $2: name
{
	nr=$((nr + 1))
	if [ -z "$1" ]; then
		echo "ok $nr $2"
	else
		echo "$1" | sed 's/^/# /'
		echo "not ok $nr $2"
		failed=1
	fi
}

# A line of the list begins with test.topology.profile.
wrong=$(echo "$list" | awk '
	NR == FNR	{ sub(/[.].*/, "", $1); have[$1] = 1; next }
	NF != 1		{ print "catalogue.txt:" FNR ": not one name"; next }
	seen[$1]++	{ print "catalogue.txt:" FNR ": " $1 " a second time" }
	!($1 in have)	{ print $1 " is missing" }
	END		{ if (NR == FNR) print "catalogue.txt names nothing" }
' - "$here/catalogue.txt" 2>&1)
result "$wrong" "all scenarios of the catalogue are there"

wrong=$(cd "$here/../scenarios" && awk -v most="$lines" '
	function done() {
		if (name != "" && len > most)
			print file ": " name " has " len " lines, limit " most
		name = ""
	}
	FNR == 1			{ done() }
	/^KTSTR_TEST\(/			{
		done()
		nr++
		file = FILENAME
		len = 0
		name = $0
		sub(/^KTSTR_TEST\(/, "", name)
		sub(/[,)].*/, "", name)
	}
	name != ""			{ len++ }
	name != "" && /\);[ \t]*$/	{ done() }
	END				{ done(); if (!nr) print "there are no scenarios" }
' ./*.c 2>&1)
result "$wrong" "no scenario has more than $lines lines"

wrong=$(for group; do
	"$group" --accel tcg -l | awk -v most="$seconds" -v each="$each" -v name="${group##*/}" '
		{ sum += $2 + each }
		END {
			if (!NR)
				print name " lists nothing"
			if (sum > most)
				print name " takes " sum " s, limit " most
		}'
done 2>&1)
result "$wrong" "no group takes longer than $seconds s"
exit $failed
