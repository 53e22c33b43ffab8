// What VPO records when it has processed a file: one row of statistics, its actions and its phases.
import type { Database } from "bun:sqlite";
import { inserter } from "./insert.ts";
import type { Random } from "./random.ts";
import { languages, videoCodecs } from "./titles.ts";
import { fileHash } from "./values.ts";

/** A file as the library knows it before it is processed. */
export type KnownFile = {
	readonly id: number;
	readonly size: number;
	readonly hash: string;
	readonly job: string;
};

const actions = [
	"remove",
	"set_default",
	"set_language",
	"set_title",
	"transcode",
] as const;
const phases = ["analyze", "transcode", "finalize"] as const;

/** Returns a function that records one processing of a file. */
export function statisticsWriter(library: Database, random: Random) {
	const insertStats = inserter(library, "processing_stats", [
		"id",
		"file_id",
		"processed_at",
		"policy_name",
		"size_before",
		"size_after",
		"size_change",
		"duration_seconds",
		"phases_completed",
		"phases_total",
		"total_changes",
		"video_source_codec",
		"hash_before",
		"hash_after",
		"success",
		"encoder_type",
		"job_id",
	]);
	const insertAction = inserter(library, "action_results", [
		"stats_id",
		"action_type",
		"track_type",
		"track_index",
		"before_state",
		"after_state",
		"success",
		"duration_ms",
		"rule_reference",
		"message",
	]);
	const insertMetric = inserter(library, "performance_metrics", [
		"stats_id",
		"phase_name",
		"wall_time_seconds",
		"bytes_read",
		"bytes_written",
		"encoding_fps",
		"encoding_bitrate",
	]);

	return (file: KnownFile) => {
		const id = random.uuid();
		const sizeAfter = Math.round(file.size * (0.3 + random.fraction() * 0.7));
		const changes = random.below(9);
		insertStats({
			id,
			file_id: file.id,
			processed_at: random.time(),
			policy_name: "default.yaml",
			size_before: file.size,
			size_after: sizeAfter,
			size_change: file.size - sizeAfter,
			duration_seconds: random.fraction() * 4_000,
			phases_completed: phases.length,
			phases_total: phases.length,
			total_changes: changes,
			video_source_codec: random.pick(videoCodecs),
			hash_before: file.hash,
			hash_after: fileHash(random, sizeAfter),
			success: changes > 0 ? 1 : 0,
			encoder_type: random.pick([null, "hardware", "software"]),
			job_id: file.job,
		});
		for (let left = random.below(6); left > 0; left--) {
			insertAction({
				stats_id: id,
				action_type: random.pick(actions),
				track_type: random.pick(["audio", "subtitle", "video"]),
				track_index: random.below(8),
				before_state: `{"default": ${random.chance(0.5)}, "language": "${random.pick(languages)}"}`,
				after_state: `{"default": ${random.chance(0.5)}}`,
				success: 1,
				duration_ms: random.below(5_000),
				rule_reference: `rules.match[${random.below(9)}]`,
				message: "changed default flag",
			});
		}
		for (const phase of phases) {
			insertMetric({
				stats_id: id,
				phase_name: phase,
				wall_time_seconds: random.fraction() * 2_000,
				bytes_read: file.size,
				bytes_written: sizeAfter,
				encoding_fps: random.fraction() * 300,
				encoding_bitrate: random.below(20_000_000),
			});
		}
	};
}
