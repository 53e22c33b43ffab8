// A server that stands before a store, counts what is asked of it, and at one request does what servers and networks do.

import * as http from "node:http";
import type { Store } from "./store.ts";

/** What can go wrong with one request. */
export const FAULTS = [
	"reset before",
	"reset after",
	"stall",
	"500",
	"503 SlowDown",
	"short body",
	"wrong range",
	"error in a success",
] as const;

export type Fault = (typeof FAULTS)[number];

const ERROR =
	"<?xml version='1.0'?><Error><Code>CODE</Code><Message>of the tests</Message></Error>";

/** A store with moods. All but the plan passes unchanged, so that signatures hold. */
export class FaultyStore implements Store {
	readonly tls = null;
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
	readonly endpoint: string;
	/** What was asked since the last plan: "PUT /bucket/key". */
	requests: string[] = [];
	readonly #server: http.Server;
	readonly #behind: URL;
	#plan: (request: string, number: number) => Fault | null = () => null;
	#onRequest: (number: number) => void = () => undefined;

	private constructor(store: Store, server: http.Server) {
		this.accessKeyId = store.accessKeyId;
		this.secretAccessKey = store.secretAccessKey;
		this.#behind = new URL(store.endpoint);
		this.#server = server;
		const { port } = server.address() as { port: number };
		this.endpoint = `http://127.0.0.1:${port}`;
		server.on("request", (request, response) =>
			this.#answer(request, response),
		);
	}

	static async before(store: Store): Promise<FaultyStore> {
		const server = http.createServer();
		await new Promise<void>((resolve) =>
			server.listen(0, "127.0.0.1", resolve),
		);
		return new FaultyStore(store, server);
	}

	/** From now on: what happens at which request, counted from 1. */
	plan(fault: (number: number, request: string) => Fault | null): void {
		this.requests = [];
		this.#plan = (request, number) => fault(number, request);
	}

	/** Called with the number of each request before it is passed on. */
	onRequest(listener: (number: number) => void): void {
		this.requests = [];
		this.#onRequest = listener;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async #answer(
		request: http.IncomingMessage,
		response: http.ServerResponse,
	): Promise<void> {
		const name = `${request.method} ${request.url}`;
		this.requests.push(name);
		const number = this.requests.length;
		this.#onRequest(number);
		const fault = this.#plan(name, number);
		const body = await bodyOf(request).catch(() => null);
		if (body === null) return;
		if (fault === "reset before") return void request.socket.destroy();
		if (fault === "stall") return; // until its asker has had enough
		if (fault === "500") return refuse(response, 500, "InternalError");
		if (fault === "503 SlowDown") return refuse(response, 503, "SlowDown");
		if (fault === "error in a success")
			return refuse(response, 200, "InternalError");
		const answer = await this.#pass(request, body);
		if (fault === "reset after") return void request.socket.destroy();
		if (fault === "wrong range" && answer.headers["content-range"]) {
			response.writeHead(200, {
				...answer.headers,
				"content-range": "bytes 0-0/1",
			});
			response.end(answer.body);
			return;
		}
		response.writeHead(answer.status, answer.headers);
		if (fault === "short body" && answer.body.byteLength > 1) {
			response.write(answer.body.subarray(0, answer.body.byteLength >> 1));
			setTimeout(() => request.socket.destroy(), 5);
			return;
		}
		response.end(answer.body);
	}

	async #pass(request: http.IncomingMessage, body: Buffer) {
		const { method, url: path, headers } = request;
		const { hostname, port } = this.#behind;
		const passed = http.request({
			hostname,
			port,
			method,
			path,
			headers,
			agent: false,
		});
		const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
			passed.once("response", resolve);
			passed.once("error", reject);
		});
		passed.end(body);
		const answer = await answered;
		return {
			status: answer.statusCode ?? 500,
			headers: answer.headers,
			body: await bodyOf(answer),
		};
	}
}

function refuse(
	response: http.ServerResponse,
	status: number,
	code: string,
): void {
	response.writeHead(status, { "content-type": "application/xml" });
	response.end(ERROR.replace("CODE", code));
}

async function bodyOf(message: http.IncomingMessage): Promise<Buffer> {
	const pieces: Buffer[] = [];
	for await (const piece of message) pieces.push(piece as Buffer);
	return Buffer.concat(pieces);
}
