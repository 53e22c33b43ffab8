// What a restore makes of another schema version: older is told, newer is refused, unless it is wanted.

import { expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { setSchema } from "../helpers/failing.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";

setDefaultTimeout(30_000);

const RESTORE = ["library", "restore", "latest"];

/** A home whose library had this schema when it was backed up. */
async function backedUp(schema: number): Promise<Home> {
	const home = new Home();
	setSchema(home.library, schema);
	const made = await run(binary, home, ["library", "backup"]);
	expect(made).toMatchObject({ exitCode: 0, stderr: "" });
	return home;
}

test.each([
	["the same", 27, 27, false],
	["an older one", 26, 27, true],
	["a much older one", 1, 27, true],
	["an older one than a new library's", 28, 30, true],
	["one that is unknown here but the library's own", 28, 28, false],
])("restores %s: %d into %d", async (_, backup, current, mismatch) => {
	using home = await backedUp(backup);
	setSchema(home.library, current);
	const facts = {
		schema_version: backup,
		schema_mismatch: mismatch,
		warnings: mismatch
			? [
					`the backup has schema ${backup}, older than ${current}: VPO migrates it at its next start`,
				]
			: [],
	};
	const dry = await runJson(binary, home, [...RESTORE, "--dry-run"]);
	expect(dry).toMatchObject({
		exitCode: 0,
		json: { ...facts, current_schema_version: current },
	});
	const wet = await runJson(binary, home, [...RESTORE, "--yes"]);
	expect(wet).toMatchObject({ exitCode: 0, json: facts });
});

test.each([
	["the library's", 27, 26, "the library has 26"],
	["what this program knows", 28, null, "this program knows 27"],
])(
	"refuses one that is newer than %s, unless it is wanted",
	async (_, backup, current, says) => {
		using home = await backedUp(backup);
		if (current === null) rmSync(home.library);
		else setSchema(home.library, current);
		for (const mode of ["--dry-run", "--yes"]) {
			const args = [...RESTORE, mode];
			const refused = await run(binary, home, args);
			expect(refused).toMatchObject({ exitCode: 45, stdout: "" });
			expect(refused.stderr).toContain(
				`[error] the backup has schema ${backup}, ${says}: ${home.backups}/`,
			);
			expect(refused.stderr).toContain("--allow-newer-schema");
		}
		for (const mode of ["--dry-run", "--yes"]) {
			const args = [...RESTORE, mode, "--allow-newer-schema"];
			expect(await runJson(binary, home, args)).toMatchObject({
				exitCode: 0,
				json: { schema_version: backup, schema_mismatch: true },
			});
		}
	},
);

test("without a library 27 is current", async () => {
	using home = await backedUp(26);
	rmSync(home.library);
	const { json } = await runJson(binary, home, [...RESTORE, "--dry-run"]);
	expect(json).toMatchObject({
		schema_version: 26,
		current_schema_version: 27,
	});
});

test("a warning goes to stderr, the result to stdout", async () => {
	using home = await backedUp(26);
	setSchema(home.library, 27);
	const { stdout, stderr } = await run(binary, home, [...RESTORE, "--yes"]);
	expect(stderr).toBe(
		"[warn] the backup has schema 26, older than 27: VPO migrates it at its next start\n",
	);
	expect(stdout).toMatch(/^Library restored: .*\n( {2}.*\n)+$/);
	expect(stdout).toMatch(/Schema version: +26\n/);
});
