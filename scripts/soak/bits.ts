// Every bit and every length of small archives, and large samples of real and large ones: refused, or restored unchanged.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
	type Damage,
	everyFlip,
	everyTruncation,
	flip,
	sample,
	Trials,
	tinyOwnArchive,
	tinyVpoArchive,
	truncate,
} from "../../test/helpers/damage.ts";
import { type Bytes, makeLibrary } from "../../test/helpers/hostile.ts";
import { binary, FIXTURES, Home, run } from "../../test/helpers/program.ts";

const FIXTURE = "vpo-library-2026-11-22T11-07-46Z.tar.gz";
const LARGE_SQL = [
	"CREATE TABLE blobs (id INTEGER PRIMARY KEY, body BLOB)",
	"INSERT INTO blobs SELECT value, randomblob(1000000) FROM json_each('[1,2,3]')",
];

export interface BitsRow {
	readonly what: string;
	readonly tried: number;
	/** Neither refused as INVALID_ARCHIVE nor restored to the same bytes. */
	readonly lost: number;
}

/** Takes some minutes; needs python3 and dist/vpo. */
export async function soakBits(): Promise<BitsRow[]> {
	using home = new Home(null);
	using trials = new Trials(home.path);
	const rows: BitsRow[] = [];
	const attempt = async (
		what: string,
		archive: Bytes,
		damages: readonly Damage[],
	) => {
		const results = await trials.run(archive, damages);
		const lost = results.filter(
			({ outcome }) => !["refused", "identical"].includes(outcome),
		);
		rows.push({ what, tried: results.length, lost: lost.length });
	};

	const own = await tinyOwnArchive();
	await attempt("our archive, every bit", own, everyFlip(own));
	await attempt("our archive, every length", own, everyTruncation(own));
	const vpo = tinyVpoArchive();
	await attempt("VPO's archive, every bit", vpo, everyFlip(vpo));
	await attempt("VPO's archive, every length", vpo, everyTruncation(vpo));
	const real = new Uint8Array(readFileSync(join(FIXTURES, FIXTURE)));
	await attempt("VPO's real archive, bits", real, flips(real, 10_000));
	await attempt("VPO's real archive, lengths", real, lengths(real, 2000));
	const large = await largeArchive();
	await attempt("our archive of 3 MiB, bits", large, flips(large, 3000));
	await attempt("our archive of 3 MiB, lengths", large, lengths(large, 500));
	rows.push(await throughProgram("our archive, by the program", own));
	rows.push(await throughProgram("VPO's archive, by the program", vpo));
	return rows;
}

function flips(archive: Bytes, count: number): Damage[] {
	const bits = archive.byteLength * 8;
	return Array.from({ length: count }, (_, index) => {
		const bit = Math.floor((index * bits) / count);
		return flip(bit >> 3, bit & 7);
	});
}

function lengths(archive: Bytes, count: number): Damage[] {
	return sample([...archive.keys()], count).map(truncate);
}

async function largeArchive(): Promise<Bytes> {
	using home = new Home(null);
	const options = { pageBytes: 4096, sql: LARGE_SQL };
	writeFileSync(home.library, makeLibrary(home.path, options));
	const output = home.at("large.tar.gz");
	const args = ["library", "backup", "--output", output];
	const { exitCode, stderr } = await run(binary, home, args);
	if (exitCode !== 0) throw new Error(stderr);
	return new Uint8Array(readFileSync(output));
}

// A restore over a library: refused and untouched, or the library is that of the archive, byte by byte.
async function throughProgram(what: string, archive: Bytes): Promise<BitsRow> {
	using home = new Home(null);
	const before = makeLibrary(home.path, { sql: ["PRAGMA user_version = 7"] });
	const path = home.at("damaged.tar.gz");
	const args = ["library", "restore", "--yes", "--no-safety-backup", path];
	const restore = async (bytes: Bytes) => {
		writeFileSync(home.library, before);
		writeFileSync(path, bytes);
		const { exitCode } = await run(binary, home, args);
		return { exitCode, library: readFileSync(home.library) };
	};
	const whole = await restore(archive);
	const damages = [...flips(archive, 300), ...lengths(archive, 100)];
	let lost = whole.exitCode === 0 ? 0 : 1;
	for (const { apply } of damages) {
		const { exitCode, library } = await restore(apply(archive));
		const isRefused = exitCode === 46 && library.equals(before);
		const isIdentical = exitCode === 0 && library.equals(whole.library);
		if (!isRefused && !isIdentical) lost++;
	}
	return { what, tried: damages.length, lost };
}
