// Another process of ours that has made a scratch folder, and holds it until it is killed.

import { join } from "node:path";

export interface Holder {
	/** Its scratch folder. */
	readonly path: string;
	/** Kills it, so that it can't tidy up. */
	kill(): Promise<void>;
}

/**
 * Starts a process that makes a scratch folder in `parent`.
 * @param wrapper the beginning of its command: `unshare …`
 */
export async function startHolder(
	parent: string,
	wrapper: readonly string[] = [],
): Promise<Holder> {
	const module = join(
		import.meta.dir,
		"..",
		"..",
		"src",
		"ground",
		"scratch.ts",
	);
	const script = `
		const { makeScratch } = await import(${JSON.stringify(module)});
		const { path } = await makeScratch(${JSON.stringify(parent)});
		process.stdout.write(path);
		for await (const _ of Bun.stdin.stream());`;
	const child = Bun.spawn([...wrapper, process.execPath, "-e", script], {
		stdin: "pipe",
		stdout: "pipe",
		stderr: "inherit",
		timeout: 30_000,
	});
	const { value } = await child.stdout.getReader().read();
	return {
		path: new TextDecoder().decode(value),
		async kill() {
			child.kill("SIGKILL");
			await child.exited;
		},
	};
}
