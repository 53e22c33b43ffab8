// TOML as people write it: parsed, or told with the line that is wrong.

/**
 * Parses a TOML text.
 * @throws Error that says what is wrong, and in which line
 */
export function parseToml(source: string): Record<string, unknown> {
	try {
		return Bun.TOML.parse(source) as Record<string, unknown>;
	} catch (cause) {
		const { message } = cause as Error;
		const reason = message.replace(/^TOML Parse error: /, "");
		const line = wrongLine(source, message);
		throw new Error(`not valid TOML, line ${line}: ${reason}`, { cause });
	}
}

// Bun's error has no position in the text, but a beginning of it that holds the wrong line has the same error.
function wrongLine(source: string, message: string): number {
	const lines = source.split("\n");
	let [low, high] = [1, lines.length];
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		const beginning = `${lines.slice(0, middle).join("\n")}\n`;
		if (errorOf(beginning)?.message === message) high = middle;
		else low = middle + 1;
	}
	return low;
}

function errorOf(source: string): Error | null {
	try {
		Bun.TOML.parse(source);
		return null;
	} catch (error) {
		return error as Error;
	}
}
