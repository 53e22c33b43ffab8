// The timer and the service that the Debian package brings, switched off: as `schedule` prints them, but for what it can't
// know, which is where the library is and whose.

import { HARDENING, toTimer } from "../../src/cli/schedule/systemd.ts";
import { readTiming } from "../../src/cli/schedule/timing.ts";

/** What only a schedule that knows its folders can be strict about. */
const UNKNOWN_FOLDERS = /^(ProtectSystem|ProtectHome)=/;

/** /etc/default/vpo-library */
export const DEFAULTS = `# Where vpo-library.service finds the library, and where it puts backups. The service runs as root;
# for another user: systemctl edit vpo-library.service, and there [Service] and User=NAME.
# Then: systemctl enable --now vpo-library.timer
#VPO_DATA_DIR=/home/NAME/.vpo
#VPO_DATABASE_PATH=/home/NAME/.vpo/library.db
#VPO_BACKUP_DIR=/mnt/nas/vpo
`;

export function packagedService(): string {
	return `${[
		"[Unit]",
		"Description=Back up VPO's library",
		"Documentation=man:vpo-library(1)",
		"",
		"[Service]",
		"Type=oneshot",
		"EnvironmentFile=-/etc/default/vpo-library",
		"ExecStart=/usr/bin/vpo-library backup",
		"Nice=10",
		"IOSchedulingClass=idle",
		"ProtectSystem=full",
		...HARDENING.filter((line) => !UNKNOWN_FOLDERS.test(line)),
		"# MemoryDenyWriteExecute= must stay off: the program compiles code while it runs.",
	].join("\n")}\n`;
}

export function packagedTimer(): string {
	return `${toTimer(readTiming({ at: ["03:00"] }), null)}\n`;
}
