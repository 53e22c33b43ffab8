// What a restore would do, said before anything is touched; and whether the schemas allow it.

import { AppError } from "../../ground/errors.ts";
import type { Metadata } from "../archive/metadata.ts";
import { NEWEST_SCHEMA } from "../library/library.ts";
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
	/** Newer backups that "latest" could not mean, newest first. */
	readonly passedOver: readonly PassedOver[];
	readonly warnings: readonly string[];
}

/** What restoring this candidate would do; another schema is worth a warning. */
export function makePlan(
	archivePath: string,
	libraryPath: string,
	{ metadata, schemaVersion, warnings }: Candidate,
	current: CurrentLibrary | null,
	passedOver: readonly PassedOver[],
	notices: readonly string[],
): RestorePlan {
	const currentSchemaVersion = current?.facts?.schemaVersion ?? NEWEST_SCHEMA;
	const what = `the backup has schema ${schemaVersion}`;
	const warning =
		schemaVersion < currentSchemaVersion
			? `${what}, older than ${currentSchemaVersion}: VPO migrates it at its next start`
			: schemaVersion > currentSchemaVersion
				? `${what}, newer than ${currentSchemaVersion}: an older VPO can't use it, update VPO first`
				: null;
	return {
		archivePath,
		libraryPath,
		metadata,
		schemaVersion,
		currentSchemaVersion,
		current,
		passedOver,
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
