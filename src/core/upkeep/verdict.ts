// What is found out about one archive: whether a restore would accept it, and if not, why.

import { AppError } from "../../ground/errors.ts";
import { isoSeconds, type Metadata } from "../archive/metadata.ts";
import type { Workshop } from "../archive/workshop.ts";
import { NEWEST_SCHEMA } from "../library/library.ts";
import { type Entry, identityIn, requireStored } from "../location/location.ts";
import type { Identity } from "../location/memory/state.ts";
import { unpackCandidate } from "../restore/candidate.ts";
import type { Repair } from "./copies/repair.ts";

/** What a verification found out about one archive. */
export interface Verdict {
	readonly filename: string;
	readonly path: string;
	/** Whether a restore would accept it. */
	readonly isValid: boolean;
	/** What is wrong; null if nothing. */
	readonly error: AppError | null;
	readonly archiveSizeBytes: number | null;
	/** null if it is not valid. */
	readonly metadata: Metadata | null;
	readonly warnings: readonly string[];
	/** null where it could not be verified, which says nothing about the archive. */
	readonly verifiedAt: string | null;
	readonly durationSeconds: number;
	/** What was done about the damage; null: there is none, or nothing was tried. */
	readonly repair: Repair | null;
}

/** Does all that a restore does before it touches a library. */
export async function verifyOne(
	entry: Entry,
	scratchPath: string,
	clock: () => Date,
	workshop: Workshop,
): Promise<Verdict & { readonly identity: Identity | null }> {
	let identity: Identity | null = null;
	const startedAt = performance.now();
	const verdict = (
		error: AppError | null,
		metadata: Metadata | null,
		warnings: readonly string[],
	) => {
		const isProven = error === null || error.code === "INVALID_ARCHIVE";
		return {
			identity,
			filename: entry.name,
			path: entry.path,
			isValid: error === null,
			error,
			archiveSizeBytes: identity?.sizeBytes ?? null,
			metadata,
			warnings,
			verifiedAt: isProven ? isoSeconds(clock()) : null,
			durationSeconds: (performance.now() - startedAt) / 1000,
			repair: null,
		};
	};
	try {
		const source = requireStored(entry);
		identity = identityIn(source);
		await using candidate = await unpackCandidate(
			source,
			scratchPath,
			workshop,
		);
		const warnings = newerSchema(candidate.schemaVersion);
		return verdict(null, candidate.metadata, [
			...candidate.warnings,
			...warnings,
		]);
	} catch (error) {
		workshop.signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		return verdict(error, null, []);
	}
}

/** The verdict after what was done about the damage. */
export function mended(verdict: Verdict, repair: Repair): Verdict {
	if (!repair.isMended) return { ...verdict, repair };
	const { metadata, archiveSizeBytes } = repair;
	const isValid = true;
	return {
		...verdict,
		isValid,
		error: null,
		metadata,
		archiveSizeBytes,
		repair,
	};
}

function newerSchema(schemaVersion: number): string[] {
	return schemaVersion > NEWEST_SCHEMA
		? [
				`its schema ${schemaVersion} is newer than ${NEWEST_SCHEMA}, the newest that this program knows`,
			]
		: [];
}
