// The preview: what a person is told before the question, of what a restore would change by content.

import { AppError } from "../../ground/errors.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { Difference } from "../library/compare/difference.ts";
import { compareLibraries } from "../library/compare/libraries.ts";
import { stageCounter } from "../work/progress.ts";
import type { Candidate } from "./candidate.ts";

/**
 * Compares a proven backup with the library that it would replace.
 * @returns null where it can't be told: that keeps nobody from a restore
 * @throws the signal's reason, and what is no AppError
 */
export async function findDifference(
	{ path, scratch }: Candidate,
	libraryPath: string,
	{ lockTimeoutMs }: { readonly lockTimeoutMs: number },
	{ sqlite, signal, onProgress }: Workshop,
): Promise<Difference | null> {
	stageCounter(onProgress, "Compare", 0);
	try {
		const paths = { old: path, new: libraryPath, live: libraryPath };
		const options = { lockTimeoutMs, signal };
		return await compareLibraries(sqlite, paths, scratch.path, options);
	} catch (error) {
		signal?.throwIfAborted();
		const codes = ["DATABASE_ERROR", "DATABASE_LOCKED", "INSUFFICIENT_SPACE"];
		if (error instanceof AppError && codes.includes(error.code)) return null;
		throw error;
	}
}
