// Root is nobody special: what belongs to a user is worked on with that user's rights, so that no path which he can
// exchange is followed with root's, and nothing that is left behind locks him out.

import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError, errnoOf, fileError, isMissing, workAs } from "../errors.ts";
import { nearestTrusted } from "./links.ts";

const ROOT = 0;

/** A user of this machine, as far as /etc/passwd and /etc/group know him. */
interface User {
	readonly uid: number;
	readonly gid: number;
	readonly groups: readonly number[];
	readonly name: string | null;
}

/**
 * Run as root, the program becomes the owner of the folder in which this file is or would be: for all its threads, and
 * for good. It stays root where that owner is root.
 * @param path an absolute path; of its folders the nearest that is there counts
 * @throws AppError OPERATION_FAILED: it can't; a link on the way there is another user's and leads to what isn't his
 */
export async function becomeOwner(path: string): Promise<void> {
	if (process.geteuid?.() !== ROOT) return;
	const folder = await nearestTrusted(dirname(path));
	const { uid, gid } = await stat(folder);
	if (uid === ROOT) return;
	const user = await userOf(uid, gid);
	const who = user.name === null ? `uid ${uid}` : `${user.name} (uid ${uid})`;
	try {
		process.setgroups?.([...user.groups]);
		process.setgid?.(user.gid);
		process.setuid?.(user.uid);
	} catch (cause) {
		// Nobody here can be a user of another user namespace; what is his, this root has no more rights to than others.
		if (errnoOf(cause) === "EINVAL") return;
		throw new AppError(
			"OPERATION_FAILED",
			`cannot work as ${who}, to whom ${folder} belongs: root may not change users here`,
			{ hint: `run vpo as that user: ${uid}:${user.gid}`, cause },
		);
	}
	workAs(who);
}

async function userOf(uid: number, gidOfFolder: number): Promise<User> {
	const [passwd, group] = await Promise.all(
		["/etc/passwd", "/etc/group"].map(linesOf),
	);
	const entry = passwd?.find(([, , id]) => id === String(uid));
	if (!entry) {
		// Containers have users that are nothing but a number. Root's group is never theirs.
		const gid = gidOfFolder === ROOT ? uid : gidOfFolder;
		return { uid, gid, groups: [], name: null };
	}
	const [name = "", , , gid] = entry;
	const groups = (group ?? [])
		.filter(([, , , members = ""]) => members.split(",").includes(name))
		.map(([, , id]) => Number(id));
	return { uid, gid: Number(gid), groups, name };
}

async function linesOf(path: string): Promise<string[][]> {
	const text = await readFile(path, "utf8").catch((cause) => {
		if (isMissing(cause)) return "";
		throw fileError(`cannot read ${path}`, cause);
	});
	return text.split("\n").map((line) => line.split(":"));
}
