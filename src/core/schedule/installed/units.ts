// A timer and its service where systemd looks for them: root's for the machine, anybody else's for himself. Files that
// don't carry our mark are never replaced.

import { readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, fileError, isMissing } from "../../../ground/errors.ts";
import { type Environment, homeFolder } from "../../../ground/settings.ts";
import { type Change, markOf } from "./change.ts";
import { callTool, requireTool } from "./tool.ts";

const TIMER = "vpo-backup.timer";
const SERVICE = "vpo-backup.service";
const SYSTEM_FOLDER = "/etc/systemd/system";
const FILE_MODE = 0o644;

/** The texts of the two files. */
export interface Units {
	readonly service: string;
	readonly timer: string;
}

/**
 * Plans the files of a library's timer.
 * @param units what shall be there; null: nothing
 * @throws AppError NOT_FOUND: there is no systemd here; OPERATION_FAILED: it does not answer, or others' files stand there
 */
export async function planUnits(
	libraryPath: string,
	units: Units | null,
	environment: Environment,
): Promise<Change> {
	const isRoot = process.getuid?.() === 0;
	const folder = isRoot ? SYSTEM_FOLDER : userFolder(environment);
	const manage = (...words: string[]) => {
		const scope = isRoot ? [] : ["--user"];
		return requireTool(["systemctl", ...scope, ...words], environment);
	};
	const head = `# ${markOf(libraryPath)} (schedule --uninstall removes it)\n`;
	const found = [SERVICE, TIMER].map((name) => readOwn(folder, name, head));
	const before = found.some((text) => text !== null) ? found.join("\n") : null;
	const wanted = units && [
		`${head}${units.service}\n`,
		`${head}${units.timer}\n`,
	];
	const after = wanted?.join("\n") ?? null;
	// It must be there before anything is changed.
	if (units !== null || before !== null) await manage("show-environment");
	const isNeeded =
		before !== after || (units !== null && !(await isEnabled(manage)));
	return {
		where: folder,
		before,
		after,
		isNeeded,
		apply: async () => {
			if (wanted === null) {
				await manage("disable", "--now", TIMER);
				for (const name of [SERVICE, TIMER]) await remove(join(folder, name));
				await manage("daemon-reload");
				return [];
			}
			for (const [index, name] of [SERVICE, TIMER].entries()) {
				await write(folder, name, wanted[index] ?? "");
			}
			await manage("daemon-reload");
			await manage("enable", TIMER);
			await manage("restart", TIMER);
			return isRoot ? [] : lingerWarnings(environment);
		},
	};
}

function userFolder(environment: Environment): string {
	const config =
		environment.XDG_CONFIG_HOME || join(homeFolder(environment), ".config");
	return join(config, "systemd", "user");
}

async function isEnabled(
	manage: (...words: string[]) => Promise<string>,
): Promise<boolean> {
	return manage("is-enabled", TIMER).then(
		(answer) => answer.trim() === "enabled",
		() => false,
	);
}

/** A file of ours; null: there is none. */
function readOwn(folder: string, name: string, head: string): string | null {
	const path = join(folder, name);
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (cause) {
		if (isMissing(cause)) return null;
		throw fileError(`cannot read ${path}`, cause);
	}
	if (text.startsWith(head)) return text;
	throw new AppError(
		"OPERATION_FAILED",
		`${path} is not what --install made for this library`,
		{ hint: "remove it or give it another name, then try again" },
	);
}

async function write(
	folder: string,
	name: string,
	text: string,
): Promise<void> {
	const path = join(folder, name);
	try {
		await mkdir(folder, { recursive: true });
		await writeFile(`${path}.new`, text, { mode: FILE_MODE });
		await rename(`${path}.new`, path);
	} catch (cause) {
		throw fileError(`cannot write ${path}`, cause);
	}
}

async function remove(path: string): Promise<void> {
	await rm(path, { force: true }).catch((cause) => {
		throw fileError(`cannot remove ${path}`, cause);
	});
}

// A user's timers elapse only while his manager runs: while he is logged in, or always if he lingers.
async function lingerWarnings(environment: Environment): Promise<string[]> {
	const uid = String(process.getuid?.());
	const ask = ["loginctl", "show-user", uid, "--property=Linger"];
	const answer = await callTool(ask, environment).catch(() => null);
	if (answer?.exitCode === 0 && answer.stdout.trim() === "Linger=yes") {
		return [];
	}
	return [
		"the timer runs only while you are logged in; always: loginctl enable-linger",
	];
}
