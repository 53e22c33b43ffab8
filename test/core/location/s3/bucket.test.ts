// The client against Ceph's gateway, as it is and with a line that breaks at every request.

import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	setSystemTime,
	test,
} from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "../../../../src/core/location/s3/account.ts";
import { fileBody, textBody } from "../../../../src/core/location/s3/body.ts";
import { Bucket } from "../../../../src/core/location/s3/bucket.ts";
import { AppError } from "../../../../src/ground/errors.ts";
import { startCeph } from "../../../helpers/ceph.ts";
import { FAULTS, type Fault, FaultyStore } from "../../../helpers/faulty.ts";
import {
	accountOf,
	ask,
	makeBucket,
	type Store,
} from "../../../helpers/store.ts";

setDefaultTimeout(60_000);

const HURRY = { retries: 2, firstPauseMs: 1, mostPauseMs: 5 };
const folder = mkdtempSync(join(tmpdir(), "vpo-test-"));
let ceph: Store;
let name: string;

beforeAll(async () => {
	ceph = await startCeph();
	name = await makeBucket(ceph);
});
afterAll(async () => {
	await ceph[Symbol.asyncDispose]();
	rmSync(folder, { recursive: true, force: true });
});

function open(prefix: string, changes: Partial<Account> = {}, bucket = name) {
	return new Bucket(accountOf(ceph, changes), { bucket, prefix }, HURRY);
}

async function namesIn(bucket: Bucket): Promise<string[]> {
	const pages = await Array.fromAsync(bucket.list(""));
	return pages.flat().map(({ name }) => name);
}

/** Bytes that tell where they stand, in a file. */
function makeFile(sizeBytes: number) {
	const bytes = new Uint8Array(
		new Uint32Array(sizeBytes / 4).map((_, i) => i).buffer,
	);
	const path = join(folder, `${sizeBytes}`);
	writeFileSync(path, bytes);
	const sha256 = Bun.SHA256.hash(bytes, "hex");
	return { path, bytes, body: fileBody(path, { sizeBytes, sha256 }) };
}

describe("an object", () => {
	test("is put whole, listed, read in parts and to its end, and removed", async () => {
		const bucket = open("plain");
		const { bytes, body } = makeFile(20 * 1024 * 1024);
		const put = await bucket.putNew("big", body);
		if (!put) throw new Error("taken");
		expect((await Array.fromAsync(bucket.list(""))).flat()).toEqual([
			expect.objectContaining({
				name: "big",
				etag: put.etag,
				sizeBytes: bytes.byteLength,
			}),
		]);
		expect(await bucket.range(put, 4 * 1000, 4)).toEqual(
			bytes.slice(4000, 4004),
		);
		expect(await bucket.range(put, bytes.byteLength - 3, 100)).toEqual(
			bytes.slice(-3),
		);
		expect(await bucket.range(put, bytes.byteLength, 1)).toEqual(
			new Uint8Array(0),
		);
		const hash = new Bun.CryptoHasher("sha256");
		for await (const piece of bucket.read(put)) hash.update(piece);
		expect(hash.digest("hex")).toBe(body.sha256);
		expect(await bucket.remove("big")).toBe("removed");
		expect(await bucket.head("big")).toBeNull();
	});

	test("is never written over, however many try at once", async () => {
		const bucket = open("race");
		const puts = Array.from({ length: 8 }, (_, index) =>
			bucket.putNew("one", textBody(`${index}`)),
		);
		const done = (await Promise.all(puts)).filter((put) => put !== null);
		expect(done.length).toBe(1);
		expect(bucket.hasConditions).toBe(true);
	});

	test("that is replaced is replaced in one step, and the old one is not read as the new one", async () => {
		const bucket = open("replaced");
		const before = await bucket.putOver("x", textBody("before"));
		await bucket.putOver("x", textBody("after!"));
		await expect(bucket.range(before, 0, 6)).rejects.toThrow(
			"it changed while it was read",
		);
	});

	test("that arrives as another than was sent is refused by the store, and is not there", async () => {
		const bucket = open("wrong-sum");
		const { path, bytes } = makeFile(4096);
		const body = fileBody(path, {
			sizeBytes: bytes.byteLength,
			sha256: "0".repeat(64),
		});
		await expect(bucket.putNew("x", body)).rejects.toThrow(
			"XAmzContentSHA256Mismatch",
		);
		expect(await namesIn(bucket)).toEqual([]);
	});

	test("that is given up half way is not there", async () => {
		const bucket = open("given-up");
		const { body } = makeFile(64 * 1024 * 1024);
		const controller = new AbortController();
		const half = {
			...body,
			open: (moved: () => void) =>
				body.open(() => {
					moved();
					controller.abort(new Error("Ctrl-C"));
				}),
		};
		await expect(bucket.putNew("x", half, controller.signal)).rejects.toThrow(
			"Ctrl-C",
		);
		expect(await namesIn(bucket)).toEqual([]);
	});

	test("that is a mark goes by what it is about, not by what it says", () => {
		const at = (key: string) => open("x y").at(key);
		const mark = ".vpo/verified~a%7Eb.tar.gz";
		expect(at(`${mark}~1795981395303~eyJ2IjowfQ`)).toBe(
			`s3://${name}/x y/${mark}`,
		);
		expect(at("my~own~name.tar.gz~1~2")).toEndWith("my~own~name.tar.gz~1~2");
	});

	test("that is gone is NOT_FOUND", async () => {
		const bucket = open("gone");
		const put = await bucket.putOver("x", textBody("x"));
		await bucket.remove("x");
		await expect(bucket.range(put, 0, 1)).rejects.toMatchObject({
			code: "NOT_FOUND",
		});
	});
});

