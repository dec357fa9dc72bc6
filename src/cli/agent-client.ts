/** Whose keys sign: the daemon's, or those in a file of the caller. */

import { existsSync } from 'node:fs';
import { bytesToHex } from '../core/bytes.ts';
import { type AgentId, formatAgentId } from '../core/identity/agent-id.ts';
import type { WeftNode } from '../node/node-types.ts';
import { CliError } from './cli-error.ts';
import type { Context } from './context.ts';
import type { ControlClient } from './control-client.ts';
import { obtainPassphrase } from './passphrase.ts';

/** Calls about agents: to the daemon, or answered here with the keys in that file. */
export async function openAgentClient(
  context: Context,
  keyFile: string | undefined,
): Promise<Pick<ControlClient, 'call'>> {
  if (keyFile === undefined) return context.client();
  // Loaded here, so that calls to a daemon start without them.
  const { createLocalClient } = await import('./local-client.ts');
  return createLocalClient(await openOwnAgents(context, keyFile));
}

/** Agents whose keys are in that file; the daemon resolves and passes on. */
export async function openOwnAgents(
  context: Context,
  keyFile: string,
): Promise<Pick<WeftNode, 'agents' | 'resolve'>> {
  const { createOwnAgents, openOwnKeys } = await import('../node/offline-keys.ts');
  const { createRemoteNetwork } = await import('./remote-network.ts');
  const keys = await openOwnKeys({ path: keyFile, passphrase: await keyFilePassphrase(context, keyFile) });
  return createOwnAgents(keys, `${keyFile}.journal`, createRemoteNetwork(context.client()));
}

/** One seed of an agent in an exported file, hexadecimal. @throws CliError `unreadable` when it is not there */
export async function readSeed(
  context: Context,
  keyFile: string,
  agentId: AgentId,
  role: 'recovery',
): Promise<string> {
  if (!existsSync(keyFile))
    throw new CliError('unreadable', `${keyFile} does not exist`, 'name a file that `weft keys export` made');
  const { openOwnKeys } = await import('../node/offline-keys.ts');
  const keys = await openOwnKeys({ path: keyFile, passphrase: await keyFilePassphrase(context, keyFile) });
  const seed = (await keys.read(agentId))[role];
  if (seed !== undefined) return bytesToHex(seed);
  throw new CliError(
    'unreadable',
    `${keyFile} holds no ${role} key of ${formatAgentId(agentId)}`,
    'name the file that it was exported to',
  );
}

/** Null where keys are not encrypted on this data folder's own wish. */
export function keyFilePassphrase(context: Context, keyFile: string): Promise<string | null> {
  const { protection, passphraseFile } = context.config().keystore;
  if (protection === 'none') return Promise.resolve(null);
  return obtainPassphrase(context.terminal, {
    of: keyFile,
    file: passphraseFile,
    isNew: !existsSync(keyFile),
  });
}
