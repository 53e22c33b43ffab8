// A Ceph cluster of one monitor, one store in memory and one S3 gateway, from Debian's packages, on loopback, in a second.

import {
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answers, freePorts } from "./ports.ts";
import type { Store } from "./store.ts";

/** Starts it; it is gone, with all that it holds, when disposed of. */
export async function startCeph(): Promise<Store> {
	const folder = mkdtempSync(join(tmpdir(), "vpo-ceph-"));
	const [port = 0, tlsPort = 0, monitorPort = 0] = freePorts(3);
	const daemons: Bun.Subprocess[] = [];
	const conf = join(folder, "ceph.conf");
	const env = { ...process.env, CEPH_CONF: conf };
	const call = async (...command: string[]) => {
		const child = Bun.spawn(command, { env, stdout: "pipe", stderr: "pipe" });
		const [, stderr] = await Promise.all([
			new Response(child.stdout).text(),
			new Response(child.stderr).text(),
		]);
		if ((await child.exited) !== 0) throw new Error(`${command}: ${stderr}`);
	};
	// Gone with us, even if we are killed.
	const daemon = (...command: string[]) => {
		const all = ["setpriv", "--pdeathsig", "KILL", ...command, "-f"];
		const child = Bun.spawn(all, { env, stdout: "ignore", stderr: "ignore" });
		daemons.push(child);
		return child;
	};
	const stop = async () => {
		for (const child of daemons.reverse()) {
			child.kill("SIGKILL"); // what it holds is not wanted any more
			await child.exited;
		}
		rmSync(folder, { recursive: true, force: true });
	};
	try {
		for (const name of ["mon", "osd", "rgw", "run", "log"])
			mkdirSync(join(folder, name));
		const ca = join(folder, "ca.pem");
		const pair = join(folder, "pair.pem");
		await makeCertificate(ca, pair, call);
		writeFileSync(
			conf,
			configuration(folder, { port, tlsPort, monitorPort, pair }),
		);
		const keyring = join(folder, "keyring");
		const key = (name: string, ...caps: string[]) =>
			call(
				"ceph-authtool",
				keyring,
				"--gen-key",
				"-n",
				name,
				...caps.flatMap((cap) => ["--cap", ...cap.split(" = ")]),
			);
		await call("ceph-authtool", "--create-keyring", keyring);
		await key("mon.", "mon = allow *");
		await key(
			"client.admin",
			"mon = allow *",
			"osd = allow *",
			"mgr = allow *",
		);
		await key("osd.0", "mon = allow profile osd", "osd = allow *");
		await key("client.rgw.a", "mon = allow rwx", "osd = allow rwx");
		const map = join(folder, "monmap");
		await call(
			"monmaptool",
			"--create",
			"--clobber",
			"--addv",
			"a",
			`[v2:127.0.0.1:${monitorPort}]`,
			"--fsid",
			FSID,
			map,
		);
		await call(
			"ceph-mon",
			"--mkfs",
			"-i",
			"a",
			"--monmap",
			map,
			"--keyring",
			keyring,
		);
		daemon("ceph-mon", "-i", "a");
		const uuid = crypto.randomUUID();
		await call("ceph", "osd", "new", uuid);
		await call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", uuid);
		daemon("ceph-osd", "-i", "0");
		const gateway = daemon("radosgw", "-n", "client.rgw.a");
		await answers(port, () => gateway.exitCode === null);
		const user = (name: string) =>
			call(
				"radosgw-admin",
				"user",
				"create",
				`--uid=${name}`,
				`--display-name=${name}`,
				`--access-key=${name}access`,
				`--secret=${name}secret`,
			);
		await Promise.all([user("vpo"), user("other")]);
		return {
			endpoint: `http://127.0.0.1:${port}`,
			tls: { endpoint: `https://127.0.0.1:${tlsPort}`, ca },
			accessKeyId: "vpoaccess",
			secretAccessKey: "vposecret",
			[Symbol.asyncDispose]: stop,
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

const FSID = "6f1d3a52-9b1e-4c6b-8a77-0b6d5a1f4f10";

interface Places {
	readonly port: number;
	readonly tlsPort: number;
	readonly monitorPort: number;
	/** Key and certificate of the gateway. */
	readonly pair: string;
}

// The intervals are those of a cluster of one that has to be quick. Without garbage collection a full store of memory
// would make writers hang for ever.
function configuration(
	folder: string,
	{ port, tlsPort, monitorPort, pair }: Places,
): string {
	return `
[global]
fsid = ${FSID}
keyring = ${folder}/keyring
mon host = v2:127.0.0.1:${monitorPort}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr1 = false
auth allow insecure global id reclaim = false
run dir = ${folder}/run
admin socket = ${folder}/run/$name.asok
log file = ${folder}/log/$name.log
log to stderr = false
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
mon warn on pool no redundancy = false
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
paxos propose interval = 0.02
paxos min wait = 0.01
mon max pg per osd = 2000
mon data avail crit = 1
mon data avail warn = 2
[mon]
mon data = ${folder}/mon
mon cluster log file = ${folder}/log/cluster.log
[osd]
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
[client.rgw.a]
rgw data = ${folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${port} ssl_endpoint=127.0.0.1:${tlsPort} ssl_certificate=${pair} tcp_nodelay=1
rgw dns name = s3.localhost
rgw enable usage log = false
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw gc processor max time = 5
`;
}

/** An authority of its own, and what it has signed for the gateway's names. */
async function makeCertificate(
	ca: string,
	pair: string,
	call: (...command: string[]) => Promise<void>,
): Promise<void> {
	const names =
		"subjectAltName=DNS:s3.localhost,DNS:*.s3.localhost,IP:127.0.0.1";
	const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
	const request = ["openssl", "req", "-x509", "-nodes", "-days", "2", ...curve];
	await call(
		...request,
		"-subj",
		"/CN=tests",
		"-keyout",
		`${ca}.key`,
		"-out",
		ca,
	);
	const signed = ["-CA", ca, "-CAkey", `${ca}.key`, "-addext", names];
	const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
	await call(
		...request,
		...signed,
		...leaf,
		"-subj",
		"/CN=localhost",
		"-keyout",
		`${pair}.key`,
		"-out",
		`${pair}.crt`,
	);
	writeFileSync(
		pair,
		readFileSync(`${pair}.key`, "utf8") + readFileSync(`${pair}.crt`, "utf8"),
	);
}
