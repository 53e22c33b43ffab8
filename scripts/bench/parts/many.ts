// Ten thousand archives in one folder: what looks at all of them, the first time and once they are known, and a backup
// that goes beside them.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { archiveIn, temporaryFolder } from "../folders.ts";
import { writeArchives } from "../hourly.ts";
import { type Contender, race, run, type Timing } from "../measure.ts";
import { backupCommand } from "../ours.ts";
import { type Findings, seconds, type Target, timingTable } from "../report.ts";

const fixture = join(import.meta.dir, "../../../test/fixtures/library-v27.db");
const few = 10;
const many = 10_000;
const allowed = { seconds: 1.5, backupSeconds: 0.1 };
const fewestBackups = 7;
const rules = ["--keep-daily", "7", "--keep-weekly", "4"];

/** Races list, prune, check and backup. */
export async function benchMany(bench: Bench): Promise<Findings> {
	using folders = temporaryFolder(join(bench.scratch, "many-"));
	const place = await fill(bench, folders.path);
	const looks = await race(bench, looksAt(bench, place));
	const backups = await race(
		{ ...bench, rounds: Math.max(bench.rounds, fewestBackups) },
		{
			few: backupBeside(bench, place.library, place.few, few),
			many: backupBeside(bench, place.library, place.many, many),
		},
	);
	const all = Object.values<Timing>(looks);
	return {
		targets: [...all.map(lookTarget), backupTarget(backups)],
		tables: [
			timingTable("Ten thousand archives", [...all, ...Object.values(backups)]),
		],
	};
}

interface Place {
	readonly library: string;
	readonly few: string;
	readonly many: string;
	/** A data folder in which every archive is known. */
	readonly data: string;
}

async function fill(bench: Bench, parent: string): Promise<Place> {
	const folder = (name: string) => {
		const path = join(parent, name);
		mkdirSync(path);
		return path;
	};
	const library = join(folder("library"), "library.db");
	copyFileSync(fixture, library);
	const made = folder("made");
	await run(bench, backupCommand(bench, library, made), made);
	console.error(`  making ${many} archives`);
	const place = {
		library,
		few: folder("few"),
		many: folder("archives"),
		data: folder("data"),
	};
	const archive = archiveIn(made);
	const newest = new Date();
	await writeArchives(archive, place.few, few, newest);
	await writeArchives(archive, place.many, many, newest);
	return place;
}

function looksAt(bench: Bench, { library, many: path, data }: Place) {
	const database = ["--database", library];
	const first = (name: string, ...words: readonly string[]): Contender => ({
		name: `${name} of 10,000 archives, the first time`,
		command: (home) => {
			mkdirSync(join(home, ".vpo")); // so that they can be remembered
			return [bench.vpo, "library", ...words, "--path", path];
		},
	});
	// They are known from the first round on, which is not counted.
	const known = (name: string, ...words: readonly string[]): Contender => ({
		name: `${name} of 10,000 archives, all remembered`,
		command: () => [
			...["env", `VPO_DATA_DIR=${data}`],
			...[bench.vpo, "library", ...words, "--path", path],
		],
	});
	const prune = ["prune", "--dry-run", ...rules, ...database];
	return {
		firstList: first("list", "backups"),
		knownList: known("list", "backups"),
		firstPrune: first("prune --dry-run", ...prune),
		knownPrune: known("prune --dry-run", ...prune),
		firstCheck: first("check", "check", ...database),
		knownCheck: known("check", "check", ...database),
	};
}

function backupBeside(
	bench: Bench,
	library: string,
	folder: string,
	count: number,
): Contender {
	return {
		name: `backup beside ${count.toLocaleString("en")} archives`,
		command: () => backupCommand(bench, library, folder),
	};
}

function lookTarget({ name, medianSeconds }: Timing): Target {
	return {
		what: name,
		against: "",
		measured: seconds(medianSeconds),
		target: `≤ ${seconds(allowed.seconds)}`,
		isMet: medianSeconds <= allowed.seconds,
	};
}

function backupTarget(timings: Readonly<Record<"few" | "many", Timing>>) {
	const more = timings.many.medianSeconds - timings.few.medianSeconds;
	return {
		what: timings.many.name,
		against: "beside ten",
		measured: `${more < 0 ? "−" : "+"}${seconds(Math.abs(more))}`,
		target: `≤ +${seconds(allowed.backupSeconds)}`,
		isMet: more <= allowed.backupSeconds,
	};
}
