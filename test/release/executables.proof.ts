// The four executables where they belong: on this machine, on the oldest processors, on ARM and with musl.

import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { unpackPackages } from "../../scripts/release/debian.ts";
import {
	must,
	proveWorks,
	putLibrary,
	Scratch,
	sh,
	unpack,
	VERSION,
} from "../helpers/release.ts";
import { linkStdcxx } from "../helpers/stdcxx.ts";

setDefaultTimeout(300_000);

const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());

/** The program started by `command`, with a data folder of its own. */
function proveHere(name: string, command: readonly string[]): void {
	const data = scratch.at(`data-${name}`);
	putLibrary(`${data}/library.db`);
	const env = { PATH: process.env.PATH ?? "", VPO_DATA_DIR: data };
	proveWorks(
		(args) => sh([...command, ...args], { env }),
		`${data}/library.db`,
	);
}

test.each(["gz", "xz"])("x64 from .tar.%s", (packed) => {
	const folder = unpack(`linux-x64.tar.${packed}`, scratch.at(packed));
	proveHere(packed, [`${folder}/vpo`]);
	const names = readdirSync(folder, { recursive: true }).map(String).sort();
	expect(names).toEqual([
		"LICENSE",
		"completions",
		"completions/_vpo",
		"completions/vpo.bash",
		"completions/vpo.fish",
		"man",
		"man/vpo.1",
		"vpo",
	]);
	expect(sh(["mandoc", "-T", "lint", `${folder}/man/vpo.1`]).stdout).toBe("");
	expect(lstatSync(`${folder}/vpo`).mode & 0o777).toBe(0o755);
	const version = must([`${folder}/vpo`, "--version", "--json"]);
	expect(JSON.parse(version)).toMatchObject({
		version: VERSION,
		target: "linux-x64",
	});
});

test("x64 on a processor without AVX", () => {
	const folder = unpack("linux-x64.tar.gz", scratch.at("nehalem"));
	proveHere("nehalem", [
		"qemu-x86_64-static",
		"-cpu",
		"Nehalem",
		`${folder}/vpo`,
	]);
});

describe("of other systems", () => {
	let roots: Record<"glibc" | "musl", string>;
	beforeAll(async () => {
		const wanted = ["libc6:arm64", "musl:arm64"];
		const [glibc, musl] = await unpackPackages(scratch.at("debian"), wanted);
		roots = { glibc: glibc?.root ?? "", musl: musl?.root ?? "" };
	});

	test("arm64", () => {
		const folder = unpack("linux-arm64.tar.gz", scratch.at("arm64"));
		proveHere("arm64", [
			"qemu-aarch64-static",
			"-L",
			roots.glibc,
			`${folder}/vpo`,
		]);
	});

	test("arm64 with musl", () => {
		const folder = unpack("linux-arm64-musl.tar.gz", scratch.at("arm64-musl"));
		linkStdcxx("arm64", `${folder}/vpo`, roots.musl);
		proveHere("arm64-musl", [
			"qemu-aarch64-static",
			"-L",
			roots.musl,
			`${folder}/vpo`,
		]);
	});

	test("x64 with musl, in a root file system that has nothing else", () => {
		const folder = unpack("linux-x64-musl.tar.gz", scratch.at("x64-musl"));
		const root = scratch.at("root");
		for (const name of ["proc", "dev", "data", "lib"]) {
			mkdirSync(`${root}/${name}`, { recursive: true });
		}
		must(["cp", "-L", "/lib/ld-musl-x86_64.so.1", `${root}/lib/`]);
		must(["cp", `${folder}/vpo`, `${root}/vpo`]);
		linkStdcxx("amd64", `${folder}/vpo`, root);
		putLibrary(`${root}/data/library.db`);
		const line =
			'mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec env -i VPO_DATA_DIR=/data "$(command -v chroot)" "$0" /vpo "$@"';
		const path = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
		const vpo = (args: readonly string[]) =>
			sh(["unshare", "-m", "sh", "-c", line, root, ...args], { env: path });
		proveWorks(vpo, `${root}/data/library.db`);
		expect(existsSync(`${root}/data/backups`)).toBe(true);
	});
});

test("without /proc Bun ends before anything of ours can say why, as is documented", () => {
	const folder = unpack("linux-x64.tar.gz", scratch.at("no-proc"));
	const line = 'mount -t tmpfs none /proc && "$0" library backups; exit $?';
	const outcome = sh(["unshare", "-m", "sh", "-c", line, `${folder}/vpo`]);
	expect(outcome).toMatchObject({ exitCode: 134, stdout: "" });
});
