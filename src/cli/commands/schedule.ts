// vpo library schedule: when → what to paste, or (--run) keep to it here and now.

import { existsSync } from "node:fs";
import { defineCommand } from "citty";
import { isoSeconds } from "../../core/archive/metadata.ts";
import { AppError } from "../../ground/errors.ts";
import type { Environment } from "../../ground/settings.ts";
import { commonArgs, usage } from "../arguments/args.ts";
import { backupArgs } from "../arguments/backup.ts";
import { flagsIn } from "../arguments/strict.ts";
import type { Context } from "../context.ts";
import { formatTime } from "../format.ts";
import type { Result } from "../output.ts";
import { type Call, settleCall } from "../schedule/call.ts";
import { toContainer } from "../schedule/container.ts";
import { toCrontab } from "../schedule/crontab.ts";
import { keepSchedule } from "../schedule/foreground.ts";
import {
	SERVICE_PATH,
	TIMER_PATH,
	toService,
	toTimer,
} from "../schedule/systemd.ts";
import {
	type Format,
	nextTimes,
	readTiming,
	type Timing,
	zoneName,
} from "../schedule/timing.ts";

export const examples = [
	"vpo library schedule --at 03:00",
	"vpo library schedule --at 03:00 --at 15:00 --format systemd",
	"vpo library schedule --every 6h --format container",
	'vpo library schedule --cron "0 3 * * MON-FRI" -- --prune --skip-unchanged',
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
		const timing = readTiming({ at, every: args.every, cron: args.cron });
		const format = args.format;
		if (args.run && format)
			throw usage("--format and --run exclude each other");
		if (!args.run && !args["catch-up"]) {
			throw usage("--no-catch-up has a meaning only with --run");
		}
		const call = await settleCall(rest, context);
		if (args.run) {
			return keepSchedule(call, timing, args["catch-up"], context);
		}
		return printed(call, timing, format ?? "crontab", context);
	},
});

function split(rawArgs: readonly string[]): [string[], string[]] {
	const at = rawArgs.indexOf("--");
	const end = at < 0 ? rawArgs.length : at;
	return [rawArgs.slice(0, end), rawArgs.slice(end + 1)];
}

function printed(
	call: Call,
	timing: Timing,
	format: Format,
	{ environment, output, now }: Context,
): Result {
	if (call.pingUrl) {
		throw usage(
			"--ping-url is a secret, and what is printed here is not",
			`put it into ${call.settings.configPath}: [backup] ping_url = "…"; with --run it may be given`,
		);
	}
	const crontab = toCrontab(call, timing, now);
	const container = toContainer(call, timing, environment);
	const service = toService(call);
	const timer = toTimer(timing);
	const texts: Record<Format, string | AppError> = {
		crontab,
		systemd: timer instanceof AppError ? timer : systemdText(service, timer),
		container,
	};
	const text = texts[format];
	if (text instanceof AppError && !output.isJson) throw text;
	const nextRuns = nextTimes(timing, format, now).map(isoSeconds);
	if (!output.isJson) {
		const times = nextRuns.map(formatTime).join(", ");
		output.info(`next backups: ${times} (${zoneName()})\n`);
	}
	const warnings = warningsOf(call, environment);
	return {
		warnings,
		text: text instanceof AppError ? "" : text,
		json: {
			crontab: orNull(crontab),
			systemd_service: service,
			systemd_timer: orNull(timer),
			container: orNull(container),
			next_runs: nextRuns,
			warnings,
		},
	};
}

function warningsOf(
	{ folders, settings: { configPath } }: Call,
	{ VPO_BACKUP_PING_URL }: Environment,
): string[] {
	const missing = folders.filter((folder) => !existsSync(folder));
	const secret = `VPO_BACKUP_PING_URL is set here, but neither cron nor systemd will know it: put it into ${configPath} as ping_url in [backup]`;
	return [
		...missing.map((folder) => `make this folder first: ${folder}`),
		...(VPO_BACKUP_PING_URL ? [secret] : []),
	];
}

function systemdText(service: string, timer: string): string {
	return [
		`# ${SERVICE_PATH}`,
		service,
		"",
		`# ${TIMER_PATH}`,
		timer,
		"",
		"# Write both files, then: systemctl daemon-reload && systemctl enable --now vpo-backup.timer",
	].join("\n");
}

function orNull(text: string | AppError): string | null {
	return text instanceof AppError ? null : text;
}
