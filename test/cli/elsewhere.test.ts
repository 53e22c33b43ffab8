// A backup that goes elsewhere: it needs nothing of where backups usually are, and is compared with what it finds.

import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { binary, Home, run, runJson } from "../helpers/program.ts";
import { expectWholeBackup } from "../helpers/state.ts";

setDefaultTimeout(60_000);

const NO_KEYS = { AWS_SHARED_CREDENTIALS_FILE: "/nowhere" };
const KEYS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };

/** Places that can't be read, whoever asks. */
const OUT_OF_REACH: Record<
	string,
	(home: Home) => { env?: Record<string, string>; reason: RegExp }
> = {
	"a file": ({ backups }) => {
		writeFileSync(backups, "no folder");
		return { reason: /cannot read the backup folder/ };
	},
	"a link to itself": ({ backups }) => {
		symlinkSync("backups", backups);
		return { reason: /cannot read the backup folder/ };
	},
	"a bucket without keys": () => ({
		env: { ...NO_KEYS, VPO_BACKUP_DIR: "s3://my-bucket/vpo" },
		reason: /no keys for the object store/,
	}),
	"a store that is down": () => ({
		env: {
			...KEYS,
			VPO_BACKUP_DIR: "s3://my-bucket",
			AWS_ENDPOINT_URL: "http://127.0.0.1:1",
		},
		reason: /cannot reach http:\/\/127\.0\.0\.1:1/,
	}),
};

for (const [what, arrange] of Object.entries(OUT_OF_REACH)) {
	test(`is made where the usual place is ${what}`, async () => {
		using home = new Home();
		const { env = {}, reason } = arrange(home);
		for (const output of ["usb/", "one.tar.gz"]) {
			const args = ["library", "backup", "--output", home.at(output)];
			const { exitCode, json } = await runJson(binary, home, args, { env });
			expect({ exitCode, success: json.success }).toEqual({
				exitCode: 0,
				success: true,
			});
			expect(json.warnings).toEqual([expect.stringMatching(reason)]);
			expectWholeBackup(String(json.path));
		}
		const piped = ["library", "backup", "--output", "-"];
		expect((await run(binary, home, piped, { env })).exitCode).toBe(0);
	});
}

test("is compared with what stands there, and with the usual place", async () => {
	using home = new Home();
	const folders = [home.at("usb"), home.backups];
	for (const folder of folders) mkdirSync(folder);
	const backUp = (...more: string[]) =>
		runJson(binary, home, ["library", "backup", "--fail-on-shrink", ...more]);
	await backUp("--output", `${home.at("usb")}/`);
	const database = new Database(home.library);
	database.run("DELETE FROM files WHERE id > 20");
	database.close();
	// In the usual place there is nothing that it could have shrunk from.
	const usual = await backUp();
	expect(usual.exitCode).toBe(0);
	const there = await backUp("--output", `${home.at("usb")}/`);
	expect(there.exitCode).toBe(60);
	expect(there.json.warnings).toContainEqual(
		expect.stringContaining("20 files, 120 in the backup of"),
	);
});
