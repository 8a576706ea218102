#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# install-deps.sh - install what building and running needs. Does nothing when all of it is there.
set -eu
. "$(dirname "$0")/common.sh"

# A built-in scheduler needs a clang that knows BPF well enough. Any will do, under any name.
have_clang()
{
	for cc in clang clang-22 clang-21 clang-20 clang-19 clang-18 clang-17 clang-16; do
		v=$(echo __clang_major__ | $cc -E -P -x c - 2>/dev/null) || continue
		[ "$v" -lt 16 ] || return 0
	done
	return 1
}

compiles()	# $1: header, $2: library
{
	echo "#include <$1>
int main(void) { return 0; }" | ${CC:-cc} -x c - -o /dev/null "-l$2" 2>/dev/null
}

need=
want()	# $1: package; then a command that says whether it is needed no more
{
	package=$1
	shift
	"$@" >/dev/null 2>&1 || need="$need $package"
}

want gcc command -v gcc
want libc6-dev compiles stdio.h c
want make command -v make
want perl command -v perl
want python3 command -v python3
want rsync command -v rsync
want xz-utils command -v xz
want libelf-dev compiles libelf.h elf
want zlib1g-dev compiles zlib.h z
want libzstd-dev compiles zstd.h zstd
want clang have_clang
want rt-tests command -v hackbench
want qemu-system-x86 command -v qemu-system-x86_64

[ -n "$need" ] || exit 0

command -v apt-get >/dev/null || die "please install the equivalents of:$need"
as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || die "please install as root:$need"
	as_root=sudo
fi

# The distribution's own "clang" may be too old beside newer ones with a number.
pick_clang()
{
	apt-cache search --names-only '^clang-(1[6-9]|2[0-9])$' | cut -d' ' -f1 | sort -V | tail -n 1
}

say "installing$need"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
$as_root apt-get -q update >"$log" 2>&1 || say "apt-get update: $(grep -m 1 '^E:' "$log")"
clang=$(pick_clang)
# shellcheck disable=SC2086
if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends	\
     $(for p in $need; do [ "$p" = clang ] && [ -n "$clang" ] && p=$clang; echo "$p"; done) >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	die "could not install$need"
fi
