// What is put into a store: a file or a short text, with its length and its SHA-256, so that what arrives is what was sent.

import { AppError } from "../../../ground/errors.ts";
import { type OnBytes, readPieces } from "../../../ground/files.ts";
import { formatBytes } from "../../../ground/units.ts";

/** The most that one PUT takes, by the S3 protocol. */
export const MOST_OBJECT_BYTES = 5 * 1024 ** 3;

/** A body that can be sent more than once. */
export interface Body {
	readonly sizeBytes: number;
	/** In hexadecimal. */
	readonly sha256: string;
	/** @param moved to be called whenever a piece of it is taken */
	open(moved: () => void): Bun.BodyInit;
}

/** A file as a body. It must stay as it is until it is sent. */
export function fileBody(
	path: string,
	{ sizeBytes, sha256 }: { sizeBytes: number; sha256: string },
	onBytes?: OnBytes,
): Body {
	const open = (moved: () => void) => {
		// A file as such would be loaded as a whole where the line is encrypted.
		const reader = Bun.file(path).stream().getReader();
		let sentBytes = 0;
		return new ReadableStream<Uint8Array>({
			async pull(controller) {
				const { done, value } = await reader.read();
				moved();
				sentBytes += value?.byteLength ?? 0;
				onBytes?.(sentBytes);
				if (done) controller.close();
				else controller.enqueue(value);
			},
			cancel: (reason) => reader.cancel(reason),
		});
	};
	return { sizeBytes, sha256, open };
}

/** A short text as a body. */
export function textBody(text: string): Body {
	const bytes = new TextEncoder().encode(text);
	return {
		sizeBytes: bytes.byteLength,
		sha256: Bun.SHA256.hash(bytes, "hex"),
		open: () => bytes,
	};
}

/**
 * Sums up a file that is to be sent.
 * @throws AppError OPERATION_FAILED: it is longer than one PUT takes
 */
export async function archiveBody(
	path: string,
	at: string,
	signal: AbortSignal | undefined,
	onBytes?: OnBytes,
): Promise<Body> {
	const hash = new Bun.CryptoHasher("sha256");
	let sizeBytes = 0;
	for await (const piece of readPieces(path, signal)) {
		hash.update(piece);
		sizeBytes += piece.byteLength;
	}
	if (sizeBytes > MOST_OBJECT_BYTES) {
		const most = formatBytes(MOST_OBJECT_BYTES);
		throw new AppError(
			"OPERATION_FAILED",
			`the archive is larger than the ${most} that a store takes at once: ${at}`,
			{ hint: "back up to a folder" },
		);
	}
	return fileBody(path, { sizeBytes, sha256: hash.digest("hex") }, onBytes);
}
