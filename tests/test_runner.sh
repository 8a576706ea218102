#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Bad input and bad surroundings: every row has an exact exit code and one line
# that names the cause and the cure, and leaves nothing behind.
#
# Usage: test_runner.sh BINARY [KERNEL]
#
# BINARY is the scenario program ktstr_basic, beside which lie ktstr_dynamic and, in build/tests, the
# controls. With KERNEL, a bzImage, the rows run that need a guest; they end it in ways that it must
# not survive.

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
	echo "usage: $0 BINARY [KERNEL]" >&2
	exit 1
fi
bin=$(realpath "$1")
kernel=${2:+$(realpath "$2")}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

for var in KERNEL KERNEL_DIR SCHED SCHED_ARGS TOPOLOGY DURATION MEMORY_MB ACCEL KEEP SEED FILTER \
	   JOBS VERBOSE COLD WARM PERF NO_SKIP ALL SCHED_FLAGS SCHED_EXPECT SCHED_DECL; do
	unset "KTSTR_$var"
done
unset kselftest_timeout

nr=0
failed=0
test=$("$bin" -l 2>/dev/null | sed -n '1s/[. ].*//p')

result()
{
	nr=$((nr + 1))
	if [ "$1" = ok ]; then
		echo "ok $nr $2"
	else
		failed=$((failed + 1))
		echo "not ok $nr $2"
	fi
}

# The result of $1 is $verdict, and if that is bad, what the program said.
conclude()
{
	[ $verdict = ok ] || sed 's/^/# | /' "$work/err" "$work/out" | head -n 20
	result $verdict "$1"
}

# Each run carries a mark in its environment, which all its descendants inherit.
strays()
{
	grep -lsz "^KTSTR_TEST_MARK=$1\$" /proc/[0-9]*/environ | sed 's/[^0-9]//g'
}

# What a run may have left beside processes: files and mounts.
mkdir "$work/tmp"
export TMPDIR="$work/tmp"
snapshot()
{
	ls -A "$TMPDIR"
	ls -A /dev/shm 2>/dev/null | grep -i ktstr
	cat /proc/self/mounts
}

check_clean()
{
	left=$(strays "$1")
	if [ -n "$left" ]; then
		echo "# left behind: processes" $left
		return 1
	fi
	snapshot >"$work/after"
	if ! cmp -s "$work/before" "$work/after"; then
		diff "$work/before" "$work/after" | sed 's/^/# left behind: /'
		return 1
	fi
}

# row NAME CODE PATTERN COMMAND...: exit code, and on standard error exactly one line, with PATTERN in it.
row()
{
	name=$1
	code=$2
	pattern=$3
	shift 3
	verdict=ok

	snapshot >"$work/before"
	KTSTR_TEST_MARK=row$$ timeout 120 "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	if [ $got -ne "$code" ]; then
		echo "# exit code $got, not $code: $*"
		verdict=bad
	fi
	case $code in
	1)
		if [ "$(wc -l <"$work/err")" -ne 1 ]; then
			echo "# not one line on standard error: $*"
			verdict=bad
		fi
		where=$work/err
		;;
	*)
		if [ -s "$work/err" ]; then
			echo "# a word on standard error: $*"
			verdict=bad
		fi
		where=$work/out
		;;
	esac
	if ! grep -q -e "$pattern" "$where"; then
		echo "# '$pattern' is not said: $*"
		verdict=bad
	fi
	check_clean row$$ || verdict=bad
	conclude "$name"
}

# --- files that are wrong in some way ------------------------------------------

: >"$work/empty"
printf 'not a kernel, only some text that is long enough to have a header\n' >"$work/text"
head -c 65536 /dev/urandom >"$work/random"
mkdir "$work/dir"
printf '#!/bin/sh\n' >"$work/script" && chmod +x "$work/script"
cp "$work/text" "$work/textprog" && chmod +x "$work/textprog"
cp "$bin" "$work/noexec" && chmod -x "$work/noexec"
head -c 4096 "$bin" >"$work/cutelf" && chmod +x "$work/cutelf"
# The same program, said to be for another machine (e_machine, 183 is aarch64).
cp "$bin" "$work/arm" && printf '\267\000' | dd of="$work/arm" bs=1 seek=18 conv=notrunc 2>/dev/null
ln -s "$work/nowhere" "$work/dangling"

