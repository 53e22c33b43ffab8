// verifyBackups: location → archive → verify → check, one archive after the other; what was found out is remembered, and what is
// damaged mended.

import { AppError } from "../../ground/errors.ts";
import { ownCommand } from "../../ground/program.ts";
import { makeScratch } from "../../ground/scratch.ts";
import type { Settings } from "../../ground/settings.ts";
import type { Workshop } from "../archive/workshop.ts";
import type { Entry, Location } from "../location/location.ts";
import type { Identity } from "../location/memory/state.ts";
import { openBackups } from "../location/open.ts";
import { placeForScratch } from "../location/scratch-place.ts";
import { type Viewer, viewerOf } from "../location/standing.ts";
import type { OnProgress } from "../work/progress.ts";
import { type Repair, repairArchive } from "./copies/repair.ts";
import { type Choice, chooseTargets, type Target } from "./rotation.ts";
import { mended, type Verdict, verifyOne } from "./verdict.ts";

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
	const { signal } = workshop;
	const backups = openBackups(settings);
	const viewer = await viewerOf(settings, options.clock());
	const targets = await chooseTargets(backups, viewer, options, signal);
	if (targets.length === 0) throw nothingToVerify(backups);
	await using scratch = await makeScratch(await placeForScratch(settings));
	const verdicts: Verdict[] = [];
	const warnings = new Set<string>();
	const progressOf = progressCounter(targets, options, workshop);
	let provenCount = 0;
	for (const target of targets) {
		if (provenCount === options.oldest) break;
		const onProgress = progressOf(target);
		const { identity, ...verdict } = await verifyOne(
			target.entry,
			scratch.path,
			options.clock,
			{ ...workshop, onProgress },
		);
		// A link that leads nowhere is still there, and no backup.
		if (verdict.error?.code === "NOT_FOUND" && (await isGone(target, signal))) {
			warnings.add(`gone meanwhile: ${target.entry.path}`);
			continue;
		}
		const isHere = target.location === backups;
		const repair =
			isHere && verdict.error?.code === "INVALID_ARCHIVE"
				? await mend(target, options, viewer, settings, workshop)
				: null;
		verdicts.push(repair ? mended(verdict, repair) : verdict);
		if (!identity || verdict.verifiedAt === null) continue;
		provenCount++;
		if (!isHere || repair?.isMended) continue;
		const problem = await keepVerdict(verdict, identity, backups, signal);
		if (problem !== null) warnings.add(problem);
	}
	if (verdicts.length === 0) throw nothingToVerify(backups);
	return { directory: backups.address, verdicts, warnings: [...warnings] };
}

async function mend(
	{ location, entry }: Target,
	{ menders }: Choice,
	viewer: Viewer,
	settings: Settings,
	workshop: Workshop,
): Promise<Repair | null> {
	if (menders === null || "problem" in entry) return null;
	return repairArchive(entry, location, menders, viewer, settings, workshop);
}

async function isGone(
	{ location, entry }: Target,
	signal: AbortSignal | undefined,
): Promise<boolean> {
	return (await location.find(entry.name, signal)) === null;
}

// A verification that stands is not lost because the location can't be written.
async function keepVerdict(
	{ filename, verifiedAt, error }: Verdict,
	identity: Identity,
	location: Location,
	signal: AbortSignal | undefined,
): Promise<string | null> {
	const verifiedError = error?.message ?? null;
	try {
		const changes = { verifiedAt, verifiedError };
		await location.remember(filename, identity, changes, signal);
		return null;
	} catch (problem) {
		signal?.throwIfAborted();
		if (!(problem instanceof AppError)) throw problem;
		return `the results are not remembered: ${problem.message}`;
	}
}

function progressCounter(
	targets: readonly Target[],
	{ oldest }: Choice,
	{ onProgress }: Workshop,
): (target: Target) => OnProgress | undefined {
	const expected = targets.slice(0, oldest ?? targets.length);
	const totalBytes = expected.reduce(
		(sum, { entry }) => sum + sizeOf(entry),
		0,
	);
	let beforeBytes = 0;
	let number = 0;
	return ({ entry }) => {
		const sizeBytes = sizeOf(entry);
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

function sizeOf(entry: Entry): number {
	return "problem" in entry ? 0 : entry.sizeBytes;
}

function nothingToVerify({ address }: Location): AppError {
	return new AppError("NOT_FOUND", `no backups to verify in ${address}`, {
		hint: `make one: ${ownCommand("backup")}`,
	});
}
