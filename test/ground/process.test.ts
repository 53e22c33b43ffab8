// A process that waits for slow files goes on with others.

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Home } from "../helpers/program.ts";

const MODULE = join(import.meta.dir, "../../src/ground/process.ts");

// Each open of a FIFO keeps a thread until somebody writes, as a share does until it answers.
const SCRIPT = `
	import { execFileSync } from "node:child_process";
	import { open, stat } from "node:fs/promises";
	import { waitForManyFiles } from ${JSON.stringify(MODULE)};
	await waitForManyFiles();
	for (let index = 0; index < 12; index++) {
		execFileSync("mkfifo", ["fifo" + index]);
		open("fifo" + index);
	}
	await stat("/");
	const isSeen = "UV_THREADPOOL_SIZE" in process.env;
	console.log(isSeen ? "seen by what we start" : "answered");
	process.kill(process.pid, "SIGKILL"); // the threads wait on
`;

test("twelve files that do not answer keep no other from being asked", async () => {
	using home = new Home(null);
	// From source Bun has its threads before our first line.
	writeFileSync(home.at("wait.ts"), SCRIPT);
	const build = ["build", "--compile", "--format=esm", "wait.ts"];
	const built = Bun.spawn(
		[process.execPath, ...build, "--outfile", home.at("wait")],
		{ cwd: home.path, stdout: "ignore" },
	);
	expect(await built.exited).toBe(0);
	const child = Bun.spawn([home.at("wait")], {
		cwd: home.path,
		env: { PATH: process.env.PATH },
		timeout: 10_000,
		killSignal: "SIGKILL",
	});
	expect(await child.stdout.text()).toBe("answered\n");
});
