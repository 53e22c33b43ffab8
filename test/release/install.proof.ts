// install.sh: without root, beside a program of somebody else's, damaged files, upgrades and removal.

import {
	afterAll,
	beforeAll,
	beforeEach,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import {
	chmodSync,
	chownSync,
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
	KEY,
	must,
	proveWorks,
	putLibrary,
	RELEASE,
	released,
	Scratch,
	sh,
} from "../helpers/release.ts";
import { tree } from "../helpers/state.ts";

setDefaultTimeout(120_000);

const NOBODY = 65534;
const FOREIGN = "#!/bin/sh\necho VPO itself\n";
const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());

/** What is installed from: the release itself may lie where only we may read. */
let whole: string;
let key: string;
beforeAll(() => {
	whole = copied("whole");
	key = scratch.at("key.pub");
	cpSync(KEY, key);
});

let prefix: string;
let count = 0;
beforeEach(() => {
	count += 1;
	prefix = scratch.at(`prefix-${count}`);
	mkdirSync(join(prefix, "bin"), { recursive: true });
	for (const path of [prefix, join(prefix, "bin")])
		chownSync(path, NOBODY, NOBODY);
});

/** Runs install.sh as a user who is not root. */
function install(
	args: readonly string[],
	folder = whole,
	path = "/usr/bin:/bin",
) {
	const user = [
		"setpriv",
		"--reuid",
		`${NOBODY}`,
		"--regid",
		`${NOBODY}`,
		"--clear-groups",
	];
	const env = { PATH: path, HOME: scratch.path };
	return sh([...user, "sh", join(folder, "install.sh"), ...args], {
		env,
		cwd: scratch.path,
	});
}

/** A copy of what the installer needs, to be harmed. */
function copied(name: string): string {
	const folder = scratch.at(name);
	mkdirSync(folder);
	for (const path of [
		released("linux-x64.tar.gz"),
		...["install.sh", "SHA256SUMS", "SHA256SUMS.minisig"].map((it) =>
			join(RELEASE, it),
		),
	]) {
		cpSync(path, join(folder, path.slice(RELEASE.length + 1)));
	}
	return folder;
}

function proveInstalled(name: string): void {
	const data = scratch.at(`data-${count}`);
	putLibrary(`${data}/library.db`);
	const env = { PATH: "/usr/bin:/bin", VPO_DATA_DIR: data };
	const program = join(prefix, "bin", name);
	proveWorks((args) => sh([program, ...args], { env }), `${data}/library.db`);
}

test("installs without root what works, with pages and completions, and says what it did", () => {
	const outcome = install(["--prefix", prefix, "--key", key]);
	expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
	expect(outcome.stdout).toContain("the signature of SHA256SUMS is good");
	const files = readdirSync(prefix, { recursive: true, withFileTypes: true })
		.filter((it) => it.isFile())
		.map(({ parentPath, name }) => join(parentPath, name))
		.sort();
	const installed = [...outcome.stdout.matchAll(/^installed (.*)$/gm)].map(
		([, path]) => path,
	);
	expect(files).toEqual(
		[...installed, `${prefix}/share/vpo-library/files`].sort() as string[],
	);
	proveInstalled("vpo");
});

describe("beside a vpo of somebody else's", () => {
	test("keeps it, is called vpo-library, and works by that name", () => {
		writeFileSync(join(prefix, "bin/vpo"), FOREIGN, { mode: 0o755 });
		const outcome = install(["--prefix", prefix]);
		expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
		expect(outcome.stdout).toContain(
			`${prefix}/bin/vpo is another program and stays`,
		);
		expect(readFileSync(join(prefix, "bin/vpo"), "utf8")).toBe(FOREIGN);
		const bash = readFileSync(
			join(prefix, "share/bash-completion/completions/vpo-library"),
			"utf8",
		);
		expect(bash).toContain("complete -F _vpo_library vpo-library");
		proveInstalled("vpo-library");
		expect(install(["--prefix", prefix, "--uninstall"])).toMatchObject({
			exitCode: 0,
		});
		expect(readdirSync(join(prefix, "bin"))).toEqual(["vpo"]);
	});

	test("does not hide one that PATH finds elsewhere", () => {
		const elsewhere = scratch.at("elsewhere");
		mkdirSync(elsewhere);
		writeFileSync(join(elsewhere, "vpo"), FOREIGN, { mode: 0o755 });
		const outcome = install(
			["--prefix", prefix],
			whole,
			`${elsewhere}:/usr/bin:/bin`,
		);
		expect(outcome.exitCode).toBe(0);
		expect(readdirSync(join(prefix, "bin"))).toEqual(["vpo-library"]);
	});

	test("refuses that name when it was asked for", () => {
		writeFileSync(join(prefix, "bin/vpo"), FOREIGN, { mode: 0o755 });
		const before = tree(prefix);
		const outcome = install(["--prefix", prefix, "--name", "vpo"]);
		expect(outcome).toMatchObject({ exitCode: 1 });
		expect(outcome.stderr).toContain(
			"is another program and stays; try --name vpo-library",
		);
		expect(tree(prefix)).toEqual(before);
	});
});

test("an upgrade replaces what is ours, and removal leaves nothing", () => {
	expect(install(["--prefix", prefix]).exitCode).toBe(0);
	const first = readFileSync(join(prefix, "share/vpo-library/files"), "utf8");
	expect(install(["--prefix", prefix]).exitCode).toBe(0);
	expect(readFileSync(join(prefix, "share/vpo-library/files"), "utf8")).toBe(
		first,
	);
	const outcome = install(["--prefix", prefix, "--uninstall"]);
	expect(outcome.exitCode).toBe(0);
	const left = readdirSync(prefix, { recursive: true, withFileTypes: true });
	expect(left.filter((it) => !it.isDirectory())).toEqual([]);
	expect(install(["--prefix", prefix, "--uninstall"])).toMatchObject({
		exitCode: 1,
	});
});

describe("nothing is installed", () => {
	const refused = (
		folder: string,
		args: readonly string[],
		message: string,
	) => {
		const before = tree(prefix);
		const outcome = install(["--prefix", prefix, ...args], folder);
		expect(outcome.exitCode).not.toBe(0);
		expect(outcome.stderr).toContain(message);
		expect(tree(prefix)).toEqual(before);
	};

	test("from a damaged download", () => {
		const folder = copied("damaged");
		const path = join(
			folder,
			released("linux-x64.tar.gz").slice(RELEASE.length + 1),
		);
		const bytes = readFileSync(path);
		bytes[1000] = (bytes[1000] ?? 0) ^ 1;
		writeFileSync(path, bytes);
		refused(folder, [], "is damaged");
	});

	test("from sums that the key did not sign", () => {
		const folder = copied("unsigned");
		const sums = join(folder, "SHA256SUMS");
		writeFileSync(sums, `${readFileSync(sums, "utf8")}\n`);
		refused(folder, ["--key", key], "is not signed with");
	});

	test("where a file is missing, a flag is wrong or the folder can't be written", () => {
		const folder = copied("missing");
		must(["rm", join(folder, "SHA256SUMS")]);
		refused(folder, [], "SHA256SUMS is missing");
		refused(whole, ["--nope"], "unknown argument: --nope");
		refused(whole, ["--name", "../x"], "--name must be a plain name");
		chmodSync(prefix, 0o555);
		chownSync(prefix, 0, 0);
		refused(whole, [], "can't be written by nobody");
	});
});

test("busybox and dash take it for what it is: plain sh", () => {
	expect(existsSync("/bin/dash")).toBe(true);
	must(["/bin/dash", "-n", join(RELEASE, "install.sh")]);
});
