// Compiles dist/vpo, the program for this machine.

import { readCommit } from "./release/commit.ts";
import { compile } from "./release/compile.ts";

const root = `${import.meta.dir}/..`;
const commit = await readCommit(root);
await compile(root, { outFile: "dist/vpo", commit });
