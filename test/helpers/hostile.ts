// Archives as nobody should make them: tar and gzip by hand, with every field free to lie.

import { Database } from "bun:sqlite";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export type Bytes = Uint8Array<ArrayBuffer>;

const BLOCK_BYTES = 512;
/** The ten bytes that begin each of our gzip members. */
export const OWN_HEADER = Uint8Array.of(31, 139, 8, 0, 0, 0, 0, 0, 0, 255);

/** A tar member as it is written, believable or not. */
export interface HostileMember {
	readonly name: string;
	readonly body?: Bytes | string;
	/** The type flag: "0" a file, "1" a hard link, "2" a symbolic link, "x" an extended header, … */
	readonly type?: string;
	readonly link?: string;
	/** What the header says; the body's size if left out. Text is put in the field as it is. */
	readonly size?: number | string;
	readonly prefix?: string;
	/** "ustar\0" + "00" if left out. */
	readonly magic?: string;
	/** A header checksum that does not match. */
	readonly isBroken?: boolean;
	/** What fills the body's last block. */
	readonly fill?: number;
}

/** A whole tar stream of these members. */
export function tar(
	members: readonly HostileMember[],
	end: Bytes = new Uint8Array(2 * BLOCK_BYTES),
): Bytes {
	return concat(...members.map(tarMember), end);
}

/** One member: header, body, padding. */
export function tarMember(member: HostileMember): Bytes {
	const body = toBytes(member.body ?? "");
	const padding = new Uint8Array(-body.byteLength & (BLOCK_BYTES - 1));
	return concat(tarHeader(member), body, padding.fill(member.fill ?? 0));
}

