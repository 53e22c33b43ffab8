// backup_metadata.json: what is written is read back, and whatever else is read is either right or refused.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
	encodeMetadata,
	isoSeconds,
	MAX_METADATA_BYTES,
	parseMetadata,
} from "../../../src/core/archive/metadata.ts";
import { AppError } from "../../../src/ground/errors.ts";
import {
	type Json,
	ownMetadata,
	toBytes,
	vpoMetadata,
} from "../../helpers/hostile.ts";

const LIBRARY = new Uint8Array(1024);
const parse = (json: unknown) => parseMetadata(toBytes(JSON.stringify(json)));

const count = fc.maxSafeNat();
/** valibot leaves out keys that would reach an object's prototype. */
const LEFT_OUT = ["__proto__", "prototype", "constructor"];
const tableName = fc
	.string({ maxLength: 20 })
	.filter((name) => !LEFT_OUT.includes(name));
const anyMetadata = fc.record({
	vpoVersion: fc.string({ unit: "binary" }),
	schemaVersion: count,
	createdAt: fc
		.date({
			min: new Date("0000-01-01T00:00:00Z"),
			max: new Date("9999-12-31T23:59:59Z"),
			noInvalidDate: true,
		})
		.map(isoSeconds),
	databaseSizeBytes: count,
	fileCount: count,
	totalLibrarySizeBytes: count,
	own: fc.record({
		databaseSha256: fc
			.uint8Array({ minLength: 32, maxLength: 32 })
			.map((bytes) => bytes.toHex()),
		sourceJournalMode: fc.constantFrom("wal", "delete"),
		note: fc.option(fc.string({ unit: "binary" })),
		kind: fc.string({ unit: "binary" }),
		tableRows: fc.dictionary(tableName, count, {
			maxKeys: 20,
			noNullPrototype: true,
		}),
		shrinkWarning: fc.option(fc.string({ unit: "binary" })),
		isSealed: fc.boolean(),
		libraryId: fc.option(fc.uuid(), { nil: null }),
	}),
});

test("whatever we write is read back as it was", () => {
	fc.assert(
		fc.property(anyMetadata, (metadata) => {
			const text = encodeMetadata(metadata);
			expect(parseMetadata(toBytes(text))).toEqual(metadata);
		}),
		{ numRuns: 300 },
	);
});

test("however many tables there are, what we write can be read: the largest stay", () => {
	const [metadata] = fc.sample(anyMetadata, { numRuns: 1, seed: 2 });
	if (!metadata) throw new Error("no sample");
	const name = (at: number) => `table ${at} ${"\u{1f3ac}".repeat(90)}`;
	const tableRows = Object.fromEntries(
		Array.from({ length: 5000 }, (_, at) => [name(at), at]),
	);
	const text = encodeMetadata({
		...metadata,
		own: { ...metadata.own, tableRows },
	});
	const kept = Object.keys(parseMetadata(toBytes(text)).own?.tableRows ?? {});
	expect(kept.length).toBeGreaterThan(20);
	expect(kept).toEqual(
		Array.from({ length: kept.length }, (_, at) =>
			name(5000 - kept.length + at),
		),
	);
});

