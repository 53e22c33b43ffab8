// A libstdc++.so.6 for musl, which Debian lacks, linked from Debian's own objects with just what an executable asks of it.
// (On Alpine it is there: apk add libstdc++.)

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, Scratch } from "./release.ts";

const TOOLS = {
	amd64: {
		prefix: "",
		gcc: "/usr/lib/gcc/x86_64-linux-gnu/12",
		loader: "/lib/ld-musl-x86_64.so.1",
		folder: "lib",
	},
	arm64: {
		prefix: "aarch64-linux-gnu-",
		gcc: "/usr/lib/gcc-cross/aarch64-linux-gnu/12",
		loader: "lib/ld-musl-aarch64.so.1",
		folder: "lib/aarch64-linux-musl",
	},
};

/** What glibc has, musl has not, and those objects take for granted. */
const STUBS = `
#include <stddef.h>
void *__dso_handle __attribute__((visibility("hidden"))) = &__dso_handle;
char __libc_single_threaded = 0;
int pthread_key_create(unsigned *, void (*)(void *));
int __pthread_key_create(unsigned *key, void (*end)(void *)) { return pthread_key_create(key, end); }
int _dl_find_object(void *address, void *result) { return -1; }
unsigned long getauxval(unsigned long);
unsigned long __getauxval(unsigned long type) { return getauxval(type); }
int getentropy(void *, size_t);
unsigned arc4random(void) { unsigned word = 0; getentropy(&word, sizeof word); return word; }
`;

/** Links the library into a root file system, where its musl looks for it: Debian's has a list of its own in /etc. */
export function linkStdcxx(
	architecture: keyof typeof TOOLS,
	executable: string,
	root: string,
): void {
	using scratch = new Scratch();
	const { prefix, gcc, loader, folder } = TOOLS[architecture];
	const muslFile = loader.startsWith("/") ? loader : join(root, loader);
	const has = new Set(
		must([`${prefix}nm`, "-D", "--defined-only", muslFile])
			.split("\n")
			.map((line) => line.split(" ").at(-1)),
	);
	const wanted = [
		...must([`${prefix}objdump`, "-T", executable])
			.split("\n")
			.filter((line) => line.includes("*UND*"))
			.map((line) => line.split(" ").at(-1) ?? ""),
		// What is copied into the executable at its start is an import as well.
		...must([`${prefix}readelf`, "-rW", executable])
			.split("\n")
			.filter((line) => line.includes("_COPY"))
			.map((line) => line.trim().split(/\s+/)[4]?.replace(/@.*/, "") ?? ""),
	].filter((name) => name && !has.has(name) && !name.startsWith("ZSTD_"));
	writeFileSync(scratch.at("stubs.c"), STUBS);
	const compiler = `${prefix}gcc-12`;
	const object = scratch.at("stubs.o");
	must([compiler, "-O2", "-fPIC", "-c", scratch.at("stubs.c"), "-o", object]);
	const library = join(root, folder, "libstdc++.so.6");
	mkdirSync(join(root, folder), { recursive: true });
	must([
		compiler,
		"-shared",
		"-nostdlib",
		"-o",
		library,
		"-Wl,-soname,libstdc++.so.6",
		...[...new Set(wanted)].map((name) => `-Wl,-u,${name}`),
		object,
		"-Wl,--gc-sections",
		"-Wl,--start-group",
		...["libstdc++_pic.a", "libgcc_eh.a", "libgcc.a"].map((it) =>
			join(gcc, it),
		),
		"-Wl,--end-group",
	]);
}
