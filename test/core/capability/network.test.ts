/** Announcing and searching over peers in virtual time (docs/protocol.md §7). */
import { beforeEach, describe, expect, it } from 'vitest';
import { createSodiumVerifier } from '../../../src/adapters/native/sodium-verifier.ts';
import { tagPoint } from '../../../src/core/capability/tag.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../../src/core/cbor.ts';
import type { SignatureCheck } from '../../../src/core/ed25519.ts';
import { encodeAnnouncements, gossipTopic } from '../../../src/core/gossip/announcement.ts';
import { agentKey } from '../../../src/core/identity/agent-id.ts';
import { keyEventValue } from '../../../src/core/identity/key-event-codec.ts';
import {
  decodeAnnounceAnswers,
  decodeSearchAnswer,
  encodeSearchAnswer,
} from '../../../src/core/overlay/capability-message.ts';
import type { KeepAnswer } from '../../../src/core/overlay/keep-answer.ts';
import { encodeFailure, encodeRequest } from '../../../src/core/overlay/message.ts';
import type { CapabilitySearch } from '../../../src/core/peer/effects.ts';
import type { PeerConfig } from '../../../src/core/peer/peer-config.ts';
import {
  createTestNetwork,
  type TestNetwork,
  type TestPeer,
  testPeerId,
} from '../../helpers/peer-network.ts';
import { bornAgent, bundleOf, ended, recovered, rotated, type TestAgent } from '../../helpers/test-agent.ts';
import { announced, startSeconds } from './fixtures.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 23);
const sodium = createSodiumVerifier({ workers: 0 });
const writer = testPeerId('writer');

let checked = 0;
const verifier = {
  ...sodium,
  verify(check: SignatureCheck) {
    checked++;
    return sodium.verify(check);
  },
};

function network(count: number, config: Partial<PeerConfig> = {}): TestNetwork {
  const net = createTestNetwork({ count, seed, verifier, config });
  net.connectAll();
  net.run(2_000);
  return net;
}

const born = (label: string): TestAgent => bornAgent(label, startSeconds);
const agentsOf = (found: CapabilitySearch): string[] =>
  found.hits.map(({ agentId }) => agentKey(agentId)).sort();
const keysOf = (...agents: TestAgent[]): string[] => agents.map(({ agentId }) => agentKey(agentId)).sort();

function announceTo(net: TestNetwork, peer: TestPeer, ...announcements: Uint8Array[]): KeepAnswer[] {
  const answer = net.request(peer, writer, encodeRequest({ type: 'announce', announcements }));
  return decodeAnnounceAnswers(answer, announcements.length);
}

function shownBy(net: TestNetwork, peer: TestPeer, tag: string, count = 64): readonly Uint8Array[] {
  const answer = net.request(peer, writer, encodeRequest({ type: 'search', point: tagPoint(tag), count }));
  return decodeSearchAnswer(answer).announcements;
}

const set =
  (index: number, value: CborValue) =>
  (items: CborValue[]): void => {
    items[index] = value;
  };
const setTags =
  (tags: readonly string[]) =>
  (items: CborValue[]): void => {
    (items[0] as CborValue[])[1] = tags;
  };

/** The announcement with one part replaced, its signature as it was. */
function forged(bytes: Uint8Array, change: (items: CborValue[]) => void): Uint8Array {
  const items = structuredClone(decodeCanonical(bytes, 65_536)) as CborValue[];
  change(items);
  return encodeCanonical(items);
}

