// The bill of materials: what is in the executable, by bun.lock, in CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/).

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Batch } from "./batch.ts";
import { sbomOf } from "./deb.ts";

interface Lock {
	readonly workspaces: {
		readonly "": { readonly dependencies: Readonly<Record<string, string>> };
	};
	/** "name@version", registry, what it needs, integrity. */
	readonly packages: Readonly<
		Record<
			string,
			readonly [
				string,
				string,
				{ readonly dependencies?: Readonly<Record<string, string>> },
				string,
			]
		>
	>;
}

interface Component {
	readonly type: "library" | "platform";
	readonly "bom-ref": string;
	readonly name: string;
	readonly version: string;
	readonly purl?: string;
	readonly hashes?: readonly {
		readonly alg: "SHA-512";
		readonly content: string;
	}[];
	readonly licenses: readonly { readonly license: { readonly id: string } }[];
}

/**
 * Writes vpo-VERSION.cdx.json.
 * @param platform what is in the executable besides our packages
 */
export function writeSbom(
	batch: Batch,
	platform: { readonly bun: string; readonly sqlite: string },
): void {
	const lock = Bun.JSONC.parse(
		readFileSync(join(batch.root, "bun.lock"), "utf8"),
	) as Lock;
	const names = shippedIn(lock);
	const refs = new Map(names.map((name) => [name, refOf(lock, name)]));
	const runtime = [
		runtimeOf("bun", platform.bun, "MIT"),
		runtimeOf("sqlite", platform.sqlite, "blessing"),
	];
	const self = `pkg:generic/vpo-library@${batch.version}`;
	const direct = Object.keys(lock.workspaces[""].dependencies);
	const document = {
		bomFormat: "CycloneDX",
		specVersion: "1.5",
		serialNumber: `urn:uuid:${uuidOf(batch.commit.id)}`,
		version: 1,
		metadata: {
			timestamp: new Date(batch.commit.epochSeconds * 1000).toISOString(),
			component: {
				type: "application",
				"bom-ref": self,
				name: "vpo-library",
				version: batch.version,
				licenses: [{ license: { id: "MIT" } }],
				properties: [{ name: "commit", value: batch.commit.id }],
			},
		},
		components: [
			...names.map((name) => componentOf(batch, lock, name)),
			...runtime,
		],
		dependencies: [
			{
				ref: self,
				dependsOn: [
					...direct.map((name) => refs.get(name)),
					...runtime.map((it) => it["bom-ref"]),
				],
			},
			...names.map((name) => ({
				ref: refs.get(name),
				dependsOn: neededBy(lock, name).map((it) => refs.get(it)),
			})),
			...runtime.map((it) => ({ ref: it["bom-ref"], dependsOn: [] })),
		],
	};
	writeFileSync(sbomOf(batch), `${JSON.stringify(document, null, 2)}\n`);
}

/** The packages that a run needs, sorted; those of development are not in the executable. */
function shippedIn(lock: Lock): string[] {
	const found = new Set<string>();
	const add = (name: string) => {
		if (found.has(name)) return;
		found.add(name);
		neededBy(lock, name).forEach(add);
	};
	Object.keys(lock.workspaces[""].dependencies).forEach(add);
	return [...found].sort();
}

function neededBy({ packages }: Lock, name: string): string[] {
	return Object.keys(packages[name]?.[2].dependencies ?? {});
}

function refOf(lock: Lock, name: string): string {
	const purl = name.startsWith("@") ? `%40${name.slice(1)}` : name;
	return `pkg:npm/${purl}@${versionOf(lock, name)}`;
}

function versionOf({ packages }: Lock, name: string): string {
	const id = packages[name]?.[0];
	if (!id) throw new Error(`bun.lock has no ${name}`);
	return id.slice(id.lastIndexOf("@") + 1);
}

function componentOf({ root }: Batch, lock: Lock, name: string): Component {
	const integrity = lock.packages[name]?.[3] ?? "";
	const manifest = readFileSync(
		join(root, "node_modules", name, "package.json"),
		"utf8",
	);
	const { license } = JSON.parse(manifest) as { readonly license: string };
	const ref = refOf(lock, name);
	const content = Buffer.from(
		integrity.replace(/^sha512-/, ""),
		"base64",
	).toString("hex");
	return {
		type: "library",
		"bom-ref": ref,
		name,
		version: versionOf(lock, name),
		purl: ref,
		hashes: [{ alg: "SHA-512", content }],
		licenses: [{ license: { id: license } }],
	};
}

function runtimeOf(name: string, version: string, license: string): Component {
	const ref = `pkg:generic/${name}@${version}`;
	return {
		type: "platform",
		"bom-ref": ref,
		name,
		version,
		purl: ref,
		licenses: [{ license: { id: license } }],
	};
}

/** One that the same commit always gets: version 8 of RFC 9562, which leaves the bits to us. */
function uuidOf(text: string): string {
	const hex = new Bun.CryptoHasher("sha256").update(text).digest("hex");
	const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(
		16,
	);
	return [
		hex.slice(0, 8),
		hex.slice(8, 12),
		`8${hex.slice(13, 16)}`,
		`${variant}${hex.slice(17, 20)}`,
		hex.slice(20, 32),
	].join("-");
}
