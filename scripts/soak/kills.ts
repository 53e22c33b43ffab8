// Kills at two hundred instants and between every two system calls, every call failing once, and fifty backups under
// fire: the long versions of what the tests try briefly.

import { backUpUnderFire } from "../../test/helpers/fire.ts";
import {
	callsOf,
	instantsOf,
	twoAtATime,
} from "../../test/helpers/instants.ts";
import {
	failCall,
	killBackup,
	killRestore,
	type Verdict,
} from "../../test/helpers/kill.ts";
import { BACKUP, LEFT, makeScene, RESTORE } from "../../test/helpers/scene.ts";
import type { SoakRow } from "./row.ts";

const KILLS = 200;
const BACKUPS = 50;
const ERRNOS = ["ENOSPC", "EDQUOT", "EIO"];
const JOBS = [
	{ job: "backups", args: BACKUP, kill: killBackup },
	{ job: "restores", args: RESTORE, kill: killRestore },
];

/** Kills backups and restores of libraries that were left closed, with a hot WAL or with a hot journal. */
export async function soakKills(): Promise<SoakRow[]> {
	const rows: SoakRow[] = [];
	for (const [left, leave] of Object.entries(LEFT)) {
		using scene = await makeScene(leave);
		for (const { job, args, kill } of JOBS) {
			const name = (when: string) =>
				`${job} killed ${when}, library left with ${left}`;
			const instants = await instantsOf(scene, args, KILLS);
			const timed = await twoAtATime(instants, (at) => kill(scene, at));
			rows.push(rowOf(name("at any instant"), timed));
			const calls = await callsOf(scene, args);
			const between = await twoAtATime(calls, (at) => kill(scene, at));
			rows.push(rowOf(name("between any two system calls"), between));
		}
	}
	return rows;
}

/** Has each call that changes files fail, once with each error and once for good. */
export async function soakFailures(): Promise<SoakRow[]> {
	const rows: SoakRow[] = [];
	for (const [left, leave] of Object.entries(LEFT)) {
		using scene = await makeScene(leave);
		for (const { job, args } of JOBS) {
			const calls = await callsOf(scene, args);
			const fail = async (errno: string) =>
				twoAtATime(calls, ({ call }) => failCall(scene, args, { call, errno }));
			const once: Verdict[] = [];
			for (const errno of ERRNOS) once.push(...(await fail(errno)));
			const where = `library left with ${left}`;
			const how = "fails (disk full, quota, I/O error)";
			rows.push(rowOf(`${job} of which any call ${how}, ${where}`, once));
			const dying = await fail("EIO+");
			rows.push(rowOf(`${job} whose disk dies at any call, ${where}`, dying));
		}
	}
	return rows;
}

function rowOf(what: string, verdicts: readonly Verdict[]): SoakRow {
	const bad = verdicts.filter(({ problems }) => problems.length > 0);
	for (const { problems } of bad) console.error(problems.join("\n"));
	return { what, tried: verdicts.length, lost: bad.length };
}

/** Makes so many backups of a library that is being written all the time, in each journal mode. */
export async function soakFire(): Promise<SoakRow[]> {
	const rows: SoakRow[] = [];
	for (const mode of ["wal", "delete", "truncate", "persist"]) {
		const { lost } = await backUpUnderFire(mode, BACKUPS);
		for (const problem of lost) console.error(problem);
		const what = `backups under fire, journal mode ${mode}`;
		rows.push({ what, tried: BACKUPS, lost: lost.length });
	}
	return rows;
}
