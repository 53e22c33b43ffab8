// Parallel gzip: blocks become independent members on all cores, and members become blocks again, in order.
// Memory is bounded by the number of workers and by what was prepared, never by the size of the stream.

import { AppError } from "../../ground/errors.ts";
import { usableCores } from "../work/cores.ts";
import { Thread } from "../work/thread.ts";
import {
	BLOCK_BYTES,
	MAX_MEMBER_BYTES,
	MEMBER_HEADER,
	release,
} from "./gzip/format.ts";
import type { GzipOperations } from "./gzip.worker.ts";

export { BLOCK_BYTES } from "./gzip/format.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The gzip level where nobody chose one; see the table of levels in docs/benchmarks.md for why. */
export const DEFAULT_LEVEL = 5;

/** As many gzip workers as the process may use cores, at most eight. */
export class GzipPool implements Disposable {
	readonly size: number;
	readonly #threads: Thread<GzipOperations>[] = [];
	/** Members that were made before anybody asked for them, by what they hold. */
	readonly #prepared = new Map<bigint, Promise<Bytes>>();
	#turn = 0;

	/** @param size the number of workers, at least 1 */
	constructor(size = usableCores()) {
		this.size = size;
	}

	/** Starts the workers, so that they are ready when there is work. */
	start(): void {
		const url = new URL("./gzip.worker.ts", import.meta.url);
		while (this.#threads.length < this.size) {
			this.#threads.push(new Thread(url));
		}
	}

	/** Blocks of at most BLOCK_BYTES become gzip members, each valid until the next. The blocks are moved away. */
	async *compress(
		blocks: AsyncIterable<Bytes>,
		level: number,
	): AsyncGenerator<Bytes> {
		try {
			yield* this.#inOrder(
				blocks,
				(block) => this.#takePrepared(block, level) ?? this.#gzip(block, level),
			);
		} finally {
			this.#prepared.clear();
		}
	}

	/**
	 * Compresses a block that `compress` may be asked for later; it is moved away.
	 * @returns the bytes of memory that it takes until then
	 */
	async prepare(block: Bytes, level: number): Promise<number> {
		const key = keyOf(block, level);
		const member = this.#gzip(block, level);
		this.#prepared.set(key, member);
		return (await member).byteLength;
	}

	/**
	 * Single members become blocks, each valid until the next.
	 * @throws AppError INVALID_ARCHIVE at the first damaged one
	 */
	decompress(members: AsyncIterable<GzipMembers>): AsyncIterable<Bytes> {
		return this.#inOrder(members, ({ bytes, isLast }) =>
			this.#nextThread().call("gunzip", bytes, isLast),
		);
	}

	[Symbol.dispose](): void {
		for (const thread of this.#threads) thread[Symbol.dispose]();
	}

	#gzip(block: Bytes, level: number): Promise<Bytes> {
		return this.#nextThread().call("gzip", block, level);
	}

	#takePrepared(block: Bytes, level: number): Promise<Bytes> | undefined {
		if (this.#prepared.size === 0) return undefined;
		const key = keyOf(block, level);
		const member = this.#prepared.get(key);
		if (member) release(block);
		this.#prepared.delete(key);
		return member;
	}

	#nextThread(): Thread<GzipOperations> {
		this.start();
		const thread = this.#threads[this.#turn++ % this.size];
		if (!thread) throw new Error("a gzip pool needs a worker");
		return thread;
	}

	// Two blocks a worker are under way, so that no worker waits for the next one.
	async *#inOrder<Input>(
		input: AsyncIterable<Input>,
		work: (input: Input) => Promise<Bytes>,
	): AsyncGenerator<Bytes> {
		const ahead = this.size * 2;
		const queue: Promise<Bytes>[] = [];
		for await (const next of input) {
			const result = work(next);
			result.catch(() => undefined);
			queue.push(result);
			if (queue.length >= ahead) yield* lend(await queue.shift());
		}
		for (const result of queue) yield* lend(await result);
	}
}

// Two blocks of one key are as good as impossible, and would show when the archive is read back.
function keyOf(block: Bytes, level: number): bigint {
	return BigInt(Bun.hash(block, level));
}

// What is yielded is valid until the next is asked for, so that its memory need not wait for the garbage collector.
function* lend(bytes: Bytes | undefined): Generator<Bytes> {
	if (!bytes) return;
	yield bytes;
	release(bytes);
}

/** One member, or several short ones; valid until the next is asked for. */
export interface GzipMembers {
	readonly bytes: Bytes;
	/** Whether they end the stream. */
	readonly isLast: boolean;
}

/** To ask a worker for each byte of a stream of members of one byte would take minutes. */
const MOST_TOGETHER_BYTES = 64 * 1024;

/**
 * Splits our own gzip stream at its member headers. Short members stay together, as long as they hold no more than a block.
 * @throws AppError INVALID_ARCHIVE: a member is longer than any of ours can be
 */
export async function* splitMembers(
	chunks: AsyncIterable<Bytes>,
): AsyncGenerator<GzipMembers> {
	let rest = ownBuffer(0);
	let together = { bytes: 0, declared: 0 };
	const take = () => {
		const bytes = new Uint8Array(rest.subarray(0, together.bytes));
		rest = rest.subarray(together.bytes);
		together = { bytes: 0, declared: 0 };
		return { bytes, isLast: false };
	};
	for await (const chunk of chunks) {
		const joined = ownBuffer(rest.byteLength + chunk.byteLength);
		joined.set(rest);
		joined.set(chunk, rest.byteLength);
		release(rest);
		rest = joined;
		for (;;) {
			const end = rest.indexOf(MEMBER_HEADER, together.bytes + 1);
			if (end < 0) break;
			const declared = together.declared + rest.readUInt32LE(end - 4);
			const isTooMuch = end > MOST_TOGETHER_BYTES || declared > BLOCK_BYTES;
			if (isTooMuch && together.bytes > 0) yield take();
			else together = { bytes: end, declared };
		}
		if (
			rest.length - together.bytes >
			MAX_MEMBER_BYTES + MEMBER_HEADER.length
		) {
			throw new AppError("INVALID_ARCHIVE", "damaged gzip data");
		}
	}
	if (together.bytes > 0) yield take();
	yield { bytes: new Uint8Array(rest), isLast: true };
}

// A buffer that shares its memory with no other, as Buffer's own small ones do.
function ownBuffer(byteLength: number): Buffer<ArrayBuffer> {
	return Buffer.from(new ArrayBuffer(byteLength));
}
