/** The only place that reads the environment. */

import { closestWord } from './closest-word.ts';
import { ConfigError } from './config-error.ts';
import { configKeys } from './config-keys.ts';
import { valueFromText } from './key-schema.ts';
import type { LayerEntry } from './layer.ts';

/** The variables of this process. */
export function processEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/**
 * Settings among the variables; one that begins with `WEFT_` and is none is refused, with the one that was meant.
 * @throws ConfigError `unknown-key`, `bad-value`
 */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): readonly LayerEntry[] {
  const keyByName = new Map(configKeys.map((row) => [row.environment, row]));
  return Object.entries(variables).flatMap(([name, text]) => {
    if (!name.startsWith('WEFT_') || text === undefined) return [];
    const row = keyByName.get(name);
    if (row === undefined) {
      const meant = closestWord(name, [...keyByName.keys()]);
      const hint = meant === null ? 'config/README.md lists the variables' : `did you mean ${meant}?`;
      throw new ConfigError(
        'unknown-key',
        name,
        `environment variable ${name}: there is no such setting; ${hint}`,
      );
    }
    return [{ row, value: valueFromText(row.schema, text), source: `environment variable ${name}` }];
  });
}
