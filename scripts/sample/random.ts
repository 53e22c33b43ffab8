// Seeded randomness for sample libraries: the same seed gives the same library on every machine.

/** A source of repeatable random values. */
export type Random = {
	/** An integer from 0 to `limit` - 1. */
	below(limit: number): number;
	/** A number from 0 up to 1, with 53 bits. */
	fraction(): number;
	/** One of `values`, each as likely. */
	pick<T>(values: readonly [T, ...T[]]): T;
	/** True with the given probability. */
	chance(probability: number): boolean;
	/** Lower-case hexadecimal digits, at most 8. */
	hex(digits: number): string;
	/** A version 4 UUID. */
	uuid(): string;
	/** A time of 2024 to 2026, as VPO writes it. */
	time(): string;
};

const firstMs = Date.UTC(2024, 0, 1);
const spanSeconds = 3 * 365 * 86_400;

/** Creates a generator (sfc32) from a seed. */
export function createRandom(seed: number): Random {
	let a = 0x9e3779b9;
	let b = 0x243f6a88;
	let c = seed | 0;
	let counter = 1;
	const next = () => {
		const sum = (a + b + counter) | 0;
		counter = (counter + 1) | 0;
		a = b ^ (b >>> 9);
		b = (c + (c << 3)) | 0;
		c = ((c << 21) | (c >>> 11)) + sum;
		c |= 0;
		return sum >>> 0;
	};
	for (let i = 0; i < 12; i++) next();
	const below = (limit: number) => Math.floor((next() / 2 ** 32) * limit);
	const fraction = () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
	const hex = (digits: number) =>
		next().toString(16).padStart(8, "0").slice(0, digits);
	return {
		below,
		fraction,
		hex,
		pick: (values) => values[below(values.length)] ?? values[0],
		chance: (probability) => next() / 2 ** 32 < probability,
		uuid: () =>
			`${hex(8)}-${hex(4)}-4${hex(3)}-${(8 + below(4)).toString(16)}${hex(3)}-${hex(8)}${hex(4)}`,
		time: () =>
			`${new Date(firstMs + below(spanSeconds) * 1000).toISOString().slice(0, 19)}+00:00`,
	};
}
