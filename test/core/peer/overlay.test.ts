/** The peer's rules over a network of real peers in virtual time (docs/protocol.md §4, §5, §6). */
import { beforeEach, describe, expect, it } from 'vitest';
import { createSodiumVerifier } from '../../../src/adapters/native/sodium-verifier.ts';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { encodeAnnouncements, gossipTopic } from '../../../src/core/gossip/announcement.ts';
import { compareDistance, kadIdOfAgent, kadIdOfPeer } from '../../../src/core/overlay/distance.ts';
import { decodeFindAnswers, decodePutAnswers, encodeRequest } from '../../../src/core/overlay/message.ts';
import { isHeldEntry } from '../../../src/core/peer/entry.ts';
import { createTestNetwork, type TestNetwork, testPeerId } from '../../helpers/peer-network.ts';
import {
  bornAgent,
  bundleOf,
  ended,
  recovered,
  refenced,
  rotated,
  updated,
} from '../../helpers/test-agent.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 1);
const verifier = createSodiumVerifier({ workers: 0 });

function network(count: number, config = {}): TestNetwork {
  const created = createTestNetwork({ count, seed, verifier, config });
  created.connectAll();
  created.run(2_000);
  return created;
}

describe(`two peers that meet (seed ${seed})`, () => {
  const reconciliations = (net: TestNetwork): number =>
    net.peers.reduce((sum, { counts }) => sum + (counts.get('syncs:started') ?? 0), 0);

  it('reconcile once when they know the same (§6)', () => {
    expect(reconciliations(network(2))).toBe(1);
  });

  it.each([0, 1])('reconcile from both sides when peer %i knows more (§6)', (knower) => {
    const net = createTestNetwork({ count: 2, seed, verifier });
    const agent = rotated(bornAgent('known', net.nowSeconds()), net.nowSeconds());
    net.publish(net.peers[knower]!, bundleOf(agent));
    net.connectAll();
    net.run(5_000);
    expect(reconciliations(net)).toBe(2);
    for (const peer of net.peers) expect(net.resolve(peer, agent.agentId).state?.keyState.sequence).toBe(1);
  });
});

