// The life of a library: scans add files, processing adds statistics, rescans rewrite tracks, some files go again.
// Keeps VPO's foreign keys, unique keys and checks.
import type { Database } from "bun:sqlite";
import { firstFreeId, inserter } from "./insert.ts";
import { createRandom } from "./random.ts";
import { type KnownFile, statisticsWriter } from "./statistics.ts";
import { createTitles, type Work } from "./titles.ts";
import { trackWriter } from "./tracks.ts";
import { containerTags, fileHash, fileSize, pluginMetadata } from "./values.ts";

/** Returns a function that lets an open library live through one batch: a scan that finds `files` new ones, and what follows. */
export function startLife(library: Database): (files: number) => void {
	const random = createRandom(27);
	const titles = createTitles(random);
	const addTracks = trackWriter(library, random, titles);
	const addStatistics = statisticsWriter(library, random);
	let nextId = firstFreeId(library, "files");

	const insertFile = inserter(library, "files", [
		"id",
		"path",
		"filename",
		"directory",
		"extension",
		"size_bytes",
		"modified_at",
		"content_hash",
		"container_format",
		"scanned_at",
		"scan_status",
		"job_id",
		"plugin_metadata",
		"container_tags",
	]);
	const insertJob = inserter(library, "jobs", [
		"id",
		"file_path",
		"job_type",
		"status",
		"created_at",
		"completed_at",
		"summary_json",
		"origin",
	]);
	const find = library.query<KnownFile, [number]>(
		"SELECT id, size_bytes AS size, content_hash AS hash, job_id AS job FROM files WHERE id = ?",
	);
	const update = library.query(
		"UPDATE files SET scanned_at = ?, content_hash = ?, size_bytes = ?, container_tags = ? WHERE id = ?",
	);
	const deleteTracks = library.query("DELETE FROM tracks WHERE file_id = ?");
	const deleteFile = library.query("DELETE FROM files WHERE id = ?");

	const addFile = (work: Work, episode: number, jobId: string) => {
		const id = nextId++;
		const filename = titles.filename(work, episode, id);
		const size = fileSize(random);
		const hash = fileHash(random, size);
		insertFile({
			id,
			path: `${work.directory}/${filename}`,
			filename,
			directory: work.directory,
			extension: "mkv",
			size_bytes: size,
			modified_at: random.time(),
			content_hash: hash,
			container_format: "matroska,webm",
			scanned_at: random.time(),
			scan_status: "ok",
			job_id: jobId,
			plugin_metadata: pluginMetadata(work),
			container_tags: containerTags(random, titles.words(4)),
		});
		addTracks(id, hash);
	};

	const scan = (files: number) => {
		const jobId = random.uuid();
		insertJob({
			id: jobId,
			file_path: "/mnt/media",
			job_type: "scan",
			status: "completed",
			created_at: random.time(),
			completed_at: random.time(),
			summary_json: `{"scanned": ${files}, "new": ${files}, "errors": 0}`,
			origin: "cli",
		});
		for (let found = 0; found < files; ) {
			const work = titles.work();
			const episodes = work.isShow
				? Math.min(files - found, 4 + random.below(9))
				: 1;
			for (let episode = 1; episode <= episodes; episode++)
				addFile(work, episode, jobId);
			found += episodes;
		}
	};

	const rescan = (file: KnownFile) => {
		const size = fileSize(random);
		const hash = fileHash(random, size);
		update.run(
			random.time(),
			hash,
			size,
			containerTags(random, titles.words(4)),
			file.id,
		);
		deleteTracks.run(file.id);
		addTracks(file.id, hash);
	};

	const forSome = (times: number, visit: (file: KnownFile) => void) => {
		for (let i = 0; i < times; i++) {
			const file = find.get(1 + random.below(nextId - 1));
			if (file) visit(file);
		}
	};

	return (files) => {
		scan(files);
		forSome(files * 0.68, addStatistics);
		forSome(files * 0.03, rescan);
		forSome(files * 0.01, (file) => deleteFile.run(file.id));
	};
}