function tarHeader(member: HostileMember): Bytes {
	const header = Buffer.alloc(BLOCK_BYTES);
	const size = member.size ?? toBytes(member.body ?? "").byteLength;
	const sizeField =
		typeof size === "number" ? `${size.toString(8).padStart(11, "0")}\0` : size;
	header.write(member.name, 0, 100, "utf8");
	header.write("0000600\0", 100, "latin1");
	header.write("0000000\0", 108, "latin1");
	header.write("0000000\0", 116, "latin1");
	header.write(sizeField, 124, 12, "latin1");
	header.write("00000000000\0", 136, "latin1");
	header.write(" ".repeat(8), 148, "latin1");
	header.write(member.type ?? "0", 156, 1, "latin1");
	header.write(member.link ?? "", 157, 100, "utf8");
	header.write(member.magic ?? "ustar\x0000", 257, 8, "latin1");
	header.write(member.prefix ?? "", 345, 155, "utf8");
	const sum = header.reduce((total, byte) => total + byte, 0);
	const stated = member.isBroken ? sum + 1 : sum;
	header.write(`${stated.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
	return new Uint8Array(header);
}

/** A size field in base 256, as GNU tar writes what octal can't hold: negative and huge sizes. */
export function base256(value: bigint): string {
	const field = Buffer.alloc(12);
	field.writeBigInt64BE(value, 4);
	field.fill(value < 0n ? 0xff : 0, 1, 4);
	field[0] = value < 0n ? 0xff : 0x80;
	return field.toString("latin1");
}

/** An extended header (POSIX.1-2001): "27 path=…\n" for each key. */
export function pax(
	records: Readonly<Record<string, string>>,
	type = "x",
): HostileMember {
	const body = Object.entries(records).map(([key, value]) =>
		paxRecord(key, value),
	);
	return { name: "PaxHeader", type, body: body.join("") };
}

/** One record, whose length counts itself. */
export function paxRecord(key: string, value: string): string {
	const rest = Buffer.byteLength(` ${key}=${value}\n`);
	let length = rest + String(rest).length;
	if (String(length).length > String(rest).length) length++;
	return `${length} ${key}=${value}\n`;
}

/** One gzip member as any program but ours writes it. */
export function gzip(bytes: Bytes, level = 9): Bytes {
	return new Uint8Array(gzipSync(bytes, { level }));
}

/** A row of gzip members that begin as ours do. */
export function ownGzip(...blocks: readonly Bytes[]): Bytes {
	return concat(
		...blocks.map((block) => concat(OWN_HEADER, gzip(block).subarray(10))),
	);
}

export interface LibraryOptions {
	readonly pageBytes?: number;
	/** Run after the tables and their two files are there. */
	readonly sql?: readonly string[];
}

/** The bytes of a library of two files and as few pages as can be. */
export function makeLibrary(
	folder: string,
	{ pageBytes = 512, sql = [] }: LibraryOptions = {},
): Bytes {
	const path = join(folder, `made-${crypto.randomUUID()}.db`);
	const database = new Database(path);
	try {
		for (const statement of [
			`PRAGMA page_size = ${pageBytes}`,
			"CREATE TABLE _meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
			"CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT, size_bytes INTEGER)",
			"INSERT INTO _meta VALUES ('schema_version', '27')",
			"INSERT INTO files VALUES (1, '/video/a.mkv', 1000), (2, '/video/b.mkv', 500)",
			...sql,
		]) {
			database.run(statement);
		}
	} finally {
		database.close(true);
	}
	const bytes = new Uint8Array(readFileSync(path));
	rmSync(path);
	return bytes;
}

/** A library rewritten by Python's SQLite, where writable_schema is allowed. */
export function rewriteLibrary(
	folder: string,
	library: Bytes,
	sql: string,
): Bytes {
	const path = join(folder, `rewritten-${crypto.randomUUID()}.db`);
	writeFileSync(path, library);
	const { exitCode, stderr } = Bun.spawnSync({
		cmd: ["python3", join(import.meta.dir, "python-sqlite.py"), path],
		stdin: Buffer.from(sql),
		stderr: "pipe",
	});
	if (exitCode !== 0) throw new Error(`${sql}: ${stderr}`);
	const bytes = new Uint8Array(readFileSync(path));
	rmSync(path);
	return bytes;
}

export type Json = Readonly<Record<string, unknown>>;

/** VPO's metadata of `makeLibrary`; a change to undefined removes the key. */
export function vpoMetadata(library: Bytes, changes: Json = {}): Json {
	return {
		vpo_version: "0.2.0",
		schema_version: 27,
		created_at: "2026-02-05T14:30:22Z",
		database_size_bytes: library.byteLength,
		file_count: 2,
		total_library_size_bytes: 1500,
		compression: "gzip",
		...changes,
	};
}

/** Our metadata of `makeLibrary`. */
export function ownMetadata(library: Bytes, changes: Json = {}): Json {
	return {
		...vpoMetadata(library),
		format_version: 1,
		database_sha256: Bun.SHA256.hash(library, "hex"),
		source_journal_mode: "delete",
		note: null,
		kind: "manual",
		...changes,
	};
}

/** An archive in VPO's form around a library and a metadata text. */
export function vpoArchive(library: Bytes, metadata: Json | string): Bytes {
	return gzip(
		tar([
			{ name: "library.db", body: library },
			{ name: "backup_metadata.json", body: jsonText(metadata) },
		]),
	);
}

/** An archive in our form, its checksums right, around a library and a metadata text. */
export function ownArchive(library: Bytes, metadata: Json | string): Bytes {
	const json = jsonText(metadata);
	return ownMembers([
		{ name: "backup_metadata.json", body: json },
		{ name: "library.db", body: library },
		{ name: "SHA256SUMS", body: checksums(json, library) },
	]);
}

/** Tar members, each in a gzip member of its own, as our archives have them. */
export function ownMembers(members: readonly HostileMember[]): Bytes {
	const blocks = members.map(tarMember);
	const last = blocks.pop() ?? new Uint8Array(0);
	return ownGzip(...blocks, concat(last, new Uint8Array(2 * BLOCK_BYTES)));
}

export function checksums(json: string, library: Bytes): string {
	return [
		`${Bun.SHA256.hash(json, "hex")}  backup_metadata.json\n`,
		`${Bun.SHA256.hash(library, "hex")}  library.db\n`,
	].join("");
}

export function jsonText(metadata: Json | string): string {
	return typeof metadata === "string"
		? metadata
		: `${JSON.stringify(metadata, null, 2)}\n`;
}

export function toBytes(content: Bytes | string): Bytes {
	return typeof content === "string"
		? new TextEncoder().encode(content)
		: content;
}

/** So many copies of these bytes. */
export function repeat(bytes: Bytes, times: number): Bytes {
	const all = new Uint8Array(bytes.byteLength * times);
	if (bytes.byteLength > 0) Buffer.from(all.buffer).fill(bytes);
	return all;
}

/** One array of all of these. */
export function concat(...pieces: readonly Uint8Array[]): Bytes {
	return new Uint8Array(Buffer.concat(pieces));
}

/** What doesn't compress. */
export function noise(length: number): Bytes {
	const bytes = new Uint8Array(length);
	for (let at = 0; at < length; at += 65_536) {
		crypto.getRandomValues(bytes.subarray(at, at + 65_536));
	}
	return bytes;
}
