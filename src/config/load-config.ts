/** Defaults < file < environment < flags → one checked, frozen object. */
import { join } from 'node:path';
import { configKeyByPath } from './config-keys.ts';
import type { NodeConfig } from './config-types.ts';
import { type ConfigValue, valueFromText } from './key-schema.ts';
import { badValue, checkedValue, type LayerEntry } from './layer.ts';
import { packageRoot } from './package-root.ts';
import { readEnvironment } from './read-env.ts';
import { readConfigFile, unknownKey } from './read-file.ts';

export interface ConfigSources {
  /** Path of a JSON file; null or left out: none. */
  readonly file?: string | null;
  /** Variables; those that begin with `WEFT_` are read. Left out: none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** By key such as `api.port`: a value, or a text to be read as one. */
  readonly flags?: Readonly<Record<string, ConfigValue>>;
}

/**
 * The configuration of a node.
 * @throws ConfigError with the key, where its value came from, what is wrong and what to write
 */
export function loadConfig(sources: ConfigSources = {}): NodeConfig {
  const entries = [
    ...readConfigFile(defaultsFile()),
    ...(sources.file ? readConfigFile(sources.file) : []),
    ...readEnvironment(sources.environment ?? {}),
    ...readFlags(sources.flags ?? {}),
  ];
  const entryByPath = new Map(entries.map((entry) => [entry.row.path, entry]));
  const valueByPath = new Map([...entryByPath].map(([keyPath, entry]) => [keyPath, checkedValue(entry)]));
  fillPlaces(valueByPath);
  checkTogether(valueByPath, (keyPath) => entryByPath.get(keyPath)!.source);
  return nested(valueByPath) as unknown as NodeConfig;
}

/** The file of the defaults, shipped with the package. */
export function defaultsFile(): string {
  return join(packageRoot(), 'config', 'default.json');
}

function readFlags(flags: Readonly<Record<string, ConfigValue>>): readonly LayerEntry[] {
  return Object.entries(flags).map(([keyPath, value]) => {
    const row = configKeyByPath.get(keyPath);
    if (row === undefined) throw unknownKey(keyPath, '');
    const read = typeof value === 'string' ? valueFromText(row.schema, value) : value;
    return { row, value: read, source: row.flag ?? `--set ${keyPath}` };
  });
}

/** Places that follow from the data folder. */
function fillPlaces(valueByPath: Map<string, ConfigValue>): void {
  const folder = valueByPath.get('dataDirectory') as string;
  if (valueByPath.get('api.tokenFile') === null) valueByPath.set('api.tokenFile', join(folder, 'api.token'));
  if (valueByPath.get('keystore.directory') === null)
    valueByPath.set('keystore.directory', join(folder, 'keys'));
}

/** What no key can say alone. */
function checkTogether(
  valueByPath: ReadonlyMap<string, ConfigValue>,
  sourceOf: (keyPath: string) => string,
): void {
  const number = (keyPath: string): number => valueByPath.get(keyPath) as number;
  const host = valueByPath.get('api.host') as string;
  if (!isLoopback(host) && valueByPath.get('api.remote') !== true) {
    const advice = 'use 127.0.0.1, or set api.remote to true if everybody on that network may reach the API';
    throw badValue('api.host', sourceOf('api.host'), `"${host}" is not loopback; ${advice}`);
  }
  const nandaHost = valueByPath.get('nanda.host') as string;
  if (!isLoopback(nandaHost) && valueByPath.get('nanda.remote') !== true) {
    const advice =
      'use 127.0.0.1, or set nanda.remote to true if everybody on that network may register here';
    throw badValue('nanda.host', sourceOf('nanda.host'), `"${nandaHost}" is not loopback; ${advice}`);
  }
  for (const keyPath of ['replication.acknowledgements', 'replication.responders']) {
    if (number(keyPath) <= number('replication.count')) continue;
    throw badValue(
      keyPath,
      sourceOf(keyPath),
      `${number(keyPath)} peers are more than the ${number('replication.count')} of replication.count`,
    );
  }
  for (const name of ['puts', 'finds']) {
    const keyPath = `quotas.${name}Burst`;
    if (number(keyPath) >= number(`quotas.${name}PerSecond`)) continue;
    throw badValue(
      keyPath,
      sourceOf(keyPath),
      `it is below quotas.${name}PerSecond; a burst is at least one second's worth`,
    );
  }
}

/** True for the names of this machine's own loopback interface. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function nested(valueByPath: ReadonlyMap<string, ConfigValue>): object {
  const groups = new Map<string, Record<string, ConfigValue>>();
  const top: Record<string, unknown> = {};
  for (const [keyPath, value] of valueByPath) {
    const [first, second] = keyPath.split('.') as [string, string | undefined];
    if (second === undefined) {
      top[first] = value;
      continue;
    }
    const group = groups.get(first) ?? {};
    group[second] = value;
    groups.set(first, group);
  }
  for (const [name, group] of groups) top[name] = Object.freeze(group);
  return Object.freeze(top);
}
