// A damaged archive is mended from another location that has the same backup whole. What stood there is kept beside it.

import { AppError } from "../../../ground/errors.ts";
import type { Settings } from "../../../ground/settings.ts";
import { inspectArchive } from "../../archive/inspect.ts";
import { isoSeconds, type Metadata } from "../../archive/metadata.ts";
import { archiveFile } from "../../archive/source.ts";
import type { Workshop } from "../../archive/workshop.ts";
import {
	identityIn,
	type Location,
	requireStored,
	type Stored,
} from "../../location/location.ts";
import { timeInName } from "../../location/names.ts";
import { isOf, type Viewer } from "../../location/standing.ts";
import { unpackCandidate } from "../../restore/candidate.ts";
import { type Carried, carry } from "./carry.ts";

/** What became of a damaged archive. */
export type Repair =
	| {
			readonly isMended: true;
			/** Where the whole one came from. */
			readonly from: string;
			/** Where the damaged one is kept. */
			readonly kept: string;
			readonly metadata: Metadata;
			readonly archiveSizeBytes: number;
	  }
	| {
			readonly isMended: false;
			/** Why not. */
			readonly problem: string;
	  };

/**
 * Puts a whole copy of a backup in the place of a damaged archive, and proves it before.
 * @param others where else the backup may be, in the order in which they are asked
 * @throws the signal's reason, and bugs; what else goes wrong is in the repair
 */
export async function repairArchive(
	damaged: Stored,
	location: Location,
	others: readonly Location[],
	viewer: Viewer,
	settings: Settings,
	workshop: Workshop,
): Promise<Repair> {
	if (damaged.isLink) return failed("it is a link: mend what it leads to");
	const problems: string[] = [];
	for (const other of others) {
		try {
			const source = await find(damaged, other, viewer, workshop.signal);
			if (source === null) continue;
			return await carry(source, location, settings, workshop, (carried) =>
				mend(damaged, source, location, carried, workshop),
			);
		} catch (error) {
			workshop.signal?.throwIfAborted();
			if (!(error instanceof AppError)) throw error;
			problems.push(error.message);
		}
	}
	const asked = others.map(({ address }) => address).join(", ");
	const none =
		others.length === 0 ? "there is no copy location" : `no copy in ${asked}`;
	return failed(problems.length > 0 ? problems.join("; ") : none);
}

// Of the same name is not enough: it has to be the same backup, as far as either of them tells.
async function find(
	damaged: Stored,
	other: Location,
	viewer: Viewer,
	signal: AbortSignal | undefined,
): Promise<Stored | null> {
	const entry = await other.find(damaged.name, signal);
	if (entry === null) return null;
	const source = requireStored(entry);
	const metadata = await inspectArchive(source, signal);
	const before = await inspectArchive(damaged, signal).catch(nullIfBad);
	const namedAt = timeInName(damaged.name);
	const isOther =
		(metadata !== null && !isOf(metadata, viewer)) ||
		(metadata !== null && namedAt !== null && metadata.createdAt !== namedAt) ||
		(before !== null && !Bun.deepEquals(before, metadata));
	if (isOther)
		throw new AppError("INVALID_ARCHIVE", `another backup: ${source.path}`);
	return source;
}

async function mend(
	damaged: Stored,
	source: Stored,
	location: Location,
	{ path, scratch }: Carried,
	workshop: Workshop,
): Promise<Repair> {
	const { signal } = workshop;
	const whole = { ...archiveFile(path, source.sizeBytes), path: source.path };
	await using candidate = await unpackCandidate(whole, scratch.path, workshop);
	const { metadata } = candidate;
	const kept = await location.mend(damaged, path, scratch, signal);
	if (kept === null) return failed("it has changed meanwhile");
	const now = await location.find(damaged.name, signal);
	if (now !== null && !("problem" in now)) {
		const verdict = { verifiedAt: isoSeconds(new Date()), verifiedError: null };
		await location
			.remember(now.name, identityIn(now), verdict, signal)
			.catch(unlessForeseen);
	}
	return {
		isMended: true,
		from: source.path,
		kept: location.pathOf(kept),
		metadata,
		archiveSizeBytes: source.sizeBytes,
	};
}

function failed(problem: string): Repair {
	return { isMended: false, problem };
}

function nullIfBad(error: unknown): null {
	if (error instanceof AppError && error.code !== "INTERRUPTED") return null;
	throw error; // damage is why we are here
}

// A repair that stands is not lost because its location can't be written any more.
function unlessForeseen(error: unknown): void {
	if (!(error instanceof AppError) || error.code === "INTERRUPTED") throw error;
}
