// What long work tells while it goes on. Core only reports; the command line decides whether anybody sees it.

import { stat } from "node:fs/promises";

/** One report: how far a stage is, in bytes. `totalBytes` 0 means that nobody can know. */
export interface Progress {
	readonly stage: string;
	readonly doneBytes: number;
	readonly totalBytes: number;
}

export type OnProgress = (progress: Progress) => void;

/** A byte counter for one stage. */
export function stageCounter(
	onProgress: OnProgress | undefined,
	stage: string,
	totalBytes: number,
): (doneBytes: number) => void {
	const report = (doneBytes: number) =>
		onProgress?.({
			stage,
			doneBytes: Math.min(doneBytes, totalBytes),
			totalBytes,
		});
	report(0);
	return report;
}

/** Reports a file's size every now and then while another thread writes it, until disposed of. */
export function watchSize(
	path: string,
	onBytes: (doneBytes: number) => void,
): Disposable {
	const look = () =>
		stat(path).then(
			({ size }) => onBytes(size),
			() => undefined, // not there yet
		);
	const timer = setInterval(look, 200);
	return { [Symbol.dispose]: () => clearInterval(timer) };
}
