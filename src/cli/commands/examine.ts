// The other side of an examiner: what it is asked on stdin it answers on stdout, and it ends with who asks.

import { examineFile } from "../../core/library/check/examination.ts";
import type {
	ExamineAnswer,
	ExamineRequest,
} from "../../core/library/check/examiner.ts";
import { SqliteThread } from "../../core/library/sqlite-thread.ts";
import { plain } from "../../core/work/thread.ts";

/** Answers until stdin ends, also in the middle of an answer. */
export async function examineOnDemand(): Promise<number> {
	using sqlite = new SqliteThread();
	for await (const line of console) {
		if (line === "") break; // what Bun makes of the end of stdin
		const { path, freeCores } = JSON.parse(line) as ExamineRequest;
		examineFile(sqlite, path, freeCores, undefined, (news) => answer({ news }))
			.then((result) => answer({ result }))
			.catch((error) => answer({ error: plain(error) }));
	}
	return 0;
}

async function answer(line: ExamineAnswer): Promise<void> {
	await Bun.write(Bun.stdout, `${JSON.stringify(line)}\n`).catch(
		() => undefined, // nobody reads it any more
	);
}
