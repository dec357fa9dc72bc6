/**
 * Keys outside a running node: the keystore of a data folder, files that a caller keeps, and agents whose owner signs
 * here while some daemon only resolves and passes on what was signed.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import {
  exportKeys,
  importKeys,
  type MovedKeys,
  openKeystoreFile,
} from '../adapters/native/keystore-file.ts';
import { createNativeSigner } from '../adapters/native/native-signer.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemEntropy } from '../adapters/system/entropy.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { bytesToHex, hexToBytes } from '../core/bytes.ts';
import type { AgentId } from '../core/identity/agent-id.ts';
import { keyBytes } from '../core/limits.ts';
import { createAgentService } from '../custody/agent-service.ts';
import { createCustodyJournal } from '../custody/custody-journal.ts';
import { type AgentKeys, type KeyRole, KeystoreError } from '../ports/keystore.ts';
import { silentLog } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import { type NodeKeys, openNodeKeys } from './custody-keys.ts';
import type { WeftNode } from './node-types.ts';

/** The keys of a node's data folder, made when they are not there. @param passphrase null: not encrypted */
export function openKeysOfNode(config: NodeConfig, passphrase: string | null): Promise<NodeKeys> {
  return openNodeKeys(config, createSystemEntropy(), passphrase);
}

/** The id by which other peers know a node, from its seed. */
export async function peerOfSeed(identitySeed: Uint8Array): Promise<string> {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', identitySeed)).toString();
}

/** A file of agents' keys and how it opens. */
export interface KeyFilePlace {
  readonly path: string;
  readonly passphrase: string | null;
}

/** The keys in a file; one that is not there is made by the first change. */
export function openOwnKeys({ path, passphrase }: KeyFilePlace): Promise<AgentKeys> {
  return openKeystoreFile({ path, passphrase: sourceOf(passphrase) });
}

/** Copies or, with `remove`, moves keys of one agent into a new file. */
export function exportToFile(
  from: AgentKeys,
  agentId: AgentId,
  to: KeyFilePlace,
  options: { readonly roles: readonly KeyRole[]; readonly remove: boolean },
): Promise<MovedKeys> {
  return exportKeys({ from, agentId, path: to.path, passphrase: sourceOf(to.passphrase), ...options });
}

/** Copies all keys of a file into a keystore. */
export function importFromFile(into: AgentKeys, from: KeyFilePlace): Promise<readonly MovedKeys[]> {
  return importKeys({ into, path: from.path, passphrase: sourceOf(from.passphrase) });
}

/**
 * Agents whose keys are in a file: every method signs here and publishes through the network given. Nothing is renewed
 * in the background: a record dies at its end unless its owner signs again.
 * @param journalFile beside the keys; public, it holds what is signed and not known to be published
 */
export function createOwnAgents(
  keys: AgentKeys,
  journalFile: string,
  network: Pick<WeftNode, 'resolve' | 'publish'>,
): Pick<WeftNode, 'agents' | 'resolve'> {
  const clock = createSystemClock();
  const entropy = createSystemEntropy();
  const agents = createAgentService({
    keys,
    journal: createCustodyJournal(createFileStore(journalFile)),
    resolve: network.resolve,
    publish: network.publish,
    watch: () => {},
    unwatch: () => {},
    changes: async function* () {},
    // Time is told, and nothing is scheduled: the process ends with its one call.
    clock: { nowMs: clock.nowMs, schedule: () => () => {} },
    entropy,
    createSigner: createNativeSigner,
    createSecret: () => entropy.randomBytes(keyBytes),
    refenceSeconds: Number.MAX_SAFE_INTEGER,
    log: silentLog,
  });
  return { agents, resolve: network.resolve };
}

function sourceOf(passphrase: string | null): (() => Promise<Uint8Array>) | null {
  return passphrase === null ? null : async () => new Uint8Array(Buffer.from(passphrase, 'utf8'));
}

/** A few entries in one JSON file, hexadecimal, synced and renamed into place. */
function createFileStore(file: string): Pick<Store, 'get' | 'write'> {
  function read(): Record<string, string> {
    if (!existsSync(file)) return {};
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    } catch (error) {
      const message = `${file} is damaged: put back a copy of it; without one, recover the agent (${(error as Error).message})`;
      throw new KeystoreError('damaged', message, { cause: error });
    }
  }
  return {
    async get(key) {
      const text = read()[key];
      return text === undefined ? undefined : hexToBytes(text);
    },
    async write(writes) {
      const entries = new Map(Object.entries(read()));
      for (const { key, value } of writes) {
        if (value === null) entries.delete(key);
        else entries.set(key, bytesToHex(value));
      }
      const descriptor = openSync(`${file}.new`, 'w', 0o600);
      writeSync(descriptor, JSON.stringify(Object.fromEntries(entries)));
      fsyncSync(descriptor);
      closeSync(descriptor);
      renameSync(`${file}.new`, file);
    },
  };
}
