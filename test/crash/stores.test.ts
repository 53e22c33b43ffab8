// Every verb on a bucket, with a line that breaks at each of its requests: an error or success, never a backup that is not
// there, never a removal that was not planned.

import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { createBackup } from "../../src/core/backup/backup.ts";
import { logPath } from "../../src/core/inside/log.ts";
import { readCatalog } from "../../src/core/location/catalog.ts";
import { openBackups } from "../../src/core/location/open.ts";
import { changePin } from "../../src/core/location/pin.ts";
import { viewerOf } from "../../src/core/location/standing.ts";
import { restoreBackup } from "../../src/core/restore/restore.ts";
import { copyBackups } from "../../src/core/upkeep/copies/copy.ts";
import { executePrune } from "../../src/core/upkeep/prune.ts";
import { planPrune } from "../../src/core/upkeep/pruning/plan.ts";
import { verifyBackups } from "../../src/core/upkeep/verify.ts";
import { AppError } from "../../src/ground/errors.ts";
import type { Settings } from "../../src/ground/settings.ts";
import { type BucketScene, Workbench } from "../helpers/bucket-scene.ts";
import { startCeph } from "../helpers/ceph.ts";
import { contentOf } from "../helpers/content.ts";
import { FAULTS, type Fault, FaultyStore } from "../helpers/faulty.ts";
import { makeBucket, type Store } from "../helpers/store.ts";

setDefaultTimeout(120_000);

const NOW = new Date("2026-03-01T12:00:00Z");
const MADE = ["2026-02-27", "2026-02-28"].map((day) => ({
	createdAt: `${day}T03:00:00Z`,
}));
const NAMES = [
	"vpo-library-2026-02-27T030000Z.tar.gz",
	"vpo-library-2026-02-28T030000Z.tar.gz",
];
const NEW = "vpo-library-2026-03-01T120000Z.tar.gz";
const KEPT = "vpo-library-2026-03-01T120000Z-pre-restore.tar.gz";

let ceph: Store;
let faulty: FaultyStore;
let bucket: string;
const bench = new Workbench();
beforeAll(async () => {
	ceph = await startCeph();
	bucket = await makeBucket(ceph);
	faulty = await FaultyStore.before(ceph);
	await bench.make(MADE);
});
afterAll(async () => {
	await faulty[Symbol.asyncDispose]();
	await ceph[Symbol.asyncDispose]();
	await bench[Symbol.asyncDispose]();
});

const { workshop } = bench;
const restoring = (reference: string | null) => ({
	reference,
	piped: null,
	allowNewerSchema: false,
	acceptsNew: false,
	safetyBackup: true,
	comparesContent: false,
	lockTimeoutMs: 100,
	startedAt: NOW,
	vpoVersion: "0.1.0",
});

/** A verb, and the names that stand there when it is done. */
interface Verb {
	readonly done: readonly string[];
	/** What has to be done before, without faults. */
	prepare?(settings: Settings): Promise<unknown>;
	run(settings: Settings): Promise<unknown>;
}

const VERBS: Readonly<Record<string, Verb>> = {
	backup: {
		done: [...NAMES, NEW],
		run: (settings) =>
			createBackup(
				settings,
				{
					output: null,
					outputIsFolder: false,
					pipe: null,
					force: false,
					acceptsNew: false,
					note: null,
					level: 1,
					lockTimeoutMs: 100,
					skipUnchanged: false,
					salvage: false,
					createdAt: NOW,
					vpoVersion: "0.1.0",
				},
				workshop,
			),
	},
	backups: {
		done: NAMES,
		async run(settings) {
			const viewer = await viewerOf(settings, NOW);
			const { backups, state } = await readCatalog(
				openBackups(settings),
				viewer,
			);
			// What could not be looked at is listed as such.
			const isAll =
				backups.length === 2 &&
				state.warning === null &&
				backups.every(({ error }) => error === null);
			if (!isAll) throw new AppError("OPERATION_FAILED", "not all of it");
		},
	},
	verify: {
		done: NAMES,
		async run(settings) {
			const choice = {
				references: [],
				oldest: null,
				clock: () => NOW,
				menders: null,
			};
			const { verdicts, warnings } = await verifyBackups(
				settings,
				choice,
				workshop,
			);
			const bad = verdicts.filter(({ isValid }) => !isValid);
			for (const { error } of bad)
				expect(error?.code).not.toBe("INVALID_ARCHIVE");
			if (bad.length + warnings.length > 0)
				throw new AppError("OPERATION_FAILED", "not all of it");
		},
	},
	prune: {
		done: NAMES.slice(1),
		async run(settings) {
			const location = openBackups(settings);
			const viewer = await viewerOf(settings, NOW);
			const options = {
				location,
				rules: { keepLast: 1 },
				timeZone: "UTC",
				viewer,
				// Its library is younger than that clock.
				settings: { ...settings, databasePath: "/nowhere/library.db" },
				trustsClock: false,
				isDryRun: true,
			};
			const plan = await planPrune(options, workshop);
			const { left } = await executePrune(plan);
			const isAll = plan.remove.length === 1 && left.length === 0;
			if (!isAll) throw new AppError("OPERATION_FAILED", "not all of it");
		},
	},
	log: {
		done: NAMES,
		async run(settings) {
			const options = {
				path: "/media",
				limit: null,
				lockTimeoutMs: 0,
				now: NOW,
			};
			const { skipped, backupCount } = await logPath(
				settings,
				options,
				workshop,
			);
			if (skipped.length > 0 || backupCount !== NAMES.length)
				throw new AppError("OPERATION_FAILED", "not all of it");
		},
	},
	pin: {
		done: NAMES,
		async run(settings) {
			const viewer = await viewerOf(settings, NOW);
			const change = { isPinned: true, note: "n".repeat(400), isDryRun: false };
			await changePin(NAMES[0] ?? "", openBackups(settings), viewer, change);
			const state = await openBackups(settings).readState();
			if (!state.of(NAMES[0] ?? "", null).pinned)
				throw new AppError("OPERATION_FAILED", "not pinned");
		},
	},
	restore: {
		done: [...NAMES, KEPT],
		run: (settings) =>
			restoreBackup(settings, restoring("latest"), workshop, async () => true),
	},
	undo: {
		done: [...NAMES, KEPT, KEPT.replace(".tar", "-2.tar")],
		prepare: (settings) =>
			restoreBackup(settings, restoring("latest"), workshop, async () => true),
		run: (settings) =>
			restoreBackup(settings, restoring(null), workshop, async () => true),
	},
	copy: {
		done: NAMES,
		async run(settings) {
			const copies = [{ to: settings.location, rules: {} }];
			const from = {
				...settings,
				location: `${settings.databasePath}s`,
				copies,
			};
			bench.copyTo(from.location);
			const options = {
				only: null,
				acceptsNew: false,
				isDryRun: false,
				now: NOW,
			};
			const [outcome] = await copyBackups(from, options, workshop);
			if (outcome?.problems[0])
				throw new AppError("OPERATION_FAILED", outcome.problems[0]);
		},
	},
};

