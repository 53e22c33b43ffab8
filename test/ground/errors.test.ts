// Every foreseen failure has a code, and every code its exit code: VPO's own.

import { describe, expect, test } from "bun:test";
import {
	AppError,
	causeOf,
	type ErrorCode,
	EXIT_CODES,
	errnoOf,
	fileError,
	reasonOf,
	toldOf,
} from "../../src/ground/errors.ts";

const systemError = (code: string) =>
	Object.assign(new Error(`${code}: raw text`), { code });

test("the exit codes are those of DESIGN §5", () => {
	const expected: Partial<Record<ErrorCode, number>> = {
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
	};
	expect(EXIT_CODES).toMatchObject(expected);
});

describe("an AppError", () => {
	test.each(Object.entries(EXIT_CODES))(
		"%s exits with %d",
		(code, exitCode) => {
			expect(new AppError(code as ErrorCode, "x").exitCode).toBe(exitCode);
		},
	);

	test("carries what to do, what was the cause, and a signal's own exit code", () => {
		const cause = new Error("below");
		const error = new AppError("INTERRUPTED", "stopped", {
			hint: "try again",
			exitCode: 143,
			cause,
		});
		expect(error).toBeInstanceOf(Error);
		expect(error).toMatchObject({
			name: "AppError",
			message: "stopped",
			hint: "try again",
			exitCode: 143,
			cause,
		});
	});
});

describe("fileError", () => {
	test.each([
		["EACCES", "permission denied"],
		["EROFS", "the file system is read-only"],
		["ENOENT", "no such file or folder"],
		["ENOTDIR", "a part of the path is not a folder"],
		["EISDIR", "it is a folder"],
		["ENAMETOOLONG", "the name is too long"],
		["ELOOP", "too many symbolic links"],
		["EIO", "input/output error"],
		["EWHATEVER", "EWHATEVER"],
	])("tells %s in words", (errno, words) => {
		const cause = systemError(errno);
		expect(fileError("cannot read /x", cause, "a hint")).toMatchObject({
			code: "OPERATION_FAILED",
			message: `cannot read /x: ${words}`,
			hint: "a hint",
			cause,
		});
		expect(reasonOf(cause)).toBe(words);
	});

	test.each([
		["ENOSPC", "no space left on device"],
		["EDQUOT", "disk quota exceeded"],
	])("makes %s too little space, with a hint", (errno, words) => {
		expect(fileError("cannot write /x", systemError(errno))).toMatchObject({
			code: "INSUFFICIENT_SPACE",
			exitCode: 44,
			message: `cannot write /x: ${words}`,
			hint: expect.stringContaining("free some space"),
		});
	});

	test("lets an AppError through as it is", () => {
		const error = new AppError("NOT_FOUND", "gone");
		expect(fileError("cannot read /x", error)).toBe(error);
	});

	test.each([
		["a bug", new TypeError("undefined is not a function")],
		["a wrong argument", systemError("ERR_INVALID_ARG_TYPE")],
		["SQLite", systemError("SQLITE_BUSY")],
		["no error at all", "text"],
	])("never dresses up %s as a failure of a file", (_, cause) => {
		expect(() => fileError("cannot read /x", cause)).toThrow();
	});
});

describe("an error after which disposing failed as well", () => {
	const after = (error: unknown) =>
		new SuppressedError(
			systemError("EBADF"),
			new SuppressedError(systemError("EIO"), error),
		);

	test("is the one that was thrown first", () => {
		expect(errnoOf(after(systemError("ENOSPC")))).toBe("ENOSPC");
		expect(causeOf(after("text"))).toBe("text");
		expect(causeOf("text")).toBe("text");
		const told = new AppError("NOT_FOUND", "no /copy");
		expect(toldOf("/mine", "/copy", after(told))).toMatchObject({
			code: "NOT_FOUND",
			message: "no /mine",
		});
	});

	test("is told as a failure of a file, if it is one", () => {
		const full = after(systemError("EDQUOT"));
		expect(fileError("cannot write /x", full)).toMatchObject({
			code: "INSUFFICIENT_SPACE",
			message: "cannot write /x: disk quota exceeded",
		});
		const error = new AppError("NOT_FOUND", "gone");
		expect(fileError("cannot read /x", after(error))).toBe(error);
	});
});

test("errnoOf is the code of a system error, and nothing of anything else", () => {
	expect(errnoOf(systemError("ENOENT"))).toBe("ENOENT");
	for (const other of [{ code: 5 }, new Error("x"), null, undefined, "ENOENT"])
		expect(errnoOf(other)).toBe("");
});
