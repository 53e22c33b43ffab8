// Root is nobody special: run as root on a user's library, the program has that user's rights and leaves nothing of root's.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	chmodSync,
	chownSync,
	cpSync,
	existsSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { requireRoot } from "../helpers/mounts.ts";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { inShell } from "../helpers/shell.ts";
import { backupsIn, expectWholeBackup, succeed } from "../helpers/state.ts";

const USER = 41_207;
const OTHER = 41_208;
const BACKUP = ["library", "backup"];
const RESTORE = ["library", "restore", "--yes", "latest"];

let home: Home;
beforeEach(() => {
	requireRoot("it runs the program as root on what is another user's");
	home = new Home();
	chmodSync(home.path, 0o755);
	give(home.at(".vpo"));
});
afterEach(() => home[Symbol.dispose]());

function give(path: string, uid = USER): void {
	succeed(["chown", "--recursive", "--no-dereference", `${uid}:${uid}`, path]);
}

/** The program as a user who is nothing but a number. */
function as(uid: number) {
	const ids = `--reuid=${uid} --regid=${uid} --clear-groups`;
	return inShell(binary, `exec setpriv ${ids} "$@"`);
}

function ownersIn(folder: string): Set<number> {
	const names = readdirSync(folder, { recursive: true }).map(String);
	return new Set(names.map((name) => lstatSync(join(folder, name)).uid));
}

describe("what root leaves is the user's", () => {
	test("a backup, its folder and what is remembered of it", async () => {
		expect((await run(binary, home, BACKUP)).exitCode).toBe(0);
		await run(binary, home, ["library", "pin", "latest"]);
		await run(binary, home, ["library", "verify"]);
		expect(ownersIn(home.at(".vpo"))).toEqual(new Set([USER]));
		expect(statSync(home.backups).gid).toBe(USER);
		expect(readdirSync(home.backups)).toContain(".vpo-state.json");
		for (const args of [BACKUP, ["library", "verify"], RESTORE]) {
			expect((await run(as(USER), home, args)).exitCode).toBe(0);
		}
	});

	test("a restored library, and one in a folder that was not there", async () => {
		await run(as(USER), home, BACKUP);
		const before = contentOf(home.library);
		expect((await run(binary, home, RESTORE)).exitCode).toBe(0);
		expect(ownersIn(home.at(".vpo"))).toEqual(new Set([USER]));
		const [name = ""] = backupsIn(home.backups);
		const folder = home.at("moved");
		mkdirSync(folder);
		cpSync(join(home.backups, name), join(folder, name));
		give(folder);
		const env = { VPO_DATA_DIR: join(folder, "deep", "data") };
		const args = ["library", "restore", join(folder, name)];
		const restored = await run(binary, home, args, { env });
		expect(restored).toMatchObject({ exitCode: 0, stderr: "" });
		expect(ownersIn(folder)).toEqual(new Set([USER]));
		expect(contentOf(join(env.VPO_DATA_DIR, "library.db"))).toEqual(before);
	});

	test("the backups of a schedule in the foreground, from a place that only root may enter", async () => {
		const place = home.at("of-root");
		mkdirSync(place, { mode: 0o700 });
		const program = { name: "", command: [join(place, "vpo")] };
		cpSync(binary.command[0] ?? "", join(place, "vpo"));
		const args = ["library", "schedule", "--run", "--every", "1d"];
		const child = Bun.spawn([...program.command, ...args], {
			env: { HOME: home.path },
			stderr: "pipe",
		});
		for await (const piece of child.stderr) {
			if (Buffer.from(piece).includes("next backup")) break;
		}
		child.kill("SIGTERM");
		await child.exited;
		expect(backupsIn(home.backups)).toHaveLength(1);
		expect(ownersIn(home.at(".vpo"))).toEqual(new Set([USER]));
	});

	test("in a folder of root's it stays root", async () => {
		give(home.at(".vpo"), 0);
		expect((await run(binary, home, BACKUP)).exitCode).toBe(0);
		expect(ownersIn(home.at(".vpo"))).toEqual(new Set([0]));
	});
});

