// A real systemd, as process 1 of namespaces of its own, that runs units and then a script.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requireRoot } from "./mounts.ts";
import type { Home } from "./program.ts";

const MOST_SECONDS = "60";
/** Where it may make control groups: version 1 with its own hierarchy, both, or version 2 alone. */
const HIERARCHIES =
	"/sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup";

/** Boots it with these units, named as files. @returns what the script has printed */
export function bootSystemd(
	home: Home,
	units: Readonly<Record<string, string>>,
	script: string,
): string {
	requireRoot("it boots systemd in a container");
	const folder = home.at("boot");
	mkdirSync(folder);
	for (const [name, text] of Object.entries(units)) {
		// Nothing else of a machine is there to wait for.
		const lonely = text.replace("[Unit]\n", "[Unit]\nDefaultDependencies=no\n");
		writeFileSync(join(folder, name), lonely);
	}
	const group = `vpo-test-${process.pid}`;
	const output = join(folder, "output");
	writeFileSync(
		join(folder, "script.sh"),
		`exec >${output} 2>&1\n${script}\nexec >/dev/null 2>&1; systemctl --force --force poweroff\n`,
	);
	writeFileSync(
		join(folder, "test.service"),
		`[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=/bin/sh ${folder}/script.sh\n`,
	);
	writeFileSync(
		join(folder, "boot.sh"),
		`mount -t tmpfs none /run && mkdir -p /run/systemd/system
for at in ${HIERARCHIES}; do
	[ -e $at/cgroup.procs ] && mkdir -p $at/${group} && echo $$ >$at/${group}/cgroup.procs
done
cp ${folder}/*.service /run/systemd/system/
export container=test
exec /lib/systemd/systemd --system --unit=test.service --log-target=null --show-status=no
`,
	);
	try {
		const flags = ["-m", "-p", "-f", "--kill-child", "--mount-proc"];
		const boot = ["sh", join(folder, "boot.sh")];
		Bun.spawnSync(
			["timeout", "-s", "KILL", MOST_SECONDS, "unshare", ...flags, ...boot],
			{ stdin: "ignore", stdout: "ignore", stderr: "ignore" },
		);
		return readFileSync(output, "utf8");
	} finally {
		const leave = `for at in ${HIERARCHIES}; do find $at/${group} -depth -type d -exec rmdir {} + ; done`;
		Bun.spawnSync(["sh", "-c", leave], { stderr: "ignore" });
		rmSync(folder, { recursive: true, force: true });
	}
}
