/** Names over peers in virtual time (docs/protocol.md §7): published, looked up, kept alive, withdrawn, and attacked. */
import { describe, expect, it } from 'vitest';
import { createSodiumVerifier } from '../../../src/adapters/native/sodium-verifier.ts';
import { delegateAgent, revokeDelegation } from '../../../src/core/author/grant.ts';
import { bytesEqual, concatBytes, utf8ToBytes } from '../../../src/core/bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../../src/core/cbor.ts';
import type { SignatureCheck } from '../../../src/core/ed25519.ts';
import { encodeAnnouncements, gossipTopic } from '../../../src/core/gossip/announcement.ts';
import { rightBits } from '../../../src/core/identity/delegation.ts';
import { keyEventValue } from '../../../src/core/identity/key-event-codec.ts';
import { namePoint } from '../../../src/core/name/label.ts';
import { decodeNameRecord, type NameRecord } from '../../../src/core/name/name-record.ts';
import type { KeepAnswer } from '../../../src/core/overlay/keep-answer.ts';
import { encodeFailure } from '../../../src/core/overlay/message.ts';
import {
  decodeLookUpAnswer,
  decodeNameAnswers,
  encodeLookUpAnswer,
  encodeNameRequest,
} from '../../../src/core/overlay/name-message.ts';
import type { NameLookUp } from '../../../src/core/peer/effects.ts';
import type { PeerConfig } from '../../../src/core/peer/peer-config.ts';
import {
  createTestNetwork,
  type TestNetwork,
  type TestPeer,
  testPeerId,
} from '../../helpers/peer-network.ts';
import {
  bornAgent,
  bundleOf,
  ended,
  recovered,
  rotated,
  signingKeyOf,
  type TestAgent,
  testSigner,
} from '../../helpers/test-agent.ts';
import { described, named, startSeconds, withdrawn } from './fixtures.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 29);
const sodium = createSodiumVerifier({ workers: 0 });
const writer = testPeerId('writer');
const hourMs = 3_600_000;

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
const shop = (namespace: TestAgent, owner: TestAgent, issuedAt?: number): NameRecord =>
  named(namespace, 'shop', { agentId: owner.agentId }, issuedAt === undefined ? {} : { issuedAt });

function lookUp(net: TestNetwork, peer: TestPeer, namespace: TestAgent, label = 'shop'): NameLookUp {
  return net.lookUp(peer, namespace.agentId, namePoint(namespace.agentId, label));
}

/** What a stranger hears when it brings these records. */
function bring(net: TestNetwork, peer: TestPeer, ...records: Uint8Array[]): KeepAnswer[] {
  return decodeNameAnswers(
    net.request(peer, writer, encodeNameRequest({ type: 'name', records })),
    records.length,
  );
}

function shown(net: TestNetwork, peer: TestPeer, namespace: TestAgent, label = 'shop'): Uint8Array | null {
  const { agentId } = namespace;
  const request = encodeNameRequest({ type: 'look-up', agentId, point: namePoint(agentId, label) });
  return decodeLookUpAnswer(net.request(peer, writer, request)).record;
}

const holders = (net: TestNetwork, namespace: TestAgent, label = 'shop'): number =>
  net.peers.filter((peer) => peer.isUp && shown(net, peer, namespace, label) !== null).length;

/** The record with one part of its body replaced, its signature as it was. */
function forged(record: NameRecord, index: number, value: CborValue): Uint8Array {
  const items = structuredClone(decodeCanonical(record.bytes, 65_536)) as CborValue[];
  (items[0] as CborValue[])[index] = value;
  return encodeCanonical(items);
}

/** The same, signed again by that agent. */
function resigned(agent: TestAgent, record: NameRecord, index: number, value: CborValue): Uint8Array {
  const items = decodeCanonical(forged(record, index, value), 65_536) as CborValue[];
  const { establishment } = agent.state.keyState;
  const message = concatBytes(
    utf8ToBytes('weft/name/1'),
    agent.agentId,
    establishment,
    encodeCanonical(items[0]!),
  );
  items[1] = signingKeyOf(agent).sign(message);
  return encodeCanonical(items);
}

