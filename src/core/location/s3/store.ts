// The store side of a location: archives are objects below a prefix, each written by one PUT that is done or is not.

import { join } from "node:path";
import { AppError } from "../../../ground/errors.ts";
import {
	type OnBytes,
	readPieces,
	writeNewFile,
} from "../../../ground/files.ts";
import type { S3Settings } from "../../../ground/s3/settings.ts";
import type { Scratch } from "../../../ground/scratch.ts";
import { formatBytes } from "../../../ground/units.ts";
import type { Location, Removal, Stored } from "../location.ts";
import { damagedName, isArchiveName, isDamagedName } from "../names.ts";
import { resolveAccount } from "./account.ts";
import { formatAddress, parseAddress } from "./address.ts";
import { Bucket, MOST_OBJECT_BYTES } from "./bucket.ts";
import type { Body } from "./connection.ts";
import {
	forgetMarks,
	identifyBucket,
	putMark,
	readMarkState,
} from "./marks.ts";
import { fileBody, type StoredObject } from "./objects.ts";

/** Of numbers that two who write in the same second don't both take. */
const ATTEMPTS = 9000;

/**
 * The location that a prefix in a bucket is; nothing is asked before it has to be.
 * @throws AppError USAGE: no such address
 */
export function openStore(
	reference: string,
	settings: S3Settings,
	elsewhere: Location["elsewhere"],
	looksFile: string | null = null,
): Location {
	const address = parseAddress(reference);
	let opened: Bucket | null = null;
	const open = () => {
		opened ??= new Bucket(
			resolveAccount(settings, address.bucket),
			address,
			settings.patience,
		);
		return opened;
	};
	return locationOf(formatAddress(address), open, elsewhere, looksFile);
}

/** The location that a bucket is. @param open called whenever it is needed */
export function locationOf(
	address: string,
	open: () => Bucket,
	elsewhere: Location["elsewhere"],
	looksFile: string | null = null,
): Location {
	const firstPage = async (signal?: AbortSignal) => {
		for await (const _ of open().list("", signal)) return;
	};
	const list = async (signal?: AbortSignal, isMeant = isArchiveName) => {
		const bucket = open();
		const pages = await Array.fromAsync(bucket.list("", signal));
		return pages
			.flat()
			.filter(({ name }) => isMeant(name))
			.map((object) => toStored(object, bucket));
	};
	return {
		address,
		folder: null,
		mostBytes: MOST_OBJECT_BYTES,
		looksFile,
		pathOf: (name) => `${address}/${name}`,
		elsewhere,
		// A store that can't tell two writers apart gets names that nobody else makes.
		nextAttempt: (attempt) =>
			open().hasConditions
				? attempt + 1
				: 1000 + Math.floor(Math.random() * ATTEMPTS),
		list: (signal) => list(signal),
		names: async (signal) => (await list(signal)).map(({ name }) => name),
		async find(name, signal) {
			const found = await open().head(name, signal);
			return found && toStored(found, open());
		},
		requirePresent: firstPage,
		// Only a write tells whether it may be written, and what is written can't always be removed.
		requireWritable: firstPage,
		make: async () => undefined,
		async publish(from, name, _scratch, signal, onBytes) {
			const body = await bodyOf(from, open().at(name), signal, onBytes);
			return (await open().putNew(name, body, signal)) !== null;
		},
		async replace(from, name, signal) {
			const body = await bodyOf(from, open().at(name), signal);
			await open().putOver(name, body, signal);
		},
		remove: (files, signal) => remove(open(), files, signal),
		mend: (damaged, from, scratch, signal) =>
			mend(open(), damaged, from, scratch, signal),
		listDamaged: (signal) => list(signal, isDamagedName),
		identify: (signal) => identifyBucket(open(), signal),
		readState: (signal) => readMarkState(open(), signal),
		remember: (name, identity, changes, signal) =>
			putMark(open(), name, identity, changes, signal),
	};
}

