// Extended headers (POSIX.1-2001, pax): what Python's tarfile writes where a number or a name fits no tar header.
// Read over, but for the size; whatever renames a member, links it or makes holes in it is refused.

import { AppError } from "../../ground/errors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What Python writes takes some hundred bytes, names of users and groups included. */
export const MAX_PAX_BYTES = 4096;

/** What an extended header says of the member behind it. */
export interface Extension {
	/** null: as the header says. */
	readonly sizeBytes: number | null;
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;
/** path, linkpath, and the sparse files of GNU and Schilling's tar. */
const CHANGES_MEMBER = /^(?:path|linkpath)$|^GNU\.|realsize/;
const KEY = /^[\w.-]+$/;

/**
 * Parses the records of an extended header, "30 mtime=1795345666.854414\n": the length in bytes counts all of it.
 * @throws AppError INVALID_ARCHIVE: no such records, or one that changes what the member is
 */
export function parsePax(bytes: Bytes): Extension {
	if (bytes.byteLength === 0) throw changed();
	let sizeBytes: number | null = null;
	for (let at = 0; at < bytes.byteLength; ) {
		const space = bytes.indexOf(SPACE, at);
		const digits = latin1(bytes.subarray(at, Math.max(at, space)));
		const end = at + Number(digits);
		if (!/^[1-9]\d{0,4}$/.test(digits) || bytes[end - 1] !== LINE_FEED) {
			throw changed();
		}
		const record = latin1(bytes.subarray(space + 1, end - 1));
		const [, key = "", value = ""] = /^([^=]*)=(.*)$/s.exec(record) ?? [];
		if (!KEY.test(key) || CHANGES_MEMBER.test(key)) throw changed();
		if (key === "size") sizeBytes = parseSize(value);
		at = end;
	}
	return { sizeBytes };
}

function parseSize(text: string): number {
	const size = Number(text);
	if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(size)) return size;
	throw changed();
}

function latin1(bytes: Bytes): string {
	return Buffer.from(bytes).toString("latin1");
}

function changed(): AppError {
	return new AppError(
		"INVALID_ARCHIVE",
		"an extended header that changes a member",
	);
}
