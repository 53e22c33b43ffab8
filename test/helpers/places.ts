// The scenes in which the console blocks of the pages play: a home, a share and a program, at the paths that the pages
// name, below a scratch folder.

import { Database } from "bun:sqlite";
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeSampleLibrary } from "../../scripts/sample.ts";
import { makeBackups } from "./backups.ts";
import { backUpAt } from "./nights.ts";
import { BINARY } from "./program.ts";

const LIBRARY_BYTES = 5_000_000;
/** The paths that the pages name. */
const PATHS = ["/home/me", "/mnt/nas", "/usr/local/bin"];
const PAGE_PATH = new RegExp(`(?<![\\w.~])(${PATHS.join("|")})\\b`, "g");

export interface Place extends Disposable {
	readonly home: string;
	readonly program: string;
	/** What a page says, with the paths and days that hold here. */
	inside(text: string): string;
	/** What was printed here, with the page's paths and days. */
	outside(text: string): string;
}

const BACKUPS = "/home/me/.vpo/backups";
const SHARE = "/mnt/nas/vpo";
const CONFIG = `[backup]
directory = "${SHARE}"
keep_daily = 7
keep_weekly = 4
keep_monthly = 12
skip_unchanged = true
`;
const NIGHTS = [
	...["2025-12-01", "2026-01-01", "2026-01-20", "2026-01-27"],
	...["2026-02-02", "2026-02-03", "2026-02-04"],
];
/** The last day in the pages. */
const STORY_DAY = "2026-02-05";
const DAY_MS = 86_400_000;

/** What stands there when a page begins, beside the library. */
const SCENES: Readonly<Record<string, (place: Place) => Promise<void>>> = {
	"a library": async () => undefined,
	"one backup": makeOne,
	"one backup, and a loss": async (place) => {
		await makeOne(place);
		using library = new Database(join(place.home, ".vpo/library.db"));
		library.run("PRAGMA foreign_keys = ON");
		library.run("DELETE FROM files WHERE id BETWEEN 900 AND 1199");
	},
	"a folder lost at night": loseFolder,
	"seven nights": (place) => makeNights(place),
	"seven nights, and the last one": async (place) => {
		await makeNights(place);
		await back(place);
	},
};

/** Days that the pages name are as far from theirs as days here are from ours. */
function moveDays(text: string, days: number): string {
	return text
		.replaceAll(/\b20\d\d-\d\d-\d\d/g, (day) =>
			new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10),
		)
		.replaceAll(/\b1[78]\d{8}\b/g, (seconds) =>
			String(Number(seconds) + (days * DAY_MS) / 1000),
		);
}

async function makeOne(place: Place): Promise<void> {
	await back(place, "--note", "before the upgrade");
	const folder = place.inside(BACKUPS);
	const made = readdirSync(folder).find((name) => name.endsWith(".gz")) ?? "";
	const name = place.inside("vpo-library-2026-02-05T143022Z.tar.gz");
	renameSync(join(folder, made), join(folder, name));
}

/** Episodes of one show; in the night before the last backup they go. */
async function loseFolder(place: Place): Promise<void> {
	const folder = "/media/tv/Firefly";
	const library = join(place.home, ".vpo/library.db");
	const backups = place.inside(BACKUPS);
	const change = (statement: string) => {
		using database = new Database(library);
		database.run("PRAGMA foreign_keys = ON");
		database.run(statement);
	};
	change(
		`UPDATE files SET directory = '${folder}', filename = format('Firefly - S01E%02d.mkv', id - 899), path = format('${folder}/Firefly - S01E%02d.mkv', id - 899) WHERE id BETWEEN 900 AND 913`,
	);
	for (const day of ["02", "03", "04", "05"]) {
		const scanned = place.inside(`2026-02-${day}T02:00:00+00:00`);
		change(`UPDATE files SET scanned_at = '${scanned}'`);
		if (day === "03") {
			change("UPDATE files SET size_bytes = 4000000000 WHERE id = 901");
		}
		if (day === "05") {
			change(`DELETE FROM files WHERE directory = '${folder}'`);
			change("UPDATE tracks SET title = 'Audio' WHERE id = 77");
		}
		const at = place.inside(`2026-02-${day}T03:00:00Z`);
		await backUpAt({ library, backups }, at);
	}
}

async function makeNights(place: Place): Promise<void> {
	const folder = place.inside(SHARE);
	const made = NIGHTS.map((day) => ({
		createdAt: `${place.inside(day)}T03:00:00Z`,
		fileCount: 1413,
	}));
	await makeBackups(folder, made);
	writeFileSync(join(place.home, ".vpo/config.toml"), place.inside(CONFIG));
}

async function back(place: Place, ...flags: string[]): Promise<void> {
	const command = [place.program, "library", "backup", ...flags];
	const env = { HOME: place.home };
	const child = Bun.spawn(command, { env, stdout: "ignore" });
	if ((await child.exited) !== 0) throw new Error("no backup was made");
}

/** @throws Error if there is no such scene */
export async function makePlace(scene: string): Promise<Place> {
	const build = SCENES[scene];
	if (!build) throw new Error(`no scene "${scene}" in ${import.meta.path}`);
	const root = mkdtempSync(join(tmpdir(), "vpo-page-"));
	// All of its hours are over: nothing in the pages is dated in the future.
	const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
	const daysSinceStory =
		(Date.parse(yesterday) - Date.parse(STORY_DAY)) / DAY_MS;
	const place: Place = {
		home: join(root, "home/me"),
		program: join(root, "usr/local/bin/vpo"),
		inside: (text) =>
			moveDays(text, daysSinceStory).replaceAll(PAGE_PATH, `${root}$&`),
		outside: (text) =>
			moveDays(text, -daysSinceStory)
				.replaceAll(root, "")
				// For the user of the pages it is the home folder that cron and systemd know.
				.replaceAll(/VPO_DATA_DIR=\/home\/me\/.vpo /g, ""),
		[Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
	};
	for (const path of PATHS) mkdirSync(join(root, path), { recursive: true });
	mkdirSync(join(place.home, ".vpo"));
	for (const name of ["vpo", "vpo-library"]) {
		symlinkSync(BINARY, join(dirname(place.program), name));
	}
	writeFileSync(join(place.home, ".vpo/library.db"), sampleLibrary());
	await build(place);
	return place;
}

let sample: Buffer | null = null;

function sampleLibrary(): Buffer {
	if (sample === null) {
		const folder = mkdtempSync(join(tmpdir(), "vpo-sample-"));
		try {
			const path = join(folder, "library.db");
			makeSampleLibrary(path, LIBRARY_BYTES);
			sample = readFileSync(path);
		} finally {
			rmSync(folder, { recursive: true });
		}
	}
	return sample;
}
