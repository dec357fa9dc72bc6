/** The vectors of capability announcements, valid and invalid, against the code (docs/protocol.md §7, Appendix A). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import { admitCapabilities } from '../../../src/core/capability/admit.ts';
import { decodeCapabilities } from '../../../src/core/capability/announcement.ts';
import { createDraw } from '../../../src/core/capability/ranked-set.ts';
import { tagPoint, tagsAndPrefixes } from '../../../src/core/capability/tag.ts';
import { verifyAdmitted } from '../../../src/core/ed25519.ts';
import { isProtocolError, ProtocolError } from '../../../src/core/errors.ts';
import { formatAgentId, parseAgentId } from '../../../src/core/identity/agent-id.ts';

interface VectorCase {
  readonly name: string;
  readonly bytes: string;
  readonly code: string;
  readonly agentId: string;
  readonly establishment: string;
  readonly points: readonly (readonly [string, string])[];
  readonly peer: string;
  readonly hour: number;
  readonly draw: number;
}

function load(place: string): readonly VectorCase[] {
  const url = new URL(`../../vectors/${place}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { cases: VectorCase[] }).cases;
}

/** Everything that a storing peer checks of an agent that it does not know. */
function receive(bytes: Uint8Array) {
  const announcement = decodeCapabilities(bytes);
  const admission = admitCapabilities(announcement, null);
  if (!admission.checks.every(verifyAdmitted)) {
    throw new ProtocolError('bad-signature', 'a signature does not hold');
  }
  return { announcement, admission };
}

describe('the vectors of capability announcements', () => {
  it.each(load('valid/capability/announcements'))('takes $name', (expected) => {
    const { announcement, admission } = receive(hexToBytes(expected.bytes));
    const { agentId, tags, issuedAt, expiresAt } = announcement;
    expect({ agentId: formatAgentId(agentId), tags, issuedAt, expiresAt }).toEqual({
      agentId: expected.agentId,
      tags: (expected as unknown as { tags: string[] }).tags,
      issuedAt: (expected as unknown as { issuedAt: number }).issuedAt,
      expiresAt: (expected as unknown as { expiresAt: number }).expiresAt,
    });
    expect(bytesToHex(admission.establishment)).toBe(expected.establishment);
    expect(tagsAndPrefixes(tags).map((tag) => [tag, bytesToHex(tagPoint(tag))])).toEqual(expected.points);
  });

  it.each(load('invalid/capability/announcements'))('refuses $name as $code', ({ bytes, code }) => {
    let refused: unknown;
    try {
      receive(hexToBytes(bytes));
    } catch (error) {
      refused = error;
    }
    expect(isProtocolError(refused) ? refused.code : refused).toBe(code);
  });

  it.each(load('valid/capability/draws'))('draws for $name', ({ peer, agentId, hour, draw }) => {
    expect(createDraw(peer)(parseAgentId(agentId), hour)).toBe(draw);
  });
});
