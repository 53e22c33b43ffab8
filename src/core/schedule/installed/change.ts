// What installing or removing a schedule would change, so that it can be shown before it is done.

/** A change of what the system keeps to, in one place. */
export interface Change {
	/** "the crontab", "/home/me/.config/systemd/user" */
	readonly where: string;
	/** What is there of ours; null: nothing. */
	readonly before: string | null;
	/** What will be there; null: nothing. */
	readonly after: string | null;
	/** Whether there is anything to do. */
	readonly isNeeded: boolean;
	/** @returns what the person should know afterwards */
	apply(): Promise<string[]>;
}

/** What marks as ours, for this library, what stands in files that others write to as well. */
export function markOf(libraryPath: string): string {
	return `Backups of the library ${libraryPath}`;
}