test.each([
	"a b",
	"ü+&?#%2e",
	"'()*!~",
	"$@:=,;",
	"a/b/c",
	"..x/.y",
	"日本 語",
	"%00",
	"back\\slash",
	'<>"|`^{}',
])("the prefix %j is one like any other", async (prefix) => {
	const bucket = open(prefix);
	const names = ["a b+c.tar.gz", "ü&x.tar.gz", "n\u0007l.tar.gz"];
	for (const each of names) await bucket.putOver(each, textBody(each));
	const objects = (await Array.fromAsync(bucket.list(""))).flat();
	expect(objects.map(({ name }) => name).sort()).toEqual([...names].sort());
	for (const object of objects) {
		expect(new TextDecoder().decode(await bucket.range(object, 0, 99))).toBe(
			object.name,
		);
	}
	expect(await namesIn(open(`${prefix}x`))).toEqual([]);
	for (const each of names) expect(await bucket.remove(each)).toBe("removed");
	expect(await namesIn(bucket)).toEqual([]);
});

test("a list goes on over as many answers as it takes", async () => {
	const bucket = open("many");
	const all = Array.from({ length: 1003 }, (_, index) =>
		`${index}`.padStart(4, "0"),
	);
	const queue = all.values();
	const work = async () => {
		for (const each of queue)
			await ask(ceph, "PUT", `${name}/many/${each}`, "x");
	};
	await Promise.all(Array.from({ length: 32 }, work));
	const pages = await Array.fromAsync(bucket.list(""));
	expect(pages.length).toBe(2);
	expect(pages.flat().map(({ name }) => name)).toEqual(all);
});

describe("over TLS", () => {
	const tls = () => ceph.tls ?? { endpoint: "", ca: "" };

	test.each([true, false])(
		"with an authority of our own, path style: %p",
		async (isPathStyle) => {
			const endpoint = new URL(
				tls().endpoint.replace("127.0.0.1", "s3.localhost"),
			);
			const ca = await Bun.file(tls().ca).text();
			const bucket = open(`tls ${isPathStyle}`, { endpoint, ca, isPathStyle });
			const { bytes, body } = makeFile(9 * 1024 * 1024);
			const put = await bucket.putNew("x", body);
			if (!put) throw new Error("taken");
			expect(put.sizeBytes).toBe(bytes.byteLength);
			expect(await bucket.range(put, 4096, 4)).toEqual(bytes.slice(4096, 4100));
			expect(await namesIn(bucket)).toEqual(["x"]);
		},
	);

	test("a stranger's certificate is refused", async () => {
		const bucket = open("x", { endpoint: new URL(tls().endpoint) });
		await expect(namesIn(bucket)).rejects.toThrow(
			/the certificate of https:.* is not trusted/,
		);
	});

	test("a server that does not speak it is told", async () => {
		const bucket = open("x", {
			endpoint: new URL(ceph.endpoint.replace("http", "https")),
		});
		await expect(namesIn(bucket)).rejects.toThrow(/does not speak TLS/);
	});
});

