/** The vectors of name records, valid and invalid, against the code (docs/protocol.md §7, Appendix A). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import { verifyAdmitted } from '../../../src/core/ed25519.ts';
import { isProtocolError, ProtocolError } from '../../../src/core/errors.ts';
import { formatAgentId } from '../../../src/core/identity/agent-id.ts';
import { admitName } from '../../../src/core/name/admit.ts';
import { namePoint } from '../../../src/core/name/label.ts';
import { decodeNameRecord, type NameMeaning, type NameTarget } from '../../../src/core/name/name-record.ts';

interface VectorCase {
  readonly name: string;
  readonly bytes: string;
  readonly code: string;
  readonly agentId: string;
  readonly establishment: string;
  readonly label: string | null;
  readonly point: string;
  readonly meaning: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

function load(place: string): readonly VectorCase[] {
  const url = new URL(`../../vectors/${place}/name/records.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { cases: VectorCase[] }).cases;
}

/** Everything that a storing peer checks of a namespace that it does not know. */
function receive(bytes: Uint8Array) {
  const record = decodeNameRecord(bytes);
  const admission = admitName(record, null);
  if (!admission.checks.every(verifyAdmitted)) {
    throw new ProtocolError('bad-signature', 'a signature does not hold');
  }
  return { record, admission };
}

function where(target: NameTarget | null): string {
  if (target === null) return 'itself';
  return 'url' in target ? target.url : formatAgentId(target.agentId);
}

function meaningText(meaning: NameMeaning): string {
  if (meaning.kind === 'withdrawn') return 'withdrawn';
  if (meaning.kind === 'target') return where(meaning.target);
  const { policy, claims, target } = meaning.profile;
  return `${policy}; ${claims.join(', ')}; ${where(target)}`;
}

describe('the vectors of name records', () => {
  it.each(load('valid'))('takes $name', (expected) => {
    const { record, admission } = receive(hexToBytes(expected.bytes));
    const { agentId, label, point, meaning, issuedAt, expiresAt } = record;
    expect({
      agentId: formatAgentId(agentId),
      ...{ label, point: bytesToHex(point), meaning: meaningText(meaning), issuedAt, expiresAt },
      establishment: bytesToHex(admission.establishment),
    }).toEqual({
      agentId: expected.agentId,
      label: expected.label,
      point: expected.point,
      meaning: expected.meaning,
      issuedAt: expected.issuedAt,
      expiresAt: expected.expiresAt,
      establishment: expected.establishment,
    });
    if (label !== null) expect(bytesToHex(namePoint(agentId, label))).toBe(expected.point);
  });

  it.each(load('invalid'))('refuses $name as $code', ({ bytes, code }) => {
    let refused: unknown;
    try {
      receive(hexToBytes(bytes));
    } catch (error) {
      refused = error;
    }
    expect(isProtocolError(refused) ? refused.code : refused).toBe(code);
  });
});
