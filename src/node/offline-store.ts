/**
 * The store of a data folder on which no daemon runs: all of it as an archive, and bundles taken in as from a stranger:
 * the protocol core judges them behind the same door as puts of other peers, and what it accepts is durable.
 */
import { installNativeHash } from '../adapters/native/native-hash.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemEntropy } from '../adapters/system/entropy.ts';
import { encodeArchive } from '../archive/archive-format.ts';
import { openLogQueue } from '../audit/log/log-queue.ts';
import type { NodeConfig } from '../config/config-types.ts';
import { bytesEqual } from '../core/bytes.ts';
import { isProtocolError } from '../core/errors.ts';
import { agentKey } from '../core/identity/agent-id.ts';
import { frameBytesMax, requestItemsMax } from '../core/limits.ts';
import { decodePutAnswers, encodeRequest, type PutAnswer } from '../core/overlay/message.ts';
import { createPeer } from '../core/peer/peer.ts';
import { agentIdOfBundle } from '../core/record/admission.ts';
import { decodeBundle } from '../core/record/bundle-codec.ts';
import { createDriver, type Driver } from '../driver/driver.ts';
import type { Gossip } from '../ports/gossip.ts';
import type { Log } from '../ports/log.ts';
import { type Overlay, OverlayError, type OverlayHandlers } from '../ports/overlay.ts';
import { type Store, StoreError } from '../ports/store.ts';
import type { Verifier } from '../ports/verifier.ts';
import { createNodeLog, createVerifier, openStore } from './node-ports.ts';
import { peerConfigOf } from './peer-settings.ts';
import { storedBundle, storedBundles } from './stored-bundles.ts';

/** What became of one bundle. */
export interface TakeOutcome {
  /** `known`: the store has the same already, or newer. */
  readonly status: 'imported' | 'known' | 'refused';
  /** Why it was refused. */
  readonly code: string | null;
}

export interface OfflineStore {
  /** All that it holds, as the bytes of an archive. */
  archive(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Durable when it resolves; one outcome for each. @throws StoreError when the store takes nothing any more. */
  take(bundles: readonly Uint8Array[]): Promise<readonly TakeOutcome[]>;
  close(): Promise<void>;
}

/** Room in a frame for what stands around the bundles. */
const frameMarginBytes = 8 * 1024;
/** Who asks and who answers: there is no network, so any two names in base58 do. */
const selfPeer = 'archive';
const askingPeer = 'stranger';
const seedBytes = 16;
/** Quotas are for strangers whom nobody invited. */
const unbounded = 1e12;

/** @throws StoreError `locked` while a daemon runs on it, `wrong-schema`, `disk-full`, `open-failed`. */
export async function openOfflineStore(config: NodeConfig): Promise<OfflineStore> {
  installNativeHash();
  const log = createNodeLog({ ...config, log: { ...config.log, level: 'error', pretty: true } });
  const store = await openStore(config, log);
  let intake: Promise<Intake> | null = null;

  async function take(bundles: readonly Uint8Array[]): Promise<readonly TakeOutcome[]> {
    intake ??= openIntake(config, store, log);
    const { put } = await intake;
    const outcomes: TakeOutcome[] = [];
    for (const frame of framesOf(bundles)) {
      const keys = frame.map(keyOfBundle);
      const before = await Promise.all(keys.map((key) => bundleAt(store, key)));
      const answers = await put(frame);
      const after = await Promise.all(keys.map((key) => bundleAt(store, key)));
      outcomes.push(...answers.map((answer, index) => outcomeOf(answer, before[index]!, after[index]!)));
    }
    return outcomes;
  }

  return {
    archive: () => encodeArchive(storedBundles(store), Math.floor(Date.now() / 1000)),
    take,
    async close() {
      const opened = await intake?.catch(() => null);
      opened?.driver.close();
      await opened?.verifier.close();
      await store.close();
    },
  };
}

interface Intake {
  readonly driver: Driver;
  readonly verifier: Verifier;
  put(bundles: readonly Uint8Array[]): Promise<readonly PutAnswer[]>;
}

/** The protocol core over the store, alone in the world. */
async function openIntake(config: NodeConfig, store: Store, log: Log): Promise<Intake> {
  const self = { peer: selfPeer, addresses: [] };
  const quotas = { putsBurst: unbounded, putsPerSecond: unbounded };
  const peer = createPeer({
    config: { ...peerConfigOf(config), role: 'full', ...quotas },
    self,
    seed: createSystemEntropy().randomBytes(seedBytes),
  });
  let handlers: OverlayHandlers | null = null;
  const overlay: Overlay = {
    self,
    start: async (given) => {
      handlers = given;
    },
    request: () => Promise.reject(new OverlayError('unreachable', 'there is no network here')),
    meet() {},
    push() {},
    stop: async () => {},
  };
  const verifier = createVerifier(config);
  const queue = await openLogQueue(store);
  const driver = createDriver(
    peer,
    {
      ...{ overlay, gossip: silence, store, verifier, clock: createSystemClock(), log, soon: setImmediate },
      // The next daemon on this folder puts it into the tree of its audit log.
      acceptedRow: queue.row,
    },
    { changed() {}, counted() {}, alarmed() {} },
  );
  await driver.start([]);
  return {
    driver,
    verifier,
    async put(bundles) {
      const body = encodeRequest({ type: 'put', bundles });
      return decodePutAnswers(await handlers!.requestReceived(askingPeer, body), bundles.length);
    },
  };
}

const silence: Gossip = {
  start: async () => {},
  subscribe() {},
  unsubscribe() {},
  publish: async () => {},
  meshSizes: () => new Map(),
  stop: async () => {},
};

/** In the order given, as many at a time as a frame of the protocol takes. */
function framesOf(bundles: readonly Uint8Array[]): Uint8Array[][] {
  const frames: Uint8Array[][] = [];
  let sizeBytes = Number.POSITIVE_INFINITY;
  for (const bundle of bundles) {
    const isFull = sizeBytes + bundle.length > frameBytesMax - frameMarginBytes;
    if (isFull || frames.at(-1)!.length === requestItemsMax) {
      frames.push([]);
      sizeBytes = 0;
    }
    frames.at(-1)!.push(bundle);
    sizeBytes += bundle.length + 3;
  }
  return frames;
}

/** Null for what is no bundle: the core says why. */
function keyOfBundle(bytes: Uint8Array): string | null {
  try {
    return agentKey(agentIdOfBundle(decodeBundle(bytes)));
  } catch (error) {
    if (isProtocolError(error)) return null;
    throw error;
  }
}

async function bundleAt(store: Store, key: string | null): Promise<Uint8Array | null> {
  return key === null ? null : storedBundle(store, key);
}

/** By what the store holds now and held before; the core's answer says why it holds no more. */
function outcomeOf(answer: PutAnswer, before: Uint8Array | null, after: Uint8Array | null): TakeOutcome {
  if (answer.code === 'store-full')
    throw new StoreError(
      'disk-full',
      'the disk is full, or store.agentsMax is reached: nothing more is taken',
    );
  if (answer.code === 'store-failed') throw new StoreError('write-failed', 'the store takes no writes');
  const isChanged = after !== null && (before === null || !bytesEqual(before, after));
  if (isChanged) return { status: 'imported', code: null };
  if (answer.status === 'refused') return { status: 'refused', code: answer.code ?? 'refused' };
  return { status: 'known', code: null };
}
