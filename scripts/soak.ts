// The long versions of the fault tests, and a table: what was tried, how often, and what was lost.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { soakBits } from "./soak/bits.ts";
import { soakChanged } from "./soak/changed.ts";
import { soakFailures, soakFire, soakKills } from "./soak/kills.ts";
import { soakLarge } from "./soak/large.ts";
import { soakLoops } from "./soak/loops.ts";
import { soakOpeners } from "./soak/openers.ts";
import { soakPower } from "./soak/power.ts";
import type { SoakRow } from "./soak/row.ts";
import { soakSyncs } from "./soak/syncs.ts";

const PARTS: Readonly<Record<string, () => Promise<SoakRow[]>>> = {
	bits: soakBits,
	changed: soakChanged,
	kills: soakKills,
	failures: soakFailures,
	fire: soakFire,
	large: soakLarge,
	loops: soakLoops,
	power: soakPower,
	syncs: soakSyncs,
	openers: soakOpeners,
};
const PAGE = join(import.meta.dir, "..", "docs", "guarantees.md");
const MARKED = /(<!-- soak:start -->\n)[\s\S]*?(<!-- soak:end -->)/;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
	console.error(
		`no such part: ${unknown.join(", ")}; there are ${Object.keys(PARTS).join(", ")}`,
	);
	process.exit(2);
}

const rows: SoakRow[] = [];
for (const [name, soak] of Object.entries(PARTS)) {
	if (wanted.length > 0 && !wanted.includes(name)) continue;
	const startedAt = performance.now();
	rows.push(...(await soak()));
	console.error(
		`${name}: ${Math.round((performance.now() - startedAt) / 1000)} s`,
	);
}

const lines = rows.map(
	({ what, tried, lost }) =>
		`| ${what} | ${tried.toLocaleString("en-US")} | ${lost} |`,
);
const table = [
	"| what was tried | how often | what was lost |",
	"|---|--:|--:|",
	...lines,
].join("\n");
console.log(table);
if (wanted.length === 0) {
	const text = readFileSync(PAGE, "utf8");
	writeFileSync(PAGE, text.replace(MARKED, `$1\n${table}\n\n$2`));
}
process.exit(rows.some(({ lost }) => lost > 0) ? 1 : 0);
