// The same commit makes the same bytes, in another folder and a second time; and the sums and their signature are right.

import { expect, setDefaultTimeout, test } from "bun:test";
import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { KEY, must, RELEASE, ROOT, Scratch, sh } from "../helpers/release.ts";

setDefaultTimeout(1_800_000);

test("SHA256SUMS names every file, and its signature is of this key", () => {
	const named = must(["sha256sum", "--check", "--strict", "SHA256SUMS"], {
		cwd: RELEASE,
	});
	const files = readdirSync(RELEASE).filter(
		(name) => !name.startsWith("SHA256SUMS"),
	);
	expect(named.trim().split("\n").sort()).toEqual(
		files.map((name) => `${name}: OK`).sort(),
	);
	must(["minisign", "-V", "-q", "-p", KEY, "-m", join(RELEASE, "SHA256SUMS")]);
});

test("from another folder it is byte for byte the same", () => {
	using scratch = new Scratch();
	const other = scratch.at("another folder", "of the same");
	const env = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" };
	must(["git", "clone", "--quiet", "--no-hardlinks", ROOT, other], { env });
	const head = must(["git", "rev-parse", "HEAD"], { cwd: ROOT, env }).trim();
	must(["git", "checkout", "--quiet", head], { cwd: other, env });
	// What is not committed yet is part of both.
	const changed = must(["git", "ls-files", "-mo", "--exclude-standard"], {
		cwd: ROOT,
		env,
	});
	for (const name of changed.split("\n").filter(Boolean)) {
		if (!existsSync(join(ROOT, name))) continue;
		mkdirSync(dirname(join(other, name)), { recursive: true });
		cpSync(join(ROOT, name), join(other, name));
	}
	must([process.execPath, "install", "--frozen-lockfile", "--silent"], {
		cwd: other,
		env,
	});
	const umask = `umask 077; exec "$0" scripts/release.ts --draft`;
	const made = sh(["sh", "-c", umask, process.execPath], { cwd: other, env });
	expect(made).toMatchObject({ exitCode: 0 });
	const sums = (folder: string) =>
		readFileSync(join(folder, "SHA256SUMS"), "utf8");
	expect(sums(join(other, "dist/release"))).toBe(sums(RELEASE));
});