describe(`a storing peer of a tag (seed ${seed})`, () => {
  let net: TestNetwork;
  let peer: TestPeer;
  const agent = born('capable');
  beforeEach(() => {
    net = network(1);
    peer = net.peers[0]!;
    checked = 0;
  });

  it('shows an announcement at each prefix of its tags, and nowhere else', () => {
    const { bytes } = announced(agent, ['/translate/en-es', '/chat']);
    expect(announceTo(net, peer, bytes)).toEqual([{ status: 'stored', code: null }]);
    for (const tag of ['/translate', '/translate/en-es', '/chat']) {
      expect(shownBy(net, peer, tag).map(Buffer.from), tag).toEqual([Buffer.from(bytes)]);
    }
    for (const tag of ['/translate/en', '/translate/en-es/legal', '/en-es']) {
      expect(shownBy(net, peer, tag), tag).toEqual([]);
    }
  });

  it('knows what it has without another signature check', () => {
    const { bytes } = announced(agent, ['/a']);
    announceTo(net, peer, bytes);
    expect(checked).toBe(2);
    expect(announceTo(net, peer, bytes)[0]!.status).toBe('stored');
    expect(checked).toBe(2);
  });

  const items = (change: (items: CborValue[]) => void): Uint8Array =>
    forged(announced(agent, ['/a']).bytes, change);
  it.each<[string, string, () => Uint8Array]>([
    ['forged', 'bad-signature', () => items(set(1, new Uint8Array(64).fill(3)))],
    [
      'of another agent',
      'bad-signature',
      () => items(set(2, born('other').state.keyState.chain.map(keyEventValue))),
    ],
    ['expired', 'expired', () => announced(agent, ['/a'], startSeconds - 3601, 1).bytes],
    ['from the future', 'from-the-future', () => announced(agent, ['/a'], startSeconds + 3600).bytes],
    ['of too many tags', 'wrong-shape', () => items(setTags(['/a', '/b', '/c', '/d', '/e']))],
    ['of a tag that is none', 'bad-tag', () => items(setTags(['a']))],
    ['malformed', 'not-canonical', () => Uint8Array.of(0x9f, 0xff)],
    ['without a key log', 'bad-key-log', () => items(set(2, []))],
  ])('refuses what is %s as %s, and counts it', (_, code, make) => {
    expect(announceTo(net, peer, make())).toEqual([{ status: 'refused', code }]);
    expect(peer.counts.get(`capabilities:${code}`)).toBe(1);
    expect(shownBy(net, peer, '/a')).toEqual([]);
  });

  it('looks at no signature of what is refused for anything else', () => {
    announceTo(net, peer, announced(agent, ['/a'], startSeconds - 3601, 1).bytes);
    announceTo(net, peer, items(setTags(['/b', '/a'])));
    expect(checked).toBe(0);
  });

  it('refuses a peer that announces more than its quota before any signature', () => {
    const small = network(1, { putsBurst: 2, putsPerSecond: 0.001 });
    const rows = ['a', 'b', 'c'].map((label) => announced(born(label), ['/a']).bytes);
    checked = 0;
    const answer = small.request(
      small.peers[0]!,
      writer,
      encodeRequest({ type: 'announce', announcements: rows }),
    );
    expect(Buffer.from(answer).equals(encodeFailure('over-quota'))).toBe(true);
    expect(checked).toBe(0);
  });

  it('keeps the later of two, and answers the earlier as stale', () => {
    const early = announced(agent, ['/a']).bytes;
    const late = announced(agent, ['/b'], startSeconds + 1).bytes;
    announceTo(net, peer, late);
    expect(announceTo(net, peer, early)).toEqual([{ status: 'stale', code: 'stale-base' }]);
    expect(shownBy(net, peer, '/a')).toEqual([]);
    expect(shownBy(net, peer, '/b')).toHaveLength(1);
    announceTo(net, peer, announced(agent, ['/a'], startSeconds + 2).bytes);
    expect(shownBy(net, peer, '/b')).toEqual([]);
    expect(shownBy(net, peer, '/a')).toHaveLength(1);
  });

  it('takes a withdrawal, after which the older one does not come back', () => {
    const early = announced(agent, ['/a']).bytes;
    announceTo(net, peer, early, announced(born('stays'), ['/a']).bytes);
    announceTo(net, peer, announced(agent, [], startSeconds + 1).bytes);
    expect(shownBy(net, peer, '/a')).toHaveLength(1);
    expect(announceTo(net, peer, early)[0]!.status).toBe('stale');
    expect(shownBy(net, peer, '/a')).toHaveLength(1);
  });

  it('forgets an announcement at its end', () => {
    announceTo(net, peer, announced(agent, ['/a'], startSeconds, 1).bytes);
    net.run(3_590_000);
    expect(shownBy(net, peer, '/a')).toHaveLength(1);
    net.run(20_000);
    expect(shownBy(net, peer, '/a')).toEqual([]);
  });

  it.each<[string, (agent: TestAgent) => TestAgent]>([
    ['has ended', (one) => ended(one, startSeconds + 3)],
    ['was rotated', (one) => rotated(one, startSeconds + 3)],
    ['was recovered', (one) => recovered(one, startSeconds + 3)],
  ])('drops the announcement of an agent that %s at once, and takes it no more', (_, change) => {
    const { bytes } = announced(agent, ['/a']);
    announceTo(net, peer, bytes);
    const [news] = encodeAnnouncements(change(agent).state);
    net.gossip(peer, writer, gossipTopic('/weft', agent.agentId), news!);
    expect(shownBy(net, peer, '/a')).toEqual([]);
    expect(announceTo(net, peer, bytes)[0]!.status).toBe('refused');
    expect(shownBy(net, peer, '/a')).toEqual([]);
  });

  it('drops the announcement of an agent that turns out to be forked', () => {
    const turned = rotated(agent, startSeconds + 3);
    announceTo(net, peer, announced(turned, ['/a'], startSeconds + 4).bytes);
    for (const branch of [turned, rotated(agent, startSeconds + 3, ' b')]) {
      net.gossip(peer, writer, gossipTopic('/weft', agent.agentId), encodeAnnouncements(branch.state)[0]!);
    }
    expect(shownBy(net, peer, '/a')).toEqual([]);
  });

  it('does not take what was revoked while its signatures were being checked', () => {
    const { bytes } = announced(agent, ['/a']);
    net.after(0, () => {
      const data = encodeAnnouncements(ended(agent, startSeconds + 3).state)[0]!;
      const topic = gossipTopic('/weft', agent.agentId);
      net.dispatch(peer, { type: 'gossip-received', messageId: 1, topic, from: writer, data });
    });
    announceTo(net, peer, bytes);
    net.run(100);
    expect(shownBy(net, peer, '/a')).toEqual([]);
  });

  it('keeps 64 agents of a tag, and answers the others as displaced', () => {
    const answers = Array.from(
      { length: 80 },
      (_, index) => announced(born(`crowd ${index}`), ['/crowd']).bytes,
    ).flatMap((bytes) => announceTo(net, peer, bytes));
    const kept = shownBy(net, peer, '/crowd');
    expect(kept).toHaveLength(64);
    expect(answers.filter(({ status }) => status === 'displaced').length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 'displaced').length).toBeLessThanOrEqual(16);
  });

  it('draws anew in the next hour', () => {
    const crowd = Array.from(
      { length: 90 },
      (_, index) => announced(born(`crowd ${index}`), ['/crowd']).bytes,
    );
    for (const bytes of crowd) announceTo(net, peer, bytes);
    const before = shownBy(net, peer, '/crowd').map((bytes) => Buffer.from(bytes).toString('hex'));
    net.run(3_600_000);
    for (const bytes of crowd) announceTo(net, peer, bytes);
    const after = shownBy(net, peer, '/crowd').map((bytes) => Buffer.from(bytes).toString('hex'));
    expect(after).toHaveLength(64);
    expect(after.filter((hex) => !before.includes(hex)).length).toBeGreaterThan(3);
  });

  it('is a full peer: a client takes none', () => {
    const client = network(1, { role: 'client' });
    expect(announceTo(client, client.peers[0]!, announced(agent, ['/a']).bytes)).toEqual([
      { status: 'refused', code: 'not-closest' },
    ]);
  });
});

