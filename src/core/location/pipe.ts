// A location that keeps nothing: what is published here goes to whoever reads on the other side.

import { AppError } from "../../ground/errors.ts";
import type { Location } from "./location.ts";
import { State } from "./memory/state.ts";

/** Takes all pieces in their order, and resolves when the last one has been taken. */
export type Pipe = (
	pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
	signal: AbortSignal | undefined,
) => Promise<void>;

/** What stands for a path there. */
export const PIPE_NAME = "stdout";

/** The location that a pipe is. */
export function openPipe(): Location {
	const nothing = async () => undefined;
	const refuse = async () => {
		throw new AppError("OPERATION_FAILED", "a pipe keeps no backups");
	};
	return {
		address: PIPE_NAME,
		folder: null,
		mostBytes: null,
		looksFile: null,
		pathOf: () => PIPE_NAME,
		elsewhere: openPipe,
		nextAttempt: (attempt) => attempt + 1,
		names: async () => [],
		list: async () => [],
		find: async () => null,
		requirePresent: nothing,
		requireWritable: nothing,
		make: nothing,
		publish: refuse,
		replace: refuse,
		remove: refuse,
		mend: refuse,
		listDamaged: async () => [],
		identify: refuse,
		readState: async () => new State(new Map(), null),
		remember: refuse,
	};
}
