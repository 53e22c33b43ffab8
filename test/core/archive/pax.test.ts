// Extended headers: read over, but for the size; damage.members has those that are refused.

import { expect, test } from "bun:test";
import { parsePax } from "../../../src/core/archive/pax.ts";
import { paxRecord, toBytes } from "../../helpers/hostile.ts";

const NINE_GIB = 9 * 1024 ** 3;

test("the size of a library that fits no tar header is obeyed", () => {
	const text = `${paxRecord("mtime", "1.5")}${paxRecord("size", String(NINE_GIB))}`;
	expect(parsePax(toBytes(text))).toEqual({ sizeBytes: NINE_GIB });
});

test("names of any letters and lengths are read over, whatever looks like a record in them", () => {
	const records = { uname: "jürgen=\n9 size=5\n", gname: "組".repeat(300) };
	const text = Object.entries(records).map(([key, value]) =>
		paxRecord(key, value),
	);
	expect(parsePax(toBytes(text.join("")))).toEqual({ sizeBytes: null });
});
