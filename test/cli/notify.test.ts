// Who hears of a backup, what they hear, and that neither they nor the secret URL ever get in its way.

import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { writeLock } from "../helpers/failing.ts";
import { deadOrigin, Monitor } from "../helpers/monitor.ts";
import { requireRoot } from "../helpers/mounts.ts";
import { binary, Home, run, start } from "../helpers/program.ts";
import { backupsIn, succeed } from "../helpers/state.ts";

const SECRET = "5eCr3t-0f-m1ne";
const BACKUP = ["library", "backup"];

test("a backup is told of: its start, and its end with the summary", async () => {
	using home = new Home();
	await using monitor = new Monitor();
	const url = `${monitor.origin}/${SECRET}/?create=1`;
	const args = [...BACKUP, "--ping-url", url];
	const { exitCode, stdout, stderr } = await run(binary, home, args);
	expect(exitCode).toBe(0);
	expect(stderr).toBe("");
	expect(monitor.paths).toEqual([
		`/${SECRET}/start?create=1`,
		`/${SECRET}?create=1`,
	]);
	expect(monitor.pings[1]?.body).toBe(stdout.trimEnd());
	expect(monitor.pings[1]?.agent).toMatch(/^vpo-library\/\d/);
});

test.each([
	["environment", (url: string) => ({ VPO_BACKUP_PING_URL: url }), ""],
	["config.toml", () => ({}), "[backup]\nping_url = "],
] as const)("the URL may stand in the %s", async (_, env, config) => {
	using home = new Home();
	await using monitor = new Monitor();
	const url = `${monitor.origin}/${SECRET}`;
	if (config) {
		writeFileSync(home.at(".vpo", "config.toml"), `${config}"${url}"\n`);
	}
	await run(binary, home, BACKUP, { env: env(url) });
	expect(monitor.paths).toEqual([`/${SECRET}/start`, `/${SECRET}`]);
});

test("a failure is told of, with its reason", async () => {
	using home = new Home(null);
	await using monitor = new Monitor();
	const args = [...BACKUP, "--ping-url", `${monitor.origin}/id`];
	const { exitCode } = await run(binary, home, args);
	expect(exitCode).toBe(20);
	expect(monitor.paths).toEqual(["/id/start", "/id/fail"]);
	expect(monitor.pings[1]?.body).toStartWith(
		`Failed with exit code 20 (NOT_FOUND)\nno library at ${home.library}`,
	);
});

test("a broken config.toml is told of, if the URL is not in there", async () => {
	using home = new Home();
	await using monitor = new Monitor();
	writeFileSync(home.at(".vpo", "config.toml"), "[backup\n");
	const env = { VPO_BACKUP_PING_URL: `${monitor.origin}/id` };
	const { exitCode } = await run(binary, home, BACKUP, { env });
	expect(exitCode).toBe(11);
	expect(monitor.paths).toEqual(["/id/start", "/id/fail"]);
	expect(monitor.pings[1]?.body).toContain("CONFIG_ERROR");
});

test("a dry run tells nobody", async () => {
	using home = new Home();
	await using monitor = new Monitor();
	const file = home.at("told");
	const args = [
		...[...BACKUP, "--dry-run", "--ping-url", monitor.origin],
		...["--on-success", `touch ${file}`, "--on-failure", `touch ${file}`],
	];
	const { exitCode } = await run(binary, home, args);
	expect(exitCode).toBe(0);
	expect(monitor.paths).toEqual([]);
	expect(await Bun.file(file).exists()).toBe(false);
});

test("a signal is told of at once", async () => {
	using home = new Home();
	await using monitor = new Monitor();
	using _lock = writeLock(home.library);
	const url = `${monitor.origin}/id`;
	const args = [...BACKUP, "--lock-timeout", "3600", "--ping-url", url];
	const child = start(binary, home, args);
	await monitor.heard("/id/start");
	child.kill("SIGTERM");
	await monitor.heard("/id/fail");
	expect(await child.exited).toBe(143);
	expect(monitor.pings[1]?.body).toContain("exit code 143 (INTERRUPTED)");
});

