// OpenStack Swift with its S3 interface, from Debian's packages, on loopback: a second opinion on what S3 is.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { answers, freePorts } from "./ports.ts";
import type { Store } from "./store.ts";

const SERVERS = ["account", "container", "object"] as const;
const RINGS = join(import.meta.dir, "rings.py");

/** Starts it; it is gone, with all that it holds, when disposed of. It takes some seconds: its Python is large. */
export async function startSwift(): Promise<Store> {
	const folder = mkdtempSync(join(tmpdir(), "vpo-swift-"));
	const [port = 0, ...ports] = freePorts(4);
	const daemons: Bun.Subprocess[] = [];
	const stop = async () => {
		for (const child of daemons) {
			child.kill("SIGKILL");
			await child.exited;
		}
		rmSync(folder, { recursive: true, force: true });
	};
	try {
		mkdirSync(join(folder, "devices", "d1"), { recursive: true });
		for (const [name, text] of Object.entries(
			configuration(folder, port, ports),
		)) {
			writeFileSync(join(folder, name), text);
		}
		await makeRings(folder, ports);
		for (const name of [...SERVERS, "proxy"]) {
			// Gone with us, even if we are killed; its workers are its own children, which end with it.
			const command = [
				`swift-${name}-server`,
				join(folder, `${name}.conf`),
				"-v",
			];
			daemons.push(
				Bun.spawn(["setpriv", "--pdeathsig", "KILL", ...command], {
					stdin: "ignore",
					stdout: "ignore",
					stderr: "ignore",
				}),
			);
		}
		const all = [port, ...ports];
		await Promise.all(
			all.map((each) =>
				answers(each, () => daemons.every(({ exitCode }) => exitCode === null)),
			),
		);
		return {
			endpoint: `http://127.0.0.1:${port}`,
			tls: null,
			accessKeyId: "vpo:access",
			secretAccessKey: "vposecret",
			[Symbol.asyncDispose]: stop,
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

/** All rings at once: Swift's own command is a large Python program for each step of each. */
async function makeRings(
	folder: string,
	ports: readonly number[],
): Promise<void> {
	const rings = SERVERS.map((name, index) => `${name}:${ports[index]}`);
	const command = ["/usr/bin/python3", RINGS, ...rings];
	const { exited } = Bun.spawn(command, { cwd: folder, stdin: "ignore" });
	if ((await exited) !== 0) throw new Error("no rings were made");
}

function configuration(
	folder: string,
	port: number,
	ports: readonly number[],
): Record<string, string> {
	const common = (of: number) => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${of}
user = ${userInfo().username}
swift_dir = ${folder}
devices = ${folder}/devices
mount_check = false
workers = 0
disable_fallocate = true
fallocate_reserve = 0
log_address = ${folder}/no-syslog
`;
	const server = (name: string, of: number) => `${common(of)}
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`;
	return {
		...Object.fromEntries(
			SERVERS.map((name, index) => [
				`${name}.conf`,
				server(name, ports[index] ?? 0),
			]),
		),
		"swift.conf": `[swift-hash]
swift_hash_path_suffix = tests
swift_hash_path_prefix = tests
[storage-policy:0]
name = Policy-0
default = yes
`,
		"proxy.conf": `${common(port)}
[pipeline:main]
pipeline = catch_errors proxy-logging cache listing_formats bulk s3api tempauth slo dlo proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
dns_compliant_bucket_names = true
check_bucket_owner = true
[filter:tempauth]
use = egg:swift#tempauth
user_vpo_access = vposecret .admin
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
`,
	};
}
