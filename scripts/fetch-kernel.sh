#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fetch-kernel.sh [-u] [-m] [SERIES] - print the path of a kernel image of a series ("7", "7.3", "6.18"),
# the newest one that Debian has packages of. Once fetched it comes from the cache; -u looks for a
# newer one. With -m only one whose package has KVM's modules counts, and they lie beside the image,
# uncompressed. No root needed, nothing is installed.
set -eu
. "$(dirname "$0")/common.sh"

update=
modules=
while getopts um option; do
	case $option in
	u) update=1 ;;
	m) modules=1 ;;
	*) exit 1 ;;
	esac
done
shift $((OPTIND - 1))
series=${1:-7}
case $series in
*[!0-9.]* | .* | *. | *..*) die "'$series' is not a kernel series: say 7, 7.3 or 6.18.15" ;;
esac
pattern=$(echo "$series" | sed 's/\./\\./g')

cached()
{
	ls "$cache/kernels" 2>/dev/null | grep -Ex "$pattern(\.[0-9]+)*" | while read -r version; do
		! complete "$version" || echo "$version"
	done | sort -V | tail -n 1
}

complete()	# $1: version; is in the cache all that is asked for?
{
	[ -f "$cache/kernels/$1/vmlinuz" ] && { [ -z "$modules" ] ||
		[ -f "$cache/kernels/$1/kvm.ko" -a -f "$cache/kernels/$1/kvm-amd.ko" ]; }
}

# Those that kvm-amd needs, where they are modules. KVM's type information makes loading slow, and without
# it the signature goes too.
extract_modules()	# $1: package, $2: directory
{
	for module in $(dpkg-deb --fsys-tarfile "$1" | tar -t |
			grep -E '/kernel/.*/(irqbypass|ccp|kvm|kvm-amd)\.ko(\.xz)?$'); do
		file=$2/$(basename "${module%.xz}")
		case $module in
		*.xz) dpkg-deb --fsys-tarfile "$1" | tar -xO "$module" | xz -dc >"$file" ;;
		*) dpkg-deb --fsys-tarfile "$1" | tar -xO "$module" >"$file" ;;
		esac
		! command -v objcopy >/dev/null || objcopy -R .BTF "$file"
	done
	[ -s "$2/kvm.ko" ] && [ -s "$2/kvm-amd.ko" ]
}

lock_cache
version=$(cached)
if [ -n "$version" ] && [ -z "$update" ]; then
	echo "$cache/kernels/$version/vmlinuz"
	exit
fi

make_scratch
apt_update
# Which package has the image changed over time; the others of that name are empty. So look inside.
packages=$(apt_search "^linux-(binary|image)-$pattern(\.[0-9]+)*\+deb[0-9]+-cloud-amd64\$")
[ -n "$packages" ] || die "no cloud kernel of the series $series among Debian's packages"
versions=$(echo "$packages" | sed -E 's/^linux-(binary|image)-([0-9.]+).*/\2/' | sort -rVu | head -n 3)

for version in $versions; do
	image=$cache/kernels/$version/vmlinuz
	if complete "$version"; then
		echo "$image"
		exit
	fi
	for package in $(echo "$packages" | grep -F -e "-$version+"); do
		apt_download "$package" || continue
		deb=$(echo "$scratch/$package/"*.deb)
		inside=$(dpkg-deb --fsys-tarfile "$deb" | tar -t | grep -E '/vmlinuz(-[^/]*)?$' | head -n 1)
		[ -n "$inside" ] || continue
		mkdir "$scratch/kernel"
		dpkg-deb --fsys-tarfile "$deb" | tar -xO "$inside" >"$scratch/kernel/vmlinuz"
		# Documentation/arch/x86/boot.rst: a bzImage has this at 0x202.
		[ "$(dd if="$scratch/kernel/vmlinuz" bs=1 skip=514 count=4 2>/dev/null)" = HdrS ] ||
			die "$inside of $package is not a bzImage"
		if [ -n "$modules" ] && ! extract_modules "$deb" "$scratch/kernel"; then
			say "$package has no modules of KVM"
			rm -r "$scratch/kernel"
			continue
		fi
		mkdir -p "$cache/kernels"
		# What is there already may be in use, and has the same image.
		if [ -d "$cache/kernels/$version" ]; then
			mv "$scratch/kernel/"*.ko "$cache/kernels/$version"
		else
			mv "$scratch/kernel" "$cache/kernels/$version"
		fi
		say "kernel $version is in the cache"
		echo "$image"
		exit
	done
done
die "no package of the series $series could be fetched with a kernel image in it"
