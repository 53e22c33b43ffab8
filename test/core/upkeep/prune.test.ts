// What happened between the plan and its execution: only what is still as it was planned goes.

import { expect, test } from "bun:test";
import {
	readdirSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
} from "node:fs";
import { join } from "node:path";
import { GzipPool } from "../../../src/core/archive/gzip.ts";
import { SqliteThread } from "../../../src/core/library/sqlite-thread.ts";
import { openFolder } from "../../../src/core/location/folder.ts";
import {
	identityOf,
	remember,
	updateState,
} from "../../../src/core/location/memory/state.ts";
import { executePrune } from "../../../src/core/upkeep/prune.ts";
import { planPrune } from "../../../src/core/upkeep/pruning/plan.ts";
import { resolveSettings } from "../../../src/ground/settings.ts";
import { makeBackups } from "../../helpers/backups.ts";
import { Home } from "../../helpers/program.ts";

async function keepLastOne(home: Home) {
	using pool = new GzipPool(1);
	using sqlite = new SqliteThread();
	const settings = await resolveSettings({}, { HOME: home.path });
	return await planPrune(
		{
			location: openFolder(home.backups),
			rules: { keepLast: 1 },
			timeZone: "UTC",
			viewer: { libraryId: null, now: new Date("2026-01-06T00:00:00Z") },
			settings,
			trustsClock: false,
			isDryRun: true,
		},
		{ sqlite, pool },
	);
}

test("a link counts for nothing, so that what it leads to is kept for itself", async () => {
	using home = new Home(null);
	const names = await makeBackups(
		home.backups,
		[1, 2].map((day) => ({ createdAt: `2026-01-0${day}T03:00:00Z` })),
	);
	const [old = "", newest = ""] = names;
	symlinkSync(newest, join(home.backups, "latest.tar.gz"));
	const plan = await keepLastOne(home);
	expect(plan.keep.map(({ name }) => name)).toEqual([newest]);
	expect(plan.remove.map(({ name }) => name)).toEqual([old]);
	expect(plan.untouched).toEqual([
		{ name: "latest.tar.gz", reason: "a link: what it leads to counts" },
	]);
});

test("a file that was pinned, changed or removed since the plan is left, the rest goes", async () => {
	using home = new Home(null);
	const days = [1, 2, 3, 4, 5];
	const names = await makeBackups(
		home.backups,
		days.map((day) => ({ createdAt: `2026-01-0${day}T03:00:00Z` })),
	);
	const [pinned = "", changed = "", gone = "", old = "", newest = ""] = names;
	const plan = await keepLastOne(home);
	expect(plan.remove.map(({ name }) => name).sort()).toEqual(
		[pinned, changed, gone, old].sort(),
	);

	await updateState(home.backups, (entries) => {
		const identity = identityOf(statSync(join(home.backups, pinned)));
		remember(entries, pinned, identity, { pinned: true });
	});
	utimesSync(join(home.backups, changed), new Date(), new Date());
	rmSync(join(home.backups, gone));
	const { removed, left } = await executePrune(plan);

	expect(removed.map(({ name }) => name)).toEqual([old]);
	expect(
		Object.fromEntries(left.map(({ name, reason }) => [name, reason])),
	).toEqual({
		[pinned]: "pinned since the plan",
		[changed]: "changed since the plan",
	});
	const there = readdirSync(home.backups).filter((name) =>
		name.endsWith(".tar.gz"),
	);
	expect(there.sort()).toEqual([pinned, changed, newest].sort());
});