# --- options ----------------------------------------------------------------------

row unknown_option	1 '--nope: no such option; -h' "$bin" --nope
row unknown_letter	1 '-z: no such option; -h' "$bin" -z
row missing_value	1 '--topology: needs a value' "$bin" --topology
row value_not_taken	1 'takes no value' "$bin" --cold=1
row stray_word		1 "'foo': unexpected word; .*-t GLOB" "$bin" foo
row jobs_zero		1 "-j: '0' is not a whole number from 1" "$bin" -j 0
row jobs_text		1 "-j: 'many'" "$bin" -j many
row jobs_negative	1 "-j: '-1'" "$bin" -j -1
row seed_text		1 "--seed: 'x'" "$bin" --seed x
row duration_zero	1 "--duration: '0' is not a number of seconds from" "$bin" --duration 0
row duration_nan	1 "--duration: 'nan'" "$bin" --duration nan
row duration_huge	1 "--duration: '99999'" "$bin" --duration 99999
row accel_unknown	1 "--accel: 'xen' is none of auto, kvm, tcg" "$bin" --accel xen
row topology_syntax	1 "--topology: '4cpus'" "$bin" --topology 4cpus
row topology_zero	1 "--topology: '0n1l1c1t'" "$bin" --topology 0n1l1c1t
row topology_divide	1 "--topology: '2n3l1c1t'" "$bin" --topology 2n3l1c1t
row topology_huge	1 "--topology: '1n1l9999c1t'" "$bin" --topology 1n1l9999c1t
row topology_threads	1 "--topology: '1n1l1c3t'" "$bin" --topology 1n1l1c3t
row topology_nodes	1 "--topology: '9n9l1c1t8m'.*at most 16 nodes" "$bin" --topology 9n9l1c1t8m
row topology_matrix	1 "4 distances, but 2 nodes make 1 pairs" "$bin" --topology 2n2l1c1t-20-10-10-20
row topology_distance	1 "distance of nodes 1 and 2 must be from 11 to 254" "$bin" --topology 2n2l1c1t1m-20-20-10
row glob_no_match	1 "matches no test; near: " "$bin" -t "${test}x"
row glob_empty		1 "-t: empty" "$bin" -t ''
row append_control	1 "--append: control character" "$bin" --append "$(printf 'a\tb')"
row append_long		1 "--append: .* at most" "$bin" --append "$(head -c 3000 /dev/zero | tr '\0' x)"
row perf_jobs		1 '--perf: guests would share CPUs .*not with -j 2' "$bin" --perf -j 2
row env_switch		1 "KTSTR_VERBOSE: 'yes' is neither 0 nor 1" env KTSTR_VERBOSE=yes "$bin"
row env_number		1 "KTSTR_JOBS: '0'" env KTSTR_JOBS=0 "$bin"
row env_topology	1 "KTSTR_TOPOLOGY: 'x'" env KTSTR_TOPOLOGY="1n1l1c1t x" "$bin"

# --- kernel -------------------------------------------------------------------------

row kernel_missing	1 "--kernel: $work/nowhere: No such file.*give a bzImage" "$bin" -k "$work/nowhere"
row kernel_empty	1 "--kernel: .*empty" "$bin" -k "$work/empty"
row kernel_text		1 "--kernel: .*bzImage" "$bin" -k "$work/text"
row kernel_random	1 "--kernel: .*bzImage" "$bin" -k "$work/random"
row kernel_program	1 "--kernel: .*program" "$bin" -k "$bin"
row kernel_bare_dir	1 "--kernel: .*neither .*bzImage nor vmlinux" "$bin" -k "$work/dir"
row kernel_device	1 "--kernel: /dev/null: neither a file nor" "$bin" -k /dev/null
row kernel_dangling	1 "--kernel: $work/dangling: No such file" "$bin" -k "$work/dangling"
row kernel_env		1 "KTSTR_KERNEL: $work/nowhere" env KTSTR_KERNEL="$work/nowhere" "$bin"
row kernel_env_dir	1 "KTSTR_KERNEL_DIR: $work/dir" env KTSTR_KERNEL_DIR="$work/dir" "$bin"

