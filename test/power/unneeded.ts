// What a program can forget at one call without a loss of anything that was promised, and why the program does it all the same.

/** In the runs that no earlier restore precedes, which --undo could take for theirs. */
const FIRST =
	"(backup|copy|rows in its WAL|a hot journal|in place|another page size|new folder|missing)";
const MEMORY =
	"what is remembered of a library is safe to lose: a part of it counts as nothing, and before a restore is reported it is written anew";
const OLD =
	"the library is still the old one then: of what is remembered a part counts as nothing";
const STATE =
	"what is remembered of backups is safe to lose but for pins: there are none here, or the file before it holds them as well";
const HEADER =
	"SQLite's own, where only the journal mode in the first sector changes: with and without it this is the library";
const NOTHING =
	"SQLite's own, which syncs once more what is on the disk already: the WAL before it is folded in, the folder of a journal or a WAL that had its name before, a journal before it goes";

/** By the names that `tryMutants` gives. */
export const UNNEEDED: readonly (readonly [RegExp, string])[] = [
	[/: no sync of .* after nothing$/, NOTHING],
	[/: rename \.vpo\/library\.db\.vpo\.json before the sync/, OLD],
	[
		new RegExp(`^${FIRST}: no sync of .vpo/SCRATCH/library.db.vpo.json after`),
		MEMORY,
	],
	[
		new RegExp(
			`^(${FIRST}|undo): no sync of .vpo after ((create|remove) [^,]*, )?rename .vpo/library.db.vpo.json$`,
		),
		MEMORY,
	],
	[/^(backup|copy): .*SCRATCH\/\.vpo-state\.json/, STATE],
	[/^(backup|copy|prune): no sync of .* after rename .*-state\.json$/, STATE],
	[
		/^pin: rename .vpo\/backups\/.vpo-state.json before the sync/,
		"the first pin: there is no file with earlier ones that it could harm",
	],
	[
		/^prune: no sync of .vpo\/backups after remove/,
		"a backup that comes back is none that is lost",
	],
	[
		/^(another page size|new folder): no sync of .vpo\/library\.db(-journal)? after write/,
		HEADER,
	],
	[
		/^(another page size|new folder): no sync of .vpo after ((create|remove) [^,]*(, )?)+$/,
		HEADER,
	],
	[
		/^(another page size|new folder): remove .vpo\/library\.db-journal before the sync/,
		HEADER,
	],
	[
		/^another page size: link .vpo\/SCRATCH\/replaced.db before the sync/,
		"a name in a scratch folder, for the old library while the new one takes its place: nobody looks there after a cut",
	],
];
