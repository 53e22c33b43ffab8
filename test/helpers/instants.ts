// At what instants a run can be hit: times spread over it, or its system calls that change files.

import { binary, run } from "./program.ts";
import { copyOf, type Scene } from "./scene.ts";
import { trace } from "./trace.ts";

/** As the run enters its n-th call that changes files, or so long after its start. */
export type Instant = { readonly call: number } | { readonly ms: number };

/** A call of an undisturbed run, and its number. */
export interface TracedCall {
	readonly call: number;
	/** With its paths. */
	readonly name: string;
}

/** The calls of an undisturbed run: each once at its first and once at its last turn, where it is done many times in a row. */
export async function callsOf(
	scene: Scene,
	args: readonly string[],
): Promise<TracedCall[]> {
	using home = copyOf(scene.home);
	const { calls, exitCode, stderr } = await trace(home, args, {
		action: "count",
	});
	if (exitCode !== 0) throw new Error(stderr);
	return calls
		.map((name, index) => ({ call: index + 1, name }))
		.filter(({ name }, at) => name !== calls[at - 1] || name !== calls[at + 1]);
}

/** Whether a call changes what stays when the run has ended: not a scratch folder, a claim or a file that has no name. */
export function isLasting({ name }: TracedCall): boolean {
	const path = name.slice(name.lastIndexOf(" /"));
	return !/\/\.vpo-(scratch|publishing)|\.claim(\/|$)|\(deleted\)$/.test(path);
}

/**
 * Of the calls of a run one of each kind. Whatever hits a call finds what stays as the last lasting call left it, and
 * some scratch beside it: so lasting calls count as often as they follow different ones and stand behind different
 * names, and all others once.
 */
export function kindsAmong(calls: readonly TracedCall[]): TracedCall[] {
	const seen = new Set<string>();
	let before = "";
	let named = "";
	return calls.filter((call) => {
		const role = roleOf(call);
		let kind = role;
		if (isLasting(call)) {
			kind = [named, before, role].join("; ");
			before = role;
			if (/^(link|rename)/.test(role)) named = role;
		}
		const isNew = !seen.has(kind);
		seen.add(kind);
		return isNew;
	});
}

/** As `kindsAmong`, of an undisturbed run, however long it is. */
export async function kindsOfCalls(
	scene: Scene,
	args: readonly string[],
): Promise<TracedCall[]> {
	return kindsAmong(await callsOf(scene, args));
}

/** A call's name and what its files are for, whatever the run, its process and the time. */
function roleOf({ name }: TracedCall): string {
	return name
		.replaceAll(/\d+-\d*-[0-9a-f]{16}-[0-9a-f]{8}/g, "OWNER")
		.replace(/#\d+ \(deleted\)$/, "NAMELESS")
		.replaceAll(/\d{4}-\d\d-\d\dT\d{6}Z/g, "TIME");
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
