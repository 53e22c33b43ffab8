// The list as its user reads it: what it says of each backup, in 80 columns, and the chart on a terminal.

import { describe, expect, test } from "bun:test";
import {
	cpSync,
	mkdirSync,
	readFileSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeBackups } from "../helpers/backups.ts";
import { makeLibrary, ownArchive, ownMetadata } from "../helpers/hostile.ts";
import { binary, FIXTURES, Home, run, runJson } from "../helpers/program.ts";
import { runOnTerminal } from "../helpers/terminal.ts";

const LIST = ["library", "backups"];
const VPO = "vpo-library-2026-11-22T11-07-46Z.tar.gz";
const DAY_MS = 86_400_000;

function daysAgo(days: number): string {
	return `${new Date(Date.now() - days * DAY_MS - 60_000).toISOString().slice(0, 19)}Z`;
}

/** Writes a state file as vpo does, for files that stand there. */
function remember(home: Home, what: Record<string, object>): void {
	const archives = Object.entries(what).map(([name, changes]) => {
		const path = join(home.backups, name);
		utimesSync(path, 1000, 1000);
		const entry = {
			size_bytes: readFileSync(path).byteLength,
			modified_ms: 1_000_000,
			verified_at: null,
			verified_error: null,
			pinned: false,
			note: null,
		};
		return [name, { ...entry, ...changes }];
	});
	const json = JSON.stringify({ archives: Object.fromEntries(archives) });
	writeFileSync(join(home.backups, ".vpo-state.json"), json);
}

/** The lines of a list, runs of spaces as one. */
async function lines(home: Home): Promise<string[]> {
	const { exitCode, stdout, stderr } = await run(binary, home, LIST, {
		env: { TZ: "UTC" },
	});
	expect([exitCode, stderr]).toEqual([0, ""]);
	return stdout
		.trimEnd()
		.split("\n")
		.map((line) => line.replaceAll(/(?<=\S) +/g, " "));
}

test("shows age, verification, pin, note, kind, shrinking and schema of each", async () => {
	using home = new Home(null);
	const made = await makeBackups(home.backups, [
		{ createdAt: daysAgo(1), note: "before the upgrade" },
		{ createdAt: daysAgo(2), kind: "pre-restore" },
		{
			createdAt: daysAgo(3),
			fileCount: 1,
			shrinkWarning:
				"the library has shrunk: 1 files, 3 in the backup of 2026-01-01T00:00:00Z",
		},
		{ createdAt: daysAgo(4) },
		{ createdAt: daysAgo(5), kind: "scheduled" },
	]);
	const library = makeLibrary(home.path, {
		sql: ["UPDATE _meta SET value = '26'"],
	});
	const old = { created_at: daysAgo(6), schema_version: 26 };
	writeFileSync(
		join(home.backups, "old.tar.gz"),
		ownArchive(library, ownMetadata(library, old)),
	);
	const [first = "", second = "", third = "", fourth = ""] = made;
	remember(home, {
		[first]: { verified_at: daysAgo(0), pinned: true, note: "the one" },
		[third]: { verified_at: daysAgo(3), pinned: true },
		[fourth]: {
			verified_at: daysAgo(2),
			verified_error: `damaged archive ${join(home.backups, fourth)}: damaged gzip data`,
		},
	});
	const short = (name = "") =>
		name.slice("vpo-library-".length, -".tar.gz".length);
	const row = (days: number, files: number, verified: string, name: string) =>
		expect.stringMatching(
			new RegExp(
				`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d ${days} d \\S+ K?B ${files} \\S+ KB ${verified} ${name}$`,
			),
		);
	expect(await lines(home)).toEqual([
		"CREATED (UTC) AGE ARCHIVE FILES LIBRARY VERIFIED NAME",
		row(1, 3, "<1 h", short(first)),
		"  pinned: the one",
		"  note: before the upgrade",
		row(2, 3, "as made", short(second)),
		"  what a restore replaced",
		row(3, 1, "3 d", short(third)),
		"  ! the library has shrunk: 1 files, 3 in the backup of 2026-01-01T00:00:00Z",
		"  pinned",
		row(4, 3, "BAD", short(fourth)),
		"  ! found bad 2 d ago: damaged archive: damaged gzip data",
		row(5, 3, "as made", short(made[4])),
		"  kind: scheduled",
		row(6, 2, "as made", "old"),
		"  schema 26",
		expect.stringMatching(
			/^6 backups, \S+ KB, schema 27, 1 damaged or unreadable in /,
		),
	]);
});

