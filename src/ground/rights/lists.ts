// A POSIX access control list as Linux keeps it (linux/posix_acl_xattr.h): a version, then entries of tag, rights and id.

/** The extended attribute that holds a file's list. */
export const POSIX_LIST = "system.posix_acl_access";

const HEADER_BYTES = 4;
const ENTRY_BYTES = 8;
const USER = 0x02;
const GROUP_OBJ = 0x04;
const GROUP = 0x08;
const MASK = 0x10;
const ALL = 0o7;

type Bytes = Uint8Array<ArrayBuffer>;

interface Entry {
	readonly at: number;
	readonly tag: number;
	readonly rights: number;
}

/** The list with no rights for the file's own group, whichever that is. */
export function withoutGroup(list: Bytes): Bytes {
	const changed = list.slice();
	const view = new DataView(changed.buffer);
	for (const { at, tag } of entriesOf(list)) {
		if (tag === GROUP_OBJ) view.setUint16(at + 2, 0, true);
	}
	return changed;
}

/**
 * The mode that lets nobody do more than a file's mode and list do. With a list, a mode's bits for the group are the most
 * that anybody in it may do; and who is named in it may be allowed less than all others.
 */
export function modeWithoutList(mode: number, list: Bytes): number {
	const entries = entriesOf(list);
	const rightsOf = (wanted: number) =>
		entries.find(({ tag }) => tag === wanted)?.rights ?? ALL;
	const named = entries
		.filter(({ tag }) => tag === USER || tag === GROUP)
		.reduce((least, { rights }) => least & rights, ALL);
	const most = named & rightsOf(MASK);
	const group = rightsOf(GROUP_OBJ) & most;
	return (mode & 0o700) | (group << 3) | (mode & 0o007 & most);
}

function entriesOf({ buffer, byteOffset, byteLength }: Bytes): Entry[] {
	const view = new DataView(buffer, byteOffset, byteLength);
	const count = Math.floor((byteLength - HEADER_BYTES) / ENTRY_BYTES);
	return Array.from({ length: Math.max(0, count) }, (_, index) => {
		const at = HEADER_BYTES + index * ENTRY_BYTES;
		const [tag, rights] = [at, at + 2].map((at) => view.getUint16(at, true));
		return { at, tag: tag ?? 0, rights: rights ?? 0 };
	});
}
