// A schedule as text to paste, with what the person should know of it.

import { isoSeconds } from "../../core/archive/metadata.ts";
import { AppError } from "../../ground/errors.ts";
import type { Environment } from "../../ground/settings.ts";
import { usage } from "../arguments/args.ts";
import type { Context } from "../context.ts";
import { formatTime } from "../format.ts";
import type { Result } from "../output.ts";
import type { Call } from "./call.ts";
import { toContainer } from "./container.ts";
import { toCrontab } from "./crontab.ts";
import { lostKeys } from "./store.ts";
import { SERVICE_PATH, TIMER_PATH, toService, toTimer } from "./systemd.ts";
import { type Format, nextTimes, type Timing, zoneName } from "./timing.ts";

/**
 * Prints a schedule for one reader; with --json for each that can keep to it.
 * @throws AppError USAGE: the reader can't, or a secret would be printed
 */
export function printSchedule(
	call: Call,
	timing: Timing,
	format: Format,
	{ environment, output, now }: Context,
): Result {
	requireNoSecret(call);
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
		output.info(`${formatNext(nextRuns)}\n`);
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

/** @throws AppError USAGE: the ping URL was given as a flag, and so would be written down where others read it */
export function requireNoSecret({ pingUrl, settings }: Call): void {
	if (!pingUrl) return;
	throw usage(
		"--ping-url is a secret, and what is printed here is not",
		`put it into ${settings.configPath}: [backup] ping_url = "…"; with --run it may be given`,
	);
}

/** "next backups: 2026-02-06 03:00, … (UTC)" */
export function formatNext(nextRuns: readonly string[]): string {
	return `next backups: ${nextRuns.map(formatTime).join(", ")} (${zoneName()})`;
}

/** What keeps a schedule from working, that only the person can mend. */
export function warningsOf(
	{ missing, settings, outputDir }: Call,
	environment: Environment,
): string[] {
	const { configPath } = settings;
	const { VPO_BACKUP_PING_URL } = environment;
	const secret = `VPO_BACKUP_PING_URL is set here, but neither cron nor systemd will know it: put it into ${configPath} as ping_url in [backup]`;
	return [
		...missing.map((folder) => `make this folder first: ${folder}`),
		...(VPO_BACKUP_PING_URL ? [secret] : []),
		...[lostKeys(settings, outputDir, environment) ?? []].flat(),
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
