// What a scheduled backup needs to reach a store: what leads there goes along, the keys themselves stay where they are.

import { isAddress } from "../../ground/paths.ts";
import type { Environment, Settings } from "../../ground/settings.ts";
import { toPlace } from "../arguments/args.ts";

const PLAIN = [
	"AWS_ENDPOINT_URL_S3",
	"AWS_ENDPOINT_URL",
	"AWS_REGION",
	"AWS_DEFAULT_REGION",
	"AWS_PROFILE",
];
const PATHS = [
	"AWS_SHARED_CREDENTIALS_FILE",
	"AWS_CONFIG_FILE",
	"AWS_CA_BUNDLE",
];
const SECRETS = [
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
];

/** Whether it backs up to a store, or has copies there. */
export function usesStore({ copies }: Settings, outputDir: string): boolean {
	return [outputDir, ...copies.map(({ to }) => to)].some(isAddress);
}

/** The variables that go along; none where no store is used. */
export function storeEnvironment(
	settings: Settings,
	outputDir: string,
	environment: Environment,
): Record<string, string> {
	if (!usesStore(settings, outputDir)) return {};
	const given = (names: readonly string[], read: (value: string) => string) =>
		names.flatMap((name) => {
			const value = environment[name];
			return value ? [[name, read(value)]] : [];
		});
	return Object.fromEntries([
		...given(PLAIN, (value) => value),
		...given(PATHS, (value) => toPlace(value, environment)),
	]);
}

/** What a container needs besides: files to mount, and secrets by their names, which it takes from who starts it. */
export function storeMounts(
	settings: Settings,
	outputDir: string,
	environment: Environment,
): { readonly files: readonly string[]; readonly secrets: readonly string[] } {
	if (!usesStore(settings, outputDir)) return { files: [], secrets: [] };
	const { credentialsFile, configFile, caFile } = settings.s3;
	const files = [credentialsFile, configFile, caFile].flatMap((file) =>
		file?.problem === null ? [file.path] : [],
	);
	return { files, secrets: SECRETS.filter((name) => environment[name]) };
}

/** What a person should know of keys that cron and systemd would not have; null where they would. */
export function lostKeys(
	settings: Settings,
	outputDir: string,
	environment: Environment,
): string | null {
	if (!usesStore(settings, outputDir)) return null;
	return environment.AWS_SECRET_ACCESS_KEY
		? `AWS_SECRET_ACCESS_KEY is set here, but neither cron nor systemd will know it: put the keys into ${settings.s3.credentialsFile.path}`
		: null;
}
