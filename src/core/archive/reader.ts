// Exact reads from a stream of chunks: so many bytes or an error, never fewer.

import { AppError } from "../../ground/errors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const INCOMPLETE = "its end is missing";

/** What is wrong with an archive that was cut off, by a full disk or a broken upload. */
export function incomplete(cause?: unknown): AppError {
	return new AppError("INVALID_ARCHIVE", INCOMPLETE, { cause });
}

export function isIncomplete(error: AppError): boolean {
	return error.message === INCOMPLETE;
}

export class ByteReader implements AsyncDisposable {
	readonly #chunks: AsyncIterator<Bytes>;
	#current: Bytes = new Uint8Array(0);

	constructor(chunks: AsyncIterable<Bytes>) {
		this.#chunks = chunks[Symbol.asyncIterator]();
	}

	/**
	 * Reads `count` bytes into one array; for small counts only.
	 * @throws AppError INVALID_ARCHIVE: the stream ends before
	 */
	async exactly(count: number): Promise<Bytes> {
		const bytes = new Uint8Array(count);
		let filled = 0;
		for await (const piece of this.pieces(count)) {
			bytes.set(piece, filled);
			filled += piece.byteLength;
		}
		return bytes;
	}

	/**
	 * The next `count` bytes, in the pieces in which they come.
	 * @throws AppError INVALID_ARCHIVE: the stream ends before
	 */
	async *pieces(count: number): AsyncGenerator<Bytes> {
		for (let left = count; left > 0; ) {
			if (this.#current.byteLength === 0 && !(await this.#advance())) {
				throw incomplete();
			}
			const piece = this.#current.subarray(0, left);
			this.#current = this.#current.subarray(piece.byteLength);
			left -= piece.byteLength;
			yield piece;
		}
	}

	/** Everything up to the end of the stream. */
	async *rest(): AsyncGenerator<Bytes> {
		do {
			yield this.#current;
		} while (await this.#advance());
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#chunks.return?.();
	}

	async #advance(): Promise<boolean> {
		const next = await this.#chunks.next();
		this.#current = next.done ? new Uint8Array(0) : next.value;
		return !next.done;
	}
}