# --- scheduler ----------------------------------------------------------------------

row sched_missing	1 "--sched: $work/nowhere: No such file.*give a program" "$bin" --sched "$work/nowhere"
row sched_dir		1 "--sched: $work/dir: not a file" "$bin" --sched "$work/dir"
row sched_noexec	1 "--sched: $work/noexec: not executable; chmod" "$bin" --sched "$work/noexec"
row sched_script	1 "--sched: $work/script: a script; " "$bin" --sched "$work/script"
row sched_empty_word	1 "--sched: empty" "$bin" --sched ''
row sched_text		1 "--sched: .*textprog" "$bin" --sched "$work/textprog"
row sched_cut		1 "--sched: .*cutelf" "$bin" --sched "$work/cutelf"
row sched_other_arch	1 "--sched: .*arm.*another machine" "$bin" --sched "$work/arm"
row sched_builtin	1 "--sched: builtin:nosuch: .*there are: " "$bin" --sched builtin:nosuch
row sched_builtin_path	1 "builtin:../x' names no" "$bin" --sched builtin:../x

row sched_flag		1 "--sched-flag: 'a b' is neither NAME nor NAME=ARG" "$bin" --sched-flag 'a b'
row sched_flag_of_none	1 "--sched-flag: of which scheduler? --sched says so" "$bin" --sched-flag llc
row sched_flag_unknown	1 "--sched-flag lcl: no test is about" "$bin" --sched builtin:fifo --sched-flag lcl
row sched_flag_needs	1 "--sched-flag steal=-s needs --sched-flag llc" "$bin" --sched builtin:fifo \
	--sched-flag steal=-s
row sched_arg		1 "--sched-arg: builtin:fifo: unknown option '--falt'" "$bin" --sched builtin:fifo \
	--sched-arg --falt
row sched_arg_fault	1 "--sched-arg: builtin:fault: --fault: there is no 'stal-cpu'" "$bin" \
	--sched builtin:fault --sched-arg --fault --sched-arg stal-cpu
row sched_expect_glob	1 "--sched-expect: 'cgruop_\*:' matches no test; near: cgroup_" "$bin" \
	--sched-expect 'gap=5,cgruop_*:gap=3'
row sched_expect	1 "--sched-expect: 'gaps' is no limit; there are: spread, gap" "$bin" --sched-expect gaps=1
row sched_expect_zero	1 "--sched-expect: gap: '0' is not a whole number" "$bin" --sched-expect gap=0

# --- what is no mistake ---------------------------------------------------------------

row help		0 '--topology' "$bin" -h
row list		0 "^$test\\." "$bin" -l
row list_needs		0 "^cgroup_llc_overflow\\..* 2\\.0 s  2 LLCs  *more spinners" "$bin" -l -t cgroup_llc_overflow
row list_duration	0 " 0\\.5 s " "$bin" -l -t cgroup_steady --duration .5
row list_all		0 "^$test\\." "$bin" -l --all
row list_flag		0 "^cgroup_llc_overflow\\..*\\.llc-steal " "$bin" -l -t 'cgroup_llc*' --sched builtin:fifo \
	--sched-flag llc=-l --sched-flag steal
row list_expect		0 "^$test\." env KTSTR_SCHED_EXPECT='cgruop_*:gap=3' "$bin" -l
row list_glob		0 "^$test\\." "$bin" -l -t "$test"
row list_topologies	0 "^$test\\.2n2l1c1t\\." "$bin" -l -t "$test" --topology 1n1l1c1t --topology 2n2l1c1t

