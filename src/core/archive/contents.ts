// What an archive says of itself, and whether all of it agrees: metadata, checksums, and the library that was read.

import { AppError } from "../../ground/errors.ts";
import { formatBytes } from "../../ground/units.ts";
import {
	CHECKSUMS_NAME,
	DATABASE_NAME,
	formatChecksums,
	METADATA_NAME,
} from "./archive.ts";
import type { SealState } from "./gzip/seal.ts";
import { type Metadata, parseMetadata } from "./metadata.ts";
import { incomplete } from "./reader.ts";
import { encodeHeader, type ReadMember } from "./tar.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a whole and consistent archive holds. */
export interface Contents {
	readonly metadata: Metadata;
	/** Its SHA256SUMS; null where it has none, as VPO's own archives. */
	readonly checksums: string | null;
	/** What VPO's metadata says otherwise than the database, which is right. */
	readonly warnings: readonly string[];
}

/** The members of our archives, in their order. */
const MEMBER_NAMES = [METADATA_NAME, DATABASE_NAME, CHECKSUMS_NAME];

export interface Found {
	/** In the order in which they were read. */
	readonly members: ReadMember[];
	metadata?: Bytes;
	checksums?: Bytes;
	database?: { sizeBytes: number; sha256: string };
}

/** What VPO's metadata says was asked before its copy, while its daemon may have written: there the database is right. */
export function requireDeclaredSize(
	metadata: Bytes | undefined,
	sizeBytes: number,
): void {
	if (!metadata) return;
	const { own, databaseSizeBytes } = parseMetadata(metadata);
	if (own && databaseSizeBytes !== sizeBytes) {
		throw invalid("library.db has another size than its metadata says");
	}
}

function believeDatabase(
	metadata: Metadata,
	sizeBytes: number,
): Pick<Contents, "metadata" | "warnings"> {
	const { databaseSizeBytes } = metadata;
	if (databaseSizeBytes === sizeBytes) return { metadata, warnings: [] };
	const what = `its database has ${formatBytes(sizeBytes)}, its metadata says ${formatBytes(databaseSizeBytes)}`;
	return {
		metadata: { ...metadata, databaseSizeBytes: sizeBytes },
		warnings: [`${what}; the database is right`],
	};
}

// Everything that an archive says of itself must agree with everything else.
export function agree(
	{ members, metadata: json, checksums, database }: Found,
	seal: SealState | "foreign",
): Contents {
	if (!json) throw invalid(`${METADATA_NAME} is missing`);
	if (!database) throw invalid(`${DATABASE_NAME} is missing`);
	requireDeclaredSize(json, database.sizeBytes);
	const { metadata, warnings } = believeDatabase(
		parseMetadata(json),
		database.sizeBytes,
	);
	if (metadata.own && metadata.own.databaseSha256 !== database.sha256) {
		throw invalid("library.db does not match the checksum in its metadata");
	}
	if (metadata.own && !checksums) throw invalid(`${CHECKSUMS_NAME} is missing`);
	if (metadata.own?.isSealed) requireOwnForm(members, metadata, seal);
	if (!checksums) return { metadata, checksums: null, warnings };
	const expected = formatChecksums([
		{ name: METADATA_NAME, sha256: Bun.SHA256.hash(json, "hex") },
		{ name: DATABASE_NAME, sha256: database.sha256 },
	]);
	if (new TextDecoder().decode(checksums) !== expected) {
		throw invalid(`the contents do not match ${CHECKSUMS_NAME}`);
	}
	return { metadata, checksums: expected, warnings };
}

// What we wrote we read exactly so: the seal speaks for each byte, and this for whoever made the seal.
function requireOwnForm(
	members: readonly ReadMember[],
	{ createdAt }: Metadata,
	seal: SealState | "foreign",
): void {
	if (seal === "missing") throw incomplete();
	if (seal !== "intact") throw invalid("its gzip header is not ours");
	const modifiedAt = new Date(createdAt);
	const isOurs = members.every(
		({ name, sizeBytes, header, isExtended }, index) =>
			name === MEMBER_NAMES[index] &&
			!isExtended &&
			encodeHeader(name, sizeBytes, modifiedAt).every(
				(byte, at) => header[at] === byte,
			),
	);
	if (!isOurs) throw invalid("its tar headers are not as vpo writes them");
}

/** What is wrong with an archive; the reader adds which one it is. */
export function invalid(what: string): AppError {
	return new AppError("INVALID_ARCHIVE", what);
}
