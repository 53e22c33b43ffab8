// Repair: a damaged archive is mended from where the same backup is whole, and what was there is kept for a week.

import {
	afterAll,
	afterEach,
	beforeEach,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import {
	cpSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { GzipPool } from "../../../src/core/archive/gzip.ts";
import { SqliteThread } from "../../../src/core/library/sqlite-thread.ts";
import { openFolder } from "../../../src/core/location/folder.ts";
import { executePrune } from "../../../src/core/upkeep/prune.ts";
import { planPrune } from "../../../src/core/upkeep/pruning/plan.ts";
import { verifyBackups } from "../../../src/core/upkeep/verify.ts";
import { resolveSettings } from "../../../src/ground/settings.ts";
import { makeBackups } from "../../helpers/backups.ts";
import { Home } from "../../helpers/program.ts";

setDefaultTimeout(60_000);

const NOW = new Date("2026-03-01T12:00:00Z");
const NAME = "vpo-library-2026-02-28T030000Z.tar.gz";
const KEPT = `${NAME}.damaged`;

const workshop = { sqlite: new SqliteThread(), pool: new GzipPool(1) };
afterAll(() => {
	workshop.sqlite[Symbol.dispose]();
	workshop.pool[Symbol.dispose]();
});

let home: Home;
let path: string;
beforeEach(async () => {
	home = new Home();
	path = join(home.backups, NAME);
	await makeBackups(home.backups, [{ createdAt: "2026-02-28T03:00:00Z" }]);
	cpSync(home.backups, home.at("usb"), { recursive: true });
	mkdirSync(home.at("nas"));
});
afterEach(() => home[Symbol.dispose]());

function flipBit(file: string): void {
	const bytes = readFileSync(file);
	const middle = bytes.byteLength >> 1;
	bytes[middle] = (bytes[middle] ?? 0) ^ 1;
	writeFileSync(file, bytes);
}

async function repair(from: readonly string[] = ["nas", "usb"]) {
	const settings = await resolveSettings({}, { HOME: home.path });
	const menders = from.map((name) => openFolder(home.at(name)));
	const options = { references: [], oldest: null, clock: () => NOW, menders };
	const { verdicts } = await verifyBackups(settings, options, workshop);
	return verdicts[0];
}

test.each([
	["a flipped bit", () => flipBit(path)],
	["a cut end", () => truncateSync(path, 500)],
	["nothing left of it", () => truncateSync(path, 0)],
])(
	"mends %s by the same bytes, and keeps what was there",
	async (_, damage) => {
		damage();
		const before = readFileSync(path);
		const verdict = await repair();
		expect(verdict).toMatchObject({
			isValid: true,
			error: null,
			repair: {
				isMended: true,
				from: home.at("usb", NAME),
				kept: join(home.backups, KEPT),
			},
		});
		expect(readFileSync(path).equals(readFileSync(home.at("usb", NAME)))).toBe(
			true,
		);
		expect(readFileSync(join(home.backups, KEPT)).equals(before)).toBe(true);
		const state = await openFolder(home.backups).readState();
		const [entry] = await openFolder(home.backups).list();
		if (!entry || "problem" in entry) throw new Error("it is not there");
		const { sizeBytes, modifiedMs } = entry;
		const identity = { sizeBytes, modifiedMs: Math.floor(modifiedMs) };
		expect(state.of(NAME, identity)).toMatchObject({ verifiedError: null });
		expect(state.of(NAME, identity).verifiedAt).not.toBeNull();
		expect(await repair()).toMatchObject({ isValid: true, repair: null });
		expect(readdirSync(home.backups).join()).not.toInclude("scratch");
	},
);

test("two repairs of the same one keep both", async () => {
	for (const size of [300, 400]) {
		truncateSync(path, size);
		await repair();
	}
	const kept = readdirSync(home.backups).filter((name) =>
		name.includes("damaged"),
	);
	expect(kept.sort()).toEqual([KEPT, `${KEPT}-2`]);
});

test.each([
	["nowhere has it", () => rmSync(home.at("usb", NAME)), "no copy in"],
	[
		"the copy is damaged as well",
		() => flipBit(home.at("usb", NAME)),
		"damaged archive",
	],
	[
		"the copy is cut",
		() => truncateSync(home.at("usb", NAME), 900),
		"incomplete archive",
	],
	[
		"another backup has its name there",
		() => makeOther("2026-02-27T03:00:00Z"),
		"another backup",
	],
])("stays as it is where %s", async (_, prepare, what) => {
	await prepare();
	truncateSync(path, 500);
	const verdict = await repair();
	expect(verdict).toMatchObject({
		isValid: false,
		repair: { isMended: false },
	});
	expect(JSON.stringify(verdict?.repair)).toInclude(what);
	expect(
		readdirSync(home.backups).filter((name) => !name.startsWith(".")),
	).toEqual([NAME]);
	expect(readFileSync(path).byteLength).toBe(500);
});

async function makeOther(createdAt: string): Promise<void> {
	const [name = ""] = await makeBackups(home.at("other"), [{ createdAt }]);
	cpSync(home.at("other", name), home.at("usb", NAME));
}

test("a link is not mended: what it leads to is another's", async () => {
	flipBit(path);
	cpSync(path, home.at("elsewhere.tar.gz"));
	rmSync(path);
	symlinkSync(home.at("elsewhere.tar.gz"), path);
	expect(await repair()).toMatchObject({
		isValid: false,
		repair: { problem: expect.stringContaining("a link") },
	});
});

test("without being asked to, a verification mends nothing", async () => {
	truncateSync(path, 500);
	const settings = await resolveSettings({}, { HOME: home.path });
	const options = {
		references: [],
		oldest: null,
		clock: () => NOW,
		menders: null,
	};
	const { verdicts } = await verifyBackups(settings, options, workshop);
	expect(verdicts).toMatchObject([{ isValid: false, repair: null }]);
	expect(readFileSync(path).byteLength).toBe(500);
});

test("prune removes what was kept once it is older than 7 days, and nothing else of the kind", async () => {
	truncateSync(path, 500);
	await repair();
	writeFileSync(join(home.backups, "holiday.damaged"), "mine");
	const location = openFolder(home.backups);
	const prune = async (now: Date) => {
		const viewer = { libraryId: null, now };
		const options = {
			location,
			rules: { keepLast: 1 },
			timeZone: "UTC",
			viewer,
			settings: await resolveSettings(
				{ database: home.at("none") },
				{ HOME: home.path },
			),
			trustsClock: false,
			isDryRun: true,
		};
		const plan = await planPrune(options, workshop);
		const { removed } = await executePrune(plan);
		return removed.map(({ name }) => name);
	};
	const DAY = 24 * 3600 * 1000;
	expect(await prune(new Date(Date.now() + 6.9 * DAY))).toEqual([]);
	expect(await prune(new Date(Date.now() + 7.1 * DAY))).toEqual([KEPT]);
	const old = new Date(0);
	utimesSync(join(home.backups, "holiday.damaged"), old, old);
	expect(await prune(new Date(Date.now() + 8 * DAY))).toEqual([]);
	expect(readdirSync(home.backups)).toContain("holiday.damaged");
});
