// A bucket that others use as well: their objects, and what looks like ours and is not, hide and harm nothing.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { startCeph } from "../helpers/ceph.ts";
import { Machine } from "../helpers/machine.ts";
import { ask, makeBucket, type Store } from "../helpers/store.ts";

setDefaultTimeout(120_000);

let ceph: Store;
beforeAll(async () => {
	ceph = await startCeph();
});
afterAll(() => ceph[Symbol.asyncDispose]());

test("what is no backup is called that, and neither hides one nor is removed", async () => {
	const bucket = await makeBucket(ceph);
	using machine = new Machine(ceph, `s3://${bucket}/a+b %41`);
	await machine.done("backup");
	const [good = ""] = await machine.names();
	const prefix = `${bucket}/a%2Bb%20%2541`;
	const strangers = {
		"vpo-library-2000-01-01T000000Z.tar.gz": "",
		"vpo-library-2000-01-02T000000Z.tgz": "no archive at all",
		"vpo-library-2000-01-03T000000Z.tar.gz/": "",
		"vpo-library-2000-01-04T000000Z.tar.gz/inside": "x",
		"photo.jpg": "x",
		".vpo/": "",
		".vpo/location~no": "",
		".vpo/pin~vpo-library-2000-01-01T000000Z.tar.gz~9~e30": "",
	};
	for (const [key, body] of Object.entries(strangers)) {
		await ask(ceph, "PUT", `${prefix}/${key}`, body);
	}
	const fakes = Object.keys(strangers).slice(0, 2).reverse();
	expect(await machine.names()).toEqual([good, ...fakes]);
	expect(await machine.done("restore", "--dry-run", "latest")).toInclude(good);
	await machine.done("backup");

	const prune = ["prune", "--keep-last", "1", "--yes"];
	const refused = await machine.call(...prune);
	const mark = Object.keys(strangers).at(-1) ?? "";
	expect([refused.exitCode, refused.stderr]).toEqual([
		40,
		expect.stringContaining(`does not count: ${machine.address}/${mark}\n`),
	]);
	await ask(ceph, "DELETE", `${prefix}/${mark}`);
	expect(await machine.done(...prune)).toInclude("Removed 1 backup");
	const left = await machine.names();
	expect(left).toEqual([expect.not.stringContaining(good), ...fakes]);
	for (const key of Object.keys(strangers).slice(0, -1)) {
		expect((await ask(ceph, "GET", `${prefix}/${key}`)).status).toBe(200);
	}
});

test("machines that prune one prefix at the same time keep what each of them must", async () => {
	const bucket = await makeBucket(ceph);
	using first = new Machine(ceph, `s3://${bucket}/shared`);
	using second = new Machine(ceph, `s3://${bucket}/shared`);
	const prune = ["backup", "--prune", "--keep-last", "2"];
	for (let night = 0; night < 4; night++) {
		await Promise.all([first, second].map((own) => own.done(...prune)));
	}
	const names = await first.expectWhole();
	expect(names.length).toBe(4);
	for (const machine of [first, second]) {
		expect(await machine.done("check")).toInclude("; 2 backups; ");
	}
	expect(await first.done("verify")).toInclude("4 backups, all good");
});