test("what we write holds VPO's keys with VPO's types", () => {
	const [metadata] = fc.sample(anyMetadata, { numRuns: 1, seed: 1 });
	if (!metadata) throw new Error("no sample");
	const json = JSON.parse(encodeMetadata(metadata)) as Json;
	const types = Object.entries(vpoMetadata(LIBRARY)).map(([key, value]) => [
		key,
		typeof value,
	]);
	expect(types).toEqual(types.map(([key = ""]) => [key, typeof json[key]]));
	expect(json).toMatchObject({ compression: "gzip", format_version: 1 });
	expect(json.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});

test("VPO's metadata has no part of ours", () => {
	expect(parse(vpoMetadata(LIBRARY))).toEqual({
		vpoVersion: "0.2.0",
		schemaVersion: 27,
		createdAt: "2026-02-05T14:30:22Z",
		databaseSizeBytes: 1024,
		fileCount: 2,
		totalLibrarySizeBytes: 1500,
		own: null,
	});
});

test("VPO's metadata stays VPO's with keys of ours in it, but for the format version", () => {
	const changes = { kind: "manual", database_sha256: "x" };
	expect(parse(vpoMetadata(LIBRARY, changes)).own).toBeNull();
	const marked = vpoMetadata(LIBRARY, { ...changes, format_version: 1 });
	expect(() => parse(marked)).toThrow("database_sha256");
});

test.each([
	["2026-02-05T14:30:22Z", "2026-02-05T14:30:22Z"],
	["2026-02-05T14:30:22.999Z", "2026-02-05T14:30:22Z"],
	["2026-02-05T14:30:22.123456+00:00", "2026-02-05T14:30:22Z"],
	["2026-02-05T01:30:22+05:30", "2026-02-04T20:00:22Z"],
])("the time %s is read as %s", (created_at, createdAt) => {
	expect(parse(vpoMetadata(LIBRARY, { created_at })).createdAt).toBe(createdAt);
});

test("keys that older archives of ours lack have their defaults", () => {
	expect(parse(ownMetadata(LIBRARY)).own).toMatchObject({
		note: null,
		tableRows: {},
		shrinkWarning: null,
		isSealed: false,
	});
});

describe("an error", () => {
	test("names the key and what is wrong with it", () => {
		expect(() => parse(vpoMetadata(LIBRARY, { file_count: "2" }))).toThrow(
			'backup_metadata.json: file_count is "2", not number',
		);
	});

	test("tells 64 KiB of metadata from a byte more", () => {
		const json = JSON.stringify(vpoMetadata(LIBRARY));
		const most = toBytes(json.padEnd(MAX_METADATA_BYTES));
		expect(parseMetadata(most).fileCount).toBe(2);
		const more = toBytes(json.padEnd(MAX_METADATA_BYTES + 1));
		expect(() => parseMetadata(more)).toThrow("longer than 64 KiB");
	});
});

test("any bytes, and any JSON, are read or refused as an invalid archive", () => {
	const keys = Object.keys(ownMetadata(LIBRARY));
	const anyBytes = fc.oneof(
		fc.uint8Array({ maxLength: 200 }),
		fc.json().map((text) => toBytes(text)),
		fc
			.dictionary(fc.constantFrom(...keys), fc.jsonValue())
			.map((changes) =>
				toBytes(JSON.stringify({ ...ownMetadata(LIBRARY), ...changes })),
			),
	);
	fc.assert(
		fc.property(anyBytes, (bytes) => {
			try {
				parseMetadata(bytes);
			} catch (error) {
				expect(error).toBeInstanceOf(AppError);
				expect(error).toMatchObject({ code: "INVALID_ARCHIVE" });
			}
		}),
		{ numRuns: 1000 },
	);
});

test("metadata that was carried over into an archive of another time claims no seal for that", () => {
	const made = {
		vpoVersion: "0.1.0",
		schemaVersion: 27,
		createdAt: "2026-02-05T14:30:22Z",
		databaseSizeBytes: 4096,
		fileCount: 1,
		totalLibrarySizeBytes: 1,
		own: {
			databaseSha256: "0".repeat(64),
			sourceJournalMode: "wal",
			note: null,
			kind: "manual",
			tableRows: {},
			libraryId: null,
			shrinkWarning: null,
			isSealed: true,
		},
	};
	const isSealed = (text: string) =>
		parseMetadata(new TextEncoder().encode(text)).own?.isSealed;
	const text = encodeMetadata(made);
	expect(isSealed(text)).toBe(true);
	expect(
		isSealed(text.replace('"created_at": "2026', '"created_at": "2025')),
	).toBe(false);
});
