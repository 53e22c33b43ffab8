// By which columns the rows of one table are told apart.

import { includes, isSameSet } from "../schema/names.ts";
import { isNumberedAnew, type Sides } from "./owners.ts";

/**
 * `keyed`: owner and key are unique; `ranked`: of those that share them, the first is the first; `whole`: there is no
 * key, all columns together are one.
 */
export type Method = "keyed" | "ranked" | "whole";

/**
 * Chooses what tells the rows of a table apart, beside what they belong to.
 * @param given the key if it is known, whether it is unique or not
 * @param isUsable whether both sides have these columns, and no NULL in them
 */
export function chooseKey(
	given: readonly string[] | null,
	sides: Sides,
	owning: readonly string[],
	isOfFiles: boolean,
	isUsable: (key: readonly string[]) => boolean,
): { key: readonly string[]; method: Method } {
	const isUnique = (key: readonly string[]) =>
		sides.old.uniqueKeys.some((other) => isSameSet(key, other));
	const beside = (key: readonly string[]) =>
		key.filter((column) => !includes(owning, column));
	const isMeaningless = (name: string) =>
		isNumberedAnew(sides, isOfFiles) && name === sides.new.idColumn;
	const canRank = [sides.old, sides.new].every(
		({ isNumbered, handle }) => isNumbered && handle.length > 0,
	);
	if (given) {
		const unique = sides.new.uniqueKeys.some((key) => isSameSet(key, given));
		const isKey = unique && isUnique(given);
		return {
			key: given,
			method: isKey ? "keyed" : canRank ? "ranked" : "whole",
		};
	}
	const natural = sides.new.uniqueKeys
		.filter((key) => owning.every((column) => includes(key, column)))
		.filter((key) => isOfFiles && isUnique(key) && isUsable(key))
		.filter((key) => !beside(key).some((name) => isMeaningless(name)))
		.sort((a, b) => a.length - b.length)[0];
	if (natural) return { key: beside(natural), method: "keyed" };
	const { primaryKey } = sides.new;
	const isLasting =
		primaryKey.length > 0 &&
		isSameSet(primaryKey, sides.old.primaryKey) &&
		isUsable(primaryKey) &&
		!isNumberedAnew(sides, isOfFiles);
	if (isLasting) return { key: beside(primaryKey), method: "keyed" };
	if (isOfFiles && canRank) return { key: [], method: "ranked" };
	const other = sides.new.uniqueKeys.find(
		(key) => !isOfFiles && isUnique(key) && isUsable(key),
	);
	return other ? { key: other, method: "keyed" } : { key: [], method: "whole" };
}
