// A library that is committed is restored, however the rest of the proof ends.

import { expect, test } from "bun:test";
import { lateWarnings } from "../../../src/core/restore/candidate.ts";
import { AppError } from "../../../src/ground/errors.ts";

test.each([
	["INTERRUPTED", "interrupted by SIGINT; everything half-done was removed"],
	["OPERATION_FAILED", "the process that checks library.db was ended"],
] as const)("%s after the commit is a warning", async (code, message) => {
	const proof = Promise.reject(new AppError(code, message));
	const [why] = message.split(";");
	expect(await lateWarnings({ proof, warnings: [] })).toEqual([
		`the library is restored, its foreign keys were not asked: ${why}`,
	]);
});

test("a bug after the commit is no warning", async () => {
	const proof = Promise.reject(new TypeError("a bug"));
	expect(lateWarnings({ proof, warnings: [] })).rejects.toThrow("a bug");
});
