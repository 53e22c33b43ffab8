// A schedule as lines to paste into a crontab. What some cron would read otherwise is not printed.

import { toPlainCron } from "../../core/schedule/calendar.ts";
import { isSameZone, systemZone } from "../../core/schedule/zone.ts";
import type { AppError } from "../../ground/errors.ts";
import { usage } from "../arguments/args.ts";
import type { Call } from "./call.ts";
import { crontabAssignment, crontabWords } from "./quote.ts";
import { type Timing, zoneName } from "./timing.ts";

/** Debian's cron cuts off what is longer, without a word. */
const MOST_BYTES = 998;

/**
 * Lines for `crontab -e`, or why cron can't do it.
 * @param remark what else the comment says
 */
export function toCrontab(
	call: Call,
	{ expressions, flags }: Timing,
	now: Date,
	remark = "; to paste into: crontab -e",
): string | AppError {
	if (expressions === null) {
		return usage(
			`cron can't keep to ${flags.join(" ")}`,
			"take --format systemd or --run, or an interval that divides an hour or a day",
		);
	}
	const zone = systemZone(now);
	if (!isSameZone(zone, zoneName(), now)) {
		return usage(
			`cron keeps to the time zone of this machine, ${zone}, not to TZ=${zoneName()}`,
			"unset TZ and say the time as the machine has it, or take --format systemd or --run",
		);
	}
	const line = toLine(call);
	const lines = expressions.map((it) => `${toPlainCron(it)} ${line}`);
	if (lines.some((text) => Buffer.byteLength(text) > MOST_BYTES)) {
		return usage(
			`cron takes no line of more than ${MOST_BYTES} bytes, and this one has ${Buffer.byteLength(lines[0] ?? "")}`,
			`put what can stand there into ${call.settings.configPath}, or take --format systemd`,
		);
	}
	const note = `# Back up VPO's library, at times of ${zoneName()}${remark}`;
	return [note, ...lines].join("\n");
}

function toLine({ program, flags, environment, isJson }: Call): string {
	const variables = Object.entries(environment).map(([name, value]) =>
		crontabAssignment(name, value),
	);
	const words = crontabWords([...program, "library", "backup", ...flags]);
	// Cron mails all that is printed; without the result it mails only warnings and errors.
	const silence = isJson ? [] : [">/dev/null"];
	return [...variables, words, ...silence].join(" ");
}
