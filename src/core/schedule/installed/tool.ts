// Calls a tool of the system's that keeps schedules: crontab, systemctl. Its words are passed on, not guessed at.

import { AppError } from "../../../ground/errors.ts";
import type { Environment } from "../../../ground/settings.ts";

const STANDARD_PATH = "/usr/local/bin:/usr/bin:/bin";
const MOST_MS = 30_000;

export interface Answer {
	readonly exitCode: number;
	/** Each byte a character. */
	readonly stdout: string;
	readonly stderr: string;
}

/**
 * Runs a tool to its end.
 * @param input for its stdin; each character a byte
 * @throws AppError NOT_FOUND: it is not installed
 */
export async function callTool(
	[name = "", ...args]: readonly string[],
	environment: Environment,
	input = "",
): Promise<Answer> {
	const PATH = environment.PATH || STANDARD_PATH;
	const path = Bun.which(name, { PATH });
	if (path === null) {
		throw new AppError("NOT_FOUND", `there is no ${name} on this machine`, {
			hint: "take the other one of --format crontab and --format systemd, or --run",
		});
	}
	const child = Bun.spawn([path, ...args], {
		// What it says is compared: it shall say it in English.
		env: { ...environment, LC_ALL: "C" },
		stdin: Buffer.from(input, "latin1"),
		stdout: "pipe",
		stderr: "pipe",
		timeout: MOST_MS,
	});
	const [stdout, stderr, exitCode] = await Promise.all([
		new Response(child.stdout).bytes(),
		new Response(child.stderr).text(),
		child.exited,
	]);
	const text = Buffer.from(stdout).toString("latin1");
	return { exitCode, stdout: text, stderr: stderr.trim() };
}

/** As `callTool`; a failure of the tool is one of ours. */
export async function requireTool(
	words: readonly string[],
	environment: Environment,
	input?: string,
): Promise<string> {
	const { exitCode, stdout, stderr } = await callTool(
		words,
		environment,
		input,
	);
	if (exitCode === 0) return stdout;
	const said = stderr || `exit code ${exitCode}`;
	throw new AppError("OPERATION_FAILED", `${words.join(" ")}: ${said}`);
}
