#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# nested.sh [-m MIB] [-c CPUS] [-t SECONDS] [-s SHIFT] [-r] [-x] [-l LOG] FILE[:NAME]... -- COMMAND [ARG]...
#
# Run a command in a guest in which KVM works, on a host where it does not: "make tests", then
#
#	scripts/nested.sh ktstr_basic vmlinuz -- ktstr_basic -k /vmlinuz --accel kvm
#
# See tests/nested.c for what the options mean and what comes back. The kernel of that guest is fetched.
# OUTPUT says where the programs were built.
set -u
here=$(cd "$(dirname "$0")" && pwd)

fail() { echo "nested.sh: $*" >&2; exit 125; }

nested=${OUTPUT:-$here/..}/build/tests/ktstr_nested
[ -x "$nested" ] || fail "$nested is not there: make tests"
command -v qemu-system-x86_64 >/dev/null ||
	fail "qemu-system-x86_64 is not installed (Debian: apt-get install qemu-system-x86)"
kernel=$("$here/fetch-kernel.sh" -m 6.12) || fail "no kernel to run KVM in"
dir=${kernel%/*}

# irqbypass, kvm, ccp, kvm-amd: in this order. ccp is not in every kernel.
for module in kvm-amd ccp kvm irqbypass; do
	[ ! -f "$dir/$module.ko" ] || set -- -M "$dir/$module.ko" "$@"
done
exec "$nested" -k "$kernel" "$@"
