// Made-up films and shows: titles, folders and file names shaped like those in VPO's fixture.
import type { Random } from "./random.ts";

/** A film, or a show with the season that is being scanned. */
export type Work = {
	readonly isShow: boolean;
	readonly title: string;
	readonly year: number;
	readonly season: number;
	readonly directory: string;
	readonly language: string;
	readonly group: string;
	readonly ids: {
		readonly external: number;
		readonly imdb: number;
		readonly tmdb: number;
	};
	readonly genres: string;
};

export const languages = [
	"eng",
	"eng",
	"eng",
	"jpn",
	"fre",
	"ger",
	"spa",
	"ita",
	"por",
	"rus",
	"kor",
	"zho",
	"und",
] as const;
export const videoCodecs = [
	"h264",
	"hevc",
	"hevc",
	"av1",
	"vc1",
	"mpeg2video",
] as const;
const groups = [
	"NTb",
	"SPARKS",
	"HONE",
	"SiC",
	"EbP",
	"DON",
	"CtrlHD",
	"FraMeSToR",
	"playWEB",
	"TEPES",
] as const;
const sources = ["HDTV", "Remux", "WEB-DL", "WEBRip", "BluRay", "DVD"] as const;
const heights = ["480p", "720p", "1080p", "1080p", "2160p"] as const;
const genres = [
	"Action",
	"Animation",
	"Comedy",
	"Crime",
	"Drama",
	"Horror",
	"Romance",
	"Thriller",
] as const;
const onsets = [
	"b",
	"br",
	"c",
	"ch",
	"d",
	"f",
	"g",
	"gr",
	"h",
	"j",
	"k",
	"l",
	"m",
	"n",
	"p",
	"r",
	"s",
	"st",
	"t",
	"v",
	"w",
] as const;
const rimes = [
	"a",
	"ad",
	"al",
	"an",
	"ar",
	"e",
	"eck",
	"en",
	"er",
	"est",
	"i",
	"ick",
	"in",
	"ing",
	"o",
	"on",
	"ore",
	"u",
	"un",
] as const;

/** A source of titles. */
export type Titles = ReturnType<typeof createTitles>;

/** Invents titles; words come from a vocabulary of a few thousand, as in a real library. */
export function createTitles(random: Random) {
	const vocabulary = Array.from({ length: 20_000 }, () => {
		const word = Array.from(
			{ length: 1 + random.below(3) },
			() => random.pick(onsets) + random.pick(rimes),
		).join("");
		return word.charAt(0).toUpperCase() + word.slice(1);
	});
	const words = (atMost: number) =>
		Array.from(
			{ length: 1 + random.below(atMost) },
			() => vocabulary[random.below(vocabulary.length)],
		).join(" ");

	const work = (): Work => {
		const isShow = random.chance(0.15);
		const title = words(4);
		const year = 1960 + random.below(66);
		const season = 1 + random.below(12);
		const folder = `/mnt/media/${isShow ? "TV" : "Movies"}/${title} (${year})`;
		return {
			isShow,
			title,
			year,
			season,
			directory: isShow
				? `${folder}/Season ${String(season).padStart(2, "0")}`
				: folder,
			language: random.pick(languages),
			group: random.pick(groups),
			ids: {
				external: random.below(99_999),
				imdb: 1_000_000 + random.below(9_000_000),
				tmdb: random.below(800_000),
			},
			genres: JSON.stringify([
				random.pick(genres),
				random.pick(genres),
				random.pick(genres),
			]).replaceAll(",", ", "),
		};
	};

	/** The file name of one episode or film; `id` keeps it unique. */
	const filename = (of: Work, episode: number, id: number) => {
		const quality = `${random.pick(sources)}-${random.pick(heights)}`;
		const number = `S${String(of.season).padStart(2, "0")}E${String(episode).padStart(2, "0")}`;
		return of.isShow
			? `${of.title} - ${number} - ${words(4)} ${quality}-${of.group} ${id}.mkv`
			: `${of.title} (${of.year}) ${quality} ${random.pick(videoCodecs)}-${of.group} ${id}.mkv`;
	};

	return { words, work, filename };
}
