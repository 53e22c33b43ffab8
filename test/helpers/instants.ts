// At what instants a run can be hit: times spread over it, or its system calls that change files.

import { binary, run } from "./program.ts";
import { copyOf, type Scene } from "./scene.ts";
import { trace } from "./trace.ts";

/** As the run enters its n-th call that changes files, or so long after its start. */
export type Instant = { readonly call: number } | { readonly ms: number };

/** The calls of an undisturbed run: each once at its first and once at its last turn, where it is done many times in a row. */
export async function callsOf(
	scene: Scene,
	args: readonly string[],
): Promise<{ readonly call: number; readonly name: string }[]> {
	using home = copyOf(scene.home);
	const { calls, exitCode, stderr } = await trace(home, args, {
		action: "count",
	});
	if (exitCode !== 0) throw new Error(stderr);
	return calls
		.map((name, index) => ({ call: index + 1, name }))
		.filter(({ name }, at) => name !== calls[at - 1] || name !== calls[at + 1]);
}

/** Of the calls of a run the first of each name on each file after each other one, however long the run is. */
export async function kindsOfCalls(
	scene: Scene,
	args: readonly string[],
): Promise<{ readonly call: number; readonly name: string }[]> {
	const calls = await callsOf(scene, args);
	const seen = new Set<string>();
	return calls.filter(({ name }, index) => {
		const kind = `${calls[index - 1]?.name} ${name}`;
		const isNew = !seen.has(kind);
		seen.add(kind);
		return isNew;
	});
}

/** So many instants, spread over the time that an undisturbed run takes. */
export async function instantsOf(
	scene: Scene,
	args: readonly string[],
	count: number,
): Promise<{ readonly ms: number }[]> {
	const times: number[] = [];
	for (let attempt = 0; attempt < 3; attempt++) {
		using home = copyOf(scene.home);
		const began = performance.now();
		await run(binary, home, args);
		times.push(performance.now() - began);
	}
	const most = Math.max(...times);
	return Array.from({ length: count }, (_, at) => ({
		ms: (most * (at + 0.5)) / count,
	}));
}

/** Runs `work` for all items, two at a time. */
export async function twoAtATime<T, R>(
	items: readonly T[],
	work: (item: T) => Promise<R>,
): Promise<R[]> {
	const queue = items.values();
	const found: R[] = [];
	const worker = async () => {
		for (const item of queue) found.push(await work(item));
	};
	await Promise.all([worker(), worker()]);
	return found;
}
