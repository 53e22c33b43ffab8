// Scripts rely on it: one JSON document on stdout on every path, with the keys of DESIGN §4.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { VPO_ARCHIVE } from "../helpers/failing.ts";
import {
	Home,
	type Outcome,
	PROGRAMS,
	run,
	runJson,
} from "../helpers/program.ts";

setDefaultTimeout(30_000);

const BACKUP = ["library", "backup"];

/** The one document on stdout. */
function documentOf({ stdout }: Outcome): Record<string, unknown> {
	expect(stdout).toEndWith("}\n");
	return JSON.parse(stdout) as Record<string, unknown>;
}

describe.each(PROGRAMS)("$name", (program) => {
	test("--json with a value is refused in JSON", async () => {
		using home = new Home();
		for (const flag of ["--json=true", "--json="]) {
			const outcome = await run(program, home, [...BACKUP, flag]);
			expect(outcome.exitCode).toBe(2);
			expect(documentOf(outcome)).toMatchObject({
				error: "--json takes no value",
			});
		}
	});

	test("--json behind -- or in front of the command is no flag of it", async () => {
		using home = new Home();
		const behind = await run(program, home, [...BACKUP, "--", "--json"]);
		expect(behind).toMatchObject({ exitCode: 2, stdout: "" });
		const inFront = await run(program, home, ["--json", ...BACKUP]);
		expect(inFront.exitCode).toBe(2);
		expect(documentOf(inFront)).toMatchObject({
			error: "unknown flag --json",
		});
	});

	test("a backup, its dry run and the list have their keys", async () => {
		using home = new Home();
		const plan = await runJson(program, home, [...BACKUP, "--dry-run"]);
		expect(plan.json).toMatchObject({
			dry_run: true,
			database_path: home.library,
			database_size_bytes: statSync(home.library).size,
			output_path: expect.stringMatching(/\/backups\/vpo-library-.*\.tar\.gz$/),
			estimated_archive_min_bytes: expect.any(Number),
			estimated_archive_max_bytes: expect.any(Number),
			file_count: 120,
			schema_version: 27,
			free_bytes: expect.any(Number),
			required_bytes: expect.any(Number),
			warnings: [],
		});
		const backup = await runJson(program, home, [...BACKUP, "--note", "why"]);
		// Taken out before: toMatchObject puts its matchers in the place of what it matched.
		const { path, created_at, archive_size_bytes, database_size_bytes } =
			backup.json;
		expect(backup.json).toMatchObject({
			success: true,
			path: expect.stringContaining(`${home.backups}/vpo-library-`),
			archive_size_bytes: statSync(String(path)).size,
			database_size_bytes: expect.any(Number),
			compression_ratio:
				Math.round(
					(1 - Number(archive_size_bytes) / Number(database_size_bytes)) * 1000,
				) / 1000,
			file_count: 120,
			schema_version: 27,
			created_at: expect.stringMatching(
				/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
			),
			database_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
			duration_seconds: expect.any(Number),
			warnings: [],
		});
		const list = await runJson(program, home, ["library", "backups"]);
		const { version } = JSON.parse(
			readFileSync(`${import.meta.dir}/../../package.json`, "utf8"),
		) as { version: string };
		expect(list.json).toMatchObject({
			directory: home.backups,
			total_count: 1,
			total_size_bytes: archive_size_bytes,
			backups: [
				{
					filename: String(path).slice(home.backups.length + 1),
					path,
					created_at,
					archive_size_bytes,
					database_size_bytes,
					file_count: 120,
					schema_version: 27,
					vpo_version: version,
					total_library_size_bytes: 3798412038736,
					note: "why",
					valid: true,
					error: null,
				},
			],
		});
	});

	test("a restore and its dry run have their keys", async () => {
		using home = new Home();
		const restore = ["library", "restore", VPO_ARCHIVE];
		const plan = await runJson(program, home, [...restore, "--dry-run"]);
		expect(plan).toMatchObject({
			exitCode: 0,
			json: {
				dry_run: true,
				valid: true,
				backup_path: VPO_ARCHIVE,
				created_at: "2026-11-22T11:07:47Z",
				vpo_version: "0.1.0",
				schema_version: 27,
				current_schema_version: 27,
				schema_mismatch: false,
				database_size_bytes: 720_896,
				file_count: 120,
				warnings: [],
			},
		});
		const done = await runJson(program, home, [...restore, "--yes"]);
		const safetyBackup = String(done.json.safety_backup);
		expect(statSync(safetyBackup).isFile()).toBe(true);
		expect(done).toMatchObject({
			exitCode: 0,
			json: {
				success: true,
				source_path: VPO_ARCHIVE,
				database_path: home.library,
				duration_seconds: expect.any(Number),
				schema_mismatch: false,
				file_count: 120,
				schema_version: 27,
				safety_backup: expect.stringMatching(/Z-pre-restore\.tar\.gz$/),
				warnings: [],
			},
		});
	});

	test("control characters in a name are escaped in the document", async () => {
		using home = new Home();
		const name = "a\u001b[31m\u009b\u202eb\n.tar.gz";
		const outcome = await run(program, home, [...BACKUP, "-o", name, "--json"]);
		expect(documentOf(outcome).path).toBe(home.at(name));
		// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
		expect(outcome.stdout).not.toMatch(/[\u001b\u007f-\u009f\u202e]/);
	});
});
