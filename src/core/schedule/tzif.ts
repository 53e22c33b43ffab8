// A time zone as the system keeps it in /etc/localtime: TZif (RFC 9636), its table of changes and then its rule.

import { type OffsetAt, parsePosixRule } from "./posix-rule.ts";

const HEADER_BYTES = 44;
const TYPE_BYTES = 6;

/** What the six counts of a header say of the block behind it. */
interface Block {
	readonly changes: number;
	readonly types: number;
	/** All of its bytes. */
	readonly bytes: number;
}

/** Reads a file's bytes; null if they are no TZif. */
export function parseTzif(bytes: Uint8Array): OffsetAt | null {
	try {
		return parse(
			new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
		);
	} catch (error) {
		if (error instanceof RangeError) return null; // cut off
		throw error;
	}
}

function parse(view: DataView): OffsetAt | null {
	if (textAt(view, 0, 4) !== "TZif") return null;
	const first = blockAt(view, 0, 4);
	const version = view.getUint8(4);
	if (version === 0) return table(view, HEADER_BYTES, first, 4, null);
	const start = HEADER_BYTES + first.bytes;
	const block = blockAt(view, start, 8);
	const end = start + HEADER_BYTES + block.bytes;
	const footer = textAt(view, end, view.byteLength - end).trim();
	return table(view, start + HEADER_BYTES, block, 8, parsePosixRule(footer));
}

function blockAt(view: DataView, start: number, timeBytes: number): Block {
	const count = (index: number) => view.getUint32(start + 20 + index * 4);
	const [isUtc, isStandard, leaps, changes, types, characters] = [
		count(0),
		count(1),
		count(2),
		count(3),
		count(4),
		count(5),
	];
	const bytes =
		changes * (timeBytes + 1) +
		types * TYPE_BYTES +
		characters +
		leaps * (timeBytes + 4) +
		isStandard +
		isUtc;
	return { changes, types, bytes };
}

/** @param rule what holds behind the last change; null: that goes on */
function table(
	view: DataView,
	start: number,
	{ changes }: Block,
	timeBytes: number,
	rule: OffsetAt | null,
): OffsetAt {
	const kinds = start + changes * timeBytes;
	const types = kinds + changes;
	const offsetOf = (type: number) => view.getInt32(types + type * TYPE_BYTES);
	const timeOf = (index: number) =>
		timeBytes === 4
			? view.getInt32(start + index * 4)
			: Number(view.getBigInt64(start + index * 8));
	const times = Array.from({ length: changes }, (_, index) => timeOf(index));
	const offsets = times.map((_, index) =>
		offsetOf(view.getUint8(kinds + index)),
	);
	const before = offsetOf(0);
	return (epochSeconds) => {
		const passed = times.findLastIndex((time) => time <= epochSeconds);
		if (passed === times.length - 1 && rule !== null) return rule(epochSeconds);
		return offsets[passed] ?? before;
	};
}

function textAt(view: DataView, start: number, length: number): string {
	return new TextDecoder("latin1").decode(
		new Uint8Array(view.buffer, view.byteOffset + start, length),
	);
}
