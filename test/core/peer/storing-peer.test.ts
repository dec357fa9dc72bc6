/** One storing peer, sentence by sentence (docs/protocol.md §4 to §6). */
import { beforeEach, describe, expect, it } from 'vitest';
import { createSodiumVerifier } from '../../../src/adapters/native/sodium-verifier.ts';
import { bytesToHex } from '../../../src/core/bytes.ts';
import type { SignatureCheck } from '../../../src/core/ed25519.ts';
import { encodeAnnouncements } from '../../../src/core/gossip/announcement.ts';
import {
  decodeFindAnswers,
  decodePutAnswers,
  decodeSyncIdsAnswer,
  decodeSyncSummaryAnswer,
  encodeRequest,
  type PutAnswer,
} from '../../../src/core/overlay/message.ts';
import type { PeerConfig } from '../../../src/core/peer/peer-config.ts';
import { encodeState } from '../../../src/core/record/agent-state.ts';
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
  refenced,
  rotated,
  type TestAgent,
  updated,
} from '../../helpers/test-agent.ts';
import { stateOfKeyEvents } from '../record/fixtures.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 3);
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

describe(`a storing peer (seed ${seed})`, () => {
  let net: TestNetwork;
  let peer: TestPeer;
  beforeEach(() => {
    net = network(1);
    peer = net.peers[0]!;
    checked = 0;
  });

  function put(...bundles: Uint8Array[]): PutAnswer[] {
    const body = net.request(peer, writer, encodeRequest({ type: 'put', bundles }));
    return decodePutAnswers(body, bundles.length);
  }
  const born = (label: string): TestAgent => bornAgent(label, net.nowSeconds());

  it('answers after the write is durable (§4)', () => {
    const agent = born('durable');
    expect(put(bundleOf(agent))).toEqual([{ status: 'stored', code: null, current: null }]);
    expect(peer.store.has(bytesToHex(agent.agentId))).toBe(true);
  });

  it('answers several bundles of one frame in order, each by itself', () => {
    const [first, second] = [born('in order 1'), born('in order 2')];
    const broken = Uint8Array.from(bundleOf(second));
    broken[broken.length - 10]! ^= 1;
    const answers = put(bundleOf(first), broken, bundleOf(second), Uint8Array.of(0xff));
    expect(answers.map((answer) => answer.status)).toEqual(['stored', 'refused', 'stored', 'refused']);
    expect(answers[3]!.code).toBe('not-canonical');
  });

  it('takes identical bytes as done, without a signature and without a write (§3)', () => {
    const agent = born('idempotent');
    put(bundleOf(agent));
    const before = checked;
    peer.store.clear();
    expect(put(bundleOf(agent), bundleOf(agent)).map((answer) => answer.status)).toEqual([
      'stored',
      'stored',
    ]);
    expect(checked).toBe(before);
    expect(peer.store.size).toBe(0);
  });

  it('verifies of an update only what is new (§4)', () => {
    const agent = born('increment');
    put(bundleOf(agent));
    expect(checked).toBe(2);
    put(bundleOf(refenced(agent, { primary: 'https://example.org/2' }, net.nowSeconds())));
    expect(checked).toBe(3);
  });

  it('answers merged when it held more than came (§4)', () => {
    const agent = born('merge');
    put(bundleOf(updated(agent, { primary: 'https://example.org/a' }, net.nowSeconds())));
    expect(put(bundleOf(agent))[0]!.status).toBe('merged');
  });

  it('answers stale with the current bundle to a writer on an older fence (§4)', () => {
    const agent = born('stale');
    const current = refenced(agent, { primary: 'https://example.org/current' }, net.nowSeconds());
    put(bundleOf(current));
    const [answer] = put(
      bundleOf(updated(agent, { adaptive: 'https://example.org/late' }, net.nowSeconds())),
    );
    expect(answer).toMatchObject({ status: 'stale', code: 'stale-base' });
    expect(bytesToHex(answer!.current!)).toBe(bytesToHex(bundleOf(current)));
  });

  it('answers stale to a record of keys that were rotated since (§0, §4)', () => {
    const agent = born('old keys');
    put(bundleOf(rotated(agent, net.nowSeconds())));
    const late = refenced(agent, { primary: 'https://example.org/late' }, net.nowSeconds() + 60);
    expect(put(bundleOf(late))[0]).toMatchObject({ status: 'stale', code: 'wrong-establishment' });
  });

  it('refuses an iat more than 120 s ahead, and a validity that is over (§4)', () => {
    expect(put(bundleOf(bornAgent('early', net.nowSeconds() + 121)))[0]!.code).toBe('from-the-future');
    expect(put(bundleOf(bornAgent('in time', net.nowSeconds() + 120)))[0]!.status).toBe('stored');
    expect(put(bundleOf(bornAgent('dead', net.nowSeconds() - 49 * 3600)))[0]!.code).toBe('expired');
    expect(checked).toBe(2);
  });

  it('spends no signature on a peer that is over its quota (§4, F7)', () => {
    const small = createTestNetwork({
      count: 1,
      seed,
      verifier,
      config: { putsBurst: 10, putsPerSecond: 1 },
    });
    const bundles = Array.from({ length: 11 }, (_, index) =>
      bundleOf(bornAgent(`quota ${index}`, small.nowSeconds())),
    );
    checked = 0;
    const body = small.request(small.peers[0]!, writer, encodeRequest({ type: 'put', bundles }));
    expect(() => decodePutAnswers(body, 11)).toThrowError(expect.objectContaining({ code: 'over-quota' }));
    expect(checked).toBe(0);
    const other = small.request(
      small.peers[0]!,
      testPeerId('other'),
      encodeRequest({ type: 'put', bundles: bundles.slice(0, 2) }),
    );
    expect(decodePutAnswers(other, 2).map((answer) => answer.status)).toEqual(['stored', 'stored']);
  });

  it('counts a large bundle for each KiB, since it may owe as many signature checks (§4)', () => {
    const small = createTestNetwork({
      count: 1,
      seed,
      verifier,
      config: { putsBurst: 10, putsPerSecond: 1 },
    });
    const large = new Uint8Array(10 * 1024 + 1);
    const put = (bundle: Uint8Array) =>
      small.request(small.peers[0]!, writer, encodeRequest({ type: 'put', bundles: [bundle] }));
    expect(() => decodePutAnswers(put(large), 1)).toThrowError(
      expect.objectContaining({ code: 'over-quota' }),
    );
    expect(decodePutAnswers(put(large.slice(1)), 1)[0]!.status).toBe('refused');
    expect(() => decodePutAnswers(put(bundleOf(born('quota'))), 1)).toThrowError(
      expect.objectContaining({ code: 'over-quota' }),
    );
  });

  it('refuses a frame that is not a request, and goes on', () => {
    for (const body of [
      new Uint8Array(),
      Uint8Array.of(0x80),
      Uint8Array.of(0x81, 0x09),
      new Uint8Array(2_000),
    ]) {
      const answer = net.request(peer, writer, body);
      expect(() => decodePutAnswers(answer, 1)).toThrowError(
        expect.objectContaining({ name: 'ProtocolError' }),
      );
    }
    expect(put(bundleOf(born('after')))[0]!.status).toBe('stored');
  });

  it('answers a find with the bundle, with "nothing newer", or with nothing (§4)', () => {
    const agent = born('find');
    put(bundleOf(agent));
    const ask = (agentId: Uint8Array, known: Uint8Array | null) => {
      const request = encodeRequest({ type: 'find', closerMax: 20, items: [{ agentId, known }] });
      return decodeFindAnswers(net.request(peer, writer, request), 1)[0]!.record;
    };
    const record = ask(agent.agentId, null) as Uint8Array;
    expect(bytesToHex(record)).toBe(bytesToHex(bundleOf(agent)));
    const resolution = net.resolve(peer, agent.agentId);
    expect(resolution.status).toBe('ok');
    expect(ask(born('absent').agentId, null)).toBeNull();
  });

  it('keeps a tombstone and refuses the agent ever after, also after a restart (§5)', () => {
    const agent = born('ended');
    put(bundleOf(agent));
    put(bundleOf(ended(agent, net.nowSeconds())));
    net.restart(peer);
    net.run(1_000);
    expect(
      put(bundleOf(refenced(agent, { primary: 'https://example.org/x' }, net.nowSeconds() + 30)))[0]!.status,
    ).toBe('stale');
    expect(net.resolve(peer, agent.agentId).status).toBe('tombstoned');
    net.run(399 * 86_400_000);
    expect(net.resolve(peer, agent.agentId).status).toBe('tombstoned');
  });

  it('says rekeyed between the rotation and its fence (§4)', () => {
    const agent = rotated(born('rekeyed'), net.nowSeconds());
    const keysOnly = stateOfKeyEvents(agent.agentId, agent.state.keyState.retained);
    put(encodeState(keysOnly));
    expect(net.resolve(peer, agent.agentId).status).toBe('rekeyed');
    put(bundleOf(agent));
    expect(net.resolve(peer, agent.agentId).status).toBe('ok');
  });

  it('raises an alarm when an event overturns what was held for long, and takes it all the same (§1)', () => {
    const first = born('late fork');
    const agent = rotated(first, net.nowSeconds());
    put(bundleOf(agent));
    net.run(2 * 3600_000);
    const healed = recovered(first, net.nowSeconds());
    put(bundleOf(healed));
    expect(peer.alarms).toContain('late-fork');
    expect(net.resolve(peer, agent.agentId).state!.keyState.head.body.type).toBe('rec');
  });

  it('pushes changes to those who watch, and stops when they leave (§4)', () => {
    const two = network(2);
    const [storer, watcher] = two.peers as [TestPeer, TestPeer];
    const agent = bornAgent('watched', two.nowSeconds());
    two.publish(storer, bundleOf(agent));
    two.dispatch(watcher, { type: 'watch-called', agentIds: [agent.agentId] });
    two.run(500);
    const change = updated(agent, { primary: 'https://example.org/pushed' }, two.nowSeconds());
    const request = encodeRequest({ type: 'put', bundles: [bundleOf(change)] });
    two.request(storer, writer, request);
    two.run(500);
    expect(watcher.changes.filter((seen) => seen.source === 'push')).toHaveLength(1);
  });

  it('says nothing more than "equal" to a neighbour with the same set (§6)', () => {
    const two = network(2);
    const agent = rotated(bornAgent('synced', two.nowSeconds()), two.nowSeconds());
    two.publish(two.peers[0]!, bundleOf(agent));
    two.run(5_000);
    const summary = (target: TestPeer, from: TestPeer): Uint8Array | null => {
      const request = encodeRequest({
        type: 'sync-summary',
        set: 'authority',
        count: 0,
        xor: new Uint8Array(16),
      });
      return decodeSyncSummaryAnswer(two.request(target, from.name, request));
    };
    const [left, right] = [summary(two.peers[0]!, two.peers[1]!), summary(two.peers[1]!, two.peers[0]!)];
    expect(left).not.toBeNull();
    expect(bytesToHex(left!)).toBe(bytesToHex(right!));
  });

  it('brings more than a page of revocations across, 1,000 ids at a time (§6)', () => {
    const two = createTestNetwork({ count: 2, seed, verifier, config: { putsBurst: 1e6, findsBurst: 1e6 } });
    const agents = Array.from({ length: 1_050 }, (_, index) => bornAgent(`many ${index}`, two.nowSeconds()));
    const bundles = agents.map((agent) => bundleOf(ended(agent, two.nowSeconds())));
    for (let from = 0; from < bundles.length; from += 350) {
      const part = bundles.slice(from, from + 350);
      two.request(two.peers[0]!, writer, encodeRequest({ type: 'put', bundles: part }));
    }
    const buckets = Uint8Array.from({ length: 256 }, (_, bucket) => bucket);
    const page = (after: Uint8Array | null): Uint8Array[] => {
      const request = encodeRequest({ type: 'sync-ids', set: 'authority', buckets, after });
      return decodeSyncIdsAnswer(two.request(two.peers[0]!, writer, request)).map(({ agentId }) => agentId);
    };
    const first = page(null);
    const second = page(first.at(-1)!);
    expect([first.length, second.length]).toEqual([1_000, 50]);
    expect(new Set([...first, ...second].map(bytesToHex)).size).toBe(1_050);
    expect(page(second.at(-1)!)).toEqual([]);

    two.connectAll();
    two.run(60_000);
    expect(two.peers[1]!.store.size).toBe(1_050);
  });

  it('hands what it holds to neighbours before it stops (§4)', () => {
    const two = createTestNetwork({ count: 2, seed, verifier });
    const agent = bornAgent('handed over', two.nowSeconds());
    two.publish(two.peers[0]!, bundleOf(agent));
    expect(two.peers[1]!.store.size).toBe(0);
    two.dispatch(two.peers[0]!, { type: 'peer-added', contact: { peer: two.peers[1]!.name, addresses: [] } });
    two.dispatch(two.peers[0]!, { type: 'peer-stopping', callId: 99_999 });
    two.run(8_000);
    expect(two.peers[1]!.store.has(bytesToHex(agent.agentId))).toBe(true);
  });

  it('announces the same state with the same bytes, whoever announces it (§5)', () => {
    const agent = rotated(born('same bytes'), net.nowSeconds());
    const [data] = encodeAnnouncements(agent.state);
    const again = encodeAnnouncements(
      stateOfKeyEvents(agent.agentId, [...agent.state.keyState.retained].reverse()),
    );
    expect(bytesToHex(again[0]!)).toBe(bytesToHex(data!));
  });
});
