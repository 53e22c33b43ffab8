// The house's plan, kept by a check: imports go one way, each library has one home, only main ends the process.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface Import {
	readonly from: string;
	/** A file in src, or a package's name. */
	readonly to: string;
	readonly isType: boolean;
}

const ROOT = join(import.meta.dir, "..");
const SRC = join(ROOT, "src");
const FILES = filesIn(SRC);

function filesIn(folder: string): string[] {
	return readdirSync(folder, { recursive: true })
		.map(String)
		.filter((name) => name.endsWith(".ts"));
}

const STATIC =
	/^(?:import|export)\s+(type\s)?(?:[\w*\s{},$]+?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC =
	/\bimport\(\s*"([^"]+)"\s*\)|new URL\(\s*"([^"]+)",\s*import\.meta\.url/g;

function importsOf(folder: string, from: string): Import[] {
	const source = readFileSync(join(folder, from), "utf8");
	const target = (name: string) =>
		name.startsWith(".") ? join(dirname(from), name) : name;
	return [
		...source.matchAll(STATIC).map(([, type, name = ""]) => ({
			from,
			to: target(name),
			isType: type !== undefined,
		})),
		...source.matchAll(DYNAMIC).map(([, module, file = ""]) => ({
			from,
			to: target(module ?? file),
			isType: false,
		})),
	];
}

const IMPORTS = FILES.flatMap((file) => importsOf(SRC, file));

function circlesOf(
	files: readonly string[],
	imports: readonly Import[],
): string[] {
	const circles: string[] = [];
	const done = new Set<string>();
	const walk = (file: string, path: readonly string[]) => {
		if (path.includes(file)) circles.push([...path, file].join(" → "));
		if (path.includes(file) || done.has(file)) return;
		for (const { from, to } of imports) {
			if (from === file) walk(to, [...path, file]);
		}
		done.add(file);
	};
	for (const file of files) walk(file, []);
	return circles;
}

/** From left to right: each may use what stands behind it, and nothing before it. */
const LAYERS = ["main.ts", "cli", "core", "ground"];

/** The tower of core, from the top down: read from below, its floors are the line "library → … → archive → location". */
const ROOMS = [
	"upkeep",
	"inside",
	"restore",
	"backup",
	"location",
	"archive",
	"library",
	"schedule",
	"work",
];

/** The rooms of cli. What lies beside them is what all commands share. */
const SPEAKING = ["commands", "schedule", "results", "manual", "arguments"];

/** The first part of a path in src: a layer. */
function layerOf(file: string): string {
	return file.split("/")[0] ?? "";
}

/** The room of a file in this layer; "" where it is in none. */
function roomIn(layer: string, file: string): string {
	const [first, second, third] = file.split("/");
	return first === layer && third !== undefined ? (second ?? "") : "";
}

/** Imports between two of these rooms that lead to an upper one. */
function upwardsIn(layer: string, rooms: readonly string[]): Import[] {
	return IMPORTS.filter(({ from, to }) => {
		const [here, there] = [from, to].map((file) =>
			rooms.indexOf(roomIn(layer, file)),
		);
		return here !== -1 && there !== -1 && Number(there) < Number(here);
	});
}

const show = ({ from, to }: Import) => `${from} imports ${to}`;

/** Who imports a package, other than for its types. */
const usersOf = (name: string) =>
	IMPORTS.filter(
		({ to, isType }) => !isType && (to === name || to.startsWith(`${name}/`)),
	).map(({ from }) => from);

test("the check sees what there is", () => {
	expect(FILES.length).toBeGreaterThan(30);
	expect(usersOf("./none")).toEqual([]);
	expect(IMPORTS.map(show)).toEqual(
		expect.arrayContaining([
			"main.ts imports cli/run.ts",
			"cli/root.ts imports cli/commands/backup.ts",
			"core/library/sqlite-start.ts imports core/library/sqlite.worker.ts",
		]),
	);
});

describe("imports go one way", () => {
	test("main → cli → core → ground", () => {
		const upwards = IMPORTS.filter(
			({ from, to }) =>
				FILES.includes(to) &&
				LAYERS.indexOf(layerOf(to)) < LAYERS.indexOf(layerOf(from)),
		);
		expect(upwards.map(show)).toEqual([]);
	});

	test("every file is in a layer, and every file of core in a room", () => {
		const strays = FILES.filter(
			(file) =>
				!LAYERS.includes(layerOf(file)) ||
				(layerOf(file) === "core" && !ROOMS.includes(roomIn("core", file))),
		);
		expect(strays).toEqual([]);
		const rooms = new Set(FILES.map((file) => roomIn("cli", file)));
		expect([...rooms].sort()).toEqual(["", ...SPEAKING].sort());
	});

	test("in core from upper rooms to lower ones, types included", () => {
		expect(upwardsIn("core", ROOMS).map(show)).toEqual([]);
	});

	test("in cli from the commands to what they share", () => {
		expect(upwardsIn("cli", SPEAKING).map(show)).toEqual([]);
	});

	test("no folder holds more than fifteen files", () => {
		const folders = Map.groupBy(FILES, dirname);
		const full = [...folders].filter(([, files]) => files.length > 15);
		expect(full.map(([folder]) => folder)).toEqual([]);
	});

	test("nothing but main imports main, and main only what it runs", () => {
		const ofMain = IMPORTS.filter(({ from }) => from === "main.ts");
		const inside = ofMain
			.map(({ to }) => to)
			.filter((to) => FILES.includes(to));
		expect(inside.filter((to) => layerOf(to) === "core")).toEqual([]);
	});

	test("the verbs of core don't know each other, and no noun knows a verb", () => {
		const verbs = [
			"core/backup/backup.ts",
			"core/restore/restore.ts",
			"core/upkeep/prune.ts",
			"core/upkeep/verify.ts",
		];
		expect(FILES).toEqual(expect.arrayContaining(verbs));
		// Pruning after a backup is prune itself, with its failures told instead of thrown.
		const wrong = IMPORTS.filter(
			({ from, to }) =>
				verbs.includes(to) &&
				layerOf(from) === "core" &&
				from !== "core/upkeep/prune-after.ts",
		);
		expect(wrong.map(show)).toEqual([]);
	});

	test("there are no circles, types included", () => {
		expect(circlesOf(FILES, IMPORTS)).toEqual([]);
	});

	test("there are none in scripts and tests either", () => {
		for (const folder of ["scripts", "test"]) {
			const files = filesIn(join(ROOT, folder));
			const imports = files.flatMap((file) =>
				importsOf(join(ROOT, folder), file),
			);
			expect(imports.length).toBeGreaterThan(10);
			expect(circlesOf(files, imports)).toEqual([]);
		}
	});

	test("all that is imported is there", () => {
		const missing = IMPORTS.filter(
			({ to }) => to.endsWith(".ts") && !FILES.includes(to),
		);
		expect(missing.map(show)).toEqual([]);
	});
});

describe("each library has one home", () => {
	test("citty is at home in cli", () => {
		const users = IMPORTS.filter(({ to }) => to === "citty");
		expect(users.length).toBeGreaterThan(0);
		for (const { from } of users) expect(from).toStartWith("cli/");
	});

	test("consola is at home in cli/output.ts", () => {
		expect(new Set(usersOf("consola"))).toEqual(new Set(["cli/output.ts"]));
	});

	test("bun:sqlite is at home in core/library/sqlite.ts", () => {
		expect(usersOf("bun:sqlite")).toEqual(["core/library/sqlite.ts"]);
	});

	test("tar is at home in core/archive/tar.ts", () => {
		expect(usersOf("tar")).toEqual(["core/archive/tar.ts"]);
	});
});

describe("only main", () => {
	const using = (pattern: RegExp) =>
		FILES.filter((file) => {
			const source = readFileSync(join(SRC, file), "utf8");
			return pattern.test(source.replaceAll(/\/\/.*$/gm, ""));
		}).sort();

	test("ends the process and reads argv", () => {
		expect(using(/process\.(exit|abort)\(|process\.exitCode/)).toEqual([
			"main.ts",
		]);
		expect(using(/process\.argv\b|Bun\.argv/)).toEqual(["main.ts"]);
	});

	test("what touches neither the library nor backups settles where they are without becoming their owner", () => {
		expect(using(/resolveSettings\(/)).toEqual(
			[
				"cli/notify.ts",
				"cli/settle.ts",
				"cli/arguments/backup.ts",
				"cli/commands/config.ts",
				"ground/settings.ts",
			].sort(),
		);
		expect(using(/becomeOwner\(/)).toEqual(
			[
				"cli/commands/backup.ts",
				"cli/schedule/foreground.ts",
				"cli/settle.ts",
				"ground/rights/user.ts",
			].sort(),
		);
	});

	test("ground/program.ts asks by what name it was called", () => {
		expect(using(/process\.argv0/)).toEqual(["ground/program.ts"]);
	});

	test("what is to be pasted names the program as it was called; only examples are written down", () => {
		const named = FILES.filter((file) => {
			const source = readFileSync(join(SRC, file), "utf8")
				.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
				.replace(/^export const examples = \[[\s\S]*?^\];/m, "");
			return /vpo (library|db) /.test(source);
		});
		expect(named).toEqual([]);
	});

	test("reads the environment; core never does, and never prints", () => {
		expect(using(/process\.env|Bun\.env/)).toEqual(["main.ts"]);
		const core = using(/console\.|process\.(stdout|stderr|stdin)/).filter(
			(file) => !file.startsWith("cli/"),
		);
		expect(core).toEqual([]);
	});
});
