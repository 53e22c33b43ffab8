// Ten thousand archives as the hours make them: each is a whole one of its own, with its own time in it, so that none
// costs less to look at than a real one.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MEMBER_HEADER } from "../../src/core/archive/gzip/format.ts";
import { SEAL_BYTES, sealed } from "../../src/core/archive/gzip/seal.ts";
import { TAR_BLOCK_BYTES } from "../../src/core/archive/tar.ts";

const hourMs = 3_600_000;

/** Fills `folder` with `count` archives, an hour apart up to `newest`, that hold what `archive` holds. */
export async function writeArchives(
	archive: string,
	folder: string,
	count: number,
	newest: Date,
): Promise<void> {
	const bytes = readFileSync(archive).subarray(0, -SEAL_BYTES);
	const second = bytes.indexOf(MEMBER_HEADER, 1);
	const last = bytes.lastIndexOf(MEMBER_HEADER);
	const metadata = gunzip(bytes.subarray(0, second));
	const checksums = gunzip(bytes.subarray(last));
	const end = metadata.indexOf(0, TAR_BLOCK_BYTES);
	const json = metadata.subarray(TAR_BLOCK_BYTES, end < 0 ? undefined : end);
	const timeAt = json.indexOf(timeIn(json.toString()));
	const sumAt = checksums.indexOf(sha256(json));
	for (let i = 0; i < count; i++) {
		const time = new Date(newest.getTime() - i * hourMs).toISOString();
		const seconds = `${time.slice(0, 19)}Z`;
		json.write(seconds, timeAt);
		checksums.write(sha256(json), sumAt);
		const name = `vpo-library-${seconds.replaceAll(":", "")}.tar.gz`;
		const pieces = sealed(
			inTurn(gzip(metadata), bytes.subarray(second, last), gzip(checksums)),
		);
		writeFileSync(
			join(folder, name),
			Buffer.concat(await Array.fromAsync(pieces)),
		);
	}
}

type Bytes = Uint8Array<ArrayBuffer>;

async function* inTurn(...pieces: readonly Bytes[]): AsyncGenerator<Bytes> {
	yield* pieces;
}

function gunzip(member: Bytes): Buffer<ArrayBuffer> {
	return Buffer.from(Bun.gunzipSync(member));
}

function gzip(bytes: Buffer<ArrayBuffer>): Bytes {
	const member = Bun.gzipSync(bytes, { library: "libdeflate" });
	member.set(MEMBER_HEADER);
	return member;
}

function sha256(bytes: Buffer<ArrayBuffer>): string {
	return Bun.SHA256.hash(bytes, "hex");
}

function timeIn(json: string): string {
	const found = /"created_at": ?"([\d:TZ-]{20})"/.exec(json)?.[1];
	if (found === undefined) throw new Error("an archive without its time");
	return found;
}
