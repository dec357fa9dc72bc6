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
  const isUnprotected = !encrypted && isNew;
  const config = context.config({ ...flags, ...(isUnprotected && { 'keystore.protection': 'none' }) });
  // How the keys open has to be known at the next start, too.
  if (isUnprotected && !existsSync(configFile(config))) writeConfigFile(config, ['keystore.protection']);
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

/** Writes these settings of a configuration, nested as in a file, in place of those that were there. */
export function writeConfigFile(config: NodeConfig, keyPaths: readonly string[]): void {
  const settings: Record<string, unknown> = {};
  for (const keyPath of keyPaths) {
    const [group, name] = keyPath.split('.') as [string, string | undefined];
    const value = (config as unknown as Record<string, unknown>)[group];
    if (name === undefined) settings[group] = value;
    else {
      const before = settings[group] as object | undefined;
      settings[group] = { ...before, [name]: (value as Record<string, unknown>)[name] };
    }
  }
  writeFileSync(configFile(config), `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
}
