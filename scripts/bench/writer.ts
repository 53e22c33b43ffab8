// A VPO that writes all the time: small commits, so many a second, each timed, until its stdin ends.
// usage: bun writer.ts LIBRARY PER_SECOND; prints [[when it began in ms since 1970, how many ms it took], …]
import { Database } from "bun:sqlite";

const [path = "", perSecond = "1000"] = process.argv.slice(2);
const pauseMs = 1000 / Number(perSecond);
const nothing = new Int32Array(new SharedArrayBuffer(4));

const library = new Database(path, { readwrite: true, create: false });
library.run("PRAGMA journal_mode = WAL");
library.run("PRAGMA synchronous = NORMAL");
library.run("PRAGMA busy_timeout = 10000");
const update = library.query("UPDATE files SET scanned_at = ? WHERE id = ?");
const ids = library.query<{ id: number }, []>("SELECT id FROM files").all();

let isOver = false;
Bun.stdin.text().then(() => {
	isOver = true;
});
const commits: (readonly [number, number])[] = [];
let next = performance.now();
for (let count = 0; !isOver; count++) {
	const began = performance.now();
	update.run(String(count), ids[(count * 7919) % ids.length]?.id ?? 0);
	commits.push([performance.timeOrigin + began, performance.now() - began]);
	next = Math.max(next + pauseMs, performance.now() - 1000);
	const leftMs = next - performance.now();
	if (leftMs > 0) Atomics.wait(nothing, 0, 0, leftMs);
	// Only an event loop hears that stdin has ended.
	if (count % 100 === 0) await Bun.sleep(0);
}
library.close();
await Bun.write(Bun.stdout, JSON.stringify(commits));