test("--json has it all", async () => {
	using home = new Home(null);
	const [name = ""] = await makeBackups(home.backups, [
		{
			createdAt: "2026-02-01T03:00:00Z",
			note: "own",
			shrinkWarning: "the library has shrunk",
		},
	]);
	remember(home, {
		[name]: {
			verified_at: "2026-02-02T03:00:00Z",
			verified_error: "bad",
			confirmed_at: null,
			library_id: null,
			counts: false,
			passed_over: "a verification found: bad",
			pinned: true,
			note: "pin's",
		},
	});
	const { json } = await runJson(binary, home, LIST);
	expect(json).toMatchObject({ total_count: 1, warnings: [] });
	expect(json.backups).toEqual([
		{
			filename: name,
			path: join(home.backups, name),
			created_at: "2026-02-01T03:00:00Z",
			archive_size_bytes: expect.any(Number),
			database_size_bytes: expect.any(Number),
			file_count: 3,
			schema_version: 27,
			vpo_version: "0.1.0",
			total_library_size_bytes: 3000,
			note: "own",
			kind: "manual",
			valid: false,
			error: "bad",
			verified_at: "2026-02-02T03:00:00Z",
			verified_error: "bad",
			confirmed_at: null,
			pinned: true,
			pin_note: "pin's",
			library_id: null,
			counts: false,
			passed_over: "a verification found: bad",
			warnings: ["the library has shrunk"],
		},
	]);
});

test("a malformed state file is a warning, and hides no backup", async () => {
	using home = new Home(null);
	await makeBackups(home.backups, [{ createdAt: "2026-02-01T03:00:00Z" }]);
	writeFileSync(join(home.backups, ".vpo-state.json"), "{");
	const { exitCode, stdout, stderr } = await run(binary, home, LIST);
	expect(exitCode).toBe(0);
	expect(stdout).toContain("2026-02-01T030000Z");
	expect(stderr).toContain(".vpo-state.json is not what vpo writes");
	const { json } = await runJson(binary, home, LIST);
	expect(json).toMatchObject({
		total_count: 1,
		warnings: [expect.stringContaining(".vpo-state.json")],
	});
});

test("one backup is one line, and every line of normal content fits 80 columns", async () => {
	using home = new Home(null);
	const note =
		"before the great renaming of all the series, in which nobody believed but which was done all the same, twice";
	const made = await makeBackups(home.backups, [
		...[0, 0.5, 3, 330, 400].map((days) => ({
			createdAt: daysAgo(days),
			note,
		})),
		{ createdAt: daysAgo(7), kind: "pre-restore" },
		{
			createdAt: daysAgo(8),
			shrinkWarning:
				"the library has shrunk: 30500 files, 130500 in the backup of 2026-01-01T00:00:00Z; no rows left in tracks, jobs, plans",
		},
	]);
	const library = makeLibrary(home.path);
	const huge = {
		created_at: `${new Date(Date.now() - 3_540_000).toISOString().slice(0, 19)}Z`,
		file_count: 130_500,
		database_size_bytes: 999_900_000,
	};
	const name = `vpo-library-${huge.created_at.replaceAll(":", "")}.tar.gz`;
	const archive = ownArchive(library, ownMetadata(library, huge));
	writeFileSync(join(home.backups, name), archive);
	cpSync(join(FIXTURES, VPO), join(home.backups, VPO));
	cpSync(
		join(FIXTURES, VPO),
		join(home.backups, "before-the-great-renaming-of-all-series.tar.gz"),
	);
	cpSync(
		join(FIXTURES, VPO),
		join(home.backups, "日本語の名前のバックアップです.tar.gz"),
	);
	cpSync(join(FIXTURES, VPO), join(home.backups, "damaged.tar.gz"));
	truncateSync(join(home.backups, "damaged.tar.gz"), 2000);
	remember(home, {
		[made[0] ?? ""]: { pinned: true, note: "日本語のメモ ".repeat(20) },
		[VPO]: { verified_at: daysAgo(3), verified_error: "damaged" },
	});
	const { stdout } = await run(binary, home, LIST);
	const lines = stdout.split("\n").slice(0, -2);
	const isNamedAtLength = /(Z-pre-restore|-07-46Z|series|です)$/;
	const wide = lines.filter(
		(line) => Bun.stringWidth(line) > 80 && !isNamedAtLength.test(line),
	);
	expect(wide).toEqual([]);
	// One backup is one line; remarks begin with two spaces.
	const backups = lines.filter((line) => !line.startsWith("  ")).slice(1);
	expect(backups).toHaveLength(12);
	expect(stdout).toMatch(/ 130,500 +1000 MB +as made +\d{4}-\S+Z\n/);
	expect(stdout).toContain("damaged\n  ! incomplete archive: ");
	expect(stdout).toContain("\n    "); // a remark goes on where it was broken
});

test("text in archives and in the state obeys no terminal's rules", async () => {
	using home = new Home(null);
	const evil = "a\u001b[31mb\u202ec\nd\u009b";
	const [name = ""] = await makeBackups(home.backups, [
		{ createdAt: daysAgo(1), note: evil, kind: evil, shrinkWarning: evil },
	]);
	remember(home, {
		[name]: {
			pinned: true,
			note: evil,
			verified_at: daysAgo(1),
			verified_error: evil,
		},
	});
	for (const args of [LIST, [...LIST, "--json"]]) {
		const { stdout, stderr } = await run(binary, home, args);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
		expect(stdout + stderr).not.toMatch(/[\u001b\u202e\u009b]/);
	}
});

