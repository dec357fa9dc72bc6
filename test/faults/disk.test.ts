/** F9 and F10 end to end: a full disk under a running node, and an entry of its store that was damaged. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLevelStore } from '../../src/adapters/level/level-store.ts';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import type { FoundRecord, PutAnswer } from '../../src/core/overlay/message.ts';
import { decodeState } from '../../src/core/record/stored-state.ts';
import type { Store } from '../../src/ports/store.ts';
import { fillDisk, mountMemoryDisk } from '../adapters/level/disk.ts';
import { temporaryDirectory, withRecords } from '../adapters/level/level-fixture.ts';
import {
  connected,
  createLiveNetwork,
  eventually,
  everyoneHears,
  type LiveNetwork,
  type LiveNode,
  meshed,
  nowSeconds,
  watchUncaught,
} from '../helpers/live-nodes.ts';
import { createOutsider, type Outsider, type Target } from '../helpers/outsider.ts';
import { bornAgent, bundleOf, ended, type TestAgent } from '../helpers/test-agent.ts';

const mebibyte = 1024 * 1024;
const cachedAgents = 16;
const targetOf = ({ node, address }: LiveNode): Target => ({ peer: node.peer, address });
const agentsNamed = (label: string, count: number): TestAgent[] =>
  Array.from({ length: count }, (_, index) => bornAgent(`${label} ${index}`, nowSeconds()));

describe('the disk of a running node', () => {
  let network: LiveNetwork;
  let outsider: Outsider;
  let uncaught: ReturnType<typeof watchUncaught>;

  beforeEach(async () => {
    uncaught = watchUncaught();
    network = createLiveNetwork();
    outsider = await createOutsider();
  });

  afterEach(async () => {
    await outsider.stop();
    await network.stop();
    uncaught.stop();
    expect(uncaught.errors).toEqual([]);
  });

  it('may be full: puts are refused, reads work, also after a restart (F9; stock: the daemon is down)', async (context) => {
    const disk = await mountMemoryDisk(24 * mebibyte);
    if ('refusal' in disk) return context.skip(disk.refusal);
    const settings = { 'store.ballastBytes': 8 * mebibyte, 'store.freeBytesMin': 4 * mebibyte };
    const roomy = await network.start('roomy');
    const full = await network.start('full', {
      settings,
      dataDirectory: join(disk.path, 'data'),
      bootstrap: [roomy.address],
    });
    await connected([roomy, full]);
    const kept = agentsNamed('before it was full', 40);
    const stored = await outsider.put(targetOf(full), kept.map(bundleOf));
    expect(stored.map(({ status }) => status)).toEqual(kept.map(() => 'stored'));

    await fillDisk(join(disk.path, 'filler'));
    const refusedLabels = ['while it is full', 'after a restart'];
    for (const label of refusedLabels) {
      // The file system is asked once a second at most: what comes before may be taken.
      let answer: PutAnswer | undefined;
      await eventually(async () => {
        const late = bornAgent(`${label} at ${performance.now()}`, nowSeconds());
        [answer] = await outsider.put(targetOf(full), [bundleOf(late)]);
        return answer!.status === 'refused';
      });
      expect(answer).toMatchObject({ status: 'refused', code: 'store-full' });
      expect((await full.node.status()).store.full).toBe(true);
      expect(await full.metric('weft_store_full')).toBe(1);

      const records = await outsider.findAll(
        targetOf(full),
        kept.map(({ agentId }) => agentId),
      );
      expect(records.map((record) => Buffer.from(record as Uint8Array))).toEqual(
        kept.map((agent) => Buffer.from(bundleOf(agent))),
      );
      for (const live of [full, roomy]) {
        expect(await live.node.resolve(kept[0]!.agentId, { fresh: true })).toMatchObject({ status: 'ok' });
      }
      // The network goes on: another peer takes what this one cannot.
      const elsewhere = bornAgent(`stored elsewhere ${label}`, nowSeconds());
      expect(await roomy.node.publish(bundleOf(elsewhere), { acknowledgements: 1 })).toMatchObject({
        status: 'stored',
      });
      expect(await full.node.resolve(elsewhere.agentId, { fresh: true })).toMatchObject({ status: 'ok' });
      if (label === refusedLabels[1]) break;
      await full.stop();
      await full.start([roomy.address]);
      await connected([roomy, full]);
    }
    console.info(
      `F9: full disk: puts refused with store-full, ${kept.length} of ${kept.length} records read, before and after a restart; stock LevelDB: does not open`,
    );
  });

  it('may be full when a revocation comes: it stands all the same, and again after a restart (§5)', async (context) => {
    const disk = await mountMemoryDisk(24 * mebibyte);
    if ('refusal' in disk) return context.skip(disk.refusal);
    const settings = { 'store.ballastBytes': 8 * mebibyte, 'store.freeBytesMin': 4 * mebibyte };
    const roomy = await network.start('roomy');
    const full = await network.start('full', {
      settings,
      dataDirectory: join(disk.path, 'data'),
      bootstrap: [roomy.address],
    });
    const pair = [roomy, full];
    await connected(pair);
    await meshed(pair);
    const agent = bornAgent('revoked on a full disk', nowSeconds());
    expect(await roomy.node.publish(bundleOf(agent))).toMatchObject({ acknowledgements: 2 });
    expect(await full.node.resolve(agent.agentId, { fresh: true })).toMatchObject({ status: 'ok' });
    await fillDisk(join(disk.path, 'filler'));
    await eventually(async () => (await full.node.status()).store.full, { what: 'the high-water mark' });

    const refused = await full.metric('weft_bundles_refused_total', 'store-full');
    await roomy.node.publish(bundleOf(ended(agent, nowSeconds())), { acknowledgements: 1 });
    const isRevokedAtFull = async (): Promise<void> => {
      await everyoneHears([full], agent.agentId, 'tombstoned');
      expect(await full.node.resolve(agent.agentId)).toMatchObject({ status: 'tombstoned' });
      const record = await outsider.find(targetOf(full), agent.agentId);
      expect(decodeState(record as Uint8Array).keyState.status).toBe('tombstoned');
      const [replay] = await outsider.put(targetOf(full), [bundleOf(agent)]);
      expect(replay!.status).not.toBe('stored');
    };
    await eventually(async () => (await full.metric('weft_bundles_refused_total', 'store-full')) > refused, {
      what: 'the write that fails',
    });
    await isRevokedAtFull();
    await full.stop();
    await full.start([roomy.address]);
    await connected(pair);
    await eventually(async () => {
      const record = await outsider.find(targetOf(full), agent.agentId);
      return decodeState(record as Uint8Array).keyState.status === 'tombstoned';
    });
    await isRevokedAtFull();

    // With room again it becomes durable by itself: nobody is there to tell it a second time.
    await rm(join(disk.path, 'filler'));
    await eventually(async () => {
      const late = bornAgent(`with room again at ${performance.now()}`, nowSeconds());
      return (await outsider.put(targetOf(full), [bundleOf(late)]))[0]!.status === 'stored';
    });
    await eventually(async () => (await full.metric('weft_waiting_requests')) === 0);
    await full.stop();
    await roomy.stop();
    await full.start();
    const record = await outsider.find(targetOf(full), agent.agentId);
    expect(decodeState(record as Uint8Array).keyState.status).toBe('tombstoned');
  });

  it('may damage an entry: it is quarantined and fetched again, and never served (F10; stock: 27 records gone, no error)', async () => {
    const [intact, damaged] = (await network.startMany(2)) as [LiveNode, LiveNode];
    const agents = agentsNamed('damaged', 27);
    for (const agent of agents) {
      expect(await intact.node.publish(bundleOf(agent), { acknowledgements: 2 })).toMatchObject({
        acknowledgements: 2,
      });
    }
    await damaged.stop();
    await withRecords(join(damaged.dataDirectory, 'store'), async (level) => {
      for (const { agentId } of agents) {
        const key = Buffer.from(`d/agent/${agentKey(agentId)}`);
        const frame = Buffer.from((await level.get(key))!);
        frame[frame.length >> 1]! ^= 1;
        await level.put(key, frame);
      }
    });
    await damaged.start([intact.address]);

    const ids = agents.map(({ agentId }) => agentId);
    const isRight = (record: FoundRecord, index: number): boolean =>
      record instanceof Uint8Array && Buffer.from(record).equals(bundleOf(agents[index]!));
    let wrong = 0;
    let back = 0;
    await eventually(
      async () => {
        const records = await outsider.findAll(targetOf(damaged), ids);
        wrong += records.filter((record, index) => record !== null && !isRight(record, index)).length;
        back = records.filter(isRight).length;
        return back === agents.length;
      },
      { what: () => `${agents.length} records again: ${back} are back` },
    );
    console.info(
      `F10: ${back} of ${agents.length} damaged records fetched again, ${wrong} served damaged, ${await damaged.metric('weft_store_quarantined_entries')} quarantined; stock LevelDB: 27 records gone, no error`,
    );
    expect(wrong).toBe(0);
    expect(await damaged.metric('weft_store_quarantined_entries')).toBe(agents.length);
  });

  it('may damage an entry while the node runs: it asks the network at once (F10)', async () => {
    const directory = await temporaryDirectory();
    const level = await createLevelStore({ directory, ballastBytes: 0, freeBytesMin: 0 });
    const listeners: ((key: string) => void)[] = [];
    const damagedKeys = new Set<string>();
    const store: Store = {
      ...level,
      onCorrupt(listener) {
        listeners.push(listener);
        level.onCorrupt(listener);
      },
      async get(key) {
        if (!damagedKeys.delete(key)) return level.get(key);
        // As the store does it itself: gone from service, said once, and nothing to read.
        await level.write([{ key, value: null }]);
        for (const listener of listeners) listener(key);
        return undefined;
      },
    };
    const intact = await network.start('intact');
    const damaged = await network.start('damaged', {
      bootstrap: [intact.address],
      replace: { store },
      settings: { 'store.cachedAgentsMax': cachedAgents },
    });
    await connected([intact, damaged]);
    const agents = agentsNamed('damaged later', 2 * cachedAgents);
    await outsider.put(targetOf(intact), agents.map(bundleOf));
    await outsider.put(targetOf(damaged), agents.map(bundleOf));
    // Out of memory: the others are read again.
    const [first, ...others] = agents as [TestAgent, ...TestAgent[]];
    for (const { agentId } of others) await damaged.node.resolve(agentId, { fresh: true });
    damagedKeys.add(`agent/${agentKey(first.agentId)}`);
    const records: FoundRecord[] = [];
    await eventually(async () => {
      records.push(await outsider.find(targetOf(damaged), first.agentId));
      return records.at(-1) !== null;
    });
    expect(records.length).toBeGreaterThan(1);
    expect(Buffer.from(records.at(-1) as Uint8Array)).toEqual(Buffer.from(bundleOf(first)));
    expect(await damaged.metric('weft_entries_refetched_total', 'entry')).toBe(1);
    expect(await level.get(`agent/${agentKey(first.agentId)}`)).toBeDefined();
  });
});
