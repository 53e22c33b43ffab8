// A person who presses TAB: what bash, zsh and fish, as they are installed, make of the beginning of a command line.

import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { BINARY, type Home } from "./program.ts";

const FOLDER = join(BINARY, "..");
const SHOW = "\x14";

/** What lets Ctrl-T show the line as it stands, and empty it. */
const START = {
	bash: [
		"bash --norc --noprofile -i",
		`PS1='ready> '; show() { printf '<<%s>>\\n' "$READLINE_LINE"; READLINE_LINE=; }; bind -x '"\\C-t": show'; bind 'set bell-style none'`,
	],
	zsh: [
		"zsh -f -i",
		`PS1='ready> '; autoload -U compinit; compinit -u -d compdump; show() { print -r -- "<<$BUFFER>>"; BUFFER= }; zle -N show; bindkey '^T' show; setopt NO_BEEP; zstyle ':completion:*' insert-tab false`,
	],
} as const;

/** Installs the program under its second name, with which it needs no "library". */
export function installNamed(home: Home): void {
	mkdirSync(home.at("bin"));
	symlinkSync(BINARY, home.at("bin", "vpo-library"));
}

/** The lines, each after a TAB at its end. */
export async function pressTab(
	shell: "bash" | "zsh",
	home: Home,
	lines: readonly string[],
): Promise<string[]> {
	const [command, set] = START[shell];
	let text = "";
	let isTyped = false;
	const decoder = new TextDecoder();
	const ended = Promise.withResolvers<void>();
	const child = Bun.spawn(command.split(" "), {
		cwd: home.path,
		env: environmentOf(home),
		timeout: 30_000,
		killSignal: "SIGKILL",
		terminal: {
			cols: 400,
			rows: 50,
			data(terminal, bytes) {
				text += decoder.decode(bytes, { stream: true });
				if (isTyped || !text.includes("ready> ")) return;
				isTyped = true;
				for (const line of lines) terminal.write(`${line}\t${SHOW}`);
				terminal.write("exit\n");
			},
			exit: () => ended.resolve(),
		},
	});
	child.terminal?.write(
		`${set}; for name in vpo vpo-library; do source <($name library completions ${shell}); done\n`,
	);
	await child.exited;
	await ended.promise;
	child.terminal?.close();
	return [...text.matchAll(/<<(.*?)>>\r?\n/g)].map(([, line = ""]) => line);
}

/** All that fish offers for the last word of a line. */
export function fishOffers(home: Home, line: string): string[] {
	const script =
		"for name in vpo vpo-library; $name library completions fish | source; end; complete -C $argv[1]";
	const { stdout, stderr } = Bun.spawnSync(["fish", "-c", script, line], {
		cwd: home.path,
		env: environmentOf(home),
	});
	const errors = stderr.toString();
	if (errors !== "") throw new Error(errors);
	const offers = stdout.toString().split("\n").filter(Boolean);
	return offers.map((offer) => offer.split("\t")[0] ?? "");
}

function environmentOf(home: Home): Record<string, string> {
	const PATH = `${FOLDER}:${home.at("bin")}:${process.env.PATH}`;
	return { HOME: home.path, PATH, TERM: "dumb", LC_ALL: "C.UTF-8" };
}
