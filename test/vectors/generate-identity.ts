/**
 * Writes test/vectors/valid/identity/ and test/vectors/invalid/identity/: key events, key logs, delegation tokens and
 * revocations as hexadecimal dCBOR. Deterministic; run as `node test/vectors/generate-identity.ts`.
 * The verdicts are stated by construction; test/core/identity/vectors.test.ts holds the code to them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { bytesToHex, concatBytes, hexToBytes } from '../../src/core/bytes.ts';
import { type CborValue, encodeCanonical } from '../../src/core/cbor.ts';
import type { ProtocolErrorCode } from '../../src/core/errors.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import {
  createDelegation,
  type Delegation,
  delegationValue,
  rightBits,
} from '../../src/core/identity/delegation.ts';
import type { KeyState } from '../../src/core/identity/fork-choice.ts';
import type { KeyEvent } from '../../src/core/identity/key-event.ts';
import { keyEventBodyValue, keyEventValue } from '../../src/core/identity/key-event-codec.ts';
import {
  createDelegationRevocation,
  createRevocation,
  revocationValue,
} from '../../src/core/identity/revocation.ts';
import { createController, signerNamed, startSeconds } from '../core/identity/fixtures.ts';

interface Invalid {
  readonly name: string;
  readonly bytes: string;
  readonly code: ProtocolErrorCode;
}

const owner = createController('vector owner');
const start = owner.stateOf();
const rotation = owner.rotate(start, '0', '1');
const second = owner.rotate(owner.stateOf(rotation), '1', '2');
const rival = owner.rotate(start, '0', 'rival');
const recovery = owner.recover(owner.stateOf(rotation), '0', 'r');
const earlyRecovery = owner.recover(start, '0', 'early');
const ended = owner.end(owner.stateOf(rotation), 'rotate 1', 'superseded');
const endedByRecovery = owner.end(owner.stateOf(rotation), 'recover 0', 'keyCompromise');
const ephemeral = createController('vector ephemeral', { rotates: false, recovers: false });

const controller = owner.key('sign 0');
const [phone, laptop, agent] = ['vector phone', 'vector laptop', 'vector agent'].map(signerNamed);
const shared = {
  agentId: owner.agentId,
  establishment: start.establishment,
  fieldMask: 15,
  notBefore: startSeconds,
};
const writer = createDelegation({
  ...{ ...shared, parent: null, signer: controller, audience: phone!.publicKey, slot: 1 },
  ...{
    rights: rightBits.op + rightBits.publish,
    expiresAt: startSeconds + 86_400,
    nonce: new Uint8Array(8).fill(1),
  },
});
const root = createDelegation({
  ...{ ...shared, parent: null, signer: controller, audience: phone!.publicKey, slot: 0 },
  ...{
    rights: rightBits.sub + rightBits.revoke,
    expiresAt: startSeconds + 86_400,
    nonce: new Uint8Array(8).fill(2),
  },
});
const middle = createDelegation({
  ...{ ...shared, parent: root, signer: phone!, audience: laptop!.publicKey, slot: 0 },
  ...{
    rights: rightBits.sub + rightBits.revoke,
    expiresAt: startSeconds + 3600,
    nonce: new Uint8Array(8).fill(3),
  },
});
const leaf = createDelegation({
  ...{ ...shared, parent: middle, signer: laptop!, audience: agent!.publicKey, slot: 0 },
  ...{ rights: rightBits.revoke, expiresAt: startSeconds + 600, nonce: new Uint8Array(8).fill(4) },
});
const revocationBase = {
  agentId: owner.agentId,
  reason: 'privilegeWithdrawn',
  issuedAt: startSeconds + 60,
} as const;
const byController = createDelegationRevocation({ ...revocationBase, token: writer, signer: controller });
const byIssuer = createRevocation({
  ...{
    ...revocationBase,
    kind: 'delegation',
    establishment: start.establishment,
    target: leaf.hash,
    depth: 1,
  },
  ...{ expiresAt: leaf.expiresAt, chain: [root, middle, leaf], signer: phone! },
});
const ofCredential = createRevocation({
  ...{
    ...revocationBase,
    kind: 'credential',
    establishment: start.establishment,
    target: start.establishment,
  },
  ...{ depth: 2, expiresAt: startSeconds + 1_000_000, chain: [root, middle], signer: laptop! },
});

function eventCase(name: string, event: KeyEvent): object {
  return { name, bytes: bytesToHex(event.bytes), digest: event.key, type: event.body.type };
}

function logCase(name: string, state: KeyState, events: readonly KeyEvent[]): object {
  return {
    name,
    agentId: formatAgentId(state.agentId),
    events: events.map((event) => bytesToHex(event.bytes)),
    expected: {
      status: state.status,
      establishment: bytesToHex(state.establishment),
      sequence: state.sequence,
      signingKey: state.signingKey && bytesToHex(state.signingKey),
      proof: state.proof?.map((event) => event.key) ?? null,
      retained: state.retained.map((event) => event.key),
    },
  };
}

function logOf(name: string, ...events: readonly KeyEvent[]): object {
  return logCase(name, owner.stateOf(...events), [...events, owner.inception]);
}

/** A value with one item replaced; path leads into nested arrays. */
function replaced(value: CborValue, path: readonly number[], item: CborValue): CborValue {
  const [place, ...rest] = path;
  if (place === undefined) return item;
  const items = value as readonly CborValue[];
  return items.map((other, index) => (index === place ? replaced(other, rest, item) : other));
}

