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

const SRC = join(import.meta.dir, "..", "src");
const FILES = readdirSync(SRC, { recursive: true })
	.map(String)
	.filter((name) => name.endsWith(".ts"));

const STATIC =
	/^(?:import|export)\s+(type\s)?(?:[\w*\s{},$]+?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC =
	/\bimport\(\s*"([^"]+)"\s*\)|new URL\(\s*"([^"]+)",\s*import\.meta\.url/g;

function importsOf(from: string): Import[] {
	const source = readFileSync(join(SRC, from), "utf8");
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

const IMPORTS = FILES.flatMap(importsOf);

/** From left to right: each may use what stands behind it, and nothing before it. */
const LAYERS = ["main", "cli", "core", "ground"] as const;

function layerOf(file: string): (typeof LAYERS)[number] {
	if (file === "main.ts") return "main";
	const [folder = ""] = file.split("/");
	return folder === "cli" || folder === "core" ? folder : "ground";
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
			"cli/root.ts imports cli/backup.ts",
			"core/soundness.ts imports core/sqlite.worker.ts",
		]),
	);
});

describe("imports go one way", () => {
	test("main → cli → core → files, errors, settings", () => {
		const upwards = IMPORTS.filter(
			({ from, to }) =>
				FILES.includes(to) &&
				LAYERS.indexOf(layerOf(to)) < LAYERS.indexOf(layerOf(from)),
		);
		expect(upwards.map(show)).toEqual([]);
	});

	test("nothing but main imports main, and main only what it runs", () => {
		const ofMain = IMPORTS.filter(({ from }) => from === "main.ts");
		const inside = ofMain
			.map(({ to }) => to)
			.filter((to) => FILES.includes(to));
		expect(inside.filter((to) => layerOf(to) === "core")).toEqual([]);
	});

	test("the verbs of core don't know each other, and no noun knows a verb", () => {
		const verbs = ["backup", "restore", "prune", "verify"].map(
			(name) => `core/${name}.ts`,
		);
		expect(FILES).toEqual(expect.arrayContaining(verbs));
		const wrong = IMPORTS.filter(
			({ from, to }) => verbs.includes(to) && layerOf(from) === "core",
		);
		expect(wrong.map(show)).toEqual([]);
	});

	test("there are no circles", () => {
		const circles: string[] = [];
		const done = new Set<string>();
		const walk = (file: string, path: readonly string[]) => {
			if (path.includes(file)) circles.push([...path, file].join(" → "));
			if (path.includes(file) || done.has(file)) return;
			for (const { from, to, isType } of IMPORTS) {
				if (from === file && !isType) walk(to, [...path, file]);
			}
			done.add(file);
		};
		for (const file of FILES) walk(file, []);
		expect(circles).toEqual([]);
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

	test("bun:sqlite is at home in core/sqlite.ts", () => {
		expect(usersOf("bun:sqlite")).toEqual(["core/sqlite.ts"]);
	});

	test("tar is at home in core/tar.ts", () => {
		expect(usersOf("tar")).toEqual(["core/tar.ts"]);
	});
});

describe("only main", () => {
	const using = (pattern: RegExp) =>
		FILES.filter((file) => {
			const source = readFileSync(join(SRC, file), "utf8");
			return pattern.test(source.replaceAll(/\/\/.*$/gm, ""));
		});

	test("ends the process and reads argv", () => {
		expect(using(/process\.(exit|abort)\(|process\.exitCode/)).toEqual([
			"main.ts",
		]);
		expect(using(/process\.argv|Bun\.argv/)).toEqual(["main.ts"]);
	});

	test("reads the environment; core never does, and never prints", () => {
		expect(using(/process\.env|Bun\.env/)).toEqual(["main.ts"]);
		const core = using(/console\.|process\.(stdout|stderr|stdin)/).filter(
			(file) => !file.startsWith("cli/"),
		);
		expect(core).toEqual([]);
	});
});
