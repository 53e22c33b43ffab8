// Every foreseen failure is an AppError; whatever else is thrown is a bug. One table maps codes to exit codes.

/** VPO's own exit codes, so that one cron wrapper serves both programs. */
export const EXIT_CODES = {
	GENERAL_ERROR: 1,
	CANCELLED: 1,
	USAGE: 2,
	CONFIRMATION_REQUIRED: 2,
	CONFIG_ERROR: 11,
	NOT_FOUND: 20,
	OPERATION_FAILED: 40,
	DATABASE_ERROR: 42,
	DATABASE_LOCKED: 43,
	INSUFFICIENT_SPACE: 44,
	SCHEMA_INCOMPATIBLE: 45,
	INVALID_ARCHIVE: 46,
	INTERRUPTED: 130,
} as const;

/** As VPO's doctor: done, but somebody should look. */
export const ATTENTION_EXIT_CODE = 60;

export type ErrorCode = keyof typeof EXIT_CODES;

export interface AppErrorOptions {
	/** What to do about it, often a command to type. */
	readonly hint?: string | undefined;
	readonly cause?: unknown;
	/** Only for INTERRUPTED, whose exit code tells the signal (130 or 143). */
	readonly exitCode?: number | undefined;
	/** Whether a DATABASE_ERROR is a damaged library, not a foreign file: its raw files are worth keeping. */
	readonly isDamage?: boolean | undefined;
}

/** A foreseen failure: one line that says what is wrong and with which file, and a hint. */
export class AppError extends Error {
	override readonly name = "AppError";
	readonly code: ErrorCode;
	readonly hint: string | undefined;
	readonly exitCode: number;
	readonly isDamage: boolean;

	constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
		super(message, { cause: options.cause });
		this.code = code;
		this.hint = options.hint;
		this.isDamage = options.isDamage ?? false;
		this.exitCode = options.exitCode ?? EXIT_CODES[code];
	}
}

/**
 * What went wrong first: where disposing of something (`using`) failed as well, that error wraps the one that counts, in
 * one without a message.
 */
export function causeOf(error: unknown): unknown {
	let first = error;
	while (first instanceof SuppressedError) first = first.suppressed;
	return first;
}

/** The same failure, told of the file that a person knows, where it showed in a private copy of that. */
export function toldOf(original: string, copy: string, told: unknown): unknown {
	const error = causeOf(told);
	if (!(error instanceof AppError) || !error.message.includes(copy)) {
		return error;
	}
	const { code, hint, exitCode, isDamage } = error;
	const message = error.message.replaceAll(copy, original);
	return new AppError(code, message, {
		hint,
		exitCode,
		isDamage,
		cause: error,
	});
}

/** The `code` of a system or SQLite error ("ENOSPC", "SQLITE_BUSY"), or "" where there is none. */
export function errnoOf(told: unknown): string {
	const error = causeOf(told);
	if (typeof error !== "object" || error === null) return "";
	const code = (error as { code?: unknown }).code;
	return typeof code === "string" ? code : "";
}

const REASONS: Readonly<Record<string, string>> = {
	EACCES: "permission denied",
	EPERM: "operation not permitted",
	EROFS: "the file system is read-only",
	ENOENT: "no such file or folder",
	ENOTDIR: "a part of the path is not a folder",
	EISDIR: "it is a folder",
	ENOSPC: "no space left on device",
	EIO: "input/output error",
	ENXIO: "it is a socket, or a device that is not there",
	ESTALE: "the network share is gone",
	ENAMETOOLONG: "the name is too long",
	ELOOP: "too many symbolic links",
	EMFILE: "too many open files",
	EEXIST: "it exists already",
};

/** Whether a system error says that a file is not there, or not even the folder in which it would be. */
export function isMissing(error: unknown): boolean {
	return ["ENOENT", "ENOTDIR"].includes(errnoOf(error));
}

/** What shares (SMB, NFS, FUSE) answer to a call that they don't offer; a local file system offers all that we call. */
const REFUSALS = [
	"EPERM",
	"EACCES",
	"EINVAL",
	"EXDEV",
	"ENOSYS",
	"ENOTSUP",
	"EOPNOTSUPP",
];

/** Whether a file system says that it does no such thing: modes, hard links, syncing, telling its free space. */
export function isRefusal(error: unknown): boolean {
	return REFUSALS.includes(errnoOf(error));
}

/** For `catch`: lets pass what a share does not offer. @throws all else */
export function passRefusal(error: unknown): void {
	if (!isRefusal(error)) throw error;
}

let workingAs = "";

/** From now on a permission that is denied is denied to this user, which root has become. */
export function workAs(user: string): void {
	workingAs = user;
}

/** What a system error means, for people; its code where we have no words for it. */
export function reasonOf(error: unknown): string {
	const errno = errnoOf(error);
	const reason = REASONS[errno] ?? errno;
	return workingAs && isDenied(errno) ? `${reason} for ${workingAs}` : reason;
}

function isDenied(errno: string): boolean {
	return errno === "EACCES" || errno === "EPERM";
}

/**
 * Wraps an error of a file operation: no space becomes INSUFFICIENT_SPACE, anything else OPERATION_FAILED.
 * @param doing what was tried, e.g. `cannot write /backups/x.tar.gz`
 */
export function fileError(
	doing: string,
	error: unknown,
	hint?: string,
): AppError {
	const cause = causeOf(error);
	if (cause instanceof AppError) return cause;
	const errno = errnoOf(cause);
	if (errno === "ENOSPC" || errno === "EDQUOT") {
		const reason =
			errno === "EDQUOT" ? "disk quota exceeded" : "no space left on device";
		return new AppError("INSUFFICIENT_SPACE", `${doing}: ${reason}`, {
			cause,
			hint: hint ?? "free some space there, or choose another place",
		});
	}
	if (errno === "" || errno.startsWith("SQLITE") || errno.startsWith("ERR_")) {
		throw cause;
	}
	return new AppError("OPERATION_FAILED", `${doing}: ${reasonOf(cause)}`, {
		cause,
		hint: hint ?? permissionHint(errno),
	});
}

/** Whether it was denied to the user whom root has become, and might not have been to root. */
export function isDeniedToOther(error: unknown): error is AppError {
	return (
		workingAs !== "" &&
		error instanceof AppError &&
		isDenied(errnoOf(error.cause))
	);
}

function permissionHint(errno: string): string | undefined {
	if (!workingAs || !isDenied(errno)) return undefined;
	return `root works as the owner of the library's folder: let ${workingAs} read and write there, or name another place`;
}

/** A text from outside, as a message takes it: what is longer than `mostCharacters` ends in "…". */
export function shortened(text: string, mostCharacters: number): string {
	return text.length > mostCharacters
		? `${text.slice(0, mostCharacters - 1)}…`
		: text;
}

/** A message about one file, where it is plain which one. */
export function withoutPath(message: string, path: string): string {
	return message.replace(`: ${path}`, "").replace(` ${path}`, "");
}
