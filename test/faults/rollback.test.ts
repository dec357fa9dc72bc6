/** F1: stock kad-dht takes any validly signed record in place of the one that it holds, an old one too. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesToHex } from '../../src/core/bytes.ts';
import { decodeState } from '../../src/core/record/stored-state.ts';
import {
  createLiveNetwork,
  type LiveNetwork,
  type LiveNode,
  nowSeconds,
  watchUncaught,
} from '../helpers/live-nodes.ts';
import { createOutsider, type Outsider } from '../helpers/outsider.ts';
import { bornAgent, bundleOf, refenced, rotated } from '../helpers/test-agent.ts';

describe('an old record, validly signed', () => {
  let network: LiveNetwork;
  let attacker: Outsider;
  let uncaught: ReturnType<typeof watchUncaught>;

  beforeEach(async () => {
    uncaught = watchUncaught();
    network = createLiveNetwork();
    attacker = await createOutsider();
  });

  afterEach(async () => {
    await attacker.stop();
    await network.stop();
    uncaught.stop();
    expect(uncaught.errors).toEqual([]);
  });

  /** How many of the readers see another fence than this one. */
  async function readersOfAnother(readers: readonly LiveNode[], agentId: Uint8Array, fence: Uint8Array) {
    const seen = await Promise.all(readers.map(({ node }) => node.resolve(agentId, { fresh: true })));
    expect(seen.map(({ status }) => status)).toEqual(readers.map(() => 'ok'));
    return seen.filter(({ state }) => bytesToHex(state!.addr!.bytes) !== bytesToHex(fence)).length;
  }

  it('changes nothing when it is put at every storing peer (F1; stock: 18 of 18 readers saw the old one)', async () => {
    const storing = await network.startMany(6);
    const coldReaders: LiveNode[] = [];
    for (let index = 0; index < 3; index++) {
      const settings = { mode: 'client', listen: [] };
      coldReaders.push(
        await network.start(`reader ${index}`, { bootstrap: [storing[index]!.address], settings }),
      );
    }
    const readers = [...storing, ...coldReaders];

    const first = bornAgent('rolled back', nowSeconds());
    const second = refenced(first, { primary: 'https://example.org/second' }, nowSeconds());
    const third = rotated(second, nowSeconds());
    const fourth = refenced(third, { primary: 'https://example.org/fourth' }, nowSeconds());
    const versions = [first, second, third, fourth];
    let wrong = 0;
    for (const [index, version] of versions.entries()) {
      const published = await storing[index]!.node.publish(bundleOf(version), { acknowledgements: 6 });
      expect(published).toMatchObject({ status: 'stored', acknowledgements: 6 });
      const { agentId } = version;
      for (const old of versions.slice(0, index)) {
        for (const live of storing) {
          const [answer] = await attacker.put({ ...live, peer: live.node.peer }, [bundleOf(old)]);
          expect(answer!.status).toBe('stale');
          expect(bytesToHex(decodeState(answer!.current!).addr!.bytes)).toBe(
            bytesToHex(version.state.addr!.bytes),
          );
        }
      }
      wrong += await readersOfAnother(readers, agentId, version.state.addr!.bytes);
    }
    console.info(
      `F1: ${wrong} of ${versions.length * readers.length} reads saw an old record after 36 replays; stock kad-dht: 18 of 18`,
    );
    expect(wrong).toBe(0);
  });

  it('stays out over a restart of every storing peer', async () => {
    const storing = await network.startMany(3);
    const old = bornAgent('rolled back later', nowSeconds());
    const current = refenced(old, { primary: 'https://example.org/current' }, nowSeconds());
    await storing[0]!.node.publish(bundleOf(old), { acknowledgements: 3 });
    await storing[0]!.node.publish(bundleOf(current), { acknowledgements: 3 });
    for (const live of storing) await live.stop();
    for (const live of storing) await live.start(live === storing[0] ? [] : [storing[0]!.address]);
    for (const live of storing) {
      const [answer] = await attacker.put({ ...live, peer: live.node.peer }, [bundleOf(old)]);
      expect(answer).toMatchObject({ status: 'stale', current: bundleOf(current) });
    }
    expect(await readersOfAnother(storing, old.agentId, current.state.addr!.bytes)).toBe(0);
  });
});
