/** The data folder of a node: made once, opened with its passphrase afterwards. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeConfig } from '../config/config-types.ts';
import type { ConfigValue } from '../config/key-schema.ts';
import { CliError } from './cli-error.ts';
import { type Context, configFileName } from './context.ts';
import { obtainPassphrase } from './passphrase.ts';

type Flags = Readonly<Record<string, ConfigValue>>;

export interface PreparedFolder {
  readonly config: NodeConfig;
  /** Null when the key files are not encrypted. */
  readonly passphrase: string | null;
  /** True when there were no keys yet. */
  readonly isNew: boolean;
}

/**
 * The settings and the passphrase of a node, its data folder made when it is not there.
 * @param encrypted false for `--no-passphrase`, which a folder that has keys already does not take
 * @throws ConfigError, CliError `no-passphrase`, `usage`
 */
export async function prepareDataFolder(
  context: Context,
  flags: Flags,
  encrypted: boolean,
): Promise<PreparedFolder> {
  const first = context.config(flags);
  const isNew = !hasKeys(first);
  if (!encrypted && !isNew && first.keystore.protection !== 'none') {
    throw new CliError(
      'usage',
      `the keys in ${first.keystore.directory} are encrypted already`,
      'leave out --no-passphrase',
    );
  }
  mkdirSync(first.dataDirectory, { recursive: true, mode: 0o700 });
  const persisted: Flags = !encrypted && isNew ? { 'keystore.protection': 'none' } : {};
  if (Object.keys(persisted).length > 0 && !existsSync(configFile(first))) writeConfigFile(first, persisted);
  const config = context.config({ ...flags, ...persisted });
  const { protection, passphraseFile: file } = config.keystore;
  if (protection === 'none') return { config, passphrase: null, isNew };
  const passphrase = await obtainPassphrase(context.terminal, { of: 'this node’s keys', file, isNew });
  return { config, passphrase, isNew };
}

/** True when there are key files. */
export function hasKeys({ keystore }: NodeConfig): boolean {
  return existsSync(keystore.directory) && readdirSync(keystore.directory).length > 0;
}

/** Where `weft init` writes settings. */
export function configFile({ dataDirectory }: NodeConfig): string {
  return join(dataDirectory, configFileName);
}

/** Writes settings, nested as in a file, in place of those that were there. */
export function writeConfigFile(config: NodeConfig, flags: Flags): void {
  const settings: Record<string, unknown> = {};
  for (const [keyPath, value] of Object.entries(flags)) {
    const [group, name] = keyPath.split('.') as [string, string | undefined];
    if (name === undefined) settings[group] = value;
    else settings[group] = { ...(settings[group] as object | undefined), [name]: value };
  }
  writeFileSync(configFile(config), `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
}
