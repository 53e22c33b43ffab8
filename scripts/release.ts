// Makes everything that can be handed out, from one commit: dist/release. The same commit makes the same bytes.
//
//   bun run release [--draft] [--sign-key FILE]
//
// --draft: quick instead of small, and from changed files too. --sign-key: a minisign key without a password.

import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../package.json";
import { type Batch, nameFor } from "./release/batch.ts";
import { readCommit } from "./release/commit.ts";
import { compile, requireSoundSqlite } from "./release/compile.ts";
import { makeDeb, sbomOf } from "./release/deb.ts";
import { unpackPackages } from "./release/debian.ts";
import { makeImage } from "./release/image.ts";
import { layOut, printPages } from "./release/pages.ts";
import { makeRootfs } from "./release/rootfs.ts";
import { writeSbom } from "./release/sbom.ts";
import { signSums, writeSums } from "./release/sums.ts";
import { gzipFile, packFolder, xzFile } from "./release/tar.ts";
import { GLIBC_TARGETS, TARGETS, type Target } from "./release/targets.ts";

const { values: flags } = parseArgs({
	options: { draft: { type: "boolean" }, "sign-key": { type: "string" } },
});

const root = resolve(import.meta.dir, "..");
const batch = await begin(root, flags.draft ?? false);
try {
	await makeAll(batch);
	if (flags["sign-key"]) await signSums(batch, resolve(flags["sign-key"]));
	const released = join(root, "dist/release");
	rmSync(released, { recursive: true, force: true });
	renameSync(batch.outDir, released);
	console.log(`${released}: ${version}, ${batch.commit.id}`);
} finally {
	rmSync(batch.workDir, { recursive: true, force: true });
}

async function begin(root: string, isDraft: boolean): Promise<Batch> {
	const commit = await readCommit(root);
	if (!commit) throw new Error("a release is made from a commit: git clone");
	if (!commit.isClean && !isDraft) {
		throw new Error("the files are not the commit's: commit, or --draft");
	}
	mkdirSync(join(root, "dist"), { recursive: true });
	const workDir = mkdtempSync(join(root, "dist", "making-"));
	const outDir = join(workDir, "release");
	mkdirSync(outDir);
	return { root, outDir, workDir, version, commit, isDraft };
}

async function makeAll(batch: Batch): Promise<void> {
	const { workDir } = batch;
	const executables = new Map<Target, string>();
	for (const target of TARGETS) {
		// The file's name goes into its bytes, the folder's does not.
		const outFile = join(workDir, target.name, "vpo");
		await compile(root, { target: target.name, outFile, commit: batch.commit });
		executables.set(target, outFile);
	}
	const of = (target: Target) => executables.get(target) as string;
	const own = `linux-${process.arch}`;
	const runs = TARGETS.find(({ name }) => name === own) ?? GLIBC_TARGETS[0];
	const pages = join(workDir, "pages");
	for (const name of ["vpo", "vpo-library"]) {
		await printPages(of(runs as Target), name, join(pages, name));
	}
	writeSbom(batch, { bun: Bun.version, sqlite: requireSoundSqlite() });
	for (const target of TARGETS) {
		await makeTarballs(batch, target, of(target), join(pages, "vpo"));
	}
	for (const target of GLIBC_TARGETS) {
		await makeDeb(batch, target, of(target), pages);
	}
	const wanted = GLIBC_TARGETS.map((it) => `libc6:${it.architecture}`);
	const packages = await unpackPackages(join(workDir, "debian"), wanted);
	const documents = [join(root, "LICENSE"), sbomOf(batch)];
	const systems = await Promise.all(
		GLIBC_TARGETS.map(async (target, at) => {
			const libc = packages[at];
			if (!libc) throw new Error(`no libc6 for ${target.architecture}`);
			const tar = await makeRootfs(batch, target, of(target), libc, documents);
			return { target, tar };
		}),
	);
	await makeImage(batch, systems);
	writeInstaller(batch);
	writeSums(batch);
}

async function makeTarballs(
	batch: Batch,
	target: Target,
	executable: string,
	pages: string,
): Promise<void> {
	const name = nameFor(batch, target.name);
	const folder = join(batch.workDir, "trees");
	layOut(batch.root, executable, pages, join(folder, name));
	const tar = join(batch.workDir, `${name}.tar`);
	await packFolder(batch, folder, tar, [name]);
	for (const packed of [await gzipFile(batch, tar), await xzFile(batch, tar)]) {
		const file = packed.slice(batch.workDir.length + 1);
		renameSync(packed, join(batch.outDir, file));
	}
	rmSync(tar);
}

function writeInstaller({ root, outDir, version }: Batch): void {
	const path = join(outDir, "install.sh");
	const script = readFileSync(join(root, "scripts/release/install.sh"), "utf8");
	writeFileSync(path, script.replace("@VERSION@", version));
	chmodSync(path, 0o755);
}