describe(`names among peers (seed ${seed})`, () => {
  it('§7: a name stands at its storing peers, and any peer finds it and its target', () => {
    const net = network(30);
    const [namespace, owner] = [born('namespace'), born('owner')];
    const published = net.name(net.peers[3]!, shop(namespace, owner).bytes);
    expect(published).toMatchObject({ displaced: 0, refusal: null, isOvertaken: false });
    expect(published.holders).toBeGreaterThanOrEqual(20);
    const found = lookUp(net, net.peers[17]!, namespace);
    expect(found.isComplete).toBe(true);
    expect(found.record?.meaning).toEqual({ kind: 'target', target: { agentId: owner.agentId } });
    expect(found.holders).toBeGreaterThanOrEqual(3);
    expect(lookUp(net, net.peers[5]!, namespace, 'other')).toMatchObject({ record: null, isComplete: true });
  });

  it('§7: of two records of one name the later stands, in whatever order they come', () => {
    const net = network(8);
    const namespace = born('namespace');
    const old = shop(namespace, born('first'), startSeconds);
    const late = shop(namespace, born('second'), startSeconds + 1);
    for (const [first, then, status] of [
      [old, late, 'stored'],
      [late, old, 'stale'],
    ] as const) {
      const fresh = network(8);
      expect(bring(fresh, fresh.peers[0]!, first.bytes)[0]).toEqual({ status: 'stored', code: null });
      expect(bring(fresh, fresh.peers[0]!, then.bytes)[0]!.status).toBe(status);
      expect(shown(fresh, fresh.peers[0]!, namespace)).toEqual(late.bytes);
    }
    net.name(net.peers[0]!, old.bytes);
    expect(net.name(net.peers[1]!, late.bytes).isOvertaken).toBe(false);
    expect(net.name(net.peers[2]!, old.bytes)).toMatchObject({ isOvertaken: true, holders: 0 });
  });

  it('§7: an older record that some still show is not believed, and they are told of the newest', () => {
    const net = network(12);
    const namespace = born('namespace');
    const old = shop(namespace, born('thief'));
    const late = shop(namespace, born('owner'), startSeconds + 5);
    for (const peer of net.peers.slice(0, 10)) bring(net, peer, old.bytes);
    for (const peer of net.peers.slice(10)) bring(net, peer, late.bytes);
    const found = lookUp(net, net.peers[11]!, namespace);
    expect(found.record?.bytes).toEqual(late.bytes);
    net.run(2_000);
    const repaired = net.peers.filter((peer) => {
      const bytes = shown(net, peer, namespace);
      return bytes !== null && bytesEqual(bytes, late.bytes);
    });
    expect(repaired.length).toBeGreaterThan(2);
  });

  it('attack, replay: a reader that has seen the newer record does not go back, whatever all others show', () => {
    const net = network(6);
    const namespace = born('namespace');
    const old = shop(namespace, born('thief'));
    const late = shop(namespace, born('owner'), startSeconds + 5);
    const [reader] = net.peers;
    net.name(reader!, late.bytes);
    lookUp(net, reader!, namespace);
    // All that is left is a stranger who shows the older one.
    for (const peer of net.peers.slice(1)) net.crash(peer);
    net.meet(reader!, testPeerId('liar'));
    net.answer = () => encodeLookUpAnswer({ record: old.bytes, closer: [] });
    expect(lookUp(net, reader!, namespace).record?.bytes).toEqual(late.bytes);
  });

  it('§7: a withdrawal sticks: what it withdrew comes back from nobody', () => {
    const net = network(8);
    const namespace = born('namespace');
    const record = shop(namespace, born('owner'));
    net.name(net.peers[0]!, record.bytes);
    const gone = withdrawn(namespace, 'shop', startSeconds + 10);
    expect(net.name(net.peers[0]!, gone.bytes).holders).toBe(8);
    expect(net.name(net.peers[1]!, record.bytes)).toMatchObject({ isOvertaken: true, holders: 0 });
    expect(lookUp(net, net.peers[5]!, namespace).record?.meaning).toEqual({ kind: 'withdrawn' });
    expect(gone.expiresAt).toBeGreaterThan(record.expiresAt);
  });

  it('§7: names outlive the restart of all storing peers at once', () => {
    const net = network(8);
    const namespace = born('namespace');
    net.name(net.peers[0]!, shop(namespace, born('owner')).bytes);
    for (const peer of net.peers) net.crash(peer);
    for (const peer of net.peers) net.restart(peer);
    net.run(2_000);
    expect(lookUp(net, net.peers[4]!, namespace).record).not.toBeNull();
    expect(holders(net, namespace)).toBe(8);
  });

  it('§7: storing peers keep a name alive for an owner who is away, while they come and go', () => {
    const net = network(14, { replication: 4, slack: 1, syncIntervalMs: 100 * hourMs });
    const namespace = born('namespace');
    net.name(net.peers[0]!, shop(namespace, born('owner')).bytes);
    for (let round = 0; round < 3; round++) {
      const keeping = net.peers.filter((peer) => peer.isUp && shown(net, peer, namespace) !== null);
      // The two that keep it longest go for good, with all that they kept.
      for (const peer of keeping.slice(0, 2)) {
        net.crash(peer);
        for (const other of net.peers)
          if (other.isUp) net.dispatch(other, { type: 'peer-removed', peer: peer.name });
      }
      net.run(2 * hourMs);
    }
    expect(net.peers.filter(({ isUp }) => isUp)).toHaveLength(8);
    expect(holders(net, namespace)).toBeGreaterThanOrEqual(4);
    const reader = net.peers.find(({ isUp }) => isUp)!;
    expect(lookUp(net, reader, namespace).record).not.toBeNull();
  });

  it('§7: a name goes with its time, from memory and disk', () => {
    const net = network(4);
    const namespace = born('namespace');
    net.name(net.peers[0]!, named(namespace, 'shop', { agentId: namespace.agentId }, { hours: 1 }).bytes);
    expect(net.peers[1]!.nameStore.size).toBe(1);
    net.run(hourMs + 120_000);
    expect(lookUp(net, net.peers[2]!, namespace).record).toBeNull();
    for (const peer of net.peers)
      expect([peer.nameStore.size, peer.peer.snapshot().keptNames]).toEqual([0, 0]);
  });

  it('§7: a rotation voids what the old key said, at once where it is heard of', () => {
    const net = network(8);
    const before = born('namespace');
    const record = shop(before, born('owner'));
    net.publish(net.peers[0]!, bundleOf(before));
    net.name(net.peers[0]!, record.bytes);
    const after = rotated(before, startSeconds + 20);
    for (const data of encodeAnnouncements(after.state)) {
      net.gossip(net.peers[2]!, net.peers[3]!.name, gossipTopic('/weft', after.agentId), data);
    }
    net.run(5_000);
    expect(holders(net, before)).toBe(0);
    for (const peer of net.peers) expect(peer.nameStore.size).toBe(0);
    expect(bring(net, net.peers[1]!, record.bytes)[0]).toEqual({
      status: 'refused',
      code: 'wrong-establishment',
    });
    const again = shop(after, born('owner'), startSeconds + 21);
    expect(net.name(net.peers[0]!, again.bytes).holders).toBe(8);
    expect(lookUp(net, net.peers[5]!, before).record?.bytes).toEqual(again.bytes);
  });

  it('§7: a peer that hears of a rotation by a name alone drops the other names, and takes them no more', () => {
    const net = network(3);
    const before = born('namespace');
    const after = rotated(before, startSeconds + 5);
    const [peer] = net.peers;
    const old = ['a', 'b', 'c'].map((label) => named(before, label, { agentId: before.agentId }).bytes);
    expect(bring(net, peer!, ...old).every(({ status }) => status === 'stored')).toBe(true);
    expect(bring(net, peer!, named(after, 'd', { agentId: after.agentId }).bytes)[0]!.status).toBe('stored');
    net.run(100);
    expect(peer!.nameStore.size).toBe(1);
    expect(bring(net, peer!, old[0]!)[0]).toEqual({ status: 'refused', code: 'wrong-establishment' });
  });

  it('§7: of logs that contradict, the one that the fork choice picks counts, not the longer one', () => {
    const net = network(8);
    const start = born('namespace');
    const stolen = rotated(rotated(start, startSeconds + 5), startSeconds + 6);
    const healed = recovered(start, startSeconds + 7);
    const theirs = shop(stolen, born('thief'), startSeconds + 50);
    const ours = shop(healed, born('owner'), startSeconds + 10);
    for (const peer of net.peers.slice(0, 6)) bring(net, peer, theirs.bytes);
    for (const peer of net.peers.slice(6)) bring(net, peer, ours.bytes);
    expect(lookUp(net, net.peers[7]!, start).record?.bytes).toEqual(ours.bytes);
  });

  it('§7: an ended namespace names nothing', () => {
    const net = network(6);
    const namespace = born('namespace');
    const record = shop(namespace, born('owner'));
    net.publish(net.peers[0]!, bundleOf(namespace));
    net.name(net.peers[0]!, record.bytes);
    net.publish(net.peers[0]!, bundleOf(ended(namespace, startSeconds + 9)));
    net.run(5_000);
    expect(bring(net, net.peers[2]!, record.bytes)[0]).toEqual({ status: 'refused', code: 'tombstoned' });
    expect(lookUp(net, net.peers[3]!, namespace).record).toBeNull();
  });
});