function toStored(object: StoredObject, bucket: Bucket): Stored {
	const { name, sizeBytes, modifiedMs, etag } = object;
	return {
		name,
		path: bucket.at(name),
		sizeBytes,
		modifiedMs,
		version: etag,
		isLink: false,
		readRanges: (ranges, signal) =>
			Promise.all(
				ranges.map(({ start, count }) =>
					bucket.range(object, start, count, signal),
				),
			),
		async readEnds(headCount, tailCount, signal) {
			const { part: head, isOurs } = await bucket.look(
				object,
				0,
				headCount,
				signal,
			);
			if (isOurs) return { head, tail: null };
			const start = Math.max(0, sizeBytes - tailCount);
			const tail = await bucket.range(object, start, tailCount, signal);
			return { head, tail };
		},
		async *readPieces(signal, onBytes) {
			let done = 0;
			for await (const piece of bucket.read(object, signal)) {
				done += piece.byteLength;
				onBytes?.(done);
				yield piece;
			}
		},
	};
}

async function bodyOf(
	path: string,
	at: string,
	signal: AbortSignal | undefined,
	onBytes?: OnBytes,
): Promise<Body> {
	const hash = new Bun.CryptoHasher("sha256");
	let sizeBytes = 0;
	for await (const piece of readPieces(path, signal)) {
		hash.update(piece);
		sizeBytes += piece.byteLength;
	}
	if (sizeBytes > MOST_OBJECT_BYTES) {
		const most = formatBytes(MOST_OBJECT_BYTES);
		throw new AppError(
			"OPERATION_FAILED",
			`the archive is larger than the ${most} that a store takes at once: ${at}`,
			{ hint: "back up to a folder" },
		);
	}
	return fileBody(path, { sizeBytes, sha256: hash.digest("hex") }, onBytes);
}

async function remove(
	bucket: Bucket,
	files: readonly Stored[],
	signal: AbortSignal | undefined,
): Promise<Removal[]> {
	const removals: Removal[] = [];
	for (const file of files) {
		signal?.throwIfAborted();
		removals.push(await removeOne(bucket, file, signal));
	}
	const isGone = ({ outcome }: Removal) =>
		["removed", "hidden", "gone"].includes(outcome);
	const gone = removals.filter(isGone).map(({ name }) => name);
	if (gone.length > 0) await forgetMarks(bucket, gone, signal);
	return removals;
}

async function removeOne(
	bucket: Bucket,
	{ name, version, sizeBytes }: Stored,
	signal: AbortSignal | undefined,
): Promise<Removal> {
	try {
		const now = await bucket.head(name, signal);
		if (now === null) return { name, outcome: "gone", reason: null };
		if (now.etag !== version || now.sizeBytes !== sizeBytes) {
			return { name, outcome: "changed", reason: "changed since the plan" };
		}
		const outcome = await bucket.remove(name, signal);
		return { name, outcome, reason: null };
	} catch (error) {
		signal?.throwIfAborted();
		if (!(error instanceof AppError)) throw error;
		return { name, outcome: "stuck", reason: error.message };
	}
}

async function mend(
	bucket: Bucket,
	damaged: Stored,
	from: string,
	scratch: Scratch,
	signal: AbortSignal | undefined,
): Promise<string | null> {
	const { name, version, sizeBytes } = damaged;
	const now = await bucket.head(name, signal);
	if (now?.etag !== version || now.sizeBytes !== sizeBytes) return null;
	const kept = join(scratch.path, "damaged");
	await writeNewFile(kept, bucket.read(now, signal));
	const body = await bodyOf(kept, bucket.at(name), signal);
	for (let attempt = 1; ; attempt++) {
		const keptName = damagedName(name, attempt);
		if ((await bucket.putNew(keptName, body, signal)) === null) continue;
		const whole = await bodyOf(from, bucket.at(name), signal);
		await bucket.putOver(name, whole, signal);
		return keptName;
	}
}
