/** The identity vectors, valid and invalid, against the code and against docs/protocol.cddl. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import { decodeCanonical } from '../../../src/core/cbor.ts';
import { type SignatureCheck, verifyAdmitted } from '../../../src/core/ed25519.ts';
import { isProtocolError, ProtocolError } from '../../../src/core/errors.ts';
import { type AgentId, parseAgentId } from '../../../src/core/identity/agent-id.ts';
import { decodeDelegation, delegationCheck } from '../../../src/core/identity/delegation.ts';
import { assertDelegationChain, delegationChainChecks } from '../../../src/core/identity/delegation-chain.ts';
import { chooseLog } from '../../../src/core/identity/fork-choice.ts';
import { keyEventCheck } from '../../../src/core/identity/key-event.ts';
import { decodeKeyEvent } from '../../../src/core/identity/key-event-codec.ts';
import {
  assertRevocation,
  decodeRevocation,
  revocationChecks,
} from '../../../src/core/identity/revocation.ts';
import { cddlProblem, readCddl } from '../../helpers/cddl-validate.ts';

interface VectorFile {
  readonly rule: string;
  readonly agentId?: string;
  readonly signingKey?: string;
  readonly cases: readonly VectorCase[];
}

interface VectorCase {
  readonly name: string;
  readonly bytes: string;
  readonly code?: string;
  readonly digest?: string;
  readonly type?: string;
  readonly hash?: string;
  readonly target?: string;
  readonly chain?: readonly string[];
  readonly agentId?: string;
  readonly events?: readonly string[];
  readonly expected?: object;
}

function load(folder: 'valid' | 'invalid', name: string): VectorFile {
  const url = new URL(`../../vectors/${folder}/identity/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as VectorFile;
}

const rules = readCddl(fileURLToPath(new URL('../../../docs/protocol.cddl', import.meta.url)));

function expectFits(rule: string, hex: string): void {
  expect(cddlProblem(rules, rule, decodeCanonical(hexToBytes(hex), 1024))).toBeNull();
}

/** Decodes and checks everything that a receiver would; throws the error that it would answer. */
const receivers: Record<string, (bytes: Uint8Array, agentId: AgentId, signingKey: Uint8Array) => void> = {
  'key-events': (bytes) => assertSigned([keyEventCheck(decodeKeyEvent(bytes))]),
  delegations: (bytes, agentId, signingKey) => {
    const token = decodeDelegation(bytes);
    assertDelegationChain([token], agentId);
    assertSigned([delegationCheck(token, agentId, signingKey)]);
  },
  revocations: (bytes, agentId, signingKey) => {
    const revocation = decodeRevocation(bytes);
    assertRevocation(revocation, agentId);
    assertSigned(revocationChecks(revocation, agentId, signingKey));
  },
};

function assertSigned(checks: readonly SignatureCheck[]): void {
  if (!checks.every(verifyAdmitted)) throw new ProtocolError('bad-signature', 'a signature does not hold');
}

describe('valid identity vectors', () => {
  it.each(load('valid', 'key-events').cases)('key event: $name', ({ bytes, digest, type }) => {
    expectFits('key-event', bytes);
    const event = decodeKeyEvent(hexToBytes(bytes));
    expect({ digest: event.key, type: event.body.type, bytes: bytesToHex(event.bytes) }).toEqual({
      digest,
      type,
      bytes,
    });
    expect(verifyAdmitted(keyEventCheck(event))).toBe(true);
  });

  it.each(load('valid', 'key-logs').cases)('key log: $name', ({ agentId, events, expected }) => {
    for (const hex of events!) expectFits('key-event', hex);
    const log = events!.map((hex) => decodeKeyEvent(hexToBytes(hex)));
    const state = chooseLog(parseAgentId(agentId!), log);
    expect({
      status: state.status,
      establishment: bytesToHex(state.establishment),
      sequence: state.sequence,
      signingKey: state.signingKey && bytesToHex(state.signingKey),
      proof: state.proof?.map((event) => event.key) ?? null,
      retained: state.retained.map((event) => event.key),
    }).toEqual(expected);
    expect(log.map(keyEventCheck).every(verifyAdmitted)).toBe(true);
  });

  const delegations = load('valid', 'delegations');
  it.each(delegations.cases)('delegation: $name', ({ bytes, hash, chain }) => {
    expectFits('delegation', bytes);
    const tokens = chain!.map((hex) => decodeDelegation(hexToBytes(hex)));
    const agentId = parseAgentId(delegations.agentId!);
    assertDelegationChain(tokens, agentId);
    assertSigned(delegationChainChecks(tokens, agentId, hexToBytes(delegations.signingKey!)));
    const token = tokens[tokens.length - 1]!;
    expect({ key: token.key, bytes: bytesToHex(token.bytes) }).toEqual({ key: hash, bytes });
  });

  const revocations = load('valid', 'revocations');
  it.each(revocations.cases)('revocation: $name', ({ bytes, target }) => {
    expectFits('revocation', bytes);
    const agentId = parseAgentId(revocations.agentId!);
    receivers['revocations']!(hexToBytes(bytes), agentId, hexToBytes(revocations.signingKey!));
    const revocation = decodeRevocation(hexToBytes(bytes));
    expect({ target: bytesToHex(revocation.target), bytes: bytesToHex(revocation.bytes) }).toEqual({
      target,
      bytes,
    });
  });
});

describe.each(['key-events', 'delegations', 'revocations'])('invalid identity vectors: %s', (name) => {
  const file = load('invalid', name);

  it.each(file.cases)('refuses $name as $code', ({ bytes, code }) => {
    const agentId = file.agentId === undefined ? new Uint8Array(32) : parseAgentId(file.agentId);
    const signingKey = hexToBytes(file.signingKey ?? '');
    let refused: unknown;
    try {
      receivers[name]!(hexToBytes(bytes), agentId, signingKey);
    } catch (error) {
      refused = error;
    }
    expect(isProtocolError(refused) ? refused.code : refused).toBe(code);
  });

  it('refuses by docs/protocol.cddl what is refused for its shape', () => {
    const shapes = file.cases.filter((each) => each.code === 'wrong-shape' || each.code === 'wrong-version');
    expect(shapes.length).toBeGreaterThan(5);
    for (const { name: caseName, bytes } of shapes) {
      const problem = cddlProblem(rules, file.rule, decodeCanonical(hexToBytes(bytes), 1024));
      expect(problem, caseName).not.toBeNull();
    }
  });
});
