# SPDX-License-Identifier: GPL-2.0
# common.sh - sourced by the scripts beside it: the cache, and packages of other Debian suites.
# shellcheck shell=sh

cache=${XDG_CACHE_HOME:-$HOME/.cache}/ktstr

# Progress goes to stderr: standard output is for what a script is asked for.
say() { echo "ktstr: $*" >&2; }
die() { say "$*"; exit 1; }

# One at a time: whoever comes second finds the work done. The lock goes with the process.
lock_cache()
{
	mkdir -p "$cache" || die "cannot make $cache"
	exec 9>"$cache/lock"
	flock 9
}

# A directory for unfinished work, on the same file system as the result, so that a rename completes it.
make_scratch()
{
	# We hold the lock, so whoever made one of these was killed.
	rm -rf "$cache"/tmp.*
	scratch=$(mktemp -d "$cache/tmp.XXXXXX") || die "cannot write to $cache"
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# apt's own download user, where there is one, must get in.
	chmod 755 "$scratch"
}

# Suites that the machine does not use are read with a state of our own: its lists stay as they are, and
# nothing is installed. The site is the one that the machine itself uses.
apt_site()	# $1: a release of the machine's sources
{
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' 2>/dev/null |
		awk -v r="$1" '$1 == r && $2 == "main" { print $3; exit }'
}

apt_private()
{
	tool=$1
	shift
	"$tool" -q -o Dir::Etc::sourcelist="$cache/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null	\
		-o Dir::State::lists="$cache/apt/lists" -o Dir::Cache="$cache/apt/cache"	\
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3	\
		-o Acquire::http::Timeout=30 "$@"
}

# Needs no root. The lists are good for a day.
apt_update()
{
	for cmd in apt-get apt-cache dpkg-deb; do
		command -v $cmd >/dev/null || die "$cmd is not here: this machine has no Debian packages"
	done
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	site=$(apt_site "$codename")
	[ -n "$site" ] || die "apt knows no site for '$codename' main: add one to its sources"
	keyring=
	for key in /usr/share/keyrings/debian-archive-keyring.pgp /usr/share/keyrings/debian-archive-keyring.gpg; do
		[ -r $key ] && keyring=$key && break
	done
	[ -n "$keyring" ] || die "no Debian keyring: install debian-archive-keyring"

	mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial"
	echo "deb [signed-by=$keyring] $site trixie-backports main" >"$cache/apt/sources.new"
	security=$(apt_site "$codename-security")
	[ -z "$security" ] ||
		echo "deb [signed-by=$keyring] $security $codename-security main" >>"$cache/apt/sources.new"
	if cmp -s "$cache/apt/sources.new" "$cache/apt/sources.list" &&
	   [ -n "$(find "$cache/apt/updated" -mmin -1440 2>/dev/null)" ]; then
		rm -f "$cache/apt/sources.new"
		return
	fi
	mv "$cache/apt/sources.new" "$cache/apt/sources.list"
	rm -f "$cache/apt/updated"
	say "reading package lists"
	apt_private apt-get -o APT::Update::Error-Mode=any update >"$cache/apt/log" 2>&1 ||
		die "cannot read package lists: $(grep -m1 '^E:\|^W:\|^Err' "$cache/apt/log") (no network? see $cache/apt/log)"
	touch "$cache/apt/updated"
}

# apt_search - names that match, the newest version last
apt_search()
{
	apt_private apt-cache search --names-only "$1" 2>/dev/null | cut -d' ' -f1 | sort -V
}

# apt_download - the .deb, complete and verified, is the only file in $scratch/$1 then
apt_download()
{
	say "downloading $1"
	mkdir -p "$scratch/$1"
	(cd "$scratch/$1" && apt_private apt-get download "$1") >"$cache/apt/log" 2>&1 ||
		{ say "cannot download $1: $(grep -m1 '^E:' "$cache/apt/log") (see $cache/apt/log)"; return 1; }
}
