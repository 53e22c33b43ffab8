// Somebody opens the library at every system call of a restore and of an undo, in each journal mode.

import { Database } from "bun:sqlite";
import { callsOf, twoAtATime } from "../../test/helpers/instants.ts";
import { meetOpener, OPENERS } from "../../test/helpers/openers.ts";
import { binary, run } from "../../test/helpers/program.ts";
import { LEFT, makeScene, RESTORE } from "../../test/helpers/scene.ts";
import type { SoakRow } from "./row.ts";

const UNDO = ["library", "restore", "--yes", "--undo"];
const MODES = ["wal", "delete", "truncate", "persist"];

function changeIn(mode: string) {
	return (path: string) => {
		using library = new Database(path);
		library.run(`PRAGMA journal_mode = ${mode}`);
		library.run("DELETE FROM files WHERE id % 2 = 0");
	};
}

/** Restores and undoes, each met by openers of each kind at each call. */
export async function soakOpeners(): Promise<SoakRow[]> {
	const rows: SoakRow[] = [];
	const scenes = [
		...MODES.map((mode) => [`journal mode ${mode}`, changeIn(mode)] as const),
		["one file for the other", LEFT["another page size"]] as const,
	];
	for (const [name, leave] of scenes) {
		for (const args of [RESTORE, UNDO]) {
			using scene = await makeScene(leave);
			if (args === UNDO) await run(binary, scene.home, RESTORE);
			const calls = await callsOf(scene, args);
			const meetings = calls.flatMap(({ call }) =>
				OPENERS.map((opener) => ({ call, opener })),
			);
			const outcomes = await twoAtATime(meetings, ({ call, opener }) =>
				meetOpener(scene, args, call, opener).catch(nullIfNotMet),
			);
			const problems = outcomes.filter((lines) => lines !== null);
			const bad = problems.filter(({ length }) => length > 0);
			for (const lines of bad) console.error(lines.join("\n"));
			const verb = args === UNDO ? "undoes" : "restores";
			const what = `${verb} whose library somebody opens at any call, ${name}`;
			rows.push({ what, tried: problems.length, lost: bad.length });
		}
	}
	return rows;
}

// No two runs have quite as many calls: who waits for a lock asks more often.
function nullIfNotMet(error: Error): null {
	if (/^it never came to/.test(error.message)) return null;
	throw error;
}
