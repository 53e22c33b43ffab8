// Backups made while another process commits linked transactions as fast as it can.

import { join } from "node:path";
import { type Fired, LEDGER_SUM, ledgerOf, Peer } from "./peer.ts";
import { binary, Home, run } from "./program.ts";
import { backupsIn, expectWholeBackup } from "./state.ts";

export interface UnderFire {
	readonly fired: Fired;
	/** How many transactions each backup holds, in the order in which they were made. */
	readonly commits: readonly number[];
	/** What went wrong: backups that failed, or that hold half a transaction. */
	readonly lost: readonly string[];
}

/** Makes so many backups of a library that is being written all the time, and looks into each. */
export async function backUpUnderFire(
	journalMode: string,
	count: number,
): Promise<UnderFire> {
	using home = new Home();
	const statement = `PRAGMA journal_mode = ${journalMode}`;
	await using peer = await Peer.holding(home.library, [statement]);
	await peer.fire();
	const lost: string[] = [];
	for (let made = 0; made < count; made++) {
		const { exitCode, stderr } = await run(binary, home, ["library", "backup"]);
		if (exitCode !== 0) lost.push(`exit ${exitCode}: ${stderr}`);
	}
	const fired = await peer.cease();
	const commits: number[] = [];
	for (const name of backupsIn(home.backups).sort(byAttempt)) {
		expectWholeBackup(join(home.backups, name), (library) => {
			const ledger = ledgerOf(library);
			if (ledger.sum !== LEDGER_SUM) lost.push(`${name}: ${ledger.sum}`);
			commits.push(ledger.commits);
		});
	}
	const { commits: now } = ledgerOf(home.library);
	if (now !== fired.commits) lost.push(`${fired.commits - now} commits`);
	return { fired, commits, lost };
}

// …Z.tar.gz, …Z-2.tar.gz, …, …Z-10.tar.gz
function byAttempt(a: string, b: string): number {
	return a
		.replace(".tar.gz", "-1")
		.localeCompare(b.replace(".tar.gz", "-1"), "en", { numeric: true });
}
