#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317	# row() calls them
#
# What runs on kvm have said with -v is all there and true: when which phase was reached, what KVM counted,
# what the monitor saw, where the CPUs of a guest are that hangs, and what came of --perf.
#
# Usage: test_kvm_said.sh [-a] CONTROLS PERF
#
# CONTROLS is the log of ktstr_controls, PERF that of cgroup_steady with --perf, on 1n1l2c1t and on 1n1l64c1t,
# which is more than most hosts have CPUs for. Both with --accel kvm -v. -a: the host has all that can be
# had, so that nothing is skipped for want of it.

all=
[ "${1-}" != -a ] || { all=1; shift; }
if [ $# -ne 2 ] || [ ! -r "$1" ] || [ ! -r "$2" ]; then
	sed -n 's/^# Usage: /usage: /p' "$0" >&2
	exit 1
fi
controls=$1
perf=$2
nr=0
failed=0
skip=

say() { printf '%s\n' "$*"; }

# What the host need not have is missed only where it has.
needs()		# $1: what, then a command that finds it
{
	what=$1
	shift
	skip=
	[ -n "$all" ] || "$@" >/dev/null || skip=$what
}

row()		# $1: name, then a command that says what is wrong, if anything is
{
	name=$1
	shift
	nr=$((nr + 1))
	if [ -n "$skip" ]; then
		echo "ok $nr $name # SKIP $skip"
		return
	fi
	wrong=$("$@") && [ -z "$wrong" ] && { echo "ok $nr $name"; return; }
	say "# ${wrong:-$*}" | head -n 5
	echo "not ok $nr $name"
	failed=1
}

# The lines of one instance, with its result.
of()		# $1: its test, $2: log
{
	awk -v name="$1" '{ text = text $0 "\n" }
		/^(not )?ok / { if (index($0, " " name ".")) printf "%s", text; text = "" }' "$2"
}

engine_is_named()
{
	grep -q '^# engine: kvm, time is real$' "$controls" || say "no engine kvm in $controls"
}

# Of a control that goes wrong on purpose, and of one that boots: only those reached, in this order, each later
# than the one before.
phases_are()	# $1: test, $2: log, then their names
{
	line=$(of "$1" "$2" | sed -n 's/^# phases: \(.*\) ms$/\1/p')
	shift 2
	say "$line" | awk -F ', ' -v want="$*" '{
		last = -1e15
		for (i = 1; i <= NF; i++) {
			split($i, phase, " ")
			got = got (i > 1 ? " " : "") phase[1]
			if (phase[2] < last)
				print phase[1] " before the one before: " $0
			last = phase[2] + 0
		}
		if (got != want)
			print "\"" got "\", not \"" want "\""
	}'
}

# One that was cut off from us on purpose counts, too.
all_are_counted()	# $1: log
{
	awk '/^# kvm: exits [1-9]/ { counted++ }
	     /^# phases: / { if (!counted) print "nothing counted before: " $0; counted = 0; nr++ }
	     END { if (!nr) print "no guest" }' "$1"
}

hang_is_located()
{
	hang=$(of control_hang "$controls")
	say "$hang" | grep -q '^# note: last phase: workers, [0-9.]* s before$' || echo "no last phase"
	for cpu in 0 1 2 3; do
		say "$hang" | grep -Eq "^# note: cpu $cpu (runs|halted), RIP 0x[0-9a-f]+( \\(|,)" ||
			echo "cpu $cpu is nowhere"
		say "$hang" | grep -q "^# note: cpu $cpu: RAX 0x[0-9a-f]*, RBX " || echo "cpu $cpu has no registers"
	done
	# Not all of them are in a program at once.
	say "$hang" | grep -Eq 'RIP 0xffff[0-9a-f]+ \([a-z_0-9.]+\+0x[0-9a-f]+\)' || echo "no address has a name"
}

monitor_sees()	# $1: test, $2: log, $3: at least so many samples
{
	nr_samples=$(of "$1" "$2" | sed -n 's/^# monitor: \([0-9]*\) samples of .*/\1/p')
	[ "${nr_samples:-0}" -ge "$3" ] || echo "$nr_samples samples, at least $3 are due"
	of "$1" "$2" | grep '^# monitor: not usable'
	:
}

perf_is_told()
{
	fifo='(not )?SCHED_FIFO( \([^)]*\))?' watch='(not )?watched by SCHED_FIFO( \([^)]*\))?' pages='.* pages' exits='.*'
	[ -z "$all" ] || { fifo=SCHED_FIFO watch='watched by SCHED_FIFO' pages='(transparent huge|reserved 2 MiB) pages' exits='HLT PAUSE'; }
	grep -Eq "^# perf: on CPUs [0-9]+ [0-9]+( of node [0-9]+)? of the host, whose LLCs are [^,]*, $fifo, $watch, RAM in $pages, exits off: $exits\$" "$perf" ||
		grep '^# perf: ' "$perf" || echo "no word of it"
}

# What is switched off does not happen; without --perf it does.
perf_halts_do_not_exit()
{
	of cgroup_steady "$perf" | grep -q '^# kvm: exits [1-9]' || echo "nothing counted"
	of cgroup_steady "$perf" | grep '^# kvm: .*halt_exits [1-9]'
	of control_steady "$controls" | grep -q '^# kvm: .*halt_exits [1-9]' || echo "nobody ever halts"
}

perf_keeps_its_cpu()
{
	grep -q '^# kvm: exits ' "$perf" && grep -q 'exits off: HLT' "$perf"
}

perf_is_refused()
{
	# A host may be that large.
	grep -q '^ok [0-9]* cgroup_steady\.1n1l64c1t\.' "$perf" && [ "$(nproc)" -gt 64 ] && return
	grep -Eq '^(# skipped:|1\.\.0 # SKIP) --perf: a guest of [0-9]+ CPUs needs [0-9]+ of this host, [0-9]+ can be used$' "$perf" ||
		echo "no guest was too large"
}

echo "TAP version 13"
echo "1..12"
row engine engine_is_named
row phases_of_a_copy phases_are control_steady "$controls" \
	exec created run job attached workers result end teardown
row phases_of_a_hang phases_are control_hang "$controls"	\
	exec created run job attached workers end teardown
row hang_is_located hang_is_located
row monitor_of_a_copy monitor_sees control_steady "$controls" 20
row perf_too_large perf_is_refused
needs "this KVM counts nothing" grep -q '^# kvm: exits ' "$controls"
row counted all_are_counted "$controls"
needs "no CPU of the host for each of a guest" grep -q '^ok [0-9]* cgroup_steady\.1n1l2c1t\.' "$perf"
row phases_of_a_boot phases_are cgroup_steady "$perf" \
	exec created run banner init ready job attached workers result end teardown
row monitor_of_a_boot monitor_sees cgroup_steady "$perf" 20
row perf_is_told perf_is_told
needs "KVM counts nothing, or lets a guest not keep its CPU" perf_keeps_its_cpu
row perf_counted all_are_counted "$perf"
row perf_halts perf_halts_do_not_exit
exit $failed
