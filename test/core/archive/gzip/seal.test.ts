// The seal at an archive's end: every reader of gzip passes over it, and not one byte before it changes unseen.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import {
	readSeal,
	SEAL_BYTES,
	SealedStream,
	sealed,
} from "../../../../src/core/archive/gzip/seal.ts";
import { tinyOwnArchive } from "../../../helpers/damage.ts";
import {
	type Bytes,
	concat,
	noise,
	ownGzip,
} from "../../../helpers/hostile.ts";
import { python } from "../../../helpers/peer.ts";
import { Home } from "../../../helpers/program.ts";
import { succeed } from "../../../helpers/state.ts";
import { collect, expectSame, inPieces } from "../../../helpers/streams.ts";

let home: Home;
let own: Bytes;

beforeAll(async () => {
	home = new Home(null);
	own = await tinyOwnArchive();
	writeFileSync(home.at("own.tar.gz"), own);
});
afterAll(() => home[Symbol.dispose]());

describe("a backup", () => {
	test("ends with the SHA-256 of all bytes before, in the extra field of an empty gzip member", () => {
		const content = own.slice(0, -SEAL_BYTES);
		const hash = Bun.SHA256.hash(content) as Uint8Array;
		const head = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 36, 0];
		expectSame(
			own.slice(-SEAL_BYTES),
			concat(
				Uint8Array.of(...head),
				Buffer.from("VP"),
				Uint8Array.of(32, 0),
				hash,
				Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0),
			),
		);
	});

	test.each([
		["gzip", ["gzip", "-t", "own.tar.gz"]],
		["tar", ["tar", "xzf", "own.tar.gz", "-O", "library.db"]],
		[
			"Python",
			[
				python(),
				"-c",
				"import tarfile; assert len(tarfile.open('own.tar.gz').getmembers()) == 3",
			],
		],
	])("is read by %s", (_, command) => {
		succeed(command, home.path);
	});

	test("holds what it held without its seal", () => {
		const content = gunzipSync(own.slice(0, -SEAL_BYTES));
		expectSame(new Uint8Array(gunzipSync(own)), new Uint8Array(content));
	});
});

describe("a sealed stream", () => {
	const content = ownGzip(noise(5000), noise(300));

	test.each([1, 57, 58, 59, 4096])(
		"is read in pieces of %d bytes",
		async (pieceBytes) => {
			const whole = await collect(sealed(inPieces(content, pieceBytes)));
			expect(whole.byteLength).toBe(content.byteLength + SEAL_BYTES);
			const stream = new SealedStream(inPieces(whole, pieceBytes));
			expectSame(await collect(stream.content()), content);
			expect(stream.state).toBe("intact");
		},
	);

	test("has no bit that may change", async () => {
		const whole = await collect(sealed(inPieces(content.slice(0, 400), 400)));
		for (let bit = 0; bit < whole.byteLength * 8; bit++) {
			const copy = whole.slice();
			copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
			expect(await readSeal(inPieces(copy, 4096))).not.toBe("intact");
		}
		expect(await readSeal(inPieces(whole, 4096))).toBe("intact");
	});

	test("of which the content changed is refused at its end", async () => {
		const whole = await collect(sealed(inPieces(content, 4096)));
		const reading = collect(
			new SealedStream(inPieces(whole.with(77, 1), 4096)).content(),
		);
		await expect(reading).rejects.toMatchObject({ code: "INVALID_ARCHIVE" });
	});
});

test("a stream without a seal comes whole, and says so", async () => {
	for (const length of [0, 1, 58, 59, 5000]) {
		const bytes = noise(length);
		const stream = new SealedStream(inPieces(bytes, 100));
		expectSame(await collect(stream.content()), bytes);
		expect(stream.state).toBe("missing");
	}
});
