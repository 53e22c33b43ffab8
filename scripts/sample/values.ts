// Single values of a library's rows, spelled as VPO spells them.
import type { Random } from "./random.ts";
import type { Work } from "./titles.ts";

/** A video file's size, 0.2 to 60 GB, small ones more often. */
export function fileSize(random: Random): number {
	return 200_000_000 + Math.floor(random.fraction() ** 3 * 60_000_000_000);
}

/** A content hash as VPO writes it: both ends of the file and its size. */
export function fileHash(random: Random, sizeBytes: number): string {
	const end = () => random.hex(8) + random.hex(8);
	return `xxh64:${end()}:${end()}:${sizeBytes}`;
}

/** What Sonarr or Radarr told VPO about a work. */
export function pluginMetadata(work: Work): string {
	const source = work.isShow ? "sonarr" : "radarr";
	const { external, imdb, tmdb } = work.ids;
	return `{"${source}": {"external_source": "${source}", "external_id": ${external}, "external_title": "${work.title}", "external_year": ${work.year}, "imdb_id": "tt${imdb}", "tmdb_id": ${tmdb}, "original_language": "${work.language}", "edition": null, "release_group": "${work.group}", "genres": ${work.genres}}}`;
}

/** Container-level tags of a Matroska file. */
export function containerTags(random: Random, title: string): string {
	const version = () => `v1.${random.below(9)}.${random.below(9)}`;
	return `{"title": "${title}", "encoder": "libebml ${version()} + libmatroska ${version()}", "creation_time": "${random.time()}"}`;
}

/** What an acoustic analysis found on an audio track. */
export function acousticProfile(random: Random): string {
	return `{"speech_density": ${random.fraction()}, "avg_pause": ${random.fraction()}, "dynamic_range": ${random.fraction() * 40}}`;
}
