// The keys of every command's JSON document, as the program gives them.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makePlace, type Place } from "../../test/helpers/places.ts";

/** Objects whose keys are the user's own: tables, settings, columns. */
const OPEN = ["table_rows", "settings", "rows[]"];

interface Call {
	readonly call: string;
	/** Only what is different from this earlier one is told. */
	readonly base?: string;
}

const CALLS: readonly Call[] = [
	{ call: "backup --note x" },
	{ call: "backup --skip-unchanged", base: "backup" },
	{ call: "backup --prune --keep-last 9", base: "backup" },
	{ call: "backup --dry-run" },
	{ call: "backups" },
	{ call: "backups --names" },
	{ call: "show latest" },
	{ call: "diff 2026-02-05T143022" },
	{ call: "log /mnt/media" },
	{ call: "query live 'SELECT path FROM files LIMIT 1'" },
	{ call: "extract latest --to ~/copy.db" },
	{ call: "verify 2026-02-05T143022" },
	{ call: "pin latest" },
	{ call: "unpin latest", base: "pin" },
	{ call: "restore --dry-run 2026-02-05T143022" },
	{ call: "restore --yes 2026-02-05T143022" },
	{ call: "restore --only-missing --dry-run 2026-02-05T143022" },
	{ call: "restore --only-missing --yes 2026-02-05T143022" },
	{ call: "copy --dry-run" },
	{ call: "copy" },
	{ call: "check" },
	{ call: "prune --keep-last 1 --dry-run" },
	{ call: "prune --keep-last 1 --yes" },
	{ call: "schedule --at 03:00" },
	{ call: "config" },
	{ call: "config --init --dry-run" },
	{ call: "restore none" },
];

const MARKED = /(?<=<!-- keys:start -->\n)[\s\S]*?(?=<!-- keys:end -->)/;

/** A page with the table of all keys between its marks. */
export async function withKeys(page: string): Promise<string> {
	const table = await keysTable();
	return page.replace(MARKED, () => `\n${table}\n\n`);
}

/** Rows of a table in Markdown: a call, and the keys of its document. */
async function keysTable(): Promise<string> {
	using place = await makePlace("one backup, and a loss");
	prepare(place);
	const shapes = new Map<string, string[]>();
	const rows: string[] = [];
	for (const { call, base } of CALLS) {
		const [name = ""] = call.split(" ");
		const shape = shapeOf(documentOf(call, place));
		shapes.set(base ? call : name, shape);
		const known = base === undefined ? [] : (shapes.get(base) ?? []);
		const added = shape.filter((key) => !known.includes(key));
		const lacking = known.filter((key) => !shape.includes(key));
		const parts = [
			...(base === undefined ? [] : [`as \`${base}\``]),
			...(lacking.length > 0 ? [`without \`${lacking.join(", ")}\``] : []),
			...(added.length > 0 ? [`\`${added.join(", ")}\``] : []),
		];
		rows.push(`| \`${call}\` | ${parts.join("; ")} |`);
	}
	return ["| call, with `--json` | keys |", "|---|---|", ...rows].join("\n");
}

// With a second location, so that what is told of such is there as well.
function prepare(place: Place): void {
	const copies = place.inside("/mnt/nas/copies");
	mkdirSync(copies);
	writeFileSync(
		join(place.home, ".vpo/config.toml"),
		`[[backup.copy]]\nto = "${copies}"\n`,
	);
}

function documentOf(call: string, place: Place): object {
	const line = place.inside(`vpo library ${call} --json`);
	const { stdout } = Bun.spawnSync(["bash", "-c", line], {
		env: {
			HOME: place.home,
			PATH: `${dirname(place.program)}:${process.env.PATH}`,
			TZ: "UTC",
		},
		stderr: "ignore",
	});
	return JSON.parse(stdout.toString()) as object;
}

/** The keys, those of what lies inside in braces: `path, tables[]{name, rows}`. */
function shapeOf(value: object): string[] {
	return Object.entries(value).map(([key, inside]) => {
		const isList = Array.isArray(inside);
		const name = isList ? `${key}[]` : key;
		const one: unknown = isList ? inside[0] : inside;
		return typeof one === "object" && one !== null && !OPEN.includes(name)
			? `${name}{${shapeOf(one).join(", ")}}`
			: name;
	});
}
