// The printed service under a real systemd: its restrictions let a backup be made, and a command of the user's send mail.

import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, cpSync, mkdirSync, readdirSync } from "node:fs";
import { BINARY, Home, run } from "../helpers/program.ts";
import { backupsIn, succeed } from "../helpers/state.ts";
import { bootSystemd } from "../helpers/systemd.ts";

setDefaultTimeout(90_000);

const NOBODY = 65_534;
const MAIL = 8;

test("a backup of another user's is made, and his command for it changes its group, as mail does, to leave a letter", async () => {
	using home = new Home();
	const [program, letterbox, post] = ["vpo", "letterbox", "post"].map((name) =>
		home.at(name),
	) as [string, string, string];
	cpSync(BINARY, program);
	cpSync("/usr/bin/touch", post);
	mkdirSync(letterbox);
	succeed(["chown", "-R", `${NOBODY}:${NOBODY}`, home.path]);
	for (const path of [post, letterbox]) succeed(["chown", `0:${MAIL}`, path]);
	chmodSync(post, 0o2755);
	chmodSync(letterbox, 0o730);
	const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
	const command = ["setpriv", ...ids, program];
	const hook = ["--on-success", `${post} ${letterbox}/letter`];
	const args = [
		"library",
		"schedule",
		"--at",
		"03:00",
		"--json",
		"--",
		...hook,
	];
	const { stdout } = await run({ name: "nobody", command }, home, args);
	const service = String(JSON.parse(stdout).systemd_service);
	expect(service).toContain("\nUser=nobody\n");

	const said = bootSystemd(
		home,
		{ "vpo-backup.service": service },
		"systemctl start vpo-backup.service; systemctl show vpo-backup.service -p Result",
	);
	expect(said).toBe("Result=success\n");
	expect(backupsIn(home.backups)).toHaveLength(1);
	expect(readdirSync(letterbox)).toEqual(["letter"]);
});
