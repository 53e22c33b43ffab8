// Sizes as people read them: decimal units, at most one digit behind the point.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatBytes } from "../../src/ground/units.ts";

test.each([
	[0, "0 B"],
	[1, "1 B"],
	[999, "999 B"],
	[1000, "1.0 KB"],
	[1049, "1.0 KB"],
	[1050, "1.1 KB"],
	[999_949, "999.9 KB"],
	[999_950, "1.0 MB"],
	[52_400_000, "52.4 MB"],
	[1_000_000_000, "1.0 GB"],
	[3_798_412_038_736, "3.8 TB"],
	[Number.MAX_SAFE_INTEGER, "9.0 PB"],
])("%d bytes are %s", (bytes, text) => {
	expect(formatBytes(bytes)).toBe(text);
});

test("every size is a short number below 1000 with a unit, and right to one digit", () => {
	const units = ["B", "KB", "MB", "GB", "TB", "PB"];
	fc.assert(
		fc.property(fc.maxSafeNat(), (bytes) => {
			const [, number = "", unit = ""] =
				/^(\d{1,3}(?:\.\d)?) (\w+)$/.exec(formatBytes(bytes)) ?? [];
			const scale = 1000 ** units.indexOf(unit);
			return Math.abs(Number(number) - bytes / scale) <= 0.0501;
		}),
	);
});
