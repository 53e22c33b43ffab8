// How a run went, in the words that go to a monitor and in the document that goes to the user's own commands.

import type { Ping } from "../core/schedule/notify.ts";
import type { Result } from "./output.ts";
import { documentOf, failureJson } from "./results/document.ts";

/** A run's end. */
export interface Outcome {
	readonly ping: Ping;
	readonly body: string;
	readonly json: object;
}

/** Of work that was done, which may still call for attention. */
export function finished(result: Result): Outcome {
	const { text, warnings = [], exitCode = 0 } = result;
	const lines = warnings.map((warning) => `Warning: ${warning}`);
	const json = documentOf(result);
	if (exitCode === 0) {
		return { ping: "success", body: [text, ...lines].join("\n"), json };
	}
	const title = `Needs a look, exit code ${exitCode}`;
	return { ping: "fail", body: [title, ...lines, text].join("\n"), json };
}

/** Of work that failed, or was broken off. */
export function failed(error: unknown): Outcome {
	const json = failureJson(error);
	const title = `Failed with exit code ${json.exit_code} (${json.code})`;
	const body = [title, json.error, json.hint ?? ""].join("\n").trimEnd();
	return { ping: "fail", body, json };
}
