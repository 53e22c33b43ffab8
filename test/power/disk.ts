// What a file system may have kept of a run when power is cut. Pessimistic as POSIX allows: what a file holds lasts once that
// file was synced, a name once its folder was; until then each of them is kept or lost, whatever happens to the others.

import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Call } from "./recording.ts";

type Node = number;

/** One change of what stands on the disk. */
interface Change {
	/** The call that asked for it, from 0. */
	readonly call: number;
	/** The call after which nothing takes it away again. */
	settledAt: number;
	/** For people. */
	readonly what: string;
}

interface NameChange extends Change {
	readonly kind: "name";
	readonly folder: Node;
	readonly name: string;
	/** What has the name then; null for what was removed. */
	readonly node: Node | null;
	/** Where a rename took it from. */
	readonly from: { readonly folder: Node; readonly name: string } | null;
}

interface DataChange extends Change {
	readonly kind: "data";
	readonly node: Node;
	apply(content: Uint8Array, part: Part): Uint8Array;
	readonly length: number;
}

type AnyChange = NameChange | DataChange;

/** How much of a write reached the disk. */
export type Part = null | {
	readonly kept: "head" | "tail";
	readonly bytes: number;
};

/** A cut of the power: how many calls were made, which of what was not settled is lost, and which write is torn. */
export interface Cut {
	readonly calls: number;
	readonly lost: ReadonlySet<number>;
	readonly torn?: { readonly change: number; readonly part: Part };
}

/** Files by their paths below the folder; each content is hashed once. */
export type State = ReadonlyMap<string, Content>;

export interface Content {
	readonly hash: string;
	readonly bytes: Uint8Array;
}

export class Disk {
	readonly changes: readonly AnyChange[];
	readonly callCount: number;
	readonly #contents = new Map<string, Content>();
	readonly #initial: readonly Uint8Array[];
	readonly #folders: ReadonlyMap<Node, ReadonlyMap<string, Node>>;
	readonly #isRelevant: (path: string) => boolean;

	/**
	 * @param before the folder as it was before the run; paths in the calls are those of `folder`
	 * @param isRelevant whether a file with this path below the folder counts
	 */
	constructor(
		before: string,
		folder: string,
		calls: readonly Call[],
		isRelevant: (path: string) => boolean,
	) {
		const reader = new Reader(before);
		const compiler = new Compiler(reader, folder);
		this.#initial = reader.contents;
		this.#isRelevant = isRelevant;
		this.changes = compiler.compile(calls);
		this.#folders = new Map([...compiler.made, ...reader.folders]);
		this.callCount = calls.length;
	}

	/** The changes that a cut after so many calls may take away: those of files and names that count. */
	pendingAt(calls: number): number[] {
		const relevant = this.#relevantChanges();
		return this.changes.flatMap(({ call, settledAt }, at) =>
			call < calls && settledAt >= calls && relevant.has(at) ? [at] : [],
		);
	}

	#relevant: Set<number> | null = null;