finish()
{
	echo "1..$nr"
	echo "# Totals: pass:$((nr - failed)) fail:$failed xfail:0 xpass:0 skip:0 error:0"
	[ $failed -eq 0 ] || exit 1
	exit 0
}

if [ -z "$kernel" ]; then
	echo "# no kernel was given: rows that boot a guest are left out"
	finish
fi

# --- a kernel that hangs before it says a word -------------------------------------------

# It takes the whole time that a boot may take, so the other rows go on meanwhile.
hang_asm='.globl _start
_start: jmp _start
.section .note.GNU-stack, "", @progbits'
hang_ld='PHDRS { text PT_LOAD FLAGS(5); } ENTRY(phys)
SECTIONS { . = 0xffffffff81000000; phys = 0x1000000; .text : AT(0x1000000) { *(.text) } :text
	/DISCARD/ : { *(*) } }'
echo "$hang_ld" >"$work/hang.ld"
hang_pid=
if echo "$hang_asm" | ${CC:-gcc} -nostdlib -static -no-pie -Wl,-T,"$work/hang.ld" -Wl,--build-id=none	\
   -x assembler - -o "$work/hang" 2>"$work/hang.log"; then
	KTSTR_TEST_MARK=hang$$ "$bin" -k "$work/hang" -t "$test" --topology 1n1l1c1t	\
		>"$work/hang.out" 2>"$work/hang.err" </dev/null &
	hang_pid=$!
	trap 'kill $hang_pid 2>/dev/null; rm -rf "$work"' EXIT
fi

hang_noticed()
{
	verdict=ok
	if [ -z "$hang_pid" ]; then
		sed 's/^/# | /' "$work/hang.log"
		result bad kernel_hangs
		return
	fi
	wait "$hang_pid"
	[ $? -eq 1 ] || verdict=bad
	grep -q '^# FAIL timeout: no job was taken in .* s (limit .* s).*, last stage: none' "$work/hang.out" ||
		verdict=bad
	grep -q '^# Totals: ' "$work/hang.out" || verdict=bad
	[ -z "$(strays hang$$)" ] || verdict=bad
	[ $verdict = ok ] || sed 's/^/# | /' "$work/hang.err" "$work/hang.out" | head -n 20
	result $verdict kernel_hangs
}

# --- machines that cannot be ------------------------------------------------------------

row memory_small	1 "--memory-mb: 64 MB is too small.*need" "$bin" -k "$kernel" --memory-mb 64
row memory_huge		1 "--memory-mb: 1000000 MB, but this machine has only" "$bin" -k "$kernel" --memory-mb 1000000
row keep_no_parent	1 "--keep: $work/no/where: No such file" "$bin" -k "$kernel" --keep "$work/no/where"
row keep_file		1 "--keep: $work/text: not a directory" "$bin" -k "$kernel" --keep "$work/text"
row perf_engine		1 '--perf: the tcg engine .* needs --accel kvm' \
	"$bin" -k "$kernel" --accel tcg --perf
# Without QEMU, and with a /dev/kvm that may or may not work, "tcg" cannot run.
row no_engine		4 "^1..0 # SKIP --accel tcg: .*not installed" env PATH=/nowhere "$bin" -k "$kernel" --accel tcg
row no_time		4 "skipped: not started: " env kselftest_timeout=20 "$bin" -k "$kernel" -t "$test" --seed 3
row topology_memory	1 "--topology: .* needs .* MB for its guest, this machine has" \
	"$bin" -k "$kernel" -t "$test" --topology 1n1l1024c1t

head -c 1000000 "$kernel" >"$work/cutkernel"
row kernel_cut		1 "--kernel: .*truncated" "$bin" -k "$work/cutkernel"
# xloadflags without XLF_KERNEL_64 (Documentation/arch/x86/boot.rst, offset 0x236).
cp "$kernel" "$work/kernel32" && printf '\0\0' | dd of="$work/kernel32" bs=1 seek=566 conv=notrunc 2>/dev/null
row kernel_32bit	1 "--kernel: .*a 32-bit kernel: an x86-64 one is needed" "$bin" -k "$work/kernel32"
# A guest whose clock is bad is no instrument: neither a pass nor a failure, and the numbers are said.
row bad_clock		4 '^# inconclusive: the guest is no good clock: .*hres_active 0' \
	"$bin" -k "$kernel" -t "$test" --accel tcg --append 'tsc=unstable highres=off'

