// Shows the real program on a sample library: back up, lose everything, restore, undo, look inside, bring back a folder.
// Whatever is not as it should be ends the demo with exit code 1. The scratch HOME that it names is all that it touches, and it removes that.

import { Database } from "bun:sqlite";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { contentOf } from "../test/helpers/content.ts";
import { makeSampleLibrary } from "./sample.ts";

const DIST = join(import.meta.dir, "..", "dist");
const SAMPLE_BYTES = 20_000_000;
const INVALID_ARCHIVE = 46;

const interruption = new AbortController();
const home = mkdtempSync(join(tmpdir(), "vpo-demo-"));
const library = join(home, ".vpo", "library.db");

async function demo(): Promise<void> {
	say("A sample library, and a shell in which it is the only one:");
	echo(`export HOME=${home}`);
	echo(`export PATH=${DIST}${delimiter}$PATH`);
	mkdirSync(join(home, ".vpo"));
	const { fileCount } = makeSampleLibrary(library, SAMPLE_BYTES);
	await shell("ls -sh ~/.vpo");
	const whole = contentOf(library);

	say("Back it up. What is written is read back and checked before it counts.");
	await shell("vpo library backup --note 'before the demo'");
	await shell("vpo library backups");
	await shell("vpo library check");

	say("Would it restore? Everything is checked, nothing is changed.");
	await shell("vpo library restore --dry-run latest");

	say("A folder went at night, and something new came since. When was that?");
	const folder = loseFolder();
	await shell(`vpo library log '${folder}'`);
	await shell("vpo library diff latest --limit 4");
	say("Bring it back, and keep what came since.");
	const missing = "vpo library restore --yes --only-missing";
	await shell(`${missing} --under '${folder}' latest`);
	expectFiles(fileCount + 1);
	await shell("vpo library diff latest --limit 4");
	await shell("vpo library restore --yes latest");
	expectContent(whole);

	say("A bad day: every file, gone from the library.");
	loseFiles();
	expectFiles(0);

	say("Restore. What is replaced is backed up first.");
	await shell("vpo library restore --yes latest");
	expectFiles(fileCount);
	expectContent(whole);

	say("Wrong backup? Undo, which can be undone as well.");
	await shell("vpo library restore --yes --undo");
	expectFiles(0);
	await shell("vpo library restore --yes --undo");
	expectFiles(fileCount);
	expectContent(whole);

	say("A copy that broke off on the way is refused, and the library stays.");
	await shell("head -c 1000000 ~/.vpo/backups/*[0-9]Z.tar.gz > ~/part.tar.gz");
	await shell("vpo library restore --yes ~/part.tar.gz", INVALID_ARCHIVE);
	expectContent(whole);
}

/** Runs a command as a person would type it, and fails unless it ends as it should. */
async function shell(line: string, expectedExitCode = 0): Promise<void> {
	echo(line);
	const child = Bun.spawn(["sh", "-c", `exec ${line}`], {
		cwd: home,
		env: shellEnvironment(),
		stdin: "ignore",
		// One stream, as on a terminal: what a program says stays in order in a log as well.
		stdout: process.stdout.fd,
		stderr: process.stdout.fd,
	});
	const end = () => child.kill();
	interruption.signal.addEventListener("abort", end);
	const exitCode = await child.exited;
	interruption.signal.removeEventListener("abort", end);
	interruption.signal.throwIfAborted();
	if (exitCode !== expectedExitCode) {
		throw new Error(
			`exit code ${exitCode} instead of ${expectedExitCode}: ${line}`,
		);
	}
	if (exitCode !== 0) {
		echo("echo $?");
		console.log(exitCode);
	}
}

// None of the caller's VPO_… variables: they could name a real library.
function shellEnvironment(): Record<string, string> {
	const { PATH, TERM, TZ, NO_COLOR } = process.env;
	const kept = { TERM, TZ, NO_COLOR };
	const given = Object.entries(kept).flatMap(([name, value]) =>
		value === undefined ? [] : [[name, value] as const],
	);
	const path = `${DIST}${delimiter}${PATH}`;
	return { ...Object.fromEntries(given), HOME: home, PATH: path };
}

function loseFiles(): void {
	change("DELETE FROM files");
}

/** The folder with the most files goes, one file comes; returns the folder. */
function loseFolder(): string {
	const folder = fullestFolder();
	change(
		`DELETE FROM files WHERE directory = '${folder}'`,
		"INSERT INTO files (path, filename, directory, extension, size_bytes, modified_at, scanned_at) VALUES ('/mnt/new.mkv', 'new.mkv', '/mnt', 'mkv', 1, 'now', 'now')",
	);
	return folder;
}

function fullestFolder(): string {
	const database = new Database(library, { readwrite: true });
	try {
		const found = database
			.query(
				"SELECT directory FROM files WHERE directory NOT LIKE '%''%' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
			)
			.values();
		return String(found[0]?.[0]);
	} finally {
		database.close(true);
	}
}

function change(...statements: readonly string[]): void {
	const database = new Database(library, { readwrite: true });
	try {
		for (const statement of ["PRAGMA foreign_keys = ON", ...statements]) {
			console.log(`sqlite> ${statement};`);
			database.run(statement);
		}
	} finally {
		database.close(true);
	}
}

function expectFiles(expected: number): void {
	const question = "SELECT count(*) FROM files";
	const database = new Database(library, { readonly: true });
	try {
		const count = database.query(question).values()[0]?.[0];
		console.log(`sqlite> ${question};\n${count}`);
		if (count !== expected) throw new Error(`${expected} files expected`);
	} finally {
		database.close(true);
	}
}

function expectContent(expected: object): void {
	if (!Bun.deepEquals(contentOf(library), expected, true)) {
		throw new Error("the library is not what it was");
	}
	console.log("(compared: every row of every table is what it was)");
}

function echo(line: string): void {
	console.log(`$ ${line}`);
}

function say(text: string): void {
	console.log(`\n# ${text}`);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.once(signal, () =>
		interruption.abort(new Error(`interrupted by ${signal}`)),
	);
}
try {
	await demo();
	console.log("\n# All of it went as it should.");
} catch (error) {
	console.error(`\ndemo failed: ${(error as Error).message}`);
	process.exitCode = 1;
} finally {
	rmSync(home, { recursive: true, force: true });
	console.log(`# ${home} is removed again.`);
}