describe("what the user may not do is an error that names him", () => {
	const denied = `permission denied for uid ${USER}`;

	test("writing to a folder of root's", async () => {
		const folder = home.at("roots");
		mkdirSync(folder, { mode: 0o700 });
		const args = [...BACKUP, "--output", `${folder}/`];
		const { exitCode, json } = await runJson(binary, home, args);
		expect(exitCode).toBe(40);
		expect(json.error).toBe(`cannot write to the folder ${folder}: ${denied}`);
		expect(json.hint).toContain(`let uid ${USER} read and write there`);
		expect(readdirSync(folder)).toEqual([]);
	});

	test.each(["", "deeper/", "by-name.tgz"])(
		"root's folder is reached through root's shell, and the hint says so: /%s",
		async (rest) => {
			const folder = home.at("vault");
			mkdirSync(folder, { mode: 0o700 });
			const args = [...BACKUP, "--output", `${folder}/${rest}`];
			const { exitCode, json } = await runJson(binary, home, args);
			expect(exitCode).toBe(40);
			expect(json.hint).toMatch(
				/; or let root's shell write it: \S*vpo library backup --output - > FILE$/,
			);
			const file = join(folder, "kept.tar.gz");
			const line = `umask 077; exec "$@" > ${file}`;
			const piped = [...BACKUP, "--output", "-"];
			const done = await run(inShell(binary, line), home, piped);
			expect(done.exitCode).toBe(0);
			expect(lstatSync(file)).toMatchObject({ uid: 0, mode: 0o100600 });
			expectWholeBackup(file);
			expect(ownersIn(home.at(".vpo"))).toEqual(new Set([USER]));
		},
	);

	test("reading a library of root's in his folder", async () => {
		chownSync(home.library, 0, 0);
		chmodSync(home.library, 0o600);
		const { exitCode, json } = await runJson(binary, home, BACKUP);
		expect(exitCode).toBe(40);
		expect(json.error).toContain(`${home.library}: ${denied}`);
	});

	test("where root may not become another user it says so", async () => {
		const drop = 'exec setpriv --bounding-set=-setuid,-setgid "$@"';
		const { exitCode, json } = await runJson(
			inShell(binary, drop),
			home,
			BACKUP,
		);
		expect(exitCode).toBe(40);
		expect(json).toMatchObject({
			error: `cannot work as uid ${USER}, to whom ${home.at(".vpo")} belongs: root may not change users here`,
			hint: `run vpo as that user: ${USER}:${USER}`,
		});
		expect(existsSync(home.backups)).toBe(false);
	});
});

describe("links are no way to what another user has no rights to", () => {
	test.each(["existing", "missing"])(
		"a library that is his link to a %s file of root's",
		async (kind) => {
			await run(as(USER), home, BACKUP);
			const folder = home.at("etc");
			mkdirSync(folder);
			const target = join(folder, "ld.so.preload");
			if (kind === "existing") writeFileSync(target, "of root");
			rmSync(home.library);
			symlinkSync(target, home.library);
			succeed(["chown", "--no-dereference", `${USER}`, home.library]);
			const { exitCode, json } = await runJson(binary, home, RESTORE);
			expect(exitCode).toBe(40);
			expect(json.error).toContain(folder);
			expect(json.error).toContain(`for uid ${USER}`);
			const left = kind === "existing" ? ["ld.so.preload"] : [];
			expect(readdirSync(folder)).toEqual(left);
			if (kind === "existing") {
				expect(readFileSync(target, "utf8")).toBe("of root");
			}
		},
	);

	test("a data folder that is his link to a folder of root's", async () => {
		const folder = home.at("roots");
		mkdirSync(folder);
		cpSync(home.library, join(folder, "library.db"));
		const link = home.at("data");
		symlinkSync(folder, link);
		succeed(["chown", "--no-dereference", `${USER}`, link]);
		const env = { VPO_DATA_DIR: link };
		const { exitCode, json } = await runJson(binary, home, BACKUP, { env });
		expect(exitCode).toBe(40);
		expect(json.error).toBe(
			`the link ${link} belongs to another user (uid ${USER}) than what it leads to: ${folder}`,
		);
		expect(readdirSync(folder)).toEqual(["library.db"]);
	});

	test("a library that is another member's link, in a folder of a group", async () => {
		const folder = home.at("shared");
		mkdirSync(folder);
		chmodSync(folder, 0o777);
		const link = join(folder, "library.db");
		symlinkSync(home.library, link);
		succeed(["chown", "--no-dereference", `${OTHER}`, link]);
		const args = [...BACKUP, "--database", link];
		const refused = await run(as(USER), home, args);
		expect(refused.exitCode).toBe(40);
		expect(refused.stderr).toContain(`belongs to another user (uid ${OTHER})`);
		succeed(["chown", "--no-dereference", `${USER}`, link]);
		expect((await run(as(USER), home, args)).exitCode).toBe(0);
	});

	test("links of root and of the owner of what they lead to are followed", async () => {
		for (const uid of [0, USER]) {
			const link = home.at(`link-${uid}.db`);
			symlinkSync(home.library, link);
			succeed(["chown", "--no-dereference", `${uid}`, link]);
			const args = [...BACKUP, "--database", link];
			const { exitCode, stderr } = await run(binary, home, args);
			expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
		}
		expect(dirname(home.backups)).toBe(home.at(".vpo"));
	});
});

