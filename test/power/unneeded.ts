// Syncs without which no cut loses anything that was promised, and why they are there all the same.

const MEMORY =
	"what is remembered beside library and backups is safe to lose, and a part of it counts as nothing";
const HEADER =
	"SQLite's own, where only the journal mode in the first sector changes: both are the library";

/** By the trial and what is synced. */
export const UNNEEDED: readonly (readonly [RegExp, string])[] = [
	[/: .vpo\/SCRATCH\/library\.db\.vpo\.json$/, MEMORY],
	[/^(backup|copy): .vpo$/, MEMORY],
	[/^(backup|copy): .*SCRATCH\/\.vpo-state\.json$/, MEMORY],
	[/^prune: /, "a backup that comes back is none that is lost"],
	[/^a hot journal: .vpo$/, `the journal had its name before; ${MEMORY}`],
	[/^rows in its WAL: .vpo$/, `the WAL had its name before; ${MEMORY}`],
	[/^another page size: .vpo\/library\.db(-journal)?$/, HEADER],
	[/^new folder: .vpo\/library\.db$/, HEADER],
];
