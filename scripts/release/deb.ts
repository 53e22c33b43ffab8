// The Debian packages, by dpkg-deb alone: what strips executables would make ours plain Bun.

import {
	chmodSync,
	copyFileSync,
	cpSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { $ } from "bun";
import type { Batch } from "./batch.ts";
import type { Target } from "./targets.ts";
import { DEFAULTS, packagedService, packagedTimer } from "./units.ts";

const NAME = "vpo-library";
/** VPO's own command is called vpo as well: by this name ours is always found. */
const NAMES = ["vpo", NAME];
const MAINTAINER = "vpo library <vpo-library@example.invalid>";

/** What dpkg runs. Backups and libraries are nobody's but the user's: no script touches them. */
const SCRIPTS = {
	postinst: `if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi`,
	prerm: `if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	systemctl disable --now ${NAME}.timer || true
fi`,
	postrm: `if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi`,
};

/**
 * Makes vpo-library_VERSION_ARCHITECTURE.deb.
 * @param pages a folder with the printed pages for each name
 */
export async function makeDeb(
	batch: Batch,
	target: Target,
	executable: string,
	pages: string,
): Promise<void> {
	const { version, outDir, isDraft } = batch;
	const { architecture } = target;
	const tree = join(batch.workDir, `deb-${architecture}`);
	layOutTree(batch, tree, executable, pages);
	writeControl(batch, tree, target);
	settle(tree, batch.commit.epochSeconds);
	const out = join(outDir, `${NAME}_${version}_${architecture}.deb`);
	const flags = ["-Zxz", isDraft ? "-z0" : "-z6", "--threads-max=2"];
	await $`dpkg-deb --root-owner-group ${flags} --build ${tree} ${out}`
		.env({ ...process.env, SOURCE_DATE_EPOCH: `${batch.commit.epochSeconds}` })
		.quiet();
}

function layOutTree(
	batch: Batch,
	tree: string,
	executable: string,
	pages: string,
): void {
	const at = (path: string) => {
		mkdirSync(dirname(join(tree, path)), { recursive: true });
		return join(tree, path);
	};
	copyFileSync(executable, at("usr/bin/vpo"));
	symlinkSync("vpo", at(`usr/bin/${NAME}`));
	for (const name of NAMES) {
		const page = (kind: string) => join(pages, name, kind);
		const man = readFileSync(page("man"));
		const bytes = Bun.gzipSync(man, { library: "libdeflate", level: 9 });
		writeFileSync(at(`usr/share/man/man1/${name}.1.gz`), bytes);
		const completions = {
			bash: `usr/share/bash-completion/completions/${name}`,
			zsh: `usr/share/zsh/vendor-completions/_${name}`,
			fish: `usr/share/fish/vendor_completions.d/${name}.fish`,
		};
		for (const [kind, path] of Object.entries(completions)) {
			copyFileSync(page(kind), at(path));
		}
	}
	const docs = `usr/share/doc/${NAME}`;
	copyFileSync(join(batch.root, "LICENSE"), at(`${docs}/copyright`));
	cpSync(sbomOf(batch), at(`${docs}/sbom.cdx.json`));
	writeFileSync(at(`lib/systemd/system/${NAME}.service`), packagedService());
	writeFileSync(at(`lib/systemd/system/${NAME}.timer`), packagedTimer());
	writeFileSync(at(`etc/default/${NAME}`), DEFAULTS);
}

/** Where a release's bill of materials lies. */
export function sbomOf({ outDir, version }: Batch): string {
	return join(outDir, `vpo-${version}.cdx.json`);
}

function writeControl(
	{ version }: Batch,
	tree: string,
	{ architecture }: Target,
): void {
	const folder = join(tree, "DEBIAN");
	const files = filesIn(tree);
	mkdirSync(folder);
	const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0);
	const control = `Package: ${NAME}
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: libc6 (>= 2.17)
Section: utils
Priority: optional
Description: back up, restore and list the library database of VPO
 One self-contained executable that backs up the library of VPO (Video Policy
 Orchestrator) while VPO runs, proves each backup by reading it back, and
 restores one so that it can be undone. A systemd timer for it is installed,
 and switched off.
`;
	writeFileSync(join(folder, "control"), control);
	writeFileSync(join(folder, "conffiles"), `/etc/default/${NAME}\n`);
	const sums = files.map((path) => {
		const sum = new Bun.CryptoHasher("md5").update(readFileSync(path));
		return `${sum.digest("hex")}  ${path.slice(tree.length + 1)}\n`;
	});
	writeFileSync(join(folder, "md5sums"), sums.join(""));
	for (const [name, body] of Object.entries(SCRIPTS)) {
		const script = `#!/bin/sh\nset -e\n${body}\n`;
		writeFileSync(join(folder, name), script, { mode: 0o755 });
	}
}

function filesIn(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => join(parentPath, name))
		.sort();
}

// Whatever the umask is, and whenever it was written.
function settle(tree: string, seconds: number): void {
	const entries = readdirSync(tree, { recursive: true, withFileTypes: true });
	for (const entry of entries) {
		if (entry.isSymbolicLink()) continue; // dpkg-deb takes SOURCE_DATE_EPOCH for all that is younger
		const path = join(entry.parentPath, entry.name);
		const isProgram = (statSync(path).mode & 0o100) !== 0;
		chmodSync(path, isProgram ? 0o755 : 0o644);
		utimesSync(path, seconds, seconds);
	}
	chmodSync(tree, 0o755);
	utimesSync(tree, seconds, seconds);
}
