#!/usr/bin/env bash
# Makes a release quickly and small things large, signs it with a key of its own, and tries every artifact where it belongs.
# What was last tried is remembered in test/release/tried, so that CI tries again only what has changed since.
set -euo pipefail
cd "$(dirname "$0")/.."

# All that the artifacts are made by; what the program does has tests of its own.
inputs=(package.json bun.lock LICENSE scripts/release.ts scripts/release scripts/prove-release.sh
	test/release test/helpers/release.ts src/main.ts src/ground/program.ts src/ground/version.ts
	src/cli/manual src/cli/schedule/systemd.ts)
fingerprint() {
	git ls-files -co --exclude-standard -- "${inputs[@]}" ':!test/release/tried' | LC_ALL=C sort -u |
		while IFS= read -r file; do [[ ! -f $file ]] || sha256sum "$file"; done | sha256sum | cut -d ' ' -f 1
}

if [[ ${1-} == --if-changed && $(cat test/release/tried 2>/dev/null) == "$(fingerprint)" ]]; then
	echo "the release was tried as it is"
	exit 0
fi

bash scripts/needs.sh qemu-aarch64-static:qemu-user-static minisign:minisign skopeo:skopeo umoci:umoci runc:runc \
	mandoc:mandoc debootstrap:debootstrap xz:xz-utils readelf:binutils gcc-12:gcc-12 \
	/usr/lib/gcc/x86_64-linux-gnu/12/libstdc++_pic.a:libstdc++-12-pic /lib/ld-musl-x86_64.so.1:musl \
	aarch64-linux-gnu-gcc-12:gcc-12-aarch64-linux-gnu \
	/usr/lib/gcc-cross/aarch64-linux-gnu/12/libstdc++_pic.a:libstdc++-12-pic-arm64-cross
bun run setup
mkdir -p dist
rm -f dist/proof.key dist/proof.pub
minisign -G -W -s dist/proof.key -p dist/proof.pub >/dev/null
bun scripts/release.ts --draft --sign-key dist/proof.key
bun test ./test/release/*.proof.ts
fingerprint >test/release/tried
