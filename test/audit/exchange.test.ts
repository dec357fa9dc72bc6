import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createKnownLogs, type KnownLog, knownLogsMax } from '../../src/audit/exchange/known-logs.ts';
import { knownLogWrite, readKnownLogs } from '../../src/audit/exchange/known-rows.ts';
import { createLogExchange, type LogExchange } from '../../src/audit/exchange/log-exchange.ts';
import {
  decodeLogRequest,
  encodeLogRequest,
  isLogRequest,
  notesMax,
} from '../../src/audit/exchange/log-message.ts';
import { peerOfPublicKey } from '../../src/audit/note/log-name.ts';
import { proveAgent } from '../../src/audit/proof/make-proof.ts';
import { verifyProofFile } from '../../src/audit/proof/verify-file.ts';
import { encodeCanonical } from '../../src/core/cbor.ts';
import { encodeRequest } from '../../src/core/overlay/message.ts';
import { acceptedSince } from '../../src/core/record/accepted.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { createRandom } from '../../src/core/rng.ts';
import { OverlayError } from '../../src/ports/overlay.ts';
import { bornAgent } from '../helpers/test-agent.ts';
import { check, eventsOf, logSigner, openTestLog, type TestLog } from './test-log.ts';

const agent = bornAgent('exchanged', 1_760_000_000);

interface TestNode extends TestLog {
  readonly peer: string;
  readonly known: ReturnType<typeof createKnownLogs>;
  readonly exchange: LogExchange;
  readonly forks: KnownLog[];
  readonly counts: Map<string, number>;
  requests: number;
  bytes: number;
}

let nodes: Map<string, TestNode>;
let nowMs: number;
beforeEach(() => {
  nodes = new Map();
  nowMs = 1_760_000_000_000;
});

/** A node among the others; `shown` is what its API answers when it is not to be trusted. */
async function node(seed: number): Promise<TestNode> {
  const opened = await openTestLog(createMemoryStore(), seed);
  const peer = peerOfPublicKey(logSigner(seed).publicKey);
  const random = createRandom(new Uint8Array(16).fill(seed));
  const forks: KnownLog[] = [];
  const counts = new Map<string, number>();
  const known = createKnownLogs({ self: peer, check, forked: (log) => forks.push(log) });
  const made: TestNode = {
    ...opened,
    ...{ peer, known, forks, counts, requests: 0, bytes: 0 },
    exchange: createLogExchange({
      log: opened.log,
      known,
      async request(to, body) {
        made.requests += 1;
        made.bytes += body.length;
        const other = nodes.get(to.peer);
        if (other === undefined) throw new OverlayError('unreachable', 'nobody is there');
        const answer = await other.exchange.answer(peer, body);
        made.bytes += answer.length;
        return answer;
      },
      peers: () => [...nodes.keys()].filter((one) => one !== peer),
      random: () => random.below(2 ** 30) / 2 ** 30,
      nowMs: () => nowMs,
      view: async (agentId) => proveAgent(opened.log, agentId, encodeState(agent.state)).catch(() => null),
      counted: (label) => void counts.set(label, (counts.get(label) ?? 0) + 1),
    }),
  };
  nodes.set(peer, made);
  return made;
}

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    nowMs += 60_000;
    for (const one of nodes.values()) await one.exchange.round();
  }
}