describe(`a network of 8 peers (seed ${seed})`, () => {
  let net: TestNetwork;
  beforeEach(() => {
    net = network(8);
  });

  it('stores a record at w peers and resolves it from every other, with 3 distinct responders (§4)', () => {
    const agent = bornAgent('first', net.nowSeconds());
    const result = net.publish(net.peers[0]!, bundleOf(agent));
    expect(result).toMatchObject({ status: 'stored', refusal: null });
    expect(result.acknowledgements).toBeGreaterThanOrEqual(5);
    for (const peer of net.peers) {
      const resolution = net.resolve(peer, agent.agentId);
      expect(resolution.status).toBe('ok');
      expect(resolution.holders).toBeGreaterThanOrEqual(3);
      expect(new Set(resolution.responders).size).toBe(resolution.responders.length);
    }
  });

  it('answers not-found for an agent nobody has, after asking all of the closest', () => {
    const agent = bornAgent('nobody', net.nowSeconds());
    const resolution = net.resolve(net.peers[3]!, agent.agentId);
    expect(resolution).toMatchObject({ status: 'not-found', state: null, holders: 0 });
    expect(resolution.responders).toHaveLength(7);
  });

  it('serves a record from its own cache within the ttl, and asks again when told to', () => {
    const agent = bornAgent('cached', net.nowSeconds());
    net.publish(net.peers[0]!, bundleOf(agent));
    expect(net.resolve(net.peers[1]!, agent.agentId, false).cached).toBe(false);
    expect(net.resolve(net.peers[1]!, agent.agentId, false).cached).toBe(true);
    expect(net.resolve(net.peers[1]!, agent.agentId, true).cached).toBe(false);
  });

  it('merges what two writers changed at once on two peers (§3)', () => {
    const agent = bornAgent('merged', net.nowSeconds());
    net.publish(net.peers[0]!, bundleOf(agent));
    const left = updated(agent, { primary: 'https://example.org/left' }, net.nowSeconds());
    const right = updated(agent, { adaptive: 'https://example.org/right' }, net.nowSeconds());
    net.publish(net.peers[1]!, bundleOf(left));
    net.publish(net.peers[2]!, bundleOf(right));
    net.run(2_000);
    const digests = net.peers.map((peer) => {
      const { state } = net.resolve(peer, agent.agentId);
      return state!.operations.map((operation) => operation.key).join();
    });
    expect(new Set(digests).size).toBe(1);
  });

  it('refuses an older fence at every storing peer, and shows the writer the current one (§4, F1)', () => {
    const old = bornAgent('rollback', net.nowSeconds());
    net.publish(net.peers[0]!, bundleOf(old));
    const current = refenced(old, { primary: 'https://example.org/new' }, net.nowSeconds());
    net.publish(net.peers[0]!, bundleOf(current));
    net.run(1_000);
    for (const peer of net.peers) {
      const body = net.request(
        peer,
        testPeerId('attacker'),
        encodeRequest({ type: 'put', bundles: [bundleOf(old)] }),
      );
      const [answer] = decodePutAnswers(body, 1);
      expect(answer).toMatchObject({ status: 'stale' });
      expect(bytesToHex(answer!.current!)).toBe(bytesToHex(bundleOf(current)));
    }
    for (const peer of net.peers) {
      expect(bytesToHex(net.resolve(peer, agentIdOf(old)).state!.addr!.bytes)).toBe(
        bytesToHex(current.state.addr!.bytes),
      );
    }
  });

  it('tells every peer of a rotation, a recovery and a tombstone by gossip, once each (§5)', () => {
    let agent = bornAgent('life', net.nowSeconds());
    net.publish(net.peers[0]!, bundleOf(agent));
    const steps = [
      ['rotated', rotated],
      ['recovered', recovered],
      ['tombstoned', ended],
    ] as const;
    for (const [change, step] of steps) {
      agent = step(agent, net.nowSeconds());
      net.publish(net.peers[2]!, bundleOf(agent));
      net.run(2_000);
      for (const peer of net.peers) {
        expect(peer.changes.filter((seen) => seen.change === change)).toHaveLength(1);
      }
    }
    for (const peer of net.peers) expect(net.resolve(peer, agent.agentId).status).toBe('tombstoned');
  });

  it('freezes a forked agent everywhere, and a recovery thaws it (§1)', () => {
    const agent = bornAgent('forked', net.nowSeconds());
    net.publish(net.peers[0]!, bundleOf(agent));
    net.publish(net.peers[1]!, bundleOf(rotated(agent, net.nowSeconds())));
    net.run(1_000);
    net.publish(net.peers[2]!, bundleOf(rotated(agent, net.nowSeconds(), ' stolen')));
    net.run(2_000);
    for (const peer of net.peers) expect(net.resolve(peer, agent.agentId).status).toBe('forked');
    const healed = recovered(agent, net.nowSeconds());
    net.publish(net.peers[3]!, bundleOf(healed));
    net.run(2_000);
    for (const peer of net.peers) expect(net.resolve(peer, agent.agentId).status).toBe('ok');
  });

  it('ignores a replayed announcement however old: state is the replay rule (§5, F6)', () => {
    const agent = rotated(bornAgent('replayed', net.nowSeconds()), net.nowSeconds());
    const [data] = encodeAnnouncements(agent.state);
    const topic = gossipTopic('/weft', agent.agentId);
    expect(net.gossip(net.peers[0]!, testPeerId('neighbour'), topic, data!)).toBe('accept');
    net.run(10 * 60_000);
    // By now anti-entropy has told everybody, and nobody takes it for news.
    for (const peer of net.peers) {
      for (let replay = 0; replay < 3; replay++) {
        expect(net.gossip(peer, testPeerId(`replayer ${replay}`), topic, data!)).toBe('ignore');
      }
    }
  });

  it('rejects gossip that is not canonical, on the wrong topic, or forged', () => {
    const agent = rotated(bornAgent('forged', net.nowSeconds()), net.nowSeconds());
    const [data] = encodeAnnouncements(agent.state);
    const topic = gossipTopic('/weft', agent.agentId);
    const flipped = Uint8Array.from(data!);
    flipped[flipped.length - 4]! ^= 1;
    const peer = net.peers[0]!;
    expect(net.gossip(peer, testPeerId('a'), topic, flipped)).toBe('reject');
    expect(net.gossip(peer, testPeerId('a'), `${topic}0`, data!)).toBe('reject');
    expect(net.gossip(peer, testPeerId('a'), topic, data!.slice(1))).toBe('reject');
    expect(net.gossip(peer, testPeerId('a'), topic, new Uint8Array(17_000))).toBe('reject');
    expect(net.gossip(peer, testPeerId('a'), topic, data!)).toBe('accept');
  });

  it('bounds what one neighbour may gossip before any signature (§5)', () => {
    const agent = rotated(bornAgent('flood', net.nowSeconds()), net.nowSeconds());
    const topic = gossipTopic('/weft', agent.agentId);
    const verdicts = Array.from({ length: 60 }, (_, index) =>
      net.gossip(net.peers[0]!, testPeerId('flooder'), topic, Uint8Array.of(index)),
    );
    expect(verdicts.filter((verdict) => verdict === 'reject').length).toBeLessThan(50);
    expect(verdicts.at(-1)).toBe('ignore');
  });

  it('carries what was published during a partition across after the heal (§6, F5)', () => {
    const left = bornAgent('left', net.nowSeconds());
    const right = bornAgent('right', net.nowSeconds());
    for (const agent of [left, right]) net.publish(net.peers[0]!, bundleOf(agent));
    net.run(1_000);
    net.cut((index) => index % 2);
    const leftNow = rotated(left, net.nowSeconds());
    const rightNow = ended(right, net.nowSeconds());
    net.publish(net.peers[0]!, bundleOf(leftNow));
    net.publish(net.peers[1]!, bundleOf(rightNow));
    net.run(5 * 60_000);
    net.heal();
    net.run(30_000);
    for (const peer of net.peers) {
      expect(net.resolve(peer, right.agentId).status).toBe('tombstoned');
      const resolution = net.resolve(peer, left.agentId);
      expect(resolution.state!.keyState.sequence).toBe(1);
      expect(resolution.status).toBe('ok');
    }
  });

  it('keeps what it acknowledged when peers die, and catches them up when they return', () => {
    const agents = Array.from({ length: 20 }, (_, index) => bornAgent(`kept ${index}`, net.nowSeconds()));
    for (const agent of agents) expect(net.publish(net.peers[0]!, bundleOf(agent)).status).toBe('stored');
    for (const peer of net.peers.slice(0, 3)) net.crash(peer);
    const revoked = ended(agents[0]!, net.nowSeconds());
    net.publish(net.peers[5]!, bundleOf(revoked));
    for (const agent of agents.slice(1)) expect(net.resolve(net.peers[4]!, agent.agentId).status).toBe('ok');
    for (const peer of net.peers.slice(0, 3)) net.restart(peer);
    net.run(30_000);
    for (const peer of net.peers.slice(0, 3)) {
      expect(peer.changes.some((change) => change.change === 'tombstoned')).toBe(true);
      expect(net.resolve(peer, revoked.agentId).status).toBe('tombstoned');
      expect(net.publish(peer, bundleOf(agents[0]!)).status).toBe('stale');
    }
  });

  it('refuses puts on a full disk and goes on reading', () => {
    const agent = bornAgent('before', net.nowSeconds());
    net.publish(net.peers[0]!, bundleOf(agent));
    const [peer] = net.peers;
    peer!.isFull = true;
    const late = bornAgent('late', net.nowSeconds());
    expect(net.publish(peer!, bundleOf(late))).toMatchObject({ status: 'refused', refusal: 'store-full' });
    expect(net.resolve(peer!, agent.agentId).status).toBe('ok');
    peer!.isFull = false;
    expect(net.publish(peer!, bundleOf(late)).status).toBe('stored');
  });

  it('knows nothing of a record that a full disk refused twice while it was being written', () => {
    const [peer, other] = net.peers;
    peer!.isFull = true;
    const late = bornAgent('late twice', net.nowSeconds());
    const body = encodeRequest({ type: 'put', bundles: [bundleOf(late)] });
    for (const inboundId of [9_001, 9_002])
      net.dispatch(peer!, { type: 'request-received', inboundId, peer: other!.name, body });
    net.run(2);
    expect(peer!.peer.snapshot().agents).toBe(0);
    net.publish(other!, bundleOf(late));
    expect(net.resolve(peer!, late.agentId).status).toBe('ok');
  });

  it('shows what it has seen of an agent although a full disk refuses the newer record', () => {
    const [peer, other] = net.peers;
    const agent = bornAgent('changes', net.nowSeconds());
    net.publish(other!, bundleOf(agent));
    net.run(2_000);
    peer!.isFull = true;
    const later = refenced(agent, { primary: 'https://later.example' }, net.nowSeconds() + 1);
    net.run(2_000);
    net.publish(other!, bundleOf(later));
    const { status, state } = net.resolve(peer!, agent.agentId);
    expect([status, state?.addr?.issuedAt]).toEqual(['ok', later.state.addr!.issuedAt]);
    // Nor does it go back to what its disk has when it hears nobody.
    net.cut((index) => index);
    for (const fresh of [false, true])
      expect(net.resolve(peer!, agent.agentId, fresh).state?.addr?.issuedAt).toBe(later.state.addr!.issuedAt);
  });

  it('remembers the end of an agent that it had not known, on a full disk too (§5)', () => {
    const [peer, other] = net.peers;
    const agent = bornAgent('not known', net.nowSeconds());
    const { state } = ended(agent, net.nowSeconds());
    peer!.isFull = true;
    const topic = gossipTopic('/weft', agent.agentId);
    expect(net.gossip(peer!, other!.name, topic, encodeAnnouncements(state)[0]!)).toBe('accept');
    net.run(1_000);
    expect(net.publish(peer!, bundleOf(agent)).status).toBe('stale');
    peer!.isFull = false;
    expect(net.resolve(peer!, agent.agentId).status).toBe('tombstoned');
  });

  it('fetches a quarantined entry again from the network', () => {
    const agent = bornAgent('quarantined', net.nowSeconds());
    net.publish(net.peers[0]!, bundleOf(agent));
    net.run(1_000);
    const peer = net.peers[1]!;
    const key = bytesToHex(agent.agentId);
    expect(peer.store.has(key)).toBe(true);
    peer.store.delete(key);
    net.dispatch(peer, { type: 'entry-quarantined', agentKey: key });
    net.run(5_000);
    expect(peer.store.has(key)).toBe(true);
  });

  it('forgets a record after its validity, and remembers that it had it (§4)', () => {
    net = network(4, { syncIntervalMs: 24 * 3600_000, handOverIntervalMs: 24 * 3600_000 });
    const agent = bornAgent('expiring', net.nowSeconds());
    net.publish(net.peers[0]!, bundleOf(agent));
    net.run(49 * 3600_000);
    expect(net.resolve(net.peers[0]!, agent.agentId).status).toBe('expired');
    net.run(8 * 24 * 3600_000);
    for (const peer of net.peers) expect(peer.store.size).toBe(0);
  });
});

