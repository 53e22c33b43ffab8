// Libraries that a disk or a crash has changed: a few bytes of the file, or of the journal that is to make it whole again.
// What becomes of each is judged by sqlite3 itself.

import {
	cpSync,
	existsSync,
	mkdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Bytes } from "./hostile.ts";
import { type Kind, leaveHotJournal, makeLibrary } from "./kinds.ts";
import { binary, FIXTURES, Home, runJson } from "./program.ts";

/** A library that was changed, and the journal beside it. */
export interface Changed {
	readonly what: string;
	readonly library: Bytes;
	readonly journal: Bytes | null;
}

/** A repeatable row of numbers from 0 to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** A used library of this kind: with free pages, and free space in its pages. */
export function usedLibrary(kind: Kind): Bytes {
	using home = new Home(null);
	const path = home.at("used.db");
	makeLibrary(path, kind, (library) => {
		library.run("DELETE FROM tracks WHERE id % 7 = 3");
		library.run("CREATE TABLE long_texts (id INTEGER PRIMARY KEY, text TEXT)");
		library.run(
			"INSERT INTO long_texts SELECT id, hex(randomblob(id * 60)) FROM files",
		);
		library.run("DELETE FROM long_texts WHERE id % 3 = 1");
	});
	return new Uint8Array(readFileSync(path));
}

/** VPO's own library, in WAL mode and closed. */
export function fixtureLibrary(): Bytes {
	return new Uint8Array(readFileSync(join(FIXTURES, "library-v27.db")));
}

/** `count` copies with one to eight bytes changed, half of them where pages say what is in them. */
export function changedLibraries(
	library: Bytes,
	pageBytes: number,
	count: number,
	random: () => number,
): Changed[] {
	return Array.from({ length: count }, () => {
		const { copy, where } = changeBytes(library, random, () => {
			const offset = Math.floor(random() * library.byteLength);
			const page = offset - (offset % pageBytes);
			return random() < 0.5 ? offset : page + Math.floor(random() * 40);
		});
		return { what: `bytes ${where} changed`, library: copy, journal: null };
	});
}

/** As many libraries whose writer was killed, and whose journal was then cut off or changed. */
export async function changedJournals(
	kind: Kind,
	count: number,
	random: () => number,
): Promise<Changed[]> {
	using home = new Home(null);
	makeLibrary(home.library, kind);
	await leaveHotJournal(home.library);
	const library = new Uint8Array(readFileSync(home.library));
	const journal = new Uint8Array(readFileSync(`${home.library}-journal`));
	return Array.from({ length: count }, (_, index) => {
		const at = () => Math.floor(random() * journal.byteLength);
		if (index % 2 === 0) {
			const length = at();
			const what = `journal cut to ${length} of ${journal.byteLength} bytes`;
			return { what, library, journal: journal.slice(0, length) };
		}
		const { copy, where } = changeBytes(journal, random, at);
		return { what: `journal's bytes ${where} changed`, library, journal: copy };
	});
}

/** What the program makes of a library, against what sqlite3 does. */
export interface Verdict {
	readonly what: string;
	readonly isSound: boolean;
	/** In words what went wrong; null if both agree and the library is as it was. */
	readonly problem: string | null;
}

const AT_ONCE = 2;

/** Backs up all of them, two at a time. */
export async function judgeAll(all: readonly Changed[]): Promise<Verdict[]> {
	const verdicts: Verdict[] = [];
	const queue = all.values();
	const work = async () => {
		for (const changed of queue) verdicts.push(await judge(changed));
	};
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	return verdicts;
}

async function judge(changed: Changed): Promise<Verdict> {
	using home = new Home(null);
	const { what, library, journal } = changed;
	writeFileSync(home.library, library);
	if (journal) writeFileSync(`${home.library}-journal`, journal);
	const isSound = await isSoundToSqlite(home);
	const { exitCode, json } = await runJson(binary, home, ["library", "backup"]);
	const isForeign = String(json.error).startsWith("not a VPO library");
	const isRight = isSound
		? exitCode === 0 || (exitCode === 42 && isForeign)
		: exitCode === 42;
	// A journal that is whole enough is rolled back, by whoever opens the library first.
	const isUnchanged =
		journal !== null || readFileSync(home.library).equals(library);
	const problem = isRight
		? isUnchanged
			? null
			: "the library was changed"
		: `${isSound ? "sound" : "damaged"}, but exit code ${exitCode}: ${json.error ?? ""}`;
	return { what, isSound, problem };
}

/** Asked of a copy: it rolls journals back. */
async function isSoundToSqlite(home: Home): Promise<boolean> {
	const folder = home.at("judged");
	mkdirSync(folder);
	const copy = join(folder, "library.db");
	for (const end of ["", "-journal"]) {
		if (existsSync(home.library + end)) cpSync(home.library + end, copy + end);
	}
	const child = Bun.spawn(["sqlite3", copy, "PRAGMA integrity_check"], {
		stdout: "pipe",
		stderr: "pipe",
		timeout: 60_000,
	});
	const [text, exitCode] = await Promise.all([
		new Response(child.stdout).text(),
		child.exited,
	]);
	return exitCode === 0 && text.trim() === "ok";
}

function changeBytes(
	bytes: Bytes,
	random: () => number,
	place: () => number,
): { copy: Bytes; where: string } {
	const copy = bytes.slice();
	const count = 1 + Math.floor(random() * 8);
	const start = place();
	const isTogether = random() < 0.5;
	const places = Array.from({ length: count }, (_, index) =>
		isTogether ? Math.min(start + index, copy.length - 1) : place(),
	);
	for (const at of places) {
		copy[at] = ((copy[at] ?? 0) + 1 + Math.floor(random() * 255)) & 0xff;
	}
	return { copy, where: places.join(", ") };
}
