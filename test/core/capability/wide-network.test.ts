/** Announcing and searching where nobody knows everybody: the places of a tag have to be looked for. */
import { describe, expect, it } from 'vitest';
import { createSodiumVerifier } from '../../../src/adapters/native/sodium-verifier.ts';
import { tagPoint } from '../../../src/core/capability/tag.ts';
import { agentKey } from '../../../src/core/identity/agent-id.ts';
import { decodeSearchAnswer } from '../../../src/core/overlay/capability-message.ts';
import { compareDistance, kadId, kadIdOfPeer } from '../../../src/core/overlay/distance.ts';
import { encodeRequest } from '../../../src/core/overlay/message.ts';
import { createTestNetwork, type TestPeer, testPeerId } from '../../helpers/peer-network.ts';
import { bornAgent } from '../../helpers/test-agent.ts';
import { announced, startSeconds } from './fixtures.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 31);
const verifier = createSodiumVerifier({ workers: 0 });
const replication = 6;

/** 60 peers, each of which knows its own neighbours and a few others. */
function wideNetwork() {
  const net = createTestNetwork({
    count: 60,
    seed,
    verifier,
    config: { replication, slack: 2, peersWanted: 10 },
  });
  const places = new Map(net.peers.map((peer) => [peer, kadIdOfPeer(peer.name)]));
  for (const peer of net.peers) {
    const nearest = nearestTo(net.peers, places.get(peer)!).slice(1, 1 + replication);
    for (const other of [...nearest, ...net.random.pick(net.peers, 6)])
      if (other !== peer) net.connect(peer, other);
  }
  net.run(2_000);
  return net;
}

function nearestTo(peers: readonly TestPeer[], point: ReturnType<typeof kadId>): TestPeer[] {
  return [...peers].sort((left, right) =>
    compareDistance(point, kadIdOfPeer(left.name), kadIdOfPeer(right.name)),
  );
}

describe(`a network in which nobody knows everybody (seed ${seed})`, () => {
  it('announces to the closest of each prefix, refuses at the others, and is searched from anywhere', () => {
    const net = wideNetwork();
    const tags = ['/translate', '/chat', '/see/far'];
    for (const [index, tag] of tags.entries()) {
      const agent = bornAgent(`wide ${index}`, startSeconds);
      const result = net.announce(net.peers[index * 7]!, announced(agent, [`${tag}/x${index}`]).bytes);
      expect(result.holders).toBeGreaterThanOrEqual(replication);
      for (const place of [tag, `${tag}/x${index}`]) {
        const [nearest] = nearestTo(net.peers, kadId(tagPoint(place)));
        const request = encodeRequest({ type: 'search', point: tagPoint(place), count: 8 });
        const shown = decodeSearchAnswer(net.request(nearest!, testPeerId('asker'), request));
        expect(shown.announcements, place).toHaveLength(1);
      }
      for (const peer of net.random.pick(net.peers, 15)) {
        const found = net.search(peer, tag);
        expect(found.hits.map((hit) => agentKey(hit.agentId))).toEqual([agentKey(agent.agentId)]);
        expect(found.asked).toBeLessThan(25);
      }
    }
  });

  it('refuses an announcement far from the places of its tags', () => {
    const net = wideNetwork();
    const agent = bornAgent('far', startSeconds);
    const farthest = nearestTo(net.peers, kadId(tagPoint('/far'))).at(-1)!;
    const { bytes } = announced(agent, ['/far']);
    net.request(farthest, testPeerId('writer'), encodeRequest({ type: 'announce', announcements: [bytes] }));
    expect(farthest.counts.get('capabilities:not-closest')).toBe(1);
  });
});
