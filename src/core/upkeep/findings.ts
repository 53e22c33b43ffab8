// What a check finds wrong, collected as it goes: each finding says which promise it breaks.

import { AppError } from "../../ground/errors.ts";

/** What a good night's backup rests on, in the order in which it is told. */
export const PROMISES = [
	"settings",
	"library",
	"backups",
	"newest backup",
	"copies",
	"space",
	"metrics",
] as const;

export type Promised = (typeof PROMISES)[number];

export interface Finding {
	/** Which of them is not kept. */
	readonly about: Promised;
	readonly severity: "warning" | "critical";
	readonly message: string;
}

/** Collects findings. */
export class Report {
	readonly #findings: Finding[] = [];
	readonly #signal: AbortSignal | undefined;

	constructor(signal: AbortSignal | undefined) {
		this.#signal = signal;
	}

	/** Worst first, and in the order of their finding. */
	get findings(): readonly Finding[] {
		return this.#findings.toSorted((a, b) =>
			a.severity.localeCompare(b.severity),
		);
	}

	critical(about: Promised, message: string): void {
		this.#add({ about, severity: "critical", message });
	}

	warning(about: Promised, message: string): void {
		this.#add({ about, severity: "warning", message });
	}

	/**
	 * Has a foreseen failure be a finding.
	 * @returns null where it failed
	 * @throws the signal's reason, and bugs
	 */
	async attempt<T>(
		about: Promised,
		severity: Finding["severity"],
		work: () => Promise<T>,
	): Promise<T | null> {
		try {
			return await work();
		} catch (error) {
			this.#signal?.throwIfAborted();
			if (!(error instanceof AppError)) throw error;
			this.#add({ about, severity, message: error.message });
			return null;
		}
	}

	// What stands in the way of one look stands in that of the next, too.
	#add(finding: Finding): void {
		const isKnown = ({ message }: Finding) => message === finding.message;
		if (!this.#findings.some(isKnown)) this.#findings.push(finding);
	}
}
