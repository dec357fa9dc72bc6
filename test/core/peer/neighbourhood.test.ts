/** Joining: a peer that knows one other finds its neighbours through it (docs/protocol.md §4). */
import { beforeAll, describe, expect, it } from 'vitest';
import { createNobleVerifier } from '../../../src/adapters/system/noble-verifier.ts';
import { replicationCount } from '../../../src/core/limits.ts';
import { compareDistance, kadIdOfPeer } from '../../../src/core/overlay/distance.ts';
import {
  decodeClosestAnswer,
  encodeClosestAnswer,
  encodeRequest,
} from '../../../src/core/overlay/message.ts';
import {
  createTestNetwork,
  type TestNetwork,
  type TestPeer,
  testAddress,
  testPeerId,
} from '../../helpers/peer-network.ts';
import { bornAgent, bundleOf } from '../../helpers/test-agent.ts';

const verifier = createNobleVerifier();
const seed = 11;

function closestNames(net: TestNetwork, peer: TestPeer, count: number): string[] {
  const self = kadIdOfPeer(peer.name);
  return net.peers
    .filter((other) => other !== peer)
    .map(({ name }) => name)
    .sort((left, right) => compareDistance(self, kadIdOfPeer(left), kadIdOfPeer(right)))
    .slice(0, count);
}

function known(net: TestNetwork, peer: TestPeer, count: number): string[] {
  const point = kadIdOfPeer(peer.name).bytes;
  const request = encodeRequest({ type: 'closest', point, count });
  return decodeClosestAnswer(net.request(peer, testPeerId('somebody'), request)).map(
    (contact) => contact.peer,
  );
}

describe(`a network of 60 peers that joined through the first (seed ${seed})`, () => {
  const net = createTestNetwork({ count: 60, seed, verifier });

  beforeAll(() => {
    for (const peer of net.peers.slice(1)) {
      net.connect(peer, net.peers[0]!);
      net.run(50);
    }
    net.run(120_000);
  });

  it('knows its neighbours at every peer (§4)', () => {
    for (const peer of net.peers) {
      expect(known(net, peer, replicationCount)).toEqual(closestNames(net, peer, replicationCount));
    }
  });

  it('meets each peer once, and then rests', () => {
    for (const peer of net.peers) expect(new Set(peer.meetings).size).toBe(peer.meetings.length);
    net.run(900_000);
    const met = (): number[] => net.peers.map((peer) => peer.meetings.length);
    const asked = (): number =>
      net.peers.reduce((sum, peer) => sum + (peer.counts.get('requests:closest') ?? 0), 0);
    const [metBefore, askedBefore] = [met(), asked()];
    net.run(600_000);
    expect(met()).toEqual(metBefore);
    const askedLater = asked() - askedBefore;
    // A round every five minutes asks at most four; the pauses vary by a quarter.
    expect(askedLater).toBeLessThanOrEqual(60 * 3 * 4);
    expect(askedLater).toBeGreaterThan(0);
  });

  it('finds at any peer what was published at any other', () => {
    const agent = bornAgent('neighbour', net.nowSeconds());
    expect(net.publish(net.peers[7]!, bundleOf(agent)).status).toBe('stored');
    for (const reader of [3, 20, 41, 59]) {
      expect(net.resolve(net.peers[reader]!, agent.agentId).status).toBe('ok');
    }
  });
});

describe(`a peer among liars (seed ${seed})`, () => {
  it('dials no faster than its budget, whatever its neighbours name, and answers no more than it was asked', () => {
    const net = createTestNetwork({ count: 1, seed, verifier });
    const [peer] = net.peers as [TestPeer];
    const liars = Array.from({ length: 4 }, (_, index) => testPeerId(`liar ${index}`));
    let invented = 0;
    net.answer = (_to, _body) =>
      encodeClosestAnswer(
        Array.from({ length: replicationCount }, () => ({
          peer: testPeerId(`nobody ${invented++}`),
          addresses: [testAddress],
        })),
      );
    for (const liar of liars) net.meet(peer, liar);
    net.run(60_000);
    // 8 at once and 4 a second while it knows few.
    expect(peer.meetings.length).toBeGreaterThan(8);
    expect(peer.meetings.length).toBeLessThanOrEqual(8 + 4 * 60);
  });

  it('takes what is no answer for none', () => {
    const net = createTestNetwork({ count: 1, seed, verifier });
    const [peer] = net.peers as [TestPeer];
    net.answer = () => Uint8Array.of(0x80);
    net.meet(peer, testPeerId('liar'));
    net.run(5_000);
    expect(peer.meetings).toEqual([]);
    expect(peer.counts.get('answers_refused:malformed')).toBeGreaterThan(0);
  });
});
