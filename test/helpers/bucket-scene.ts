// A library with a home of its own and backups in a bucket, for verbs that are called in this process.

import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GzipPool } from "../../src/core/archive/gzip.ts";
import type { ArchiveSource } from "../../src/core/archive/source.ts";
import { readArchive } from "../../src/core/archive/unpack.ts";
import { SqliteThread } from "../../src/core/library/sqlite-thread.ts";
import {
	type Location,
	requireStored,
} from "../../src/core/location/location.ts";
import { openLocation } from "../../src/core/location/open.ts";
import { resolveSettings, type Settings } from "../../src/ground/settings.ts";
import { type Made, makeBackups, makeTinyLibrary } from "./backups.ts";
import { Home } from "./program.ts";
import { environmentOf, type Store } from "./store.ts";

const HURRY = { retries: 2, firstPauseMs: 1, mostPauseMs: 5 };

/** Threads for many calls, and backups to put into buckets. */
export class Workbench implements AsyncDisposable {
	readonly workshop = { sqlite: new SqliteThread(), pool: new GzipPool(1) };
	readonly #folder = mkdtempSync(join(tmpdir(), "vpo-test-"));
	readonly #whole = new Set<string>();

	async make(made: readonly Made[]): Promise<void> {
		await makeBackups(this.#folder, made);
	}

	/** A home whose backups are at this address; those that were made stand there if they are wanted. */
	async scene(
		store: Store,
		address: string,
		isFilled: boolean,
	): Promise<BucketScene> {
		const home = new Home(null);
		makeTinyLibrary(home.library, 7);
		const env = {
			...environmentOf(store),
			VPO_BACKUP_DIR: address,
			HOME: home.path,
		};
		const settings = await resolveSettings({}, env);
		const scene = new BucketScene(home, settings, this);
		if (isFilled) await this.#fill(scene.direct);
		return scene;
	}

	async #fill(location: Location): Promise<void> {
		const names = readdirSync(this.#folder).filter((name) =>
			name.endsWith(".gz"),
		);
		const none = {
			path: "",
			owner: "",
			[Symbol.asyncDispose]: async () => undefined,
		};
		await Promise.all(
			names.map((name) =>
				location.publish(join(this.#folder, name), name, none),
			),
		);
	}

	/** Copies the backups that were made into a folder. */
	copyTo(folder: string): void {
		cpSync(this.#folder, folder, { recursive: true });
	}

	/** Whether every byte of an archive is right; each is read once. */
	async isWhole(
		archive: ArchiveSource & { version: string },
	): Promise<boolean> {
		const key = `${archive.version} ${archive.sizeBytes}`;
		if (this.#whole.has(key)) return true;
		await readArchive(archive, { pool: this.workshop.pool });
		this.#whole.add(key);
		return true;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.workshop.sqlite[Symbol.dispose]();
		this.workshop.pool[Symbol.dispose]();
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

/** One home, and the location of its backups: as the program reaches it, and past whatever stands between. */
export class BucketScene implements Disposable {
	readonly home: Home;
	readonly #settings: Settings;
	readonly #bench: Workbench;

	constructor(home: Home, settings: Settings, bench: Workbench) {
		this.home = home;
		this.#settings = settings;
		this.#bench = bench;
	}

	/** The store itself. */
	get direct(): Location {
		return openLocation(this.#settings.location, this.#settings);
	}

	/** Settings by which the program reaches it at another endpoint, and gives up soon. */
	through({ endpoint }: Pick<Store, "endpoint">, silenceMs = 20_000): Settings {
		const { s3 } = this.#settings;
		return {
			...this.#settings,
			s3: {
				...s3,
				configured: { timeout: silenceMs / 1000 },
				environment: { ...s3.environment, AWS_ENDPOINT_URL_S3: endpoint },
				patience: HURRY,
			},
		};
	}

	/** The names of what stands there. @throws if anything of it is not whole */
	async wholeNames(): Promise<string[]> {
		const entries = await this.direct.list();
		for (const entry of entries)
			await this.#bench.isWhole(requireStored(entry));
		return entries.map(({ name }) => name).sort();
	}

	[Symbol.dispose](): void {
		this.home[Symbol.dispose]();
	}
}