describe(`a network of 20 peers (seed ${seed})`, () => {
  const [one, two, three] = [born('one'), born('two'), born('three')];
  let net: TestNetwork;
  beforeEach(() => {
    net = network(20);
  });

  it('finds by tag and by prefix, from everywhere, the closer match first', () => {
    net.announce(net.peers[0]!, announced(one, ['/translate/en-es']).bytes);
    net.announce(net.peers[1]!, announced(two, ['/translate']).bytes);
    const result = net.announce(net.peers[2]!, announced(three, ['/chat']).bytes);
    expect(result).toEqual({ holders: 20, displaced: 0, asked: 20, refusal: null });
    for (const peer of net.peers) {
      expect(agentsOf(net.search(peer, '/translate/en-es'))).toEqual(keysOf(one));
      const found = net.search(peer, '/translate');
      expect(found.hits.map(({ score }) => score)).toEqual([100, 50]);
      expect(agentsOf(found)).toEqual(keysOf(one, two));
      expect(found.isComplete).toBe(true);
      expect(net.search(peer, '/nothing').hits).toEqual([]);
    }
  });

  it('asks several storing peers, and few of all', () => {
    net.announce(net.peers[0]!, announced(one, ['/a']).bytes);
    const { asked, responders, hits } = net.search(net.peers[7]!, '/a');
    expect(responders).toBeGreaterThanOrEqual(5);
    expect(asked).toBeLessThan(10);
    expect(hits[0]!.shownBy).toBe(responders);
  });

  it('shows an agent that was revoked no longer, as soon as the news is there', () => {
    net.publish(net.peers[0]!, bundleOf(one));
    net.announce(net.peers[0]!, announced(one, ['/a']).bytes);
    net.announce(net.peers[0]!, announced(two, ['/a']).bytes);
    net.publish(net.peers[3]!, bundleOf(ended(one, net.nowSeconds())));
    net.run(500);
    for (const peer of net.peers) expect(agentsOf(net.search(peer, '/a'))).toEqual(keysOf(two));
  });

  it('is told by the searcher’s own knowledge where the storing peers do not know yet', () => {
    net.announce(net.peers[0]!, announced(one, ['/a']).bytes);
    const peer = net.peers[4]!;
    net.cut((index) => (index === 4 ? 1 : 0));
    net.gossip(
      peer,
      writer,
      gossipTopic('/weft', one.agentId),
      encodeAnnouncements(ended(one, net.nowSeconds()).state)[0]!,
    );
    net.cut(() => 0);
    expect(net.search(peer, '/a').hits).toEqual([]);
  });

  it('follows a change of tags and a withdrawal to where the agent stood before', () => {
    net.announce(net.peers[0]!, announced(one, ['/a']).bytes);
    net.announce(net.peers[0]!, announced(one, ['/b'], startSeconds + 1).bytes, ['/a']);
    expect(net.search(net.peers[5]!, '/a').hits).toEqual([]);
    expect(agentsOf(net.search(net.peers[5]!, '/b'))).toEqual(keysOf(one));
    net.announce(net.peers[0]!, announced(one, [], startSeconds + 2).bytes, ['/b']);
    expect(net.search(net.peers[5]!, '/b').hits).toEqual([]);
  });

  it('finds what it did while a third of the storing peers is down', () => {
    net.announce(net.peers[0]!, announced(one, ['/a']).bytes);
    for (const peer of net.peers.slice(0, 7)) net.crash(peer);
    expect(agentsOf(net.search(net.peers[9]!, '/a'))).toEqual(keysOf(one));
  });

  it('finds it after a storing peer came back with an empty memory', () => {
    net.announce(net.peers[0]!, announced(one, ['/a']).bytes);
    net.crash(net.peers[3]!);
    net.restart(net.peers[3]!);
    net.run(2_000);
    expect(agentsOf(net.search(net.peers[3]!, '/a'))).toEqual(keysOf(one));
  });

  it('shows at most as many as were asked for, and says that there are more', () => {
    for (let index = 0; index < 12; index++)
      net.announce(net.peers[0]!, announced(born(`many ${index}`), ['/m']).bytes);
    const found = net.search(net.peers[1]!, '/m', 5);
    expect(found.hits).toHaveLength(5);
    expect(found.isComplete).toBe(false);
    expect(net.search(net.peers[1]!, '/m', 20).hits).toHaveLength(12);
  });

  it('leaves a place to one agent among 200 of another party, by the draw alone', () => {
    const small = network(3);
    const spam = Array.from({ length: 200 }, (_, index) => announced(born(`spam ${index}`), ['/s']).bytes);
    const honest = announced(one, ['/s']).bytes;
    let shown = 0;
    for (let hour = 0; hour < 10; hour++) {
      for (const peer of small.peers) {
        announceTo(small, peer, ...spam);
        announceTo(small, peer, honest);
        if (shownBy(small, peer, '/s').some((bytes) => Buffer.from(bytes).equals(honest))) shown++;
      }
      small.run(3_600_000);
    }
    // 30 draws of 64 in 201: 9.6 expected, standard deviation 2.6.
    expect(shown).toBeGreaterThan(1);
    expect(shown).toBeLessThan(19);
  });
});

