// What a command writes by a name of the user's takes the place of nothing that is the library's own, and of no link.

import { expect, test } from "bun:test";
import {
	lstatSync,
	mkdirSync,
	readFileSync,
	readlinkSync,
	symlinkSync,
} from "node:fs";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { inShell } from "../helpers/shell.ts";
import { tree } from "../helpers/state.ts";

const OWN = ["-wal", "-shm", "-journal", ".vpo.json"].map(
	(end) => `library.db${end}`,
);

test.each([
	["check", "--metrics"],
	["extract latest", "--to"],
])(
	"vpo library %s %s writes nothing where SQLite or config.toml would be, nor beside what the library is a link to",
	async (command, flag) => {
		using home = new Home();
		await run(binary, home, ["library", "backup"]);
		const link = home.at("link.db");
		symlinkSync(".vpo/library.db", link);
		const folder = home.at("way");
		symlinkSync(".vpo", folder);
		const names = [
			...OWN.map((name) => home.at(".vpo", name)),
			`${folder}/library.db-wal`,
			home.at("link.db-journal"),
			home.at(".vpo", "config.toml"),
		];
		const before = tree(home.path);
		for (const name of names) {
			const env = { VPO_DATABASE_PATH: link };
			const args = ["library", ...command.split(" "), flag, name];
			const { exitCode, json } = await runJson(binary, home, args, { env });
			expect([name, exitCode]).toEqual([name, 40]);
			expect(json.error).toContain(name);
		}
		expect(tree(home.path)).toEqual(before);
	},
);

test("metrics go where a link leads, and the link stays", async () => {
	using home = new Home();
	mkdirSync(home.at("exporter"));
	const link = home.at("vpo.prom");
	symlinkSync("exporter/of-vpo.prom", link);
	const args = ["library", "check", "--metrics", link];
	for (let time = 0; time < 2; time++) {
		expect((await run(binary, home, args)).exitCode).toBe(61);
		expect(readlinkSync(link)).toBe("exporter/of-vpo.prom");
		const written = readFileSync(home.at("exporter", "of-vpo.prom"), "utf8");
		expect(written).toStartWith("# HELP vpo_");
	}
});

test.each([1, 2])(
	"metrics take no place of the file that descriptor %d writes to",
	async (descriptor) => {
		using home = new Home();
		const link = home.at("out");
		symlinkSync(`/proc/self/fd/${descriptor}`, link);
		const program = inShell(binary, `exec "$@" ${descriptor}>result`);
		for (const path of [link, home.at("result")]) {
			const args = ["library", "check", "--metrics", path];
			await run(program, home, args);
			expect(lstatSync(link).isSymbolicLink()).toBe(true);
			const told = readFileSync(home.at("result"), "utf8");
			if (descriptor === 1) expect(told).toBe("");
			else expect(told).toContain("print them: --metrics -");
		}
	},
);