describe('checkpoints among nodes', () => {
  it('come around, and the later ones are believed by proof', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, (_, index) => node(index + 1)));
    for (const [index, one] of all.entries()) {
      await one.accept(eventsOf(index * 100, 30));
      await one.log.seal();
    }
    await rounds(4);
    for (const one of all) expect(one.known.all()).toHaveLength(7);
    for (const [index, one] of all.entries()) {
      await one.accept(eventsOf(5000 + index * 100, 300));
      await one.log.seal();
    }
    await rounds(14);
    for (const one of all) {
      expect(one.forks).toEqual([]);
      expect(one.known.all().every(({ believed }) => believed.size === 330)).toBe(true);
    }
  });

  it('cost each node the same, however many there are', async () => {
    const all = await Promise.all(Array.from({ length: 16 }, (_, index) => node(index + 1)));
    for (const one of all) {
      await one.accept(eventsOf(0, 3));
      await one.log.seal();
    }
    await rounds(5);
    for (const one of all) one.requests = one.bytes = 0;
    const measured = 5;
    await rounds(measured);
    for (const one of all) {
      expect(one.requests).toBeLessThanOrEqual(measured * 6);
      expect(one.bytes).toBeLessThan(measured * 2 * 2 * notesMax * 420);
    }
  });

  it('of a node that shows two trees of one size are a proof, wherever they meet', async () => {
    const honest = await node(1);
    const witness = await node(2);
    const liar = await node(9);
    const twin = await openTestLog(createMemoryStore(), 9);
    await liar.accept(eventsOf(0, 40));
    await twin.accept(eventsOf(100, 40));
    const [shown, hidden] = [await liar.log.seal(), await twin.log.seal()];
    expect(honest.known.hear(shown.note, nowMs)).toBe('first');
    expect(witness.known.hear(hidden.note, nowMs)).toBe('first');
    nodes.delete(liar.peer);
    await rounds(1);
    for (const one of [honest, witness]) {
      expect(one.forks).toHaveLength(1);
      expect(verifyProofFile(one.forks[0]!.fork!, check)).toMatchObject({ kind: 'log-fork' });
      expect(one.known.get(liar.peer)).toMatchObject({ state: 'forked' });
    }
    await rounds(3);
    expect(honest.forks).toHaveLength(1);
  });

  it('of a node whose later tree does not continue the earlier one are a fork, and no proof for others', async () => {
    const honest = await node(1);
    const liar = await node(9);
    const before = await openTestLog(createMemoryStore(), 9);
    await before.accept(eventsOf(0, 40));
    honest.known.hear((await before.log.seal()).note, nowMs);
    await liar.accept(eventsOf(100, 70));
    await liar.log.seal();
    await rounds(1);
    expect(honest.forks).toMatchObject([{ peer: liar.peer, state: 'forked', fork: null }]);
  });

  it('of a log that was begun anew are another log, and no fork', async () => {
    const honest = await node(1);
    const again = await openTestLog(createMemoryStore(), 9, 10);
    const before = await openTestLog(createMemoryStore(), 9, 9);
    await before.accept(eventsOf(0, 40));
    await again.accept(eventsOf(100, 40));
    expect(honest.known.hear((await before.log.seal()).note, nowMs)).toBe('first');
    expect(honest.known.hear((await again.log.seal()).note, nowMs)).toBe('renewed');
    expect(honest.known.all()).toMatchObject([{ state: 'consistent', renewals: 1 }]);
  });

  it('of a node that does not answer wait, and are asked for again', async () => {
    const honest = await node(1);
    const silent = await openTestLog(createMemoryStore(), 9);
    await silent.accept(eventsOf(0, 10));
    honest.known.hear((await silent.log.seal()).note, nowMs);
    await silent.accept(eventsOf(10, 10));
    expect(honest.known.hear((await silent.log.seal()).note, nowMs)).toBe('waits');
    await rounds(3);
    const [log] = honest.known.all();
    expect(log).toMatchObject({ state: 'unproven', believed: { size: 10 }, waiting: { size: 20 } });
    expect(honest.counts.get('unanswered')).toBe(3);
  });

  it('are refused when nobody signed them, and cost nothing when they are known', async () => {
    const honest = await node(1);
    const other = await openTestLog(createMemoryStore(), 2);
    await other.accept(eventsOf(0, 5));
    const { note } = await other.log.seal();
    expect(honest.known.hear(note, nowMs)).toBe('first');
    expect(honest.known.hear(note, nowMs)).toBe('known');
    expect(() => honest.known.hear(note.replace('\n5\n', '\n6\n'), nowMs)).toThrow(
      expect.objectContaining({ code: 'wrong-signer' }),
    );
    expect(() => honest.known.hear('nonsense', nowMs)).toThrow(expect.objectContaining({ code: 'bad-note' }));
  });

  it('are kept over a restart, and of no more logs than there is room for', async () => {
    const store = createMemoryStore();
    const before = await node(1);
    for (let seed = 2; seed < 6; seed++) {
      const other = await openTestLog(createMemoryStore(), seed);
      await other.accept(eventsOf(seed, seed));
      before.known.hear((await other.log.seal()).note, nowMs + seed);
    }
    const changed = before.known.takeChanged();
    expect(changed).toHaveLength(4);
    await store.write(changed.map((peer) => knownLogWrite(peer, before.known.get(peer))));
    expect(await readKnownLogs(store, check)).toEqual(before.known.all());
    expect(before.known.takeChanged()).toEqual([]);
    await store.write([{ key: 'audit/peer/x', value: encodeCanonical([1]) }]);
    expect(await readKnownLogs(store, check)).toHaveLength(4);
    const [first] = before.known.all();
    const many = createKnownLogs({ self: '', check, forked() {} });
    for (let index = 0; index < knownLogsMax; index++) many.restore({ ...first!, peer: `peer ${index}` });
    const newcomer = await openTestLog(createMemoryStore(), 77);
    many.hear((await newcomer.log.checkpoint()).note, nowMs);
    expect(many.all()).toHaveLength(knownLogsMax);
    expect(many.get('peer 0')).toBe(undefined);
  });
});

