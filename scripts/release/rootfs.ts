// The root file system of the container image: the program, glibc's few libraries, and nothing else.

import {
	copyFileSync,
	globSync,
	mkdirSync,
	realpathSync,
	writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { $ } from "bun";
import type { Batch } from "./batch.ts";
import type { DebianPackage } from "./debian.ts";
import type { Target } from "./targets.ts";

/** Who the program is in the container. */
export const USER = "65532:65532";

const LOADERS = {
	amd64: "lib64/ld-linux-x86-64.so.2",
	arm64: "lib/ld-linux-aarch64.so.1",
};
/** All that an executable of Bun's for glibc asks of it. */
const LIBRARIES = ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2"];
/** The data folder is HOME as well, so that nothing depends on a variable. */
const PASSWD = `root:x:0:0:root:/:/sbin/nologin\nvpo:x:${USER}:vpo:/data:/sbin/nologin\n`;
const GROUP = "root:x:0:\nvpo:x:65532:\n";

/**
 * Packs the root file system as a tar archive.
 * @returns its path
 */
export async function makeRootfs(
	{ workDir, commit }: Batch,
	{ architecture }: Target,
	executable: string,
	libc: DebianPackage,
	documents: readonly string[],
): Promise<string> {
	const tree = join(workDir, `rootfs-${architecture}`);
	const put = (from: string, to: string) => {
		mkdirSync(dirname(join(tree, to)), { recursive: true });
		copyFileSync(from, join(tree, to));
	};
	for (const folder of ["data", "dev", "proc", "sys", "tmp", "etc"]) {
		mkdirSync(join(tree, folder), { recursive: true });
	}
	put(executable, "vpo");
	const loader = LOADERS[architecture];
	for (const name of [basename(loader), ...LIBRARIES]) {
		const [found] = globSync(`**/${name}`, { cwd: libc.root });
		if (!found) throw new Error(`${libc.name} has no ${name}`);
		const to = name === basename(loader) ? loader : join(dirname(found), name);
		put(realpathSync(join(libc.root, found)), to);
	}
	const notice = `usr/share/doc/${libc.name}/copyright`;
	put(join(libc.root, notice), notice);
	for (const path of documents) {
		put(path, `usr/share/doc/vpo-library/${basename(path)}`);
	}
	writeFileSync(join(tree, "etc/passwd"), PASSWD);
	writeFileSync(join(tree, "etc/group"), GROUP);
	const out = `${tree}.tar`;
	const flags = [
		"--format=ustar",
		"--sort=name",
		`--mtime=@${commit.epochSeconds}`,
		"--numeric-owner",
	];
	const others = [
		"dev",
		"etc",
		"lib",
		"lib64",
		"proc",
		"sys",
		"tmp",
		"usr",
		"vpo",
	];
	const there = others.filter(
		(name) => globSync(name, { cwd: tree }).length > 0,
	);
	const modes = [`${USER}|700|data`, `0:0|1777|tmp`];
	// One archive of three owners and modes.
	const rest = there.filter((name) => name !== "tmp");
	await $`tar ${flags} --owner=0 --group=0 --mode=u=rwX,go=rX -C ${tree} -cf ${out} ${rest}`.quiet();
	for (const line of modes) {
		const [owner = "", mode = "", name = ""] = line.split("|");
		const [uid, gid] = owner.split(":");
		await $`tar ${flags} --owner=:${uid} --group=:${gid} --mode=${mode} -C ${tree} -rf ${out} ${name}`.quiet();
	}
	return out;
}
