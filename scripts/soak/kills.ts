// Kills at two hundred instants each, and fifty backups under fire: the long versions of what the tests try briefly.

import { backUpUnderFire } from "../../test/helpers/fire.ts";
import {
	BACKUP,
	instantsOf,
	killBackup,
	killRestore,
	LEFT,
	makeScene,
	RESTORE,
	twoAtATime,
} from "../../test/helpers/kill.ts";
import type { SoakRow } from "../soak.ts";

const KILLS = 200;
const BACKUPS = 50;

/** Kills backups and restores of libraries that a crash left with a hot WAL or journal, at so many instants each. */
export async function soakKills(): Promise<SoakRow[]> {
	const rows: SoakRow[] = [];
	for (const [left, leave] of Object.entries(LEFT)) {
		using scene = await makeScene(leave);
		const kills = [
			["backups", BACKUP, killBackup],
			["restores", RESTORE, killRestore],
		] as const;
		for (const [what, job, kill] of kills) {
			const instants = await instantsOf(scene, job, KILLS);
			const verdicts = await twoAtATime(instants, (at) => kill(scene, at));
			const bad = verdicts.filter(({ problems }) => problems.length > 0);
			const name = `${what} killed at any instant, library left with ${left}`;
			rows.push({ what: name, tried: verdicts.length, lost: bad.length });
		}
	}
	return rows;
}

/** Makes so many backups of a library that is being written all the time, in each journal mode. */
export async function soakFire(): Promise<SoakRow[]> {
	const rows: SoakRow[] = [];
	for (const mode of ["wal", "delete", "truncate", "persist"]) {
		const { lost } = await backUpUnderFire(mode, BACKUPS);
		const what = `backups under fire, journal mode ${mode}`;
		rows.push({ what, tried: BACKUPS, lost: lost.length });
	}
	return rows;
}
