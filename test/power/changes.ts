// What the calls of a run change on the disk, and which call makes each change last.

import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Part, sized, written } from "./bytes.ts";
import type { Call } from "./recording.ts";

export type Node = number;

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

export interface DataChange extends Change {
	readonly kind: "data";
	readonly node: Node;
	apply(content: Uint8Array, part: Part): Uint8Array;
	readonly length: number;
}

export type AnyChange = NameChange | DataChange;

export type Folders = Map<Node, Map<string, Node>>;

export const ROOT: Node = 0;

export function copyOf(
	folders: ReadonlyMap<Node, ReadonlyMap<string, Node>>,
): Folders {
	return new Map([...folders].map(([node, names]) => [node, new Map(names)]));
}

export function applyName(
	folders: Folders,
	{ folder, name, node, from }: NameChange,
): void {
	if (from) folders.get(from.folder)?.delete(from.name);
	if (node === null) folders.get(folder)?.delete(name);
	else folders.get(folder)?.set(name, node);
}

/** The tree before the run: nodes 0, 1, 2, … with what each holds. */
export class Tree {
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
export class Compiler {
	readonly #folders: Folders;
	readonly #folder: string;
	readonly #changes: AnyChange[] = [];
	#nodes: number;
	readonly syncs = new Map<number, Node | null>();
	/** The folders that the run makes, empty. */
	readonly made: Folders = new Map();

	constructor({ folders, contents }: Tree, folder: string) {
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
			case "sync": {
				const node = this.#find(call.path);
				this.syncs.set(at, node);
				this.#settle(node, at);
				break;
			}
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
