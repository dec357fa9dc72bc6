/** The published grants: every valid one reads as it says, every invalid one is refused by its code. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../src/core/bytes.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { decodeGrant, formatGrant, parseGrant } from '../../src/core/identity/delegation-grant.ts';

interface Case {
  readonly name: string;
  readonly bytes: string;
  readonly text: string;
  readonly agentId: string;
  readonly holder: string;
  readonly depth: number;
  readonly code: string;
}
const casesOf = (folder: string): readonly Case[] =>
  (
    JSON.parse(
      readFileSync(new URL(`../vectors/${folder}/delegation/grants.json`, import.meta.url), 'utf8'),
    ) as {
      readonly cases: readonly Case[];
    }
  ).cases;

describe('the vectors of grants', () => {
  it.each(casesOf('valid').map((each) => [each.name, each] as const))('%s', (_name, each) => {
    const grant = decodeGrant(hexToBytes(each.bytes));
    expect(bytesToHex(grant.bytes)).toBe(each.bytes);
    expect(formatGrant(grant)).toBe(each.text);
    expect(parseGrant(each.text)).toEqual(grant);
    expect(formatAgentId(grant.agentId)).toBe(each.agentId);
    expect(bytesToHex(grant.token.audience)).toBe(each.holder);
    expect(grant.token.depth).toBe(each.depth);
  });

  it.each(casesOf('invalid').map((each) => [each.name, each] as const))('refuse %s', (_name, each) => {
    expect(() => decodeGrant(hexToBytes(each.bytes))).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: each.code }),
    );
  });
});