test.concurrent("a signal does not wait for a monitor that does not answer", async () => {
	using home = new Home();
	const { promise, resolve } = Promise.withResolvers<Response>();
	await using monitor = new Monitor(() => promise);
	using _lock = writeLock(home.library);
	const url = `${monitor.origin}/id`;
	const args = [...BACKUP, "--lock-timeout", "3600", "--ping-url", url];
	const child = start(binary, home, args);
	await monitor.heard("/id/start");
	const signalledAt = performance.now();
	child.kill("SIGINT");
	expect(await child.exited).toBe(130);
	resolve(new Response());
	// Its patience is 2 s, docker's 10.
	expect(performance.now() - signalledAt).toBeLessThan(6000);
});

test.concurrent.each(["refuses", "fails", "redirects", "hangs"])(
	"a monitor that %s is a warning, which does not name it",
	async (fault) => {
		using home = new Home();
		const { promise, resolve } = Promise.withResolvers<Response>();
		await using monitor = new Monitor(({ path }) => {
			if (fault === "fails") return new Response(path, { status: 500 });
			const isStart = path.endsWith("start");
			if (fault === "hangs") return isStart ? promise : new Response();
			return Response.redirect("http://example.org/", 302);
		});
		const origin = fault === "refuses" ? await deadOrigin() : monitor.origin;
		const args = [...BACKUP, "--json", "--ping-url", `${origin}/${SECRET}`];
		const env = { VPO_DEBUG: "1" };
		const outcome = await run(binary, home, args, { env });
		resolve(new Response());
		expect(outcome.exitCode).toBe(0);
		expect(backupsIn(home.backups)).toHaveLength(1);
		const { success, warnings } = JSON.parse(outcome.stdout);
		expect(success).toBe(true);
		expect(warnings).toHaveLength(1);
		expect(warnings[0]).toStartWith("the monitor at the ping URL did not");
		expect(outcome.stderr).toBe(`[warn] ${warnings[0]}\n`);
		expectNoTrace(outcome.stdout + outcome.stderr, origin);
	},
	30_000,
);

test.concurrent("a failed backup with a dead monitor keeps its exit code and its document", async () => {
	using home = new Home(null);
	const origin = await deadOrigin();
	const args = [...BACKUP, "--json", "--ping-url", `${origin}/${SECRET}`];
	const outcome = await run(binary, home, args);
	expect(outcome.exitCode).toBe(20);
	expect(JSON.parse(outcome.stdout).code).toBe("NOT_FOUND");
	expectNoTrace(outcome.stdout + outcome.stderr, origin);
});

test("a malformed --ping-url is refused without being repeated", async () => {
	using home = new Home();
	const args = [...BACKUP, "--json", "--ping-url", `ftp://${SECRET}/`];
	const outcome = await run(binary, home, args);
	expect(outcome.exitCode).toBe(2);
	expect(outcome.stderr).toContain("--ping-url must be an http");
	expectNoTrace(outcome.stdout + outcome.stderr, "ftp:");
	expect(backupsIn(home.backups)).toEqual([]);
});

test("a malformed URL in the environment does not stop the backup", async () => {
	using home = new Home();
	const env = { VPO_BACKUP_PING_URL: SECRET };
	const outcome = await run(binary, home, BACKUP, { env });
	expect(outcome.exitCode).toBe(0);
	expect(outcome.stderr).toContain("VPO_BACKUP_PING_URL must be an http");
	expectNoTrace(outcome.stdout + outcome.stderr, "ftp:");
});

test("the URL of a running backup is not in what the program says about its settings", async () => {
	using home = new Home();
	const env = { VPO_BACKUP_PING_URL: `http://127.0.0.1:1/${SECRET}` };
	for (const args of [["config"], ["config", "--json"], ["backups"]]) {
		const outcome = await run(binary, home, ["library", ...args], { env });
		expect(outcome.exitCode).toBe(0);
		expectNoTrace(outcome.stdout + outcome.stderr, "127.0.0.1");
	}
});

function expectNoTrace(said: string, origin: string): void {
	expect(said).not.toContain(SECRET);
	expect(said).not.toContain(origin);
}