describe("a config.toml that is a link", () => {
	const CONFIG = ["library", "config"];

	function link(target: string, uid: number): string {
		const path = home.at(".vpo", "config.toml");
		symlinkSync(target, path);
		succeed(["chown", "--no-dereference", `${uid}`, path]);
		return path;
	}

	test.each([BACKUP, ["library", "backups"], CONFIG])(
		"of his to what is root's shows nothing of it: vpo %s %s",
		async (...args) => {
			const folder = home.at("of-root");
			mkdirSync(folder, { mode: 0o700 });
			const target = join(folder, "shadow");
			writeFileSync(target, "root:$6$secret:19000:0\n", { mode: 0o600 });
			const path = link(target, USER);
			const { exitCode, json } = await runJson(binary, home, args);
			expect(exitCode).toBe(11);
			expect(json.error).toBe(
				`the link ${path} belongs to another user (uid ${USER}) than what it leads to: ${target}`,
			);
			expect(existsSync(home.backups)).toBe(false);
		},
	);

	test("through a folder that is his link to root's is refused as well", async () => {
		const folder = home.at("of-root");
		mkdirSync(folder, { mode: 0o700 });
		writeFileSync(join(folder, "config.toml"), "secret = = 1\n");
		const way = home.at(".vpo", "way");
		symlinkSync(folder, way);
		succeed(["chown", "--no-dereference", `${USER}`, way]);
		const env = { VPO_CONFIG_PATH: join(way, "config.toml") };
		const { exitCode, json } = await runJson(binary, home, CONFIG, { env });
		expect(exitCode).toBe(40);
		expect(json.error).toContain(`the link ${way} belongs to another user`);
	});

	test.each([0, USER])(
		"of user %d to what is the user's is followed",
		async (uid) => {
			const target = home.at(".vpo", "shared.toml");
			writeFileSync(target, "[backup]\nlevel = 3\n");
			give(target);
			link(target, uid);
			const { json } = await runJson(binary, home, CONFIG);
			expect(json.settings).toMatchObject({
				"backup.level": { value: 3, origin: "config.toml" },
			});
			expect((await run(binary, home, BACKUP)).exitCode).toBe(0);
		},
	);
});

test("the user's groups are his as /etc/group has them", async () => {
	const folder = home.at("of-a-group");
	mkdirSync(folder);
	chownSync(folder, 0, OTHER);
	chmodSync(folder, 0o770);
	const passwd = home.at("passwd");
	const group = home.at("group");
	writeFileSync(passwd, `root:x:0:0::/:\nme:x:${USER}:${USER}::/:/bin/sh\n`);
	writeFileSync(group, `me:x:${USER}:\nshared:x:${OTHER}:you,me\n`);
	const line = `unshare -m sh -c 'mount --bind ${passwd} /etc/passwd; mount --bind ${group} /etc/group; exec "$@"' sh "$@"`;
	const args = [...BACKUP, "--output", `${folder}/`];
	const { exitCode, stderr } = await run(inShell(binary, line), home, args);
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
	expect(ownersIn(folder)).toEqual(new Set([USER]));
	const denied = await run(inShell(binary, line), home, [
		...BACKUP,
		"--output",
		`${home.path}/x/`,
	]);
	expect(denied.stderr).toContain(`permission denied for me (uid ${USER})`);
});
