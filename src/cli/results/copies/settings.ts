// What `vpo library config` shows of copy locations and of the store. Keys to a store are in no table, and never shown.

import { shownEndpoint } from "../../../ground/s3/settings.ts";
import type { Settings } from "../../../ground/settings.ts";

/** One line of the table. */
export interface Setting {
	readonly name: string;
	readonly value: string | number | boolean | null;
	readonly origin: string;
	/** What stands for null in the table. */
	readonly otherwise?: string;
}

/** Each [[backup.copy]], by its number, with the rules that it has. */
export function copyTables({ copies }: Settings): Setting[] {
	return copies.flatMap(({ to, rules }, index) => {
		const keys = Object.entries({ to, ...rules });
		return keys.flatMap(([key, value]) =>
			value === undefined
				? []
				: {
						name: `backup.copy.${index + 1}.${key}`,
						value,
						origin: "config.toml",
					},
		);
	});
}

/** What the [s3] table says. */
export function storeTable({ s3 }: Settings): Setting[] {
	const { endpoint } = s3.configured;
	const shown = {
		...s3.configured,
		...(endpoint !== undefined && { endpoint: shownEndpoint(endpoint) }),
	};
	return Object.entries(shown).flatMap(([key, value]) =>
		value === undefined
			? []
			: { name: `s3.${key}`, value, origin: "config.toml" },
	);
}
