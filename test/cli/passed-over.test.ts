// What is said of newer backups that "latest" did not mean.

import { expect, test } from "bun:test";
import { passedOverFields } from "../../src/cli/results/passed-over.ts";
import type { Doubt } from "../../src/core/location/standing.ts";

const passed = (kind: Doubt["kind"], day: number) => {
	const filename = `vpo-library-2026-01-0${day}T000000Z.tar.gz`;
	const path = `/backups/${filename}`;
	return { filename, path, createdAt: null, doubt: { kind, reason: kind } };
};

test("a damaged one is named however many others a restore made or another library has", () => {
	const lines = passedOverFields([
		passed("pre-restore", 9),
		passed("other library", 8),
		passed("pre-restore", 7),
		passed("pre-restore", 6),
		passed("damaged", 5),
		passed("shrunk", 4),
		passed("in the future", 3),
		passed("damaged", 2),
	]).map(([, line]) => line);
	expect(lines).toEqual([
		"2026-01-05T000000Z: damaged",
		"2026-01-04T000000Z: shrunk",
		"2026-01-03T000000Z: in the future",
		"2026-01-02T000000Z: damaged",
		"2026-01-09T000000Z: pre-restore",
		"2026-01-08T000000Z: other library",
		"2026-01-07T000000Z: pre-restore",
		"1 more of another library or replaced by a restore",
	]);
});
