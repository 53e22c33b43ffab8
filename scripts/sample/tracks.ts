// The tracks of a file, and what VPO concluded about some of its audio.
import type { Database } from "bun:sqlite";
import { firstFreeId, inserter } from "./insert.ts";
import type { Random } from "./random.ts";
import { languages, type Titles, videoCodecs } from "./titles.ts";
import { acousticProfile } from "./values.ts";

const codecs = {
	video: videoCodecs,
	audio: ["aac", "ac3", "dts", "eac3", "flac", "opus", "truehd"],
	subtitle: ["ass", "dvd_subtitle", "hdmv_pgs_subtitle", "subrip"],
} as const;
const trackTitles = [null, null, "SDH", "Surround 5.1", "Forced"] as const;

/** Returns a function that gives a file two to nine tracks. */
export function trackWriter(library: Database, random: Random, titles: Titles) {
	let nextId = firstFreeId(library, "tracks");
	const insertTrack = inserter(library, "tracks", [
		"id",
		"file_id",
		"track_index",
		"track_type",
		"codec",
		"language",
		"title",
		"is_default",
		"channels",
		"channel_layout",
		"width",
		"height",
		"frame_rate",
		"color_transfer",
		"duration_seconds",
	]);
	const insertClassification = inserter(
		library,
		"track_classification_results",
		[
			"track_id",
			"file_hash",
			"original_dubbed_status",
			"commentary_status",
			"confidence",
			"detection_method",
			"acoustic_profile_json",
			"created_at",
			"updated_at",
		],
	);

	return (fileId: number, fileHash: string) => {
		const audioCount = 1 + random.below(3);
		const count = 1 + audioCount + random.below(6);
		const duration = 1_200 + random.fraction() * 6_000;
		for (let index = 0; index < count; index++) {
			const type =
				index === 0 ? "video" : index <= audioCount ? "audio" : "subtitle";
			const isVideo = type === "video";
			const isAudio = type === "audio";
			const id = nextId++;
			insertTrack({
				id,
				file_id: fileId,
				track_index: index,
				track_type: type,
				codec: random.pick(codecs[type]),
				language: isVideo ? null : random.pick(languages),
				title: random.chance(0.1)
					? `Commentary with ${titles.words(1)}`
					: random.pick(trackTitles),
				is_default: index < 2 ? 1 : 0,
				channels: isAudio ? 6 : null,
				channel_layout: isAudio ? "5.1(side)" : null,
				width: isVideo ? 1920 : null,
				height: isVideo ? 1080 : null,
				frame_rate: isVideo ? "24000/1001" : null,
				color_transfer: isVideo && random.chance(0.2) ? "smpte2084" : null,
				duration_seconds: duration - random.fraction(),
			});
			if (!isAudio || !random.chance(0.28)) continue;
			insertClassification({
				track_id: id,
				file_hash: fileHash,
				original_dubbed_status: random.pick(["original", "dubbed", "unknown"]),
				commentary_status: random.pick(["commentary", "main", "main"]),
				confidence: random.fraction(),
				detection_method: random.pick(["acoustic", "combined", "metadata"]),
				acoustic_profile_json: acousticProfile(random),
				created_at: random.time(),
				updated_at: random.time(),
			});
		}
	};
}
