/** Searches at a point of the key space, for announcements and for names alike (docs/protocol.md §7). */
import { beforeAll, describe, expect, it } from 'vitest';
import { createSodiumVerifier } from '../../../src/adapters/native/sodium-verifier.ts';
import { namePoint } from '../../../src/core/name/label.ts';
import { createTestNetwork, type TestNetwork, type TestPeer } from '../../helpers/peer-network.ts';
import { bornAgent, type TestAgent } from '../../helpers/test-agent.ts';
import { announced } from '../capability/fixtures.ts';
import { named } from '../name/fixtures.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 43);
const verifier = createSodiumVerifier({ workers: 0 });

describe(`a search of who knows nobody yet (seed ${seed})`, () => {
  let net: TestNetwork;
  let newcomer: TestPeer;
  let settled: readonly TestPeer[];
  let agent: TestAgent;
  const searches: readonly (readonly [
    string,
    () => { readonly responders: number; readonly isComplete: boolean },
  ])[] = [
    ['announcements', () => net.search(newcomer, '/a')],
    ['a name', () => net.lookUp(newcomer, agent.agentId, namePoint(agent.agentId, 'shop'))],
  ];

  beforeAll(() => {
    net = createTestNetwork({ count: 8, seed, verifier, config: { meetWithinMs: 2_000 } });
    newcomer = net.peers.at(-1)!;
    settled = net.peers.slice(0, -1);
    for (const left of settled) for (const right of settled) if (left !== right) net.connect(left, right);
    net.run(2_000);
    agent = bornAgent('at a point', net.nowSeconds());
  });

  it.each(searches)('for %s waits a moment, and says then that nobody answered', (_, search) => {
    const beganMs = net.nowMs();
    expect(search()).toMatchObject({ responders: 0, isComplete: false });
    expect(net.nowMs() - beganMs).toBeGreaterThanOrEqual(2_000);
    expect(net.nowMs() - beganMs).toBeLessThan(2_100);
  });

  it('asks the first peer that it meets meanwhile', () => {
    net.announce(settled[0]!, announced(agent, ['/a'], net.nowSeconds()).bytes);
    net.name(settled[1]!, named(agent, 'shop', { agentId: agent.agentId }).bytes);
    for (const [index, [, search]] of searches.entries()) {
      const beganMs = net.nowMs();
      if (index === 0) net.after(500, () => net.connect(newcomer, settled[2]!));
      const found = search();
      expect(found.responders).toBeGreaterThan(0);
      expect(found).toMatchObject(index === 0 ? { hits: [{}] } : { record: {} });
      expect(net.nowMs() - beganMs).toBeLessThan(1_000);
    }
  });
});
