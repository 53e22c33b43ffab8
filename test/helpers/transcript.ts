// What a running program says, as it says it: tests wait for a line instead of sleeping.

/** Collects a stream; `until` resolves as soon as what has come so far matches. */
export class Transcript {
	text = "";
	/** Resolves with all of it when the stream ends. */
	readonly ended: Promise<string>;
	readonly #waiting: (() => void)[] = [];
	#hasEnded = false;

	constructor(stream: ReadableStream<Uint8Array>) {
		this.ended = this.#collect(stream);
	}

	/** @throws Error if the stream ends before */
	async until(pattern: RegExp): Promise<RegExpExecArray> {
		for (;;) {
			const match = pattern.exec(this.text);
			if (match) return match;
			if (this.#hasEnded) {
				throw new Error(`ended without ${pattern}:\n${this.text}`);
			}
			const { promise, resolve } = Promise.withResolvers<void>();
			this.#waiting.push(resolve);
			await promise;
		}
	}

	async #collect(stream: ReadableStream<Uint8Array>): Promise<string> {
		const decoder = new TextDecoder();
		for await (const bytes of stream) {
			this.text += decoder.decode(bytes, { stream: true });
			this.#wake();
		}
		this.#hasEnded = true;
		this.#wake();
		return this.text;
	}

	#wake(): void {
		for (const wake of this.#waiting.splice(0)) wake();
	}
}
