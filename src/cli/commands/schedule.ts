// vpo library schedule: when → what to paste, or (--install) put it where it belongs, or (--run) keep to it here and now.

import { defineCommand } from "citty";
import { commonArgs, usage } from "../arguments/args.ts";
import { backupArgs } from "../arguments/backup.ts";
import { flagsIn } from "../arguments/strict.ts";
import type { Context } from "../context.ts";
import type { Result } from "../output.ts";
import { settleCall } from "../schedule/call.ts";
import { keepSchedule } from "../schedule/foreground.ts";
import { installSchedule, uninstallSchedule } from "../schedule/install.ts";
import { printSchedule } from "../schedule/printed.ts";
import { type Format, readTiming } from "../schedule/timing.ts";

export const examples = [
	"vpo library schedule --at 03:00",
	"vpo library schedule --at 03:00 --at 15:00 --format systemd",
	"vpo library schedule --every 6h --format container",
	'vpo library schedule --cron "0 3 * * MON-FRI" -- --prune --skip-unchanged',
	"vpo library schedule --at 03:00 --install -- --prune",
	"vpo library schedule --uninstall",
	"vpo library schedule --run --every 6h -- --output /backups/",
];

/** What may stand behind `--`. */
export const restArgs = backupArgs;

const FORMATS: Format[] = ["crontab", "systemd", "container"];

const scheduleArgs = {
	at: {
		type: "string",
		valueHint: "HH:MM",
		description: "Daily at this local time; may be given more than once",
	},
	every: {
		type: "string",
		valueHint: "TIME",
		description: "Every so often: 30min, 6h, 1d, 1w",
	},
	cron: {
		type: "string",
		valueHint: "EXPRESSION",
		description: 'As crontab has it, in local time: "0 3 * * *"',
	},
	format: {
		type: "enum",
		options: FORMATS,
		valueHint: "FORMAT",
		description: `What to print: ${FORMATS.join(", ")} (default: crontab)`,
	},
	install: {
		type: "boolean",
		description:
			"Put it there: into your crontab, or with --format systemd into your own units (root's: the machine's); it is shown first",
	},
	uninstall: {
		type: "boolean",
		description: "Take out what --install has put there",
	},
	yes: {
		type: "boolean",
		alias: "y",
		description: "With these two: don't ask",
	},
	run: {
		type: "boolean",
		description: "Print nothing: stay in the foreground and back up on time",
	},
	"catch-up": {
		type: "boolean",
		default: true,
		description: "With --run: start at once if the newest backup is too old",
		negativeDescription: "With --run: never start before the next time",
	},
	...commonArgs,
} as const;

export const command = defineCommand({
	meta: {
		name: "schedule",
		description:
			"Print what makes cron, systemd or a container back up regularly; the backup's own flags stand behind --",
	},
	args: scheduleArgs,
	async run({ args, rawArgs, data }): Promise<Result> {
		const context = data as Context;
		const [own, rest] = split(rawArgs);
		const at = flagsIn(own, scheduleArgs).flatMap(({ name, value }) =>
			name === "at" && value ? [value] : [],
		);
		requireOneVerb(args);
		const call = await settleCall(rest, context);
		const { format, yes = false } = args;
		if (args.uninstall) {
			if (at.length > 0 || args.every || args.cron) {
				throw usage("--uninstall takes no time");
			}
			return uninstallSchedule(call, format, yes, context);
		}
		const timing = readTiming({ at, every: args.every, cron: args.cron });
		if (args.run) {
			return keepSchedule(call, timing, args["catch-up"], context);
		}
		return args.install
			? installSchedule(call, timing, format ?? "crontab", yes, context)
			: printSchedule(call, timing, format ?? "crontab", context);
	},
});

function requireOneVerb(args: {
	readonly run?: boolean | undefined;
	readonly install?: boolean | undefined;
	readonly uninstall?: boolean | undefined;
	readonly yes?: boolean | undefined;
	readonly format?: Format | undefined;
	readonly "catch-up": boolean;
}): void {
	const verbs = (["run", "install", "uninstall"] as const).filter(
		(name) => args[name],
	);
	const [first, second] = verbs;
	if (second) throw usage(`--${first} and --${second} exclude each other`);
	if (args.run && args.format) {
		throw usage("--format and --run exclude each other");
	}
	if (args.format === "container" && first) {
		throw usage(
			`--${first} can't be done for a container`,
			"paste what is printed without it",
		);
	}
	if (args.yes && first !== "install" && first !== "uninstall") {
		throw usage("--yes has a meaning only with --install and --uninstall");
	}
	if (!args.run && !args["catch-up"]) {
		throw usage("--no-catch-up has a meaning only with --run");
	}
}

function split(rawArgs: readonly string[]): [string[], string[]] {
	const at = rawArgs.indexOf("--");
	const end = at < 0 ? rawArgs.length : at;
	return [rawArgs.slice(0, end), rawArgs.slice(end + 1)];
}
