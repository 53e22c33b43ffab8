// The list shows what there is, newest first, on a terminal of 80 columns; a bad file never hides a good one.

import { expect, setDefaultTimeout, test } from "bun:test";
import {
	copyFileSync,
	mkdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { VPO_ARCHIVE } from "../helpers/failing.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";

setDefaultTimeout(30_000);

const BACKUP = ["library", "backup"];
const BACKUPS = ["library", "backups"];
const NEW = "vpo-library-2026-03-01T120000Z.tar.gz";

test.each([
	["an empty", () => undefined],
	["a missing", (home: Home) => home],
])(
	"%s folder holds no backups, and the list says how to make one",
	async (_, missing) => {
		using home = new Home();
		if (!missing(home)) mkdirSync(home.backups);
		expect(await run(binary, home, BACKUPS)).toEqual({
			exitCode: 0,
			stdout: `No backups in ${home.backups}.\nMake one: vpo library backup\n`,
			stderr: "",
		});
		const { json } = await runJson(binary, home, BACKUPS);
		expect(json).toMatchObject({
			directory: home.backups,
			total_count: 0,
			total_size_bytes: 0,
			backups: [],
		});
	},
);

test("the call that it names fills the folder that was asked for", async () => {
	using home = new Home();
	const list = [...BACKUPS, "--path", "my backups"];
	const missing = await run(binary, home, list);
	expect([missing.exitCode, missing.stderr]).toEqual([
		20,
		`[error] no such folder: ${home.at("my backups")}\n  correct its name, or mount what it is on\n`,
	]);
	mkdirSync(home.at("my backups"));
	const { stdout } = await run(binary, home, list);
	expect(stdout).toEndWith(
		"\nMake one: vpo library backup --output 'my backups/'\n",
	);
	await run(binary, home, [...BACKUP, "--output", "my backups/"]);
	const { json } = await runJson(binary, home, list);
	expect(json.total_count).toBe(1);
});

test("a path that is no folder is an error", async () => {
	using home = new Home();
	const named = [...BACKUPS, "--path", home.library];
	expect(await run(binary, home, named)).toEqual({
		exitCode: 40,
		stdout: "",
		stderr: `[error] this is a file, not a folder: ${home.library}\n`,
	});
	const env = { VPO_BACKUP_DIR: home.library };
	const { exitCode, stderr } = await run(binary, home, BACKUPS, { env });
	expect(exitCode).toBe(40);
	expect(stderr).toStartWith("[error] this is a file, not a folder: ");
});

test("ours and VPO's stand newest first, with local time, sizes, files and note", async () => {
	using home = new Home();
	mkdirSync(home.backups);
	copyFileSync(VPO_ARCHIVE, join(home.backups, NEW));
	await run(binary, home, [...BACKUP, "--note", "before\nthe upgrade"]);
	writeFileSync(join(home.backups, "readme.txt"), "not an archive");
	writeFileSync(join(home.backups, ".hidden.tar.gz"), "not listed");
	const env = { TZ: "Asia/Kolkata" };
	const { stdout, stderr } = await run(binary, home, BACKUPS, { env });
	expect(stderr).toBe("");
	const lines = stdout.trimEnd().split("\n");
	const [titles = "", ours = "", note = "", vpos = "", total = ""] = lines;
	expect(lines).toHaveLength(5);
	expect(titles).toContain("CREATED");
	expect(ours).toMatch(/ 120 .*20\d\d-\d\d-\d\dT\d{6}Z$/);
	expect(note.trim()).toBe("note: before the upgrade");
	expect(vpos).toStartWith("2026-11-22 16:37  ");
	expect(vpos).toMatch(/ 120 .*2026-03-01T120000Z$/);
	expect(total).toMatch(/^2 backups, \d+(\.\d)? KB.* in /);
	for (const line of lines.slice(0, -1)) {
		expect(line.length).toBeLessThanOrEqual(80);
	}
});

test("what can't be read is listed as such, with the others", async () => {
	using home = new Home();
	await run(binary, home, BACKUP);
	const at = (name: string) => join(home.backups, name);
	const whole = readFileSync(VPO_ARCHIVE);
	writeFileSync(at("vpo-library-2025-01-01T000000Z.tar.gz"), "");
	writeFileSync(at("half.tar.gz"), whole.subarray(0, 50_000));
	copyFileSync(home.library, at("raw.tgz"));
	mkdirSync(at("folder.tar.gz"));
	symlinkSync("nowhere", at("dangling.tar.gz"));
	const bad = 5;
	const text = await run(binary, home, BACKUPS);
	expect(text).toMatchObject({ exitCode: 0, stderr: "" });
	expect(text.stdout.match(/^ +! ./gm)).toHaveLength(bad);
	expect(text.stdout).toMatch(/^6 backups, .*5 damaged/m);
	for (const line of text.stdout.match(/^ +! .*/gm) ?? []) {
		expect(line).not.toContain(home.path);
	}
	const { json } = await runJson(binary, home, BACKUPS);
	const entries = json.backups as Record<string, unknown>[];
	expect(entries.filter(({ valid }) => valid)).toHaveLength(1);
	expect(entries.filter(({ error }) => typeof error === "string")).toHaveLength(
		bad,
	);
	expect(
		entries.find(({ filename }) => String(filename).includes("2025")),
	).toMatchObject({
		created_at: "2025-01-01T00:00:00Z",
		file_count: null,
		valid: false,
	});
});
