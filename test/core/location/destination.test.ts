// Where an archive will stand: settled before anything is made, named only when it is finished.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	mkdirSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
	generatedIn,
	type OutputRequest,
	settleDestination,
} from "../../../src/core/location/destination.ts";
import { openFolder } from "../../../src/core/location/folder.ts";
import { makeScratch } from "../../../src/ground/scratch.ts";
import { resolveSettings } from "../../../src/ground/settings.ts";
import { Home } from "../../helpers/program.ts";

let home: Home;
let request: OutputRequest;
beforeEach(async () => {
	home = new Home();
	request = {
		output: null,
		outputIsFolder: false,
		pipe: null,
		settings: await resolveSettings({}, { HOME: home.path }),
		acceptsNew: false,
		force: false,
		libraryPath: home.library,
		kind: "manual",
		createdAt: new Date("2026-02-05T14:30:22Z"),
	};
});
afterEach(() => home[Symbol.dispose]());

const NAME = "vpo-library-2026-02-05T143022Z.tar.gz";

/** Publishes a file with this text there. */
async function publish(changes: Partial<OutputRequest>, text = "archive") {
	const destination = await settleDestination({ ...request, ...changes });
	await destination.location.make();
	await using scratch = await makeScratch(destination.location.address);
	const unfinished = join(scratch.path, "backup.tar.gz");
	writeFileSync(unfinished, text);
	return await destination.publish(unfinished, scratch);
}

describe("settles on", () => {
	test.each([
		[
			"a generated name in the backup folder",
			null,
			false,
			`.vpo/backups/${NAME}`,
		],
		[
			"a generated name in a folder that is there",
			".vpo",
			false,
			`.vpo/${NAME}`,
		],
		[
			"a generated name in a folder that is not",
			"new/folder",
			true,
			`new/folder/${NAME}`,
		],
		[
			"the name that was asked for",
			"new/mine.tar.gz",
			false,
			"new/mine.tar.gz",
		],
		["a short ending", "mine.tgz", false, "mine.tgz"],
	])("%s", async (_, output, outputIsFolder, expected) => {
		const path = output === null ? null : home.at(output);
		const before = readdirSync(home.path, { recursive: true });
		const asked = { ...request, output: path, outputIsFolder };
		const settled = await settleDestination(asked);
		expect(settled.path).toBe(home.at(expected));
		expect(settled.location.address).toBe(join(settled.path, ".."));
		expect(readdirSync(home.path, { recursive: true })).toEqual(before);
	});
});

test.each(["mine", "mine.zip", "mine.tar", "mine.tar.gz.old"])(
	"a file named %s is no archive",
	async (name) => {
		const settled = settleDestination({ ...request, output: home.at(name) });
		expect(await settled.catch((error) => error.code)).toBe("USAGE");
	},
);

test("a generated name that is taken by then is followed by the next", async () => {
	expect(await publish({}, "first")).toBe(join(home.backups, NAME));
	const paths = [await publish({}, "second"), await publish({}, "third")];
	const stem = join(home.backups, NAME.replace(".tar.gz", ""));
	expect(paths).toEqual([`${stem}-2.tar.gz`, `${stem}-3.tar.gz`]);
	expect(readFileSync(join(home.backups, NAME), "utf8")).toBe("first");
});

test("a dangling link has the name too", async () => {
	mkdirSync(home.backups);
	symlinkSync("nowhere", join(home.backups, NAME));
	expect(await publish({})).toEndWith("Z-2.tar.gz");
});

test("a name that was asked for is not given if it is taken meanwhile", async () => {
	const output = home.at("mine.tar.gz");
	const destination = await settleDestination({ ...request, output });
	await using scratch = await makeScratch(home.path);
	const unfinished = join(scratch.path, "backup.tar.gz");
	writeFileSync(unfinished, "archive");
	writeFileSync(output, "another file");
	const published = destination.publish(unfinished, scratch);
	expect(await published.catch((error) => error.code)).toBe("OPERATION_FAILED");
	expect(readFileSync(output, "utf8")).toBe("another file");
});

test("many at one moment share no name", async () => {
	mkdirSync(home.backups);
	const destination = generatedIn(
		openFolder(home.backups),
		(attempt) => `same-${attempt}.tar.gz`,
	);
	const paths = await Promise.all(
		Array.from({ length: 20 }, async (_, index) => {
			await using scratch = await makeScratch(home.backups);
			const unfinished = join(scratch.path, "backup.tar.gz");
			writeFileSync(unfinished, String(index));
			const path = await destination.publish(unfinished, scratch);
			expect(readFileSync(path, "utf8")).toBe(String(index));
			return path;
		}),
	);
	expect(new Set(paths).size).toBe(20);
});
