// A list over hundreds of archives, many of them damaged, unreadable or no archives: each is shown, none hides another.

import { describe, expect, test } from "bun:test";
import {
	chmodSync,
	mkdirSync,
	readdirSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { flip, truncate } from "../helpers/damage.ts";
import {
	type Bytes,
	gzip,
	makeLibrary,
	ownArchive,
	ownMetadata,
	tar,
	vpoArchive,
	vpoMetadata,
} from "../helpers/hostile.ts";
import {
	BINARY,
	binary,
	Home,
	type Program,
	run,
	runJson,
} from "../helpers/program.ts";
import { succeed } from "../helpers/state.ts";

const NOBODY = "65534";
/** For root there are no unreadable files: the program then runs as somebody else. */
const unprivileged: Program = {
	name: "binary",
	command:
		process.getuid?.() === 0
			? [
					"setpriv",
					`--reuid=${NOBODY}`,
					`--regid=${NOBODY}`,
					"--clear-groups",
					BINARY,
				]
			: [BINARY],
};

const FIRST_DAY = Date.parse("2025-01-01T12:00:00Z");
const DAY_MS = 86_400_000;
const timeOf = (day: number) =>
	`${new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 19)}Z`;
const nameOf = (day: number) =>
	`vpo-library-${timeOf(day).replaceAll(":", "")}.tar.gz`;

/** What can be wrong with an archive in a folder, and how it comes to be. */
type Spoiler = (path: string, own: Bytes, vpo: Bytes) => void;

const SPOILERS: readonly Spoiler[] = [
	...[0, 1, 9, 10, 100, 300, 330, 600, 800, -8, -1].map(
		(length): Spoiler =>
			(path, own) =>
				writeFileSync(
					path,
					truncate((length + own.byteLength) % own.byteLength).apply(own),
				),
	),
	(path, own) => writeFileSync(path, flip(0, 0).apply(own)),
	(path, own) => writeFileSync(path, flip(40, 3).apply(own)),
	(path, own) => writeFileSync(path, flip(200, 5).apply(own)),
	(path, own) => writeFileSync(path, own.slice().fill(0, own.length / 2)),
	(path, own) => writeFileSync(path, own.toReversed()),
	(path, own) => writeFileSync(path, Buffer.concat([own, Buffer.from("x")])),
	(path, _, vpo) => writeFileSync(path, vpo.slice(0, -1)),
	(path, _, vpo) => writeFileSync(path, vpo.slice(0, 300)),
	(path, _, vpo) => writeFileSync(path, flip(300, 2).apply(vpo)),
	(path, _, vpo) => writeFileSync(path, Buffer.concat([vpo, vpo])),
	(path) => writeFileSync(path, gzip(tar([{ name: "x", type: "2" }]))),
	(path) => writeFileSync(path, gzip(new Uint8Array(3 * 1024 * 1024))),
	(path) => writeFileSync(path, "no archive at all"),
	(path, own) => {
		writeFileSync(path, own);
		chmodSync(path, 0o000);
	},
	(path) => mkdirSync(path),
	(path) => mkdirSync(path, { mode: 0o000 }),
	(path) => symlinkSync("/nowhere/at/all.tar.gz", path),
	(path) => symlinkSync(path, path),
	(path) => symlinkSync("/dev/zero", path),
	(path) => succeed(["mkfifo", path]),
];

const ALL = 500;

/** A folder of 500 archives: every fifth damaged in one of the ways above, every seventh of the others VPO's. */
function fill(home: Home): { good: string[]; bad: string[] } {
	const library = makeLibrary(home.path);
	mkdirSync(home.backups);
	const good: string[] = [];
	const bad: string[] = [];
	for (let day = 0; day < ALL; day++) {
		const name = nameOf(day);
		const path = `${home.backups}/${name}`;
		const changes = { created_at: timeOf(day) };
		const own = ownArchive(library, ownMetadata(library, changes));
		const vpo = vpoArchive(library, vpoMetadata(library, changes));
		const spoiler = SPOILERS[Math.floor(day / 5) % SPOILERS.length];
		if (day % 5 === 0 && spoiler) {
			spoiler(path, own, vpo);
			bad.push(name);
		} else {
			writeFileSync(path, day % 7 === 0 ? vpo : own);
			good.push(name);
		}
	}
	for (const path of [home.path, home.at(".vpo"), home.backups]) {
		chmodSync(path, 0o755);
	}
	return { good, bad };
}

describe("a folder of 500 archives, 100 of them damaged", () => {
	test("is listed in full, newest first, the damaged ones in their places", async () => {
		using home = new Home(null);
		const { good, bad } = fill(home);
		const listed = await runJson(unprivileged, home, ["library", "backups"]);
		expect(listed).toMatchObject({ exitCode: 0, json: { total_count: ALL } });
		const backups = listed.json.backups as Record<string, unknown>[];
		expect(backups.map(({ filename }) => filename)).toEqual(
			readdirSync(home.backups).sort().reverse(),
		);
		const valid = backups.filter((backup) => backup.valid);
		const invalid = backups.filter((backup) => !backup.valid);
		expect(valid.map(({ filename }) => filename)).toEqual(good.toReversed());
		expect(invalid.map(({ filename }) => filename)).toEqual(bad.toReversed());
		for (const backup of invalid) {
			expect(backup).toMatchObject({ file_count: null, schema_version: null });
			expect(backup.error).toMatch(/^[^\n]{10,400}$/);
		}
		for (const backup of valid) {
			expect(backup).toMatchObject({ file_count: 2, error: null });
		}
	}, 20_000);

	test("is shown in full, with the number of the damaged ones", async () => {
		using home = new Home(null);
		const { good, bad } = fill(home);
		const args = ["library", "backups"];
		const { exitCode, stdout, stderr } = await run(unprivileged, home, args);
		expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
		const lines = stdout.split("\n");
		for (const name of [...good, ...bad]) {
			const time = name.slice("vpo-library-".length, -".tar.gz".length);
			expect(lines.filter((line) => line.endsWith(` ${time}`))).toHaveLength(1);
		}
		expect(lines.filter((line) => line.startsWith("  ! "))).toHaveLength(
			bad.length,
		);
		expect(stdout).toContain("500 backups");
		expect(stdout).toContain("100 damaged");
	}, 20_000);

	test("still has a latest one, which is restored", async () => {
		using home = new Home(null);
		const { good } = fill(home);
		const args = ["library", "restore", "--yes", "latest"];
		const { exitCode, json } = await runJson(
			unprivilegedOwner(home),
			home,
			args,
		);
		expect({ exitCode, json }).toMatchObject({ exitCode: 0 });
		expect(json.source_path).toBe(`${home.backups}/${good.at(-1)}`);
	}, 20_000);
});

// The test's user may write into this HOME.
function unprivilegedOwner(home: Home): Program {
	if (process.getuid?.() === 0) {
		succeed(["chown", "-h", `${NOBODY}:${NOBODY}`, home.path, home.at(".vpo")]);
	}
	return unprivileged;
}

test("names that are no text, or that a terminal would obey, are listed too", async () => {
	using home = new Home(null);
	mkdirSync(home.backups);
	const names = [
		"\x1b[31m.tar.gz",
		"a\nb.tar.gz",
		"-rf.tar.gz",
		".hidden.tar.gz",
	];
	for (const name of names) writeFileSync(`${home.backups}/${name}`, "x");
	const notText = Buffer.concat([
		Buffer.from(`${home.backups}/`),
		Buffer.of(0xff, 0xfe),
		Buffer.from(".tgz"),
	]);
	writeFileSync(notText, "x");
	const listed = await runJson(binary, home, ["library", "backups"]);
	// Hidden ones are somebody's temporary files.
	expect(listed).toMatchObject({ exitCode: 0, json: { total_count: 4 } });
});
