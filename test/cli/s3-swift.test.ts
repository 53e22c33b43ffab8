// The same against another kind of store: Swift's S3 interface has no conditional writes, and minds the region.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { contentOf } from "../helpers/content.ts";
import { Machine } from "../helpers/machine.ts";
import { LEFT } from "../helpers/scene.ts";
import { makeBucket, type Store } from "../helpers/store.ts";
import { startSwift } from "../helpers/swift.ts";

setDefaultTimeout(120_000);

let swift: Store;
beforeAll(async () => {
	swift = await startSwift();
});
afterAll(() => swift[Symbol.asyncDispose]());

test("a backup's life", async () => {
	const bucket = await makeBucket(swift);
	using machine = new Machine(swift, `s3://${bucket}/nas/my library`);
	const { home } = machine;
	await machine.done("backup");
	const [first = ""] = await machine.names();
	const before = contentOf(home.library);
	LEFT.nothing(home.library);
	await machine.done("pin", "latest", "--note", "keep");
	expect(await machine.done("verify")).toInclude("1 backup, all good");
	await machine.done("restore", "--yes", "latest");
	expect(contentOf(home.library)).toEqual(before);
	await machine.done("restore", "--yes", "--undo");
	expect(contentOf(home.library)).not.toEqual(before);
	await machine.done("backup");
	expect(await machine.done("prune", "--keep-last", "1", "--yes")).toInclude(
		"pinned",
	);
	await machine.done("unpin", first);
	expect(await machine.done("prune", "--keep-last", "1", "--yes")).toInclude(
		"Removed 1 backup",
	);
	expect((await machine.expectWhole()).length).toBe(3);
});

test("two who write in the same second both have their backup, though the store can't tell them apart", async () => {
	const bucket = await makeBucket(swift);
	using machine = new Machine(swift, `s3://${bucket}/two`);
	await Bun.sleep(1000 - (Date.now() % 1000));
	const made = await Promise.all(["a", "b"].map(() => machine.json("backup")));
	expect(new Set(made.map(({ path }) => path)).size).toBe(2);
	expect((await machine.expectWhole()).length).toBe(2);
});

test.each([
	[{ AWS_REGION: "mars" }, '"mars" is the wrong region, "us-east-1" is right'],
	[{ AWS_SECRET_ACCESS_KEY: "wrong" }, "SignatureDoesNotMatch"],
	[{ AWS_ACCESS_KEY_ID: "vpo:nobody" }, "does not accept the keys"],
])("%j is refused in clear words", async (changes, what) => {
	const bucket = await makeBucket(swift);
	using machine = new Machine(swift, `s3://${bucket}/x`, changes);
	const { exitCode, stderr } = await machine.call("backup");
	expect([exitCode, stderr]).toEqual([40, expect.stringContaining(what)]);
});
