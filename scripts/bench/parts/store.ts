// A bucket of a Ceph on this machine against a folder: backup, list and memory.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileBody } from "../../../src/core/location/s3/body.ts";
import { Bucket } from "../../../src/core/location/s3/bucket.ts";
import { startCeph } from "../../../test/helpers/ceph.ts";
import {
	accountOf,
	environmentOf,
	makeBucket,
	type Store,
} from "../../../test/helpers/store.ts";
import type { Bench } from "../bench.ts";
import { archiveIn, temporaryFolder } from "../folders.ts";
import { race, run } from "../measure.ts";
import { backupCommand, ourBackup } from "../ours.ts";
import { measurePeaks } from "../peaks.ts";
import { type Findings, megabytes, seconds, timingTable } from "../report.ts";
import { sampleLibrary } from "../samples.ts";

const count = 1_000;
const atOnce = 16;
const allowed = { backupRatio: 1.35, coldSeconds: 1.5, warmSeconds: 0.3 };
const memoryBytes = 160e6;

/** Starts the store for as long as it is measured. */
export async function benchStore(bench: Bench): Promise<Findings> {
	await using store = await startCeph();
	const bucket = await makeBucket(store);
	delete process.env.AWS_CA_BUNDLE;
	Object.assign(process.env, environmentOf(store));
	const lists = await benchLists(bench, store, bucket);
	const backups = await benchBackups(bench, bucket);
	const memory = await benchMemory(bench, bucket);
	return {
		targets: [...backups.targets, ...lists.targets, ...memory],
		tables: [...backups.tables, ...lists.tables],
	};
}

async function benchBackups(bench: Bench, bucket: string) {
	const library = await sampleLibrary(bench, 100);
	const timings = await race(bench, {
		folder: ourBackup(bench, library),
		bucket: {
			name: "vpo library backup, to a bucket",
			command: () => backupCommand(bench, library, `s3://${bucket}/backups`),
		},
	});
	const ratio = timings.bucket.medianSeconds / timings.folder.medianSeconds;
	return {
		targets: [
			{
				what: "backup of 100 MB to a local Ceph",
				against: "the same to a folder",
				measured: ratio.toFixed(2),
				target: `≤ ${allowed.backupRatio}`,
				isMet: ratio <= allowed.backupRatio,
			},
		],
		tables: [timingTable("Backup to a bucket", Object.values(timings))],
	};
}

async function benchLists(bench: Bench, store: Store, bucket: string) {
	await fill(bench, store, bucket);
	const path = `s3://${bucket}/many`;
	const list = [bench.vpo, "library", "backups", "--path", path];
	const dataDir = join(bench.scratch, "store-data");
	mkdirSync(dataDir);
	const timings = await race(bench, {
		cold: { name: "1,000 archives, none seen before", command: () => list },
		warm: {
			name: "1,000 archives, all seen before",
			command: () => ["env", `VPO_DATA_DIR=${dataDir}`, ...list],
		},
	});
	const row = (
		name: keyof typeof timings,
		what: string,
		mostSeconds: number,
	) => ({
		what,
		against: "",
		measured: seconds(timings[name].medianSeconds),
		target: `≤ ${seconds(mostSeconds)}`,
		isMet: timings[name].medianSeconds <= mostSeconds,
	});
	return {
		targets: [
			row("cold", "list of 1,000 archives in a bucket", allowed.coldSeconds),
			row("warm", "the same once more", allowed.warmSeconds),
		],
		tables: [timingTable("List of a bucket", Object.values(timings))],
	};
}

/** Puts one archive of a small library there a thousand times, a minute apart. */
async function fill(bench: Bench, store: Store, name: string): Promise<void> {
	const library = await sampleLibrary(bench, 1);
	const made = join(bench.scratch, "listed-in-bucket");
	mkdirSync(made);
	await run(bench, backupCommand(bench, library, made), bench.scratch);
	const archive = archiveIn(made);
	const bytes = await Bun.file(archive).bytes();
	const sum = {
		sizeBytes: bytes.byteLength,
		sha256: Bun.SHA256.hash(bytes, "hex"),
	};
	const patience = { retries: 3, firstPauseMs: 50, mostPauseMs: 1000 };
	const address = { bucket: name, prefix: "many" };
	const bucket = new Bucket(accountOf(store), address, patience);
	const times = Array.from({ length: count }, (_, i) =>
		new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString(),
	).values();
	const work = async () => {
		for (const time of times) {
			const stamp = time.slice(0, 19).replaceAll(/(?<=T.*):/g, "");
			await bucket.putNew(
				`vpo-library-${stamp}Z.tar.gz`,
				fileBody(archive, sum),
			);
		}
	};
	await Promise.all(Array.from({ length: atOnce }, work));
}

async function benchMemory(bench: Bench, bucket: string) {
	const [, sizeMb] = bench.memoryMb;
	const library = await sampleLibrary(bench, sizeMb);
	using home = temporaryFolder(join(bench.scratch, "store-memory-"));
	const backup = backupCommand(bench, library, `s3://${bucket}/memory`);
	const peaks = await measurePeaks(bench, backup, home.path, []);
	return [
		{
			what: `peak memory of backup to a bucket, ${sizeMb} MB`,
			against: "",
			measured: megabytes(peaks.memoryBytes),
			target: `≤ ${megabytes(memoryBytes)}`,
			isMet: peaks.memoryBytes <= memoryBytes,
		},
	];
}
