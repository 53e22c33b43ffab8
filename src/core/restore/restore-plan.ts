// What a restore would do, said before anything is touched; and whether the schemas allow it.

import { AppError } from "../../ground/errors.ts";
import type { Metadata } from "../archive/metadata.ts";
import type { Difference } from "../library/compare/difference.ts";
import { NEWEST_SCHEMA } from "../library/library.ts";
import type { Space } from "../library/space.ts";
import type { PassedOver } from "../location/latest.ts";
import type { Candidate } from "./candidate.ts";
import type { CurrentLibrary } from "./current.ts";

/** What a restore would do. */
export interface RestorePlan {
	readonly archivePath: string;
	readonly libraryPath: string;
	readonly metadata: Metadata;
	readonly schemaVersion: number;
	/** Of the library that stands there; else the newest that this program knows. */
	readonly currentSchemaVersion: number;
	readonly current: CurrentLibrary | null;
	/** What changed from the backup to the library; null: there is none, or they can't be compared. */
	readonly difference: Difference | null;
	/** Newer backups that "latest" could not mean, newest first. */
	readonly passedOver: readonly PassedOver[];
	/** Whether the library takes the content over in a transaction; else one file takes the other's place. */
	readonly isInPlace: boolean;
	/** The processes that have the library open, in words; a restore then refuses. */
	readonly users: string | null;
	/** What the restore takes of the disk that is tightest for it, the unpacked backup included. */
	readonly space: Space;
	readonly warnings: readonly string[];
}

/** What was found out for a plan. */
export type Findings = Pick<
	RestorePlan,
	| "archivePath"
	| "libraryPath"
	| "current"
	| "difference"
	| "passedOver"
	| "isInPlace"
	| "users"
	| "space"
>;

/** What restoring this candidate would do; another schema is worth a warning, behind what was noticed already. */
export function makePlan(
	{ metadata, schemaVersion, warnings }: Candidate,
	findings: Findings,
	notices: readonly string[],
): RestorePlan {
	const currentSchemaVersion =
		findings.current?.facts?.schemaVersion ?? NEWEST_SCHEMA;
	const what = `the backup has schema ${schemaVersion}`;
	const warning =
		schemaVersion < currentSchemaVersion
			? `${what}, older than ${currentSchemaVersion}: VPO migrates it at its next start`
			: schemaVersion > currentSchemaVersion
				? `${what}, newer than ${currentSchemaVersion}: an older VPO can't use it, update VPO first`
				: null;
	return {
		...findings,
		metadata,
		schemaVersion,
		currentSchemaVersion,
		warnings: [...notices, ...warnings, ...(warning === null ? [] : [warning])],
	};
}

/** @throws AppError SCHEMA_INCOMPATIBLE: the backup is newer than the library or this program, and that was not allowed */
export function requireKnownSchema(
	{ archivePath, schemaVersion, currentSchemaVersion, current }: RestorePlan,
	allowNewerSchema: boolean,
): void {
	if (schemaVersion <= currentSchemaVersion || allowNewerSchema) return;
	const what = current?.facts ? "the library has" : "this program knows";
	throw new AppError(
		"SCHEMA_INCOMPATIBLE",
		`the backup has schema ${schemaVersion}, ${what} ${currentSchemaVersion}: ${archivePath}`,
		{
			hint: "update VPO first, or restore it all the same with --allow-newer-schema",
		},
	);
}
