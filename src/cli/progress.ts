// A progress line on the terminal: the stage's name and how far it is. Nothing in a log, nothing for quick work.

import type { OnProgress, Progress } from "../core/progress.ts";
import type { Environment } from "../settings.ts";

const SHOW_AFTER_MS = 500;
const REDRAW_MS = 100;
const BAR_CHARACTERS = 30;

export interface ProgressLine extends Disposable {
	readonly onProgress: OnProgress | undefined;
}

/** Shows progress until disposed of, if stderr is a terminal that can take a line back. */
export function showProgress(environment: Environment): ProgressLine {
	const { TERM } = environment;
	const isTerminal = process.stderr.isTTY && TERM && TERM !== "dumb";
	if (!isTerminal) {
		return { onProgress: undefined, [Symbol.dispose]: () => undefined };
	}
	let latest: Progress | null = null;
	let isShown = false;
	const startedAt = performance.now();
	const timer = setInterval(() => {
		if (!latest || performance.now() - startedAt < SHOW_AFTER_MS) return;
		isShown = true;
		process.stderr.write(`\r${render(latest)}\x1b[K`);
	}, REDRAW_MS);
	return {
		onProgress: (progress) => {
			latest = progress;
		},
		[Symbol.dispose]: () => {
			clearInterval(timer);
			if (isShown) process.stderr.write("\r\x1b[K");
		},
	};
}

function render({ stage, doneBytes, totalBytes }: Progress): string {
	if (totalBytes === 0) return `${stage} …`;
	const part = Math.min(1, doneBytes / totalBytes);
	const full = Math.round(part * BAR_CHARACTERS);
	const bar = "█".repeat(full) + "░".repeat(BAR_CHARACTERS - full);
	return `${stage.padEnd(18)} ${bar} ${String(Math.floor(part * 100)).padStart(3)}%`;
}