/** The first and the last of each kind: those between them are met by the same lines of code. */
function pointsOf(requests: readonly string[]): number[] {
	const kindOf = (request: string) =>
		request.replace(/vpo-library-[^?]*/, "ARCHIVE").replace(/\d+/g, "N");
	const kinds = requests.map(kindOf);
	const isPoint = (_: string, index: number) =>
		kinds.indexOf(kinds[index] ?? "") === index ||
		kinds.lastIndexOf(kinds[index] ?? "") === index;
	return requests.flatMap((request, index) =>
		isPoint(request, index) ? [index + 1] : [],
	);
}

let count = 0;
/** How often a store was lost for good: each time in the next way. */
let lost = 0;
async function attempt(
	verb: Verb,
	isEmpty: boolean,
	plan: (number: number) => Fault | null,
	silenceMs?: number,
): Promise<{
	error: unknown;
	names: string[];
	requests: string[];
	hasChanged: boolean;
}> {
	const address = `s3://${bucket}/run ${++count}`;
	using scene: BucketScene = await bench.scene(ceph, address, !isEmpty);
	const settings = scene.through(faulty, silenceMs);
	faulty.plan(() => null);
	await verb.prepare?.(scene.through(faulty));
	const before = contentOf(scene.home.library);
	faulty.plan(plan);
	const error = await verb.run(settings).then(
		() => null,
		(error: unknown) => error,
	);
	const { requests } = faulty;
	faulty.plan(() => null);
	const hasChanged = !Bun.deepEquals(contentOf(scene.home.library), before);
	return { error, names: await scene.wholeNames(), requests, hasChanged };
}

describe.each(Object.entries(VERBS))("%s", (name, verb) => {
	const isEmpty = name === "copy";
	// The same requests fail once as well: here every second will do, where they are many every third.
	const stride = ["verify", "restore", "undo"].includes(name) ? 3 : 2;
	const changesLibrary = name === "restore" || name === "undo";
	const planned = name === "prune" ? NAMES.slice(0, 1) : [];
	const start = isEmpty ? [] : NAMES;
	let points: number[] = [];

	function expectTruth({
		error,
		names,
		hasChanged,
	}: Awaited<ReturnType<typeof attempt>>): void {
		if (error === null) {
			expect(names).toEqual([...verb.done].sort());
			expect(hasChanged).toBe(changesLibrary);
		} else {
			expect(error).toBeInstanceOf(AppError);
			// Of what was to be made all may stand, and of what was to go nothing else may be gone.
			expect(
				start.filter(
					(each) => !names.includes(each) && !planned.includes(each),
				),
			).toEqual([]);
			expect(
				names.filter(
					(each) => !start.includes(each) && !verb.done.includes(each),
				),
			).toEqual([]);
		}
	}

	test("does what it should", async () => {
		const outcome = await attempt(verb, isEmpty, () => null);
		expect(outcome.error).toBeNull();
		expectTruth(outcome);
		points = pointsOf(outcome.requests);
		expect(points.length).toBeGreaterThan(1);
	});

	test("a request that fails once is made again, or the failure told", async () => {
		// Undo is a restore of another archive.
		for (const at of name === "undo" ? points.slice(-2) : points) {
			const fault = FAULTS[at % FAULTS.length] ?? "500";
			const outcome = await attempt(
				verb,
				isEmpty,
				(number) => (number === at ? fault : null),
				// Longer than a store that is well takes to answer.
				fault === "stall" ? 400 : undefined,
			);
			expectTruth(outcome);
			expect({ at, fault, error: outcome.error }).toEqual({
				at,
				fault,
				error: null,
			});
		}
	});

	test("a store that is lost for good at any request is told", async () => {
		for (const from of points.filter((_, index) => index % stride === 0)) {
			const fault = FAULTS[++lost % FAULTS.length] ?? "500";
			const outcome = await attempt(
				verb,
				isEmpty,
				(number) => (number >= from ? fault : null),
				fault === "stall" ? 100 : undefined,
			);
			expectTruth(outcome);
		}
	});
});
