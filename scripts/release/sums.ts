// SHA256SUMS over all that is handed out, and its signature where there is a key.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { type Batch, nameFor } from "./batch.ts";

export const SUMS = "SHA256SUMS";

/** As `sha256sum -c` reads it. */
export function writeSums({ outDir }: Batch): void {
	const lines = readdirSync(outDir)
		.sort()
		.map((name) => {
			const bytes = readFileSync(join(outDir, name));
			const hasher = new Bun.CryptoHasher("sha256").update(bytes);
			return `${hasher.digest("hex")}  ${name}\n`;
		});
	writeFileSync(join(outDir, SUMS), lines.join(""));
}

/**
 * Signs the sums: SHA256SUMS.minisig.
 * @param key a secret key without a password (`minisign -G -W`), as nobody is there to type one
 */
export async function signSums(batch: Batch, key: string): Promise<void> {
	const { outDir, commit } = batch;
	const comment = `${nameFor(batch, commit.id)}`;
	await $`minisign -S -s ${key} -m ${SUMS} -t ${comment} -c ${comment}`
		.cwd(outDir)
		.quiet();
}
