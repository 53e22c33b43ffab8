// Containers share a machine and its folders, but not the numbers of their processes.

import { expect, test } from "bun:test";
import { contentOf } from "../helpers/content.ts";
import { requireRoot } from "../helpers/mounts.ts";
import { binary, Home, type Program, run } from "../helpers/program.ts";

/** The program in a PID namespace of its own. */
function inNamespace(...options: readonly string[]): Program {
	requireRoot("it makes PID namespaces");
	const command = ["unshare", "--pid", "--fork", ...options, ...binary.command];
	return { name: "in a namespace", command };
}

test("a restore does not take itself for another where /proc is that of the namespace outside", async () => {
	using home = new Home();
	const before = contentOf(home.library);
	expect((await run(binary, home, ["library", "backup"])).exitCode).toBe(0);
	const args = ["library", "restore", "--yes", "latest"];
	const { exitCode, stderr } = await run(inNamespace(), home, args);
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
	expect(contentOf(home.library)).toEqual(before);
});
