// Two things side by side fail as one, and neither goes on behind our back.

import { describe, expect, test } from "bun:test";
import { together } from "../../../src/core/work/together.ts";
import { AppError } from "../../../src/ground/errors.ts";

function untilAborted(signal: AbortSignal): Promise<never> {
	const { promise, reject } = Promise.withResolvers<never>();
	if (signal.aborted) reject(signal.reason);
	signal.addEventListener("abort", () => reject(signal.reason));
	return promise;
}

test("both results come back", async () => {
	const results = await together(
		undefined,
		async () => 1,
		async () => "two",
	);
	expect(results).toEqual([1, "two"]);
});

test("the first failure stops the other and is what is thrown, once both have ended", async () => {
	let hasEnded = false;
	const other = async (signal: AbortSignal) => {
		try {
			return await untilAborted(signal);
		} finally {
			await Promise.resolve();
			hasEnded = true;
		}
	};
	const failing = together(
		undefined,
		async () => Promise.reject(new Error("damaged")),
		other,
	);
	await expect(failing).rejects.toThrow("damaged");
	expect(hasEnded).toBe(true);
});

test("a signal from outside stops both", async () => {
	const outside = new AbortController();
	const both = together(outside.signal, untilAborted, untilAborted);
	outside.abort(new Error("interrupted"));
	await expect(both).rejects.toThrow("interrupted");
});

describe("an interruption that one failure causes in the other", () => {
	const interrupted = () => new AppError("INTERRUPTED", "interrupted");
	const damage = new Error("damaged");
	const falls = () => Promise.reject(interrupted());
	const fallsLater = async (signal: AbortSignal) => {
		await untilAborted(signal).catch(() => undefined);
		throw damage;
	};

	test("hides it in neither place, though it shows first", async () => {
		await expect(together(undefined, falls, fallsLater)).rejects.toBe(damage);
		await expect(together(undefined, fallsLater, falls)).rejects.toBe(damage);
	});

	test("is what is thrown where somebody did interrupt us", async () => {
		const outside = new AbortController();
		outside.abort(interrupted());
		const both = together(outside.signal, falls, fallsLater);
		await expect(both).rejects.toMatchObject({ code: "INTERRUPTED" });
	});
});
