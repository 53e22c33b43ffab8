// What prune relies on is proven as a restore would prove it: unpacked, opened and checked. Before anything goes, the
// newest good backup is, each time anew, and of the others each that takes a place once: that is remembered.

import { AppError } from "../../../ground/errors.ts";
import type { Settings } from "../../../ground/settings.ts";
import { isoSeconds } from "../../archive/metadata.ts";
import type { Workshop } from "../../archive/workshop.ts";
import type { Backup } from "../../location/catalog.ts";
import {
	identityIn,
	type Location,
	requireStored,
} from "../../location/location.ts";
import { placeForScratch } from "../../location/scratch-place.ts";
import { unpackCandidate } from "../../restore/candidate.ts";

export interface ProofOptions {
	readonly location: Location;
	readonly settings: Settings;
	/** Whether proofs may be remembered: a dry run changes nothing. */
	readonly isDryRun: boolean;
	readonly now: Date;
}

/** Proves backups, each at most once. */
export class Prover {
	readonly #options: ProofOptions;
	readonly #workshop: Workshop;
	readonly #problems = new Map<string, string | null>();

	constructor(options: ProofOptions, workshop: Workshop) {
		this.#options = options;
		this.#workshop = workshop;
	}

	/**
	 * What is wrong with a backup; null: a restore would take it.
	 * @param isRemembered whether an earlier proof of the same file will do
	 * @throws AppError INSUFFICIENT_SPACE: it can't be unpacked; the signal's reason
	 */
	async problemOf(
		backup: Backup,
		isRemembered: boolean,
	): Promise<string | null> {
		const { filename, remembered } = backup;
		const known = this.#problems.get(filename);
		if (known !== undefined) return known;
		const { verifiedAt, verifiedError } = remembered;
		if (isRemembered && verifiedAt !== null && verifiedError === null) {
			return null;
		}
		const problem = await this.#prove(backup);
		this.#problems.set(filename, problem);
		return problem;
	}

	async #prove({ entry }: Backup): Promise<string | null> {
		const { signal } = this.#workshop;
		try {
			const archive = requireStored(entry);
			const parent = await placeForScratch(this.#options.settings);
			await using _ = await unpackCandidate(archive, parent, this.#workshop);
			await this.#remember(entry.name, identityIn(archive), null);
			return null;
		} catch (error) {
			signal?.throwIfAborted();
			if (!(error instanceof AppError)) throw error;
			if (error.code === "INSUFFICIENT_SPACE") throw error;
			const { code, message } = error;
			if (code === "INVALID_ARCHIVE" && !("problem" in entry)) {
				await this.#remember(entry.name, identityIn(entry), message);
			}
			return message;
		}
	}

	async #remember(
		name: string,
		identity: ReturnType<typeof identityIn>,
		verifiedError: string | null,
	): Promise<void> {
		const { location, isDryRun, now } = this.#options;
		const { signal } = this.#workshop;
		if (isDryRun) return;
		try {
			const changes = { verifiedAt: isoSeconds(now), verifiedError };
			await location.remember(name, identity, changes, signal);
		} catch (error) {
			signal?.throwIfAborted();
			if (!(error instanceof AppError)) throw error; // it is proven all the same
		}
	}
}
