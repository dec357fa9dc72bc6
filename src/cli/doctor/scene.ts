/** What every check starts from: the settings, and the daemon where one runs. Looks, and changes nothing. */
import { readFileSync } from 'node:fs';
import { type ApiAddress, addressFile } from '../../api/token-file.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { NodeConfig } from '../../config/config-types.ts';
import type { Context } from '../context.ts';
import type { ControlClient } from '../control-client.ts';
import { within } from './within.ts';

/** What the checks read of `GET /v1/status`. */
export interface DaemonStatus {
  readonly version: string;
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly network: { readonly profile: string; readonly isNew: boolean };
  readonly state: string;
  readonly startedAt: string;
  readonly connectedPeers: number;
  readonly knownPeers: number;
  readonly agents: { readonly known: number };
  readonly store: { readonly full: boolean; readonly quarantined: number };
}

export type Daemon =
  | { readonly state: 'none' }
  /** Its address is there, and nobody answers. `processId` when that process still lives. */
  | { readonly state: 'silent'; readonly reason: string; readonly processId: number | null }
  | {
      readonly state: 'running';
      readonly client: ControlClient;
      readonly status: DaemonStatus;
      /** Null for a daemon that was named by --api: it may run on another machine. */
      readonly processId: number | null;
      readonly url: string;
    };

export interface Scene {
  readonly config: NodeConfig;
  readonly daemon: Daemon;
  nowMs(): number;
}

const statusWithinMs = 3_000;

/** The settings, or why they cannot be used. */
export function readSettings(context: Context): NodeConfig | ConfigError {
  try {
    return context.config();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

export async function findRunning(context: Context, config: NodeConfig): Promise<Daemon> {
  const { api } = context.globals;
  const address = api === undefined ? readAddress(config.dataDirectory) : null;
  if (api === undefined && address === null) return { state: 'none' };
  try {
    const client = context.client();
    const answer = await within(statusWithinMs, client.call('GET', '/v1/status'));
    const status = answer as unknown as DaemonStatus;
    return {
      state: 'running',
      client,
      status,
      processId: address?.processId ?? null,
      url: api ?? address!.url,
    };
  } catch (error) {
    const processId = address !== null && isAlive(address.processId) ? address.processId : null;
    return { state: 'silent', reason: (error as Error).message, processId };
  }
}

function readAddress(dataDirectory: string): ApiAddress | null {
  try {
    return JSON.parse(readFileSync(addressFile(dataDirectory), 'utf8')) as ApiAddress;
  } catch {
    return null;
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
