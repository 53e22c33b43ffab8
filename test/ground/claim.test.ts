// Claims: one process at a time, and a killed one is in nobody's way.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readlinkSync,
	rmdirSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { takeClaim } from "../../src/ground/claim.ts";
import { makeScratch } from "../../src/ground/scratch.ts";
import { Home } from "../helpers/program.ts";

let home: Home;
let path: string;

beforeEach(() => {
	home = new Home(null);
	path = home.at("claim");
});

afterEach(() => home[Symbol.dispose]());

async function startHolder() {
	const script = join(import.meta.dir, "..", "helpers", "claimer.ts");
	const child = Bun.spawn([process.execPath, script, path], {
		stdin: "pipe",
		stdout: "pipe",
		stderr: "inherit",
		timeout: 30_000,
	});
	const reader = child.stdout.getReader();
	await reader.read();
	return child;
}

test("a claim is free again once it is given up", async () => {
	await using scratch = await makeScratch(home.path);
	for (let round = 0; round < 3; round++) {
		await using _ = await takeClaim(path, scratch);
		expect(readdirSync(path)).toEqual([scratch.owner]);
	}
	expect(existsSync(path)).toBe(false);
});

test("waits for a living holder", async () => {
	const holder = await startHolder();
	await using scratch = await makeScratch(home.path);
	const taken = takeClaim(path, scratch);
	const first = await Promise.race([taken, Bun.sleep(200)]);
	expect(first).toBeUndefined();
	holder.stdin.end();
	await using _ = await taken;
	expect(await holder.exited).toBe(0);
	expect(readdirSync(path)).toEqual([scratch.owner]);
});

test("takes over at once from a killed holder", async () => {
	const holder = await startHolder();
	holder.kill("SIGKILL");
	await holder.exited;
	expect(readdirSync(path)).toHaveLength(1);
	await using scratch = await makeScratch(home.path);
	const startedAt = performance.now();
	await using _ = await takeClaim(path, scratch);
	expect(performance.now() - startedAt).toBeLessThan(2000);
	expect(readdirSync(path)).toEqual([scratch.owner]);
});

describe("who makes a scratch folder", () => {
	beforeEach(() => {
		path = home.at("library.db.vpo.json.claim");
	});

	test("removes the claims of killed holders, and what is left of one", async () => {
		const holder = await startHolder();
		holder.kill("SIGKILL");
		await holder.exited;
		mkdirSync(home.at(".vpo-publishing"));
		await using _ = await makeScratch(home.path);
		expect(existsSync(path)).toBe(false);
		expect(existsSync(home.at(".vpo-publishing"))).toBe(false);
	});

	test("leaves alone those of living ones, of other machines, and what is no claim of ours", async () => {
		const holder = await startHolder();
		const others = [
			".vpo-state.json.claim/1-123-0badcafe00000000-12345678",
			".vpo-publishing/@eaDir",
			"other.claim",
		];
		for (const name of others) mkdirSync(home.at(name), { recursive: true });
		await using _ = await makeScratch(home.path);
		expect(readdirSync(path)).toHaveLength(1);
		for (const name of others) expect(existsSync(home.at(name))).toBe(true);
		holder.kill("SIGKILL");
	});
});

test("gives up on a living holder that hangs, and leaves it its claim", async () => {
	const holder = await startHolder();
	const before = readdirSync(path);
	await using scratch = await makeScratch(home.path);
	const taken = takeClaim(path, scratch, undefined, 50);
	await expect(taken).rejects.toMatchObject({
		code: "OPERATION_FAILED",
		message: expect.stringContaining(`pid ${holder.pid}`),
	});
	expect(readdirSync(path)).toEqual(before);
	holder.kill("SIGKILL");
});

test("takes over from another machine's holder once it has had its time", async () => {
	mkdirSync(join(path, "1-123-0badcafe-12345678"), { recursive: true });
	await using scratch = await makeScratch(home.path);
	const startedAt = performance.now();
	await using _ = await takeClaim(path, scratch, undefined, 300);
	expect(performance.now() - startedAt).toBeGreaterThan(300);
	expect(readdirSync(path)).toEqual([scratch.owner]);
});

describe("what is not ours is removed only if it is an empty folder, and never waited for without end", () => {
	test.each([
		["@eaDir/x@SynoEAStream", "a folder of a NAS"],
		["Thumbs.db", "a file"],
		[
			"1-123-0badcafe00000000-12345678/@eaDir",
			"a folder of a NAS in that of a dead owner",
		],
	])("%s, %s in the claim", async (name) => {
		const foreign = join(path, name);
		mkdirSync(dirname(foreign), { recursive: true });
		writeFileSync(foreign, "");
		await using scratch = await makeScratch(home.path);
		const taken = takeClaim(path, scratch, undefined, 50);
		const [first = ""] = name.split("/");
		await expect(taken).rejects.toMatchObject({
			code: "OPERATION_FAILED",
			message: `this is not vpo's, and in its way: ${join(path, first)}`,
		});
		expect(existsSync(foreign)).toBe(true);
	});

	test("a file in the place of the claim", async () => {
		writeFileSync(path, "");
		await using scratch = await makeScratch(home.path);
		await expect(takeClaim(path, scratch)).rejects.toMatchObject({
			message: `this is not vpo's, and in its way: ${path}`,
		});
		expect(existsSync(path)).toBe(true);
	});

	test.each(["nowhere", "folder", "claim"])(
		"a link in the place of the claim, which leads to %s",
		async (target) => {
			const foreign = home.at("folder", "1-123-0badcafe00000000-12345678");
			mkdirSync(foreign, { recursive: true });
			symlinkSync(target, path);
			await using scratch = await makeScratch(home.path);
			const taken = takeClaim(path, scratch, AbortSignal.timeout(5000), 50);
			await expect(taken).rejects.toMatchObject({
				message: `this is not vpo's, and in its way: ${path}`,
			});
			expect(readlinkSync(path)).toBe(target);
			expect(existsSync(foreign)).toBe(true);
		},
	);

	test("what comes beside an owner does not end his claim", async () => {
		const holder = await startHolder();
		mkdirSync(join(path, "@eaDir"));
		await using scratch = await makeScratch(home.path);
		const taken = takeClaim(path, scratch, undefined, 2000);
		holder.stdin.end();
		await holder.exited;
		rmdirSync(join(path, "@eaDir"));
		await using _ = await taken;
		expect(readdirSync(path)).toEqual([scratch.owner]);
	});
});

test("a signal ends the waiting", async () => {
	const holder = await startHolder();
	await using scratch = await makeScratch(home.path);
	const stop = new AbortController();
	const taken = takeClaim(path, scratch, stop.signal);
	stop.abort(new Error("enough"));
	await expect(taken).rejects.toThrow("enough");
	holder.kill("SIGKILL");
});