# One variable for a whole collection of programs: not each of them has the test.
row env_glob		4 '^1..0 # SKIP KTSTR_FILTER matches no test of this program' \
	env KTSTR_FILTER=no_such_test_at_all "$bin" -k "$kernel"

# failing NAME PATTERN COMMAND...: a run whose one instance fails, with PATTERN on standard output.
failing()
{
	name=$1
	pattern=$2
	shift 2
	verdict=ok
	snapshot >"$work/before"
	KTSTR_TEST_MARK=fail$$ timeout 120 "$@" >"$work/out" 2>"$work/err" </dev/null
	[ $? -eq 1 ] || verdict=bad
	grep -q -e "$pattern" "$work/out" || verdict=bad
	grep -q '^not ok 1 ' "$work/out" || verdict=bad
	[ -s "$work/err" ] && verdict=bad
	check_clean fail$$ || verdict=bad
	conclude "$name"
}

failing no_skip '^# skipped: not started' \
	env KTSTR_NO_SKIP=1 kselftest_timeout=20 "$bin" -k "$kernel" -t "$test"
failing too_many_cpus 'FAIL infra: 1024 CPUs.*: the .* engine has ' \
	"$bin" -k "$kernel" -t "$test" --accel tcg --topology 1n1l1024c1t --memory-mb 512
failing sched_exits '^# FAIL sched-attach: scheduler true ended before it was attached, exit code 0' \
	"$bin" -k "$kernel" -t "$test" --sched /bin/true
failing sched_never_attaches '^# FAIL sched-attach: scheduler sleep was not attached after ' \
	"$bin" -k "$kernel" -t "$test" --sched /bin/sleep --sched-arg 1000
failing sched_attaches_late '^# FAIL sched-attach: scheduler sleep was not attached after 2000 ms' \
	"$bin" -k "$kernel" -t "$test" --sched /bin/sleep --sched-arg 1000 --sched-expect attach=2000
failing kernel_parameter '^# FAIL [a-z-]*: .*last stage: ' \
	"$bin" -k "$kernel" -t "$test" --append 'rdinit=/nowhere init=/nowhere'

# A scheduler that lets a cgroup's tasks not even die, and says so or does not: at the end, and where the
# test cannot go on without their end. Where nobody at all did anything, nothing was seen.
dynamic=$(dirname "$bin")/ktstr_dynamic
failing stop_judged '^# FAIL worker: .* cannot be killed, at' "$bin" -k "$kernel" -t cgroup_steady --accel tcg	\
	--sched builtin:fault --sched-arg --fault --sched-arg starve=cg_0 --sched-expect starvation=off
row stop_off 0 '^ok 1 cgroup_steady' "$bin" -k "$kernel" -t cgroup_steady --accel tcg				\
	--sched builtin:fault --sched-arg --fault --sched-arg starve=cg_0 --sched-expect starvation=off,stop=off
failing stop_judged_midway '^# FAIL worker: step 1, .* cannot be killed$' "$dynamic" -k "$kernel"		\
	-t cgroup_rapid_churn --accel tcg --sched builtin:fault --sched-arg --fault				\
	--sched-arg starve=ephemeral --sched-expect starvation=off
row stop_off_midway 4 '^# inconclusive: step 1, .* not judged' "$dynamic" -k "$kernel"				\
	-t cgroup_rapid_churn --accel tcg --sched builtin:fault --sched-arg --fault				\
	--sched-arg starve=ephemeral --sched-expect starvation=off,stop=off
