#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The machine that a guest's kernel sees is the one asked for: on 40 random topologies of up to
# 16 CPUs, and on those that people are likely to ask for. One result for each.
#
# Usage: test_topologies.sh [-s SEED] [-n NR] [-o] [-c CPUS] [-N] BINARY KERNEL [OPTION]...
#
# BINARY is the program that has the test topology_matches, OPTIONs are for it: --accel kvm.
# -n: so many random ones, -o: only these, -c: none with more CPUs. -N: on kvm in a guest in which it
# works, see scripts/nested.sh. There one of 4 CPUs takes 7 s, of 16 10 s, of 64 30 s. All of them, after
# "make all tests":
#
#	tests/test_topologies.sh -N ./ktstr_basic "$(scripts/fetch-kernel.sh)"
set -u

seed=1
nested=
only=
random=40
cpus=1024
while getopts s:n:c:oN opt; do
	case $opt in
	s) seed=$OPTARG ;;
	n) random=$OPTARG ;;
	c) cpus=$OPTARG ;;
	o) only=1 ;;
	N) nested=1 ;;
	*) exit 1 ;;
	esac
done
shift $((OPTIND - 1))
numbers=1
for number in "$seed" "$random" "$cpus"; do
	case $number in
	'' | *[!0-9]*) numbers= ;;
	esac
done
if [ -z "$numbers" ] || [ $# -lt 2 ]; then
	sed -n 's/^# Usage: /usage: /p' "$0" >&2
	exit 1
fi

# Small ones, odd numbers, SMT, several nodes; nodes without CPUs, and near and far ones.
topologies=
for topology in 1n1l4c1t 1n2l2c1t 1n3l3c1t 1n5l3c1t 1n7l2c1t 1n2l2c2t 1n3l2c2t 1n4l4c2t 1n8l4c2t	\
		1n4l8c1t 1n8l8c1t 2n4l4c1t 4n8l4c1t						\
		1n2l2c1t1m 3n3l2c1t-17-21-31 2n2l1c2t2m-21-30-40-40-30-21; do
	# 2n4l8c1t...: 4 * 8 * 1
	nr=$(($(echo "$topology" | sed 's/^[0-9]*n//; s/[lc]/ * /g; s/t.*//')))
	[ -n "$only" ] || [ "$nr" -gt "$cpus" ] || topologies="$topologies $topology"
done

# MINSTD: shells and awks have generators of their own, or none.
state=$((seed % 2147483646 + 1))
random()	# $1: from, $2: to; the result is in $value
{
	state=$((state * 48271 % 2147483647))
	value=$(($1 + state % ($2 - $1 + 1)))
}

nr=0
most=$((cpus < 16 ? cpus : 16))
while [ "$nr" -lt "$random" ]; do
	random 1 4 && nodes=$value
	random 1 8 && llcs=$value
	random 1 16 && cores=$value
	random 1 2 && threads=$value
	[ $((llcs % nodes)) = 0 ] && [ $((llcs * cores * threads)) -le $most ] || continue
	topology=${nodes}n${llcs}l${cores}c${threads}t
	case " $topologies " in
	*" $topology "*) continue ;;
	esac
	topologies="$topologies $topology"
	nr=$((nr + 1))
done

options="-t topology_matches"
for topology in $topologies; do
	options="$options --topology $topology"
done
bin=$1 kernel=$2
shift 2
# Before its version line, a comment is nothing to a parser of KTAP.
echo "# seed of the random topologies: $seed (-s)"
# shellcheck disable=SC2086
[ -n "$nested" ] || exec "$bin" -k "$kernel" $options "$@"
# All they do is boot, so that time which passes slowly only makes it cheaper: its ticks are fewer.
# shellcheck disable=SC2086
exec "$(dirname "$0")/../scripts/nested.sh" -s 0 -c 4 -m 6144 -t 3600 "$bin" "$kernel:vmlinuz" --	\
	"${bin##*/}" -k /vmlinuz --accel kvm $options "$@"
