// The runs that a power cut can hit, each with the home that it starts in.

import { Database } from "bun:sqlite";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { BACKUP, LEFT, RESTORE } from "../helpers/scene.ts";
import { backupsIn } from "../helpers/state.ts";
import type { Trial } from "./promises.ts";

/** Makes a home, and says what is run in it. */
export type Setting = () => Promise<{ home: Home; trial: Trial }>;

/** By what is tried, as the table in docs/guarantees.md has it. */
export const SETTINGS: Readonly<Record<string, Setting>> = {
	"the first backup, which makes its folder": async () =>
		backup(smallHome(), []),
	"a backup, library left with rows in its WAL": async () => {
		const home = await homeWithBackups(1);
		await leave(home, "rows in its WAL");
		return backup(home, []);
	},
	"a backup into folders that it makes": backupIntoNewFolders,
	"a restore in place, library left with rows in its WAL": () =>
		restoreOver("rows in its WAL"),
	"a restore in place, library left with a hot journal": () =>
		restoreOver("a hot journal"),
	"a restore in place": () => restoreOver("nothing"),
	"a restore without a safety backup": () => restoreUnasked("nothing"),
	"a restore without a safety backup, library left with rows in its WAL": () =>
		restoreUnasked("rows in its WAL"),
	"a restore that exchanges files": () => restoreOver("another page size"),
	"a restore into a folder that it makes": async () => {
		const home = await homeWithBackups(1);
		renameSync(home.backups, home.at("kept"));
		rmSync(home.at(".vpo"), { recursive: true });
		const args = [...RESTORE, "--path", "kept"];
		return { home, trial: { name: "new folder", args, library: "new" } };
	},
	"an undo": async () => {
		const { home } = await restoreOver("nothing");
		await must(home, RESTORE);
		const args = ["library", "restore", "--undo", "--yes"];
		const trial = {
			name: "undo",
			args,
			library: "new",
			makes: 1,
		} as const;
		return { home, trial };
	},
	"a restore of what is missing": async () => {
		const home = await homeWithBackups(1);
		using library = new Database(home.library);
		library.run("PRAGMA journal_mode = DELETE");
		library.run("PRAGMA foreign_keys = ON");
		library.run("DELETE FROM files WHERE id % 2 = 0");
		const args = [...RESTORE, "--only-missing"];
		const trial = {
			name: "missing",
			args,
			library: "new",
			makes: 1,
		} as const;
		return { home, trial };
	},
	"a prune": async () => {
		const home = await homeWithBackups(4);
		const [pinned = ""] = backupsIn(home.backups);
		await must(home, ["library", "pin", pinned]);
		const args = ["library", "prune", "--keep-last", "1"];
		const { json } = await runJson(binary, home, [...args, "--dry-run"]);
		const removes = (json.remove as { name: string }[]).map((it) => it.name);
		const trial = { name: "prune", library: "old", removes } as const;
		const run = { ...trial, args: [...args, "--yes"], pinned: [pinned] };
		return { home, trial: run };
	},
	"a copy to a further location": async () => {
		const home = await homeWithBackups(2);
		mkdirSync(home.at("copies"));
		// As the home is another one in every copy of it, the path is the one that HOME gives.
		const config = '[[backup.copy]]\nto = "~/copies"\n';
		writeFileSync(home.at(".vpo/config.toml"), config);
		const args = ["library", "copy"];
		const trial = { name: "copy", args, library: "old", makes: 2 };
		return { home, trial: trial as Trial };
	},
	"the first pin": async () => {
		const home = await homeWithBackups(2);
		return pin(home, [], backupsIn(home.backups)[0] ?? "");
	},
	"a further pin": async () => {
		const home = await homeWithBackups(2);
		const [first = "", second = ""] = backupsIn(home.backups);
		await must(home, ["library", "pin", first]);
		return pin(home, [first], second);
	},
};

export async function backupIntoNewFolders() {
	return backup(smallHome(), ["--output", "disk/vpo/backups/"]);
}

function backup(home: Home, flags: readonly string[]) {
	const args = [...BACKUP, ...flags];
	const trial = { name: "backup", args, library: "old", makes: 1 };
	return { home, trial: trial as Trial };
}

function pin(home: Home, pinned: readonly string[], name: string) {
	const args = ["library", "pin", name];
	const trial = { name: "pin", args, library: "old", pinned, pins: [name] };
	return { home, trial: trial as Trial };
}

async function restoreOver(left: keyof typeof LEFT) {
	const home = await homeWithBackups(1);
	await leave(home, left);
	const name = left === "nothing" ? "in place" : left;
	const trial = { name, library: "new", makes: 1 };
	return { home, trial: { ...trial, args: RESTORE } as Trial };
}

/** It begins while the backup is still being proven; an earlier one could be undone. */
async function restoreUnasked(left: keyof typeof LEFT) {
	const { home } = await restoreOver("nothing");
	await must(home, RESTORE);
	await leave(home, left);
	const args = [...RESTORE, "--no-safety-backup"];
	const name = left === "nothing" ? "unasked" : `unasked, ${left}`;
	return { home, trial: { name, args, library: "new" } as Trial };
}

async function leave(home: Home, left: keyof typeof LEFT): Promise<void> {
	await LEFT[left](home.library);
	rmSync(`${home.library}-shm`, { force: true });
}

async function homeWithBackups(count: number): Promise<Home> {
	const home = smallHome();
	for (let made = 0; made < count; made++) await must(home, BACKUP);
	return home;
}

/** A library of few pages: each of them can be lost alone. */
function smallHome(): Home {
	const home = new Home();
	using library = new Database(home.library);
	library.run("PRAGMA foreign_keys = ON");
	library.run("DELETE FROM files WHERE id > 6");
	library.run("VACUUM");
	library.run("PRAGMA wal_checkpoint(TRUNCATE)");
	return home;
}

async function must(home: Home, args: readonly string[]): Promise<void> {
	const { exitCode, stderr } = await run(binary, home, args);
	if (exitCode !== 0) throw new Error(stderr);
}
