// The thread of one call that may never return.

import { rmSync } from "node:fs";
import { askForLock } from "./flock.ts";

const calls = {
	lock: askForLock,
	/** Removes a folder with all it holds. */
	remove: async (path: string) =>
		rmSync(path, { recursive: true, force: true }),
};

export type Calls = typeof calls;

/** What became of a call. */
export type Reply<T> =
	| { readonly result: T }
	| { readonly code: string; readonly message: string };

const port = globalThis as unknown as Worker;
port.onmessage = async ({ data }: MessageEvent<[keyof Calls, string]>) => {
	const [call, path] = data;
	const make: (path: string) => Promise<unknown> = calls[call];
	port.postMessage(await reply(() => make(path)));
};

async function reply<T>(make: () => Promise<T>): Promise<Reply<T>> {
	try {
		return { result: await make() };
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		return { code: code ?? "", message };
	}
}
