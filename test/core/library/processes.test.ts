// Which processes have a file open: found by what they hold, named as a person knows them.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	closeSync,
	linkSync,
	openSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { sidecars } from "../../../src/core/library/library.ts";
import {
	findHolders,
	formatHolders,
	holdersOf,
	knownFiles,
} from "../../../src/core/library/processes.ts";
import { Peer } from "../../helpers/peer.ts";
import { Home } from "../../helpers/program.ts";

let home: Home;
beforeEach(() => {
	home = new Home();
});
afterEach(() => home[Symbol.dispose]());

async function pidsOf(path = home.library): Promise<number[]> {
	const holders = await findHolders([path, ...sidecars(path)]);
	return holders.map(({ pid }) => pid);
}

describe("a process", () => {
	test.each([
		["that has it open, no more", []],
		[
			"that has read it in rollback mode",
			["PRAGMA journal_mode = DELETE", "SELECT * FROM _meta"],
		],
		["that has read it in WAL mode", ["SELECT * FROM _meta"]],
		["that is in a transaction", ["BEGIN IMMEDIATE"]],
	])("%s is found", async (_, statements) => {
		await using peer = await Peer.holding(home.library, statements);
		const [holder, ...others] = await findHolders([home.library]);
		expect(others).toEqual([]);
		expect(holder?.pid).toBe(peer.pid);
		expect(holder?.command).toContain("python3");
	});

	test("that came through a symbolic link is found", async () => {
		symlinkSync(home.library, home.at("link.db"));
		await using peer = await Peer.holding(home.at("link.db"), ["BEGIN"]);
		expect(await pidsOf()).toEqual([peer.pid]);
	});

	test("that has it locked under another name is found", async () => {
		linkSync(home.library, home.at("hard.db"));
		const statements = ["PRAGMA journal_mode = DELETE", "BEGIN IMMEDIATE"];
		await using peer = await Peer.holding(home.at("hard.db"), statements);
		expect(await pidsOf()).toEqual([peer.pid]);
	});

	test("that has a later file open which was given the number of a removed one is not found", async () => {
		const files = await knownFiles([home.library]);
		const removed = files.map((file) => ({ ...file, birthtimeMs: 1 }));
		await using peer = await Peer.holding(home.library, ["BEGIN IMMEDIATE"]);
		const unknown = files.map((file) => ({ ...file, birthtimeMs: 0 }));
		for (const told of [files, unknown]) {
			const pids = (await holdersOf(told)).map(({ pid }) => pid);
			expect(pids).toEqual([peer.pid]);
		}
		expect(await holdersOf(removed)).toEqual([]);
	});

	test("that has another library of the same name open is not found", async () => {
		using other = new Home();
		await using _ = await Peer.holding(other.library, ["BEGIN IMMEDIATE"]);
		expect(await pidsOf()).toEqual([]);
	});

	test("that has ended is not found, nor are we ourselves", async () => {
		await (await Peer.holding(home.library, ["BEGIN IMMEDIATE"])).kill();
		const file = openSync(home.library, "r");
		expect(await pidsOf()).toEqual([]);
		closeSync(file);
	});
});

test("several are found, in the order of their numbers", async () => {
	await using one = await Peer.holding(home.library, ["SELECT 1"]);
	await using other = await Peer.holding(home.library, ["SELECT 1"]);
	const pids = [one.pid, other.pid].sort((a, b) => a - b);
	expect(await pidsOf()).toEqual(pids);
});

test("a file that is not there is held by nobody", async () => {
	expect(await findHolders([home.at("nowhere")])).toEqual([]);
});

test("a long command is cut, its arguments are told apart", async () => {
	const path = home.at("file");
	writeFileSync(path, "");
	const words = Array.from({ length: 20 }, (_, at) => `argument-${at}`);
	const child = Bun.spawn(["tail", "-f", path, "--quiet"], {
		stdout: "ignore",
		stderr: "ignore",
	});
	const long = Bun.spawn(
		["sh", "-c", 'exec 3<"$0"; read line', path, ...words],
		{
			stdin: "pipe",
		},
	);
	try {
		while ((await findHolders([path])).length < 2) await Bun.sleep(10);
		const holders = await findHolders([path]);
		const commands = holders.map(({ command }) => command);
		expect(commands).toContain(`tail -f ${path} --quiet`);
		const cut = commands.find((command) => command.startsWith("sh"));
		expect(cut).toHaveLength(60);
		expect(cut).toEndWith("…");
	} finally {
		child.kill();
		long.kill();
	}
});

test("holders are named in one line", () => {
	expect(
		formatHolders([
			{ pid: 12, command: "vpo serve" },
			{ pid: 345, command: "" },
		]),
	).toBe("vpo serve (pid 12), a process (pid 345)");
});
