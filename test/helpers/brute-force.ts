// The comparison by brute force that ours is measured by: compare.py, which knows VPO's own schema.

import { join } from "node:path";
import { succeed } from "./state.ts";

const SCRIPT = join(import.meta.dir, "compare.py");

/** What compare.py says to this call. @throws Error if it fails */
export function byBruteForce(...args: string[]): Record<string, object> {
	return JSON.parse(succeed(["python3", SCRIPT, ...args]));
}
