// Copies: each location gets what it lacks of the good backups that its rules would keep, and nothing that is not whole.

import {
	afterAll,
	afterEach,
	beforeEach,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { GzipPool } from "../../../src/core/archive/gzip.ts";
import { SqliteThread } from "../../../src/core/library/sqlite-thread.ts";
import { copyBackups } from "../../../src/core/upkeep/copies/copy.ts";
import { copyPlaces } from "../../../src/core/upkeep/copies/places.ts";
import { pruneAfter } from "../../../src/core/upkeep/prune-after.ts";
import { resolveSettings } from "../../../src/ground/settings.ts";
import { makeBackups } from "../../helpers/backups.ts";
import { Home } from "../../helpers/program.ts";

setDefaultTimeout(60_000);

const NOW = new Date("2026-03-01T12:00:00Z");
const days = (count: number) =>
	Array.from({ length: count }, (_, day) => {
		const at = Date.UTC(2026, 1, 28 - day, 3);
		return { createdAt: new Date(at).toISOString().replace(".000", "") };
	});

const sqlite = new SqliteThread();
const pool = new GzipPool(1);
afterAll(() => {
	sqlite[Symbol.dispose]();
	pool[Symbol.dispose]();
});

let home: Home;
beforeEach(() => {
	home = new Home();
	mkdirSync(home.at("usb"));
});
afterEach(() => home[Symbol.dispose]());

/** Copies by these [[backup.copy]] tables. */
async function copy(
	config: string,
	isDryRun = false,
	only: string | null = null,
	acceptsNew = false,
) {
	writeFileSync(home.at(".vpo", "config.toml"), config);
	const settings = await resolveSettings({}, { HOME: home.path });
	const outcomes = await copyBackups(
		settings,
		{ only, acceptsNew, isDryRun, now: NOW },
		{ sqlite, pool },
	);
	return outcomes.map(({ location, copied, presentCount, problems }) => ({
		to: location.address.replace(home.path, "~"),
		copied: copied.map(({ name }) => name),
		presentCount,
		problems: problems.map((problem) => problem.replaceAll(home.path, "~")),
	}));
}

const USB = '[[backup.copy]]\nto = "../usb"\n';
const inUsb = () =>
	readdirSync(home.at("usb"))
		.filter((name) => !name.startsWith("."))
		.sort();

test("nights that failed are made up for, newest first, byte by byte", async () => {
	const names = await makeBackups(home.backups, days(3));
	expect(await copy(USB, true)).toMatchObject([{ copied: names }]);
	expect(inUsb()).toEqual([]);
	expect(await copy(USB)).toEqual([
		{ to: "~/usb", copied: names, presentCount: 0, problems: [] },
	]);
	for (const name of names) {
		const bytes = readFileSync(home.at("usb", name));
		expect(bytes.equals(readFileSync(join(home.backups, name)))).toBe(true);
	}
	expect(await copy(USB)).toMatchObject([{ copied: [], presentCount: 3 }]);
	expect(inUsb()).toEqual([...names].sort());
	expect(readdirSync(home.at("usb")).join()).not.toInclude("scratch");
});

test.each([
	"keep_last = 3",
	"keep_weekly = 2\nkeep_monthly = 3",
	'keep_within = "10d"',
])(
	"by the rules of the place, so that its pruning takes away nothing that was brought: %s",
	async (rules) => {
		const all = days(24);
		await makeBackups(home.backups, all.slice(12));
		await copy(USB + rules);
		for (const [from, to] of [
			[2, 12],
			[0, 2],
		]) {
			await makeBackups(home.backups, all.slice(from, to));
			const [outcome] = await copy(USB + rules);
			expect(outcome?.copied.length).toBeGreaterThan(0);
			const settings = await resolveSettings(
				{ database: home.at("none") }, // the library is younger than that clock
				{ HOME: home.path },
			);
			const [place] = copyPlaces(settings);
			if (!place) throw new Error("no place");
			const { removed, problem } = await pruneAfter(place, settings, NOW, {
				sqlite,
				pool,
			});
			expect(problem).toBeNull();
			expect(removed.filter((name) => outcome?.copied.includes(name))).toEqual(
				[],
			);
			expect(await copy(USB + rules)).toMatchObject([
				{ copied: [], problems: [] },
			]);
		}
	},
);

test("only good ones: no damaged, shrunk, future or pre-restore one", async () => {
	const [good = "", cut = ""] = await makeBackups(home.backups, [
		...days(2),
		{ createdAt: "2026-02-20T03:00:00Z", shrinkWarning: "all gone" },
		{ createdAt: "2026-02-21T03:00:00Z", kind: "pre-restore" },
		{ createdAt: "2026-12-24T03:00:00Z" },
	]);
	truncateSync(join(home.backups, cut), 2000);
	expect(await copy(USB)).toMatchObject([{ copied: [good], problems: [] }]);
	expect(inUsb()).toEqual([good]);
});

test("damage that only reading in full shows is not spread, and does not stop the others", async () => {
	const [newest = "", older = ""] = await makeBackups(home.backups, days(2));
	const path = join(home.backups, newest);
	const bytes = readFileSync(path);
	const middle = bytes.byteLength >> 1;
	bytes[middle] = (bytes[middle] ?? 0) ^ 1;
	writeFileSync(path, bytes);
	const [outcome] = await copy(USB);
	expect(outcome?.copied).toEqual([older]);
	expect(outcome?.problems).toEqual([
		expect.stringContaining("damaged archive"),
	]);
	expect(inUsb()).toEqual([older]);
});

test("a folder that is not there is named, never made, and does not stop the others", async () => {
	const names = await makeBackups(home.backups, days(1));
	const config = `[[backup.copy]]\nto = "../unmounted"\n${USB}`;
	expect(await copy(config)).toEqual([
		{
			to: "~/unmounted",
			copied: [],
			presentCount: 0,
			problems: ["no such folder: ~/unmounted"],
		},
		{ to: "~/usb", copied: names, presentCount: 0, problems: [] },
	]);
	expect(existsSync(home.at("unmounted"))).toBe(false);
});

test("another place than before is named, until somebody says that it is meant", async () => {
	const names = await makeBackups(home.backups, days(1));
	await copy(USB);
	rmSync(home.at("usb"), { recursive: true });
	mkdirSync(home.at("usb"));
	expect(await copy(USB)).toMatchObject([
		{
			copied: [],
			problems: [expect.stringContaining("these are not the backups")],
		},
	]);
	expect(inUsb()).toEqual([]);
	expect(await copy(USB, false, null, true)).toMatchObject([{ copied: names }]);
	expect(await copy(USB)).toMatchObject([{ copied: [], problems: [] }]);
});

test("what has a name there keeps it", async () => {
	const [name = ""] = await makeBackups(home.backups, days(1));
	writeFileSync(home.at("usb", name), "mine");
	expect(await copy(USB)).toMatchObject([
		{ copied: [], problems: [expect.stringContaining(name)] },
	]);
	expect(readFileSync(home.at("usb", name), "utf8")).toBe("mine");
	rmSync(home.at("usb", name));
	expect(await copy(USB)).toMatchObject([{ copied: [name], problems: [] }]);
});

test("one of several can be chosen; another is no copy location", async () => {
	await makeBackups(home.backups, days(1));
	mkdirSync(home.at("nas"));
	const config = `${USB}[[backup.copy]]\nto = "../nas"\n`;
	expect(await copy(config, false, home.at("nas"))).toMatchObject([
		{ to: "~/nas" },
	]);
	expect(inUsb()).toEqual([]);
	await expect(copy(config, false, home.at("else"))).rejects.toMatchObject({
		code: "USAGE",
	});
});

test.each([
	["[[backup.copy]]\nkeep_last = 3", "backup.copy.0.to"],
	['[[backup.copy]]\nto = ""', "must name a folder or s3://BUCKET/PREFIX"],
	['[[backup.copy]]\nto = "s3://"', "no bucket"],
	['[backup.copy]\nto = "x"', "must be written as [[backup.copy]]"],
	[
		'[[backup.copy]]\nto = "x"\nkep_last = 3',
		'unknown key "kep_last" in [[backup.copy]]',
	],
	[
		'[[backup.copy]]\nto = "x"\nkeep_within = "3 fortnights"',
		"[[backup.copy]] keep_within",
	],
	['[[backup.copy]]\nto = "backups"', "there are backups already"],
	[`${USB}${USB}`, "there are backups already"],
	[
		'[[backup.copy]]\nto = "x"\nrecipients = ["age1x"]',
		'unknown key "recipients"',
	],
])("%j is refused before anything is done", async (config, what) => {
	const error = await copy(config).catch((error) => error);
	expect(error).toMatchObject({ code: "CONFIG_ERROR" });
	expect(error.message).toInclude(what);
});