describe(`hostile answers to a search (seed ${seed})`, () => {
  const [one, two] = [born('one'), born('two')];
  const liar = testPeerId('liar');
  let net: TestNetwork;
  let peer: TestPeer;
  beforeEach(() => {
    net = network(5);
    peer = net.peers[0]!;
    net.announce(peer, announced(one, ['/a']).bytes);
    net.meet(peer, liar);
  });
  const answering = (answer: Uint8Array): void => {
    net.answer = () => answer;
  };

  it.each<[string, () => Uint8Array]>([
    ['is not of the protocol', () => Uint8Array.of(1, 2, 3)],
    ['is a refusal', () => encodeFailure('busy')],
    [
      'has rows that are no announcements',
      () => encodeSearchAnswer({ announcements: [Uint8Array.of(0)], closer: [] }),
    ],
    [
      'has announcements of other tags',
      () => encodeSearchAnswer({ announcements: [announced(two, ['/b']).bytes], closer: [] }),
    ],
    [
      'has a forged newer announcement of the agent',
      () => {
        const bytes = forged(announced(one, ['/a'], startSeconds + 1).bytes, (items) => {
          items[1] = new Uint8Array(64).fill(9);
        });
        return encodeSearchAnswer({ announcements: [bytes], closer: [] });
      },
    ],
    [
      'has 64 forged agents',
      () => {
        const announcements = Array.from({ length: 64 }, (_, index) =>
          forged(announced(born(`forged ${index}`), ['/a']).bytes, (items) => {
            items[1] = new Uint8Array(64).fill(index);
          }),
        );
        return encodeSearchAnswer({ announcements, closer: [] });
      },
    ],
    [
      'names peers without end',
      () => {
        const closer = Array.from({ length: 20 }, () => ({
          peer: testPeerId(`invented ${net.random.below(1_000_000)}`),
          addresses: [],
        }));
        return encodeSearchAnswer({ announcements: [], closer });
      },
    ],
  ])('change nothing when the answer %s', (_, make) => {
    net.answer = () => make();
    const found = net.search(peer, '/a');
    expect(agentsOf(found)).toEqual(keysOf(one));
  });

  it('count when they are signed: a liar may show agents of its own, after those that two show', () => {
    answering(encodeSearchAnswer({ announcements: [announced(two, ['/a']).bytes], closer: [] }));
    expect(net.search(peer, '/a').hits.map(({ agentId }) => agentKey(agentId))).toEqual([
      agentKey(one.agentId),
      agentKey(two.agentId),
    ]);
  });

  it('cost at most 2,000 signature checks', () => {
    const turned = Array.from({ length: 64 }, (_, index) => rotated(born(`deep ${index}`), startSeconds + 1));
    const liars = Array.from({ length: 14 }, (_, index) => testPeerId(`liar ${index}`));
    for (const one of liars) net.meet(peer, one);
    const answerOf = new Map(
      liars.map((one, index) => {
        const announcements = turned.map((agent) =>
          forged(announced(agent, ['/a'], startSeconds + index).bytes, set(1, new Uint8Array(64).fill(1))),
        );
        return [one, encodeSearchAnswer({ announcements, closer: [] })];
      }),
    );
    net.answer = (to) => answerOf.get(to) ?? encodeFailure('busy');
    checked = 0;
    const found = net.search(peer, '/a', 100);
    expect(found.asked).toBeGreaterThan(14);
    expect(checked).toBeGreaterThan(1_000);
    expect(checked).toBeLessThan(2_200);
    expect(agentsOf(found)).toEqual(keysOf(one));
  });

  it('end with the time of the search when nobody answers', () => {
    const lonely = network(1);
    lonely.answer = null;
    lonely.meet(lonely.peers[0]!, liar);
    expect(lonely.search(lonely.peers[0]!, '/a')).toMatchObject({ hits: [], responders: 0 });
  });
});
