// The time zone that the system means, however it is written: what the C library (date) makes of it, we make of it.

import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { parsePosixRule } from "../../../src/core/schedule/posix-rule.ts";
import { parseTzif } from "../../../src/core/schedule/tzif.ts";
import { isSameZone, meantZone } from "../../../src/core/schedule/zone.ts";
import { requireRoot } from "../../helpers/mounts.ts";
import { binary, Home, run } from "../../helpers/program.ts";

const NOW = new Date("2026-11-27T12:00:00Z");
const ZONEINFO = "/usr/share/zoneinfo";

/** Seconds ahead of UTC at these instants, as GNU date has it. */
function offsetsOfDate(tz: string, instants: readonly number[]): number[] {
	const input = instants.map((seconds) => `@${seconds}`).join("\n");
	const { stdout } = Bun.spawnSync(["date", "-f", "-", "+%::z"], {
		env: { TZ: tz },
		stdin: new Blob([input]),
	});
	return stdout
		.toString()
		.trimEnd()
		.split("\n")
		.map((text) => {
			const [hours, minutes, seconds] = text.slice(1).split(":").map(Number);
			const total =
				Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
			return text.startsWith("-") ? 0 - total : total;
		});
}

const YEARS = Array.from(
	{ length: 800 },
	(_, index) => Date.UTC(2019, 0, 1) / 1000 + index * 400_013,
);

describe("a POSIX rule", () => {
	test.each([
		"CET-1CEST,M3.5.0,M10.5.0/3",
		"EST5EDT",
		"NZST-12NZDT,M9.5.0,M4.1.0/3",
		"<+0330>-3:30<+0430>,J79/24,J263/24",
		"AAA4BBB2:30,59/0:30,300/-1",
		"<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
		"IST-1GMT0,M10.5.0,M3.5.0/1",
		"UTC-2",
		"XXX3:17:09",
	])("%s is read as the C library reads it", (rule) => {
		const offsetAt = parsePosixRule(rule);
		expect(YEARS.map((instant) => offsetAt?.(instant))).toEqual(
			offsetsOfDate(rule, YEARS),
		);
	});

	test.each([
		"",
		"UTC",
		"A1",
		"Europe/Berlin",
		"CET-1CEST,M3.5.0",
		"CET-1CEST,M3.6.0,M10.5.0",
	])("%j is none", (text) => {
		expect(parsePosixRule(text)).toBeNull();
	});
});

describe("a file of a time zone", () => {
	test.each([
		"Europe/Berlin",
		"America/St_Johns",
		"Africa/Casablanca",
		"Asia/Kathmandu",
		"Pacific/Apia",
		"right/Asia/Tokyo",
	])("%s is read as the C library reads it", (name) => {
		const offsetAt = parseTzif(readFileSync(`${ZONEINFO}/${name}`));
		const instants = [...YEARS, -1e9, 0, 3e8, 9e8, 5e9];
		expect(instants.map((instant) => offsetAt?.(instant))).toEqual(
			offsetsOfDate(name, instants),
		);
	});

	test("that is cut off or none at all is no zone and no crash", () => {
		const bytes = readFileSync(`${ZONEINFO}/Europe/Berlin`);
		const length = fc.integer({ min: 0, max: bytes.length - 1 });
		fc.assert(
			fc.property(length, (end) => {
				const offsetAt = parseTzif(bytes.subarray(0, end));
				if (offsetAt !== null) expect(Number.isInteger(offsetAt(0))).toBe(true);
			}),
		);
		expect(parseTzif(readFileSync("/etc/passwd"))).toBeNull();
	});
});

describe("TZ", () => {
	test.each([
		["Asia/Kolkata", "Asia/Kolkata"],
		[":Asia/Kolkata", "Asia/Kolkata"],
		[`${ZONEINFO}/America/Lima`, "America/Lima"],
		[`:${ZONEINFO}/posix/America/Lima`, "America/Lima"],
		["right/Asia/Tokyo", "Asia/Tokyo"],
		["CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Berlin"],
		["<+0530>-5:30", "Asia/Kolkata"],
		["posixrules", "America/New_York"],
		["GMT+3", "Etc/GMT+3"],
	])("%s is %s", (tz, name) => {
		expect(meantZone(tz, NOW)).toEqual({ name, warning: null });
	});

	test.each(["Nonsense/Zone", "/etc/passwd", "/no/such/file", "XXX3:17"])(
		"%s has no name, which is a warning",
		(tz) => {
			const { name, warning } = meantZone(tz, NOW);
			expect(name).toBe("UTC");
			expect(warning).toContain(`TZ=${tz} is `);
		},
	);

	test("zones are one if their clocks are", () => {
		expect(isSameZone("Europe/Berlin", "Europe/Paris", NOW)).toBe(true);
		expect(isSameZone("Europe/Berlin", "Africa/Algiers", NOW)).toBe(false);
		expect(isSameZone("Etc/UTC", "UTC", NOW)).toBe(true);
	});
});

test.each([
	["which is a copy", (path: string) => cpSync(`${ZONEINFO}/Asia/Tokyo`, path)],
	[
		"which has nothing but a rule",
		(path: string) => {
			const counts = Buffer.alloc(24);
			counts.writeUInt32BE(1, 16); // one type
			counts.writeUInt32BE(4, 20); // its letters
			const header = Buffer.concat([
				Buffer.from("TZif2"),
				Buffer.alloc(15),
				counts,
			]);
			const type = Buffer.concat([Buffer.alloc(6), Buffer.from("JST\0")]);
			const block = Buffer.concat([header, type]);
			writeFileSync(
				path,
				Buffer.concat([block, block, Buffer.from("\nJST-9\n")]),
			);
		},
	],
])(
	"an /etc/localtime %s, as a container may have it, is right without any other file",
	async (_, make) => {
		requireRoot("it puts another /etc/localtime into a namespace of its own");
		using home = new Home();
		mkdirSync(home.at("etc"));
		mkdirSync(home.at("none"));
		make(home.at("etc", "localtime"));
		const line = `mount --bind ${home.at("etc")} /etc && mount --bind ${home.at("none")} ${ZONEINFO} && exec "$0" "$@"`;
		const command = ["unshare", "-m", "sh", "-c", line, ...binary.command];
		const args = ["library", "schedule", "--json", "--at", "03:00"];
		const outcome = await run({ name: "copy", command }, home, args);
		const json = JSON.parse(outcome.stdout);
		for (const time of json.next_runs) expect(time).toEndWith("T18:00:00Z");
		expect(json.systemd_timer).toMatch(/03:00:00 Etc\/GMT-9\n/);
	},
);

test("a zone without a name is a warning, and the program goes on", async () => {
	using home = new Home();
	const env = { TZ: "Middle/Earth" };
	const args = ["library", "schedule", "--at", "03:00"];
	const { exitCode, stderr } = await run(binary, home, args, { env });
	expect(exitCode).toBe(0);
	expect(stderr).toStartWith("[warn] TZ=Middle/Earth is no time zone: ");
});
