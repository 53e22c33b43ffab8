// What the shrink alarm notices, and what it doesn't.

import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../../src/core/archive/metadata.ts";
import { findShrinkage } from "../../../src/core/backup/shrinkage.ts";

const facts = {
	schemaVersion: 27,
	fileCount: 100,
	totalLibrarySizeBytes: 0,
	databaseSizeBytes: 4096,
	journalMode: "wal",
	tableRows: {},
};

function previous(
	fileCount: number,
	tableRows: Record<string, number> = {},
): Metadata {
	return {
		vpoVersion: "0.1.0",
		schemaVersion: 27,
		createdAt: "2026-02-05T14:30:22Z",
		databaseSizeBytes: 4096,
		fileCount,
		totalLibrarySizeBytes: 0,
		own: {
			databaseSha256: "",
			sourceJournalMode: "wal",
			note: null,
			kind: "manual",
			tableRows,
			shrinkWarning: null,
			isSealed: true,
			libraryId: null,
		},
	};
}

const NOTHING = { newest: null, largest: null };

describe("the shrink alarm", () => {
	test("is silent where there is no backup to compare with", () => {
		expect(findShrinkage(facts, NOTHING)).toBeNull();
	});

	test("is silent while at least half of the files are left", () => {
		expect(
			findShrinkage(facts, { ...NOTHING, newest: previous(200) }),
		).toBeNull();
	});

	test("names the files that went missing when more than half did", () => {
		expect(findShrinkage(facts, { ...NOTHING, newest: previous(201) })).toBe(
			"the library has shrunk: 100 files, 201 in the backup of 2026-02-05T14:30:22Z",
		);
	});

	test("notices what goes missing slowly, by the largest of the last weeks", () => {
		const before = { newest: previous(150), largest: previous(230) };
		expect(findShrinkage(facts, before)).toBe(
			"the library has shrunk: 100 files, 230 in the backup of 2026-02-05T14:30:22Z",
		);
	});

	test("names a table that lost all its rows, or that is gone", () => {
		const before = previous(100, { tracks: 5, jobs: 1, plans: 0 });
		const now = { ...facts, tableRows: { tracks: 0, plans: 0 } };
		expect(findShrinkage(now, { ...NOTHING, newest: before })).toBe(
			"the library has shrunk: no rows left in tracks, jobs",
		);
	});

	test("names a few tables, shortened, however many and long they are", () => {
		const names = Array.from({ length: 300 }, (_, at) => at + "x".repeat(2000));
		const before = previous(
			100,
			Object.fromEntries(names.map((name) => [name, 1])),
		);
		const warning = findShrinkage(facts, { ...NOTHING, newest: before }) ?? "";
		expect(warning).toEndWith(" and 295 more");
		expect(warning.length).toBeLessThan(400);
	});
});
