// A progress line on the terminal: the stage's name and how far it is. Nothing in a log, nothing for quick work.

import type { OnProgress, Progress } from "../core/work/progress.ts";
import type { Environment } from "../ground/settings.ts";
import { LINE_CHARACTERS } from "./format.ts";

const SHOW_AFTER_MS = 500;
const REDRAW_MS = 100;
const BAR_CHARACTERS = 30;
const STAGE_CHARACTERS = 18;

export interface ProgressLine extends Disposable {
	readonly onProgress: OnProgress | undefined;
	/** Takes the line back until there is something new to report, so that a question can be asked. */
	pause(): void;
}

/** Shows progress until disposed of, if stderr is a terminal that can take a line back. */
export function showProgress(environment: Environment): ProgressLine {
	const { TERM } = environment;
	const isTerminal = process.stderr.isTTY && TERM && TERM !== "dumb";
	if (!isTerminal) {
		const nothing = () => undefined;
		return { onProgress: undefined, pause: nothing, [Symbol.dispose]: nothing };
	}
	let latest: Progress | null = null;
	let isShown = false;
	const startedAt = performance.now();
	const timer = setInterval(() => {
		if (!latest || performance.now() - startedAt < SHOW_AFTER_MS) return;
		isShown = true;
		// A terminal that doesn't know its width, as in some containers, says 0.
		const columns = process.stderr.columns || LINE_CHARACTERS;
		process.stderr.write(`\r${render(latest, columns)}\x1b[K`);
	}, REDRAW_MS);
	const pause = () => {
		if (isShown) process.stderr.write("\r\x1b[K");
		isShown = false;
		latest = null;
	};
	return {
		onProgress: (progress) => {
			latest = progress;
		},
		pause,
		[Symbol.dispose]: () => {
			clearInterval(timer);
			pause();
		},
	};
}

// A line that fills its terminal would be wrapped, and then can't be taken back.
function render(
	{ stage, doneBytes, totalBytes }: Progress,
	columns: number,
): string {
	const name = stage.padEnd(STAGE_CHARACTERS);
	if (totalBytes === 0) return `${stage} …`.slice(0, columns - 1);
	const part = Math.min(1, doneBytes / totalBytes);
	const percent = `${String(Math.floor(part * 100)).padStart(3)}%`;
	const room = columns - 1 - `${name}  ${percent}`.length;
	const bar = Math.max(0, Math.min(BAR_CHARACTERS, room));
	const full = Math.round(part * bar);
	const drawn = "█".repeat(full) + "░".repeat(bar - full);
	return `${name} ${drawn} ${percent}`.slice(0, columns - 1);
}
