// The ping protocol against a real server, and what may be said of a URL that is a secret.

import { describe, expect, test } from "bun:test";
import {
	type PingOptions,
	parsePingUrl,
	sendPing,
} from "../../../src/core/schedule/notify.ts";
import { deadOrigin, Monitor } from "../../helpers/monitor.ts";

const SECRET = "5eCr3t-0f-m1ne";
const QUICK: PingOptions = {
	timeoutMs: 2000,
	retryDelaysMs: [1, 1],
	userAgent: "vpo-library/test",
};

function url(text: string): URL {
	const parsed = parsePingUrl(text);
	if (!parsed) throw new Error(`no ping URL: ${text}`);
	return parsed;
}

describe("the address", () => {
	test.each([
		["/id", "start", "/id/start"],
		["/id", "success", "/id"],
		["/id", "fail", "/id/fail"],
		["/id/", "success", "/id"],
		["/id//", "fail", "/id/fail"],
		["/key/slug?create=1", "start", "/key/slug/start?create=1"],
		["/key/slug/?create=1&a=b", "success", "/key/slug?create=1&a=b"],
		["/id#part", "fail", "/id/fail"],
		["", "success", "/"],
		["", "start", "/start"],
	] as const)("of %s for %s is %s", async (path, ping, expected) => {
		await using monitor = new Monitor();
		const reason = await sendPing(
			url(`${monitor.origin}${path}`),
			ping,
			"all well",
			QUICK,
		);
		expect(reason).toBeNull();
		expect(monitor.pings).toEqual([
			{
				method: "POST",
				path: expected,
				body: "all well",
				agent: "vpo-library/test",
				authorization: null,
			},
		]);
	});

	test("takes a user and a password along", async () => {
		await using monitor = new Monitor();
		const target = monitor.origin.replace("//", "//me:pass@");
		await sendPing(url(target), "success", "", QUICK);
		expect(monitor.pings[0]?.authorization).toBe(`Basic ${btoa("me:pass")}`);
	});

	test.each([
		"",
		"hc-ping.com/id",
		"ftp://host/id",
		"file:///etc/passwd",
		"javascript:1",
		"http://",
		"https:///",
		"http://host:99999/",
		"/id",
	])("%p is none", (text) => {
		expect(parsePingUrl(text)).toBeNull();
	});

	test("may have spaces around it, as a file may", () => {
		expect(parsePingUrl(" https://host/id\n")?.href).toBe("https://host/id");
	});
});

describe("a server", () => {
	test("that fails twice is asked three times", async () => {
		let count = 0;
		await using monitor = new Monitor(() => {
			count += 1;
			return new Response("", { status: count < 3 ? 503 : 200 });
		});
		expect(await ping(monitor.origin)).toBeNull();
		expect(count).toBe(3);
	});

	test.each([
		[500, 3],
		[429, 3],
		[408, 3],
		[404, 1],
		[400, 1],
		[301, 1],
		[302, 1],
		[307, 1],
	])("that answers %d is asked %d times", async (status, times) => {
		const headers = { location: "/elsewhere" };
		await using monitor = new Monitor(
			() => new Response("", { status, headers }),
		);
		expect(await ping(monitor.origin)).toContain(`the answer was ${status}`);
		expect(monitor.paths).toEqual(Array(times).fill(`/${SECRET}/fail`));
	});

	test("that is slow is left", async () => {
		const { promise, resolve } = Promise.withResolvers<Response>();
		await using monitor = new Monitor(() => promise);
		const options = { ...QUICK, timeoutMs: 50, retryDelaysMs: [] };
		const reason = await ping(monitor.origin, options);
		resolve(new Response());
		expect(reason).toBe("no answer within 0.05 s");
	});

	test("whose answer never ends has answered", async () => {
		const endless = new ReadableStream({
			start: (controller) => controller.enqueue(new Uint8Array(10)),
		});
		await using monitor = new Monitor(() => new Response(endless));
		expect(await ping(monitor.origin)).toBeNull();
	});

	test("gets no more than 10,000 characters", async () => {
		await using monitor = new Monitor();
		await sendPing(url(monitor.origin), "fail", "x".repeat(1e6), QUICK);
		expect(monitor.pings[0]?.body).toBe("x".repeat(10_000));
	});

	test("is waited for no longer once a signal comes", async () => {
		const controller = new AbortController();
		await using monitor = new Monitor(() => {
			setTimeout(() => controller.abort(), 10);
			return new Response("", { status: 500 });
		});
		const { signal } = controller;
		const options = { ...QUICK, retryDelaysMs: [3_600_000], signal };
		expect(await ping(monitor.origin, options)).toBe("the answer was 500");
	});

	test("is not even waited for its answer once a signal comes", async () => {
		const controller = new AbortController();
		const { promise, resolve } = Promise.withResolvers<Response>();
		await using monitor = new Monitor(() => {
			controller.abort();
			return promise;
		});
		const { signal } = controller;
		const options = { ...QUICK, timeoutMs: 3_600_000, signal };
		const reason = await ping(monitor.origin, options);
		resolve(new Response());
		expect(reason).toBe("interrupted");
		expect(monitor.pings).toHaveLength(1);
	});
});

describe("no part of the URL is in the reason when", () => {
	test("nobody listens", async () => {
		expectNoSecret(await ping(await deadOrigin()), "connection refused");
	});

	test("the connection is closed", async () => {
		using listener = Bun.listen({
			hostname: "127.0.0.1",
			port: 0,
			socket: { data: (socket) => void socket.end() },
		});
		const reason = await ping(`http://127.0.0.1:${listener.port}`);
		expectNoSecret(reason, "the connection was closed without an answer");
	});

	test("the server speaks no TLS", async () => {
		await using monitor = new Monitor();
		const origin = monitor.origin.replace("http:", "https:");
		expectNoSecret(await ping(origin), "no TLS connection could be made");
	});

	test("the name is unknown", async () => {
		const reason = await ping(`http://${SECRET}.invalid`);
		expectNoSecret(reason, "");
	});

	test("the server says it back", async () => {
		await using monitor = new Monitor(
			({ path }) => new Response(path, { status: 500, statusText: SECRET }),
		);
		expectNoSecret(await ping(monitor.origin), "the answer was 500");
	});
});

function ping(origin: string, options = QUICK): Promise<string | null> {
	return sendPing(url(`${origin}/${SECRET}`), "fail", "", options);
}

function expectNoSecret(reason: string | null, expected: string): void {
	expect(reason).toContain(expected);
	expect(reason?.toLowerCase()).not.toContain(SECRET.toLowerCase());
	expect(reason).not.toContain("127.0.0.1");
	expect(reason).not.toContain("http");
}
