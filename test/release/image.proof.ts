// The container image: other tools read it, and runc runs it as its own user on a root file system that can't be written.

import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import {
	must,
	proveWorks,
	putLibrary,
	released,
	Scratch,
	sh,
	VERSION,
} from "../helpers/release.ts";

setDefaultTimeout(300_000);

const USER = 65532;
const scratch = new Scratch();
const layout = scratch.at("layout");
afterAll(() => scratch[Symbol.dispose]());

interface Spec {
	process: {
		args: string[];
		env: string[];
		terminal: boolean;
		user: { uid: number; gid: number };
	};
	root: { readonly: boolean };
	mounts: {
		destination: string;
		type: string;
		source: string;
		options: string[];
	}[];
}

beforeAll(() => {
	mkdirSync(layout);
	must(["tar", "-xf", released("oci.tar"), "-C", layout]);
});

test.each(["amd64", "arm64"])("skopeo reads the one for %s", (architecture) => {
	const flags = ["--override-arch", architecture, "--config"];
	const config = JSON.parse(
		must(["skopeo", "inspect", ...flags, `oci:${layout}:${VERSION}`]),
	);
	expect(config).toMatchObject({
		architecture,
		os: "linux",
		config: {
			Entrypoint: ["/vpo"],
			User: `${USER}:${USER}`,
			Volumes: { "/data": {} },
			StopSignal: "SIGTERM",
			Labels: {
				"org.opencontainers.image.version": VERSION,
				"org.opencontainers.image.licenses": "MIT",
				"org.opencontainers.image.revision":
					expect.stringMatching(/^[0-9a-f]{40}/),
			},
		},
	});
	const image = `oci:${layout}:${VERSION}`;
	const raw = JSON.parse(must(["skopeo", "inspect", "--raw", image]));
	expect(raw.manifests).toHaveLength(2);
	must([
		"skopeo",
		"copy",
		"--override-arch",
		architecture,
		image,
		`oci:${scratch.at(architecture)}:one`,
	]);
});

test("as a Docker archive it has its health check", () => {
	const archive = scratch.at("docker.tar");
	const image = `oci-archive:${released("oci.tar")}:${VERSION}`;
	must(["skopeo", "copy", image, `docker-archive:${archive}:vpo-library:1`]);
	const [{ Config }] = JSON.parse(
		must(["tar", "-xOf", archive, "manifest.json"]),
	);
	const config = JSON.parse(must(["tar", "-xOf", archive, Config]));
	expect(config.config.User).toBe(`${USER}:${USER}`);
	expect(config.config.Healthcheck).toMatchObject({
		Test: ["CMD", "/vpo", "library", "check"],
	});
});

test("every blob is what its name says, and the bill of materials refers to the image", () => {
	const blobs = `${layout}/blobs/sha256`;
	for (const name of readdirSync(blobs)) {
		const bytes = readFileSync(`${blobs}/${name}`);
		expect(new Bun.CryptoHasher("sha256").update(bytes).digest("hex")).toBe(
			name,
		);
	}
	const index = JSON.parse(readFileSync(`${layout}/index.json`, "utf8"));
	const sbom = index.manifests.at(-1);
	const manifest = JSON.parse(
		readFileSync(`${blobs}/${sbom.digest.slice(7)}`, "utf8"),
	);
	expect(manifest.subject.digest).toBe(index.manifests[0].digest);
	const document = JSON.parse(
		readFileSync(`${blobs}/${manifest.layers[0].digest.slice(7)}`, "utf8"),
	);
	expect(document).toMatchObject({ bomFormat: "CycloneDX" });
	const shipped = document.components.map(({ name }: { name: string }) => name);
	expect(shipped).toEqual(
		expect.arrayContaining(["tar", "citty", "bun", "sqlite"]),
	);
	expect(shipped).not.toContain("fast-check");
});

describe("runc", () => {
	const bundle = scratch.at("bundle");
	const data = scratch.at("data");
	let spec: Spec;
	let started = 0;

	beforeAll(() => {
		must(["umoci", "unpack", "--image", `${layout}:${VERSION}-amd64`, bundle]);
		spec = JSON.parse(readFileSync(`${bundle}/config.json`, "utf8"));
		putLibrary(`${data}/library.db`, USER);
		// A named volume is the user's own, as umoci has none.
		spec.mounts = spec.mounts.filter(
			({ destination }) => destination !== "/data",
		);
		spec.mounts.push({
			destination: "/data",
			type: "bind",
			source: data,
			options: ["rbind", "rw"],
		});
		spec.process.terminal = false;
		spec.root.readonly = true;
	});

	/** Makes the image's program the one with these arguments. */
	const prepare = (args: readonly string[]) => {
		spec.process.args = ["/vpo", ...args];
		writeFileSync(`${bundle}/config.json`, JSON.stringify(spec));
		started += 1;
		return [
			"runc",
			"--root",
			scratch.at("runc"),
			"run",
			"--bundle",
			bundle,
			`vpo-${process.pid}-${started}`,
		];
	};

	test("runs it as nobody's user, with nothing writable but its data", () => {
		expect(spec.process.user).toMatchObject({ uid: USER, gid: USER });
		expect(spec.process.args).toEqual([
			"/vpo",
			"library",
			"schedule",
			"--run",
			"--at",
			"03:00",
		]);
		proveWorks((args) => sh(prepare(args)), `${data}/library.db`);
		const health = sh(prepare(["library", "check"]));
		expect(health).toMatchObject({ exitCode: 0 });
	});

	test("keeps a schedule until SIGTERM", async () => {
		const args = ["library", "schedule", "--run", "--every", "6h"];
		const child = Bun.spawn(prepare(args), {
			stdout: "ignore",
			stderr: "pipe",
			timeout: 120_000,
		});
		let log = "";
		const decoder = new TextDecoder();
		for await (const bytes of child.stderr) {
			log += decoder.decode(bytes);
			if (log.includes("next backup:")) child.kill("SIGTERM");
		}
		expect(await child.exited).toBe(143);
	});
});

test("the image for arm64 holds a program that works there", () => {
	const bundle = scratch.at("bundle-arm64");
	must(["umoci", "unpack", "--image", `${layout}:${VERSION}-arm64`, bundle]);
	const data = scratch.at("data-arm64");
	putLibrary(`${data}/library.db`);
	const env = { PATH: process.env.PATH ?? "", VPO_DATA_DIR: data };
	const rootfs = `${bundle}/rootfs`;
	const program = ["qemu-aarch64-static", "-L", rootfs, `${rootfs}/vpo`];
	proveWorks(
		(args) => sh([...program, ...args], { env }),
		`${data}/library.db`,
	);
});
