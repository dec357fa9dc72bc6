import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { installNativeHash } from '../../src/adapters/native/native-hash.ts';
import type { AuditLog } from '../../src/audit/log/audit-log.ts';
import { openCheckpoint, signCheckpoint } from '../../src/audit/note/checkpoint.ts';
import { compareViews } from '../../src/audit/proof/compare-views.ts';
import { findLogFork } from '../../src/audit/proof/find-log-fork.ts';
import { proveAgent, proveContinuation } from '../../src/audit/proof/make-proof.ts';
import {
  type DuplicityFile,
  type InclusionFile,
  type ProofFile,
  parseProofFile,
  proofJson,
} from '../../src/audit/proof/proof-file.ts';
import { verifyProofFile } from '../../src/audit/proof/verify-file.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { acceptedSince } from '../../src/core/record/accepted.ts';
import { type AgentState, encodeState } from '../../src/core/record/agent-state.ts';
import { bornAgent, recovered, rotated } from '../helpers/test-agent.ts';
import { check, eventsOf, logSigner, openTestLog } from './test-log.ts';

installNativeHash();
const nowSeconds = 1_760_000_000;
const born = bornAgent('audited', nowSeconds);
const left = rotated(born, nowSeconds + 10, ' left');
const right = rotated(born, nowSeconds + 20, ' right');

/** A node that has accepted these states, one after another, among other things. */
async function nodeThatSaw(seed: number, ...states: AgentState[]) {
  const { log, accept } = await openTestLog(createMemoryStore(), seed);
  let before: AgentState | null = null;
  for (const [index, state] of states.entries()) {
    await accept(eventsOf(1000 * seed + 10 * index, 9));
    await accept(acceptedSince(before, state), nowSeconds + index);
    before = state;
  }
  await accept(eventsOf(1000 * seed + 500, 20));
  await log.seal();
  const file = await proveAgent(log, born.agentId, encodeState(states.at(-1)!));
  return { log, file };
}

let one: { log: AuditLog; file: InclusionFile };
let other: { log: AuditLog; file: InclusionFile };
let duplicity: DuplicityFile;
beforeAll(async () => {
  one = await nodeThatSaw(1, born.state, left.state);
  other = await nodeThatSaw(2, born.state, right.state);
  duplicity = compareViews(one.file, other.file, check).proof as DuplicityFile;
});

const text = (file: ProofFile): string => JSON.stringify(proofJson(file));
const verdict = (file: string) => verifyProofFile(parseProofFile(file), check);

describe('a proof of inclusion', () => {
  it('shows which events a node logged, in which order, and the events themselves', () => {
    const verified = verdict(text(one.file));
    if (verified.kind !== 'inclusion') throw new Error(verified.kind);
    expect(verified.state.keyState.status).toBe('active');
    expect(
      verified.views[0]!.entries.map(({ kind, seenAt, isShown }) => [kind, seenAt - nowSeconds, isShown]),
    ).toEqual([
      ['icp', 0, true],
      ['rot', 1, true],
    ]);
  });

  it('of an agent that is not logged is not made', async () => {
    const stranger = bornAgent('stranger', nowSeconds);
    await expect(proveAgent(one.log, stranger.agentId, encodeState(stranger.state))).rejects.toMatchObject({
      code: 'not-logged',
    });
  });

  it('is not that of another agent', () => {
    const stranger = bornAgent('stranger', nowSeconds);
    const swapped = { ...one.file, agentId: stranger.agentId, bundle: encodeState(stranger.state) };
    expect(() => verdict(text(swapped))).toThrow(expect.objectContaining({ code: 'proof-fails' }));
    expect(() => verdict(text({ ...one.file, agentId: stranger.agentId }))).toThrow(
      expect.objectContaining({ code: 'proof-fails' }),
    );
  });

  it('says so where the event is no longer held, and proves that it was logged all the same', () => {
    const verified = verdict(text({ ...one.file, bundle: other.file.bundle }));
    if (verified.kind !== 'inclusion') throw new Error(verified.kind);
    expect(verified.views[0]!.entries.map(({ isShown }) => isShown)).toEqual([true, false]);
  });
});

