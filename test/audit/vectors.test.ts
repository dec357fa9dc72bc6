/** The vectors of the audit log against the code (docs/protocol.md §9, Appendix A). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeLeaf, encodeLeaf } from '../../src/audit/leaf.ts';
import { hashLeaf } from '../../src/audit/merkle/tree-hash.ts';
import { openCheckpoint } from '../../src/audit/note/checkpoint.ts';
import { proofJson, readProofFile } from '../../src/audit/proof/proof-file.ts';
import { verifyProofFile } from '../../src/audit/proof/verify-file.ts';
import { bytesToHex, hexToBytes } from '../../src/core/bytes.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { check } from './test-log.ts';

function load<Case>(place: string): readonly Case[] {
  const url = new URL(`../vectors/${place}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { cases: Case[] }).cases;
}

interface EntryCase {
  readonly name: string;
  readonly code: string;
  readonly bytes: string;
  readonly leafHash: string;
}

describe('the vectors of the audit log', () => {
  it.each(load<EntryCase>('valid/audit/entries'))(
    'take the entry: $name',
    ({ name, bytes, leafHash, ...expected }) => {
      const leaf = decodeLeaf(hexToBytes(bytes));
      const { agentId, kind, hash, seenAt } = leaf;
      expect({ agentId: formatAgentId(agentId), kind, hash: bytesToHex(hash), seenAt }).toEqual(expected);
      expect(bytesToHex(encodeLeaf(leaf))).toBe(bytes);
      expect(bytesToHex(hashLeaf(hexToBytes(bytes)))).toBe(leafHash);
      expect(name).not.toBe('');
    },
  );

  it.each(load<EntryCase>('invalid/audit/entries'))('refuse $name as $code', ({ bytes, code }) => {
    expect(() => decodeLeaf(hexToBytes(bytes))).toThrow(expect.objectContaining({ code }));
  });

  it.each(
    load<{ note: string; peer: string; size: number; root: string; logId: string }>('audit/checkpoints'),
  )('open the checkpoint of $size entries', ({ note, root, ...expected }) => {
    const opened = openCheckpoint(note, check);
    expect(opened).toMatchObject(expected);
    expect(bytesToHex(opened.root)).toBe(root);
  });

  it.each(
    load<{ name: 'inclusion' | 'consistency' | 'duplicity' | 'log-fork'; file: object }>('audit/proof-files'),
  )('hold the proof of $name', ({ name, file }) => {
    const read = readProofFile(file);
    expect(verifyProofFile(read, check).kind).toBe(name);
    expect(proofJson(read)).toEqual(file);
  });
});
