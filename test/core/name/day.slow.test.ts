/** A whole day without the owner of a namespace, while its storing peers come and go (docs/decisions/0018). */
import { describe, expect, it } from 'vitest';
import { createSodiumVerifier } from '../../../src/adapters/native/sodium-verifier.ts';
import { namePoint } from '../../../src/core/name/label.ts';
import { createTestNetwork, type TestPeer } from '../../helpers/peer-network.ts';
import { bornAgent } from '../../helpers/test-agent.ts';
import { named, startSeconds } from './fixtures.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 41);
const hourMs = 3_600_000;

describe(`a day without the owner (seed ${seed})`, () => {
  it('a name stands after 24 hours in which every second of its storing peers left', () => {
    const verifier = createSodiumVerifier({ workers: 0 });
    const config = { replication: 6, slack: 2, syncIntervalMs: 100 * hourMs };
    const net = createTestNetwork({ count: 30, seed, verifier, config });
    net.connectAll();
    net.run(2_000);
    const namespace = bornAgent('namespace', startSeconds);
    const point = namePoint(namespace.agentId, 'shop');
    net.name(net.peers[0]!, named(namespace, 'shop', { agentId: namespace.agentId }).bytes);
    const keeps = (peer: TestPeer): boolean => peer.isUp && peer.nameStore.size > 0;
    for (let hour = 0; hour < 24; hour += 3) {
      for (const peer of net.peers.filter(keeps).slice(0, 2)) {
        net.crash(peer);
        for (const other of net.peers)
          if (other.isUp) net.dispatch(other, { type: 'peer-removed', peer: peer.name });
      }
      net.run(3 * hourMs);
    }
    expect(net.peers.filter(({ isUp }) => isUp)).toHaveLength(14);
    expect(net.peers.filter(keeps).length).toBeGreaterThanOrEqual(6);
    const reader = net.peers.find(({ isUp }) => isUp)!;
    expect(net.lookUp(reader, namespace.agentId, point).record?.label).toBe('shop');
  }, 120_000);
});