describe('a request about a log', () => {
  it('is told from those of the record protocol by two bytes', () => {
    const point = new Uint8Array(32);
    expect(isLogRequest(encodeRequest({ type: 'closest', point, count: 3 }))).toBe(false);
    expect(isLogRequest(encodeLogRequest({ type: 'view', agentId: point }))).toBe(true);
    expect(isLogRequest(new Uint8Array(0))).toBe(false);
  });

  it('for what the log has of an agent is answered with a proof', async () => {
    const asker = await node(1);
    const asked = await node(2);
    await asked.accept(acceptedSince(null, agent.state));
    await asked.log.seal();
    const file = await asker.exchange.askView(asked.peer, agent.agentId);
    expect(verifyProofFile(file!, check)).toMatchObject({ kind: 'inclusion' });
    expect(await asker.exchange.askView(asked.peer, new Uint8Array(32))).toBe(null);
    expect(await asker.exchange.askCheckpoint(asked.peer)).toBe((await asked.log.checkpoint()).note);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['no CBOR', Uint8Array.of(0x82, 20, 0xff)],
    ['too many checkpoints', encodeCanonical([20, Array.from({ length: 17 }, () => 'x')])],
    ['a checkpoint that is too long', encodeCanonical([20, ['x'.repeat(5000)]])],
    ['a size below zero', encodeCanonical([21, new Uint8Array(8), 'a', 3])],
    ['a log id of another length', encodeCanonical([21, new Uint8Array(7), 1, 3])],
    ['an agent id of another length', encodeCanonical([22, new Uint8Array(31)])],
    ['a megabyte', new Uint8Array(1 << 20).fill(0x80)],
  ])('with %s is refused', async (_, body) => {
    const { exchange } = await node(1);
    expect(() => decodeLogRequest(body)).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
    expect((await exchange.answer('stranger', body)).slice(0, 2)).toEqual(Uint8Array.of(0x82, 0));
  });

  it.each([
    [0, 2 ** 40],
    [5, 3],
    [11, 12],
  ])('for a proof from %i to %i, which there is not, is answered with nothing', async (older, newer) => {
    const { exchange, log, accept } = await node(1);
    await accept(eventsOf(0, 10));
    const { logId } = await log.seal();
    const request = {
      type: 'consistency',
      logId: new Uint8Array(Buffer.from(logId, 'hex')),
      older,
      newer,
    } as const;
    expect(await exchange.answer('stranger', encodeLogRequest(request))).toEqual(encodeCanonical([21, null]));
  });

  it('is refused beyond what one peer may ask, and other peers are not', async () => {
    const { exchange } = await node(1);
    const body = encodeLogRequest({ type: 'checkpoints', notes: [] });
    const codes = [];
    for (let asked = 0; asked < 30; asked++) codes.push((await exchange.answer('greedy', body))[1]);
    expect(codes.filter((code) => code === 20)).toHaveLength(20);
    expect((await exchange.answer('modest', body))[1]).toBe(20);
  });
});
