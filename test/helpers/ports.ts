// Ports that nobody uses, for servers of the tests' own.

/** So many free ports of the loopback interface. */
export function freePorts(count: number): number[] {
	const listeners = Array.from({ length: count }, () =>
		Bun.listen({
			hostname: "127.0.0.1",
			port: 0,
			socket: { data: () => undefined },
		}),
	);
	const ports = listeners.map(({ port }) => port);
	for (const listener of listeners) listener.stop(true);
	return ports;
}

/** Waits until something takes connections there. */
export async function answers(
	port: number,
	isAlive: () => boolean,
): Promise<void> {
	for (;;) {
		if (!isAlive()) throw new Error(`what should answer at ${port} has ended`);
		const socket = await Bun.connect({
			hostname: "127.0.0.1",
			port,
			socket: { data: () => undefined },
		}).catch(() => null);
		if (socket) {
			socket.end();
			return;
		}
		await Bun.sleep(20);
	}
}