describe('delegates who name', () => {
  const signer = testSigner('naming delegate');

  function delegated(namespace: TestAgent, rights: number) {
    return delegateAgent({
      state: namespace.state,
      signer: signingKeyOf(namespace),
      audience: signer.publicKey,
      rights,
      fieldMask: 15,
      notBefore: startSeconds,
      expiresAt: startSeconds + 7_200,
      nonce: new Uint8Array(8),
      nowSeconds: startSeconds,
    });
  }

  it('§7: a delegate with the right "publish" names things, until its delegation ends', () => {
    const net = network(6);
    const namespace = born('namespace');
    const { token } = delegated(namespace, rightBits.publish);
    const record = named(namespace, 'shop', { agentId: namespace.agentId }, { token, signer });
    expect(record.expiresAt).toBe(token.expiresAt);
    expect(net.name(net.peers[0]!, record.bytes).holders).toBe(6);
    expect(lookUp(net, net.peers[3]!, namespace).record?.bytes).toEqual(record.bytes);
  });

  it('§7: a delegate with another right, or one whose delegation was revoked, names nothing', () => {
    const net = network(6);
    const namespace = born('namespace');
    const { token: weak } = delegated(namespace, rightBits.op);
    const weakly = named(namespace, 'shop', { agentId: namespace.agentId }, { token: weak, signer });
    expect(bring(net, net.peers[0]!, weakly.bytes)[0]!.code).toBe('bad-delegation');
    const { token, state } = delegated(namespace, rightBits.publish);
    const record = named(namespace, 'shop', { agentId: namespace.agentId }, { token, signer });
    net.name(net.peers[0]!, record.bytes);
    const revoked = revokeDelegation({
      ...{ state, token, signer: signingKeyOf(namespace) },
      ...{ reason: 'superseded', nowSeconds: startSeconds + 3 },
    });
    net.publish(net.peers[0]!, bundleOf({ ...namespace, state: revoked }));
    net.run(5_000);
    expect(holders(net, namespace)).toBe(0);
    expect(bring(net, net.peers[1]!, record.bytes)[0]!.code).toBe('revoked');
  });
});

