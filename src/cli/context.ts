/** What every command is given: where to write, the settings, the daemon to talk to. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../api/error-table.ts';
import type { NodeConfig } from '../config/config-types.ts';
import type { ConfigValue } from '../config/key-schema.ts';
import { loadConfig } from '../config/load-config.ts';
import { processEnvironment } from '../config/read-env.ts';
import { CliError } from './cli-error.ts';
import {
  type ControlAddress,
  type ControlClient,
  createControlClient,
  findDaemon,
} from './control-client.ts';
import { createTerminal, type Streams, type Terminal } from './terminal.ts';

/** Options that every command has. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly data?: string;
  readonly config?: string;
  readonly api?: string;
  readonly tokenFile?: string;
}

export interface Context {
  readonly terminal: Terminal;
  readonly globals: GlobalOptions;
  nowMs(): number;
  /** The settings, with flags of this command over everything else. @throws ConfigError */
  config(flags?: Readonly<Record<string, ConfigValue>>): NodeConfig;
  /** Where the running daemon is, looked for at each call. @throws CliError `unreachable` */
  address(): ControlAddress;
  /** The running daemon. @throws CliError `unreachable` */
  client(): ControlClient;
}

/** Name of the config file that `weft init` leaves in the data folder. */
export const configFileName = 'config.json';

/** The context of one command. */
function createContext(streams: Streams, globals: GlobalOptions): Context {
  function config(flags: Readonly<Record<string, ConfigValue>> = {}): NodeConfig {
    const data = globals.data === undefined ? {} : { dataDirectory: globals.data };
    const sources = { environment: processEnvironment(), flags: { ...data, ...flags } };
    if (globals.config !== undefined) return loadConfig({ ...sources, file: globals.config });
    const file = join(loadConfig(sources).dataDirectory, configFileName);
    return existsSync(file) ? loadConfig({ ...sources, file }) : loadConfig(sources);
  }
  function address(): ControlAddress {
    const { api, tokenFile } = globals;
    if (api === undefined) return findDaemon(config().dataDirectory);
    return { url: api.replace(/\/+$/, ''), token: readToken(tokenFile ?? config().api.tokenFile) };
  }
  return {
    terminal: createTerminal(streams, globals.json === true),
    globals,
    nowMs: () => Date.now(),
    config,
    address,
    client: () => createControlClient(address()),
  };
}

/** What a command does: its arguments, then its own options. Returns the exit code, `ok` when it returns nothing. */
export type Handler<Arguments extends readonly unknown[], Options> = (
  context: Context,
  given: Arguments,
  options: Options,
) => Promise<ExitCode | undefined>;

/** Turns a handler into an action of commander. */
export type Runner = <Arguments extends readonly unknown[], Options = object>(
  handler: Handler<Arguments, Options>,
) => (...given: unknown[]) => Promise<void>;

/** Actions over these streams, which report their exit code. */
export function createRunner(streams: Streams, onExit: (code: ExitCode) => void): Runner {
  return (handler) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const context = createContext(streams, command.optsWithGlobals<GlobalOptions>());
      const code = await handler(context, given.slice(0, -2) as never, given.at(-2) as never);
      onExit(code ?? exitCodes.ok);
    };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CliError(
      'unreachable',
      `cannot read the token ${file}: ${(error as Error).message}`,
      'name it with --token-file',
      {
        cause: error,
      },
    );
  }
}
