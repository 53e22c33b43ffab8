// A share whose server has gone answers nothing, for ever. One signal ends the program all the same, whatever it waits for.

import { expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeBackups } from "../helpers/backups.ts";
import { Monitor } from "../helpers/monitor.ts";
import { binary, Home, run, start } from "../helpers/program.ts";
import { Share } from "../helpers/share.ts";
import { backupsIn, scratchIn } from "../helpers/state.ts";

setDefaultTimeout(30_000);

/** Within seconds: containers are killed after ten. */
const MOST_MS = 8000;

interface Ended {
	readonly exitCode: number;
	readonly json: Record<string, unknown>;
	readonly milliseconds: number;
}

/** Starts the program, waits until it waits for the share, and signals it once. */
async function interruptAt(
	home: Home,
	args: readonly string[],
	env: Record<string, string>,
): Promise<Ended> {
	const child = start(binary, home, [...args, "--json"], { env });
	while (waiting(child.pid).length === 0) await Bun.sleep(5);
	return interrupt(child);
}

async function interrupt(child: ReturnType<typeof start>): Promise<Ended> {
	const startedAt = performance.now();
	child.kill("SIGTERM");
	const text = await new Response(child.stdout).text();
	const exitCode = await child.exited;
	const milliseconds = performance.now() - startedAt;
	return { exitCode, json: JSON.parse(text), milliseconds };
}

/** What a server has taken on the kernel waits for; the process that asked ends only when that is answered. */
async function firstDocument(
	child: ReturnType<typeof start>,
): Promise<Record<string, unknown>> {
	const { value } = await child.stdout.getReader().read();
	return JSON.parse(new TextDecoder().decode(value));
}

/** Those of its threads that wait for a file system in user space. */
function waiting(pid: number): string[] {
	const tasks = `/proc/${pid}/task`;
	return readdirSync(tasks).filter((task) => {
		try {
			return /fuse|request_wait/.test(
				readFileSync(join(tasks, task, "stack"), "utf8"),
			);
		} catch {
			return false; // that thread has ended
		}
	});
}

function expectInterrupted(
	home: Home,
	{ exitCode, json, milliseconds }: Ended,
): void {
	expect({ exitCode, code: json.code }).toEqual({
		exitCode: 143,
		code: "INTERRUPTED",
	});
	expect(milliseconds).toBeLessThan(MOST_MS);
	expect(scratchIn(home.at(".vpo"))).toEqual([]);
}

test.concurrent("a share that hangs from the beginning, as the backup folder", async () => {
	using home = new Home();
	await using share = await Share.mount();
	share.hang();
	const env = { VPO_BACKUP_DIR: share.path };
	const commands = [
		"backup",
		"backup --dry-run",
		"backups",
		"verify",
		"check",
		"restore --yes latest",
		"pin latest",
		"prune --keep-last 1 --yes",
		"diff latest",
		"restore --yes --only-missing latest",
		`extract latest --to ${home.at("of-a-share.db")}`,
		`check --metrics ${share.at("vpo.prom")}`,
	];
	const ended = commands.map((command) =>
		interruptAt(home, ["library", ...command.split(" ")], env),
	);
	for (const end of await Promise.all(ended)) expectInterrupted(home, end);
});

test.concurrent("a share that hangs from the beginning, as anything else", async () => {
	using home = new Home();
	await using share = await Share.mount();
	cpSync(home.library, join(share.source, "library.db"));
	share.hang();
	const places = {
		VPO_DATA_DIR: share.path,
		VPO_CONFIG_PATH: share.at("config.toml"),
		VPO_DATABASE_PATH: share.at("library.db"),
		VPO_TEMP_DIR: share.path,
	};
	const ended = Object.entries(places).map(([name, path]) =>
		interruptAt(home, ["library", "backup"], { [name]: path }),
	);
	for (const end of await Promise.all(ended)) expectInterrupted(home, end);
});

test.concurrent("where it keeps all threads that there are for files there is a document all the same", async () => {
	using home = new Home();
	await using slow = await Share.mount("wait=open");
	await makeBackups(
		slow.source,
		[1, 2, 3, 4].map((day) => ({ createdAt: `2026-02-0${day}T03:00:00Z` })),
	);
	const args = ["library", "backups", "--json", "--path", slow.path];
	const child = start(binary, home, args);
	while (waiting(child.pid).length < 2) await Bun.sleep(5);
	child.kill("SIGTERM");
	expect(await firstDocument(child)).toMatchObject({ code: "INTERRUPTED" });
	slow.answer();
	expect(await child.exited).toBe(143);
});

test.concurrent("what was begun on a healthy disk is removed, what is on the share by the next run", async () => {
	using home = new Home();
	await using slow = await Share.mount("wait=fsync");
	const args = ["library", "backup", "--output", `${slow.path}/`];
	const child = start(binary, home, [...args, "--json"]);
	await slow.hasBeenCalled();
	expect(scratchIn(home.at(".vpo"))).toHaveLength(1);
	child.kill("SIGTERM");
	const { error } = await firstDocument(child);
	const [left = ""] = readdirSync(slow.source);
	expect(error).toBe(
		`interrupted by SIGTERM; this could not be removed: ${slow.at(left)}`,
	);
	expect(scratchIn(home.at(".vpo"))).toEqual([]);
	slow.answer();
	expect(await child.exited).toBe(143);
	const { exitCode, stderr } = await run(binary, home, args);
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
	expect(backupsIn(slow.source)).toHaveLength(1);
	expect(readdirSync(slow.source).filter((name) => name === left)).toEqual([]);
});

test.concurrent("a thread of SQLite's that the share keeps is left to itself", async () => {
	using home = new Home();
	await using slow = await Share.mount("wait=read");
	cpSync(home.library, join(slow.source, "library.db"));
	const args = ["library", "check", "--database", slow.at("library.db")];
	const child = start(binary, home, [...args, "--json"]);
	await slow.hasBeenCalled();
	child.kill("SIGTERM");
	expect(await firstDocument(child)).toMatchObject({ code: "INTERRUPTED" });
	slow.answer();
	expect(await child.exited).toBe(143);
});

test.concurrent("who is told of runs is told of one that hung", async () => {
	using home = new Home();
	await using share = await Share.mount();
	await using monitor = new Monitor();
	share.hang();
	const marker = home.at("heard");
	const env = { VPO_BACKUP_DIR: share.path };
	const args = [
		...["library", "backup", "--ping-url", `${monitor.origin}/x`],
		...["--on-failure", `cat > ${marker}`],
	];
	expectInterrupted(home, await interruptAt(home, args, env));
	expect(monitor.paths).toEqual(["/x/start", "/x/fail"]);
	expect(JSON.parse(readFileSync(marker, "utf8"))).toMatchObject({
		code: "INTERRUPTED",
	});
});
