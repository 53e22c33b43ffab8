// Containers share a machine and its folders, but not the numbers of their processes.

import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { startHolder } from "../helpers/holder.ts";
import { requireRoot } from "../helpers/mounts.ts";
import { binary, Home, type Program, run } from "../helpers/program.ts";
import { Share } from "../helpers/share.ts";
import { scratchIn } from "../helpers/state.ts";

const NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child"];
const CONTAINER = [...NAMESPACE, "--mount-proc"];

/** The program in a PID namespace of its own. */
function inside(namespace: readonly string[]): Program {
	requireRoot("it makes PID namespaces");
	return { name: "inside", command: [...namespace, ...binary.command] };
}

test.each([
	["outside", NAMESPACE],
	["outside of the one outside", [...NAMESPACE, ...NAMESPACE]],
])(
	"a restore does not take itself for another where /proc is that of the namespace %s",
	async (_, namespace) => {
		using home = new Home();
		const before = contentOf(home.library);
		expect((await run(binary, home, ["library", "backup"])).exitCode).toBe(0);
		for (const what of ["latest", "--undo", "--only-missing latest"]) {
			const args = ["library", "restore", "--yes", ...what.split(" ")];
			const { exitCode, stderr } = await run(inside(namespace), home, args);
			expect({ what, exitCode, stderr }).toEqual({
				what,
				exitCode: 0,
				stderr: "",
			});
		}
		expect(contentOf(home.library)).toEqual(before);
	},
);

test("what three killed containers leave is removed by the fourth, which leaves a living one alone", async () => {
	using home = new Home();
	mkdirSync(home.backups);
	const start = () => startHolder(home.backups, CONTAINER);
	const killed = [await start(), await start(), await start()];
	for (const { path } of killed) {
		writeFileSync(join(path, "backup.tar.gz"), "half a backup");
	}
	const living = await start();
	for (const holder of killed) await holder.kill();
	expect(scratchIn(home.backups)).toHaveLength(4);
	const { exitCode } = await run(inside(CONTAINER), home, [
		"library",
		"backup",
	]);
	expect(exitCode).toBe(0);
	expect(scratchIn(home.backups)).toEqual([living.path]);
	await living.kill();
});

test("on a share that gives all to one user, too", async () => {
	await using share = await Share.mount("owner=41210");
	using home = new Home();
	const killed = await startHolder(share.path, CONTAINER);
	await killed.kill();
	const living = await startHolder(share.path, CONTAINER);
	const args = ["library", "backup", "--output", `${share.path}/`];
	const { exitCode, stderr } = await run(inside(CONTAINER), home, args);
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
	expect(scratchIn(share.path)).toEqual([living.path]);
	await living.kill();
});
