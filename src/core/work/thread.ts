// A worker thread that serves named operations: calls go in, results or errors come back.
// The main thread never blocks, so Ctrl-C and progress work while SQLite or gzip are busy.

import { AppError, causeOf, type ErrorCode } from "../../ground/errors.ts";
import { isEnding, requireDescriptors } from "../../ground/process.ts";

/** What a thread opens for itself, and a few for its work. */
const DESCRIPTORS = 12;

/** The operations that a worker serves; arguments and results must survive structured clone. */
export type Operations = Record<string, (...args: never[]) => unknown>;

interface Request {
	readonly id: number;
	readonly operation: string;
	readonly args: readonly unknown[];
}

/** An error as it crosses from one thread or process to another. */
export interface PlainError {
	readonly code: ErrorCode | null;
	readonly message: string;
	readonly hint: string | undefined;
	readonly isDamage: boolean;
	readonly stack: string | undefined;
}

type Response =
	| { readonly id: number; readonly result: unknown }
	| { readonly id: number; readonly error: PlainError };

/** Called once at the top of a worker file. */
export function serve(operations: Operations): void {
	const port = globalThis as unknown as Worker;
	port.onmessage = ({ data }: MessageEvent<Request>) => {
		try {
			const run = operations[data.operation] as (...args: unknown[]) => unknown;
			const result = run(...data.args);
			port.postMessage({ id: data.id, result }, transferable([result]));
		} catch (error) {
			port.postMessage({ id: data.id, error: plain(error) });
		}
	};
}

/** The calling side of a worker. Ending it ends the thread, whatever it is doing. */
export class Thread<Ops extends Operations> implements Disposable {
	readonly #worker: Worker;
	readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
	#nextId = 0;
	/** Why no call can succeed any more: a dead worker answers nothing, so this must. */
	#ended: Error | null = null;

	/** @throws AppError OPERATION_FAILED: too few files can be opened */
	constructor(url: URL) {
		requireDescriptors(DESCRIPTORS);
		this.#worker = new Worker(url, { smol: true });
		this.#worker.onmessage = ({ data }: MessageEvent<Response>) => {
			const call = this.#pending.get(data.id);
			this.#pending.delete(data.id);
			if ("error" in data) call?.reject(revive(data.error));
			else call?.resolve(data.result);
			if (this.#pending.size === 0) this.#worker.unref();
		};
		this.#worker.onerror = (event) => this.#end(new Error(event.message));
		this.#worker.addEventListener("close", () => {
			this.#end(new Error("a worker thread ended by itself"));
		});
		this.#worker.unref();
	}

	/** Runs one operation in the worker. Byte arrays that own their buffer are moved, not copied. */
	call<K extends keyof Ops & string>(
		operation: K,
		...args: Parameters<Ops[K]>
	): Promise<ReturnType<Ops[K]>> {
		if (this.#ended !== null) return Promise.reject(this.#ended);
		const call = Promise.withResolvers<unknown>();
		const id = this.#nextId++;
		this.#pending.set(id, call);
		this.#worker.ref();
		this.#worker.postMessage({ id, operation, args }, transferable(args));
		return call.promise as Promise<ReturnType<Ops[K]>>;
	}

	/** Waits until all calls so far are answered, well or not. */
	async settled(): Promise<void> {
		const calls = [...this.#pending.values()];
		await Promise.allSettled(calls.map(({ promise }) => promise));
	}

	[Symbol.dispose](): void {
		// One that is deep in a file system which hangs can't be ended, and who tries waits as long. It ends with the process.
		const mayHang = this.#pending.size > 0 && isEnding();
		if (mayHang) this.#worker.unref();
		else this.#worker.terminate();
		this.#end(new AppError("INTERRUPTED", "interrupted"));
	}

	#end(error: Error): void {
		this.#ended ??= error;
		for (const call of this.#pending.values()) {
			call.promise.catch(() => undefined);
			call.reject(error);
		}
		this.#pending.clear();
	}
}

/** Rejects as soon as the signal fires, even while `work` is deep in native code. */
export async function abortable<T>(
	work: Promise<T>,
	signal: AbortSignal | undefined,
): Promise<T> {
	signal?.throwIfAborted();
	if (!signal) return work;
	const { promise, reject } = Promise.withResolvers<never>();
	const abort = () => reject(signal.reason);
	signal.addEventListener("abort", abort, { once: true });
	work.catch(() => undefined);
	try {
		return await Promise.race([work, promise]);
	} finally {
		signal.removeEventListener("abort", abort);
	}
}

function transferable(values: readonly unknown[]): ArrayBuffer[] {
	return values.flatMap((value) =>
		value instanceof Uint8Array &&
		value.buffer instanceof ArrayBuffer &&
		value.byteLength === value.buffer.byteLength
			? [value.buffer]
			: [],
	);
}

export function plain(thrown: unknown): PlainError {
	const error = causeOf(thrown);
	if (error instanceof AppError) {
		const { code, message, hint, isDamage, stack } = error;
		return { code, message, hint, isDamage, stack };
	}
	const { message, stack } = error as Error;
	return { code: null, message, hint: undefined, isDamage: false, stack };
}

export function revive({
	code,
	stack,
	message,
	...options
}: PlainError): Error {
	const error =
		code === null ? new Error(message) : new AppError(code, message, options);
	if (stack !== undefined) error.stack = stack;
	return error;
}
