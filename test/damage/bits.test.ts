// Every truncation and every flipped bit of a small archive, ours and VPO's, and a sample of them on VPO's real ones.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
	type Damage,
	everyFlip,
	everyTruncation,
	flip,
	inflatesEqually,
	placeOf,
	sample,
	type Trial,
	Trials,
	tinyOwnArchive,
	tinyVpoArchive,
	truncate,
} from "../helpers/damage.ts";
import type { Bytes } from "../helpers/hostile.ts";
import { binary, FIXTURES, Home, runJson } from "../helpers/program.ts";
import { tree } from "../helpers/state.ts";

const FIXTURE_ARCHIVES = [
	"vpo-library-2026-11-22T11-07-46Z.tar.gz",
	"vpo-library-2026-11-22T110747Z.tar.gz",
];

let home: Home;
let trials: Trials;

beforeAll(() => {
	home = new Home(null);
	trials = new Trials(home.path);
});

afterAll(() => {
	trials[Symbol.dispose]();
	home[Symbol.dispose]();
});

const TINY = [
	{
		name: "our own archive",
		make: tinyOwnArchive,
		mayBeAccepted: false,
	},
	{
		name: "VPO's archive",
		make: async () => tinyVpoArchive(),
		mayBeAccepted: true,
	},
];

describe.each(TINY)("$name, a tiny one", ({ make, mayBeAccepted }) => {
	let archive: Bytes;
	beforeAll(async () => {
		archive = await make();
	});

	test("is refused at every length but its own", async () => {
		const results = await trials.run(archive, everyTruncation(archive));
		expect(results).toHaveLength(archive.byteLength);
		expect(notRefused(results)).toEqual([]);
	}, 60_000);

	test("is refused with any one bit flipped; VPO's may restore to the same bytes where the bit means nothing", async () => {
		const results = await trials.run(archive, everyFlip(archive));
		expect(results).toHaveLength(archive.byteLength * 8);
		expect(mayBeAccepted ? lost(results) : notRefused(results)).toEqual([]);
		const accepted = results.filter(({ outcome }) => outcome === "identical");
		expect(accepted.filter((trial) => !meansNothing(archive, trial))).toEqual(
			[],
		);
		// Six bytes of each header and its FTEXT flag, a name, and few places else.
		expect(accepted.length).toBeLessThan(archive.byteLength * 8 * 0.03);
	}, 60_000);
});

describe.each(FIXTURE_ARCHIVES)("VPO's real archive %s", (name) => {
	const archive = new Uint8Array(readFileSync(join(FIXTURES, name)));

	test("is refused at a sample of its lengths", async () => {
		const damages = [
			...sample(everyTruncation(archive), 60),
			...[1, 2, 8, 9].map((less) => truncate(archive.byteLength - less)),
		];
		expect(notRefused(await trials.run(archive, damages))).toEqual([]);
	}, 60_000);

	test("is refused with a bit flipped, or restores to the same bytes, at a sample of its bits", async () => {
		const results = await trials.run(archive, [
			...everyFlip(archive).slice(0, 24 * 8),
			...sample(everyFlip(archive), 200),
			...everyFlip(archive).slice(-10 * 8),
		]);
		expect(lost(results)).toEqual([]);
		const accepted = results.filter(({ outcome }) => outcome === "identical");
		expect(accepted.filter((trial) => !meansNothing(archive, trial))).toEqual(
			[],
		);
	}, 60_000);
});

describe.each(TINY)("the program and $name", ({ make }) => {
	test("a dry run and a restore agree on every damaged copy, and refused ones leave everything as it was", async () => {
		using home = new Home();
		mkdirSync(home.backups, { recursive: true });
		const archive = await make();
		const path = home.at("damaged.tar.gz");
		const before = tree(home.at(".vpo"));
		for (const damage of fewDamages(archive)) {
			writeFileSync(path, damage.apply(archive));
			const args = ["library", "restore", path];
			const dry = await runJson(binary, home, [...args, "--dry-run"]);
			const real = await runJson(binary, home, [...args, "--yes"]);
			const where = damage.what;
			expect({ where, ...real }).toMatchObject({
				where,
				exitCode: 46,
				json: { success: false, code: "INVALID_ARCHIVE", exit_code: 46 },
			});
			expect({ where, ...dry }).toEqual({ where, ...real });
			expect({ where, tree: tree(home.at(".vpo")) }).toEqual({
				where,
				tree: before,
			});
		}
	}, 60_000);
});

function fewDamages(archive: Bytes): Damage[] {
	const size = archive.byteLength;
	return [
		...[0, 1, 2, 10, size - 8, size - 1].map(truncate),
		...sample(everyTruncation(archive), 6),
		// Bit 0 of these bytes decides something wherever they lie in the stream: magic, method, first block, CRC, length.
		...[0, 1, 2, size - 8, size - 4, size - 1].map((at) => flip(at, 0)),
	];
}

function notRefused(results: readonly Trial[]): string[] {
	return results
		.filter(({ outcome }) => outcome !== "refused")
		.map(({ damage, outcome }) => `${damage.what}: ${outcome}`);
}

function lost(results: readonly Trial[]): string[] {
	return notRefused(results).filter((text) => !text.endsWith("identical"));
}

// The first header's fields that tell of the file and not of its content, and bits of the compressed data without a
// meaning: those after its end, and the distance of a copy whose source is found at another distance as well.
function meansNothing(archive: Bytes, { damage }: Trial): boolean {
	const { member, place } = placeOf(archive, damage.offset);
	if (place === "deflate") return inflatesEqually(archive, damage, member);
	if (member > 0) return false;
	const isText = flip(damage.offset, 0).what === damage.what;
	return (
		place === "time, level or system" ||
		place === "name" ||
		(place === "flags" && isText)
	);
}
