// A disk that keeps something else than it was given: the archive is read back, and nothing of it becomes a backup.

import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { overwritePage } from "../helpers/harm.ts";
import { binary, Home, run } from "../helpers/program.ts";
import { backupsIn, scratchIn } from "../helpers/state.ts";
import { holding } from "../helpers/trace.ts";

/** All of it is written by then, and none of it read. */
const WRITTEN = "fchmod";

type Bytes = Buffer<ArrayBuffer>;

const LIES: [string, (archive: Bytes, another: Bytes) => Uint8Array][] = [
	[
		"one bit in the middle is another",
		(archive) => {
			const middle = archive.length >> 1;
			archive.writeUInt8(archive.readUInt8(middle) ^ 1, middle);
			return archive;
		},
	],
	["its last byte is missing", (archive) => archive.subarray(0, -1)],
	["it is empty", () => new Uint8Array(0)],
	["it is an older backup", (_, another) => another],
];

/** Runs `args`, and once the archive `name` is written changes what is there of it. */
function lyingAbout(
	home: Home,
	args: readonly string[],
	name: string,
	lie: (archive: Bytes) => Uint8Array,
) {
	return holding(home, args, `${WRITTEN}:${name}`, () => {
		const [scratch = ""] = scratchIn(home.backups);
		const path = join(scratch, name);
		writeFileSync(path, lie(readFileSync(path)));
	});
}

test.each(LIES)("what was written is not there: %s", async (_, lie) => {
	using home = new Home();
	const args = ["library", "backup", "--note", "older"];
	expect((await run(binary, home, args)).exitCode).toBe(0);
	const [older = ""] = backupsIn(home.backups);
	const another = readFileSync(join(home.backups, older));

	const again = ["library", "backup", "--note", "newer", "--json"];
	const outcome = await lyingAbout(home, again, "backup.tar.gz", (archive) =>
		lie(archive, another),
	);

	expect(outcome.exitCode).toBe(40);
	expect(JSON.parse(outcome.stdout)).toMatchObject({
		success: false,
		code: "OPERATION_FAILED",
		error: expect.stringMatching(
			/^the archive read back differs from what was written: .*\/backups\//,
		),
		hint: "suspect the disk or the memory; it was not kept",
	});
	expect(backupsIn(home.backups)).toEqual([older]);
	expect(scratchIn(home.backups)).toEqual([]);
});

test.each(LIES)(
	"nor is it of a damaged library's raw files: %s",
	async (_, lie) => {
		using home = new Home();
		overwritePage(home.library);
		const args = ["library", "backup", "--salvage", "--json"];
		expect((await run(binary, home, args)).exitCode).toBe(42);
		const [older = ""] = backupsIn(home.backups);
		const another = readFileSync(join(home.backups, older));

		overwritePage(home.library);
		const outcome = await lyingAbout(home, args, "salvage.tar.gz", (archive) =>
			lie(archive, another),
		);

		expect(outcome.exitCode).toBe(42);
		expect(JSON.parse(outcome.stdout)).toMatchObject({
			success: false,
			code: "DATABASE_ERROR",
			hint: expect.stringMatching(
				/^the raw files could not be kept: the archive read back differs from what was written: /,
			),
		});
		expect(backupsIn(home.backups)).toEqual([older]);
	},
);
