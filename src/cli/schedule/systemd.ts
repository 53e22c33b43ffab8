// A schedule as a systemd service and its timer: low priority, nothing writable but where backups are made.

import { toOnCalendar } from "../../core/schedule/calendar.ts";
import { type Call, passwdEntry } from "./call.ts";
import { systemdValue, systemdWords } from "./quote.ts";
import type { Timing } from "./timing.ts";

export const SERVICE_PATH = "/etc/systemd/system/vpo-backup.service";
export const TIMER_PATH = "/etc/systemd/system/vpo-backup.timer";

/** systemd.exec(5). ProtectProc= is not among them, as /proc tells who has the library open. */
export const HARDENING = [
	"NoNewPrivileges=yes",
	"ProtectSystem=strict",
	"ProtectHome=read-only",
	"PrivateDevices=yes",
	"ProtectClock=yes",
	"ProtectControlGroups=yes",
	"ProtectHostname=yes",
	"ProtectKernelLogs=yes",
	"ProtectKernelModules=yes",
	"ProtectKernelTunables=yes",
	"LockPersonality=yes",
	"RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
	"RestrictNamespaces=yes",
	"RestrictRealtime=yes",
	"RestrictSUIDSGID=yes",
	"SystemCallArchitectures=native",
	"SystemCallFilter=@system-service",
	"SystemCallErrorNumber=EPERM",
	"UMask=0077",
];

/** The .service: one backup. */
export function toService(call: Call): string {
	const { program, flags, environment, folders } = call;
	const words = [...program, "library", "backup", ...flags];
	const uid = process.getuid?.() ?? 0;
	const variables = Object.entries(environment).map(([name, value]) =>
		systemdValue(`${name}=${value}`),
	);
	const isInTmp = folders.some((folder) => /^(\/var)?\/tmp(\/|$)/.test(folder));
	return [
		"[Unit]",
		"Description=Back up VPO's library",
		"",
		"[Service]",
		"Type=oneshot",
		...(uid === 0 ? [] : [`User=${passwdEntry()?.name ?? uid}`]),
		...variables.map((variable) => `Environment=${variable}`),
		`ExecStart=${systemdWords(words)}`,
		"Nice=10",
		"IOSchedulingClass=idle",
		`ReadWritePaths=${folders.map(systemdValue).join(" ")}`,
		...(isInTmp ? [] : ["PrivateTmp=yes"]),
		// Root needs its capabilities to read and keep the files of others.
		...(uid === 0 ? [] : ["CapabilityBoundingSet="]),
		...HARDENING,
		"# MemoryDenyWriteExecute= must stay off: the program compiles code while it runs.",
	].join("\n");
}

/** The .timer: when. */
export function toTimer({ flags, expressions, everyMs }: Timing): string {
	const seconds = (everyMs ?? 0) / 1000;
	const when = expressions
		? [
				...expressions
					.flatMap(toOnCalendar)
					.map((time) => `OnCalendar=${time}`),
				// A time at which the machine was off is made up for.
				"Persistent=true",
			]
		: [`OnActiveSec=${seconds}s`, `OnUnitActiveSec=${seconds}s`];
	return [
		"[Unit]",
		`Description=Back up VPO's library ${flags.join(" ")}`,
		"",
		"[Timer]",
		...when,
		"",
		"[Install]",
		"WantedBy=timers.target",
	].join("\n");
}
