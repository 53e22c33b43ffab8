#!/bin/sh
# Installs vpo library from the files beside this script, for the machine that it runs on. Nothing is fetched.
# Removes with --uninstall what it has installed, and nothing else: libraries and backups are never touched.
set -eu

VERSION=@VERSION@
KIND=vpo-library
OTHER=vpo-library

usage() {
	cat <<END
Usage: sh install.sh [--prefix DIR] [--name NAME] [--key FILE]
       sh install.sh --uninstall [--prefix DIR]

Installs vpo library $VERSION from the files beside this script.

  --prefix DIR  Where to: DIR/bin, DIR/share (default: /usr/local, which needs root; ~/.local does not)
  --name NAME   What the program is called (default: vpo, or $OTHER where another vpo is there already)
  --key FILE    The minisign public key that SHA256SUMS must be signed with
  --uninstall   Remove what was installed there
END
}

say() { printf '%s\n' "$*"; }
fail() {
	printf 'install.sh: %s\n' "$*" >&2
	exit 1
}
wrong() {
	printf 'install.sh: %s (see --help)\n' "$*" >&2
	exit 2
}

prefix=/usr/local
name=
key=
action=install
while [ $# -gt 0 ]; do
	case $1 in
	--prefix | --name | --key)
		[ $# -ge 2 ] && [ -n "$2" ] || wrong "$1 needs a value"
		case $1 in
		--prefix) prefix=$2 ;;
		--name) name=$2 ;;
		--key) key=$2 ;;
		esac
		shift
		;;
	--uninstall) action=uninstall ;;
	-h | --help)
		usage
		exit 0
		;;
	*) wrong "unknown argument: $1" ;;
	esac
	shift
