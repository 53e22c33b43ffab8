// The systemd units and the container that schedule prints: quoted as they are read, and no more open than they must be.

import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { binary, Home, run } from "../helpers/program.ts";
import { succeed } from "../helpers/state.ts";

const SECRET = "5eCr3t-0f-m1ne";
const SCHEDULE = ["library", "schedule"];
const HARD_NOTE = `50% of "it's" $HOME \\ \`id\` %`;

/** The document of a schedule whose backups have these flags. */
async function units(
	home: Home,
	flags: readonly string[],
): Promise<Record<string, unknown>> {
	const args = [...SCHEDULE, "--json", "--at", "03:00", "--", ...flags];
	return JSON.parse((await run(binary, home, args)).stdout);
}

describe("systemd", () => {
	test("words are quoted as it reads them", async () => {
		using home = new Home();
		const json = await units(home, ["--note", HARD_NOTE]);
		expect(json.systemd_service).toContain(
			' library backup --note "50%% of \\"it\'s\\" $$HOME \\\\ `id` %%"\n',
		);
	});

	test("only the folders of library and backups can be written, links followed", async () => {
		using home = new Home();
		mkdirSync(home.at("disk 100%"));
		symlinkSync(home.at("disk 100%"), home.at("kept"));
		const json = await units(home, ["-o", "kept/"]);
		expect(json.systemd_service).toContain(
			`\nReadWritePaths=${home.at(".vpo")} "${home.at("disk 100%%")}"\n`,
		);
		expect(json.systemd_service).toContain("\nProtectSystem=strict\n");
		expect(json.systemd_service).not.toContain("\nMemoryDenyWriteExecute=");
	});

	test("it waits for the disks of library and backups, and for the network if it tells somebody", async () => {
		using home = new Home();
		mkdirSync(home.at("nas 1"));
		const quiet = await units(home, ["-o", "nas 1/"]);
		expect(quiet.systemd_service).toContain(
			`\nRequiresMountsFor=${home.at(".vpo")} "${home.at("nas 1")}"\n`,
		);
		expect(quiet.systemd_service).not.toContain("network-online");
		const config = '[backup]\nping_url = "https://example.org/x"\n';
		writeFileSync(home.at(".vpo", "config.toml"), config);
		const told = await units(home, []);
		expect(told.systemd_service).toContain("\nAfter=network-online.target\n");
	});

	test("a command that sends mail is not kept from it: no privileges are taken away, and /var can be written", async () => {
		using home = new Home();
		for (const flag of ["--on-failure", "--on-success"]) {
			const json = await units(home, [flag, "mail -s vpo me@example.org"]);
			const service = String(json.systemd_service);
			// Each of these implies NoNewPrivileges= for a unit with User= (systemd.exec(5)).
			expect(service).not.toMatch(
				/^(NoNewPrivileges|SystemCall\w+|Restrict\w+|PrivateDevices|ProtectKernel\w+|ProtectClock|ProtectHostname|LockPersonality|CapabilityBoundingSet)=/m,
			);
			expect(service).toContain("\nProtectSystem=full\n");
			expect(service).toContain("must be added to ReadWritePaths=");
		}
	});

	test("a folder that is not there yet is named", async () => {
		using home = new Home();
		const json = await units(home, ["-o", "later/"]);
		expect(json.warnings).toEqual([
			`make this folder first: ${home.at("later")}`,
		]);
	});

	test("it finds nothing wrong with the units", async () => {
		using home = new Home();
		const command = ["--on-success", "logger 'it is 100% \\ done'"];
		for (const flags of [[], command]) {
			const json = await units(home, ["--note", HARD_NOTE, ...flags]);
			const paths = ["service", "timer"].map((kind) => {
				const path = home.at(`vpo-backup.${kind}`);
				writeFileSync(path, String(json[`systemd_${kind}`]));
				return path;
			});
			expect(succeed(["systemd-analyze", "verify", ...paths])).toBe("");
		}
	});
});

describe("a container", () => {
	test("gets program, folders, user and time zone, and keeps the schedule itself", async () => {
		using home = new Home();
		mkdirSync(home.at("back ups"));
		const flags = ["-o", "back ups/", "--note", HARD_NOTE];
		const args = [...SCHEDULE, "--every", "90min", "--format", "container"];
		const env = { TZ: ":Asia/Kolkata" };
		const { stdout } = await run(binary, home, [...args, "--", ...flags], {
			env,
		});
		const words = succeed([
			"sh",
			"-c",
			`docker() { printf '%s\\n' "$@"; }; ${stdout}`,
		]).split("\n");
		expect(words).toContain("TZ=Asia/Kolkata");
		expect(words).toContain("--init");
		expect(words).toContain(`${process.getuid?.()}:${process.getgid?.()}`);
		expect(words).toContain(`${binary.command[0]}:/usr/local/bin/vpo:ro`);
		for (const folder of [home.at(".vpo"), home.at("back ups")]) {
			expect(words).toContain(`${folder}:${folder}`);
		}
		expect(words.slice(words.indexOf("debian:stable-slim") + 1)).toEqual([
			...["/usr/local/bin/vpo", "library", "schedule", "--run"],
			...["--every", "90min", "--", "--output", `${home.at("back ups")}/`],
			...["--note", HARD_NOTE, ""],
		]);
	});

	test("gets the config file where there is one, and a secret only by its name", async () => {
		using home = new Home();
		const config = home.at("vpo.toml");
		writeFileSync(config, "[backup]\nlevel = 9\n");
		const env = {
			VPO_CONFIG_PATH: config,
			VPO_BACKUP_PING_URL: `https://host/${SECRET}`,
		};
		const args = [...SCHEDULE, "--at", "03:00", "--format", "container"];
		const { stdout } = await run(binary, home, args, { env });
		expect(stdout).toContain(`--env VPO_CONFIG_PATH=${config} `);
		expect(stdout).toContain(`--volume ${config}:${config}:ro `);
		expect(stdout).toContain("--env VPO_BACKUP_PING_URL \\\n");
		expect(stdout).not.toContain(SECRET);
	});
});
