// The README and the pages of docs/ tell the truth: what they show on a console is what the program says.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { isAsShown, masked, PAGES, playPage } from "../helpers/console.ts";

setDefaultTimeout(120_000);

describe("every console block is what comes", () => {
	test.each(PAGES)("%s (bun run docs writes what comes)", async (page) => {
		for (const step of await playPage(page)) {
			if (isAsShown(step)) continue;
			const { line, command, shown, came } = step;
			const where = `${page}:${line}: $ ${command}`;
			expect([where, ...came.map(masked)]).toEqual([
				where,
				...shown.map(masked),
			]);
		}
	});
});

describe("what is each time another counts as equal, and nothing else", () => {
	test.each([
		["made 6 h ago, 14.1 MB", "made 2 min ago, 5 KB", true],
		["vpo-library-2026-02-05T143022Z", "vpo-library-2027-12-31T000000Z", true],
		[
			"2026-02-05T143022Z-pre-restore.tar.gz",
			"2026-02-06T000000Z-pre-restore-2.tar.gz",
			true,
		],
		["  Verified:   checksums", "  Verified:  checksums", true],
		["7 backups, all good, in 4.9 s", "8 backups, all good, in 4.9 s", false],
		["Schema version:    27", "Schema version:    28", false],
		["Files in library: 1,413", "Files in library: 1,412", false],
	])("%s | %s", (shown, came, isEqual) => {
		const step = { line: 1, command: "", shown: [shown], came: [came] };
		expect(isAsShown(step)).toBe(isEqual);
	});

	test("lines may be left out where the page says so", () => {
		const step = { line: 1, command: "", shown: ["a", "…", "d"] };
		expect(isAsShown({ ...step, came: ["a", "b", "c", "d"] })).toBe(true);
		expect(isAsShown({ ...step, came: ["a", "b", "c"] })).toBe(false);
		expect(isAsShown({ ...step, came: ["b", "d"] })).toBe(false);
	});
});