row nothing_done 4 '^# inconclusive: no worker at all did any work in ' "$bin" -k "$kernel" -t cgroup_steady	\
	--accel tcg --sched builtin:fault --sched-arg --fault --sched-arg drop=1				\
	--sched-expect starvation=off,stop=off

# Nor by the monitor, where PID 1 has no window to tell it where to look.
controls=$(dirname "$bin")/build/tests/ktstr_controls
row nothing_seen 0 '^# not judged: dsq-depth, stall: no sample was taken$' "$controls" -k "$kernel"		\
	-t control_no_devmem --accel tcg

# --- ends of a run ------------------------------------------------------------------------

# Wait until the run that carries the mark has QEMU or vCPUs running: at least $2 processes.
wait_procs()
{
	n=0
	while [ "$(strays "$1" | wc -l)" -lt "$2" ]; do
		n=$((n + 1))
		[ $n -lt 300 ] || return 1
		sleep 0.1
	done
}

wait_clean()
{
	n=0
	while [ -n "$(strays "$1")" ]; do
		n=$((n + 1))
		[ $n -lt 100 ] || return 1
		sleep 0.1
	done
}

# killed NAME SIGNAL CODE PATTERN: the runner itself gets SIGNAL while a guest runs.
killed()
{
	verdict=ok
	snapshot >"$work/before"
	KTSTR_TEST_MARK=kill$$ "$bin" -k "$kernel" -t "$test" >"$work/out" 2>"$work/err" </dev/null &
	pid=$!
	if ! wait_procs kill$$ 2; then
		echo "# no guest was started"
		verdict=bad
	fi
	kill -"$2" $pid
	wait $pid 2>/dev/null
	got=$?
	if [ $got -ne "$3" ]; then
		echo "# exit code $got, not $3"
		verdict=bad
	fi
	if ! grep -q -e "$4" "$work/out"; then
		echo "# '$4' is not said"
		verdict=bad
	fi
	# After SIGKILL the kernel needs a moment to end the children; after the others they are gone.
	if [ "$2" = KILL ] && ! wait_clean kill$$; then
		echo "# children survive"
	fi
	check_clean kill$$ || verdict=bad
	conclude "$1"
}

killed runner_sigterm	TERM 1 '^Bail out! ended by signal 15'
killed runner_sigint	INT 1 '^Bail out! ended by signal 2'
killed runner_sighup	HUP 1 '^Bail out! ended by signal 1'
killed runner_sigkill	KILL 137 '^TAP version'

# A child of the runner is killed: one failure, named, and the run goes on to its end.
child_killed()
{
	verdict=ok
	snapshot >"$work/before"
	KTSTR_TEST_MARK=child$$ "$bin" -k "$kernel" -t "$test" >"$work/out" 2>"$work/err" </dev/null &
	pid=$!
	wait_procs child$$ 2 || verdict=bad
	child=$(pgrep -P $pid | head -n 1)
	[ -n "$child" ] && kill -KILL "$child"
	wait $pid
	[ $? -eq 1 ] || verdict=bad
	grep -q '^# FAIL infra: the instance.s process was killed by signal 9' "$work/out" || verdict=bad
	grep -q '^# run again: ' "$work/out" || verdict=bad
	grep -q '^not ok 1 ' "$work/out" || verdict=bad
	grep -q '^# Totals: ' "$work/out" || verdict=bad
	check_clean child$$ || verdict=bad
	conclude child_sigkill
}

child_killed

# A CPU that never comes up is missed, before anything is measured on those that did.
cpus_missing()
{
	verdict=ok
	"$bin" -k "$kernel" -t "$test" --topology 1n2l2c1t --accel tcg --append maxcpus=3 >"$work/out"	\
		2>"$work/err" </dev/null
	[ $? -eq 1 ] || verdict=bad
	grep -q '^# FAIL topology: 3 CPUs are online, 1n2l2c1t has 4$' "$work/out" || verdict=bad
	conclude cpus_missing
}

cpus_missing

