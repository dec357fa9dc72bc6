/** The ports of a full node, made from its configuration or given by the embedding program. */
import { join } from 'node:path';
import { createLevelStore } from '../adapters/level/level-store.ts';
import type { Host, HostOptions } from '../adapters/libp2p/host-types.ts';
import { installNativeHash } from '../adapters/native/native-hash.ts';
import { createNodeCryptoVerifier } from '../adapters/native/node-crypto-verifier.ts';
import { createSodiumVerifier } from '../adapters/native/sodium-verifier.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemEntropy } from '../adapters/system/entropy.ts';
import { createNobleVerifier } from '../adapters/system/noble-verifier.ts';
import { createPinoLog } from '../adapters/system/pino-log.ts';
import type { NodeConfig } from '../config/config-types.ts';
import type { CustodyKeys } from '../custody/custody-types.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import type { Tracing } from '../ports/tracing.ts';
import type { Verifier } from '../ports/verifier.ts';
import { openNodeKeys } from './custody-keys.ts';

export interface NodePorts {
  readonly store: Store;
  readonly verifier: Verifier;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** Keys of the agents in custody. */
  readonly keys: CustodyKeys;
  /** 32 bytes: the seed of the peer's own key. */
  readonly identitySeed: Uint8Array;
  /** Left out: nothing is traced. */
  readonly tracing?: Tracing;
}

/** What an embedding program gives in place of what the configuration makes. */
export interface NodeReplacements extends Partial<NodePorts> {
  /** Of the key files; left out or null: the first line of the configured file. */
  readonly passphrase?: string | null;
  /** Makes the host, with the overlay and gossip ports on it; left out: createHost. */
  readonly openHost?: (options: HostOptions) => Promise<Host>;
}

/**
 * What is not replaced is made. The store is opened last but the keys: a second process on the directory fails there.
 * @throws StoreError, KeystoreError.
 */
export async function openPorts(config: NodeConfig, replace: NodeReplacements): Promise<NodePorts> {
  installNativeHash();
  const log = replace.log ?? createNodeLog(config);
  const entropy = replace.entropy ?? createSystemEntropy();
  const store = replace.store ?? (await openStore(config, log));
  try {
    const { keys, identitySeed } = replace;
    const opened =
      keys !== undefined && identitySeed !== undefined
        ? { keys, identitySeed }
        : await openNodeKeys(config, entropy, replace.passphrase);
    return {
      store,
      verifier: replace.verifier ?? createVerifier(config),
      clock: replace.clock ?? createSystemClock(),
      entropy,
      log,
      keys: keys ?? opened.keys,
      identitySeed: identitySeed ?? opened.identitySeed,
      ...(replace.tracing && { tracing: replace.tracing }),
    };
  } catch (error) {
    if (replace.store === undefined) await store.close();
    throw error;
  }
}

/** The store of a data folder, made when it is not there. @throws StoreError */
export function openStore(config: NodeConfig, log: Log): Promise<Store> {
  return createLevelStore({
    directory: join(config.dataDirectory, 'store'),
    ballastBytes: config.store.ballastBytes,
    freeBytesMin: config.store.freeBytesMin,
    log: log.child({ subsystem: 'store' }),
  });
}

/** The log of a node, also for what runs around it. */
export function createNodeLog(config: NodeConfig): Log {
  return createPinoLog(config.log);
}

/** What checks signatures, as the settings say. */
export function createVerifier(config: NodeConfig): Verifier {
  switch (config.verifier) {
    case 'sodium':
      return createSodiumVerifier({ workers: config.verifierWorkers });
    case 'node-crypto':
      return createNodeCryptoVerifier();
    case 'noble':
      return createNobleVerifier();
  }
}
