// The flags that say who is told of a run.

import type { ArgsDef } from "citty";

export const notifyArgs = {
	"ping-url": {
		type: "string",
		valueHint: "URL",
		description:
			"Report each run there, as healthchecks.io has it; a secret, better kept in config.toml",
	},
	"on-success": {
		type: "string",
		valueHint: "CMD",
		description: "Run this if all went well, the JSON result on its stdin",
	},
	"on-failure": {
		type: "string",
		valueHint: "CMD",
		description: "Run this if not, the JSON error on its stdin",
	},
} as const satisfies ArgsDef;

export interface NotifyArgs {
	readonly "ping-url"?: string | undefined;
	readonly "on-success"?: string | undefined;
	readonly "on-failure"?: string | undefined;
	readonly "dry-run"?: boolean | undefined;
}
