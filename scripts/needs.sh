#!/usr/bin/env bash
# Installs the Debian packages of the commands that the tests call, where any is missing. Elsewhere it says what to install.
# Further ones may be named: COMMAND:PACKAGE or /A/FILE:PACKAGE.
set -u

needs=(
	python3:python3
	sqlite3:sqlite3
	strace:strace
	tar:tar
	gzip:gzip
	sha256sum:coreutils
	mount:mount
	setpriv:util-linux
	setfacl:acl
	taskset:util-linux
	systemd-analyze:systemd
	crontab:cron
	zsh:zsh
	fish:fish
	mandoc:mandoc
	openssl:openssl
	sqldiff:sqlite3-tools
	ceph:ceph-common
	ceph-mon:ceph-mon
	ceph-osd:ceph-osd
	radosgw:radosgw
	swift-proxy-server:swift-proxy
	swift-account-server:swift-account
	swift-container-server:swift-container
	swift-object-server:swift-object
	rclone:rclone
)

is_there() {
	case $1 in
	/*) [[ -e $1 ]] ;;
	*) type -P "$1" >/dev/null ;;
	esac
}

packages=()
for need in "${needs[@]}" "$@"; do
	is_there "${need%%:*}" || packages+=("${need##*:}")
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
apt() {
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 "$@"
}
# A mirror that hiccups, or another apt that holds the lock, has gone by the next try.
for pause in 5 20 0; do
	apt update && apt --yes --no-install-recommends install "${packages[@]}" >/dev/null && exit 0
	sleep "$pause"
done
exit 1
