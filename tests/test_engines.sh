#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What passes on one engine passes on the other one: the same names in the same order, with the same
# verdicts. A skip decides nothing, and differs from none. One result for each pair of logs.
#
# Usage: test_engines.sh LOG LOG [LOG LOG]...

if [ $# -lt 2 ] || [ $(($# % 2)) -ne 0 ]; then
	echo "usage: $0 LOG LOG [LOG LOG]..." >&2
	exit 1
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# "NAME VERDICT" of each result, without its number.
results()	# $1: log
{
	sed -En -e 's/^ok [0-9]+ # SKIP ([^ ]+).*/\1 skipped/p' -e t	\
		-e 's/^ok [0-9]+ ([^ ]+)$/\1 passed/p' -e t		\
		-e 's/^not ok [0-9]+ ([^ ]+).*/\1 failed/p' "$1"
}

echo "TAP version 13"
echo "1..$(($# / 2))"
nr=0
failed=0
while [ $# -gt 0 ]; do
	nr=$((nr + 1))
	results "$1" >"$work/a"
	results "$2" >"$work/b"
	name=$(basename "$1" .log)-and-$(basename "$2" .log)
	# The verdicts of both beside each other; of what only one has, all.
	awk 'NR == FNR { name[NR] = $1; verdict[NR] = $2; nr = NR; next }
		$1 != name[FNR] { print "result " FNR ": " name[FNR] " and " $1; exit }
		$2 != verdict[FNR] && $2 != "skipped" && verdict[FNR] != "skipped" {
			print $1 ": " verdict[FNR] " and " $2
		}
		END { if (!nr || FNR != nr) print nr + 0 " results and " FNR }' "$work/a" "$work/b" >"$work/differ"
	if [ -s "$work/a" ] && [ -s "$work/b" ] && [ ! -s "$work/differ" ]; then
		echo "# $(grep -c . "$work/a") results, $(cat "$work/a" "$work/b" | grep -c ' skipped$') of both are skips"
		echo "ok $nr $name"
	else
		sed 's/^/# /' "$work/differ"
		[ -s "$work/a" ] && [ -s "$work/b" ] || echo "# one of them has no result"
		echo "not ok $nr $name"
		failed=1
	fi
	shift 2
done
exit $failed