function invalid(name: string, value: CborValue, code: ProtocolErrorCode): Invalid {
  return { name, bytes: bytesToHex(encodeCanonical(value)), code };
}

/** Encodings that are not the canonical one, of any structure that is an array. */
function notCanonical(bytes: Uint8Array): Invalid[] {
  const hex = bytesToHex(bytes);
  const longHead = concatBytes(Uint8Array.of(0x98, bytes[0]! & 31), bytes.subarray(1));
  const indefinite = concatBytes(Uint8Array.of(0x9f), bytes.subarray(1), Uint8Array.of(0xff));
  return [
    { name: 'no bytes', bytes: '', code: 'not-canonical' },
    { name: 'cut short', bytes: hex.slice(0, -2), code: 'not-canonical' },
    { name: 'a byte too many', bytes: `${hex}00`, code: 'not-canonical' },
    { name: 'array head longer than it must be', bytes: bytesToHex(longHead), code: 'not-canonical' },
    { name: 'array of indefinite length', bytes: bytesToHex(indefinite), code: 'not-canonical' },
    { name: 'tagged', bytes: `d863${hex}`, code: 'not-canonical' },
    { name: 'over the size that is allowed', bytes: '00'.repeat(1025), code: 'too-large' },
    { name: 'a map', bytes: 'a0', code: 'wrong-shape' },
    { name: 'null', bytes: 'f6', code: 'wrong-shape' },
    { name: 'an empty array', bytes: '80', code: 'wrong-shape' },
  ];
}

function invalidKeyEvents(): Invalid[] {
  const icp = keyEventValue(owner.inception);
  const rot = keyEventValue(rotation);
  const rec = keyEventValue(recovery);
  const tomb = keyEventValue(ended);
  const short = new Uint8Array(31);
  const used = rotation.body.type === 'rot' ? rotation.body.rotationKey : short;
  const usedDigest = start.rotationDigest!;
  return [
    ...notCanonical(owner.inception.bytes),
    invalid('version 0', replaced(icp, [0, 0], 0), 'wrong-version'),
    invalid('version 2', replaced(icp, [0, 0], 2), 'wrong-version'),
    invalid('version as text', replaced(icp, [0, 0], '1'), 'wrong-shape'),
    invalid('kind 4', replaced(icp, [0, 1], 4), 'wrong-shape'),
    invalid(
      'icp with an item more',
      replaced(icp, [0], [...keyEventBodyValue(owner.inception.body), null]),
      'wrong-shape',
    ),
    invalid(
      'icp with an item less',
      replaced(icp, [0], keyEventBodyValue(owner.inception.body).slice(0, -1)),
      'wrong-shape',
    ),
    invalid('icp with the kind of rot', replaced(icp, [0, 1], 1), 'wrong-shape'),
    invalid('signing key of 31 bytes', replaced(icp, [0, 2], short), 'wrong-shape'),
    invalid('rotation digest of 31 bytes', replaced(icp, [0, 3], short), 'wrong-shape'),
    invalid('recovery digest as false', replaced(icp, [0, 4], false), 'wrong-shape'),
    invalid('iat over u32', replaced(icp, [0, 5], 0x1_0000_0000), 'wrong-shape'),
    invalid('nonce of 15 bytes', replaced(icp, [0, 6], new Uint8Array(15)), 'wrong-shape'),
    invalid('signature of 63 bytes', replaced(icp, [1], new Uint8Array(63)), 'wrong-shape'),
    invalid('no signature', [keyEventBodyValue(owner.inception.body)], 'wrong-shape'),
    invalid('rot at sequence 0', replaced(rot, [0, 2], 0), 'wrong-shape'),
    invalid('rot at sequence 28', replaced(rot, [0, 2], 28), 'bad-key-log'),
    invalid('rot at sequence 32', replaced(rot, [0, 2], 32), 'wrong-shape'),
    invalid('rot without a next rotation key', replaced(rot, [0, 6], null), 'wrong-shape'),
    invalid(
      'rot that commits to the key it reveals',
      replaced(replaced(rot, [0, 4], used), [0, 6], usedDigest),
      'bad-key-log',
    ),
    invalid(
      'rec that commits to the key it reveals',
      replaced(rec, [0, 7], start.recoveryDigest),
      'bad-key-log',
    ),
    invalid('rec without a next recovery key', replaced(rec, [0, 7], null), 'wrong-shape'),
    invalid('tomb at sequence 32', replaced(tomb, [0, 2], 32), 'wrong-shape'),
    invalid('tomb with reason 6', replaced(tomb, [0, 5], 6), 'wrong-shape'),
    { name: 'iat as a float', bytes: floatTime(owner.inception.bytes), code: 'not-canonical' },
  ];
}

