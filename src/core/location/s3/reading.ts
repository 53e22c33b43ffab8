// A prefix in a bucket, read: its objects by their names, listed, looked at, in parts and to their ends.

import { AppError } from "../../../ground/errors.ts";
import { ownCommand } from "../../../ground/program.ts";
import type { Patience } from "../../../ground/s3/settings.ts";
import type { Account } from "./account.ts";
import { type Address, formatAddress, keyOf } from "./address.ts";
import { Connection } from "./connection.ts";
import { failureOf, StoreFailure } from "./failure.ts";
import {
	isOurs,
	objectIn,
	type Page,
	readPage,
	readPart,
	type StoredObject,
	WRITER_HEADER,
} from "./objects.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** An object is read in parts, so that no more than one of them is read again when a line breaks. */
const PART_BYTES = 8 * 1024 * 1024;
export const MISSING = 404;
const MARK_SAYS = /(?<=^\.vpo\/[^~]*~[^~]*)~.*$/s;

/** What a look at an object tells. */
export interface Head extends StoredObject {
	/** By which its writer knows it; null where it has none. */
	readonly writer: string | null;
}

/** A prefix in a bucket that is only read. */
export class Objects {
	readonly address: Address;
	protected readonly connection: Connection;

	constructor(account: Account, address: Address, patience: Patience) {
		this.address = address;
		this.connection = new Connection(account, address, patience);
	}

	/** The object's address, for people: what a mark says in its name is left out. */
	at(name: string): string {
		return formatAddress(this.address, name.replace(MARK_SAYS, ""));
	}

	/**
	 * Lists the objects directly below the prefix, or below a folder there; 1,000 to an answer.
	 * @param folder "" or a name that ends with a slash
	 */
	async *list(
		folder: string,
		signal?: AbortSignal,
	): AsyncGenerator<readonly StoredObject[]> {
		const own = keyOf(this.address, "");
		const prefix = own + folder;
		for (let token: string | null = ""; token !== null; ) {
			const query = {
				"list-type": "2",
				delimiter: "/",
				"encoding-type": "url",
				...(prefix !== "" && { prefix }),
				...(token !== "" && { "continuation-token": token }),
			};
			const at = this.at(folder);
			const page: Page = await this.connection.send(
				{ method: "GET", key: "", query, at, signal },
				(response) => readPage(response, own),
			);
			yield page.objects;
			if (page.token === token) throw circling(at);
			token = page.token;
		}
	}

	/** Looks at an object; null where there is none. */
	async head(name: string, signal?: AbortSignal): Promise<Head | null> {
		const request = this.request(name, signal);
		const found = await this.connection.send(
			{ ...request, method: "HEAD", expects: [301, 307, 400, 403, MISSING] },
			async ({ ok, status, headers }) => {
				if (!ok) return status === MISSING ? null : "unclear";
				const writer = headers.get(WRITER_HEADER);
				return { ...objectIn(name, headers), writer };
			},
		);
		if (found !== "unclear") return found;
		// The answer to a HEAD has no body, in which a store would say what is wrong.
		return await this.connection.send(
			{ ...request, method: "GET", headers: { range: "bytes=0-0" } },
			async () => {
				throw new StoreFailure(403, "AccessDenied");
			},
		);
	}

	/**
	 * Reads a part of an object; what lies beyond its end is left out.
	 * @param object as it was listed: by now it must not have changed
	 * @throws AppError NOT_FOUND: it is gone; OPERATION_FAILED
	 */
	async range(
		object: StoredObject,
		from: number,
		count: number,
		signal?: AbortSignal,
	): Promise<Bytes> {
		return (await this.look(object, from, count, signal)).part;
	}

	/** As `range`; tells too whether the object is as we put it there, whole. */
	async look(
		object: StoredObject,
		from: number,
		count: number,
		signal?: AbortSignal,
	): Promise<{ readonly part: Bytes; readonly isOurs: boolean }> {
		const start = Math.min(from, object.sizeBytes);
		const part = new Uint8Array(Math.min(count, object.sizeBytes - start));
		return { part, isOurs: await this.#fill(part, object, start, signal) };
	}

	/** Reads an object to its end, as `range`. A piece is valid until the next one is asked for. */
	async *read(
		object: StoredObject,
		signal?: AbortSignal,
	): AsyncGenerator<Bytes> {
		const { sizeBytes } = object;
		const memory = [0, 1].map(
			() => new Uint8Array(Math.min(PART_BYTES, sizeBytes)),
		);
		const part = (start: number) => {
			const piece = memory[(start / PART_BYTES) % 2]?.subarray(
				0,
				sizeBytes - start,
			);
			const filling = this.#fill(
				piece ?? new Uint8Array(0),
				object,
				start,
				signal,
			);
			filling.catch(() => undefined); // reported when its turn comes
			return { piece, filling };
		};
		let ahead = part(0);
		for (let start = 0; start < sizeBytes; start += PART_BYTES) {
			const { piece, filling } = ahead;
			await filling;
			const next = start + PART_BYTES;
			if (next < sizeBytes) ahead = part(next);
			if (piece) yield piece;
		}
	}

	async #fill(
		into: Uint8Array,
		object: StoredObject,
		start: number,
		signal: AbortSignal | undefined,
	): Promise<boolean> {
		if (into.byteLength === 0) return false;
		const { name } = object;
		const headers = { range: `bytes=${start}-${start + into.byteLength - 1}` };
		const request = { ...this.request(name, signal), headers };
		return await this.connection.send(
			{ ...request, method: "GET", expects: [MISSING] },
			async (response, moved) => {
				if (response.status === MISSING)
					throw await this.#missing(name, response);
				await readPart(response, object, start, into, moved);
				return isOurs(object, response.headers);
			},
		);
	}

	protected request(name: string, signal: AbortSignal | undefined) {
		return { key: keyOf(this.address, name), at: this.at(name), signal };
	}

	async #missing(name: string, response: Response): Promise<Error> {
		const failure = await failureOf(response);
		if (failure.code === "NoSuchBucket") return failure;
		return new AppError("NOT_FOUND", `no such backup: ${this.at(name)}`, {
			hint: `see what there is: ${ownCommand("backups")}`,
			cause: failure,
		});
	}
}

function circling(at: string): AppError {
	return new AppError("OPERATION_FAILED", `the store's list has no end: ${at}`);
}
