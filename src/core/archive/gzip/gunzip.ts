// Any other gzip stream than ours, VPO's own archives above all: in one thread, and as strictly as our members.

import { createGunzip } from "node:zlib";
import { AppError } from "../../../ground/errors.ts";
import { damagedGzip } from "./format.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Decompresses any gzip stream, one thread, strictly: every CRC, and nothing after the end.
 * @throws AppError INVALID_ARCHIVE
 */
export async function* gunzipStream(
	chunks: AsyncIterable<Bytes>,
): AsyncGenerator<Bytes> {
	const gunzip = createGunzip({ chunkSize: 256 * 1024 });
	let givenBytes = 0;
	let wake = () => {};
	// A stream that has ended, well or not, drains no more: it only closes.
	for (const event of ["drain", "close"]) gunzip.on(event, () => wake());
	const drained = () =>
		new Promise<void>((resolve) => {
			wake = resolve;
			if (gunzip.destroyed) resolve();
		});
	const feed = async () => {
		for await (const chunk of chunks) {
			givenBytes += chunk.byteLength;
			if (!gunzip.write(chunk.slice())) await drained();
			if (gunzip.destroyed) return;
		}
		gunzip.end();
	};
	const fed = feed().catch((error: Error) => gunzip.destroy(error));
	try {
		for await (const block of gunzip) yield block as Bytes;
	} catch (cause) {
		if (cause instanceof AppError) throw cause;
		throw damagedGzip(cause);
	} finally {
		gunzip.destroy();
		await fed;
	}
	// zlib passes over zero bytes behind the last member, and takes no more then.
	if (gunzip.bytesWritten !== givenBytes) {
		throw new AppError("INVALID_ARCHIVE", "something follows its end");
	}
}
