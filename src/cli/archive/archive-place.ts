/**
 * Where agents are exported from and imported to: the daemon that runs on the data folder, or the folder itself while
 * none does.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addressFile } from '../../api/token-file.ts';
import type { NodeConfig } from '../../config/config-types.ts';
import type { TakeOutcome } from '../../node/offline-store.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import type { ControlClient } from '../control-client.ts';
import { hasKeys } from '../data-folder.ts';
import { createDaemonIntake } from './daemon-intake.ts';

export interface ArchivePlace {
  readonly kind: 'daemon' | 'folder';
  /** All that is there, as the bytes of an archive. */
  archive(): AsyncIterable<Uint8Array>;
  /** One outcome for each bundle, durable when it resolves. */
  take(bundles: readonly Uint8Array[]): Promise<readonly TakeOutcome[]>;
  close(): Promise<void>;
}

/**
 * @param wish an export makes no store where there is none
 * @throws CliError `unreachable` for a daemon named by --api, `not-initialised`; StoreError `locked` and others.
 */
export async function openArchivePlace(context: Context, wish: 'export' | 'import'): Promise<ArchivePlace> {
  if (context.globals.api !== undefined) return placeOfDaemon(context.client());
  const config = context.config();
  const client = await runningDaemon(context, config);
  if (client !== null) return placeOfDaemon(client);
  const hasStore = existsSync(join(config.dataDirectory, 'store'));
  if (!hasStore && (wish === 'export' || !hasKeys(config))) {
    throw new CliError(
      'not-initialised',
      `${config.dataDirectory} holds no ${wish === 'export' ? 'store' : 'node'}, and no daemon runs on it`,
      'make one with `weft init`, or name its data folder with --data',
    );
  }
  const { openOfflineStore } = await import('../../node/offline-store.ts');
  return { kind: 'folder', ...(await openOfflineStore(config)) };
}

/** Null when none answers; what a killed one left behind does not count. */
async function runningDaemon(context: Context, config: NodeConfig): Promise<ControlClient | null> {
  if (!existsSync(addressFile(config.dataDirectory))) return null;
  try {
    const client = context.client();
    await client.call('GET', '/v1/status');
    return client;
  } catch (error) {
    if (error instanceof CliError && error.code === 'unreachable') return null;
    throw error;
  }
}

function placeOfDaemon(client: ControlClient): ArchivePlace {
  const archive = (): AsyncIterable<Uint8Array> => client.readChunks('/v1/export');
  return { kind: 'daemon', archive, take: createDaemonIntake(client, archive), close: async () => {} };
}
