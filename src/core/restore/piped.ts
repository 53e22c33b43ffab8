// An archive that comes through a pipe: kept in scratch, where it can be read like any other.

import { join } from "node:path";
import { writeNewFile } from "../../ground/files.ts";
import { nearestFolder } from "../../ground/paths.ts";
import { makeScratch } from "../../ground/scratch.ts";
import { type ArchiveSource, archiveAt } from "../archive/source.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What stands for a path, for people. */
export const PIPED_NAME = "stdin";

/** What came through a pipe; gone when disposed of. */
export interface Spooled extends AsyncDisposable {
	readonly source: ArchiveSource;
}

/**
 * Writes all that comes to a private file.
 * @param parent where its scratch folder is made; the nearest folder above stands for one that is not there
 * @throws AppError INSUFFICIENT_SPACE, OPERATION_FAILED; whatever the pieces throw
 */
export async function spool(
	pieces: AsyncIterable<Bytes>,
	parent: string,
): Promise<Spooled> {
	const scratch = await makeScratch(await nearestFolder(parent));
	try {
		const path = join(scratch.path, "piped.tar.gz");
		await writeNewFile(path, pieces);
		const source = { ...(await archiveAt(path)), path: PIPED_NAME };
		const remove = () => scratch[Symbol.asyncDispose]();
		return { source, [Symbol.asyncDispose]: remove };
	} catch (error) {
		await scratch[Symbol.asyncDispose]();
		throw error;
	}
}
