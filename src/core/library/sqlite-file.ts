// The first 100 bytes of a SQLite file (https://www.sqlite.org/fileformat2.html#the_database_header), read without SQLite.

import { AppError } from "../../ground/errors.ts";

const MAGIC = new TextEncoder().encode("SQLite format 3\0");
export const SQLITE_HEADER_BYTES = 100;
/** UTF-8, UTF-16 of either byte order; 0 where nothing was written yet. */
const MAX_ENCODING = 3;

/** Whether these first bytes are those of a SQLite database. */
export function isSqlite(head: Uint8Array): boolean {
	return MAGIC.every((byte, index) => head[index] === byte);
}

/**
 * Checks that a file of `sizeBytes` with this header can be a whole SQLite database.
 * @throws AppError INVALID_ARCHIVE
 */
export function requireSqliteFile(header: Uint8Array, sizeBytes: number): void {
	if (header.byteLength < SQLITE_HEADER_BYTES || !isSqlite(header)) {
		throw new AppError(
			"INVALID_ARCHIVE",
			"library.db is not a SQLite database",
		);
	}
	const view = new DataView(header.buffer, header.byteOffset);
	const stored = view.getUint16(16);
	const pageBytes = stored === 1 ? 65536 : stored;
	const isPowerOfTwo = (pageBytes & (pageBytes - 1)) === 0;
	if (pageBytes < 512 || !isPowerOfTwo || sizeBytes % pageBytes !== 0) {
		throw new AppError("INVALID_ARCHIVE", "library.db has an impossible size");
	}
	// SQLite reads some of what it can't write; such a library would be in VPO's way, and in that of the next restore.
	const isKnownVersion = [18, 19].every((at) =>
		[1, 2].includes(view.getUint8(at)),
	);
	if (!isKnownVersion || view.getUint32(56) > MAX_ENCODING) {
		throw new AppError(
			"INVALID_ARCHIVE",
			"library.db has a file format version that SQLite does not know",
		);
	}
	const pageCount = view.getUint32(28);
	const isCountValid = view.getUint32(24) === view.getUint32(92);
	if (isCountValid && pageCount !== 0 && pageCount * pageBytes !== sizeBytes) {
		throw new AppError(
			"INVALID_ARCHIVE",
			"library.db has another size than its own header says",
		);
	}
}
