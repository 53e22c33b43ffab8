// One look at everything that a good night's backup rests on: is there a good one, how old, is there room, is the library sound.

import { dirname } from "node:path";
import { resolveOwnLinks } from "../../ground/rights/links.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Workshop } from "../archive/workshop.ts";
import {
	damagedError,
	type LibraryFacts,
	requireLibraryFile,
} from "../library/library.ts";
import {
	chooseScratchFolder,
	lackOfSpace,
	measureBackupSpace,
	type Space,
} from "../library/space.ts";
import type { Backup } from "../location/catalog.ts";
import { requireStored } from "../location/location.ts";
import { openBackups } from "../location/open.ts";
import { unpackCandidate } from "../restore/candidate.ts";
import { pingUrlProblem } from "../schedule/notify.ts";
import {
	type BackupsHealth,
	type BackupsOptions,
	checkBackups,
} from "./check-backups.ts";
import { checkCopies } from "./check-copies.ts";
import type { PlaceStanding } from "./copies/overview.ts";
import { type Finding, Report } from "./findings.ts";
import { configuredRules } from "./rules.ts";

export { type Finding, PROMISES, type Promised } from "./findings.ts";

export interface CheckOptions extends BackupsOptions {
	/** Read and check the newest backup in full, and every index of the library. */
	readonly isDeep: boolean;
	readonly lockTimeoutMs: number;
}

export interface Health extends BackupsHealth {
	/** Worst first. */
	readonly findings: readonly Finding[];
	/** One for each copy location. */
	readonly copies: readonly PlaceStanding[];
	/** null: the library can't be read. */
	readonly library: LibraryFacts | null;
	readonly space: Space | null;
}

const UNREAD: BackupsHealth = {
	catalog: null,
	newest: null,
	ageSeconds: null,
	backupCount: null,
	damagedCount: null,
};

/**
 * Checks the health of library and backups. What is wrong is in the findings.
 * @throws the signal's reason, and bugs
 */
export async function checkHealth(
	settings: Settings,
	options: CheckOptions,
	workshop: Workshop,
): Promise<Health> {
	const { signal } = workshop;
	const report = new Report(signal);
	await report.attempt("settings", "critical", async () =>
		configuredRules(settings),
	);
	const unheard = pingUrlProblem(settings.pingUrl, settings.origins.pingUrl);
	if (unheard) {
		report.warning("settings", `${unheard}: nobody is told of a backup`);
	}
	const library = await report.attempt("library", "critical", () =>
		checkLibrary(settings, options, workshop, report),
	);
	const backups =
		(await report.attempt("backups", "critical", () =>
			checkBackups(settings, options, report, signal),
		)) ?? UNREAD;
	const { newest } = backups;
	if (newest && options.isDeep) {
		await report.attempt("newest backup", "critical", () =>
			verify(newest, settings, workshop),
		);
	}
	const copies =
		(await report.attempt("copies", "warning", () =>
			checkCopies(settings, backups.catalog, options, report, signal),
		)) ?? [];
	const space =
		library &&
		(await report.attempt("space", "warning", () =>
			spaceForNext(settings, library),
		));
	const lack = space && lackOfSpace(space);
	if (lack) report.warning("space", `for the next backup: ${lack}`);
	return { findings: report.findings, ...backups, copies, library, space };
}

async function checkLibrary(
	{ databasePath }: Settings,
	{ lockTimeoutMs, isDeep }: CheckOptions,
	{ sqlite, signal }: Workshop,
	report: Report,
): Promise<LibraryFacts> {
	const locking = { lockTimeoutMs, signal };
	await requireLibraryFile(databasePath);
	const path = await resolveOwnLinks(databasePath);
	const facts = await sqlite.describe(path, locking);
	const damage = await sqlite.findDamage(path, isDeep, locking);
	if (damage !== "") {
		report.critical("library", damagedError(path, damage).message);
	}
	return facts;
}

async function verify(
	{ entry }: Backup,
	{ tempDir, databasePath }: Settings,
	workshop: Workshop,
): Promise<void> {
	await using _ = await unpackCandidate(
		requireStored(entry),
		tempDir ?? dirname(databasePath),
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
