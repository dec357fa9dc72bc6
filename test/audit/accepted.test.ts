/** What a node accepts, as it comes to its log: by the core and the driver of a daemon, over a store that may be full. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { decodeLeaf, type LogLeaf } from '../../src/audit/leaf.ts';
import { openLogQueue } from '../../src/audit/log/log-queue.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { decodePutAnswers, encodeRequest } from '../../src/core/overlay/message.ts';
import { createPeer } from '../../src/core/peer/peer.ts';
import { createDriver } from '../../src/driver/driver.ts';
import { createNodeLog, openStore } from '../../src/node/node-ports.ts';
import { openOfflineStore } from '../../src/node/offline-store.ts';
import { peerConfigOf } from '../../src/node/peer-settings.ts';
import type { OverlayHandlers } from '../../src/ports/overlay.ts';
import type { Store } from '../../src/ports/store.ts';
import { nowSeconds } from '../helpers/live-nodes.ts';
import { bornAgent, bundleOf, ended, recovered, rotated } from '../helpers/test-agent.ts';

const config = (folder: string) =>
  loadConfig({
    environment: {},
    flags: { dataDirectory: folder, 'store.ballastBytes': 0, 'log.level': 'error' },
  });
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A peer that is alone, and takes puts. */
async function lonely(store: Store) {
  const queue = await openLogQueue(store);
  const verifier = createNodeCryptoVerifier();
  let handlers: OverlayHandlers | null = null;
  const self = { peer: 'archive', addresses: [] };
  const settings = config(tmpdir());
  const driver = createDriver(
    createPeer({ config: { ...peerConfigOf(settings), role: 'full' }, self, seed: new Uint8Array(16) }),
    {
      overlay: {
        self,
        start: async (given) => {
          handlers = given;
        },
        request: () => Promise.reject(new Error('nobody is there')),
        meet() {},
        push() {},
        stop: async () => {},
      },
      gossip: {
        start: async () => {},
        subscribe() {},
        unsubscribe() {},
        publish: async () => {},
        meshSizes: () => new Map(),
        stop: async () => {},
      },
      ...{ store, verifier, clock: createSystemClock(), log: createNodeLog(settings), soon: setImmediate },
      acceptedRow: queue.row,
    },
    { changed() {}, counted() {}, alarmed() {} },
  );
  await driver.start([]);
  ends.push(async () => {
    driver.close();
    await verifier.close();
  });
  return async (...bundles: Uint8Array[]): Promise<string[]> => {
    const answer = await handlers!.requestReceived('stranger', encodeRequest({ type: 'put', bundles }));
    return decodePutAnswers(answer, bundles.length).map(({ status, code }) => code ?? status);
  };
}

async function logged(store: Store): Promise<LogLeaf[]> {
  const { entries } = await (await openLogQueue(store)).take(10_000);
  return entries.map(decodeLeaf);
}
const kinds = (leaves: readonly LogLeaf[]): string => leaves.map(({ kind }) => kind).join(' ');

describe('what is accepted', () => {
  it('is logged once, in order, and changes of records are not', async () => {
    const store = createMemoryStore();
    const put = await lonely(store);
    const born = bornAgent('logged', nowSeconds());
    const turned = rotated(born, nowSeconds());
    expect(await put(bundleOf(born))).toEqual(['stored']);
    expect(await put(bundleOf(born))).toEqual(['stored']);
    await put(bundleOf(turned));
    await put(bundleOf(born));
    await put(bundleOf(ended(turned, nowSeconds())));
    const leaves = await logged(store);
    expect(kinds(leaves)).toBe('icp rot tomb');
    expect(leaves.map(({ hash }) => Buffer.from(hash).toString('hex'))).toEqual(
      ended(turned, nowSeconds()).state.keyState.chain.map(({ key }) => key),
    );
    for (const { seenAt } of leaves) expect(Math.abs(seenAt - nowSeconds())).toBeLessThan(60);
  });

  it('is both branches of a fork, and the recovery that settles it', async () => {
    const store = createMemoryStore();
    const put = await lonely(store);
    const born = bornAgent('forked and healed', nowSeconds());
    await put(bundleOf(rotated(born, nowSeconds(), ' left')));
    await put(bundleOf(rotated(born, nowSeconds(), ' right')));
    await put(bundleOf(recovered(born, nowSeconds())));
    expect(kinds(await logged(store))).toBe('icp rot rot rec');
  });

  it('is refused with its entry on a full disk; what stands all the same is logged with the next write', async () => {
    const store = createMemoryStore();
    const put = await lonely(store);
    const born = bornAgent('before it was full', nowSeconds());
    await put(bundleOf(born));
    store.setCapacity(0);
    expect(await put(bundleOf(bornAgent('after', nowSeconds())))).toEqual(['store-full']);
    // Once seen, a rotation stands, on a full disk too (§5).
    expect(await put(bundleOf(rotated(born, nowSeconds())))).toEqual(['store-full']);
    expect(kinds(await logged(store))).toBe('icp');
    store.setCapacity(Number.MAX_SAFE_INTEGER);
    expect(await put(bundleOf(bornAgent('later', nowSeconds())))).toEqual(['stored']);
    await expect.poll(async () => kinds(await logged(store)), { timeout: 20_000 }).toBe('icp icp rot');
  });

  it('without a daemon waits in the folder for the next one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weft-accepted-'));
    ends.push(async () => rmSync(folder, { recursive: true }));
    const offline = await openOfflineStore(config(folder));
    await offline.take([
      bundleOf(bornAgent('imported', nowSeconds())),
      bundleOf(bornAgent('too', nowSeconds())),
    ]);
    await offline.close();
    const store = await openStore(config(folder), createNodeLog(config(folder)));
    try {
      expect(kinds(await logged(store))).toBe('icp icp');
    } finally {
      await store.close();
    }
  });
});
