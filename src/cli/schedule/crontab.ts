// A schedule as lines to paste into a crontab.

import type { Call } from "./call.ts";
import { crontabAssignment, crontabWords } from "./quote.ts";
import type { Timing } from "./timing.ts";

/** Lines for `crontab -e`; null where cron can't keep the time. */
export function toCrontab(call: Call, { expressions }: Timing): string | null {
	if (expressions === null) return null;
	const { program, flags, environment, isJson } = call;
	const variables = Object.entries(environment).map(([name, value]) =>
		crontabAssignment(name, value),
	);
	const words = crontabWords([...program, "library", "backup", ...flags]);
	// Cron mails all that is printed; without the result it mails only warnings and errors.
	const silence = isJson ? [] : [">/dev/null"];
	const line = [...variables, words, ...silence].join(" ");
	return [
		"# Back up VPO's library; to paste into: crontab -e",
		...expressions.map((expression) => `${expression} ${line}`),
	].join("\n");
}
