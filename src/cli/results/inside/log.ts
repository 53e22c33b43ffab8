// The history of a path as people and programs read it: what came, changed and went, and the call that brings it back.

import type { LogEntry, PathLog } from "../../../core/inside/log.ts";
import type { RowChange } from "../../../core/library/compare/difference.ts";
import { shortName } from "../../../core/location/names.ts";
import { ownCommand } from "../../../ground/program.ts";
import type { SettingsFlags } from "../../../ground/settings.ts";
import {
	formatCount,
	formatFields,
	formatTime,
	printableLine,
	shellQuote,
} from "../../format.ts";
import type { Result } from "../../output.ts";
import { changeJson, formatChange } from "./diff.ts";

/** The calls that bring back what is missing: one for each backup that has some of it last. */
function backCommands(
	{ path, lost }: PathLog,
	{ database, location }: SettingsFlags,
): string[] {
	return lost.map(({ place }) =>
		[
			ownCommand("restore --only-missing"),
			...(path === "" ? [] : [`--under ${shellQuote(path)}`]),
			shellQuote(place.filename),
			...(location ? [`--path ${shellQuote(location)}`] : []),
			...(database ? [`--database ${shellQuote(database)}`] : []),
		].join(" "),
	);
}

export function logResult(log: PathLog, flags: SettingsFlags): Result {
	const { path, entries, lost, skipped, first, last, isLive } = log;
	const commands = backCommands(log, flags);
	const warnings = skipped.map(
		({ filename, reason }) => `not read: ${filename}: ${reason}`,
	);
	const span =
		first && last
			? `${formatTime(first.createdAt)} to ${formatTime(last.createdAt)}`
			: "";
	return {
		warnings,
		text: [
			formatFields([
				["Path", printableLine(path === "" ? "/" : path)],
				[
					"Backups",
					`${formatCount(log.backupCount)}, ${span}${isLive ? ", and the library as it is" : ""}`,
				],
			]),
			"",
			...entries.flatMap((entry) => formatEntry(entry, path)),
			"",
			...(lost.length === 0
				? [
						isLive
							? "Nothing is missing."
							: "Nothing is missing in the last one.",
					]
				: lost.flatMap(({ place, count }, at) => [
						`${countFiles(count)} ${count === 1 ? "is" : "are"} missing, last in ${printableLine(shortName(place.filename))} (${formatTime(place.createdAt)}). To bring back what is missing:`,
						`  ${commands[at]}`,
					])),
		].join("\n"),
		json: {
			success: true,
			path,
			backup_count: log.backupCount,
			live: isLive,
			entries: entries.map(entryJson),
			missing_count: lost.reduce((sum, { count }) => sum + count, 0),
			missing: lost.map(({ place, count }, at) => ({
				filename: place.filename,
				path: place.path,
				created_at: place.createdAt,
				count,
				command: commands[at],
			})),
			warnings,
		},
	};
}

function formatEntry(entry: LogEntry, folder: string): string[] {
	const { backup, isFirst, present, added, removed, changed, changes } = entry;
	const when = backup
		? `${formatTime(backup.createdAt)}  ${printableLine(shortName(backup.filename))}`
		: "now";
	const what = isFirst
		? [`${countFiles(present)} there`]
		: [
				`${countFiles(added)} appeared`,
				`${countFiles(changed)} changed`,
				`${countFiles(removed)} vanished`,
			].filter((text) => !text.startsWith("0 "));
	const more = added + removed + changed - changes.length;
	return [
		`${when}: ${what.join(", ")}`,
		...changes
			.map((change) => below(folder, change))
			.flatMap(formatChange)
			.map((line) => `  ${line}`),
		...(more > 0 ? [`  … and ${formatCount(more)} more: --limit N`] : []),
	];
}

// What is below the folder is named as it is from there.
function below(folder: string, change: RowChange): RowChange {
	const { path } = change;
	const isBelow = path?.startsWith(`${folder}/`) ?? false;
	return isBelow && path !== null
		? { ...change, path: path.slice(folder.length + 1) }
		: change;
}

function countFiles(count: number): string {
	return `${formatCount(count)} ${count === 1 ? "file" : "files"}`;
}

function entryJson(entry: LogEntry): object {
	const { backup, isFirst, present, added, removed, changed, changes } = entry;
	return {
		filename: backup?.filename ?? null,
		path: backup?.path ?? null,
		created_at: backup?.createdAt ?? null,
		live: backup === null,
		first: isFirst,
		files: present,
		added,
		removed,
		changed,
		changes: changes.map(changeJson),
	};
}
