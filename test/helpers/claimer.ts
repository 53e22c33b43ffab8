// A process that claims a path, says so, and holds it until its stdin ends: PATH.

import { dirname } from "node:path";
import { takeClaim } from "../../src/ground/claim.ts";
import { makeScratch } from "../../src/ground/scratch.ts";

const [path = ""] = process.argv.slice(2);
await using scratch = await makeScratch(dirname(path));
await using _ = await takeClaim(path, scratch);
process.stdout.write("held\n");
await Bun.stdin.text();
