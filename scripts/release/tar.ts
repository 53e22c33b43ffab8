// Folders as tar archives whose bytes depend on nothing but names, contents and modes.

import { $ } from "bun";
import type { Batch } from "./batch.ts";

/** Packs a folder's entries, sorted, all of the commit's time and root's. */
export async function packFolder(
	{ commit }: Batch,
	folder: string,
	outFile: string,
	names: readonly string[],
): Promise<void> {
	const flags = [
		"--format=ustar",
		"--sort=name",
		`--mtime=@${commit.epochSeconds}`,
		"--owner=0",
		"--group=0",
		"--numeric-owner",
		"--mode=u=rwX,go=rX",
	];
	await $`tar ${flags} -C ${folder} -cf ${outFile} ${names}`.quiet();
}

/** Compresses a file beside itself, the same bytes on every machine with the same tools. */
export async function gzipFile(batch: Batch, path: string): Promise<string> {
	const level = batch.isDraft ? 1 : 9;
	const bytes = await Bun.file(path).bytes();
	// Its output is the same on every processor, which zlib's relatives do not promise.
	const packed = Bun.gzipSync(bytes, { library: "libdeflate", level });
	await Bun.write(`${path}.gz`, packed);
	return `${path}.gz`;
}

/** As `gzipFile`, smaller and slower. */
export async function xzFile(batch: Batch, path: string): Promise<string> {
	const level = batch.isDraft ? "-0" : "-6";
	// In blocks of a fixed size, so that the number of threads does not show.
	await $`xz ${level} --threads=2 --block-size=25165824 --keep ${path}`.quiet();
	return `${path}.xz`;
}
