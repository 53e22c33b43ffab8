// The raw files of a damaged library are kept together, as they are.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GzipPool } from "../../../src/core/archive/gzip.ts";
import { RawFiles } from "../../../src/core/backup/salvage.ts";
import { openFolder } from "../../../src/core/location/folder.ts";
import { Home } from "../../helpers/program.ts";
import { scratchIn, succeed, unpacked } from "../../helpers/state.ts";

const AT = new Date("2026-02-05T14:30:22Z");

let home: Home;
let pool: GzipPool;
beforeEach(() => {
	home = new Home(null);
	pool = new GzipPool(1);
});
afterEach(() => {
	pool[Symbol.dispose]();
	home[Symbol.dispose]();
});

async function salvage(signal?: AbortSignal): Promise<string> {
	await using files = await RawFiles.of(home.library);
	return await files.salvage(
		home.library,
		openFolder(home.backups),
		AT,
		pool,
		signal,
	);
}

test.each([
	["the library alone", [""]],
	["the library and its -wal", ["", "-wal"]],
	["everything", ["", "-wal", "-shm", "-journal"]],
	["a -wal without its library", ["-wal"]],
])("%s", async (_, ends) => {
	for (const [index, end] of ends.entries()) {
		const noise = crypto.getRandomValues(new Uint8Array(3000 + index * 777));
		writeFileSync(home.library + end, noise);
	}
	const archive = await salvage();
	expect(archive).toBe(
		join(home.backups, "vpo-damaged-2026-02-05T143022Z.tar.gz"),
	);
	expect(statSync(archive).mode & 0o777).toBe(0o600);
	expect(scratchIn(home.backups)).toEqual([]);
	unpacked(archive, (folder) => {
		succeed(["sha256sum", "--check", "--strict", "SHA256SUMS"], folder);
		for (const end of ends) {
			const kept = readFileSync(join(folder, `library.db${end}`));
			expect(kept.equals(readFileSync(home.library + end))).toBe(true);
		}
	});
});

test("a large file and an empty one are kept to the byte", async () => {
	const size = 5 * 1024 * 1024 + 1;
	const large = new Uint8Array(size).map((_, at) => at % 251);
	writeFileSync(home.library, large);
	writeFileSync(`${home.library}-wal`, "");
	unpacked(await salvage(), (folder) => {
		const kept = readFileSync(join(folder, "library.db"));
		expect(kept.equals(large)).toBe(true);
		expect(statSync(join(folder, "library.db-wal")).size).toBe(0);
	});
});

test("two of one second get names of their own", async () => {
	writeFileSync(home.library, "damaged");
	const first = readFileSync(await salvage());
	writeFileSync(home.library, "damaged otherwise");
	expect(await salvage()).toEndWith("vpo-damaged-2026-02-05T143022Z-2.tar.gz");
	const path = join(home.backups, "vpo-damaged-2026-02-05T143022Z.tar.gz");
	expect(readFileSync(path).equals(first)).toBe(true);
});

test("they are those that were opened, whatever came in their place since", async () => {
	writeFileSync(home.library, "damaged");
	await using files = await RawFiles.of(home.library);
	succeed(["mv", home.library, home.at("away")]);
	writeFileSync(home.library, "another");
	const path = await files.salvage(
		home.library,
		openFolder(home.backups),
		AT,
		pool,
	);
	unpacked(path, (folder) => {
		expect(readFileSync(join(folder, "library.db"), "utf8")).toBe("damaged");
	});
});

test("a signal leaves nothing", async () => {
	writeFileSync(home.library, "damaged");
	const signal = AbortSignal.abort(new Error("stop"));
	await expect(salvage(signal)).rejects.toThrow("stop");
	await salvage(signal).catch(() => undefined);
	expect(scratchIn(home.backups)).toEqual([]);
});

test("files that may not be read are named", async () => {
	writeFileSync(home.library, "damaged");
	succeed(["mkdir", `${home.library}-wal`]);
	chmodSync(home.library, 0o600);
	await expect(salvage()).rejects.toThrow(`${home.library}-wal`);
});
