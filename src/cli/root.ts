// The command tree: a contents page. Each command is loaded only when it is called.

import type { ArgsDef, CommandDef } from "citty";
import {
	type CommandModule,
	describeCommand,
	type ListedCommand,
} from "./manual/command.ts";

export interface Command {
	readonly description: string;
	/** What people call it who come from other programs. */
	readonly aliases?: readonly string[];
	load(): Promise<CommandModule>;
}

/** The commands of `vpo library`, and of its alias `vpo db`. */
export const LIBRARY_COMMANDS: Readonly<Record<string, Command>> = {
	backup: {
		description: "Back up the library",
		load: async () => loaded(await import("./commands/backup.ts")),
	},
	restore: {
		description: "Restore the library from a backup",
		load: async () => loaded(await import("./commands/restore.ts")),
	},
	backups: {
		description: "List the backups, newest first",
		aliases: ["list", "ls", "snapshots"],
		load: async () => loaded(await import("./commands/backups.ts")),
	},
	show: {
		description: "Show all that is known of a backup",
		load: async () => loaded(await import("./commands/inside/show.ts")),
	},
	extract: {
		description: "Write the library in a backup to a file of its own",
		load: async () => loaded(await import("./commands/inside/extract.ts")),
	},
	log: {
		description: "Show the history of a video file or folder over all backups",
		load: async () => loaded(await import("./commands/inside/log.ts")),
	},
	query: {
		description: "Ask the library in a backup with one SQL statement",
		load: async () => loaded(await import("./commands/inside/query.ts")),
	},
	diff: {
		description: "Show what changed between a backup and the library",
		load: async () => loaded(await import("./commands/inside/diff.ts")),
	},
	verify: {
		description: "Prove that backups can be restored",
		load: async () => loaded(await import("./commands/verify.ts")),
	},
	pin: {
		description: "Keep a backup, whatever prune's rules say",
		load: async () => loaded(await import("./commands/pin.ts")),
	},
	unpin: {
		description: "Leave a backup to prune's rules again",
		load: async () => loaded(await import("./commands/unpin.ts")),
	},
	prune: {
		description: "Remove the backups that no rule keeps",
		load: async () => loaded(await import("./commands/prune.ts")),
	},
	copy: {
		description: "Bring copy locations what they lack of the backups",
		load: async () => loaded(await import("./commands/copy.ts")),
	},
	check: {
		description: "Say whether library and backups are in good health",
		load: async () => loaded(await import("./commands/check.ts")),
	},
	schedule: {
		description: "Make cron, systemd or a container back up regularly",
		load: async () => loaded(await import("./commands/schedule.ts")),
	},
	config: {
		description: "Show the settings in force",
		load: async () => loaded(await import("./commands/config.ts")),
	},
	completions: {
		description: "Print what lets bash, zsh or fish complete a call",
		load: async () => loaded(await import("./commands/completions.ts")),
	},
	man: {
		description: "Print the manual page",
		load: async () => loaded(await import("./commands/man.ts")),
	},
};

/** All that the commands tell about themselves. */
export async function describeCommands(): Promise<ListedCommand[]> {
	const commands = Object.values(LIBRARY_COMMANDS);
	return await Promise.all(
		commands.map(async ({ description, aliases = [], load }) => ({
			...describeCommand(await load()),
			summary: description,
			aliases,
		})),
	);
}

/** The command of this name, or of this alias. */
export function findCommand(name: string): Command | undefined {
	if (Object.hasOwn(LIBRARY_COMMANDS, name)) return LIBRARY_COMMANDS[name];
	const commands = Object.values(LIBRARY_COMMANDS);
	return commands.find(({ aliases }) => aliases?.includes(name));
}

// Every command has flags of its own, which the tree doesn't care about.
function loaded(module: {
	readonly command: unknown;
	readonly examples: readonly string[];
	readonly restArgs?: ArgsDef;
}): CommandModule {
	return { ...module, command: module.command as CommandDef };
}
