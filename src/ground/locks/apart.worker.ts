// The thread of one call that may never return.

import { rmSync, writeSync } from "node:fs";
import { copyAccess } from "../rights/copy.ts";
import { askForLock } from "./flock.ts";

const FULL_PIPE_WAIT_MS = 5;

const calls = {
	lock: askForLock,
	copyAccess,
	/** Removes a folder with all it holds. */
	remove: async (path: string) => {
		rmSync(path, { recursive: true, force: true });
		return true;
	},
	/** Writes all of it, at the reader's pace. */
	write: async ({ descriptor, bytes }: Text) => {
		for (let at = 0; at < bytes.byteLength; ) {
			at += writeSome(descriptor, bytes.subarray(at));
		}
		return true;
	},
};

interface Text {
	readonly descriptor: number;
	readonly bytes: Uint8Array;
}

function writeSome(descriptor: number, bytes: Uint8Array): number {
	try {
		return writeSync(descriptor, bytes);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
		Bun.sleepSync(FULL_PIPE_WAIT_MS);
		return 0;
	}
}

export type Calls = typeof calls;

/** What became of a call. */
export type Reply<T> =
	| { readonly result: T }
	| { readonly code: string; readonly message: string };

const port = globalThis as unknown as Worker;
port.onmessage = async ({ data }: MessageEvent<[keyof Calls, never]>) => {
	const [call, argument] = data;
	port.postMessage(await reply<unknown>(() => calls[call](argument)));
};

async function reply<T>(make: () => Promise<T>): Promise<Reply<T>> {
	try {
		return { result: await make() };
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		return { code: code ?? "", message };
	}
}
