// Somebody who opens the library at one instant of a restore, and what must be true afterwards of both.

import { type Answer, Peer } from "./peer.ts";
import { binary } from "./program.ts";
import { copyOf, type Scene } from "./scene.ts";
import { integrityOf, scratchIn } from "./state.ts";
import { holding } from "./trace.ts";

/** What the opener does: commits, opens and stays, or begins to write and is killed. */
export const OPENERS = ["commits", "stays", "vanishes"] as const;

export type Opener = (typeof OPENERS)[number];

const COMMIT = "INSERT INTO _meta VALUES ('opener', 'was here')";

/** Has somebody open the library as a run begins this call. @returns what is wrong; nothing, as it should be */
export async function meetOpener(
	scene: Scene,
	args: readonly string[],
	call: number,
	opener: Opener,
): Promise<string[]> {
	using home = copyOf(scene.home);
	let peer: Peer | null = null;
	let answer: Promise<Answer> = Promise.resolve({});
	let isEarly = false;
	const { exitCode, stderr } = await holding(home, args, call, async () => {
		peer = await Peer.connect(home.library, { timeoutSeconds: 30 });
		answer = peer.sql(opener === "stays" ? "SELECT 1 FROM _meta" : COMMIT);
		answer.catch(() => undefined); // who vanishes never answers
		isEarly = await Promise.race([
			answer.then(() => true),
			Bun.sleep(100).then(() => false),
		]);
		if (opener === "vanishes") await peer.kill();
	});
	const problems: string[] = [];
	if (![0, 43].includes(exitCode)) problems.push(`exit ${exitCode}: ${stderr}`);
	await using late = peer as unknown as Peer;
	if (opener !== "vanishes") {
		const { error } = await answer;
		if (error) problems.push(`the opener was told ${error}`);
		const ask = "SELECT count(*) FROM _meta WHERE key = 'opener'";
		const found = (await late.sql(ask)).rows?.[0]?.[0];
		// What was committed before the restore had the lock is replaced knowingly, and kept in the safety backup.
		const mustBeThere = opener === "commits" && (exitCode === 43 || !isEarly);
		if (mustBeThere && found !== 1) problems.push("a reported commit is lost");
		await late.kill();
	}
	const integrity = integrityOf(home.library);
	if (integrity !== "ok") problems.push(`the library: ${integrity}`);
	problems.push(...scratchIn(home.at(".vpo")).map((path) => `left ${path}`));
	return problems.map(
		(problem) => `${opener} at call ${call} of ${binary.name}: ${problem}`,
	);
}
