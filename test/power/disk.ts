// What a file system may have kept of a run when power is cut. Pessimistic as POSIX allows: what a file holds lasts once that
// file was synced, a name once its folder was; until then each of them is kept or lost, whatever happens to the others.

import type { Part } from "./bytes.ts";
import {
	type AnyChange,
	applyName,
	Compiler,
	copyOf,
	type DataChange,
	type Folders,
	type Node,
	ROOT,
	Tree,
} from "./changes.ts";
import type { Call } from "./recording.ts";
import type { Content, State } from "./state.ts";

/** A cut of the power: how many calls were made, which of what was not settled is lost, and which write is torn. */
export interface Cut {
	readonly calls: number;
	readonly lost: ReadonlySet<number>;
	readonly torn?: { readonly change: number; readonly part: Part };
}

/** A run as it was recorded, or as a worse program would have done it. */
interface Run {
	readonly changes: readonly AnyChange[];
	/** What was synced, by the calls. */
	readonly syncs: ReadonlyMap<number, Node | null>;
	readonly callCount: number;
	readonly contents: Map<string, Content>;
	readonly initial: readonly Uint8Array[];
	readonly folders: ReadonlyMap<Node, ReadonlyMap<string, Node>>;
	readonly isRelevant: (path: string) => boolean;
}

export class Disk {
	readonly changes: readonly AnyChange[];
	readonly callCount: number;
	readonly #run: Run;
	readonly #contents: Map<string, Content>;
	readonly #initial: readonly Uint8Array[];
	readonly #folders: ReadonlyMap<Node, ReadonlyMap<string, Node>>;
	readonly #isRelevant: (path: string) => boolean;

	private constructor(run: Run) {
		this.#run = run;
		this.changes = run.changes;
		this.callCount = run.callCount;
		this.#contents = run.contents;
		this.#initial = run.initial;
		this.#folders = run.folders;
		this.#isRelevant = run.isRelevant;
	}

	/**
	 * @param before the folder as it was before the run; paths in the calls are those of `folder`
	 * @param isRelevant whether a file with this path below the folder counts
	 */
	static after(
		before: string,
		folder: string,
		calls: readonly Call[],
		isRelevant: (path: string) => boolean,
	): Disk {
		const reader = new Tree(before);
		const compiler = new Compiler(reader, folder);
		return new Disk({
			changes: compiler.compile(calls),
			syncs: compiler.syncs,
			callCount: calls.length,
			contents: new Map(),
			initial: reader.contents,
			folders: new Map([...compiler.made, ...reader.folders]),
			isRelevant,
		});
	}

	/** The changes that a call makes last: those of files and names that count. */
	settledBy(call: number): number[] {
		return this.pendingAt(call).filter(
			(at) => this.changes[at]?.settledAt === call,
		);
	}

	/**
	 * As it would be without one sync.
	 * @param isForever whether no later one makes these changes last either
	 */
	withoutSync(call: number, isForever: boolean): Disk {
		const { syncs } = this.#run;
		const node = syncs.get(call);
		const next = [...syncs].find(([at, of]) => at > call && of === node)?.[0];
		const settledAt =
			(isForever ? undefined : next) ?? Number.POSITIVE_INFINITY;
		const changes = this.changes.map((change) =>
			change.settledAt === call ? { ...change, settledAt } : change,
		);
		return new Disk({ ...this.#run, changes });
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
