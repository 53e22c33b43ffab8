// The other side of an examiner: what it is asked on stdin it answers on stdout, and it ends with who asks.

import {
	type Examination,
	examineFile,
} from "../../core/library/check/examination.ts";
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
		const { path, freeCores } = JSON.parse(line) as ExamineRequest;
		examineFile(sqlite, path, freeCores)
			.then((result: Examination): ExamineAnswer => ({ result }))
			.catch((error): ExamineAnswer => ({ error: plain(error) }))
			.then((answer) => Bun.write(Bun.stdout, `${JSON.stringify(answer)}\n`))
			.catch(() => undefined); // nobody reads it any more
	}
	return 0;
}
