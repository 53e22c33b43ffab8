// Files of Debian packages of any architecture, without installing them or changing what apt knows.

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";

export interface DebianPackage {
	readonly name: string;
	readonly version: string;
	/** Its files, as they lie in a root file system. */
	readonly root: string;
}

/**
 * Fetches and unpacks packages, each below `folder`.
 * @param packages "libc6:arm64"
 * @throws where there is no apt, or the package is not to be had
 */
export async function unpackPackages(
	folder: string,
	packages: readonly string[],
): Promise<DebianPackage[]> {
	for (const part of ["lists/partial", "cache/archives/partial"]) {
		mkdirSync(join(folder, part), { recursive: true });
	}
	const architectures = new Set(packages.map((it) => it.split(":")[1]));
	const options = [
		`Dir::State::Lists=${folder}/lists`,
		`Dir::Cache=${folder}/cache`,
		"Dir::State::status=/dev/null",
		"APT::Sandbox::User=",
		"Acquire::Languages=none",
		...[...architectures].map((name) => `APT::Architectures::=${name}`),
	].flatMap((option) => ["-o", option]);
	await $`apt-get -qq ${options} update`.quiet();
	await $`apt-get -qq ${options} download ${packages}`.cwd(folder).quiet();
	return await Promise.all(packages.map((name) => unpack(folder, name)));
}

async function unpack(folder: string, wanted: string): Promise<DebianPackage> {
	const [name = "", architecture = ""] = wanted.split(":");
	const file = readdirSync(folder).find(
		(it) => it.startsWith(`${name}_`) && it.endsWith(`_${architecture}.deb`),
	);
	if (!file) throw new Error(`apt brought no ${wanted}`);
	const root = join(folder, `${name}-${architecture}`);
	await $`dpkg-deb --extract ${join(folder, file)} ${root}`.quiet();
	const version =
		await $`dpkg-deb --field ${join(folder, file)} Version`.text();
	return { name, version: version.trim(), root };
}
