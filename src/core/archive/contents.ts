// What an archive says of itself, and whether all of it agrees: metadata, checksums, and the library that was read.

import { AppError } from "../../ground/errors.ts";
import {
	CHECKSUMS_NAME,
	DATABASE_NAME,
	formatChecksums,
	METADATA_NAME,
} from "./archive.ts";
import { type Metadata, parseMetadata } from "./metadata.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a whole and consistent archive holds. */
export interface Contents {
	readonly metadata: Metadata;
	/** Its SHA256SUMS; null where it has none, as VPO's own archives. */
	readonly checksums: string | null;
}

export interface Found {
	metadata?: Bytes;
	checksums?: Bytes;
	database?: { sizeBytes: number; sha256: string };
}

export function requireDeclaredSize(
	metadata: Bytes | undefined,
	sizeBytes: number,
): void {
	if (metadata && parseMetadata(metadata).databaseSizeBytes !== sizeBytes) {
		throw invalid("library.db has another size than its metadata says");
	}
}

// Everything that an archive says of itself must agree with everything else.
export function agree({
	metadata: json,
	checksums,
	database,
}: Found): Contents {
	if (!json) throw invalid(`${METADATA_NAME} is missing`);
	if (!database) throw invalid(`${DATABASE_NAME} is missing`);
	requireDeclaredSize(json, database.sizeBytes);
	const metadata = parseMetadata(json);
	if (metadata.own && metadata.own.databaseSha256 !== database.sha256) {
		throw invalid("library.db does not match the checksum in its metadata");
	}
	if (metadata.own && !checksums) throw invalid(`${CHECKSUMS_NAME} is missing`);
	if (!checksums) return { metadata, checksums: null };
	const expected = formatChecksums([
		{ name: METADATA_NAME, sha256: Bun.SHA256.hash(json, "hex") },
		{ name: DATABASE_NAME, sha256: database.sha256 },
	]);
	if (new TextDecoder().decode(checksums) !== expected) {
		throw invalid(`the contents do not match ${CHECKSUMS_NAME}`);
	}
	return { metadata, checksums: expected };
}

/** What is wrong with an archive; the reader adds which one it is. */
export function invalid(what: string): AppError {
	return new AppError("INVALID_ARCHIVE", what);
}