	#relevantChanges(): Set<number> {
		if (this.#relevant) return this.#relevant;
		const nodes = new Set<Node>();
		const names = new Set<number>();
		// Whatever has, at any time, a path that counts, and the folders on the way to it.
		const folders = copyOf(this.#folders);
		const look = () => {
			for (const [path, node] of pathsIn(folders)) {
				if (!this.#isRelevant(path)) continue;
				nodes.add(node);
			}
		};
		look();
		for (const [at, change] of this.changes.entries()) {
			if (change.kind !== "name") continue;
			const path = pathOf(folders, change.folder, change.name);
			applyName(folders, change);
			if (path !== null && this.#isRelevant(path)) names.add(at);
			look();
		}
		this.changes.forEach((change, at) => {
			if (change.kind === "data" && nodes.has(change.node)) names.add(at);
		});
		this.#relevant = names;
		return names;
	}

	/** What stands on the disk after a cut. */
	stateAfter({ calls, lost, torn }: Cut): State {
		const folders = copyOf(this.#folders);
		const kept: number[] = [];
		for (const [at, change] of this.changes.entries()) {
			if (change.call >= calls) break;
			if (lost.has(at) && change.settledAt >= calls) continue;
			if (change.kind === "name") applyName(folders, change);
			else kept.push(at);
		}
		const state = new Map<string, Content>();
		for (const [path, node] of pathsIn(folders)) {
			if (!this.#isRelevant(path) || folders.has(node)) continue;
			state.set(path, this.#contentOf(node, kept, torn));
		}
		return state;
	}

	#contentOf(node: Node, kept: readonly number[], torn: Cut["torn"]): Content {
		const own = kept.filter((at) => {
			const change = this.changes[at];
			return change?.kind === "data" && change.node === node;
		});
		const part = torn && own.includes(torn.change) ? torn : null;
		const key = `${node}:${own}:${part ? JSON.stringify(part) : ""}`;
		const known = this.#contents.get(key);
		if (known) return known;
		let bytes: Uint8Array = Uint8Array.from(this.#initial[node] ?? []);
		for (const at of own) {
			const change = this.changes[at] as DataChange;
			bytes = change.apply(bytes, part?.change === at ? part.part : null);
		}
		const content = { bytes, hash: String(Bun.hash.wyhash(bytes)) };
		this.#contents.set(key, content);
		return content;
	}
}

/** A state's name among all states: equal ones have an equal one. */
export function keyOf(state: State): string {
	return [...state]
		.map(([path, { hash }]) => `${path}=${hash}`)
		.sort()
		.join("\n");
}

type Folders = Map<Node, Map<string, Node>>;

const ROOT: Node = 0;

function copyOf(
	folders: ReadonlyMap<Node, ReadonlyMap<string, Node>>,
): Folders {
	return new Map([...folders].map(([node, names]) => [node, new Map(names)]));
}

function applyName(
	folders: Folders,
	{ folder, name, node, from }: NameChange,
): void {
	if (from) folders.get(from.folder)?.delete(from.name);
	if (node === null) folders.get(folder)?.delete(name);
	else folders.get(folder)?.set(name, node);
}

function* pathsIn(
	folders: Folders,
	folder = ROOT,
	prefix = "",
): Generator<[path: string, node: Node]> {
	for (const [name, node] of folders.get(folder) ?? []) {
		yield [prefix + name, node];
		if (folders.has(node)) yield* pathsIn(folders, node, `${prefix}${name}/`);
	}
}

function pathOf(folders: Folders, folder: Node, name: string): string | null {
	if (folder === ROOT) return name;
	for (const [path, node] of pathsIn(folders)) {
		if (node === folder) return `${path}/${name}`;
	}
	return null;
}

/** The tree before the run: nodes 0, 1, 2, … with what each holds. */
class Reader {
	readonly folders: Folders = new Map();
	readonly contents: Uint8Array[] = [];

	constructor(path: string) {
		this.#read(path);
	}

	#read(path: string): Node {
		const node = this.contents.length;
		this.contents.push(new Uint8Array());
		const names = new Map<string, Node>();
		this.folders.set(node, names);
		for (const entry of readdirSync(path, { withFileTypes: true })) {
			const at = join(path, entry.name);
			if (entry.isDirectory()) names.set(entry.name, this.#read(at));
			if (!entry.isFile()) continue;
			names.set(entry.name, this.contents.length);
			this.contents.push(readFileSync(at));
		}
		return node;
	}
}

/** Turns calls into changes, each with the call that settles it. */
class Compiler {
	readonly #folders: Folders;
	readonly #folder: string;
	readonly #changes: AnyChange[] = [];
	#nodes: number;
	/** The folders that the run makes, empty. */
	readonly made: Folders = new Map();

	constructor({ folders, contents }: Reader, folder: string) {
		this.#folders = copyOf(folders);
		this.#folder = folder;
		this.#nodes = contents.length;
	}

	compile(calls: readonly Call[]): AnyChange[] {
		for (const [at, call] of calls.entries()) this.#add(call, at);
		return this.#changes;
	}

	#add(call: Call, at: number): void {
		const what = `${call.does} ${call.path.slice(this.#folder.length + 1)}`;
		const change = { call: at, settledAt: Number.POSITIVE_INFINITY, what };
		switch (call.does) {
			case "sync":
				this.#settle(this.#find(call.path), at);
				break;
			case "create":
			case "mkdir": {
				const node = this.#nodes++;
				if (call.does === "mkdir") {
					this.#folders.set(node, new Map());
					this.made.set(node, new Map());
				}
				this.#name(call.path, { ...change, node, from: null });
				break;
			}
			case "remove":
				this.#name(call.path, { ...change, node: null, from: null });
				break;
			case "link":
			case "rename": {
				const node = this.#find(call.source);
				if (node === null) throw new Error(`${what}: no ${call.source}`);
				const from = call.does === "rename" ? this.#place(call.source) : null;
				this.#name(call.path, { ...change, node, from });
				break;
			}
			default:
				this.#data(call, change);
		}
	}

	#data(
		call: Extract<Call, { does: "write" | "truncate" | "extend" }>,
		change: Change,
	): void {
		const node = this.#find(call.path);
		if (node === null) return; // a file without a name, which no cut brings back
		const apply =
			call.does === "write"
				? (content: Uint8Array, part: Part) =>
						written(content, call.offset, call.bytes, part)
				: (content: Uint8Array) =>
						call.does === "extend" && content.length >= call.size
							? content
							: sized(content, call.size);
		const length = call.does === "write" ? call.bytes.length : 0;
		this.#changes.push({ ...change, kind: "data", node, apply, length });
	}

	#name(
		path: string,
		change: Change & Pick<NameChange, "node" | "from">,
	): void {
		const named: NameChange = { ...change, kind: "name", ...this.#place(path) };
		this.#changes.push(named);
		applyName(this.#folders, named);
	}

	#settle(node: Node | null, at: number): void {
		for (const change of this.#changes) {
			const of = change.kind === "name" ? change.folder : change.node;
			if (of === node && change.settledAt > at) change.settledAt = at;
		}
	}

	#place(path: string): { folder: Node; name: string } {
		const folder = this.#find(dirname(path));
		if (folder === null) throw new Error(`no folder ${dirname(path)}`);
		return { folder, name: basename(path) };
	}

	#find(path: string): Node | null {
		let node: Node | null = ROOT;
		for (const name of path.slice(this.#folder.length).split("/")) {
			if (name === "" || node === null) continue;
			node = this.#folders.get(node)?.get(name) ?? null;
		}
		return node;
	}
}

function written(
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

function sized(content: Uint8Array, size: number): Uint8Array {
	const result = new Uint8Array(size);
	result.set(content.subarray(0, size));
	return result;
}
