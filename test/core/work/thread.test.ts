// A worker that can't work says so: nothing ever waits for an answer that can't come.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { abortable, Thread } from "../../../src/core/work/thread.ts";
import { AppError } from "../../../src/ground/errors.ts";

type Ops = {
	add(a: number, b: number): number;
	fail(): never;
	leave(): void;
	spin(): void;
};

const SRC = join(import.meta.dir, "..", "..", "..", "src");
const THREAD = join(SRC, "core", "work", "thread.ts");
const ERRORS = join(SRC, "ground", "errors.ts");

const WORKER = `
import { serve } from ${JSON.stringify(THREAD)};
import { AppError } from ${JSON.stringify(ERRORS)};
serve({
	add: (a, b) => a + b,
	fail: () => { throw new AppError("DATABASE_LOCKED", "locked", { hint: "wait" }); },
	leave: () => process.exit(3),
	spin: () => { for (;;); },
});
`;

function workerFile(): { readonly url: URL } & Disposable {
	const folder = mkdtempSync(join(tmpdir(), "vpo-test-"));
	const path = join(folder, "worker.ts");
	writeFileSync(path, WORKER);
	return {
		url: pathToFileURL(path),
		[Symbol.dispose]: () => rmSync(folder, { recursive: true }),
	};
}

test("results and foreseen errors come back as they were", async () => {
	using file = workerFile();
	using thread = new Thread<Ops>(file.url);
	expect(await thread.call("add", 2, 3)).toBe(5);
	const error = await thread.call("fail").catch((thrown: unknown) => thrown);
	expect(error).toBeInstanceOf(AppError);
	expect(error).toMatchObject({
		code: "DATABASE_LOCKED",
		message: "locked",
		hint: "wait",
	});
});

test("a call to a worker that could not start is refused, at once or later", async () => {
	using thread = new Thread<Ops>(new URL("file:///nowhere/worker.ts"));
	await expect(thread.call("add", 1, 1)).rejects.toThrow("worker.ts");
	await thread.call("add", 1, 1).catch(() => undefined);
	await expect(thread.call("add", 1, 1)).rejects.toThrow("worker.ts");
});

test("a call to a worker that ends by itself is refused", async () => {
	using file = workerFile();
	using thread = new Thread<Ops>(file.url);
	await expect(thread.call("leave")).rejects.toThrow("ended by itself");
	await thread.call("leave").catch(() => undefined);
});

test("a signal ends the waiting while the worker is busy", async () => {
	using file = workerFile();
	using thread = new Thread<Ops>(file.url);
	const controller = new AbortController();
	const waiting = abortable(thread.call("spin"), controller.signal);
	controller.abort(new Error("interrupted"));
	await expect(waiting).rejects.toThrow("interrupted");
	await waiting.catch(() => undefined);
});
