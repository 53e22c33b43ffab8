// What the program is released for.

export interface Target {
	/** As Bun and the files' names have it. */
	readonly name: string;
	/** As Debian and container images have it. */
	readonly architecture: "amd64" | "arm64";
	readonly libc: "glibc" | "musl";
}

export const TARGETS: readonly Target[] = [
	{ name: "linux-x64", architecture: "amd64", libc: "glibc" },
	{ name: "linux-arm64", architecture: "arm64", libc: "glibc" },
	{ name: "linux-x64-musl", architecture: "amd64", libc: "musl" },
	{ name: "linux-arm64-musl", architecture: "arm64", libc: "musl" },
];

/** Those that packages and images are made of. */
export const GLIBC_TARGETS = TARGETS.filter(({ libc }) => libc === "glibc");
