#!/usr/bin/env bash
# Installs the Debian packages of the commands that the tests call, where any is missing. Elsewhere it says what to install.
set -u

needs=(
	python3:python3
	strace:strace
	tar:tar
	gzip:gzip
	sha256sum:coreutils
	mount:mount
	setpriv:util-linux
	taskset:util-linux
	systemd-analyze:systemd
	zsh:zsh
	fish:fish
	mandoc:mandoc
)

packages=()
for need in "${needs[@]}"; do
	type -P "${need%%:*}" >/dev/null || packages+=("${need##*:}")
done
# A module of Debian's own Python.
/usr/bin/python3 -c 'import fusepy' 2>/dev/null || packages+=(python3-fusepy)
((${#packages[@]})) || exit 0

echo "the tests need ${packages[*]}" >&2
if ! type -P apt-get >/dev/null; then
	echo "install these, then try again" >&2
	exit 1
fi
root=()
((EUID == 0)) || root=(sudo)
"${root[@]}" apt-get -qq update &&
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq --yes --no-install-recommends install "${packages[@]}" >/dev/null
