// A file's content after a write, whole or torn.

/** How much of a write reached the disk. */
export type Part = null | {
	readonly kept: "head" | "tail";
	readonly bytes: number;
};

export function written(
	content: Uint8Array,
	offset: number,
	bytes: Uint8Array,
	part: Part,
): Uint8Array {
	const end = Math.max(content.length, offset + bytes.length);
	// A file grows by its write even where the bytes did not come: then there are zeros.
	const result = sized(content, end);
	const from = part?.kept === "tail" ? part.bytes : 0;
	const to = part?.kept === "head" ? part.bytes : bytes.length;
	result.set(bytes.subarray(from, to), offset + Math.min(from, bytes.length));
	return result;
}

export function sized(content: Uint8Array, size: number): Uint8Array {
	const result = new Uint8Array(size);
	result.set(content.subarray(0, size));
	return result;
}
