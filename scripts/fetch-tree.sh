#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fetch-tree.sh [SERIES] - print the path of a kernel source tree in the cache, with what it takes to
# build us: tools/, scripts/ and headers, of the newest linux-source package (or of SERIES, such as 6.12).
# No root needed, nothing is installed.
set -eu
. "$(dirname "$0")/common.sh"

series=${1-}
tree=$cache/tree${series:+-$series}

lock_cache
# bpftool, which tools/sched_ext needs, is built from kernel/bpf/disasm.c, too.
if [ -f "$tree/kernel/bpf/disasm.c" ]; then
	echo "$tree"
	exit
fi

make_scratch
command -v xz >/dev/null || die "xz is not here: install xz-utils"
apt_update
if [ -n "$series" ]; then
	package=linux-source-$series
else
	package=$(apt_search '^linux-source-[0-9]+\.[0-9]+$' | tail -n 1)
	[ -n "$package" ] || die "no linux-source package among Debian's packages"
fi
apt_download "$package" || exit 1

say "unpacking tools, scripts and headers of $package"
deb=$(echo "$scratch/$package/"*.deb)
inside=$(dpkg-deb --fsys-tarfile "$deb" | tar -t | grep -E '/linux-source-[^/]*\.tar\.xz$' | head -n 1)
[ -n "$inside" ] ||
	die "no source archive in $package"
mkdir "$scratch/tree"
# No pipefail in sh: the archive's own end is what proves that all of it was read.
dpkg-deb --fsys-tarfile "$deb" | tar -xO "$inside" >"$scratch/source.tar.xz"
rm -r "${scratch:?}/$package"
tar -C "$scratch/tree" -xJf "$scratch/source.tar.xz" --strip-components=1				\
	"$package/Makefile" "$package/tools" "$package/scripts" "$package/include" "$package/arch/x86/include"	\
	"$package/kernel/bpf/disasm.c" "$package/kernel/bpf/disasm.h"
[ -f "$scratch/tree/tools/testing/selftests/lib.mk" ] || die "$package is not a kernel tree"
rm -rf "$tree"
mv "$scratch/tree" "$tree"
say "tree of $package is in the cache"
echo "$tree"