done
case $name in
*[!A-Za-z0-9._-]* | [.-]*) wrong "--name must be a plain name, not \"$name\"" ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
case $prefix in
/*) ;;
*) prefix=$(pwd)/$prefix ;;
esac
prefix=${prefix%/}
# What was installed here, a path a line.
record=$prefix/share/$KIND/files

# Whether a path is one that this script has put there.
is_ours() { [ -f "$record" ] && grep -qxF -- "$1" "$record"; }

uninstall() {
	[ -f "$record" ] || fail "nothing was installed in $prefix by this script: $record is not there"
	while IFS= read -r path; do
		case $path in
		"$prefix"/*) ;;
		*) fail "$record names $path, which is not below $prefix; nothing more is removed" ;;
		esac
		rm -f -- "$path" || fail "cannot remove $path; run this as who installed it"
		say "removed $path"
	done <"$record"
	rm -f -- "$record" || fail "cannot remove $record; run this as who installed it"
	rmdir "$prefix/share/$KIND" "$prefix/share/doc/$KIND" 2>/dev/null || true
	say "libraries and backups are as they were; a schedule that called it stays: see crontab -l and systemctl list-timers"
}

# Sets target, or says why there is none.
choose_target() {
	[ "$(uname -s)" = Linux ] || fail "made for Linux, and this is $(uname -s)"
	[ -e /proc/self/exe ] || fail "/proc is not mounted here, and the executable can't run without it: mount -t proc proc /proc"
	case $(uname -m) in
	x86_64 | amd64) target=linux-x64 ;;
	aarch64 | arm64) target=linux-arm64 ;;
	*) fail "there is no executable for $(uname -m): only for x86_64 and aarch64" ;;
	esac
	[ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 64 ] ||
		fail "the system is a 32-bit one on a 64-bit processor, and the executables are 64-bit"
	if ldd --version 2>&1 | grep -qi musl; then
		target=$target-musl
		for library in /usr/lib/libstdc++.so.6 /lib/libstdc++.so.6; do
			[ ! -e "$library" ] || return 0
		done
		fail "libstdc++ is missing; install it first: apk add libstdc++"
	fi
}

# Checks the files against their sums, and the sums against their signature.
verify() {
	[ -f "$here/SHA256SUMS" ] || fail "$here/SHA256SUMS is missing; it belongs beside this script"
	signature=$here/SHA256SUMS.minisig
	if [ -n "$key" ]; then
		command -v minisign >/dev/null || fail "--key needs minisign, which is not installed"
		[ -f "$signature" ] || fail "$signature is missing"
		minisign -Vq -p "$key" -m "$here/SHA256SUMS" ||
			fail "SHA256SUMS is not signed with $key; nothing was installed"
		say "the signature of SHA256SUMS is good"
	elif [ -f "$signature" ]; then
		say "SHA256SUMS is signed; to have the signature checked: --key FILE"
	fi
	wanted=$(grep -F "  $1" "$here/SHA256SUMS" | head -n 1 | cut -d ' ' -f 1)
	[ -n "$wanted" ] || fail "SHA256SUMS does not name $1; nothing was installed"
	found=$(sha256sum <"$here/$1" | cut -d ' ' -f 1)
	[ "$wanted" = "$found" ] || fail "$1 is damaged: its SHA-256 is not that of SHA256SUMS; nothing was installed"
	say "checked $1 against SHA256SUMS"
}

# Sets name, so that no program of anybody else's is replaced or hidden.
choose_name() {
	if [ -n "$name" ]; then
		[ ! -e "$prefix/bin/$name" ] || is_ours "$prefix/bin/$name" ||
			fail "$prefix/bin/$name is another program and stays; try --name $OTHER"
		return 0
	fi
	for name in vpo $OTHER; do
		is_ours "$prefix/bin/$name" && return 0
	done
	name=vpo
	other=$(command -v vpo || true)
	[ ! -e "$prefix/bin/vpo" ] || other=$prefix/bin/vpo
	[ -n "$other" ] || return 0
	name=$OTHER
	say "$other is another program and stays; this one is called $name, which needs no \"library\": $name backup"
	[ ! -e "$prefix/bin/$name" ] || fail "$prefix/bin/$name is there too, and not from here; choose another with --name"
}

# Puts a file where it belongs, in one step, and remembers it.
put() {
	mkdir -p "$(dirname "$2")" || fail "cannot make $(dirname "$2"); run this as root, or choose --prefix ~/.local"
	[ ! -e "$2" ] || is_ours "$2" || fail "$2 is there and not from here; it stays"
	cp "$1" "$2.new.$$" && chmod "$3" "$2.new.$$" && mv -f "$2.new.$$" "$2" ||
		fail "cannot write $2; run this as root, or choose --prefix ~/.local"
	printf '%s\n' "$2" >>"$work/files"
	say "installed $2"
}

install_all() {
	choose_target
	archive=vpo-$VERSION-$target.tar.gz
	[ -f "$here/$archive" ] || fail "$here/$archive is missing; it belongs beside this script"
	verify "$archive"
	choose_name
	mkdir -p "$prefix" 2>/dev/null && [ -w "$prefix" ] ||
		fail "$prefix can't be written by $(id -un); run this as root, or choose --prefix ~/.local"
	work=$(mktemp -d "$prefix/.$KIND.XXXXXX") || fail "cannot make a folder in $prefix"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	tar -xzf "$here/$archive" -C "$work" || fail "cannot unpack $archive; is $prefix full?"
	tree=$work/vpo-$VERSION-$target
	mv "$tree/vpo" "$work/$name"
	# It prints its own pages, by its own name: and if it can't run here, nothing was installed.
	for shell in bash zsh fish; do
		"$work/$name" library completions $shell >"$work/$shell" ||
			fail "the executable does not run on this machine; nothing was installed"
	done
	"$work/$name" library man >"$work/man"
	[ ! -f "$record" ] || cp "$record" "$work/before"

	put "$work/$name" "$prefix/bin/$name" 755
	put "$work/man" "$prefix/share/man/man1/$name.1" 644
	put "$work/bash" "$prefix/share/bash-completion/completions/$name" 644
	put "$work/zsh" "$prefix/share/zsh/site-functions/_$name" 644
	put "$work/fish" "$prefix/share/fish/vendor_completions.d/$name.fish" 644
	put "$tree/LICENSE" "$prefix/share/doc/$KIND/LICENSE" 644
	mkdir -p "$prefix/share/$KIND"
	[ ! -f "$work/before" ] || cat "$work/before" >>"$work/files"
	sort -u "$work/files" >"$record.new.$$" && mv -f "$record.new.$$" "$record"
	say "$("$prefix/bin/$name" --version) is installed as $name"
	case :$PATH: in
	*":$prefix/bin:"*) ;;
	*) say "$prefix/bin is not in PATH: add it, or call $prefix/bin/$name" ;;
	esac
}

case $action in
install) install_all ;;
uninstall) uninstall ;;
esac
