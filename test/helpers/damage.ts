// Damage done to archives, and what becomes of it: each damaged copy is refused, or restores to the very same bytes.

import { readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { GzipPool } from "../../src/core/archive/gzip.ts";
import { archiveAt } from "../../src/core/archive/source.ts";
import { readArchive } from "../../src/core/archive/unpack.ts";
import { SqliteThread } from "../../src/core/library/sqlite-thread.ts";
import { unpackCandidate } from "../../src/core/restore/candidate.ts";
import { AppError } from "../../src/ground/errors.ts";
import {
	type Bytes,
	type Json,
	jsonText,
	makeLibrary,
	OWN_HEADER,
	vpoMetadata,
} from "./hostile.ts";
import { binary, Home, run } from "./program.ts";

/** One way to damage an archive. */
export interface Damage {
	readonly what: string;
	/** Where it begins. */
	readonly offset: number;
	apply(archive: Bytes): Bytes;
}

export interface Trial {
	readonly damage: Damage;
	/** "refused" as INVALID_ARCHIVE, restored "identical", or in words what went wrong. */
	readonly outcome: string;
}

export function flip(offset: number, bit: number): Damage {
	return {
		what: `bit ${bit} of byte ${offset} flipped`,
		offset,
		apply(archive) {
			const copy = archive.slice();
			copy[offset] = (copy[offset] ?? 0) ^ (1 << bit);
			return copy;
		},
	};
}

export function truncate(length: number): Damage {
	return {
		what: `truncated to ${length} bytes`,
		offset: length,
		apply: (archive) => archive.slice(0, length),
	};
}

/** Every bit of every byte. */
export function everyFlip(archive: Bytes): Damage[] {
	return [...archive.keys()].flatMap((offset) =>
		[0, 1, 2, 3, 4, 5, 6, 7].map((bit) => flip(offset, bit)),
	);
}

/** Every length but the whole one. */
export function everyTruncation(archive: Bytes): Damage[] {
	return [...archive.keys()].map(truncate);
}

/** `count` of these, evenly spread. */
export function sample<T>(all: readonly T[], count: number): T[] {
	const step = Math.max(1, all.length / count);
	return Array.from(
		{ length: Math.min(count, all.length) },
		(_, index) => all[Math.floor(index * step)],
	).filter((one) => one !== undefined);
}

const AT_ONCE = 4;

/** Tries damaged archives against the validation that a restore does before it asks. */
export class Trials implements Disposable {
	readonly #folder: string;
	readonly #pool = new GzipPool(2);
	readonly #sqlite = new SqliteThread();
	readonly #whole = new WeakMap<Bytes, string>();
	#files = 0;

	constructor(folder: string) {
		this.#folder = folder;
	}

	/** What each damage comes to. */
	async run(archive: Bytes, damages: readonly Damage[]): Promise<Trial[]> {
		const expected = await this.#expected(archive);
		const trials: Trial[] = [];
		const queue = damages.values();
		const work = async () => {
			const path = join(this.#folder, `trial-${this.#files++}.tar.gz`);
			for (const damage of queue) {
				writeFileSync(path, damage.apply(archive));
				trials.push({ damage, outcome: await this.#outcome(path, expected) });
			}
		};
		await Promise.all(Array.from({ length: AT_ONCE }, work));
		return trials;
	}

	[Symbol.dispose](): void {
		this.#pool[Symbol.dispose]();
		this.#sqlite[Symbol.dispose]();
	}

	async #expected(archive: Bytes): Promise<string> {
		const known = this.#whole.get(archive);
		if (known !== undefined) return known;
		const path = join(this.#folder, `whole-${this.#files++}.tar.gz`);
		writeFileSync(path, archive);
		const expected = await this.#restored(path);
		this.#whole.set(archive, expected);
		return expected;
	}

	async #outcome(path: string, expected: string): Promise<string> {
		try {
			// Most end here, without a file being written.
			await readArchive(await archiveAt(path), { pool: this.#pool });
			const restored = await this.#restored(path);
			return restored === expected ? "identical" : "restores to something else";
		} catch (error) {
			return error instanceof AppError && error.code === "INVALID_ARCHIVE"
				? "refused"
				: String(error);
		}
	}

	/** All that a restore would take from an archive. */
	async #restored(path: string): Promise<string> {
		const target = join(this.#folder, `target-${this.#files++}`);
		await mkdir(target);
		await using candidate = await unpackCandidate(
			await archiveAt(path),
			join(target, "library.db"),
			{ sqlite: this.#sqlite, pool: this.#pool },
		);
		return JSON.stringify([
			Bun.SHA256.hash(readFileSync(candidate.path), "hex"),
			candidate.metadata,
			candidate.schemaVersion,
			candidate.warnings,
		]);
	}
}

/** What a byte of a gzip file is for. */
export type Place =
	| "magic"
	| "flags"
	| "time, level or system"
	| "name"
	| "deflate"
	| "trailer";

/** What the byte at this offset is for (RFC 1952, 2.3), and in which member. */
export function placeOf(
	archive: Bytes,
	offset: number,
): { member: number; place: Place } {
	const starts = memberStarts(archive);
	const member = starts.findLastIndex((start) => start <= offset);
	const start = starts[member] ?? 0;
	const end = starts[member + 1] ?? archive.byteLength;
	const at = offset - start;
	const place = (): Place => {
		if (at < 3) return "magic";
		if (at === 3) return "flags";
		if (at < 10) return "time, level or system";
		if (offset < dataStart(archive, start)) return "name";
		return offset < end - 8 ? "deflate" : "trailer";
	};
	return { member, place: place() };
}

/** Where the gzip members of one of our archives begin; of any other archive, only its start. */
export function memberStarts(archive: Bytes): number[] {
	const bytes = Buffer.from(archive);
	const starts = [0];
	for (let at = 0; ; ) {
		at = bytes.indexOf(OWN_HEADER, at + 1);
		if (at < 0) return starts;
		starts.push(at);
	}
}

/** The gzip members of one of our archives. */
export function membersOf(archive: Bytes): Bytes[] {
	const starts = memberStarts(archive);
	return starts.map((start, index) => archive.slice(start, starts[index + 1]));
}

/** Whether a damaged member still inflates to the very same bytes, all trailers aside. */
export function inflatesEqually(
	archive: Bytes,
	{ apply }: Damage,
	member: number,
): boolean {
	const start = memberStarts(archive)[member] ?? 0;
	const end = memberStarts(archive)[member + 1] ?? archive.byteLength;
	const from = dataStart(archive, start);
	const [whole, damaged] = [archive, apply(archive)].map((bytes) =>
		inflateRawSync(bytes.subarray(from, end - 8)),
	);
	return whole !== undefined && damaged !== undefined && whole.equals(damaged);
}

// Python writes the file's name behind the ten bytes, with a zero byte at its end.
function dataStart(archive: Bytes, start: number): number {
	const hasName = ((archive[start + 3] ?? 0) & 8) !== 0;
	return hasName ? archive.indexOf(0, start + 10) + 1 : start + 10;
}

/** A backup made by the program itself of a library of a few KB. */
export async function tinyOwnArchive(): Promise<Bytes> {
	using home = new Home(null);
	writeFileSync(home.library, makeLibrary(home.path));
	const output = home.at("tiny.tar.gz");
	const args = ["library", "backup", "--output", output];
	const { exitCode, stderr } = await run(binary, home, args);
	if (exitCode !== 0) throw new Error(stderr);
	return new Uint8Array(readFileSync(output));
}

/** The same library in an archive made as VPO makes it. */
export function tinyVpoArchive(): Bytes {
	using home = new Home(null);
	const library = makeLibrary(home.path);
	return pythonArchive("vpo", home.path, library, vpoMetadata(library));
}

/** An archive that Python's tarfile makes; see python-tar.py for the kinds. */
export function pythonArchive(
	kind: string,
	folder: string,
	library: Bytes,
	metadata: Json,
): Bytes {
	const paths = [join(folder, "in.db"), join(folder, "in.json")] as const;
	writeFileSync(paths[0], library);
	writeFileSync(paths[1], jsonText(metadata));
	const script = join(import.meta.dir, "python-tar.py");
	const { exitCode, stderr } = Bun.spawnSync({
		cmd: ["python3", script, ...paths, folder, kind],
		stderr: "pipe",
	});
	if (exitCode !== 0) throw new Error(String(stderr));
	return new Uint8Array(readFileSync(join(folder, `${kind}.tar.gz`)));
}