test.each([
	"--ping-url=URL library backup",
	"library --ping-url=URL backup",
	"library backup -- --ping-url=URL",
	"library backup -- --ping-url URL",
	"library backup --ping-ulr=URL",
	"library backup --ping-urlURL",
	"library backup --ping-url =URL",
	"library backup URL",
	"library URL",
	"URL",
	"help backup URL",
	"library schedule --at 03:00 --ping-url=URL",
	"library schedule --at 03:00 -- -- --ping-url=URL",
	"library config --ping-url=URL",
])("a URL in the wrong place is not shown: %s", async (line) => {
	using home = new Home();
	const url = `https://hc.example.org/${SECRET}`;
	const args = line.split(" ").map((word) => word.replace("URL", url));
	for (const json of [[], ["--json"]]) {
		const outcome = await run(binary, home, [...args, ...json]);
		const { exitCode, stdout, stderr } = outcome;
		expect(exitCode).toBe(2);
		expect(stdout + stderr).not.toContain(SECRET);
		expect(stdout + stderr).not.toContain("example.org");
	}
});

describe("a monitor whose certificate an authority of our own has signed", () => {
	test.concurrent.each([
		["nobody", "is not trusted", () => ({})],
		["SSL_CERT_FILE", "", (ca: string) => ({ SSL_CERT_FILE: ca })],
		["NODE_EXTRA_CA_CERTS", "", (ca: string) => ({ NODE_EXTRA_CA_CERTS: ca })],
	] as const)("is heard of if %s names it: %j", async (_, warning, env) => {
		using home = new Home();
		await using monitor = new Monitor(undefined, await makeAuthority(home));
		const args = [...BACKUP, "--ping-url", monitor.origin];
		const outcome = await run(binary, home, args, { env: env(home.at("ca")) });
		expect(outcome.exitCode).toBe(0);
		if (warning) expect(outcome.stderr).toContain(warning);
		else expect(monitor.paths).toEqual(["/start", "/"]);
	});

	test("is heard of if the system's store has it", async () => {
		requireRoot("it puts another store into a namespace of its own");
		using home = new Home();
		await using monitor = new Monitor(undefined, await makeAuthority(home));
		mkdirSync(home.at("store"));
		cpSync(home.at("ca"), home.at("store", "ca-certificates.crt"));
		const line = `mount --bind ${home.at("store")} /etc/ssl/certs && exec "$0" "$@"`;
		const command = ["unshare", "-m", "sh", "-c", line, ...binary.command];
		const args = [...BACKUP, "--ping-url", monitor.origin];
		const outcome = await run({ name: "store", command }, home, args);
		expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
		expect(monitor.paths).toEqual(["/start", "/"]);
	});

	test("goes along with a schedule", async () => {
		using home = new Home();
		const env = { SSL_CERT_FILE: "own.pem" };
		const args = ["library", "schedule", "--at", "03:00", "--json"];
		const { stdout } = await run(binary, home, args, { env });
		const { crontab, systemd_service, container } = JSON.parse(stdout);
		const variable = `SSL_CERT_FILE=${home.at("own.pem")}`;
		expect(crontab).toContain(` ${variable} `);
		expect(systemd_service).toContain(`\nEnvironment=${variable}\n`);
		expect(container).toContain(`--env ${variable} `);
		expect(container).toContain(`:${home.at("own.pem")}:ro `);
	});
});

/** An authority, in the home's "ca", and what it has signed for the loopback. */
async function makeAuthority(home: Home): Promise<Bun.TLSOptions> {
	const request = [
		...["openssl", "req", "-x509", "-nodes", "-days", "2"],
		...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
	];
	const own = ["-keyout", home.at("ca.key"), "-out", home.at("ca")];
	succeed([...request, "-subj", "/CN=own", ...own]);
	const signed = ["-CA", home.at("ca"), "-CAkey", home.at("ca.key")];
	const names = ["-addext", "subjectAltName=IP:127.0.0.1"];
	const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
	const pair = ["-keyout", home.at("key"), "-out", home.at("cert")];
	succeed([
		...request,
		"-subj",
		"/CN=it",
		...signed,
		...names,
		...leaf,
		...pair,
	]);
	return { key: Bun.file(home.at("key")), cert: Bun.file(home.at("cert")) };
}
