// A prefix in a bucket: what is put there is whole or not there, and nothing is written over but what is meant to be.

import { AppError } from "../../../ground/errors.ts";
import type { Body } from "./body.ts";
import { failureOf } from "./failure.ts";
import {
	requireSuccess,
	type StoredObject,
	WRITER_HEADER,
	writerOf,
} from "./objects.ts";
import { MISSING, Objects } from "./reading.ts";

const TAKEN = 412;
const NOT_IMPLEMENTED = 501;

/** What became of an object that was to be removed. */
export type Removal = "removed" | "hidden" | "gone";

export class Bucket extends Objects {
	#hasConditions = true;

	/** Whether the store lets only one of two writers of the same new key win. Believed until it says otherwise. */
	get hasConditions(): boolean {
		return this.#hasConditions;
	}

	/**
	 * Writes a new object, whole or not at all.
	 * @returns null: the name is taken, or the store has just said that it can't tell, and another name should be tried
	 * @throws AppError OPERATION_FAILED, INSUFFICIENT_SPACE, NOT_FOUND: no such bucket
	 */
	async putNew(
		name: string,
		body: Body,
		signal?: AbortSignal,
	): Promise<StoredObject | null> {
		if ((await this.head(name, signal)) !== null) return null;
		return await this.#put(name, body, this.#hasConditions, signal);
	}

	/** Writes an object in the place of whatever has this name. */
	async putOver(
		name: string,
		body: Body,
		signal?: AbortSignal,
	): Promise<StoredObject> {
		const written = await this.#put(name, body, false, signal);
		if (written) return written;
		throw new AppError(
			"OPERATION_FAILED",
			`somebody else has just written ${this.at(name)}`,
			{ hint: "try again" },
		);
	}

	async #put(
		name: string,
		body: Body,
		isConditional: boolean,
		signal: AbortSignal | undefined,
	): Promise<StoredObject | null> {
		const writer = writerOf(body.sizeBytes);
		const headers = {
			[WRITER_HEADER]: writer,
			...(isConditional && { "if-none-match": "*" }),
		};
		const expects = isConditional ? [TAKEN, NOT_IMPLEMENTED] : [];
		const request = { ...this.request(name, signal), headers, body };
		const isDone = await this.connection.send(
			{ ...request, method: "PUT", expects },
			async (response) => {
				if (response.ok) await requireSuccess(response);
				else await drain(response);
				if (response.status === NOT_IMPLEMENTED) this.#hasConditions = false;
				return response.ok;
			},
		);
		if (!isDone && !this.#hasConditions) return null;
		// Whether it is ours shows here, also where the answer to a first try was lost, and the second one found it there.
		const found = await this.head(name, signal);
		if (found?.writer === writer && found.sizeBytes === body.sizeBytes) {
			return found;
		}
		if (!isDone || (found !== null && found.writer !== writer)) return null;
		throw new AppError(
			"OPERATION_FAILED",
			`the store said that it has ${this.at(name)}, and has not`,
			{ hint: "see whether the endpoint is right" },
		);
	}

	/**
	 * Removes an object that nobody has changed.
	 * @returns "hidden" where the bucket keeps versions
	 * @throws AppError OPERATION_FAILED: the store refuses
	 */
	async remove(name: string, signal?: AbortSignal): Promise<Removal> {
		return await this.connection.send(
			{ ...this.request(name, signal), method: "DELETE", expects: [MISSING] },
			async (response) => {
				if (response.status === MISSING) {
					await drain(response);
					return "gone";
				}
				await requireSuccess(response);
				const isHidden = response.headers.get("x-amz-delete-marker") === "true";
				return isHidden ? "hidden" : "removed";
			},
		);
	}
}

async function drain(response: Response): Promise<void> {
	await failureOf(response); // its words are of no interest, but must be read before the line can be used again
}
