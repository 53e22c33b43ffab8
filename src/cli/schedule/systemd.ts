// A schedule as a systemd service and its timer: low priority, nothing writable but where backups are made.

import { formatOnCalendar } from "../../core/schedule/on-calendar.ts";
import type { AppError } from "../../ground/errors.ts";
import { usage } from "../arguments/args.ts";
import { type Call, passwdEntry } from "./call.ts";
import { systemdValue, systemdWords } from "./quote.ts";
import { usesStore } from "./store.ts";
import { type Timing, zoneName } from "./timing.ts";

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
const NOTE =
	"# MemoryDenyWriteExecute= must stay off: the program compiles code while it runs.";

/** Mail has to write below /var and to change its user or group; each of the others above would keep it from that. */
const HARDENING_WITH_COMMANDS = [
	"ProtectSystem=full",
	"ProtectHome=read-only",
	"ProtectControlGroups=yes",
	"UMask=0077",
	"# The commands of --on-success and --on-failure run in here too. So that they can send mail, there are fewer restrictions",
	"# than without them. What they write below /home, /root, /etc or /usr must be added to ReadWritePaths=.",
];

/** The .service for the machine: one backup. */
export function toService(call: Call): string {
	const { folders, copyFolders, outputDir, notify, settings } = call;
	const uid = process.getuid?.() ?? 0;
	const isInTmp = folders.some((folder) => /^(\/var)?\/tmp(\/|$)/.test(folder));
	const hasCommands = notify["on-success"] || notify["on-failure"];
	const paths = folders.map(systemdValue).join(" ");
	// A copy location that is not there is no reason to make no backup.
	const optional = copyFolders.map((folder) => systemdValue(`-${folder}`));
	const writable = [paths, ...optional].join(" ");
	const needsNetwork =
		settings.pingUrl !== null || usesStore(settings, outputDir);
	return [
		"[Unit]",
		"Description=Back up VPO's library",
		`RequiresMountsFor=${paths}`,
		// A backup that was missed is made up for while the machine starts.
		...(needsNetwork
			? ["Wants=network-online.target", "After=network-online.target"]
			: []),
		"",
		"[Service]",
		...(uid === 0 ? [] : [`User=${passwdEntry()?.name ?? uid}`]),
		...whatToRun(call),
		`ReadWritePaths=${writable}`,
		...(isInTmp ? [] : ["PrivateTmp=yes"]),
		// Root needs its capabilities to read and keep the files of others.
		...(uid === 0 || hasCommands ? [] : ["CapabilityBoundingSet="]),
		...(hasCommands ? HARDENING_WITH_COMMANDS : [...HARDENING, NOTE]),
	].join("\n");
}

/** The .service for a user's own systemd, which has no rights to take away and no disks to wait for. */
export function toUserService(call: Call): string {
	const { notify } = call;
	const hasCommands = notify["on-success"] || notify["on-failure"];
	return [
		"[Unit]",
		"Description=Back up VPO's library",
		"",
		"[Service]",
		...whatToRun(call),
		...(hasCommands ? [] : ["NoNewPrivileges=yes"]),
		"UMask=0077",
	].join("\n");
}

function whatToRun({ program, flags, environment }: Call): string[] {
	const words = [...program, "library", "backup", ...flags];
	const variables = Object.entries(environment).map(([name, value]) =>
		systemdValue(`${name}=${value}`),
	);
	return [
		"Type=oneshot",
		...variables.map((variable) => `Environment=${variable}`),
		`ExecStart=${systemdWords(words)}`,
		"Nice=10",
		"IOSchedulingClass=idle",
	];
}

/**
 * The .timer: when; or why systemd can't do it.
 * @param zone whose times these are; null: those of the machine that it will run on
 */
export function toTimer(
	{ flags, onCalendar }: Timing,
	zone: string | null = zoneName(),
): string | AppError {
	if (onCalendar === null) {
		return usage(
			`systemd can't keep to ${flags.join(" ")}: its timers count anew whenever the machine starts`,
			"take an interval that divides a day, 1w, --cron, or --run, which counts from the newest backup",
		);
	}
	const lines = onCalendar.map((line) => formatOnCalendar(line, zone));
	return [
		"[Unit]",
		`Description=Back up VPO's library ${flags.join(" ")}`,
		"",
		"[Timer]",
		...lines.map((line) => `OnCalendar=${line}`),
		"AccuracySec=1s",
		// A time at which the machine was off is made up for.
		"Persistent=true",
		"",
		"[Install]",
		"WantedBy=timers.target",
	].join("\n");
}
