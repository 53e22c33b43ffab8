// Makes an executable deaf to Bun's own environment variables. Bun reads them before the program's first line: BUN_OPTIONS
// and BUN_INSPECT run code in it, BUN_BE_BUN makes it another program, and no flag of the compiler turns them off.
// So their names are taken out of the runtime; what a variable is called by then can't be guessed by accident.

import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";

/** Bun looks these up; if it calls them otherwise one day, the build must say so. */
const NAMES = [
	"BUN_OPTIONS",
	"BUN_BE_BUN",
	"BUN_INSPECT",
	"BUN_INSPECT_CONNECT_TO",
	"BUN_INSPECT_PRELOAD",
];
/** The program itself turns it off (src/ground/program.ts), for which process.env must know the name. */
const KEPT = "BUN_CONFIG_VERBOSE_FETCH";
/** In place of the B: no shell can set such a variable. */
const REPLACEMENT = "-".charCodeAt(0);

const PROGRAM_HEADERS_AT = 0x20;
const PROGRAM_HEADER_SIZE_AT = 0x36;
const PROGRAM_HEADER_COUNT_AT = 0x38;
const PT_LOAD = 1;
const PF_R = 4;

/**
 * Changes every NUL-terminated string of constants that is a variable's name of Bun's, BUN_…; nothing moves.
 * @param path an executable for Linux of 64 bits, little-endian
 * @throws if it lacks a name that it must have
 */
export function deafen(path: string): void {
	const bytes = readFileSync(path);
	const found = new Set<string>();
	for (const { from, to } of constantsOf(bytes)) {
		for (const at of namesIn(bytes, from, to)) {
			found.add(bytes.toString("latin1", at, bytes.indexOf(0, at)));
			bytes[at] = REPLACEMENT;
		}
	}
	const missing = NAMES.filter((name) => !found.has(name));
	if (missing.length > 0) {
		throw new Error(`${path} has no ${missing.join(", ")} to be deaf to`);
	}
	// One that is running could not be written to.
	writeFileSync(`${path}.deaf`, bytes, { mode: statSync(path).mode });
	renameSync(`${path}.deaf`, path);
}

/** The segments that can only be read (ELF-64, elf(5)): constants, and nothing of what was compiled into it. */
function constantsOf(bytes: Buffer): { from: number; to: number }[] {
	const first = Number(bytes.readBigUInt64LE(PROGRAM_HEADERS_AT));
	const size = bytes.readUInt16LE(PROGRAM_HEADER_SIZE_AT);
	const count = bytes.readUInt16LE(PROGRAM_HEADER_COUNT_AT);
	return Array.from({ length: count }, (_, index) => first + index * size)
		.filter((at) => bytes.readUInt32LE(at) === PT_LOAD)
		.filter((at) => bytes.readUInt32LE(at + 4) === PF_R)
		.map((at) => {
			const from = Number(bytes.readBigUInt64LE(at + 8));
			return { from, to: from + Number(bytes.readBigUInt64LE(at + 32)) };
		});
}

/** Where names stand, each a string of its own: its last part may serve as another string as well. */
function namesIn(bytes: Buffer, from: number, to: number): number[] {
	const found: number[] = [];
	for (let at = from; ; ) {
		at = bytes.indexOf("\0BUN_", at, "latin1");
		if (at < 0 || at >= to) return found;
		at += 1;
		const name = bytes.toString("latin1", at, bytes.indexOf(0, at));
		if (/^BUN_[A-Z0-9_]+$/.test(name) && name !== KEPT) found.push(at);
	}
}