describe("the chart", () => {
	/** Archives that say so of themselves; a list reads no more of them. */
	function add(home: Home, count: number): void {
		mkdirSync(home.backups, { recursive: true });
		const library = makeLibrary(home.path);
		for (let index = 1; index <= count; index++) {
			const says = {
				created_at: daysAgo(count - index),
				file_count: index * 100,
				database_size_bytes: 1e6 + index * 1e5,
			};
			const archive = ownArchive(library, ownMetadata(library, says));
			writeFileSync(join(home.backups, `${index}.tar.gz`), archive);
		}
	}
	const BLOCKS = /[▁▂▃▄▅▆▇█]/;

	test("shows on a terminal how files and size have grown", async () => {
		using home = new Home(null);
		add(home, 8);
		const { text } = await runOnTerminal(binary, home, LIST);
		const [files = "", library = ""] = text
			.replaceAll("\r", "")
			.trimEnd()
			.split("\n")
			.slice(-2);
		expect(files).toMatch(/^Files {4}▁.*█ {2}100 to 800$/);
		expect(library).toMatch(/^Library {2}▁.*█ {2}1\.1 MB to 1\.8 MB$/);
		const blocks = [...files].filter((character) => BLOCKS.test(character));
		expect(blocks).toEqual(blocks.toSorted());
		expect(new Set(blocks).size).toBe(8);
	});

	test("is at most 80 columns wide, however many backups there are", async () => {
		using home = new Home(null);
		add(home, 300);
		const { text } = await runOnTerminal(binary, home, LIST);
		for (const line of text.replaceAll("\r", "").split("\n")) {
			expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
		}
		expect(text).toMatch(BLOCKS);
	});

	test("leaves out what a restore replaced, and what was found bad", async () => {
		using home = new Home(null);
		add(home, 4);
		const library = makeLibrary(home.path);
		const other = { kind: "pre-restore", file_count: 99_999 };
		const archive = ownArchive(library, ownMetadata(library, other));
		writeFileSync(join(home.backups, "other.tar.gz"), archive);
		const bad = { verified_at: daysAgo(1), verified_error: "bad" };
		remember(home, { "4.tar.gz": bad });
		const { text } = await runOnTerminal(binary, home, LIST);
		expect(text).toMatch(/Files {4}▁.*█ {2}100 to 300\r\n/);
	});

	test("is not for two backups, nor for a pipe", async () => {
		using home = new Home(null);
		add(home, 2);
		expect((await runOnTerminal(binary, home, LIST)).text).not.toMatch(BLOCKS);
		add(home, 3);
		expect((await runOnTerminal(binary, home, LIST)).text).toMatch(BLOCKS);
		expect((await run(binary, home, LIST)).stdout).not.toMatch(BLOCKS);
	});
});

describe("of many backups", () => {
	const make = async (home: Home) =>
		await makeBackups(
			home.backups,
			[1, 2, 10, 40].map((days) => ({ createdAt: daysAgo(days) })),
		);
	const listed = (json: Record<string, unknown>) =>
		(json.backups as { filename: string }[]).map(({ filename }) => filename);

	test.each([
		[["--limit", "2"], 2],
		[["--since", "3d"], 2],
		[["--since", daysAgo(20).slice(0, 10)], 3],
		[["--since", daysAgo(20).replace("T", " ").slice(0, 16)], 3],
		[["--since", "1y", "--limit", "1"], 1],
	])(
		"%j shows the newest, and tells how many there are",
		async (flags, count) => {
			using home = new Home(null);
			const names = await make(home);
			const { json } = await runJson(binary, home, [...LIST, ...flags]);
			expect(json.total_count).toBe(4);
			expect(listed(json)).toEqual(names.slice(0, count));
			const { stdout } = await run(binary, home, [...LIST, ...flags]);
			expect(stdout).toContain(`\n4 backups, ${4 - count} of them not shown, `);
		},
	);

	test.each([
		["--limit", "0"],
		["--since", "yesterday"],
		["--since", "2026-02-31"],
		["--since", ""],
	])("%s %j is no way to say which", async (flag, value) => {
		using home = new Home(null);
		const call = [...LIST, flag, value];
		const { exitCode, json } = await runJson(binary, home, call);
		expect([exitCode, json.error]).toEqual([2, expect.stringContaining(flag)]);
	});

	test("the zone of the times is named once", async () => {
		using home = new Home(null);
		await make(home);
		const env = { TZ: "Asia/Kolkata" };
		const { stdout } = await run(binary, home, LIST, { env });
		expect(stdout.match(/Asia\/Kolkata/g)).toHaveLength(1);
	});

	test("on a terminal that is too short the newest stands last", async () => {
		using home = new Home(null);
		const names = await make(home);
		const { text } = await runOnTerminal(binary, home, LIST, { rows: 5 });
		const shown = [...text.matchAll(/\d{4}-\d\d-\d\dT\d{6}Z/g)].map(String);
		expect(shown).toEqual(
			names.map((name) => name.slice("vpo-library-".length, -7)).reverse(),
		);
	});
});
