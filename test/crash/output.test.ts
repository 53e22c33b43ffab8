// Where a backup may be written: never over the library, never over anything that is no backup.

import { describe, expect, test } from "bun:test";
import {
	linkSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { leaveHotWal } from "../helpers/kinds.ts";
import { binary, Home, run, runJson, start } from "../helpers/program.ts";
import { BACKUP } from "../helpers/scene.ts";
import {
	expectWholeBackup,
	expectWholeBackups,
	succeed,
	tree,
} from "../helpers/state.ts";

/** A library whose name an archive could have, so that its path is a valid --output. */
async function archiveNamed(home: Home): Promise<string> {
	mkdirSync(home.at("odd"));
	const library = home.at("odd", "library.tar.gz");
	succeed(["cp", home.library, library]);
	await leaveHotWal(library, 20);
	return library;
}

// Of our own: a fault that these tests are there to find would cost this machine its /dev/null.
function nullDevice(home: Home): string {
	succeed(["mknod", home.at("null"), "c", "1", "3"]);
	return home.at("null");
}

const WAYS: Readonly<Record<string, (library: string, home: Home) => string>> =
	{
		"the library itself": (library) => library,
		"a path with dots to it": (library) => `${library}/../library.tar.gz`,
		"a symbolic link to it": (library, home) => {
			symlinkSync(library, home.at("link.tar.gz"));
			return home.at("link.tar.gz");
		},
		"a link to a link to it": (library, home) => {
			symlinkSync(library, home.at("first"));
			symlinkSync("first", home.at("second.tgz"));
			return home.at("second.tgz");
		},
		"a path through a linked folder": (_, home) => {
			symlinkSync(home.at("odd"), home.at("folder"));
			return home.at("folder", "library.tar.gz");
		},
		"a hard link to it": (library, home) => {
			linkSync(library, home.at("hard.tar.gz"));
			return home.at("hard.tar.gz");
		},
		"a symbolic link to its -wal": (library, home) => {
			symlinkSync(`${library}-wal`, home.at("wal.tar.gz"));
			return home.at("wal.tar.gz");
		},
		"a hard link to its -wal": (library, home) => {
			linkSync(`${library}-wal`, home.at("wal.tar.gz"));
			return home.at("wal.tar.gz");
		},
		"a dangling link to its -journal": (library, home) => {
			symlinkSync(`${library}-journal`, home.at("journal.tar.gz"));
			return home.at("journal.tar.gz");
		},
		"its -wal": (library) => `${library}-wal`,
		"its -shm": (library) => `${library}-shm`,
		"a device": (_, home) => nullDevice(home),
		"a link to a device": (_, home) => {
			symlinkSync(nullDevice(home), home.at("null.tar.gz"));
			return home.at("null.tar.gz");
		},
		"a pipe": (_, home) => {
			succeed(["mkfifo", home.at("pipe.tar.gz")]);
			return home.at("pipe.tar.gz");
		},
		"a text file": (_, home) => {
			writeFileSync(home.at("notes.tar.gz"), "my notes");
			return home.at("notes.tar.gz");
		},
		"an empty file": (_, home) => {
			writeFileSync(home.at("empty.tar.gz"), "");
			return home.at("empty.tar.gz");
		},
		"another program's archive": (_, home) => {
			const path = home.at("photos.tar.gz");
			succeed(["tar", "czf", path, "-C", home.at(".vpo"), "library.db"]);
			return path;
		},
		"a damaged backup": (_, home) => {
			const path = home.at("damaged.tar.gz");
			succeed([
				...binary.command,
				...BACKUP,
				"-o",
				path,
				"--database",
				home.library,
			]);
			const bytes = readFileSync(path);
			writeFileSync(path, bytes.subarray(0, bytes.length / 2));
			return path;
		},
	};

describe.each(Object.entries(WAYS))("--output on %s", (way, prepare) => {
	test.each([[[]], [["--force"]]])(
		"is refused with %j, and nothing changes",
		async (force) => {
			using home = new Home();
			const library = await archiveNamed(home);
			const output = prepare(library, home);
			const before = tree(home.path);
			const args = [...BACKUP, "--database", library, "--output", output];
			const { exitCode, json } = await runJson(
				binary,
				home,
				[...args, ...force],
				{ timeoutMs: 10_000 },
			);
			expect([2, 40]).toContain(exitCode);
			expect(json.error).toContain(output.split("/").at(-1));
			if (/itself|to it$|to its -wal|^its|dots/.test(way)) {
				expect(json.error).toContain("overwrite the library itself");
			}
			expect(tree(home.path)).toEqual(before);
		},
	);
});

describe("an existing backup at --output", () => {
	test("is refused without --force, and replaced with it in one step", async () => {
		using home = new Home();
		const output = home.at("mine.tgz");
		const args = [...BACKUP, "--output", output];
		expect(await run(binary, home, args)).toMatchObject({ exitCode: 0 });
		const before = tree(home.path);
		expect(await run(binary, home, args)).toMatchObject({ exitCode: 40 });
		expect(tree(home.path)).toEqual(before);
		const again = [...args, "--force", "--note", "the second"];
		expect(await run(binary, home, again)).toMatchObject({ exitCode: 0 });
		expectWholeBackup(output);
		expect(readdirSync(home.path).sort()).toEqual([".vpo", "mine.tgz"]);
	});

	test("is replaced behind a link, and the link stays", async () => {
		using home = new Home();
		const output = home.at("real.tgz");
		await run(binary, home, [...BACKUP, "--output", output]);
		symlinkSync("real.tgz", home.at("link.tgz"));
		const args = [...BACKUP, "--force", "--output", home.at("link.tgz")];
		const inode = statSync(output).ino;
		expect(await run(binary, home, args)).toMatchObject({ exitCode: 0 });
		expect(tree(home.path)["link.tgz"]).toBe("link to real.tgz");
		expect(statSync(output).ino).not.toBe(inode);
		expectWholeBackup(output);
	});
});

describe("backups of the same moment", () => {
	test.each([2, 5, 10])(
		"%d at once all get names of their own",
		async (count) => {
			using home = new Home();
			const before = contentOf(home.library);
			const children = Array.from({ length: count }, () =>
				start(binary, home, [...BACKUP, "--json"]),
			);
			const paths = await Promise.all(
				children.map(async (child) => {
					const json = JSON.parse(await new Response(child.stdout).text());
					expect(await child.exited).toBe(0);
					return (json as { path: string }).path;
				}),
			);
			expect(new Set(paths).size).toBe(count);
			const names = expectWholeBackups(home.backups);
			expect(names.map((name) => join(home.backups, name)).sort()).toEqual(
				paths.sort(),
			);
			expect(readdirSync(home.backups).sort()).toEqual([
				".vpo-state.json",
				...names,
			]);
			expect(contentOf(home.library)).toEqual(before);
		},
	);

	test("five at once with one name: one gets it, the others say that it is taken", async () => {
		using home = new Home();
		const args = [...BACKUP, "--json", "--output", home.at("one.tar.gz")];
		const runs = Array.from({ length: 5 }, () => run(binary, home, args));
		const outcomes = await Promise.all(runs);
		expect(outcomes.map(({ exitCode }) => exitCode).sort()).toEqual([
			0, 40, 40, 40, 40,
		]);
		expectWholeBackup(home.at("one.tar.gz"));
	});
});
