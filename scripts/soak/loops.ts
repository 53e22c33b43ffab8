// Backup, prune, verify, pin and list in the same folder at the same time, for a minute.

import { writeFileSync } from "node:fs";
import { binary, Home, run, runJson } from "../../test/helpers/program.ts";
import type { SoakRow } from "./row.ts";

const SECONDS = 60;

/** The jobs, each in a loop of its own; all must succeed every time, and every backup at the end must be whole. */
const JOBS: readonly (readonly string[])[] = [
	["backup"],
	["backup", "--prune"],
	["prune", "--keep-last", "5", "--yes"],
	["verify", "--oldest", "2"],
	["backups"],
	["pin", "latest"],
];

/** Runs all jobs against each other and counts the calls that failed and the backups that are not whole. */
export async function soakLoops(): Promise<SoakRow[]> {
	using home = new Home();
	writeFileSync(home.at(".vpo", "config.toml"), "[backup]\nkeep_last = 5\n");
	await run(binary, home, ["library", "backup"]);
	const endsAt = performance.now() + SECONDS * 1000;
	let tried = 0;
	let lost = 0;
	const loop = async (job: readonly string[]) => {
		while (performance.now() < endsAt) {
			const { exitCode, stderr } = await run(binary, home, ["library", ...job]);
			tried++;
			if (exitCode === 0) continue;
			lost++;
			console.error(`${job.join(" ")}: exit ${exitCode}: ${stderr.trim()}`);
		}
	};
	await Promise.all(JOBS.map(loop));
	const { json } = await runJson(binary, home, ["library", "verify"]);
	return [
		{
			what: "calls of backup, prune, verify, pin and list at once",
			tried,
			lost,
		},
		{
			what: "backups that these left",
			tried: Number(json.total_count),
			lost: Number(json.bad_count),
		},
	];
}
