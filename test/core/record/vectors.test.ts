/** The record vectors: test/vectors/{valid,invalid}/record, written by generate-record.ts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import { ProtocolError } from '../../../src/core/errors.ts';
import { parseAgentId } from '../../../src/core/identity/agent-id.ts';
import { admitBundle } from '../../../src/core/record/admission.ts';
import { addrExpiresAt, agentAddrCheck } from '../../../src/core/record/agent-addr.ts';
import { decodeAgentAddr } from '../../../src/core/record/agent-addr-codec.ts';
import { type AgentState, encodeState, joinStates } from '../../../src/core/record/agent-state.ts';
import { decodeBundle } from '../../../src/core/record/bundle-codec.ts';
import { materialise } from '../../../src/core/record/merge.ts';
import { operationCheck } from '../../../src/core/record/operation.ts';
import { decodeOperation } from '../../../src/core/record/operation-codec.ts';
import { allVerify, codeOf } from './fixtures.ts';

interface VectorCase {
  readonly name: string;
  readonly bytes: string;
  readonly code: string;
  readonly expected: Record<string, unknown>;
  readonly parts: readonly string[];
  readonly publicKey: string;
  readonly digest: string;
}

interface VectorFile {
  readonly agentId: string;
  readonly establishment: string;
  readonly signingKey: string;
  readonly nowSeconds: number;
  readonly cases: readonly VectorCase[];
}

function load(folder: 'valid' | 'invalid', name: string): VectorFile {
  const url = new URL(`../../vectors/${folder}/record/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as VectorFile;
}

/** What a receiver does with the bytes, signatures included. */
function receive(
  file: VectorFile,
  kind: string,
  hex: string,
  publicKey = file.signingKey,
): AgentState | null {
  const bytes = hexToBytes(hex);
  const [agentId, establishment, key] = [
    parseAgentId(file.agentId),
    hexToBytes(file.establishment),
    hexToBytes(publicKey),
  ];
  const require = (holds: boolean): void => {
    if (!holds) throw new ProtocolError('bad-signature', 'a signature does not hold');
  };
  if (kind === 'agent-addrs')
    require(allVerify([agentAddrCheck(decodeAgentAddr(bytes), agentId, establishment, key)]));
  else if (kind === 'operations')
    require(allVerify([operationCheck(decodeOperation(bytes), agentId, establishment, key)]));
  else {
    const admission = admitBundle(decodeBundle(bytes), agentId, file.nowSeconds, null);
    require(allVerify(admission.checks));
    expect(admission.leftOut).toBeNull();
    return admission.state;
  }
  return null;
}

const shown = (value: unknown): unknown =>
  value instanceof Uint8Array ? `bytes ${bytesToHex(value)}` : value;

describe('valid record vectors: agent-addrs', () => {
  const file = load('valid', 'agent-addrs');
  it.each(file.cases)('$name', ({ bytes, expected }) => {
    receive(file, 'agent-addrs', bytes);
    const { epoch, slot, ttlCode, validityCode, issuedAt, pointers, digest16, ...addr } = decodeAgentAddr(
      hexToBytes(bytes),
    );
    const described = Object.entries(pointers).map(([field, pointer]) => [
      field,
      'digest' in pointer ? { ...pointer, digest: bytesToHex(pointer.digest) } : pointer,
    ]);
    expect({
      ...{ epoch, slot, ttlCode, validityCode, issuedAt },
      expiresAt: addrExpiresAt({ epoch, slot, ttlCode, validityCode, issuedAt, pointers }),
      pointers: Object.fromEntries(described),
      digest16: bytesToHex(digest16),
    }).toEqual(expected);
    expect(bytesToHex(addr.bytes)).toBe(bytes);
  });
});

describe('valid record vectors: operations', () => {
  const file = load('valid', 'operations');
  it.each(file.cases)('$name', ({ bytes, digest, publicKey }) => {
    receive(file, 'operations', bytes, publicKey);
    const operation = decodeOperation(hexToBytes(bytes));
    expect([operation.key, bytesToHex(operation.bytes)]).toEqual([digest, bytes]);
  });
});

describe('valid record vectors: bundles', () => {
  const file = load('valid', 'bundles');
  it.each(file.cases)('$name', ({ bytes, expected }) => {
    const { keyState, delegations, operations, revocations, ...state } = receive(file, 'bundles', bytes)!;
    const counts = {
      delegations: delegations.length,
      operations: operations.length,
      revocations: revocations.length,
    };
    expect({ status: keyState.status, sequence: keyState.sequence, ...counts }).toEqual(expected);
    expect(bytesToHex(encodeState({ keyState, delegations, operations, revocations, ...state }))).toBe(bytes);
  });
});

describe('valid record vectors: merges', () => {
  const file = load('valid', 'merges');
  it.each(file.cases)('$name', ({ bytes, expected }) => {
    const { fields, counted } = materialise(receive(file, 'merges', bytes)!);
    const described = Object.entries(fields).map(([field, merged]) => [
      field,
      { value: shown('code' in merged ? merged.code : merged.value), origin: merged.origin?.key ?? null },
    ]);
    expect({ ...Object.fromEntries(described), counted }).toEqual(expected);
  });
});

describe('valid record vectors: joins', () => {
  const file = load('valid', 'joins');
  it.each(file.cases)('$name', ({ bytes, parts }) => {
    const states = parts.map((part) => receive(file, 'joins', part)!);
    const join = (left: AgentState, right: AgentState): AgentState =>
      joinStates(left, right, file.nowSeconds).state;
    expect(bytesToHex(encodeState(states.reduce(join)))).toBe(bytes);
    expect(bytesToHex(encodeState([...states].reverse().reduce(join)))).toBe(bytes);
  });
});

describe.each(['agent-addrs', 'operations', 'bundles'])('invalid record vectors: %s', (kind) => {
  const file = load('invalid', kind);
  it.each(file.cases)('refuses $name as $code', ({ bytes, code }) => {
    expect(codeOf(() => receive(file, kind, bytes))).toBe(code);
  });
});