describe("what the store refuses is told in its own word, with the way out", () => {
	const requests = {
		LIST: (bucket: Bucket) => namesIn(bucket),
		HEAD: (bucket: Bucket) => bucket.head("x"),
		PUT: (bucket: Bucket) => bucket.putNew("x", textBody("x")),
	};

	test.each(Object.entries(requests))("%s", async (_, request) => {
		const refused = async (changes: Partial<Account>, bucket?: string) => {
			const error = await request(open("x", changes, bucket)).catch(
				(error) => error,
			);
			expect(error).toBeInstanceOf(AppError);
			expect(error.message).not.toInclude("vposecret");
			return `${error.code} ${error.message}`;
		};
		expect(await refused({ accessKeyId: "nobody" })).toMatch(
			/does not accept the keys of the test: .*InvalidAccessKeyId/,
		);
		expect(await refused({ secretAccessKey: "wrong" })).toMatch(
			/SignatureDoesNotMatch/,
		);
		const other = {
			accessKeyId: "otheraccess",
			secretAccessKey: "othersecret",
		};
		expect(await refused(other)).toMatch(/access denied: .*AccessDenied/);
		expect(await refused({ endpoint: new URL("http://127.0.0.1:1") })).toMatch(
			/cannot reach http:\/\/127.0.0.1:1: .*ECONNREFUSED/,
		);
		setSystemTime(new Date(Date.now() + 3600_000));
		expect(await refused({})).toMatch(
			/the clocks .* differ too much: .*RequestTimeTooSkewed/,
		);
		setSystemTime();
	});

	test("no such bucket", async () => {
		for (const request of [requests.LIST, requests.PUT]) {
			await expect(
				request(open("x", {}, "no-such-bucket")),
			).rejects.toMatchObject({
				code: "NOT_FOUND",
				message: expect.stringContaining("NoSuchBucket"),
			});
		}
	});

	test("what is no store at all", async () => {
		using server = Bun.serve({
			port: 0,
			fetch: () => new Response("<html>log in first</html>"),
		});
		const bucket = open("x", { endpoint: server.url });
		for (const request of Object.values(requests)) {
			await expect(request(bucket)).rejects.toThrow(
				"does not answer as a store does",
			);
		}
	});

	test.each([302, 400, 401, 404, 405, 410])(
		"a page with status %d",
		async (status) => {
			const headers = { location: "/login" };
			using server = Bun.serve({
				port: 0,
				fetch: () => new Response("<h1>Oops</h1>", { status, headers }),
			});
			const bucket = open("x", { endpoint: server.url });
			for (const request of [requests.LIST, requests.PUT]) {
				await expect(request(bucket)).rejects.toThrow(
					`does not answer as a store does: s3://${name}/x`,
				);
			}
		},
	);

	test("a wrong region, with the right one", async () => {
		const xml =
			"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-north-7</Region></Error>";
		using server = Bun.serve({
			port: 0,
			fetch: () => new Response(xml, { status: 400 }),
		});
		await expect(namesIn(open("x", { endpoint: server.url }))).rejects.toThrow(
			'"us-east-1" is the wrong region, "eu-north-7" is right',
		);
	});
});

describe("a line that breaks", () => {
	let faulty: FaultyStore;
	beforeAll(async () => {
		faulty = await FaultyStore.before(ceph);
	});
	afterAll(() => faulty[Symbol.asyncDispose]());

	const bucketOf = (prefix: string, fault: Fault) =>
		open(prefix, {
			endpoint: new URL(faulty.endpoint),
			silenceMs: fault === "stall" ? 500 : 20_000,
		});

	/** HEAD, PUT, HEAD; then LIST, GET, DELETE: a life of one object. */
	async function live(bucket: Bucket): Promise<void> {
		const put = await bucket.putNew("x", textBody("hello world"));
		if (!put) throw new Error("taken");
		expect(await namesIn(bucket)).toEqual(["x"]);
		expect(new TextDecoder().decode(await bucket.range(put, 2, 3))).toBe("llo");
		expect(["removed", "gone"]).toContain(await bucket.remove("x"));
	}

	test.each(FAULTS)(
		"once, by %s, at any request, does no harm",
		async (fault) => {
			for (let at = 1; at <= 6; at++) {
				const bucket = bucketOf(`once ${fault} ${at}`, fault);
				faulty.plan((number) => (number === at ? fault : null));
				await live(bucket);
				faulty.plan(() => null);
				expect(await namesIn(bucket)).toEqual([]);
			}
		},
	);

	test.each(FAULTS)(
		"for good, by %s, from any request on, is told",
		async (fault) => {
			for (const from of fault === "stall" ? [2, 5] : [1, 2, 3, 4, 5, 6]) {
				const bucket = bucketOf(`ever ${fault} ${from}`, fault);
				faulty.plan((number) => (number >= from ? fault : null));
				const error = await live(bucket).then(
					() => null,
					(error: unknown) => error,
				);
				if (error !== null) expect(error).toBeInstanceOf(AppError);
				else expect(isHarmless(fault, from)).toBe(true);
				faulty.plan(() => null);
				for (const each of (await Array.fromAsync(bucket.list(""))).flat()) {
					expect(each.sizeBytes).toBe("hello world".length);
				}
			}
		},
	);

	// Bodies that are empty can't be cut, and only a GET has a range.
	function isHarmless(fault: Fault, from: number): boolean {
		if (fault === "wrong range" || fault === "short body") return from > 5;
		return false;
	}

	test("a signal ends the longest wait", async () => {
		faulty.plan(() => "stall");
		const account = accountOf(faulty, { silenceMs: 60_000 });
		const bucket = new Bucket(account, { bucket: name, prefix: "x" }, HURRY);
		const controller = new AbortController();
		const listing = Array.fromAsync(bucket.list("", controller.signal));
		setTimeout(() => controller.abort(new Error("Ctrl-C")), 50);
		await expect(listing).rejects.toThrow("Ctrl-C");
	});
});
