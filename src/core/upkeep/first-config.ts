// A config.toml to begin with: every key of ours as a comment, so that it changes nothing before somebody wants it to.

import { dirname } from "node:path";
import { AppError } from "../../ground/errors.ts";
import {
	makePrivateFolder,
	syncFile,
	syncFolder,
	writeNewFile,
} from "../../ground/files.ts";
import { exists } from "../../ground/paths.ts";
import { ownCommand } from "../../ground/program.ts";

/** What it holds. A line that begins with "# " and a key or table is one without these two characters. */
export const FIRST_CONFIG = `# VPO's settings, and those of its library's backups. A flag wins over the environment, that over this file.

# database_path = "~/.vpo/library.db"

[backup]
# Where backups are kept: a folder, which must be there, or an address such as s3://bucket/prefix.
# directory = "/mnt/nas/vpo"

# What prune and backup --prune keep; without a rule nothing is removed. A backup stays if any rule keeps it.
# keep_last = 3
# keep_hourly = 24
# keep_daily = 7
# keep_weekly = 4
# keep_monthly = 12
# keep_yearly = 10
# keep_within = "30d"
# keep_within_hourly = "2d"
# keep_within_daily = "1mo"
# keep_within_weekly = "3mo"
# keep_within_monthly = "2y"
# keep_within_yearly = "10y"
# Days and weeks of the rules begin in UTC, not in local time.
# utc = true

# How hard gzip tries, from 1 (fast) to 9 (small).
# level = 5
# How many seconds to wait for a locked library.
# lock_timeout = 10
# Write nothing if the newest good backup holds the same.
# skip_unchanged = true
# Exit with 60 if the library lost most of its content.
# fail_on_shrink = true

# How old the newest good backup may be before check calls it critical.
# max_age = "26h"
# A Prometheus textfile, which check writes each time.
# metrics = "/var/lib/prometheus/node-exporter/vpo.prom"
# Where each run is reported, as healthchecks.io has it. A secret: let nobody else read this file.
# ping_url = "https://hc-ping.com/…"

# A further location, which gets what it lacks of the good backups that its own rules keep; without rules, of all.
# [[backup.copy]]
# to = "/mnt/usb/vpo"
# keep_monthly = 24

[s3]
# Only for s3://BUCKET/PREFIX. Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the profile.
# endpoint = "https://s3.example.org"
# region = "us-east-1"
# path_style = true
# profile = "default"
# ca_file = "/etc/ssl/own-ca.pem"
# timeout = 60

[jobs]
# Where scratch files lie; without it, beside the library.
# temp_directory = "/var/tmp/vpo"
`;

/**
 * Writes it where nothing is yet, for its owner alone.
 * @throws AppError OPERATION_FAILED: there is something; INSUFFICIENT_SPACE
 */
export async function writeFirstConfig(path: string): Promise<void> {
	if (await exists(path)) {
		throw new AppError(
			"OPERATION_FAILED",
			`${path} is there already, nothing was written`,
			{ hint: `see all keys: ${ownCommand("config --init --dry-run")}` },
		);
	}
	await makePrivateFolder(dirname(path));
	await writeNewFile(path, pieces(FIRST_CONFIG));
	await syncFile(path);
	await syncFolder(dirname(path));
}

async function* pieces(text: string) {
	yield new TextEncoder().encode(text);
}