/** The icp with its iat as a 64-bit float of the same value: CBOR, but not the canonical one. */
function floatTime(bytes: Uint8Array): string {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setFloat64(0, startSeconds);
  return bytesToHex(bytes).replace(`1a${startSeconds.toString(16)}`, `fb${bytesToHex(time)}`);
}

function invalidDelegations(): Invalid[] {
  const token = delegationValue(writer);
  const chained = delegationValue(middle);
  return [
    ...notCanonical(writer.bytes),
    invalid('slot 0 with op', replaced(token, [0, 3], 0), 'bad-delegation'),
    invalid('slot 8', replaced(token, [0, 3], 8), 'wrong-shape'),
    invalid('a slot without op and publish', replaced(chained, [0, 3], 1), 'bad-delegation'),
    invalid('no rights', replaced(token, [0, 4], 0), 'wrong-shape'),
    invalid('an unknown right', replaced(token, [0, 4], 32), 'wrong-shape'),
    invalid('an unknown field', replaced(token, [0, 5], 16), 'wrong-shape'),
    invalid('op at depth 2', replaced(token, [0, 8], 2), 'bad-delegation'),
    invalid('depth 0', replaced(token, [0, 8], 0), 'wrong-shape'),
    invalid('depth 4', replaced(chained, [0, 8], 4), 'wrong-shape'),
    invalid('expires when it begins', replaced(token, [0, 7], startSeconds), 'bad-delegation'),
    invalid(
      '30 days and a second',
      replaced(token, [0, 7], startSeconds + 30 * 86_400 + 1),
      'bad-delegation',
    ),
    invalid('issuer of 31 bytes', replaced(token, [0, 0], new Uint8Array(31)), 'wrong-shape'),
    invalid('nonce of 9 bytes', replaced(token, [0, 9], new Uint8Array(9)), 'wrong-shape'),
  ];
}

function invalidRevocations(): Invalid[] {
  const own = revocationValue(byController);
  const chained = revocationValue(byIssuer);
  const credential = revocationValue(ofCredential);
  const tokens = (...chain: readonly Delegation[]): CborValue => chain.map(delegationValue);
  return [
    ...notCanonical(byController.bytes),
    invalid('kind 2', replaced(own, [0, 0], 2), 'wrong-shape'),
    invalid('depth 3', replaced(chained, [0, 3], 3), 'wrong-shape'),
    invalid('reason 6', replaced(own, [0, 4], 6), 'wrong-shape'),
    invalid('a chain of four', replaced(chained, [2], tokens(root, middle, leaf, leaf)), 'wrong-shape'),
    invalid(
      'a chain that the controller does not need',
      replaced(own, [2], tokens(writer)),
      'bad-revocation',
    ),
    invalid('no chain for a delegate', replaced(chained, [2], []), 'bad-revocation'),
    invalid('a chain without the target', replaced(chained, [2], tokens(root, middle)), 'bad-revocation'),
    invalid('a chain without its root', replaced(chained, [2], tokens(middle, leaf)), 'bad-delegation'),
    invalid('a chain with a gap', replaced(chained, [2], tokens(root, leaf)), 'bad-delegation'),
    invalid(
      'forgotten before the target ends',
      replaced(chained, [0, 6], leaf.expiresAt - 1),
      'bad-revocation',
    ),
    invalid('under another key event', replaced(chained, [0, 1], new Uint8Array(32)), 'bad-revocation'),
    invalid(
      'a signer without the right revoke',
      replaced(replaced(credential, [0, 3], 1), [2], tokens(writer)),
      'bad-revocation',
    ),
    invalid(
      'a credential chain past its signer',
      replaced(credential, [2], tokens(root, middle, leaf)),
      'bad-revocation',
    ),
  ];
}

