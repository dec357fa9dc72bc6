/** Settings in a JSON file: nested objects whose leaves are keys of the table. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { closestWord } from './closest-word.ts';
import { ConfigError } from './config-error.ts';
import { configKeyByPath } from './config-keys.ts';
import type { LayerEntry } from './layer.ts';

const fileBytesMax = 1024 * 1024;

/**
 * The settings of one file; its relative paths are relative to its folder.
 * @throws ConfigError `unreadable-file`, `bad-file`, `unknown-key`
 */
export function readConfigFile(file: string): readonly LayerEntry[] {
  const place = resolve(file);
  return settingsOf(parse(read(place), place), place).map(([keyPath, value]) => {
    const row = configKeyByPath.get(keyPath);
    if (row === undefined) throw unknownKey(keyPath, `${place}: `);
    return { row, value, source: place, folder: dirname(place) };
  });
}

/** Says what may have been meant. */
export function unknownKey(keyPath: string, place: string): ConfigError {
  const meant = closestWord(keyPath, [...configKeyByPath.keys()]);
  const hint = meant === null ? 'config/README.md lists the keys' : `did you mean "${meant}"?`;
  return new ConfigError('unknown-key', keyPath, `${place}there is no setting "${keyPath}"; ${hint}`);
}

function read(place: string): string {
  try {
    if (statSync(place).size > fileBytesMax) {
      throw new ConfigError('bad-file', place, `${place} is over 1 MiB: that is no config file`);
    }
    return readFileSync(place, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : (error as Error).message;
    throw new ConfigError('unreadable-file', place, `cannot read the config file ${place}: ${reason}`, {
      cause: error,
    });
  }
}

function parse(text: string, place: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigError('bad-file', place, `${place} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (isObject(value)) return value;
  throw new ConfigError(
    'bad-file',
    place,
    `${place}: expected an object of settings, such as { "api": { "port": 4800 } }`,
  );
}

/** Leaves with their dotted paths. What stands where a leaf of the table should is a leaf, whatever it is. */
function settingsOf(
  object: Record<string, unknown>,
  place: string,
  prefix = '',
): readonly (readonly [string, unknown])[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const keyPath = `${prefix}${name}`;
    const isGroup = [...configKeyByPath.keys()].some((known) => known.startsWith(`${keyPath}.`));
    if (!isGroup) return [[keyPath, value] as const];
    if (isObject(value)) return settingsOf(value, place, `${keyPath}.`);
    throw new ConfigError('bad-value', keyPath, `${keyPath} (${place}): expected an object of settings`);
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
