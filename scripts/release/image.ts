// The container image, as an OCI image layout made by hand: what a registry, skopeo, podman and docker read.
// Format: https://github.com/opencontainers/image-spec

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Batch, nameFor } from "./batch.ts";
import { sbomOf } from "./deb.ts";
import { USER } from "./rootfs.ts";
import { packFolder } from "./tar.ts";
import type { Target } from "./targets.ts";

const TYPE = {
	index: "application/vnd.oci.image.index.v1+json",
	manifest: "application/vnd.oci.image.manifest.v1+json",
	config: "application/vnd.oci.image.config.v1+json",
	layer: "application/vnd.oci.image.layer.v1.tar+gzip",
	empty: "application/vnd.oci.empty.v1+json",
	sbom: "application/vnd.cyclonedx+json",
} as const;

const NS_PER_MINUTE = 60_000_000_000;
const TITLE = "vpo library";
const NAME = "org.opencontainers.image.ref.name";

interface Descriptor {
	readonly mediaType: string;
	readonly digest: string;
	readonly size: number;
}

/** Makes vpo-VERSION-oci.tar of one root file system for each architecture. */
export async function makeImage(
	batch: Batch,
	systems: readonly { readonly target: Target; readonly tar: string }[],
): Promise<void> {
	const folder = join(batch.workDir, "oci");
	const blobs = join(folder, "blobs/sha256");
	mkdirSync(blobs, { recursive: true });
	const put = (bytes: Uint8Array | string, mediaType: string): Descriptor => {
		const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
		writeFileSync(join(blobs, digest), bytes);
		const size = Buffer.byteLength(bytes);
		return { mediaType, digest: `sha256:${digest}`, size };
	};
	const putJson = (value: object, mediaType: string) =>
		put(JSON.stringify(value), mediaType);

	const manifests: (Descriptor & { platform: object })[] = [];
	for (const { target, tar } of systems) {
		const bytes = await Bun.file(tar).bytes();
		const level = batch.isDraft ? 1 : 9;
		const packed = Bun.gzipSync(bytes, { library: "libdeflate", level });
		const layer = put(packed, TYPE.layer);
		const diffId = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
		const config = configOf(batch, target, diffId);
		const manifest = {
			schemaVersion: 2,
			mediaType: TYPE.manifest,
			config: putJson(config, TYPE.config),
			layers: [layer],
			annotations: labelsOf(batch),
		};
		manifests.push({
			...putJson(manifest, TYPE.manifest),
			platform: { architecture: target.architecture, os: "linux" },
		});
	}
	const index = putJson(
		{ schemaVersion: 2, mediaType: TYPE.index, manifests },
		TYPE.index,
	);
	const sbom = attach(batch, index, put, await Bun.file(sbomOf(batch)).text());
	const { version } = batch;
	const entries = [
		{ ...index, annotations: { [NAME]: version } },
		// For tools that know of one architecture only.
		...manifests.map((it, at) => ({
			...it,
			annotations: {
				[NAME]: `${version}-${systems[at]?.target.architecture}`,
			},
		})),
		{
			...sbom,
			artifactType: TYPE.sbom,
			annotations: { [NAME]: `${version}-sbom` },
		},
	];
	const top = { schemaVersion: 2, mediaType: TYPE.index, manifests: entries };
	writeFileSync(join(folder, "index.json"), JSON.stringify(top));
	writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
	const out = join(batch.outDir, `${nameFor(batch, "oci")}.tar`);
	await packFolder(batch, folder, out, ["blobs", "index.json", "oci-layout"]);
}

/** What the program is made of, as a document that refers to the image. */
function attach(
	batch: Batch,
	subject: Descriptor,
	put: (bytes: string, mediaType: string) => Descriptor,
	sbom: string,
): Descriptor {
	const manifest = {
		schemaVersion: 2,
		mediaType: TYPE.manifest,
		artifactType: TYPE.sbom,
		config: put("{}", TYPE.empty),
		layers: [put(sbom, TYPE.sbom)],
		subject,
		annotations: { "org.opencontainers.image.created": createdAt(batch) },
	};
	return put(JSON.stringify(manifest), TYPE.manifest);
}

function configOf(
	batch: Batch,
	{ architecture }: Target,
	diffId: string,
): object {
	const created = createdAt(batch);
	return {
		architecture,
		os: "linux",
		created,
		config: {
			Entrypoint: ["/vpo"],
			Cmd: ["library", "schedule", "--run", "--at", "03:00"],
			Env: ["PATH=/", "VPO_DATA_DIR=/data"],
			User: USER,
			WorkingDir: "/",
			Volumes: { "/data": {} },
			StopSignal: "SIGTERM",
			Labels: labelsOf(batch),
			// Docker's own addition to the format; others ignore it.
			Healthcheck: {
				Test: ["CMD", "/vpo", "library", "check"],
				Interval: 30 * NS_PER_MINUTE,
				Timeout: 5 * NS_PER_MINUTE,
				StartPeriod: 10 * NS_PER_MINUTE,
				Retries: 1,
			},
		},
		rootfs: { type: "layers", diff_ids: [`sha256:${diffId}`] },
		history: [{ created, created_by: "bun run release" }],
	};
}

function labelsOf(batch: Batch): Record<string, string> {
	return {
		"org.opencontainers.image.title": TITLE,
		"org.opencontainers.image.description":
			"Backs up, restores and lists the library database of VPO",
		"org.opencontainers.image.version": batch.version,
		"org.opencontainers.image.revision": batch.commit.id,
		"org.opencontainers.image.created": createdAt(batch),
		"org.opencontainers.image.licenses": "MIT",
	};
}

function createdAt({ commit }: Batch): string {
	return new Date(commit.epochSeconds * 1000)
		.toISOString()
		.replace(".000Z", "Z");
}
