// The store side of a location: archives are objects below a prefix, each written by one PUT that is done or is not.

import type { S3Settings } from "../../../ground/s3/settings.ts";
import type { Location, Stored } from "../location.ts";
import { isArchiveName, isDamagedName } from "../names.ts";
import { resolveAccount } from "./account.ts";
import { formatAddress, parseAddress } from "./address.ts";
import { archiveBody, MOST_OBJECT_BYTES } from "./body.ts";
import { Bucket } from "./bucket.ts";
import { mendObject, removeObjects } from "./changes.ts";
import { identifyBucket, putMark, readMarkState } from "./marks.ts";
import type { StoredObject } from "./objects.ts";

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
		names: async (signal) =>
			(await list(signal)).map((found) => ({
				name: found.name,
				look: async () => found, // the list has told it
			})),
		async find(name, signal) {
			const found = await open().head(name, signal);
			return found && toStored(found, open());
		},
		requirePresent: firstPage,
		// Only a write tells, and what is written can't always be removed.
		requireWritable: async () => undefined,
		make: async () => undefined,
		async publish(from, name, _scratch, signal, onBytes) {
			const body = await archiveBody(from, open().at(name), signal, onBytes);
			return (await open().putNew(name, body, signal)) !== null;
		},
		async replace(from, name, signal) {
			const body = await archiveBody(from, open().at(name), signal);
			await open().putOver(name, body, signal);
		},
		remove: (files, signal) => removeObjects(open(), files, signal),
		mend: (damaged, from, scratch, signal) =>
			mendObject(open(), damaged, from, scratch, signal),
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
