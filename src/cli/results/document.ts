// The one document of a run in JSON: of its success, of what it found, of its failure.

import {
	AppError,
	causeOf,
	type ErrorCode,
	EXIT_CODES,
} from "../../ground/errors.ts";

interface Done {
	readonly json: object;
	readonly warnings?: readonly string[];
	readonly exitCode?: number;
}

/** The document of a failure. */
export interface FailureJson {
	readonly success: false;
	readonly error: string;
	readonly code: ErrorCode;
	readonly exit_code: number;
	readonly hint: string | null;
}

/** The document of a result. What was done and needs a look is no plain success: it says why, and the exit code. */
export function documentOf({
	json,
	warnings = [],
	exitCode = 0,
}: Done): object {
	const isPlain = "success" in json && json.success === true;
	if (exitCode === 0 || !isPlain) return json;
	const error = warnings.join("; ");
	return {
		...json,
		success: false,
		error,
		code: "ATTENTION",
		exit_code: exitCode,
	};
}

/** What a failure, foreseen or not, is reported as. */
export function failureJson(thrown: unknown): FailureJson {
	const error = causeOf(thrown);
	if (error instanceof AppError) {
		const { message, code, exitCode, hint } = error;
		return envelope(message, code, exitCode, hint ?? null);
	}
	return envelope(
		`unforeseen error: ${messageOf(error)}`,
		"GENERAL_ERROR",
		EXIT_CODES.GENERAL_ERROR,
		"a bug in vpo; set VPO_DEBUG=1 to see where it happened",
	);
}

function envelope(
	error: string,
	code: ErrorCode,
	exit_code: number,
	hint: string | null,
): FailureJson {
	return { success: false, error, code, exit_code, hint };
}

/** As text. JSON.stringify leaves DEL, C1 and the direction marks as they are; a terminal would obey them. */
export function toJson(value: object): string {
	const text = JSON.stringify(value, null, 2);
	return `${text.replaceAll(/[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g, escapeJson)}\n`;
}

function escapeJson(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
