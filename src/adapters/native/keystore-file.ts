/**
 * Keys of agents in one file with a passphrase of its own: what a caller keeps who does not leave the keys with a node,
 * and what next and recovery keys are exported to, so that they can live offline.
 */
import { type AgentId, agentKey, formatAgentId } from '../../core/identity/agent-id.ts';
import { type AgentKeys, type AgentSeeds, type KeyRole, KeystoreError } from '../../ports/keystore.ts';
import { damaged, openKeyFile, sealKeyFile } from './key-file.ts';
import { createKeyDeriver, type KeyDeriver, type PassphraseSource } from './key-file-derivation.ts';
import { readKeyFile, writeKeyFile } from './key-file-disk.ts';
import { type AgentKeyring, decodeKeyrings, encodeKeyrings, rolesIn } from './key-file-seeds.ts';
import { createAgentKeys } from './keystore-keys.ts';

export interface KeystoreFileOptions {
  readonly path: string;
  /** Null: the file is not encrypted. */
  readonly passphrase: PassphraseSource | null;
  /** N of scrypt for a new file. Default 2^17. */
  readonly cost?: number;
}

export interface ExportOptions extends KeystoreFileOptions {
  readonly from: AgentKeys;
  readonly agentId: AgentId;
  /** Default: what may live offline, `rotation` and `recovery`. */
  readonly roles?: readonly KeyRole[];
  /** Destroys the exported keys in the keystore once the file is durable and was read back. */
  readonly remove?: boolean;
}

export interface ImportOptions extends KeystoreFileOptions {
  readonly into: AgentKeys;
}

/** An agent whose keys were moved, and which. */
export interface MovedKeys {
  readonly agentId: AgentId;
  readonly roles: readonly KeyRole[];
}

/**
 * The keys in a file; a file that is not there is empty, and made by the first change.
 * @throws KeystoreError when there is one that does not open.
 */
export async function openKeystoreFile(options: KeystoreFileOptions): Promise<AgentKeys> {
  const { path, passphrase, cost } = options;
  const deriver = passphrase === null ? null : createKeyDeriver(passphrase, cost);
  await readKeyrings(path, deriver);
  const change = async (edit: (keyrings: Map<string, AgentKeyring>) => void): Promise<void> => {
    const keyrings = (await readKeyrings(path, deriver)) ?? new Map<string, AgentKeyring>();
    edit(keyrings);
    await writeKeyFile(path, await seal(keyrings, deriver));
  };
  return createAgentKeys({
    agents: async () => [...((await readKeyrings(path, deriver)) ?? [])].map(([agent]) => agent),
    load: async (agent) => (await readKeyrings(path, deriver))?.get(agent) ?? null,
    save: (agent, keyring) => change((keyrings) => keyrings.set(agent, keyring)),
    remove: (agent) => change((keyrings) => keyrings.delete(agent)),
  });
}

/**
 * Copies keys of one agent to a new file, and on request takes them out of the keystore.
 * @throws KeystoreError `not-found` when a role has no key, `already-there` when the file exists.
 */
export async function exportKeys(options: ExportOptions): Promise<MovedKeys> {
  const { from, agentId, path, passphrase, cost, roles = ['rotation', 'recovery'] } = options;
  const held = await from.read(agentId);
  const seeds: Partial<Record<KeyRole, Uint8Array>> = {};
  for (const role of roles) {
    const seed = held[role];
    if (seed === undefined) throw noSuchKey(agentId, role, rolesIn(held));
    seeds[role] = seed;
  }
  const deriver = passphrase === null ? null : createKeyDeriver(passphrase, cost);
  const text = await seal(new Map([[agentKey(agentId), { inUse: seeds, staged: {} }]]), deriver);
  await writeKeyFile(path, text, true);
  const readBack = (await readKeyrings(path, deriver))?.get(agentKey(agentId))?.inUse ?? {};
  assertSame(path, seeds, readBack);
  if (options.remove === true) await from.remove(agentId, roles);
  return { agentId, roles: rolesIn(seeds) };
}

/** Adds the keys of a file to a keystore, in place of those of the same roles. @throws KeystoreError `not-found`. */
export async function importKeys(options: ImportOptions): Promise<readonly MovedKeys[]> {
  const { into, path } = options;
  const file = await openKeystoreFile(options);
  const moved: MovedKeys[] = [];
  for (const { agentId, roles } of await file.list()) {
    await into.add(agentId, await file.read(agentId));
    moved.push({ agentId, roles });
  }
  if (moved.length === 0) throw new KeystoreError('not-found', `${path} holds no keys: check its name`);
  return moved;
}

async function readKeyrings(
  path: string,
  deriver: KeyDeriver | null,
): Promise<Map<string, AgentKeyring> | null> {
  const text = await readKeyFile(path);
  if (text === null) return null;
  const { purpose, content } = await openKeyFile(path, text, deriver);
  if (purpose === 'export' || purpose === 'agent') return decodeKeyrings(path, content);
  throw damaged(path, `it is the ${purpose}'s own and holds no agent's keys`);
}

function seal(keyrings: ReadonlyMap<string, AgentKeyring>, deriver: KeyDeriver | null): Promise<string> {
  return sealKeyFile({ purpose: 'export', subject: null, content: encodeKeyrings(keyrings) }, deriver);
}

function assertSame(path: string, seeds: AgentSeeds, readBack: AgentSeeds): void {
  for (const role of rolesIn(seeds)) {
    if (readBack[role] !== undefined && Buffer.from(readBack[role]).equals(seeds[role]!)) continue;
    throw new KeystoreError('write-failed', `${path} does not read back as written: check the disk`);
  }
}

function noSuchKey(agentId: AgentId, role: KeyRole, held: readonly KeyRole[]): KeystoreError {
  const what = held.length === 0 ? 'no key' : `only ${held.join(', ')}`;
  return new KeystoreError(
    'not-found',
    `no ${role} key of ${formatAgentId(agentId)} is held (${what}): name another role`,
  );
}
