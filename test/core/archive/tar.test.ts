// The tar format as backups use it: what we write any tar reads, and what we read is a row of plain files or refused.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { ByteReader } from "../../../src/core/archive/reader.ts";
import {
	encodeHeader,
	endOfArchive,
	type Member,
	nextMember,
	padding,
	skipPadding,
} from "../../../src/core/archive/tar.ts";
import { AppError } from "../../../src/ground/errors.ts";
import {
	type Bytes,
	concat,
	tar,
	tarMember,
	toBytes,
} from "../../helpers/hostile.ts";
import { Home } from "../../helpers/program.ts";
import { succeed } from "../../helpers/state.ts";

const AT = new Date("2026-02-05T14:30:22Z");

function readerOf(bytes: Bytes, pieceBytes = 4096): ByteReader {
	return new ByteReader(
		(async function* () {
			for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
				yield bytes.slice(at, at + pieceBytes);
			}
		})(),
	);
}

/** All members of an archive with their bodies, as `readArchive` walks over them. */
async function readAll(
	bytes: Bytes,
	pieceBytes?: number,
): Promise<(Member & { body: string })[]> {
	await using reader = readerOf(bytes, pieceBytes);
	const members: (Member & { body: string })[] = [];
	for (;;) {
		const member = await nextMember(reader);
		if (!member) return members;
		const body: Bytes[] = [];
		for await (const piece of reader.pieces(member.sizeBytes)) body.push(piece);
		await skipPadding(reader, member.sizeBytes);
		const text = new TextDecoder().decode(concat(...body));
		const { name, sizeBytes } = member;
		members.push({ name, sizeBytes, body: text });
	}
}

function written(files: Readonly<Record<string, string>>): Bytes {
	const members = Object.entries(files).flatMap(([name, body]) => {
		const bytes = toBytes(body);
		const header = encodeHeader(name, bytes.byteLength, AT);
		return [header, bytes, padding(bytes.byteLength)];
	});
	return concat(...members, endOfArchive());
}

const FILES = {
	"a.json": "{}",
	"library.db": "x".repeat(5000),
	empty: "",
	block: "y".repeat(512),
};

describe("what we write", () => {
	test.each([1, 7, 512, 4096, 100_000])(
		"is read back in pieces of %d bytes",
		async (pieceBytes) => {
			const members = await readAll(written(FILES), pieceBytes);
			expect(members).toEqual(
				Object.entries(FILES).map(([name, body]) => ({
					name,
					body,
					sizeBytes: body.length,
				})),
			);
		},
	);

	test("is unpacked by tar, with its times, and private", () => {
		using home = new Home(null);
		writeFileSync(home.at("x.tar"), written(FILES));
		const listed = succeed(["tar", "tvf", home.at("x.tar")], home.path);
		const lines = listed.trimEnd().split("\n");
		expect(lines).toHaveLength(4);
		for (const line of lines) {
			expect(line).toMatch(/^-rw------- root\/root +\d+ 2026-02-05/);
		}
		succeed(["tar", "xf", home.at("x.tar"), "--no-same-owner"], home.path);
		expect(succeed(["cat", "library.db"], home.path)).toBe(FILES["library.db"]);
	});

	test.each([0, 1, 8 ** 11 - 1, 8 ** 11, 2 ** 40, Number.MAX_SAFE_INTEGER])(
		"may be %d bytes long",
		async (sizeBytes) => {
			const header = encodeHeader("library.db", sizeBytes, AT);
			await using reader = readerOf(header);
			const member = await nextMember(reader);
			expect(member).toMatchObject({ name: "library.db", sizeBytes, header });
		},
	);
});

describe("any bit of a header flipped", () => {
	test("is refused, or changes nothing that is read", async () => {
		const bytes = tar([{ name: "library.db", body: "x" }]);
		const expected = await readAll(bytes);
		let refused = 0;
		for (let bit = 0; bit < 512 * 8; bit++) {
			const copy = bytes.slice();
			copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
			const members = await readAll(copy).catch((error) => error);
			if (members instanceof AppError) refused++;
			else expect({ bit, members }).toEqual({ bit, members: expected });
		}
		// The checksum's own text may be written in other ways.
		expect(refused).toBeGreaterThan(512 * 8 - 32);
	});
});

test("any blocks are read, or refused as an invalid archive", async () => {
	const header = new Uint8Array(tarMember({ name: "library.db" }));
	const changed = fc
		.array(fc.tuple(fc.nat(511), fc.nat(255)), { maxLength: 8 })
		.map((changes) => {
			const copy = header.slice();
			for (const [at, byte] of changes) copy[at] = byte;
			const sum = copy.with(148, 0).reduce((total, byte, at) => {
				return total + (at >= 148 && at < 156 ? 32 : byte);
			}, 0);
			copy.set(toBytes(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
			return concat(copy, new Uint8Array(1024));
		});
	const random = fc
		.uint8Array({ minLength: 0, maxLength: 2048 })
		.map((bytes) => new Uint8Array(bytes));
	await fc.assert(
		fc.asyncProperty(fc.oneof(changed, random), async (bytes) => {
			try {
				await readAll(bytes);
			} catch (error) {
				expect(error).toBeInstanceOf(AppError);
				expect(error).toMatchObject({ code: "INVALID_ARCHIVE" });
			}
		}),
		{ numRuns: 1000 },
	);
});

describe("an end", () => {
	test.each([512, 9216, 1024 * 1024])(
		"may have %d bytes more",
		async (more) => {
			const bytes = tar(
				[{ name: "x", body: "x" }],
				new Uint8Array(1024 + more),
			);
			expect(await readAll(bytes)).toHaveLength(1);
		},
	);

	test("may not have more than any tar program fills", async () => {
		const end = new Uint8Array(1024 * 1024 + 2048);
		const reading = readAll(tar([{ name: "x" }], end));
		await expect(reading).rejects.toMatchObject({ code: "INVALID_ARCHIVE" });
	});
});
