// Numbers as people read them, for messages of every layer.

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

/** "52.4 MB": decimal units, one digit behind the point from KB on. */
export function formatBytes(bytes: number): string {
	let value = bytes;
	let unit = 0;
	while (value >= 999.95 && unit < UNITS.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
