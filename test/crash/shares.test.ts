// Network shares and FUSE mounts refuse what local file systems do, and tell less: backups are made there all the same.

import { expect, test } from "bun:test";
import { chmodSync, cpSync, readdirSync, truncateSync } from "node:fs";
import { dirname, join } from "node:path";
import { contentOf } from "../helpers/content.ts";
import { asUser, OTHER_USER } from "../helpers/peer.ts";
import { binary, FIXTURES, Home, run, runJson } from "../helpers/program.ts";
import { Share } from "../helpers/share.ts";
import { backupsIn, expectWholeBackup, namesIn } from "../helpers/state.ts";

/** What file systems answer to a call that they don't have. */
const REFUSALS = [
	"EPERM",
	"EACCES",
	"EINVAL",
	"EXDEV",
	"ENOSYS",
	"EOPNOTSUPP",
] as const;

test.each(REFUSALS)(
	"a backup stands on a share that answers %s to modes, links and syncing",
	async (errno) => {
		const calls = ["chmod", "link", "fsync", "fsyncdir"];
		await using share = await Share.mount(
			...calls.map((call) => `${call}=${errno}`),
		);
		using home = new Home();
		const env = { VPO_BACKUP_DIR: share.path };
		const made = await run(binary, home, ["library", "backup"], { env });
		expect(made).toMatchObject({ exitCode: 0, stderr: "" });
		const [name = ""] = backupsIn(share.path);
		expect(namesIn(share.path)).toEqual([name]);
		expectWholeBackup(share.at(name));
		const pinned = await run(binary, home, ["library", "pin", "latest"], {
			env,
		});
		expect(pinned).toMatchObject({ exitCode: 0, stderr: "" });
		const { json } = await runJson(binary, home, ["library", "backups"], {
			env,
		});
		expect(json).toMatchObject({ backups: [{ pinned: true }] });
		expect(namesIn(share.path)).toEqual([name]);
	},
);

test.each(["EPERM", "EACCES", "ENOTSUP"])(
	"a damaged library is replaced on a share on which all is another user's, modes answered by %s",
	async (errno) => {
		const refused = ["chmod", "chown", "link"].map((op) => `${op}=${errno}`);
		await using share = await Share.mount("owner=0", ...refused);
		chmodSync(dirname(share.source), 0o755);
		chmodSync(share.source, 0o777);
		using home = new Home(null);
		home.giveTo(OTHER_USER);
		const program = asUser(binary, OTHER_USER);
		const env = { VPO_DATA_DIR: share.path };
		const library = share.at("library.db");
		cpSync(join(FIXTURES, "library-v27.db"), join(share.source, "library.db"));
		chmodSync(join(share.source, "library.db"), 0o600);
		const before = contentOf(library);
		const made = await run(program, home, ["library", "backup"], { env });
		expect(made).toMatchObject({ exitCode: 0, stderr: "" });
		truncateSync(library, 300_001);
		const args = ["library", "restore", "--yes", "latest"];
		const done = await run(program, home, args, { env });
		expect(done).toMatchObject({ exitCode: 0, stderr: "" });
		expect(contentOf(library)).toEqual(before);
	},
);

test("metrics are written to a share that keeps no modes", async () => {
	await using share = await Share.mount("chmod=ENOSYS", "fsync=EINVAL");
	using home = new Home();
	const args = ["library", "check", "--metrics", share.at("vpo.prom")];
	const { exitCode, stderr } = await run(binary, home, args);
	expect({ exitCode, stderr }).toEqual({ exitCode: 61, stderr: "" });
	expect(readdirSync(share.path)).toEqual(["vpo.prom"]);
});

test.each(["blocks=0 free=0", "statfs=ENOSYS"])(
	"free space that a share does not tell is unknown, not nothing: %s",
	async (quirks) => {
		await using share = await Share.mount(...quirks.split(" "));
		using home = new Home();
		const env = { VPO_BACKUP_DIR: share.path, VPO_TEMP_DIR: share.path };
		const args = ["library", "backup"];
		const dry = await run(binary, home, [...args, "--dry-run"], { env });
		expect(dry.stdout).toContain("does not tell how much is free");
		const planned = await runJson(binary, home, [...args, "--dry-run"], {
			env,
		});
		expect(planned.json).toMatchObject({ free_bytes: null, warnings: [] });
		expect((await run(binary, home, args, { env })).exitCode).toBe(0);
		const check = await runJson(binary, home, ["library", "check"], { env });
		expect(check).toMatchObject({
			exitCode: 0,
			json: { findings: [], free_bytes: null },
		});
	},
);

test("free space is counted in fragments, whatever the block size", async () => {
	using home = new Home();
	const args = ["library", "backup", "--dry-run"];
	const free = async (...quirks: readonly string[]) => {
		await using share = await Share.mount(...quirks);
		const env = { VPO_BACKUP_DIR: share.path };
		const { json } = await runJson(binary, home, args, { env });
		return json;
	};
	expect(
		await free("bsize=524288", "frsize=2048", "free=409600"),
	).toMatchObject({ free_bytes: 409_600, code: "INSUFFICIENT_SPACE" });
	expect(
		await free("bsize=512", "frsize=65536", "free=65536000"),
	).toMatchObject({ free_bytes: 65_536_000, warnings: [] });
});
