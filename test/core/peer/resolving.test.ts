/** How a search goes where peers are missing, silent or full, over real peers in virtual time (docs/protocol.md §4). */
import { describe, expect, it } from 'vitest';
import { createSodiumVerifier } from '../../../src/adapters/native/sodium-verifier.ts';
import { compareDistance, kadIdOfAgent, kadIdOfPeer } from '../../../src/core/overlay/distance.ts';
import { decodeFindAnswers, encodeRequest } from '../../../src/core/overlay/message.ts';
import { createTestNetwork, type TestNetwork, testPeerId } from '../../helpers/peer-network.ts';
import { bornAgent, bundleOf } from '../../helpers/test-agent.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 1);
const verifier = createSodiumVerifier({ workers: 0 });

/** All but the last know one another and hold an agent; the last has met nobody. */
function networkAndNewcomer(config = {}, delayMs: readonly [number, number] = [1, 20]) {
  const net = createTestNetwork({ count: 6, seed, verifier, config, delayMs });
  const newcomer = net.peers.at(-1)!;
  const settled = net.peers.slice(0, -1);
  for (const left of settled) for (const right of settled) if (left !== right) net.connect(left, right);
  net.run(2_000);
  const agent = bornAgent('looked for', net.nowSeconds());
  // The closest knows nobody closer, and names nobody to those who look for the agent.
  const target = kadIdOfAgent(agent.agentId);
  settled.sort((left, right) => compareDistance(target, kadIdOfPeer(left.name), kadIdOfPeer(right.name)));
  net.publish(settled[0]!, bundleOf(agent));
  net.run(1_000);
  return { net, newcomer, settled, agentId: agent.agentId };
}

function timed<Result>(net: TestNetwork, call: () => Result): Result & { tookMs: number } {
  const beganMs = net.nowMs();
  const result = call();
  return { ...result, tookMs: net.nowMs() - beganMs };
}

describe(`a search (seed ${seed})`, () => {
  it('that knows nobody waits for the first peer, and finds', () => {
    const { net, newcomer, settled, agentId } = networkAndNewcomer({ meetWithinMs: 2_000 });
    net.after(500, () => net.connect(newcomer, settled[0]!));
    const found = timed(net, () => net.resolve(newcomer, agentId));
    expect(found).toMatchObject({ status: 'ok' });
    expect(found.holders).toBeGreaterThanOrEqual(3);
    expect(found.tookMs).toBeLessThan(1_000);
  });

  it('that meets nobody in that time says that nobody answered', () => {
    const { net, newcomer, agentId } = networkAndNewcomer({ meetWithinMs: 2_000 });
    const nothing = timed(net, () => net.resolve(newcomer, agentId));
    expect(nothing).toMatchObject({ status: 'not-found', responders: [] });
    expect(nothing.tookMs).toBeGreaterThanOrEqual(2_000);
    expect(nothing.tookMs).toBeLessThan(2_100);
  });

  it('of the first peer of a network ends at once', () => {
    const { net, newcomer, agentId } = networkAndNewcomer();
    expect(timed(net, () => net.resolve(newcomer, agentId)).tookMs).toBeLessThan(100);
  });

  it.each([1, 2, 3])(
    'that knows one honest peer and %d silent ones waits a hedge, and no time-out',
    (silent) => {
      const { net, newcomer, settled, agentId } = networkAndNewcomer();
      for (let index = 0; index < silent; index++) net.meet(newcomer, testPeerId(`silent ${index}`));
      net.connect(newcomer, settled[0]!);
      const found = timed(net, () => net.resolve(newcomer, agentId));
      expect(found).toMatchObject({ status: 'ok' });
      expect(found.tookMs).toBeLessThan(2_000);
    },
  );

  it('that meets silence before the first answer asks who answers who else there is, and waits for no time-out', () => {
    const { net, newcomer, settled, agentId } = networkAndNewcomer(
      { neighboursSoonMs: 60_000 },
      [150, 150], // so that an answer takes longer than the shortest hedge
    );
    for (const silent of settled.slice(1, 3)) silent.side = 1;
    for (const known of settled.slice(0, 3)) net.meet(newcomer, known.name);
    const found = timed(net, () => net.resolve(newcomer, agentId));
    expect(found).toMatchObject({ status: 'ok', holders: 3 });
    expect(found.tookMs).toBeLessThan(2_000);
  });

  it('is not shown what others have merely read', () => {
    const { net, newcomer, settled, agentId } = networkAndNewcomer({
      replication: 2,
      slack: 0,
      respondersMin: 1,
    });
    const reader = settled.at(-1)!;
    expect(net.resolve(reader, agentId)).toMatchObject({ status: 'ok' });
    const request = encodeRequest({ type: 'find', closerMax: 4, items: [{ agentId, known: null }] });
    const records = [settled[0]!, reader].map(
      (peer) => decodeFindAnswers(net.request(peer, newcomer.name, request), 1)[0]!.record,
    );
    expect(records).toEqual([expect.any(Uint8Array), null]);
  });

  it('shows what it has verified where the store refuses it meanwhile', () => {
    const { net, newcomer, settled } = networkAndNewcomer();
    net.connect(newcomer, settled[0]!);
    newcomer.isFull = true;
    // It learns of the record by the put of its publisher, and loses it again while it asks.
    const agent = bornAgent('refused by a full disk', net.nowSeconds());
    for (let step = 0; step < 8; step++) {
      const late = bornAgent(`refused by a full disk, ${step}`, net.nowSeconds());
      net.publish(settled[0]!, bundleOf(late), 1);
      net.run(step);
      expect(net.resolve(newcomer, late.agentId)).toMatchObject({ status: 'ok' });
    }
    expect(net.resolve(newcomer, agent.agentId)).toMatchObject({ status: 'not-found' });
  });
});