describe('attacks on names', () => {
  it('squatting: a record of a label of a foreign namespace stands in nobody’s way', () => {
    const net = network(8);
    const [victim, squatter] = [born('victim'), born('squatter')];
    // Blinded, a record may claim any point: it stands there under its own namespace alone.
    const claim = resigned(
      squatter,
      named(
        squatter,
        'shop',
        { agentId: squatter.agentId },
        { issuedAt: startSeconds + 99, isBlinded: true },
      ),
      1,
      namePoint(victim.agentId, 'shop'),
    );
    for (const peer of net.peers) expect(bring(net, peer, claim)[0]!.status).toBe('stored');
    expect(lookUp(net, net.peers[2]!, victim).record).toBeNull();
    const honest = shop(victim, born('owner'));
    expect(net.name(net.peers[1]!, honest.bytes)).toMatchObject({ holders: 8, isOvertaken: false });
    expect(lookUp(net, net.peers[2]!, victim).record?.bytes).toEqual(honest.bytes);
  });

  it('a liar that shows another’s record, a forged one or nothing of use hides nothing', () => {
    const net = network(6);
    const [namespace, other] = [born('namespace'), born('other')];
    const honest = shop(namespace, born('owner'));
    net.name(net.peers[0]!, honest.bytes);
    const lies = [
      shop(other, other).bytes,
      forged(honest, 2, other.agentId),
      forged(honest, 3, startSeconds + 60),
      new Uint8Array([1, 2, 3]),
    ];
    for (const lie of lies) {
      const liar = testPeerId(`liar ${lies.indexOf(lie)}`);
      net.meet(net.peers[3]!, liar);
    }
    net.answer = (to) => {
      const lie = lies.find((_, index) => testPeerId(`liar ${index}`) === to);
      return lie === undefined ? encodeFailure('busy') : encodeLookUpAnswer({ record: lie, closer: [] });
    };
    expect(lookUp(net, net.peers[3]!, namespace).record?.bytes).toEqual(honest.bytes);
  });

  it.each([
    ['another target', 2, new Uint8Array(32).fill(3), 'bad-signature'],
    ['a label that was not signed', 1, 'shot', 'bad-signature'],
    ['a label in upper case', 1, 'Shop', 'bad-name'],
    ['a label with a letter of another script', 1, 'shоp', 'bad-name'],
    ['a label that ends with a dash', 1, 'shop-', 'bad-name'],
    ['a URL into a file', 2, 'file:///etc/passwd', 'bad-url'],
    ['a URL of plain http', 2, 'http://example.com/', 'bad-url'],
    ['a time in the future', 3, startSeconds + 100_000, 'from-the-future'],
    ['169 hours', 4, 169, 'wrong-shape'],
  ] as const)('refuses %s', (_, index, value, code) => {
    const net = network(2);
    expect(bring(net, net.peers[0]!, forged(shop(born('a'), born('b')), index, value))[0]).toEqual({
      status: 'refused',
      code,
    });
  });

  it('refuses an expired record, and one whose log is that of another agent', () => {
    const net = network(2);
    const namespace = born('namespace');
    const over = named(
      namespace,
      'shop',
      { agentId: namespace.agentId },
      { issuedAt: startSeconds - 7_200, hours: 1 },
    );
    expect(bring(net, net.peers[0]!, over.bytes)[0]!.code).toBe('expired');
    const items = structuredClone(decodeCanonical(shop(namespace, namespace).bytes, 65_536)) as CborValue[];
    items[3] = [keyEventValue(born('other').state.keyState.head)] as CborValue[];
    expect(bring(net, net.peers[0]!, encodeCanonical(items))[0]!.code).toBe('bad-signature');
  });

  it('flood: a sender of very many names is held by its quota before any signature is looked at', () => {
    const net = network(2, { putsBurst: 20, putsPerSecond: 1 });
    const namespace = born('flood');
    const records = Array.from(
      { length: 30 },
      (_, index) => named(namespace, `n${index}`, { agentId: namespace.agentId }).bytes,
    );
    checked = 0;
    const answer = net.request(net.peers[0]!, writer, encodeNameRequest({ type: 'name', records }));
    expect(() => decodeNameAnswers(answer, 30)).toThrow(/refused the request/);
    expect(checked).toBe(0);
    expect(net.peers[0]!.peer.snapshot().keptNames).toBe(0);
  });

  it('a full disk takes no name, and says so', () => {
    const net = network(3);
    const namespace = born('namespace');
    net.peers[1]!.isFull = true;
    expect(bring(net, net.peers[1]!, shop(namespace, namespace).bytes)[0]).toEqual({
      status: 'refused',
      code: 'store-full',
    });
    expect(shown(net, net.peers[1]!, namespace)).toBeNull();
  });

  it('known bytes cost no signature check', () => {
    const net = network(2);
    const { bytes } = shop(born('a'), born('b'));
    bring(net, net.peers[0]!, bytes);
    checked = 0;
    expect(bring(net, net.peers[0]!, bytes)[0]!.status).toBe('stored');
    expect(checked).toBe(0);
  });

  it('§7: a hidden namespace shows its labels to nobody who cannot name them', () => {
    const net = network(5);
    const namespace = born('namespace');
    const record = named(namespace, 'secret-project', { agentId: namespace.agentId }, { isBlinded: true });
    net.name(net.peers[0]!, record.bytes);
    const text = new TextEncoder().encode('secret-project');
    for (const peer of net.peers)
      for (const kept of peer.nameStore.values())
        expect(Buffer.from(kept).includes(Buffer.from(text))).toBe(false);
    const found = lookUp(net, net.peers[3]!, namespace, 'secret-project');
    expect(found.record).toMatchObject({ label: null });
    expect(found.record!.bytes).toEqual(record.bytes);
  });

  it('§7: what a namespace says of itself stands at the label "_"', () => {
    const net = network(5);
    const namespace = born('namespace');
    const record = described(namespace, { claims: ['example.com', 'did:web:example.com'], policy: 'hidden' });
    net.name(net.peers[0]!, record.bytes);
    expect(lookUp(net, net.peers[3]!, namespace, '_').record?.meaning).toEqual({
      kind: 'profile',
      profile: { policy: 'hidden', claims: ['did:web:example.com', 'example.com'], target: null },
    });
    expect(decodeNameRecord(record.bytes).label).toBe('_');
  });
});
