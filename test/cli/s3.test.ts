// The program and a bucket, as its users have them: keys in files, TLS, other tools beside it, kills and stores that refuse.

import {
	afterAll,
	beforeAll,
	describe,
	expect,
	setDefaultTimeout,
	test,
} from "bun:test";
import {
	mkdirSync,
	readdirSync,
	readFileSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { startCeph } from "../helpers/ceph.ts";
import { contentOf } from "../helpers/content.ts";
import { FaultyStore } from "../helpers/faulty.ts";
import { Machine } from "../helpers/machine.ts";
import { binary, run, start } from "../helpers/program.ts";
import { LEFT } from "../helpers/scene.ts";
import { handles } from "../helpers/signals.ts";
import { scratchIn } from "../helpers/state.ts";
import { ask, makeBucket, type Store } from "../helpers/store.ts";

setDefaultTimeout(120_000);

let ceph: Store;
beforeAll(async () => {
	ceph = await startCeph();
});
afterAll(() => ceph[Symbol.asyncDispose]());

test("a backup's life in a bucket, and no secret anywhere", async () => {
	const bucket = await makeBucket(ceph);
	using machine = new Machine(ceph, `s3://${bucket}/nas/my library`);
	const { home, address } = machine;
	const made = await machine.done("backup", "--note", "first");
	expect(made).toInclude(`Backup created: ${address}/vpo-library-`);
	const [first] = await machine.names();
	const before = contentOf(home.library);
	LEFT.nothing(home.library);
	expect(await machine.done("backups")).toInclude(`1 backup, `);
	expect(await machine.done("pin", "latest", "--note", "keep")).toInclude(
		"Pinned",
	);
	expect(await machine.done("verify")).toInclude("1 backup, all good");
	expect(await machine.done("restore", "--yes", "latest")).toInclude(
		`From:              ${address}/`,
	);
	expect(contentOf(home.library)).toEqual(before);
	await machine.done("restore", "--yes", "--undo");
	expect(contentOf(home.library)).not.toEqual(before);
	await machine.done("backup");
	expect(await machine.done("check")).toStartWith("OK: ");
	expect(await machine.done("prune", "--keep-last", "1", "--yes")).toInclude(
		"pinned",
	);
	await machine.done("unpin", `${address}/${first}`);
	expect(await machine.done("prune", "--keep-last", "1", "--yes")).toInclude(
		"Removed 1 backup",
	);
	expect((await machine.expectWhole()).length).toBe(3);
	await machine.done("config");
	await machine.json("config");
	machine.env.VPO_DEBUG = "1";
	machine.env.AWS_ACCESS_KEY_ID = "nobody";
	const refused = await machine.call("backup", "--json");
	expect(refused.exitCode).toBe(40);
	expect(refused.stdout).toInclude("InvalidAccessKeyId");
	const said = machine.outcomes.flatMap(({ stdout, stderr }) => [
		stdout,
		stderr,
	]);
	expect(said.join("\n")).not.toInclude("vposecret");
	expect(readdirSync(home.at(".vpo")).sort()).not.toContain("backups");
	expect(scratchIn(home.at(".vpo"))).toEqual([]);
});

test("keys from a profile, a store over TLS with an own authority, buckets in the host's name", async () => {
	const bucket = await makeBucket(ceph);
	using machine = new Machine(ceph, `s3://${bucket}/tls`);
	const { home } = machine;
	const endpoint = ceph.tls?.endpoint.replace("127.0.0.1", "s3.localhost");
	mkdirSync(home.at(".aws"));
	writeFileSync(
		home.at(".aws", "credentials"),
		"[nas]\naws_access_key_id = vpoaccess\naws_secret_access_key = vposecret\n",
	);
	writeFileSync(home.at(".vpo", "own.pem"), readFileSync(ceph.tls?.ca ?? ""));
	const table = `[s3]\nendpoint = "${endpoint}"\nprofile = "nas"\npath_style = false\n`;
	writeFileSync(
		home.at(".vpo", "config.toml"),
		`[backup]\ndirectory = "${machine.address}"\n${table}ca_file = "own.pem"\n`,
	);
	for (const name of Object.keys(machine.env)) delete machine.env[name];
	await machine.done("backup");
	expect((await machine.names()).length).toBe(1);
	writeFileSync(
		home.at(".vpo", "config.toml"),
		`[backup]\ndirectory = "${machine.address}"\n${table}`,
	);
	const { exitCode, stderr } = await machine.call("backup");
	expect([exitCode, stderr]).toEqual([
		40,
		expect.stringMatching(/the certificate of .* is not trusted/),
	]);
});

test("two who write in the same second both have their backup", async () => {
	const bucket = await makeBucket(ceph);
	using machine = new Machine(ceph, `s3://${bucket}/two`);
	await Bun.sleep(1000 - (Date.now() % 1000));
	const made = await Promise.all(
		["a", "b", "c"].map(() => machine.json("backup")),
	);
	const paths = new Set(made.map(({ path }) => path));
	expect(paths.size).toBe(3);
	expect((await machine.expectWhole()).length).toBe(3);
});

test("what we put, rclone lists and copies and tar reads; what rclone put, we list and restore", async () => {
	const bucket = await makeBucket(ceph);
	using machine = new Machine(ceph, `s3://${bucket}/from us`);
	const { home } = machine;
	await machine.done("backup", "--note", "ours");
	const [name = ""] = await machine.names();
	const env = {
		RCLONE_CONFIG_CEPH_TYPE: "s3",
		RCLONE_CONFIG_CEPH_PROVIDER: "Ceph",
		RCLONE_CONFIG_CEPH_ENDPOINT: ceph.endpoint,
		RCLONE_CONFIG_CEPH_ACCESS_KEY_ID: ceph.accessKeyId,
		RCLONE_CONFIG_CEPH_SECRET_ACCESS_KEY: ceph.secretAccessKey,
	};
	const rclone = async (...args: string[]) => {
		const program = { name: "rclone", command: ["rclone", "--config", ""] };
		const { exitCode, stdout, stderr } = await run(program, home, args, {
			env,
		});
		expect({ args, exitCode, stderr: exitCode ? stderr : "" }).toEqual({
			args,
			exitCode: 0,
			stderr: "",
		});
		return stdout;
	};
	expect(await rclone("lsf", `ceph:${bucket}/from us`)).toInclude(name);
	await rclone("copy", `ceph:${bucket}/from us/${name}`, home.at("fetched"));
	const unpacked = await run({ name: "tar", command: ["tar", "xzvf"] }, home, [
		home.at("fetched", name),
	]);
	expect(unpacked.stdout).toInclude("library.db");
	expect(contentOf(home.at("library.db"))).toEqual(contentOf(home.library));
	await rclone("copy", home.at("fetched"), `ceph:${bucket}/from rclone`);
	truncateSync(home.at("fetched", name), 100_000);
	await rclone("copy", home.at("fetched"), `ceph:${bucket}/cut`);
	using cut = new Machine(ceph, `s3://${bucket}/cut`);
	expect(await cut.done("backups")).toInclude("incomplete");
	using other = new Machine(ceph, `s3://${bucket}/from rclone`);
	expect(await other.names()).toEqual([name]);
	LEFT.nothing(other.home.library);
	await other.done("restore", "--yes", "latest");
	expect(contentOf(other.home.library)).toEqual(contentOf(home.library));
});

test("copies in a bucket: what is damaged on either side is mended from the other", async () => {
	const bucket = await makeBucket(ceph);
	using machine = new Machine(ceph, `s3://${bucket}/copies`);
	const { home, address } = machine;
	delete machine.env.VPO_BACKUP_DIR;
	writeFileSync(
		home.at(".vpo", "config.toml"),
		`[[backup.copy]]\nto = "${address}"\n`,
	);
	expect(await machine.done("backup")).toInclude(
		`Copied to ${address}: 1 backup`,
	);
	const [name = ""] = await machine.names();
	const path = join(home.backups, name);
	const whole = readFileSync(path);
	truncateSync(path, 5000);
	const mended = await machine.done("verify", "--repair");
	expect(mended).toInclude(`from ${address}/${name}`);
	expect(readFileSync(path).equals(whole)).toBe(true);
	await ask(ceph, "PUT", `${bucket}/copies/${name}`, "damaged");
	expect((await machine.call("verify", "--path", address)).exitCode).toBe(46);
	expect(await machine.done("verify", "--repair", "--path", address)).toInclude(
		"1 repaired",
	);
	const there = await ask(ceph, "GET", `${bucket}/copies/${name}`);
	expect(whole.equals(await there.bytes())).toBe(true);
	const kept = await ask(ceph, "GET", `${bucket}/copies/${name}.damaged`);
	expect(await kept.text()).toBe("damaged");
	expect(await machine.done("backups")).toInclude(
		`Copies in ${address}: 1 backup`,
	);
});

test("a night's backup asks for each thing as seldom as it can", async () => {
	const bucket = await makeBucket(ceph);
	await using faulty = await FaultyStore.before(ceph);
	using machine = new Machine(ceph, `s3://${bucket}/asked`);
	for (let night = 0; night < 3; night++) {
		await machine.done("backup");
		await Bun.sleep(1000 - (Date.now() % 1000));
	}
	const names = await machine.names();
	machine.env.AWS_ENDPOINT_URL_S3 = faulty.endpoint;
	faulty.plan(() => null);
	await machine.done("backup");
	const count = (pattern: RegExp) =>
		faulty.requests.filter((request) => pattern.test(request)).length;
	for (const name of names) {
		expect(count(new RegExp(`^(GET|HEAD) .*/${name}`))).toBe(1);
	}
	expect({
		lists: count(/^GET .*prefix=asked%2F$/),
		marks: count(/^GET .*prefix=asked%2F.vpo%2F$/),
		looks: count(/^HEAD /),
		writes: count(/^PUT /),
		all: faulty.requests.length,
	}).toEqual({ lists: 2, marks: 3, looks: 2, writes: 1, all: 11 });
});

test("killed at any request, a backup leaves nothing with a backup's name that isn't whole", async () => {
	const bucket = await makeBucket(ceph);
	await using faulty = await FaultyStore.before(ceph);
	for (let at = 1; ; at++) {
		using machine = new Machine(ceph, `s3://${bucket}/killed ${at}`);
		const env = { ...machine.env, AWS_ENDPOINT_URL_S3: faulty.endpoint };
		const child = start(binary, machine.home, ["library", "backup"], { env });
		faulty.onRequest((number) => {
			if (number === at) child.kill("SIGKILL");
		});
		const exitCode = await child.exited;
		await machine.expectWhole();
		if (exitCode === 0) break;
		expect(at).toBeLessThan(20);
		if (at % 5 > 0) continue;
		await machine.done("backup");
		expect(scratchIn(machine.home.at(".vpo"))).toEqual([]);
	}
});

test("Ctrl-C ends the wait for a store that is silent", async () => {
	await using faulty = await FaultyStore.before(ceph);
	faulty.plan(() => "stall");
	using machine = new Machine(ceph, "s3://any/where");
	const env = { ...machine.env, AWS_ENDPOINT_URL_S3: faulty.endpoint };
	const child = start(binary, machine.home, ["library", "backups"], { env });
	await handles(child.pid, "SIGINT");
	while (faulty.requests.length === 0) await Bun.sleep(10);
	const startedAt = performance.now();
	child.kill("SIGINT");
	expect(await child.exited).toBe(130);
	expect(performance.now() - startedAt).toBeLessThan(5000);
});

describe("a bucket that refuses or only hides", () => {
	const make = async (machine: Machine, count: number) => {
		for (let index = 0; index < count; index++) await machine.done("backup");
	};

	test("keeps versions: a removal is told as hidden, and frees nothing", async () => {
		const bucket = await makeBucket(ceph);
		const versioning =
			"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
		await ask(ceph, "PUT", `${bucket}?versioning`, versioning);
		using machine = new Machine(ceph, `s3://${bucket}/v`);
		await make(machine, 2);
		const { exitCode, stdout, stderr } = await machine.call(
			"prune",
			"--keep-last",
			"1",
			"--yes",
		);
		expect([exitCode, stdout]).toEqual([
			0,
			expect.stringContaining("Removed 1 backup, 0 B"),
		]);
		expect(stderr).toInclude("only hidden, not removed");
		expect((await machine.names()).length).toBe(1);
	});

	test("is locked: what was hidden or replaced stands there for who looks for versions, and nobody removes it", async () => {
		const bucket = await makeBucket(ceph, {
			"x-amz-bucket-object-lock-enabled": "true",
		});
		const lock =
			"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>";
		await ask(ceph, "PUT", `${bucket}?object-lock`, lock);
		using machine = new Machine(ceph, `s3://${bucket}/locked`);
		await make(machine, 2);
		await machine
			.done("prune", "--keep-last", "1", "--yes")
			.catch(() => undefined);
		const versions = await (
			await ask(ceph, "GET", `${bucket}?versions`)
		).text();
		const archives = [
			...versions.matchAll(
				/<Version><Key>([^<]*tar\.gz)<\/Key><VersionId>([^<]*)</g,
			),
		];
		expect(archives.length).toBe(2);
		for (const [, key, version] of archives) {
			await expect(
				ask(ceph, "DELETE", `${bucket}/${key}?versionId=${version}`),
			).rejects.toThrow("403");
			expect(
				(await ask(ceph, "GET", `${bucket}/${key}?versionId=${version}`))
					.status,
			).toBe(200);
		}
	});

	test("gives a key no right to remove: told, exit 60, and all is there", async () => {
		const bucket = await makeBucket(ceph);
		const policy = {
			Version: "2012-10-17",
			Statement: [
				{
					Effect: "Allow",
					Principal: { AWS: ["arn:aws:iam:::user/other"] },
					Action: ["s3:ListBucket", "s3:GetObject", "s3:PutObject"],
					Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
				},
			],
		};
		await ask(ceph, "PUT", `${bucket}?policy`, JSON.stringify(policy));
		using machine = new Machine(ceph, `s3://${bucket}/w`, {
			AWS_ACCESS_KEY_ID: "otheraccess",
			AWS_SECRET_ACCESS_KEY: "othersecret",
		});
		await make(machine, 2);
		const names = await machine.names();
		const { exitCode, stdout, stderr } = await machine.call(
			"prune",
			"--keep-last",
			"1",
			"--yes",
		);
		expect([exitCode, stdout]).toEqual([
			60,
			expect.stringContaining("Nothing removed; 1 kept"),
		]);
		expect(stderr).toMatch(
			/left vpo-library-.*: access denied: .*AccessDenied/,
		);
		expect(await machine.names()).toEqual(names);
	});
});