describe('a proof of consistency', () => {
  it('shows that a log continues what it signed before', async () => {
    const { log, accept } = await openTestLog(createMemoryStore(), 3);
    const empty = await log.checkpoint();
    await accept(eventsOf(0, 300));
    const before = await log.seal();
    await accept(eventsOf(300, 300));
    await log.seal();
    for (const older of [empty, before]) {
      const file = await proveContinuation(log, older.note, check);
      expect(verdict(text(file))).toMatchObject({ kind: 'consistency', newer: { size: 600 } });
      expect(() =>
        verdict(
          text({
            ...file,
            proof: file.proof.slice(1).concat(file.newer === older.note ? [] : [before.root]),
          }),
        ),
      ).toThrow(expect.objectContaining({ code: 'proof-fails' }));
    }
    await expect(proveContinuation(log, one.file.checkpoint, check)).rejects.toMatchObject({
      code: 'wrong-log',
    });
    const later = signCheckpoint(before.origin, { size: 601, root: before.root }, logSigner(3));
    await expect(proveContinuation(log, later, check)).rejects.toMatchObject({ code: 'bad-size' });
  });
});

describe('two views of one agent', () => {
  it('that contradict become a proof of both histories and of who logged which', () => {
    const compared = compareViews(one.file, other.file, check);
    expect(compared.verdict).toBe('forked');
    const verified = verdict(text(compared.proof!));
    if (verified.kind !== 'duplicity') throw new Error(verified.kind);
    const [first, second] = verified.state.keyState.proof!.map(({ key }) => key);
    const rotations = verified.views.map(({ entries }) => bytesToHex(entries.at(-1)!.hash));
    expect(new Set(rotations)).toEqual(new Set([first, second]));
    expect(new Set(verified.views.map(({ checkpoint }) => checkpoint.peer)).size).toBe(2);
    expect(verified.views.every(({ entries }) => entries.every(({ isShown }) => isShown))).toBe(true);
  });

  it('that are one history contradict nothing', async () => {
    const early = await nodeThatSaw(4, born.state);
    expect(compareViews(early.file, one.file, check)).toMatchObject({ verdict: 'behind', proof: null });
    expect(compareViews(one.file, early.file, check)).toMatchObject({ verdict: 'behind', proof: null });
    const same = await nodeThatSaw(5, born.state, left.state);
    expect(compareViews(same.file, one.file, check)).toMatchObject({ verdict: 'same', proof: null });
    const settled = await nodeThatSaw(6, born.state, recovered(born, nowSeconds + 30).state);
    expect(compareViews(settled.file, one.file, check)).toMatchObject({ verdict: 'overturned', proof: null });
  });

  it('of different agents cannot be compared', async () => {
    const stranger = bornAgent('stranger', nowSeconds);
    const view = { ...one.file, agentId: stranger.agentId };
    expect(() => compareViews(one.file, view, check)).toThrow(
      expect.objectContaining({ code: 'wrong-agent' }),
    );
  });

  it('are no proof of duplicity when the events are one history', () => {
    expect(() => verdict(text({ ...duplicity, bundle: one.file.bundle }))).toThrow(
      expect.objectContaining({ code: 'no-contradiction' }),
    );
  });
});

