// The Debian packages: dpkg installs, upgrades, removes and purges them, and leaves backups alone.

import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { unpackPackages } from "../../scripts/release/debian.ts";
import {
	deb,
	must,
	proveWorks,
	putLibrary,
	Scratch,
	sh,
} from "../helpers/release.ts";

setDefaultTimeout(1_800_000);

const scratch = new Scratch();
const root = scratch.at("root");
afterAll(() => scratch[Symbol.dispose]());

const ENV = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

/** Runs a command in the chroot, which has /proc. */
function inside(...command: string[]) {
	const line =
		'mount --rbind /proc "$0/proc" && exec "$(command -v chroot)" "$0" "$@"';
	return sh(["unshare", "-m", "sh", "-c", line, root, ...command], {
		env: ENV,
	});
}

/** The package of an earlier version, whose default file was another one. */
function earlier(): string {
	const tree = scratch.at("earlier");
	must(["dpkg-deb", "--raw-extract", deb("amd64"), tree]);
	const control = readFileSync(`${tree}/DEBIAN/control`, "utf8");
	writeFileSync(
		`${tree}/DEBIAN/control`,
		control.replace(/^Version: .*/m, "Version: 0.0.1"),
	);
	must(["dpkg-deb", "-Znone", "--build", tree, scratch.at("earlier.deb")]);
	return scratch.at("earlier.deb");
}

describe("in a Debian of its own", () => {
	beforeAll(() => {
		const format = ["--format", "$(REPO_URI)", "Created-By: Packages"];
		const [mirror = ""] = must(["apt-get", "indextargets", ...format]).split(
			"\n",
		);
		must(["debootstrap", "--variant=minbase", "bookworm", root, mirror], {
			env: ENV,
		});
		putLibrary(`${root}/root/.vpo/library.db`);
	}, 600_000);

	test("installs, works by both names, and its timer is off", () => {
		must(["cp", earlier(), `${root}/earlier.deb`]);
		expect(inside("dpkg", "--install", "/earlier.deb")).toMatchObject({
			exitCode: 0,
		});
		const vpo = (args: readonly string[]) =>
			inside("env", "-i", "HOME=/root", "/usr/bin/vpo", ...args);
		proveWorks(vpo, `${root}/root/.vpo/library.db`);
		const named = inside("vpo-library", "backups", "--names");
		expect(named.stdout).toStartWith("vpo-library-");
		const units = ["service", "timer"].map((kind) => {
			const name = `vpo-library.${kind}`;
			const text = readFileSync(`${root}/lib/systemd/system/${name}`, "utf8");
			// Verified here, where the package is not installed.
			const here = text
				.replace("=/usr/bin/vpo-library ", "=/bin/true ")
				.replace(/^Documentation=.*\n/m, "");
			writeFileSync(scratch.at(name), here);
			return scratch.at(name);
		});
		const verified = sh(["systemd-analyze", "verify", ...units]);
		expect(verified).toEqual({ exitCode: 0, stdout: "", stderr: "" });
		expect(
			existsSync(
				`${root}/etc/systemd/system/timers.target.wants/vpo-library.timer`,
			),
		).toBe(false);
	});

	test("an upgrade keeps what the administrator has set", () => {
		writeFileSync(
			`${root}/etc/default/vpo-library`,
			"VPO_BACKUP_DIR=/mnt/nas\n",
		);
		must(["cp", deb("amd64"), `${root}/now.deb`]);
		expect(inside("dpkg", "--install", "/now.deb")).toMatchObject({
			exitCode: 0,
		});
		expect(readFileSync(`${root}/etc/default/vpo-library`, "utf8")).toBe(
			"VPO_BACKUP_DIR=/mnt/nas\n",
		);
		expect(inside("dpkg", "--verify", "vpo-library").stdout).not.toContain(
			"/usr/",
		);
	});

	test("what is removed and purged is the package, never a backup", () => {
		const names = inside("vpo", "library", "backups", "--names").stdout;
		expect(inside("dpkg", "--remove", "vpo-library")).toMatchObject({
			exitCode: 0,
		});
		expect(existsSync(`${root}/usr/bin/vpo`)).toBe(false);
		expect(existsSync(`${root}/etc/default/vpo-library`)).toBe(true);
		expect(inside("dpkg", "--purge", "vpo-library")).toMatchObject({
			exitCode: 0,
		});
		expect(existsSync(`${root}/etc/default/vpo-library`)).toBe(false);
		expect(inside("ls", "/root/.vpo/backups").stdout).toBe(names);
	});
});

test("the one for arm64 holds a program that works there", async () => {
	const [libc] = await unpackPackages(scratch.at("debian"), ["libc6:arm64"]);
	must(["dpkg-deb", "--extract", deb("arm64"), scratch.at("arm64")]);
	const data = scratch.at("data");
	putLibrary(`${data}/library.db`);
	const env = { PATH: process.env.PATH ?? "", VPO_DATA_DIR: data };
	const program = [
		"qemu-aarch64-static",
		"-L",
		libc?.root ?? "",
		scratch.at("arm64/usr/bin/vpo"),
	];
	proveWorks(
		(args) => sh([...program, ...args], { env }),
		`${data}/library.db`,
	);
});
