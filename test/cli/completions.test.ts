// Completion in real shells: commands, flags, values and backups, and nothing that is completed is ever run.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { binary, Home, run } from "../helpers/program.ts";
import { fishOffers, installNamed, pressTab } from "../helpers/shells.ts";

setDefaultTimeout(60_000);

const HOSTILE = "$(touch evil)`touch evil`;touch evil.tar.gz";
const NAMES = [
	"vpo-library-2026-02-05T143022Z.tar.gz",
	"vpo-library-2027-01-01T000000Z-pre-restore.tar.gz",
	"before it's new.tar.gz",
	HOSTILE,
];

/** Backups whose names are all that is asked of them, in the default folder and in another one. */
function scene(): Home {
	const home = new Home(null);
	installNamed(home);
	mkdirSync(home.at("else where"));
	mkdirSync(home.backups);
	writeFileSync(home.at("else where", "other.tar.gz"), "");
	for (const name of NAMES) writeFileSync(`${home.backups}/${name}`, "");
	return home;
}

/** What stands there after a TAB; where shells differ in a blank at the end it doesn't matter. */
const LINES = [
	["vpo lib", "vpo library"],
	["vpo library restor", "vpo library restore"],
	["vpo library ls --nam", "vpo library ls --names"],
	["vpo help schedu", "vpo help schedule"],
	["vpo-library restor", "vpo-library restore"],
	["vpo-library db verify lat", "vpo-library db verify latest"],
	["vpo-library backup --dry", "vpo-library backup --dry-run"],
	["vpo db verif", "vpo db verify"],
	["vpo library backup --sal", "vpo library backup --salvage"],
	["vpo library restore --no-saf", "vpo library restore --no-safety-backup"],
	[
		"vpo library schedule --format syst",
		"vpo library schedule --format systemd",
	],
	[
		"vpo library schedule --at 03:00 -- --skip",
		"vpo library schedule --at 03:00 -- --skip-unchanged",
	],
	["vpo library completions fi", "vpo library completions fish"],
	["vpo library restore lat", "vpo library restore latest"],
	[
		"vpo library restore vpo-library-2026",
		"vpo library restore vpo-library-2026-02-05T143022Z.tar.gz",
	],
	["vpo library restore 2026", "vpo library restore 2026-02-05T143022Z"],
	[
		"vpo library verify latest 2027",
		"vpo library verify latest 2027-01-01T000000Z-pre-restore",
	],
	[
		"vpo library restore --yes bef",
		String.raw`vpo library restore --yes before\ it\'s\ new.tar.gz`,
	],
	[
		String.raw`vpo library restore --path else\ where oth`,
		String.raw`vpo library restore --path else\ where other.tar.gz`,
	],
	["vpo library pin latest 2026", "vpo library pin latest 2026"],
	[
		"vpo library backup --output else",
		"vpo library backup --output else\\ where/",
	],
	["vpo library backups --path el", "vpo library backups --path else\\ where/"],
	["vpo library backup --note lat", "vpo library backup --note lat"],
] as const;

describe.each(["bash", "zsh"] as const)("%s", (shell) => {
	test("completes commands, flags, values, backups and paths", async () => {
		using home = scene();
		const completed = await pressTab(
			shell,
			home,
			LINES.map(([typed]) => typed),
		);
		expect(completed.map((line) => line.trimEnd())).toEqual(
			LINES.map(([, whole]) => whole),
		);
	});

	test("runs nothing of what is typed or of what a backup is called", async () => {
		using home = scene();
		const completed = await pressTab(shell, home, [
			"vpo library restore $(touc",
			"vpo library restore '$(touch evil)' lat",
			"vpo library restore --path $(touch\\ evil) lat",
			"vpo library restore \\$",
		]);
		expect(completed).toHaveLength(4);
		expect(existsSync(home.at("evil"))).toBe(false);
		expect(completed[3]).toContain("evil.tar.gz");
	});
});

describe("fish", () => {
	test.each([
		["vpo l", ["library"]],
		["vpo library rest", ["restore"]],
		["vpo library ls --nam", ["--names"]],
		["vpo help schedu", ["schedule"]],
		["vpo-library rest", ["restore"]],
		["vpo-library db verify lat", ["latest"]],
		["vpo db verify --old", ["--oldest"]],
		["vpo library restore --no-s", ["--no-safety-backup"]],
		["vpo library schedule --format s", ["systemd"]],
		["vpo library schedule --at 03:00 -- --skip", ["--skip-unchanged"]],
		["vpo library completions f", ["fish"]],
		["vpo library restore lat", ["latest"]],
		["vpo library restore vpo-library-2026", [NAMES[0] ?? ""]],
		["vpo library restore --path 'else where' oth", ["other.tar.gz"]],
		["vpo library backups --path el", ["else where/"]],
		["vpo library backup --note lat", []],
	])("%s", (line, offers) => {
		using home = scene();
		expect(fishOffers(home, line)).toEqual(offers);
	});

	test("runs nothing of what a backup is called", () => {
		using home = scene();
		expect(fishOffers(home, "vpo library restore ")).toContain(HOSTILE);
		expect(existsSync(home.at("evil"))).toBe(false);
	});
});

test("the names that completion asks for come newest first, and in JSON", async () => {
	using home = scene();
	const names = ["library", "backups", "--names"];
	const text = await run(binary, home, names);
	const ordered = [NAMES[1], NAMES[0], ...NAMES.slice(2)];
	expect(text.stdout).toBe(`${ordered.join("\n")}\n`);
	const { stdout } = await run(binary, home, [...names, "--json"]);
	expect(JSON.parse(stdout)).toEqual({
		directory: home.backups,
		names: ordered,
	});
});

test("another shell is a usage error that names those there are", async () => {
	using home = new Home(null);
	const args = ["library", "completions", "tcsh"];
	expect(await run(binary, home, args)).toMatchObject({
		exitCode: 2,
		stdout: "",
		stderr: expect.stringContaining(
			'SHELL must be bash, zsh or fish, not "tcsh"',
		),
	});
});