describe('two trees of one log', () => {
  it('of one size are a proof at once', async () => {
    const a = await openTestLog(createMemoryStore(), 7);
    const b = await openTestLog(createMemoryStore(), 7);
    await a.accept(eventsOf(0, 50));
    await b.accept([...eventsOf(0, 49), ...eventsOf(99, 1)]);
    const [mine, theirs] = [await a.log.seal(), await b.log.seal()];
    const fork = await findLogFork(
      { checkpoint: mine, tile: a.log.tile },
      { checkpoint: theirs, tile: b.log.tile },
    );
    expect(verdict(text(fork!))).toMatchObject({
      kind: 'log-fork',
      first: { size: 50 },
      second: { size: 50 },
    });
  });

  it.each([0, 1, 255, 256, 300])('of two sizes are one with the first entry that differs: %i', async (at) => {
    const a = await openTestLog(createMemoryStore(), 7);
    const b = await openTestLog(createMemoryStore(), 7);
    await a.accept(eventsOf(0, 301));
    await b.accept([...eventsOf(0, at), ...eventsOf(5000, 700 - at)]);
    const [mine, theirs] = [await a.log.seal(), await b.log.seal()];
    const fork = await findLogFork(
      { checkpoint: mine, tile: a.log.tile },
      { checkpoint: theirs, tile: b.log.tile },
    );
    expect(fork!.first.entry!.index).toBe(at);
    expect(verdict(text(fork!))).toMatchObject({
      kind: 'log-fork',
      first: { size: 301 },
      second: { size: 700 },
    });
    expect(() => verdict(text({ ...fork!, second: { ...fork!.second, entry: null } }))).toThrow(
      expect.objectContaining({ code: 'no-contradiction' }),
    );
  });

  it('of which one continues the other are no fork, and neither are two logs', async () => {
    const a = await openTestLog(createMemoryStore(), 7);
    const b = await openTestLog(createMemoryStore(), 7);
    await a.accept(eventsOf(0, 301));
    await b.accept(eventsOf(0, 700));
    const [mine, theirs] = [await a.log.seal(), await b.log.seal()];
    expect(
      await findLogFork({ checkpoint: mine, tile: a.log.tile }, { checkpoint: theirs, tile: b.log.tile }),
    ).toBe(null);
    const sides = {
      kind: 'log-fork',
      first: { checkpoint: mine.note, entry: null },
      second: { checkpoint: theirs.note, entry: null },
    } as const;
    expect(() => verdict(text(sides))).toThrow(expect.objectContaining({ code: 'no-contradiction' }));
    const stranger = openCheckpoint(one.file.checkpoint, check);
    await expect(
      findLogFork({ checkpoint: mine, tile: a.log.tile }, { checkpoint: stranger, tile: one.log.tile }),
    ).rejects.toMatchObject({ code: 'wrong-log' });
  });
});

describe('a proof file that somebody changed', () => {
  it('is refused with a reason, whatever character it is', () => {
    const files = [text(one.file), text(duplicity)];
    const character = fc.constantFrom('A', 'b', '0', '9', '"', '{', ',', '/', '=', ' ', '\\', '\n');
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(), character, (file, place, put) => {
        const at = place % file.length;
        if (file[at] === put) return;
        const altered = file.slice(0, at) + put + file.slice(at + 1);
        let value: unknown = null;
        try {
          value = JSON.parse(altered);
        } catch {
          // Then it is refused as no JSON.
        }
        // A blank for a blank, or another spelling of one number, is the same file.
        if (value !== null && JSON.stringify(value) === file) return;
        const around = altered.slice(Math.max(0, at - 30), at + 30);
        expect(() => verdict(altered), around).toThrow(expect.objectContaining({ name: 'AuditError' }));
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['another version', { weftAudit: 2 }],
    ['another kind', { kind: 'gossip' }],
    ['a member that nobody reads', { note: 'trust me' }],
    ['no entries', { entries: null }],
    ['too many entries', { entries: Array.from({ length: 200 }, () => ({})) }],
    ['an index that is none', { entries: [{ index: -1, leaf: '', proof: [] }] }],
    ['another checkpoint of the same size', null],
  ])('is refused with %s', (_, change) => {
    const base = proofJson(one.file);
    const altered = change === null ? { ...base, checkpoint: other.file.checkpoint } : { ...base, ...change };
    expect(() => verdict(JSON.stringify(altered))).toThrow(expect.objectContaining({ name: 'AuditError' }));
  });

  it.each(['', 'null', '[]', '{}', '"x"', `{"weftAudit":1,"kind":"inclusion","__proto__":{}}`])(
    'is not %j',
    (nothing) => {
      expect(() => verdict(nothing)).toThrow(expect.objectContaining({ code: 'not-a-proof-file' }));
    },
  );
});
