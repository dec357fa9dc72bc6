/**
 * Writes test/vectors/valid/audit/ and test/vectors/invalid/audit/ (log entries, in hexadecimal) and test/vectors/audit/
 * (checkpoints and proof files, as text). Deterministic; run as `node test/vectors/generate-audit.ts`. The verdicts are
 * stated by construction; test/audit/vectors.test.ts holds the code to them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { encodeLeaf, type LogLeaf } from '../../src/audit/leaf.ts';
import { hashLeaf } from '../../src/audit/merkle/tree-hash.ts';
import { compareViews } from '../../src/audit/proof/compare-views.ts';
import { findLogFork } from '../../src/audit/proof/find-log-fork.ts';
import { proveAgent, proveContinuation } from '../../src/audit/proof/make-proof.ts';
import { type ProofFile, proofJson } from '../../src/audit/proof/proof-file.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { type CborValue, encodeCanonical } from '../../src/core/cbor.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { acceptedKinds, acceptedSince } from '../../src/core/record/accepted.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { check, eventOf, eventsOf, openTestLog } from '../audit/test-log.ts';
import { bornAgent, rotated, type TestAgent } from '../helpers/test-agent.ts';

const startSeconds = 1_790_000_000;
const folder = new URL('.', import.meta.url);

function write(place: string, content: object): void {
  const url = new URL(`${place}.json`, folder);
  mkdirSync(new URL('.', url), { recursive: true });
  writeFileSync(url, `${JSON.stringify(content, null, 1)}\n`);
}

function entry(name: string, leaf: LogLeaf) {
  const bytes = encodeLeaf(leaf);
  return {
    name,
    bytes: bytesToHex(bytes),
    agentId: formatAgentId(leaf.agentId),
    kind: leaf.kind,
    hash: bytesToHex(leaf.hash),
    seenAt: leaf.seenAt,
    leafHash: bytesToHex(hashLeaf(bytes)),
  };
}

const sample = eventOf(0);
const items = (change: Record<number, CborValue>): string => {
  const value: CborValue[] = [1, sample.agentId, 0, sample.hash, startSeconds];
  for (const [at, item] of Object.entries(change)) value[Number(at)] = item;
  return bytesToHex(encodeCanonical(value));
};

write('valid/audit/entries', {
  rule: 'log-entry',
  cases: [
    ...acceptedKinds.map((kind, number) => entry(`kind ${kind}`, { ...eventOf(number), kind, seenAt: startSeconds })),
    entry('at the beginning of time', { ...sample, seenAt: 0 }),
    entry('at its end', { ...sample, seenAt: 0xffff_ffff }),
  ],
});
write('invalid/audit/entries', {
  rule: 'log-entry',
  cases: [
    { name: 'a later version', code: 'wrong-shape', bytes: items({ 0: 2 }) },
    { name: 'an agent id of 31 bytes', code: 'wrong-shape', bytes: items({ 1: new Uint8Array(31) }) },
    { name: 'a seventh kind', code: 'wrong-shape', bytes: items({ 2: 6 }) },
    { name: 'a hash of 33 bytes', code: 'wrong-shape', bytes: items({ 3: new Uint8Array(33) }) },
    { name: 'a time that is none', code: 'wrong-shape', bytes: items({ 4: 'now' }) },
    { name: 'an item more', code: 'wrong-shape', bytes: items({ 5: null }) },
    { name: 'a byte too many', code: 'not-canonical', bytes: `${items({})}00` },
  ],
});

async function view(seed: number, agent: TestAgent, before: TestAgent) {
  const { log, accept } = await openTestLog(createMemoryStore(), seed);
  await accept(eventsOf(100 * seed, 5), startSeconds);
  await accept(acceptedSince(null, before.state), startSeconds + 1);
  await accept(acceptedSince(before.state, agent.state), startSeconds + 2);
  const first = await log.seal();
  await accept(eventsOf(100 * seed + 50, 300), startSeconds + 3);
  await log.seal();
  return { log, first, file: await proveAgent(log, agent.agentId, encodeState(agent.state)) };
}

const born = bornAgent('vector audit', startSeconds);
const left = await view(1, rotated(born, startSeconds + 10, ' left'), born);
const right = await view(2, rotated(born, startSeconds + 20, ' right'), born);
const twin = await view(1, rotated(born, startSeconds + 20, ' right'), born);
const fork = await findLogFork(
  { checkpoint: left.first, tile: left.log.tile },
  { checkpoint: await twin.log.checkpoint(), tile: twin.log.tile },
);
const files: readonly (readonly [string, ProofFile])[] = [
  ['inclusion', left.file],
  ['consistency', await proveContinuation(left.log, left.first.note, check)],
  ['duplicity', compareViews(left.file, right.file, check).proof!],
  ['log-fork', fork!],
];
write('audit/checkpoints', {
  cases: [left.first, await left.log.checkpoint(), await right.log.checkpoint()].map((checkpoint) => ({
    note: checkpoint.note,
    peer: checkpoint.peer,
    logId: checkpoint.logId,
    size: checkpoint.size,
    root: bytesToHex(checkpoint.root),
  })),
});
write('audit/proof-files', { cases: files.map(([name, file]) => ({ name, file: proofJson(file) })) });
