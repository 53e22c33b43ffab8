// A process that remembers things in a state file, one update after the other: FOLDER NAME COUNT. It tells each on stdout.

import { remember, updateState } from "../../src/core/location/memory/state.ts";

const [folder = "", name = "", count = ""] = process.argv.slice(2);
const identity = { sizeBytes: 1, modifiedMs: 1 };
for (let index = 0; index < Number(count); index++) {
	const filename = `${name}-${index}`;
	await updateState(folder, (entries) =>
		remember(entries, filename, identity, { pinned: true }),
	);
	process.stdout.write(`${filename}\n`);
}
