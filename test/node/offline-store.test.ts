/** Bundles taken into a data folder as from a stranger: hostile ones change nothing, and nothing that is there is lost. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { bundleBytesMax } from '../../src/core/limits.ts';
import { type OfflineStore, openOfflineStore } from '../../src/node/offline-store.ts';
import { archiveOf, bundlesIn, bundlesOf } from '../archive/samples.ts';
import { createMutator } from '../helpers/mutate.ts';
import { bornAgent, bundleOf, refenced, rotated } from '../helpers/test-agent.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 1);
const nowSeconds = Math.floor(Date.now() / 1000);
let folder: string;
let store: OfflineStore;

function open(): Promise<OfflineStore> {
  const flags = {
    dataDirectory: folder,
    verifierWorkers: 0,
    'store.ballastBytes': 0,
    'store.freeBytesMin': 0,
  };
  return openOfflineStore(loadConfig({ flags }));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-offline-'));
  store = await open();
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function held(): Promise<string[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.archive()) chunks.push(chunk);
  return (await bundlesIn(Buffer.concat(chunks))).map((one) => Buffer.from(one).toString('hex'));
}

const hexOf = (bundles: readonly Uint8Array[]): string[] =>
  bundles.map((one) => Buffer.from(one).toString('hex'));

describe('a store without a daemon', () => {
  const sound = bundlesOf(40, 'offline', nowSeconds);

  it('says of each bundle whether it is new, known or refused, and why', async () => {
    const outcomes = await store.take([...sound, sound[0]!, new Uint8Array(0), Buffer.alloc(bundleBytesMax)]);
    expect(outcomes.slice(0, 40).map(({ status }) => status)).toEqual(sound.map(() => 'imported'));
    expect(outcomes.slice(41)).toEqual([
      { status: 'refused', code: 'not-canonical' },
      { status: 'refused', code: 'not-canonical' },
    ]);
    expect(await store.take(sound)).toEqual(sound.map(() => ({ status: 'known', code: null })));
    expect(new Set(await held())).toEqual(new Set(hexOf(sound)));
  });

  it(`is the same after thousands of bent bundles (WEFT_TEST_SEED=${seed})`, {
    timeout: 60_000,
  }, async () => {
    const before = await held();
    const mutate = createMutator(seed);
    const strangers = bundlesOf(5, 'never taken', nowSeconds);
    const bent: Uint8Array[] = [];
    while (bent.length < 3_000) {
      const source = bent.length % 2 === 0 ? sound : strangers;
      const original = source[bent.length % source.length]!;
      const one = mutate(original);
      if (Buffer.compare(one, original) !== 0) bent.push(one);
    }
    const outcomes = await store.take(bent);
    expect(outcomes).toHaveLength(bent.length);
    expect(outcomes.filter(({ status }) => status === 'imported')).toEqual([]);
    const reasons = new Set(outcomes.map(({ code }) => code));
    expect(reasons).toContain('bad-signature');
    expect(reasons).toContain('not-canonical');
    expect(await held()).toEqual(before);
  });

  it('takes an update and a rotation, and is not led back by what is older', async () => {
    const born = bornAgent('in time', nowSeconds - 100);
    const later = refenced(born, { primary: 'https://example.org/later' }, nowSeconds - 50);
    const turned = rotated(later, nowSeconds - 10);
    const statuses: string[] = [];
    for (const agent of [born, later, born, turned, later, born, turned])
      statuses.push((await store.take([bundleOf(agent)]))[0]!.status);
    expect(statuses).toEqual(['imported', 'imported', 'known', 'imported', 'known', 'known', 'known']);
    expect(await held()).toContain(Buffer.from(bundleOf(turned)).toString('hex'));
  });

  it('keeps all of it over a restart, and gives it in the order of agent ids', async () => {
    const before = await held();
    await store.close();
    store = await open();
    expect(await held()).toEqual(before);
    const whole = await archiveOf(before.map((one) => Buffer.from(one, 'hex')));
    expect(await bundlesIn(whole)).toHaveLength(before.length);
  });
});
