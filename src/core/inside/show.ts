// showBackup: all that is known of one backup without unpacking it, where it is ours.

import type { Settings } from "../../ground/settings.ts";
import { inspectArchive } from "../archive/inspect.ts";
import type { Metadata } from "../archive/metadata.ts";
import type { Workshop } from "../archive/workshop.ts";
import { identityIn, type Stored } from "../location/location.ts";
import type { Remembered } from "../location/memory/state.ts";
import { openBackups } from "../location/open.ts";
import { findBackup } from "../location/reference.ts";
import { type Doubt, doubtAbout, viewerOf } from "../location/standing.ts";
import { makeLookout, openView } from "./view.ts";

export interface ShownBackup {
	readonly archive: Stored;
	readonly metadata: Metadata;
	/** By name. */
	readonly tableRows: Readonly<Record<string, number>>;
	readonly remembered: Remembered;
	/** Why nothing is decided by it for this library; null if nothing speaks against it. */
	readonly doubt: Doubt | null;
	readonly warnings: readonly string[];
}

/**
 * Reads the metadata of one of our archives, and all of another one.
 * @throws AppError NOT_FOUND, INVALID_ARCHIVE, OPERATION_FAILED
 */
export async function showBackup(
	reference: string,
	settings: Settings,
	now: Date,
	workshop: Workshop,
): Promise<ShownBackup> {
	const { signal } = workshop;
	const backups = openBackups(settings);
	const viewer = await viewerOf(settings, now);
	const found = await findBackup(reference, backups, viewer, signal);
	const { archive, location } = found;
	const [state, look] = await Promise.all([
		location.readState(signal),
		readFacts(archive, reference, settings, now, workshop),
	]);
	const remembered = state.of(archive.name, identityIn(archive));
	const { metadata } = look;
	const { path } = archive;
	const { createdAt } = metadata;
	const facts = { path, createdAt, metadata, error: null, remembered };
	return {
		archive,
		remembered,
		doubt: doubtAbout(facts, viewer),
		...look,
		warnings: state.warning === null ? [] : [state.warning],
	};
}

async function readFacts(
	archive: Stored,
	reference: string,
	settings: Settings,
	now: Date,
	workshop: Workshop,
): Promise<Pick<ShownBackup, "metadata" | "tableRows">> {
	const own = await inspectArchive(archive, workshop.signal);
	const tableRows = own?.own?.tableRows ?? {};
	if (own && Object.keys(tableRows).length > 0) {
		return { metadata: own, tableRows };
	}
	await using scratch = await makeLookout(settings);
	const options = { settings, scratch, lockTimeoutMs: 0, now };
	await using view = await openView(reference, options, workshop);
	const proven = await view.proof;
	if (!proven) throw new Error("a backup has metadata");
	const survey = await workshop.sqlite.survey(view.path);
	return { metadata: proven.metadata, tableRows: survey.tableRows };
}
