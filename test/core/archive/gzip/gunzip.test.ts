// Gzip streams that are not ours: read to the last byte, or refused.

import { describe, expect, test } from "bun:test";
import { gunzipStream } from "../../../../src/core/archive/gzip/gunzip.ts";
import {
	type Bytes,
	concat,
	gzip,
	noise,
	OWN_HEADER,
} from "../../../helpers/hostile.ts";
import { collect, expectSame, inPieces } from "../../../helpers/streams.ts";

const MIB = 1024 * 1024;

describe("a foreign gzip stream", () => {
	const bytes = noise(3 * MIB);
	const stream = gzip(bytes);

	test.each([1, 10_000, MIB])("comes back in pieces of %d", async (size) => {
		const [given, want] =
			size === 1
				? [gzip(bytes.slice(0, 5000)), bytes.slice(0, 5000)]
				: [stream, bytes];
		const result = await collect(gunzipStream(inPieces(given, size)));
		expectSame(result, want);
	});

	test("of several members comes back", async () => {
		const members = concat(stream, gzip(bytes.slice(0, 9)), stream);
		const result = await collect(gunzipStream(inPieces(members, 10_000)));
		expect(result.byteLength).toBe(2 * bytes.byteLength + 9);
	});

	test.each([
		["zeros behind its end", concat(stream, new Uint8Array(5 * MIB))],
		["one zero byte behind its end", concat(stream, new Uint8Array(1))],
		["text behind its end", concat(stream, Buffer.from("text"))],
		["half a header behind its end", concat(stream, OWN_HEADER.slice(0, 5))],
		["a byte missing", stream.slice(0, -1)],
		["only a header", stream.slice(0, 10)],
		["half a header", stream.slice(0, 5)],
		["a wrong CRC", stream.with(-8, (stream.at(-8) ?? 0) ^ 1)],
		["a wrong length", stream.with(-1, (stream.at(-1) ?? 0) ^ 1)],
		["garbage from the start", noise(3 * MIB)],
	])(
		"is refused with %s, wherever a piece of it ends",
		async (_, damaged) => {
			for (const pieceBytes of [4096, stream.byteLength, MIB]) {
				const reading = collect(gunzipStream(inPieces(damaged, pieceBytes)));
				await expect(reading).rejects.toMatchObject({
					code: "INVALID_ARCHIVE",
				});
			}
		},
		20_000,
	);

	test("lets go of its file when it is refused, or read no further", async () => {
		let open = 0;
		const watched = async function* (given: Bytes) {
			open++;
			try {
				yield* inPieces(given, 10_000);
			} finally {
				open--;
			}
		};
		await collect(gunzipStream(watched(noise(MIB)))).catch(() => undefined);
		expect(open).toBe(0);
		for await (const _ of gunzipStream(watched(stream))) break;
		expect(open).toBe(0);
	});

	test("fails with the error of the file it comes from", async () => {
		const failing = async function* (): AsyncGenerator<Bytes> {
			yield stream.slice(0, 5000);
			throw new Error("input/output error");
		};
		const reading = collect(gunzipStream(failing()));
		await expect(reading).rejects.toMatchObject({
			cause: { message: "input/output error" },
		});
	});
});
