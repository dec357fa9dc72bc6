/** One source of settings: a value for some of the keys, each with the place that it came from. */

import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import type { ConfigKey } from './config-keys.ts';
import type { ConfigValue } from './key-schema.ts';

export interface LayerEntry {
  readonly row: ConfigKey;
  /** Not checked yet. */
  readonly value: unknown;
  /** For messages: `config.json`, `environment variable WEFT_LISTEN`, `--listen`. */
  readonly source: string;
  /** What relative paths are relative to; the working directory when left out. */
  readonly folder?: string;
}

/** The value as its key wants it, paths absolute. @throws ConfigError `bad-value` */
export function checkedValue(entry: LayerEntry): ConfigValue {
  const { row, value, source } = entry;
  if (!row.schema.accepts(value)) {
    throw badValue(row.path, source, `expected ${row.schema.expected}, got ${shown(value)}`);
  }
  const problem = row.schema.problem?.(value) ?? null;
  if (problem !== null) throw badValue(row.path, source, `${problem}; expected ${row.schema.expected}`);
  if (row.schema.isPath && typeof value === 'string')
    return absolutePath(value, entry.folder ?? process.cwd());
  return Array.isArray(value) ? Object.freeze([...value]) : value;
}

/** One sentence: the key, where it came from, what is wrong. */
export function badValue(keyPath: string, source: string, problem: string): ConfigError {
  return new ConfigError('bad-value', keyPath, `${keyPath} (${source}): ${problem}`);
}

function absolutePath(value: string, folder: string): string {
  if (value === '~' || value.startsWith('~/')) return join(homedir(), value.slice(1));
  return isAbsolute(value) ? value : resolve(folder, value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
