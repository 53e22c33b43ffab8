// Verification: what restore would refuse is found, nothing stops the others, and every archive has its turn.

import {
	afterAll,
	afterEach,
	beforeEach,
	describe,
	expect,
	test,
} from "bun:test";
import {
	cpSync,
	existsSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { GzipPool } from "../../../src/core/archive/gzip.ts";
import { SqliteThread } from "../../../src/core/library/sqlite-thread.ts";
import {
	identityOf,
	readState,
	remember,
	updateState,
} from "../../../src/core/location/memory/state.ts";
import { verifyBackups } from "../../../src/core/upkeep/verify.ts";
import type { Progress } from "../../../src/core/work/progress.ts";
import {
	resolveSettings,
	type Settings,
} from "../../../src/ground/settings.ts";
import { makeBackups } from "../../helpers/backups.ts";
import {
	makeLibrary,
	ownArchive,
	ownMetadata,
	rewriteLibrary,
	vpoArchive,
	vpoMetadata,
} from "../../helpers/hostile.ts";
import { Home } from "../../helpers/program.ts";
import { tree } from "../../helpers/state.ts";

const VPO = "vpo-library-2026-02-05T14-30-22Z.tar.gz";
const NOW = new Date("2026-02-10T12:00:00Z");
const CREATED = [
	"2026-02-01T03:00:00Z",
	"2026-02-02T03:00:00Z",
	"2026-02-03T03:00:00Z",
];

const sqlite = new SqliteThread();
const pool = new GzipPool(1);
let home: Home;
let settings: Settings;
let own: string[];

afterAll(() => {
	sqlite[Symbol.dispose]();
	pool[Symbol.dispose]();
});

beforeEach(async () => {
	home = new Home();
	settings = await resolveSettings({}, { HOME: home.path });
	own = await makeBackups(
		home.backups,
		CREATED.map((createdAt) => ({ createdAt })),
	);
	const library = makeLibrary(home.path);
	add(VPO, vpoArchive(library, vpoMetadata(library)));
});

afterEach(() => home[Symbol.dispose]());

function add(name: string, content: string | Uint8Array): string {
	const path = join(home.backups, name);
	writeFileSync(path, content);
	return path;
}

/** Runs a verification; the names of what it found good and bad. */
async function verify({
	references = [] as string[],
	oldest = null as number | null,
	now = NOW,
} = {}) {
	const { verdicts, warnings } = await verifyBackups(
		settings,
		{ references, oldest, clock: () => now, menders: null },
		{ sqlite, pool },
	);
	const namesOf = (isGood: boolean) =>
		verdicts
			.filter(({ isValid }) => isValid === isGood)
			.map(({ filename }) => filename);
	return { verdicts, warnings, good: namesOf(true), bad: namesOf(false) };
}

async function verifiedAt(name: string) {
	const found = await Bun.file(join(home.backups, name)).stat();
	return (await readState(home.backups)).of(name, identityOf(found));
}

test("good backups, ours and VPO's, are good, and that is remembered", async () => {
	const before = tree(home.at(".vpo"));
	expect(await verify()).toMatchObject({
		good: [VPO, ...own.toReversed()],
		bad: [],
		warnings: [],
	});
	for (const name of [...own, VPO]) {
		expect(await verifiedAt(name)).toMatchObject({
			verifiedAt: "2026-02-10T12:00:00Z",
			verifiedError: null,
		});
	}
	unlinkSync(join(home.backups, ".vpo-state.json"));
	expect(tree(home.at(".vpo"))).toEqual(before);
});

describe("what restore would refuse is found, named with its reason, and remembered:", () => {
	const library = () => makeLibrary(home.path);
	const damages: Record<string, [RegExp, () => Uint8Array | string]> = {
		"a flipped bit deep in the library": [
			/damaged gzip data|checksum|not those that were written/,
			() => {
				const bytes = readFileSync(join(home.backups, own[0] ?? ""));
				const middle = bytes.byteLength >> 1;
				return bytes.fill((bytes[middle] ?? 0) ^ 1, middle, middle + 1);
			},
		],
		"a missing end": [
			/incomplete/,
			() => readFileSync(join(home.backups, own[0] ?? "")).subarray(0, -20),
		],
		"a library that SQLite finds damaged": [
			/library.db is damaged/,
			() => {
				const broken = rewriteLibrary(
					home.path,
					library(),
					"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 2 WHERE type = 'table'",
				);
				return ownArchive(broken, ownMetadata(broken));
			},
		],
		"a metadata that counts other files": [
			/metadata says/,
			() => ownArchive(library(), ownMetadata(library(), { file_count: 99 })),
		],
		"a text": [/no archive that vpo knows/, () => "not an archive"],
		"an empty file": [/empty/, () => ""],
	};
	test.each(Object.entries(damages))("%s", async (_, [reason, make]) => {
		add("spoilt.tar.gz", make());
		const { verdicts, bad, good } = await verify();
		expect(bad).toEqual(["spoilt.tar.gz"]);
		expect(good).toHaveLength(4);
		const verdict = verdicts.find(({ isValid }) => !isValid);
		expect(verdict?.error?.message).toMatch(reason);
		expect(await verifiedAt("spoilt.tar.gz")).toMatchObject({
			verifiedAt: "2026-02-10T12:00:00Z",
			verifiedError: verdict?.error?.message,
		});
	});
});

describe("one that can't be read", () => {
	beforeEach(() =>
		symlinkSync("loop.tar.gz", join(home.backups, "loop.tar.gz")),
	);

	test("is bad, is no verdict on its content, and stops no other", async () => {
		const { good, verdicts } = await verify();
		expect(good).toHaveLength(4);
		expect(
			verdicts.find(({ filename }) => filename === "loop.tar.gz"),
		).toMatchObject({
			isValid: false,
			verifiedAt: null,
			error: { code: "OPERATION_FAILED" },
		});
		const { archives } = JSON.parse(
			readFileSync(join(home.backups, ".vpo-state.json"), "utf8"),
		);
		expect(Object.keys(archives)).not.toContain("loop.tar.gz");
	});

	test("is reported every time, but takes nobody's turn", async () => {
		for (const turn of [[VPO], [own[0]], [own[1]]]) {
			expect(await verify({ oldest: 1 })).toMatchObject({
				good: turn as string[],
				bad: ["loop.tar.gz"],
			});
		}
	});
});

test("a link that leads nowhere is bad, not gone", async () => {
	symlinkSync("/nowhere.tar.gz", join(home.backups, "link.tar.gz"));
	expect(await verify()).toMatchObject({ bad: ["link.tar.gz"], warnings: [] });
});

describe("the oldest", () => {
	const [first = "", second = "", third = ""] = CREATED.map(
		(at) => `vpo-library-${at.replaceAll(":", "")}.tar.gz`,
	);
	const later = (nights: number) =>
		new Date(NOW.getTime() + nights * 86_400_000);

	test("are VPO's that were never verified, then ours from when they were made, then those verified before", async () => {
		expect((await verify({ oldest: 2 })).good).toEqual([VPO, first]);
		expect((await verify({ oldest: 9 })).good).toEqual([
			second,
			third,
			first,
			VPO,
		]);
	});

	test("are one that was verified in the future before all others", async () => {
		const path = join(home.backups, third);
		await updateState(home.backups, (entries) =>
			remember(entries, third, identityOf(statSync(path)), {
				verifiedAt: "2027-01-01T00:00:00Z",
			}),
		);
		expect((await verify({ oldest: 2 })).good).toEqual([third, VPO]);
	});

	test("are those whose files have changed since their verification again", async () => {
		await verify();
		utimesSync(join(home.backups, first), 1, 1);
		expect((await verify({ oldest: 1, now: later(1) })).good).toEqual([first]);
	});

	test("come from all over the folder, though a new backup is made every night", async () => {
		const seen = new Set<string>();
		for (let night = 0; night < 4; night++) {
			const now = later(night);
			await makeBackups(home.backups, [
				{ createdAt: `${now.toISOString().slice(0, 19)}Z` },
			]);
			for (const name of (await verify({ oldest: 1, now })).good)
				seen.add(name);
		}
		expect([...seen]).toEqual([VPO, first, second, third]);
	});
});

describe("what is named", () => {
	test("is verified once, whatever it is called", async () => {
		const path = join(home.backups, VPO);
		const references = ["latest", path, VPO, "2026-02-05T14-30"];
		expect((await verify({ references })).good).toEqual([VPO]);
	});

	test("must be there, or nothing is verified", async () => {
		const references = [VPO, home.at("missing.tar.gz")];
		await expect(verify({ references })).rejects.toMatchObject({
			code: "NOT_FOUND",
		});
		expect(existsSync(join(home.backups, ".vpo-state.json"))).toBe(false);
	});

	test("leaves no trace where it is not in the backup folder", async () => {
		cpSync(join(home.backups, VPO), home.at("elsewhere", VPO));
		const references = [home.at("elsewhere", VPO)];
		expect((await verify({ references })).good).toEqual([VPO]);
		expect(readdirSync(home.at("elsewhere"))).toEqual([VPO]);
		expect(existsSync(join(home.backups, ".vpo-state.json"))).toBe(false);
	});
});

test("a folder without backups is nothing verified, not all good", async () => {
	rmSync(home.backups, { recursive: true });
	await expect(verify()).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("progress goes through all archives, and ends where they end", async () => {
	const seen: Progress[] = [];
	const onProgress = (progress: Progress) => void seen.push(progress);
	const options = {
		references: [],
		oldest: null,
		clock: () => NOW,
		menders: null,
	};
	await verifyBackups(settings, options, { sqlite, pool, onProgress });
	expect([...new Set(seen.map(({ stage }) => stage))]).toEqual(
		[1, 2, 3, 4].map((number) => `Verify ${number} of 4`),
	);
	const done = seen.map(({ doneBytes }) => doneBytes);
	expect(done).toEqual(done.toSorted((a, b) => a - b));
	expect(done.at(-1)).toBe(seen[0]?.totalBytes);
});

test("a signal ends it, what was verified before is remembered, and no scratch is left", async () => {
	const stop = new AbortController();
	const onProgress = ({ stage }: Progress) => {
		if (stage.startsWith("Verify 3")) stop.abort(new Error("enough"));
	};
	const options = {
		references: [],
		oldest: null,
		clock: () => NOW,
		menders: null,
	};
	const running = verifyBackups(settings, options, {
		sqlite,
		pool,
		onProgress,
		signal: stop.signal,
	});
	await expect(running).rejects.toThrow("enough");
	const { archives } = JSON.parse(
		readFileSync(join(home.backups, ".vpo-state.json"), "utf8"),
	);
	expect(Object.keys(archives)).toEqual([VPO, own[2] ?? ""]);
	expect(readdirSync(home.at(".vpo")).sort()).toEqual([
		"backups",
		"library.db",
	]);
});

test("a newer schema is a warning: the backup is sound, only this program can't restore it unasked", async () => {
	const library = makeLibrary(home.path, {
		sql: ["UPDATE _meta SET value = '99'"],
	});
	add(
		"newer.tar.gz",
		ownArchive(library, ownMetadata(library, { schema_version: 99 })),
	);
	const { verdicts } = await verify({ references: ["newer.tar.gz"] });
	expect(verdicts).toMatchObject([
		{ isValid: true, warnings: [expect.stringContaining("99")] },
	]);
});
