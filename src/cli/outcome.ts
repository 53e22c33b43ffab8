// How a run went, in the words that go to a monitor and in the document that goes to the user's own commands.

import type { Ping } from "../core/schedule/notify.ts";
import { failureJson, type Result } from "./output.ts";

/** A run's end. */
export interface Outcome {
	readonly ping: Ping;
	readonly body: string;
	readonly json: object;
}

/** Of work that was done, which may still call for attention. */
export function finished({
	text,
	json,
	warnings = [],
	exitCode,
}: Result): Outcome {
	const lines = warnings.map((warning) => `Warning: ${warning}`);
	const body = [text, ...lines].join("\n");
	return { ping: exitCode ? "fail" : "success", body, json };
}

/** Of work that failed, or was broken off. */
export function failed(error: unknown): Outcome {
	const json = failureJson(error);
	const title = `Failed with exit code ${json.exit_code} (${json.code})`;
	const body = [title, json.error, json.hint ?? ""].join("\n").trimEnd();
	return { ping: "fail", body, json };
}
