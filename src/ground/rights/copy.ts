// Copies owner, group, mode and lists of access from a file to another one that is open. It may keep its thread waiting.

import {
	fchmodSync,
	fchownSync,
	fstatSync,
	type Stats,
	statSync,
} from "node:fs";
import { isRefusal } from "../errors.ts";
import { type Attributes, attributes } from "../libc.ts";
import { modeWithoutList, POSIX_LIST, withoutGroup } from "./lists.ts";

/** NFS and ZFS have lists of another kind, which are copied as they are. */
const OTHER_LISTS = ["system.nfs4_acl", "system.nfs4_acl_xdr"];
const MODE_BITS = 0o777;
const GROUP_BITS = 0o070;
const OWNER_BITS = 0o700;

/** What a copy reads from and writes to. */
export interface Copying {
	/** A path, as opening and closing a file that SQLite has locked in this process would give up its locks. */
	readonly from: string;
	readonly to: number;
}

/** What became of a copy: what is lost, in words, lets fewer in than before; refused is what would let more in. */
export interface Copied {
	readonly lost: readonly string[];
	readonly refused: "owner" | "mode" | "list" | null;
}

/**
 * Lets all into the new file who are let into the old one, or fewer.
 * @throws a system error
 */
export async function copyAccess({ from, to }: Copying): Promise<Copied> {
	const model = statSync(from);
	const keepsGroup = setOwner(to, model);
	if (keepsGroup === null) return { lost: [], refused: "owner" };
	const lists = await attributes();
	const lost = keepsGroup
		? []
		: [`its group (gid ${model.gid}) can't be kept, and loses access`];
	const list = lists.ofFile(from, POSIX_LIST);
	if (list !== null) {
		const wanted = keepsGroup ? list : withoutGroup(list);
		if (attempt(() => lists.set(to, POSIX_LIST, wanted))) {
			return { lost, refused: setOtherLists(lists, from, to) };
		}
		lost.push("its access control list can't be kept");
	}
	let mode = model.mode & MODE_BITS;
	if (list !== null) mode = modeWithoutList(mode, list);
	if (!keepsGroup) mode &= ~GROUP_BITS;
	// From its folder it may have a list of its own, which the mode's bits for the group would bring to life. A share on which
	// all is another's refuses to take off even what is not there.
	const isFree =
		lists.of(to, POSIX_LIST) === null ||
		attempt(() => lists.remove(to, POSIX_LIST));
	if (!isFree) {
		mode &= OWNER_BITS;
		lost.push(
			"a list that its folder gives can't be taken off, so that only the owner keeps access",
		);
	}
	if (!attempt(() => fchmodSync(to, mode))) {
		const now = fstatSync(to).mode & MODE_BITS;
		if ((now & ~mode) !== 0) return { lost, refused: "mode" };
		if (now !== mode) lost.push("its mode can't be kept");
	}
	return { lost, refused: setOtherLists(lists, from, to) };
}

/** @returns whether the group is the model's now as well; null: the owner is not */
function setOwner(to: number, { uid, gid }: Stats): boolean | null {
	const own = fstatSync(to);
	if (own.uid === uid && own.gid === gid) return true;
	if (attempt(() => fchownSync(to, uid, gid))) return true;
	return own.uid === uid ? false : null;
}

function setOtherLists(
	lists: Attributes,
	from: string,
	to: number,
): "list" | null {
	for (const name of OTHER_LISTS) {
		const wanted = lists.ofFile(from, name);
		if (wanted === null || Bun.deepEquals(wanted, lists.of(to, name))) continue;
		if (!attempt(() => lists.set(to, name, wanted))) return "list";
	}
	return null;
}

/** @returns false where the file system or the user's rights refuse it */
function attempt(change: () => void): boolean {
	try {
		change();
		return true;
	} catch (error) {
		if (isRefusal(error)) return false;
		throw error;
	}
}
