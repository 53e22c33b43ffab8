// The XML and the bytes of a store's answers. Both are bounded: a server that has lost its way does not fill our memory.

import { AppError } from "../../../ground/errors.ts";

type Bytes = Uint8Array<ArrayBuffer>;
export type Element = Bun.XML.Element;

/** Reads a body that is known to be small. */
export async function readText(
	response: Response,
	mostBytes: number,
): Promise<string> {
	const decoder = new TextDecoder();
	let text = "";
	let left = mostBytes;
	for await (const piece of piecesOf(response)) {
		left -= piece.byteLength;
		if (left < 0) {
			throw new AppError("OPERATION_FAILED", "an endless answer");
		}
		text += decoder.decode(piece, { stream: true });
	}
	return text + decoder.decode();
}

/** The body, in the pieces in which it comes. */
export async function* piecesOf(response: Response): AsyncGenerator<Bytes> {
	if (response.body) yield* response.body as AsyncIterable<Bytes>;
}

/** The root element, if the text is XML and its root has this name. */
export function elementOf(text: string, name: string): Element | null {
	try {
		const root = Bun.XML.parse(text.trim())[name];
		return typeof root === "object" ? root : null;
	} catch {
		return null; // no XML: no such element
	}
}

/** The text of a child; "" where it is missing. */
export function textOf(element: Element, name: string): string {
	const value = [element[name] ?? ""].flat()[0];
	return typeof value === "string" ? value : "";
}

/** All children of this name that hold elements. */
export function childrenOf(element: Element, name: string): Element[] {
	return [element[name] ?? []]
		.flat()
		.filter((child) => typeof child === "object");
}