# A scheduler that does not end when told to has failed, unless that is said of it.
deaf()
{
	verdict=ok
	set -- "$bin" -k "$kernel" -t "$test" --accel tcg --sched builtin:fault --sched-arg --fault --sched-arg deaf
	"$@" >"$work/out" 2>"$work/err" </dev/null
	[ $? -eq 1 ] || verdict=bad
	grep -q '^# FAIL sched-detach: .* did not end within' "$work/out" || verdict=bad
	"$@" --sched-expect detach=off >"$work/out" 2>>"$work/err" </dev/null || verdict=bad
	grep -q '^# not judged, since it is off for this scheduler: detach$' "$work/out" || verdict=bad
	conclude deaf
}

deaf

# The command that is printed runs the same again, also if some of what was said is about tests that this
# program does not have.
printed_command()
{
	verdict=ok
	KTSTR_SCHED_EXPECT='nowhere_*:gap=9,spread=7' "$bin" -k "$kernel" -t "$test" --sched builtin:fault	\
		--sched-arg --fault --sched-arg stall-all --accel tcg >"$work/out" 2>"$work/err" </dev/null
	[ $? -eq 1 ] || verdict=bad
	again=$(sed -n 's/^# run again: //p' "$work/out")
	case $again in
	*" --sched-expect spread=7"*) ;;
	*) verdict=bad ;;
	esac
	grep '^# FAIL' "$work/out" >"$work/before"
	sh -c "$again" >"$work/out" 2>>"$work/err" </dev/null
	[ $? -eq 1 ] || verdict=bad
	grep '^# FAIL' "$work/out" | cmp -s - "$work/before" || verdict=bad
	conclude printed_command
}

printed_command

# The order of two stages in each of the first $1 tests.
stages_of()	# $1: how many, then options
{
	tests=$("$bin" -l | sed -n "1,$1s/[. ].*//p" | sed 's/^/-t /')
	shift
	# shellcheck disable=SC2086
	"$bin" -k "$kernel" $tests --accel tcg "$@" >"$work/out" 2>"$work/err" </dev/null
	sed -n 's/^# log| stage \(sched\|job\) at .*/\1/p' "$work/out" | tr '\n' ' '
}

# For some it is not worth a boot: each attaches it when it has its job. For more of them it is attached
# in the guest that theirs are copies of, and if it cannot be, each says so for itself.
attached_once()
{
	verdict=ok
	few=$(stages_of 3 -v --sched builtin:fifo)
	[ "$few" = "job sched job sched job sched " ] || verdict=bad
	many=$(stages_of 4 -v --sched builtin:fifo)
	[ "$many" = "sched job sched job sched job sched job " ] || verdict=bad
	[ "$(grep -c '^ok ' "$work/out")" = 4 ] || verdict=bad
	each=$(stages_of 4 -v --sched /bin/true)
	[ "$each" = "job sched job sched job sched job sched " ] || verdict=bad
	grep -q '^# each test attaches it by itself: scheduler true ended before it was attached' "$work/out" ||
		verdict=bad
	[ "$(grep -c '^# FAIL sched-attach: scheduler true ended before it was attached' "$work/out")" = 4 ] ||
		verdict=bad
	[ $verdict = ok ] || { echo "# '$few' '$many' '$each'"; sed 's/^/# | /' "$work/err" "$work/out"; } | head -n 40
	result $verdict attached_once
}

attached_once

# Nobody reads the results any more: the run ends, and so does its guest.
reader_gone()
{
	verdict=ok
	snapshot >"$work/before"
	(
		KTSTR_TEST_MARK=pipe$$ timeout 300 "$bin" -k "$kernel" -t "$test" 2>"$work/err" </dev/null
		echo $? >"$work/code"
	) | head -n 1 >"$work/out"
	[ "$(cat "$work/code")" -eq 1 ] || verdict=bad
	check_clean pipe$$ || verdict=bad
	[ $verdict = ok ] || { echo "# exit code $(cat "$work/code")"; sed 's/^/# | /' "$work/err"; }
	result $verdict reader_gone
}

reader_gone
hang_noticed
finish