describe(`a network of 40 peers (seed ${seed})`, () => {
  it('stores a record only at peers that are among the closest they know (§4)', () => {
    const net = network(40, { replication: 6, slack: 2 });
    const agents = Array.from({ length: 10 }, (_, index) => bornAgent(`close ${index}`, net.nowSeconds()));
    for (const agent of agents) expect(net.publish(net.peers[7]!, bundleOf(agent)).status).toBe('stored');
    net.run(5_000);
    for (const agent of agents) {
      const key = bytesToHex(agent.agentId);
      const holders = net.peers.filter((peer) => peer.store.has(key) && peer !== net.peers[7]);
      expect(holders.length).toBeGreaterThanOrEqual(5);
      expect(holders.length).toBeLessThanOrEqual(8);
      expect(net.resolve(net.peers[20]!, agent.agentId).status).toBe('ok');
    }
  });

  it('names all of the k closest beside a record that updates may not reach (§4)', () => {
    const net = network(40, { replication: 6, slack: 4 });
    const agent = bornAgent('beyond', net.nowSeconds());
    const { agentId } = agent;
    const target = kadIdOfAgent(agentId);
    const byDistance = [...net.peers].sort((left, right) =>
      compareDistance(target, kadIdOfPeer(left.name), kadIdOfPeer(right.name)),
    );
    const put = encodeRequest({ type: 'put', bundles: [bundleOf(agent)] });
    const find = encodeRequest({ type: 'find', closerMax: 6, items: [{ agentId, known: null }] });
    const [near, beyond] = [byDistance[5]!, byDistance[8]!].map((peer) => {
      net.request(peer, testPeerId('author'), put);
      return decodeFindAnswers(net.request(peer, testPeerId('reader'), find), 1)[0]!;
    });
    for (const answer of [near!, beyond!]) expect(answer.record).toBeInstanceOf(Uint8Array);
    expect(near!.closer.length).toBeLessThan(5);
    expect(beyond!.closer.map(({ peer }) => peer)).toEqual(byDistance.slice(0, 6).map(({ name }) => name));
  });

  it('looks for those who are closer as soon as one says that it is not (§4)', () => {
    const config = { replication: 12, slack: 0, peersWanted: 12, neighboursSoonMs: 3_600_000 };
    const net = createTestNetwork({ count: 60, seed, verifier, config, delayMs: [20, 20] });
    const agent = bornAgent('far away', net.nowSeconds());
    const target = kadIdOfAgent(agent.agentId);
    const byDistance = [...net.peers].sort((left, right) =>
      compareDistance(target, kadIdOfPeer(left.name), kadIdOfPeer(right.name)),
    );
    const [writer, ...far] = byDistance.slice(-16);
    const others = byDistance.slice(0, -16);
    for (const peer of far) {
      net.connect(writer!, peer);
      for (const other of others) net.connect(peer, other);
    }
    for (const [index, peer] of others.entries())
      for (const other of others.slice(index + 1)) net.connect(peer, other);
    net.run(1_000);
    const begunAt = net.nowMs();
    expect(net.publish(writer!, bundleOf(agent)).status).toBe('stored');
    const roundTripMs = 40;
    expect(net.nowMs() - begunAt).toBeLessThan(6 * roundTripMs);
  });

  it('hands a record on to those who are closer, and lets it go once w of them have it (§4)', () => {
    const config = { replication: 6, slack: 2, handOverIntervalMs: 20_000, syncIntervalMs: 20_000 };
    const net = createTestNetwork({ count: 24, seed, verifier, config });
    const few = net.peers.slice(0, 8);
    for (const [index, peer] of few.entries())
      for (const other of few.slice(index + 1)) net.connect(peer, other);
    net.run(1_000);
    const agents = Array.from({ length: 10 }, (_, index) => bornAgent(`moves ${index}`, net.nowSeconds()));
    for (const agent of agents) expect(net.publish(few[0]!, bundleOf(agent)).status).toBe('stored');
    net.connectAll();
    net.run(80_000);
    for (const agent of agents) {
      const target = kadIdOfAgent(agent.agentId);
      const holders = net.peers.filter(({ store }) => {
        const entry = store.get(bytesToHex(agent.agentId));
        return entry !== undefined && isHeldEntry(entry);
      });
      const closest = [...net.peers].sort((left, right) =>
        compareDistance(target, kadIdOfPeer(left.name), kadIdOfPeer(right.name)),
      );
      expect(holders.length).toBeLessThanOrEqual(8);
      expect(closest.slice(0, 6).every((peer) => holders.includes(peer))).toBe(true);
    }
  });
});

function agentIdOf(agent: { agentId: Uint8Array }): Uint8Array {
  return agent.agentId;
}
