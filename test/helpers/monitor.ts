// A monitor that takes pings, on the loopback: it remembers each and answers as it is told.

export interface Ping {
	readonly method: string;
	/** With its query. */
	readonly path: string;
	readonly body: string;
	readonly agent: string;
	readonly authorization: string | null;
}

type Answer = (ping: Ping) => Response | Promise<Response>;

/** Its address and what it has heard so far. */
export class Monitor implements AsyncDisposable {
	readonly pings: Ping[] = [];
	readonly #server: Bun.Server<undefined>;
	#onPing: (() => void)[] = [];

	constructor(answer: Answer = () => new Response("OK"), tls?: Bun.TLSOptions) {
		this.#server = Bun.serve({
			...(tls && { tls }),
			hostname: "127.0.0.1",
			port: 0,
			fetch: async (request) => {
				const { pathname, search } = new URL(request.url);
				const ping = {
					method: request.method,
					path: `${pathname}${search}`,
					body: await request.text(),
					agent: request.headers.get("user-agent") ?? "",
					authorization: request.headers.get("authorization"),
				};
				this.pings.push(ping);
				for (const wake of this.#onPing.splice(0)) wake();
				return answer(ping);
			},
		});
	}

	get origin(): string {
		const { protocol, port } = this.#server;
		return `${protocol}://127.0.0.1:${port}`;
	}

	get paths(): string[] {
		return this.pings.map(({ path }) => path);
	}

	/** Resolves when it has heard this path. */
	async heard(path: string): Promise<void> {
		while (!this.paths.includes(path)) {
			const { promise, resolve } = Promise.withResolvers<void>();
			this.#onPing.push(resolve);
			await promise;
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#server.stop(true);
	}
}

/** An address where nobody listens. */
export async function deadOrigin(): Promise<string> {
	await using monitor = new Monitor();
	return monitor.origin;
}
