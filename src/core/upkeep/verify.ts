// verifyBackups: location → archive → verify → check. Everything that a restore validates, without a library being touched.

import { basename, dirname, join } from "node:path";
import { AppError } from "../../ground/errors.ts";
import { makePrivateFolder } from "../../ground/files.ts";
import { exists, isSameFile, resolveLinks } from "../../ground/paths.ts";
import { ownCommand } from "../../ground/program.ts";
import { makeScratch } from "../../ground/scratch.ts";
import type { Settings } from "../../ground/settings.ts";
import { lookAt } from "../archive/format.ts";
import { isoSeconds, type Metadata } from "../archive/metadata.ts";
import type { Workshop } from "../archive/workshop.ts";
import { NEWEST_SCHEMA } from "../library/library.ts";
import { chooseScratchFolder } from "../library/space.ts";
import {
	type Identity,
	identityOf,
	remember,
	updateState,
} from "../location/state.ts";
import { unpackCandidate } from "../restore/candidate.ts";
import type { OnProgress } from "../work/progress.ts";
import { type Choice, chooseTargets, type Target } from "./rotation.ts";

/** What a verification found out about one archive. */
export interface Verdict {
	readonly filename: string;
	readonly path: string;
	/** Whether a restore would accept it. */
	readonly isValid: boolean;
	/** What is wrong; null if nothing. */
	readonly error: AppError | null;
	readonly archiveSizeBytes: number | null;
	/** null if it is not valid. */
	readonly metadata: Metadata | null;
	readonly warnings: readonly string[];
	/** null where it could not be verified, which says nothing about the archive. */
	readonly verifiedAt: string | null;
	readonly durationSeconds: number;
}

export interface Verification {
	readonly directory: string;
	/** At least one. */
	readonly verdicts: readonly Verdict[];
	readonly warnings: readonly string[];
}

/**
 * Verifies archives one after the other, and remembers the results for those in the backup folder.
 * One that is bad or can't be read does not stop the others.
 * @throws AppError NOT_FOUND: there is nothing to verify; OPERATION_FAILED: no scratch folder; the signal's reason
 */
export async function verifyBackups(
	settings: Settings,
	options: Choice,
	workshop: Workshop,
): Promise<Verification> {
	const { backupDir } = settings;
	const targets = await chooseTargets(backupDir, options, workshop.signal);
	if (targets.length === 0) throw nothingToVerify(backupDir);
	await using scratch = await makeScratch(await scratchParent(settings));
	const verdicts: Verdict[] = [];
	const warnings = new Set<string>();
	const progressOf = progressCounter(targets, options, workshop);
	let provenCount = 0;
	for (const target of targets) {
		if (provenCount === options.oldest) break;
		const onProgress = progressOf(target);
		const { identity, ...verdict } = await verifyOne(
			target,
			scratch.path,
			options,
			{ ...workshop, onProgress },
		);
		// A link that leads nowhere is still there, and no backup.
		if (verdict.error?.code === "NOT_FOUND" && !(await exists(target.path))) {
			warnings.add(`gone meanwhile: ${target.path}`);
			continue;
		}
		verdicts.push(verdict);
		if (!identity || verdict.verifiedAt === null) continue;
		provenCount++;
		const problem = await keepVerdict(verdict, identity, settings, workshop);
		if (problem !== null) warnings.add(problem);
	}
	if (verdicts.length === 0) throw nothingToVerify(backupDir);
	return { directory: backupDir, verdicts, warnings: [...warnings] };
}

async function verifyOne(
	{ path }: Target,
	scratchPath: string,
	{ clock }: Choice,
	workshop: Workshop,
): Promise<Verdict & { readonly identity: Identity | null }> {
	let identity: Identity | null = null;
	const startedAt = performance.now();
	const verdict = (
		error: AppError | null,
		metadata: Metadata | null,
		warnings: readonly string[],
	) => {
		const isProven = error === null || error.code === "INVALID_ARCHIVE";
		return {
			identity,
			filename: basename(path),
			path,
			isValid: error === null,
			error,
			archiveSizeBytes: identity?.sizeBytes ?? null,
			metadata,
			warnings,
			verifiedAt: isProven ? isoSeconds(clock()) : null,
			durationSeconds: (performance.now() - startedAt) / 1000,
		};
	};
	try {
		identity = identityOf(await lookAt(path));
		const target = join(scratchPath, "library.db");
		await using candidate = await unpackCandidate(path, target, workshop);
		const warnings = newerSchema(candidate.schemaVersion);
		return verdict(null, candidate.metadata, [
			...candidate.warnings,
			...warnings,
		]);
	} catch (error) {
		workshop.signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		return verdict(error, null, []);
	}
}

// A verification that stands is not lost because the folder can't be written.
async function keepVerdict(
	{ path, filename, verifiedAt, error }: Verdict,
	identity: Identity,
	{ backupDir }: Settings,
	{ signal }: Workshop,
): Promise<string | null> {
	if (!(await isSameFile(dirname(path), backupDir))) return null;
	const verifiedError = error?.message ?? null;
	try {
		await updateState(
			backupDir,
			(entries) =>
				remember(entries, filename, identity, { verifiedAt, verifiedError }),
			signal,
		);
		return null;
	} catch (problem) {
		signal?.throwIfAborted();
		if (!(problem instanceof AppError)) throw problem;
		return `the results are not remembered: ${problem.message}`;
	}
}

async function scratchParent(settings: Settings): Promise<string> {
	const { databasePath, backupDir } = settings;
	// Where the library can't even be looked at, nothing can be written beside it.
	const library = await resolveLinks(databasePath).catch(() => databasePath);
	const parent = await chooseScratchFolder(settings, library, backupDir);
	if (parent === settings.tempDir) await makePrivateFolder(parent);
	return parent;
}

function progressCounter(
	targets: readonly Target[],
	{ oldest }: Choice,
	{ onProgress }: Workshop,
): (target: Target) => OnProgress | undefined {
	const expected = targets.slice(0, oldest ?? targets.length);
	const totalBytes = expected.reduce(
		(sum, { sizeBytes }) => sum + sizeBytes,
		0,
	);
	let beforeBytes = 0;
	let number = 0;
	return ({ sizeBytes }) => {
		const startBytes = beforeBytes;
		beforeBytes += sizeBytes;
		const stage = `Verify ${++number} of ${Math.max(number, expected.length)}`;
		return (part) => {
			const isUnpacking = part.totalBytes > 0;
			const doneBytes = startBytes + (isUnpacking ? part.doneBytes : sizeBytes);
			onProgress?.({ stage, doneBytes, totalBytes });
		};
	};
}

function newerSchema(schemaVersion: number): string[] {
	return schemaVersion > NEWEST_SCHEMA
		? [
				`its schema ${schemaVersion} is newer than ${NEWEST_SCHEMA}, the newest that this program knows`,
			]
		: [];
}

function nothingToVerify(folder: string): AppError {
	return new AppError("NOT_FOUND", `no backups to verify in ${folder}`, {
		hint: `make one: ${ownCommand("backup")}`,
	});
}
