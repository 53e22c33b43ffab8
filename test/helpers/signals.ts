// When a signal will be heard: a process that has just begun dies of it without a word.

import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** Waits until a process has a handler for a signal. */
export async function handles(
	pid: number,
	signal: "SIGINT" | "SIGTERM" | "SIGHUP",
): Promise<void> {
	const bit = BigInt(constants.signals[signal] - 1);
	for (;;) {
		const status = readFileSync(`/proc/${pid}/status`, "utf8");
		const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
		if ((BigInt(`0x${mask}`) >> bit) & 1n) return;
		await Bun.sleep(5);
	}
}