/** Well-formed, but the signature does not hold: one bit of a body changed. */
function forged(name: string, bytes: Uint8Array, place: number): Invalid {
  const bent = hexToBytes(bytesToHex(bytes));
  bent[place]! ^= 1;
  return { name, bytes: bytesToHex(bent), code: 'bad-signature' };
}

function write(folder: 'valid' | 'invalid', name: string, content: object): void {
  const directory = new URL(`./${folder}/identity/`, import.meta.url);
  mkdirSync(directory, { recursive: true });
  writeFileSync(new URL(`${name}.json`, directory), `${JSON.stringify(content, null, 2)}\n`);
}

const agentContext = {
  agentId: formatAgentId(owner.agentId),
  establishment: bytesToHex(start.establishment),
  signingKey: bytesToHex(controller.publicKey),
};

write('valid', 'key-events', {
  rule: 'key-event',
  cases: [
    eventCase('icp', owner.inception),
    eventCase('icp of an agent that can neither rotate nor recover', ephemeral.inception),
    eventCase('rot', rotation),
    eventCase('rec', recovery),
    eventCase('tomb by rotation key', ended),
    eventCase('tomb by recovery key', endedByRecovery),
  ],
});
write('valid', 'key-logs', {
  rule: 'key-event',
  cases: [
    logOf('an inception'),
    logCase('an ephemeral agent', ephemeral.stateOf(), [ephemeral.inception]),
    logOf('two rotations', second, rotation),
    logOf('an orphan', second),
    logOf('two rotations of one event: forked', rotation, second, rival),
    logOf('a recovery after a rotation', rotation, recovery),
    logOf('a recovery from the fork point', rotation, rival, earlyRecovery),
    logOf('a recovery from after the fork point: still forked', rotation, rival, recovery),
    logOf('two recoveries: forked for ever', rotation, recovery, earlyRecovery),
    logOf('a tombstone by rotation key', rotation, ended),
    logOf('a tombstone and a rotation: forked', rotation, second, ended),
    logOf('a tombstone by rotation key, recovered', rotation, ended, recovery),
    logOf('a tombstone by recovery key', rotation, second, endedByRecovery),
    logOf(
      'a tombstone and a recovery by one recovery key: forked for ever',
      rotation,
      endedByRecovery,
      recovery,
    ),
  ],
});
write('valid', 'delegations', {
  rule: 'delegation',
  ...agentContext,
  cases: [
    { name: 'op and publish, slot 1', chain: [writer] },
    { name: 'depth 1', chain: [root] },
    { name: 'depth 2', chain: [root, middle] },
    { name: 'depth 3', chain: [root, middle, leaf] },
  ].map(({ name, chain }) => {
    const token = chain[chain.length - 1]!;
    const hexChain = chain.map((each) => bytesToHex(each.bytes));
    return { name, bytes: bytesToHex(token.bytes), hash: token.key, depth: token.depth, chain: hexChain };
  }),
});
write('valid', 'revocations', {
  rule: 'revocation',
  ...agentContext,
  cases: [
    { name: 'by the controller', bytes: bytesToHex(byController.bytes), target: bytesToHex(writer.hash) },
    { name: 'by an issuer up the chain', bytes: bytesToHex(byIssuer.bytes), target: bytesToHex(leaf.hash) },
    {
      name: 'of a credential',
      bytes: bytesToHex(ofCredential.bytes),
      target: bytesToHex(ofCredential.target),
    },
  ],
});
write('invalid', 'key-events', {
  rule: 'key-event',
  cases: [
    ...invalidKeyEvents(),
    forged('forged: another signing key', rotation.bytes, rotation.bytes.length - 130),
  ],
});
write('invalid', 'delegations', {
  rule: 'delegation',
  ...agentContext,
  cases: [...invalidDelegations(), forged('forged: another nonce', writer.bytes, writer.bytes.length - 67)],
});
write('invalid', 'revocations', {
  rule: 'revocation',
  ...agentContext,
  cases: [
    ...invalidRevocations(),
    forged('forged: another end', byController.bytes, byController.bytes.length - 68),
  ],
});
