// One look at everything that a good night's backup rests on: is there a good one, how old, is there room, is the library sound.

import { AppError } from "../../ground/errors.ts";
import { resolveOwnLinks } from "../../ground/rights/links.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Workshop } from "../archive/workshop.ts";
import { type LibraryFacts, requireLibraryFile } from "../library/library.ts";
import {
	chooseScratchFolder,
	lackOfSpace,
	measureBackupSpace,
	type Space,
} from "../library/space.ts";
import { type Backup, isGood, listBackups } from "../location/catalog.ts";
import { requireStored } from "../location/location.ts";
import { openBackups } from "../location/open.ts";
import { unpackCandidate } from "../restore/candidate.ts";
import { pingUrlProblem } from "../schedule/notify.ts";
import { configuredRules } from "./rules.ts";

export interface CheckOptions {
	/** How old the newest good backup may be. */
	readonly maxAgeMs: number;
	/** Read and check the newest backup in full, and every index of the library. */
	readonly isDeep: boolean;
	readonly now: Date;
	readonly lockTimeoutMs: number;
	readonly pinned: ReadonlySet<string>;
	readonly knownDamaged: ReadonlySet<string>;
}

/** What a good night's backup rests on, in the order in which it is told. */
export const PROMISES = [
	"settings",
	"library",
	"backups",
	"newest backup",
	"space",
] as const;

export type Promised = (typeof PROMISES)[number];

export interface Finding {
	/** Which of them is not kept. */
	readonly about: Promised;
	readonly severity: "warning" | "critical";
	readonly message: string;
}

export interface Health {
	/** Worst first. */
	readonly findings: readonly Finding[];
	readonly newest: Backup | null;
	readonly ageSeconds: number | null;
	readonly backupCount: number;
	readonly damagedCount: number;
	/** null: the library can't be read. */
	readonly library: LibraryFacts | null;
	readonly space: Space | null;
}

/**
 * Checks the health of library and backups. What is wrong is in the findings.
 * @throws the signal's reason, and bugs
 */
export async function checkHealth(
	settings: Settings,
	options: CheckOptions,
	workshop: Workshop,
): Promise<Health> {
	const findings: Finding[] = [];
	const critical = (about: Promised) => (message: string) =>
		findings.push({ about, severity: "critical", message });
	const warning = (about: Promised) => (message: string) =>
		findings.push({ about, severity: "warning", message });
	const attempt = async <T>(
		work: () => Promise<T>,
		report: (message: string) => void,
	) => {
		try {
			return await work();
		} catch (error) {
			workshop.signal?.throwIfAborted();
			if (!(error instanceof AppError)) throw error;
			report(error.message);
			return null;
		}
	};

	await attempt(async () => configuredRules(settings), critical("settings"));
	const unheard = pingUrlProblem(settings.pingUrl, settings.origins.pingUrl);
	if (unheard) warning("settings")(`${unheard}: nobody is told of a backup`);
	const library = await attempt(
		() => checkLibrary(settings, options, workshop, critical("library")),
		critical("library"),
	);
	const location = openBackups(settings);
	const backups =
		(await attempt(
			() => listBackups(location, workshop.signal),
			critical("backups"),
		)) ?? [];
	const damaged = backups.filter(
		({ error, filename }) =>
			error !== null || options.knownDamaged.has(filename),
	);
	if (damaged.length > 0) {
		const names = damaged.map(({ filename }) => filename).slice(0, 3);
		warning("backups")(
			`${damaged.length} damaged or unreadable in ${location.address}: ${names.join(", ")}`,
		);
	}
	const newest =
		backups.find(
			(backup) =>
				!damaged.includes(backup) &&
				backup.metadata &&
				isGood(backup.metadata, options.pinned.has(backup.filename)),
		) ?? null;
	const newer = newest ? backups.slice(0, backups.indexOf(newest)) : backups;
	if (newer.some(({ metadata }) => metadata?.own?.shrinkWarning)) {
		warning("library")("the library has shrunk since the newest good backup");
	}
	const ageSeconds = newest?.createdAt
		? (options.now.getTime() - Date.parse(newest.createdAt)) / 1000
		: null;
	if (!newest)
		critical("newest backup")(`no good backup in ${location.address}`);
	else if (ageSeconds !== null && ageSeconds * 1000 > options.maxAgeMs) {
		critical("newest backup")(
			`the newest good backup is too old: ${newest.filename}`,
		);
	}
	if (newest && options.isDeep) {
		await attempt(
			() => verify(newest, settings, workshop),
			critical("newest backup"),
		);
	}
	const space =
		library &&
		(await attempt(() => spaceForNext(settings, library), warning("space")));
	const lack = space && lackOfSpace(space);
	if (lack) warning("space")(`for the next backup: ${lack}`);
	return {
		findings: findings.sort((a, b) => a.severity.localeCompare(b.severity)),
		newest,
		ageSeconds,
		backupCount: backups.length,
		damagedCount: damaged.length,
		library,
		space,
	};
}

async function checkLibrary(
	{ databasePath }: Settings,
	{ lockTimeoutMs, isDeep }: CheckOptions,
	{ sqlite, signal }: Workshop,
	critical: (message: string) => void,
): Promise<LibraryFacts> {
	const locking = { lockTimeoutMs, signal };
	await requireLibraryFile(databasePath);
	const path = await resolveOwnLinks(databasePath);
	const facts = await sqlite.describe(path, locking);
	const damage = await sqlite.findDamage(path, isDeep, locking);
	if (damage !== "") critical(`the library is damaged: ${path}: ${damage}`);
	return facts;
}

async function verify(
	{ entry }: Backup,
	{ tempDir, databasePath }: Settings,
	workshop: Workshop,
): Promise<void> {
	await using _ = await unpackCandidate(
		requireStored(entry),
		tempDir ? `${tempDir}/library.db` : databasePath,
		workshop,
	);
}

async function spaceForNext(
	settings: Settings,
	library: LibraryFacts,
): Promise<Space> {
	const { folder } = openBackups(settings);
	const path = await resolveOwnLinks(settings.databasePath);
	const scratch = await chooseScratchFolder(settings, path, folder);
	return measureBackupSpace(library, scratch, folder ?? scratch);
}
