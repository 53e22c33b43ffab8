// s3://BUCKET/PREFIX as people write it, and keys as URLs have them.

import { expect, test } from "bun:test";
import {
	encodeKey,
	formatAddress,
	parseAddress,
} from "../../../../src/core/location/s3/address.ts";

test.each([
	["s3://bucket", "bucket", ""],
	["s3://bucket/", "bucket", ""],
	["S3://Old_Bucket.1/a", "Old_Bucket.1", "a"],
	["s3://bucket/a/b c/ü+%&?#", "bucket", "a/b c/ü+%&?#"],
	["s3://bucket/a/..b/.c/", "bucket", "a/..b/.c"],
])("%s is an address", (text, bucket, prefix) => {
	expect(parseAddress(text)).toEqual({ bucket, prefix });
	expect(formatAddress({ bucket, prefix }, "x.tar.gz")).toEndWith("/x.tar.gz");
});

test.each([
	["s3://", "no bucket"],
	["s3:///prefix", "no bucket"],
	["s3://-bucket/x", "no name for a bucket"],
	["s3://a..b/x", "no name for a bucket"],
	["s3://user:secret@bucket/x", "no name for a bucket"],
	["s3://bucket//x", "two slashes"],
	["s3://bucket/x//", "two slashes"],
	["s3://bucket/./x", "mean nothing"],
	["s3://bucket/x/..", "mean nothing"],
	["s3://bucket/x\ny", "no key may hold"],
	["s3://bucket/\ud800", "no key may hold"],
	[`s3://bucket/${"x".repeat(600)}`, "longer than 512 bytes"],
])("%j is refused", (text, what) => {
	expect(() => parseAddress(text)).toThrow(what);
});

test("a key is encoded such that a URL changes nothing of it", () => {
	const key = "a b/ü+&?#%2e'()*!~=:@$,;";
	const { pathname } = new URL(`http://host/${encodeKey(key)}`);
	expect(decodeURIComponent(pathname.slice(1))).toBe(key);
	expect(encodeKey(key)).toMatch(/^[\w.~%/-]+$/);
});
