// The file that metrics are written to: never another one, and whole at every moment.

import { fstatSync, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, fileError, isMissing } from "../../ground/errors.ts";
import {
	publishOver,
	readHead,
	syncFile,
	writeNewFile,
} from "../../ground/files.ts";
import { resolveOwnLinks } from "../../ground/rights/links.ts";
import { makeScratch } from "../../ground/scratch.ts";
import type { Settings } from "../../ground/settings.ts";
import { requireForeign } from "../location/memory/own.ts";
import type { Health } from "./check.ts";
import { formatMetrics } from "./metrics.ts";

/** The exporter is another user's process, and nothing here is secret. */
const METRICS_MODE = 0o644;

/** What every file of ours begins with. */
const START = "# HELP vpo_";

/**
 * Lets pass what may be replaced: nothing, an empty file, or metrics that were written before. Links stay.
 * @returns where they lead
 * @throws AppError OPERATION_FAILED: it is anything else
 */
export async function settleMetricsFile(
	path: string,
	settings: Settings,
): Promise<string> {
	await requireMetricsFile(path);
	const real = await resolveOwnLinks(path);
	await requireForeign(real, settings, "--metrics");
	return real;
}

async function requireMetricsFile(path: string): Promise<void> {
	const found = await stat(path).catch((cause) => {
		if (isMissing(cause)) return null;
		throw fileError(`cannot look at ${path}`, cause);
	});
	if (found === null) return;
	if (!found.isFile() || isWrittenTo(found)) {
		throw new AppError(
			"OPERATION_FAILED",
			`--metrics writes a file, and this is none: ${path}`,
			{ hint: "name a file, or print them: --metrics -" },
		);
	}
	const head = await readHead(path, START.length);
	const text = new TextDecoder().decode(head);
	if (text === "" || text === START) return;
	throw new AppError(
		"OPERATION_FAILED",
		`--metrics replaces metrics only, and this is something else: ${path}`,
		{ hint: "name another file, or remove this one yourself" },
	);
}

// /dev/stdout leads to whatever file that is: a new one in its place would take the result with it.
function isWrittenTo({ dev, ino }: Stats): boolean {
	return [1, 2].some((descriptor) => {
		try {
			const open = fstatSync(descriptor);
			return open.dev === dev && open.ino === ino;
		} catch {
			return false; // it is closed
		}
	});
}

/**
 * Writes the file in one step, so that no exporter ever reads half of it.
 * @param path as `settleMetricsFile` has it
 * @param status the exit code of the check
 * @throws AppError as `settleMetricsFile`, and INSUFFICIENT_SPACE
 */
export async function writeMetrics(
	path: string,
	health: Health,
	status: number,
	now: Date,
): Promise<void> {
	await requireMetricsFile(path);
	await using scratch = await makeScratch(dirname(path));
	const unfinished = join(scratch.path, "metrics.prom");
	const text = formatMetrics(health, status, now);
	await writeNewFile(unfinished, one(text), METRICS_MODE);
	await syncFile(unfinished);
	await publishOver(unfinished, path);
}

async function* one(text: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
	yield new TextEncoder().encode(text);
}
