// How well things stand: one line for a monitor, then one for each promise that a good night's backup rests on.

import {
	type Health,
	PROMISES,
	type Promised,
} from "../../core/upkeep/check.ts";
import { ATTENTION_EXIT_CODE } from "../../ground/errors.ts";
import type { Paint } from "../colour.ts";
import {
	type Column,
	formatAgo,
	formatBytes,
	formatCount,
	formatTable,
	printableLine,
} from "../format.ts";
import type { Result } from "../output.ts";
import { standingJson } from "./copies/standing.ts";

/** As VPO's doctor. */
const EXIT_CODES = { ok: 0, warning: ATTENTION_EXIT_CODE, critical: 61 };
const UNKNOWN = "not known";

type Status = keyof typeof EXIT_CODES;

/** How the check was made. */
export interface Looked {
	/** How old the newest good backup may be, as it was asked for. */
	readonly maxAge: string;
	readonly isDeep: boolean;
	readonly now: Date;
	/** The file that metrics are written to; null for none. */
	readonly metricsPath: string | null;
}

/** One promise: kept, or what is wrong. */
interface Line {
	readonly about: Promised;
	readonly status: Status | typeof UNKNOWN;
	readonly message: string;
}

const PAINT: Paint = [
	[/^(OK(?=:)|ok(?= ))/gm, "green"],
	[/^(WARNING(?=:)|warning(?= )|not known(?= ))/gm, "yellow"],
	[/^CRITICAL(?=[: ])/gm, "red"],
];

const COLUMNS: readonly Column[] = [
	{ title: "RESULT", align: "left" },
	{ title: "ABOUT", align: "left" },
	{ title: "WHAT", align: "left", mayMove: true },
];

/** The result, its first line as monitors take it. */
export function healthResult(
	health: Health,
	looked: Looked,
): Result & { readonly exitCode: number } {
	const status = statusOf(health);
	const lines = PROMISES.flatMap((about) => linesOf(about, health, looked));
	const rows = lines.map(({ about, status, message }) => [
		status === "critical" ? "CRITICAL" : status,
		about,
		printableLine(message),
	]);
	return {
		text: `${summary(health, status, looked.now)}\n\n${formatTable(COLUMNS, rows)}`,
		paint: PAINT,
		exitCode: EXIT_CODES[status],
		json: toJson(health, status, lines),
	};
}

function statusOf({ findings }: Health): Status {
	if (findings.some(({ severity }) => severity === "critical"))
		return "critical";
	return findings.length > 0 ? "warning" : "ok";
}

function summary(health: Health, status: Status, now: Date): string {
	const { findings, newest, backupCount, library } = health;
	const facts = [
		...(newest?.currentAt
			? [`newest good backup ${formatAgo(newest.currentAt, now)}`]
			: []),
		...(backupCount === null ? [] : [formatBackups(backupCount)]),
		...(library
			? [
					`library of ${formatCount(library.fileCount)} files, ${formatBytes(library.databaseSizeBytes)}`,
				]
			: []),
	];
	const problems = findings.map(({ message }) => message);
	return `${status.toUpperCase()}: ${[...problems, ...facts].join("; ")}`;
}

function linesOf(about: Promised, health: Health, looked: Looked): Line[] {
	const findings = health.findings.filter((finding) => finding.about === about);
	if (findings.length > 0) {
		return findings.map(({ severity, message }) => ({
			about,
			status: severity,
			message,
		}));
	}
	if (about === "copies" && health.copies.length === 0) return [];
	if (about === "metrics" && looked.metricsPath === null) return [];
	const fact = FACTS[about](health, looked);
	if (fact !== null) return [{ about, status: "ok", message: fact }];
	const what = about === "newest backup" ? "backups" : "library";
	return [{ about, status: UNKNOWN, message: `the ${what} could not be read` }];
}

/** What holds where nothing was found; null where nothing could be looked at. */
const FACTS: Readonly<
	Record<Promised, (health: Health, looked: Looked) => string | null>
> = {
	settings: () => "nothing wrong in config.toml",
	library: ({ library }, { isDeep }) =>
		library &&
		`sound${isDeep ? ", every index too" : ""}: ${formatCount(library.fileCount)} files, ${formatBytes(library.databaseSizeBytes)}, schema ${library.schemaVersion}`,
	backups: ({ backupCount }) =>
		backupCount === null ? null : `${formatBackups(backupCount)}, none damaged`,
	"newest backup": ({ newest }, { maxAge, isDeep, now }) =>
		newest?.createdAt
			? `made ${formatAgo(newest.createdAt, now)}, at most ${maxAge} are allowed${isDeep ? "; it restores" : ""}`
			: null,
	copies: ({ copies }, { now }) =>
		copies
			.map(({ address, currentAt, backupCount }) => {
				const age = currentAt ? `, newest ${formatAgo(currentAt, now)}` : "";
				return `${formatBackups(backupCount)} in ${address}${age}`;
			})
			.join("; "),
	space: ({ space }) =>
		space &&
		`the next backup needs ${formatBytes(space.requiredBytes)}, ${
			space.freeBytes === null
				? `${space.folder} does not tell how much is free`
				: `${formatBytes(space.freeBytes)} are free`
		}`,
	metrics: (_, { metricsPath }) => `in ${metricsPath}`,
};

function formatBackups(count: number): string {
	return `${formatCount(count)} ${count === 1 ? "backup" : "backups"}`;
}

function toJson(
	health: Health,
	status: Status,
	promises: readonly Line[],
): object {
	const { findings, newest, ageSeconds, library, space } = health;
	return {
		success: status === "ok",
		status,
		error: findings[0]?.message ?? null,
		exit_code: EXIT_CODES[status],
		findings,
		promises,
		newest_backup: newest?.path ?? null,
		newest_backup_created_at: newest?.createdAt ?? null,
		newest_backup_age_seconds:
			ageSeconds === null ? null : Math.round(ageSeconds),
		backup_count: health.backupCount,
		damaged_count: health.damagedCount,
		copies: health.copies.map(standingJson),
		database_size_bytes: library?.databaseSizeBytes ?? null,
		file_count: library?.fileCount ?? null,
		schema_version: library?.schemaVersion ?? null,
		free_bytes: space?.freeBytes ?? null,
		required_bytes: space?.requiredBytes ?? null,
	};
}
