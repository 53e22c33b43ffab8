// What is done to objects that stand in a bucket: removed as far as they are what was looked at, or mended.

import { join } from "node:path";
import { AppError } from "../../../ground/errors.ts";
import { writeNewFile } from "../../../ground/files.ts";
import type { Scratch } from "../../../ground/scratch.ts";
import type { Removal, Stored } from "../location.ts";
import { damagedName } from "../names.ts";
import { archiveBody } from "./body.ts";
import type { Bucket } from "./bucket.ts";
import { forgetMarks } from "./marks.ts";

/** Removes what is still what was looked at. */
export async function removeObjects(
	bucket: Bucket,
	files: readonly Stored[],
	signal: AbortSignal | undefined,
): Promise<Removal[]> {
	const removals: Removal[] = [];
	for (const file of files) {
		signal?.throwIfAborted();
		removals.push(await removeOne(bucket, file, signal));
	}
	const isGone = ({ outcome }: Removal) =>
		["removed", "hidden", "gone"].includes(outcome);
	const gone = removals.filter(isGone).map(({ name }) => name);
	if (gone.length > 0) await forgetMarks(bucket, gone, signal);
	return removals;
}

async function removeOne(
	bucket: Bucket,
	{ name, version, sizeBytes }: Stored,
	signal: AbortSignal | undefined,
): Promise<Removal> {
	try {
		const now = await bucket.head(name, signal);
		if (now === null) return { name, outcome: "gone", reason: null };
		if (now.etag !== version || now.sizeBytes !== sizeBytes) {
			return { name, outcome: "changed", reason: "changed since the plan" };
		}
		const outcome = await bucket.remove(name, signal);
		return { name, outcome, reason: null };
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		return { name, outcome: "stuck", reason: error.message };
	}
}

/** Puts a file in the place of a damaged object, which is kept under a name of its own. */
export async function mendObject(
	bucket: Bucket,
	damaged: Stored,
	from: string,
	scratch: Scratch,
	signal: AbortSignal | undefined,
): Promise<string | null> {
	const { name, version, sizeBytes } = damaged;
	const now = await bucket.head(name, signal);
	if (now?.etag !== version || now.sizeBytes !== sizeBytes) return null;
	const kept = join(scratch.path, "damaged");
	await writeNewFile(kept, bucket.read(now, signal));
	const body = await archiveBody(kept, bucket.at(name), signal);
	for (let attempt = 1; ; attempt++) {
		const keptName = damagedName(name, attempt);
		if ((await bucket.putNew(keptName, body, signal)) === null) continue;
		const whole = await archiveBody(from, bucket.at(name), signal);
		await bucket.putOver(name, whole, signal);
		return keptName;
	}
}
