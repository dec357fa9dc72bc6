/**
 * Writes test/vectors/valid/record/ and test/vectors/invalid/record/: AgentAddrs, operations, bundles, merges and joins in
 * hexadecimal. Deterministic; run as `node test/vectors/generate-record.ts`.
 * The verdicts are stated by construction; test/core/record/vectors.test.ts holds the code to them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { bytesToHex, concatBytes } from '../../src/core/bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../../src/core/cbor.ts';
import type { ProtocolErrorCode } from '../../src/core/errors.ts';
import { formatAgentId } from '../../src/core/identity/agent-id.ts';
import { createRecovery, createRotation, createTombstone } from '../../src/core/identity/key-events.ts';
import { addrExpiresAt, type AgentAddr } from '../../src/core/record/agent-addr.ts';
import { type AgentState, encodeState, joinStates } from '../../src/core/record/agent-state.ts';
import { encodeBundle } from '../../src/core/record/bundle-codec.ts';
import { materialise } from '../../src/core/record/merge.ts';
import type { Operation } from '../../src/core/record/operation.ts';
import { operationBodyValue } from '../../src/core/record/operation-codec.ts';
import { noPointer } from '../../src/core/record/pointer.ts';
import type { RecordState } from '../../src/core/record/record-state.ts';
import { signAgentAddr } from '../../src/core/record/sign.ts';
import {
  type Author,
  authorAt,
  authorNamed,
  bundleOf,
  fenceOf,
  operationOn,
  pointersOf,
  revocationOf,
  startSeconds,
  stateFrom,
  tokenFor,
} from '../core/record/fixtures.ts';
import { table3 } from '../helpers/table3.ts';

interface Invalid {
  readonly name: string;
  readonly bytes: string;
  readonly code: ProtocolErrorCode;
}

const author = authorNamed('vector author', 'real');
const paperUrls = {
  primary: table3.primary_facts_url,
  private: table3.private_facts_url,
  adaptive: table3.adaptive_resolver_url,
};
const blinded = new Uint8Array(16).fill(0xb1);
const paper = fenceOf(author, { urls: paperUrls });
const writer = tokenFor(author, 'writer', { slot: 1 });
const publisher = tokenFor(author, 'publisher', { slot: 2, rights: 3 });
const byWriter = (options: Parameters<typeof operationOn>[2] = {}): Operation =>
  operationOn(author, paper.addr, { token: writer, signer: author.key('writer'), ...options });
const byPublisher = (options: Parameters<typeof operationOn>[2] = {}): Operation =>
  operationOn(author, paper.addr, { token: publisher, signer: author.key('publisher'), ...options });
const published = fenceOf(author, {
  ...{ urls: { primary: 'https://published.example/facts' }, token: publisher, signer: author.key('publisher') },
  issuedAt: startSeconds + 1,
});
const inline = signAgentAddr(
  { ...paper.addr, pointers: { primary: { kind: 'inline', url: 'https://a.example' }, private: noPointer, adaptive: noPointer } },
  author.context,
);

const rotation = createRotation({
  state: author.keyState,
  rotationSigner: author.key('rotate 0'),
  signingKey: author.key('sign 1').publicKey,
  nextRotationKey: author.key('rotate 1').publicKey,
  issuedAt: startSeconds,
});
const rival = createRotation({
  state: author.keyState,
  rotationSigner: author.key('rotate 0'),
  signingKey: author.key('sign rival').publicKey,
  nextRotationKey: author.key('rotate rival').publicKey,
  issuedAt: startSeconds,
});
const recovery = createRecovery({
  state: author.keyState,
  recoverySigner: author.key('recover 0'),
  signingKey: author.key('sign r').publicKey,
  nextRotationKey: author.key('rotate r').publicKey,
  nextRecoveryKey: author.key('recover r').publicKey,
  issuedAt: startSeconds,
});
const tombstone = createTombstone({
  state: author.keyState,
  signer: author.key('rotate 0'),
  reason: 'cessationOfOperation',
  issuedAt: startSeconds,
});
const authorWith = (signName: string, ...events: Author['keyEvents']): Author =>
  authorAt([...author.keyEvents, ...events], author.key, signName);
const rotated = authorWith('sign 1', rotation);
const forked = authorWith('sign 0', rotation, rival);
const recovered = authorWith('sign r', rotation, recovery);
const ended = authorWith('sign 0', tombstone);

const bundleHex = (from: Author, record: Partial<RecordState> = {}): string =>
  bytesToHex(encodeBundle(bundleOf(from, record)));

function addrCase(name: string, addr: AgentAddr): object {
  const { epoch, slot, issuedAt, ttlCode, validityCode } = addr;
  const pointers = Object.entries(addr.pointers).map(([field, pointer]) => [
    field,
    'digest' in pointer ? { kind: pointer.kind, digest: bytesToHex(pointer.digest) } : pointer,
  ]);
  return {
    name,
    bytes: bytesToHex(addr.bytes),
    expected: {
      ...{ epoch, slot, ttlCode, validityCode, issuedAt, expiresAt: addrExpiresAt(addr) },
      pointers: Object.fromEntries(pointers),
      digest16: bytesToHex(addr.digest16),
    },
  };
}

function operationCase(name: string, operation: Operation, publicKey: Uint8Array): object {
  return { name, bytes: bytesToHex(operation.bytes), digest: operation.key, publicKey: bytesToHex(publicKey) };
}

function bundleCase(name: string, from: Author, record: Partial<RecordState> = {}): object {
  const { keyState, operations, delegations, revocations } = stateFrom(from, record);
  const counts = { delegations: delegations.length, operations: operations.length, revocations: revocations.length };
  const status = keyState.status;
  return { name, bytes: bundleHex(from, record), expected: { status, sequence: keyState.sequence, ...counts } };
}

function mergeCase(name: string, operations: readonly Operation[]): object {
  const record = { ...paper, delegations: [writer, publisher], operations };
  const { fields, counted } = materialise(stateFrom(author, record));
  const entries = Object.entries(fields).map(([field, merged]) => {
    const value = 'code' in merged ? merged.code : merged.value;
    const shown = value instanceof Uint8Array ? `bytes ${bytesToHex(value)}` : value;
    return [field, { value: shown, origin: merged.origin?.key ?? null }];
  });
  return { name, bytes: bundleHex(author, record), expected: { ...Object.fromEntries(entries), counted } };
}

function joinCase(name: string, ...parts: readonly (readonly [Author, Partial<RecordState>])[]): object {
  const states = parts.map(([from, record]) => stateFrom(from, record));
  const joined = states.reduce((left: AgentState, right) => joinStates(left, right, startSeconds).state);
  return { name, bytes: bytesToHex(encodeState(joined)), parts: parts.map(([from, record]) => bundleHex(from, record)) };
}

/** A decoded value with one item replaced; path leads into nested arrays. */
function replaced(value: CborValue, path: readonly number[], item: CborValue): CborValue {
  const [place, ...rest] = path;
  if (place === undefined) return item;
  return (value as readonly CborValue[]).map((other, index) => (index === place ? replaced(other, rest, item) : other));
}

function invalid(name: string, bytes: Uint8Array | string, code: ProtocolErrorCode): Invalid {
  return { name, bytes: typeof bytes === 'string' ? bytes : bytesToHex(bytes), code };
}

function withByte(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[offset] = value;
  return copy;
}

function invalidAddrs(): Invalid[] {
  const { bytes } = paper.addr;
  const two = signAgentAddr(
    { ...paper.addr, pointers: pointersOf({ primary: paperUrls.primary, private: paperUrls.private }) },
    author.context,
  ).bytes;
  return [
    invalid('no bytes', '', 'wrong-shape'),
    invalid('71 bytes', bytes.subarray(0, 71), 'wrong-shape'),
    invalid('121 bytes', concatBytes(bytes, Uint8Array.of(0)), 'too-large'),
    ...[0, 2, 3].map((version) => invalid(`version ${version}`, withByte(bytes, 0, (version << 6) | 0x15), 'wrong-version')),
    invalid('slot 8', withByte(bytes, 2, 8), 'wrong-shape'),
    invalid('three digests in the room of two', withByte(two, 0, 0b01_01_01_01), 'wrong-shape'),
    invalid('one digest in the room of two', withByte(two, 0, 0b01_01_00_00), 'wrong-shape'),
    invalid('no pointers in the room of two', withByte(two, 0, 0b01_00_00_00), 'wrong-shape'),
    invalid('inline before another pointer', withByte(two, 0, 0b01_10_01_00), 'wrong-shape'),
    invalid('blinded primary facts', withByte(two, 0, 0b01_11_01_00), 'wrong-shape'),
    invalid('blinded adaptive resolver', withByte(two, 0, 0b01_01_00_11), 'wrong-shape'),
    invalid('an inline URL that is a digest', withByte(two, 0, 0b01_10_00_00), 'bad-url'),
    invalid('an inline URL over http', withByte(inline.bytes, 12, 0x3a), 'bad-url'),
    invalid('another epoch than was signed', withByte(bytes, 1, 1), 'bad-signature'),
    invalid('another iat than was signed', withByte(bytes, 7, bytes[7]! ^ 1), 'bad-signature'),
    invalid('another digest than was signed', withByte(bytes, 8, bytes[8]! ^ 1), 'bad-signature'),
    invalid('another signature', withByte(bytes, 119, bytes[119]! ^ 1), 'bad-signature'),
  ];
}

function invalidOperations(): Invalid[] {
  const first = operationOn(author, paper.addr);
  const value: CborValue = [operationBodyValue(first), first.signature];
  const bent = (name: string, path: readonly number[], item: CborValue, code: ProtocolErrorCode): Invalid =>
    invalid(name, encodeCanonical(replaced(value, path, item)), code);
  const onField = (name: string, field: number, item: CborValue, code: ProtocolErrorCode): Invalid =>
    invalid(name, encodeCanonical(replaced(replaced(value, [0, 4], field), [0, 5], item)), code);
  const { bytes } = first;
  return [
    invalid('no bytes', '', 'not-canonical'),
    invalid('a byte too many', concatBytes(bytes, Uint8Array.of(0)), 'not-canonical'),
    invalid('array of indefinite length', concatBytes(Uint8Array.of(0x9f), bytes.subarray(1), Uint8Array.of(0xff)), 'not-canonical'),
    invalid('n longer than it must be', bytesToHex(bytes).replace('000100', '0018010' + '0'), 'not-canonical'),
    invalid('over 512 bytes', '00'.repeat(513), 'too-large'),
    bent('version 0', [0, 0], 0, 'wrong-version'),
    bent('version 2', [0, 0], 2, 'wrong-version'),
    bent('base of 32 bytes', [0, 1], new Uint8Array(32), 'wrong-shape'),
    bent('slot 8', [0, 2], 8, 'wrong-shape'),
    bent('n 0', [0, 3], 0, 'wrong-shape'),
    bent('n 9', [0, 3], 9, 'wrong-shape'),
    bent('field 4', [0, 4], 4, 'wrong-shape'),
    bent('left of 15 bytes', [0, 6], new Uint8Array(15), 'wrong-shape'),
    bent('iat over u32', [0, 7], 0x1_0000_0000, 'wrong-shape'),
    bent('token of 32 bytes', [0, 8], new Uint8Array(32), 'wrong-shape'),
    bent('signature of 63 bytes', [1], new Uint8Array(63), 'wrong-shape'),
    bent('body without its last item', [0], operationBodyValue(first).slice(0, -1), 'wrong-shape'),
    bent('slot 1 without a token', [0, 2], 1, 'bad-operation'),
    bent('slot 0 with a token', [0, 8], new Uint8Array(16), 'bad-operation'),
    onField('a number as primary facts', 0, 7, 'bad-operation'),
    onField('bytes as primary facts', 0, blinded, 'bad-operation'),
    onField('15 bytes as private facts', 1, blinded.subarray(1), 'bad-operation'),
    onField('a URL as ttl', 3, 'https://a.example', 'bad-operation'),
    onField('no ttl', 3, null, 'bad-operation'),
    onField('ttl code 16', 3, 16, 'bad-operation'),
    onField('an empty URL', 0, '', 'bad-url'),
    onField('a URL over http', 0, 'http://a.example', 'bad-url'),
    onField('a URL with user information', 2, 'https://localhost@a.example', 'bad-url'),
    onField('a URL of 256 bytes', 0, `https://a/${'x'.repeat(246)}`, 'bad-url'),
    bent('another value than was signed', [0, 5], 'https://stolen.example', 'bad-signature'),
    bent('another place than was signed', [0, 3], 2, 'bad-signature'),
  ];
}

function invalidBundles(): Invalid[] {
  const full = { ...paper, delegations: [writer], operations: [byWriter()] };
  const bytes = encodeBundle(bundleOf(author, full));
  const value = decodeCanonical(bytes, bytes.length);
  const bent = (name: string, path: readonly number[], item: CborValue, code: ProtocolErrorCode): Invalid =>
    invalid(name, encodeCanonical(replaced(value, path, item)), code);
  const refused = (name: string, from: Author, record: Partial<RecordState>, code: ProtocolErrorCode): Invalid =>
    invalid(name, bundleHex(from, record), code);
  const narrow = tokenFor(author, 'writer', { slot: 1, fieldMask: 2 });
  const over = tokenFor(author, 'publisher', { slot: 2, rights: 3, expiresAt: startSeconds });
  return [
    invalid('no bytes', '', 'not-canonical'),
    invalid('a byte too many', concatBytes(bytes, Uint8Array.of(0)), 'not-canonical'),
    invalid('cut short', bytes.subarray(0, -1), 'not-canonical'),
    invalid('array of indefinite length', concatBytes(Uint8Array.of(0x9f), bytes.subarray(1), Uint8Array.of(0xff)), 'not-canonical'),
    bent('version 2', [0], 2, 'wrong-version'),
    bent('addr of 121 bytes', [1], new Uint8Array(121), 'wrong-shape'),
    bent('four URLs', [2], Array(4).fill('https://a.example'), 'wrong-shape'),
    bent('nine tokens', [4], Array(9).fill((value as CborValue[][])[4]![0]!), 'wrong-shape'),
    bent('an operation that is null', [5], [null], 'wrong-shape'),
    bent('17 revocations', [6], Array(17).fill(null), 'wrong-shape'),
    bent('no key events', [3], [], 'bad-key-log'),
    bent('a key log without its inception', [3], [[decodeCanonical(rotation.bytes, 400)]].flat(), 'bad-key-log'),
    refused('a record of a forked agent', forked, paper, 'forked'),
    refused('a record of an ended agent', ended, paper, 'tombstoned'),
    refused('a record from before the rotation', rotated, paper, 'wrong-establishment'),
    refused('a token from before the rotation', rotated, { delegations: [writer] }, 'wrong-establishment'),
    refused('a revocation from before the rotation', rotated, { revocations: [revocationOf(author, writer)] }, 'wrong-establishment'),
    refused('an iat 121 s ahead', author, fenceOf(author, { issuedAt: startSeconds + 121 }), 'from-the-future'),
    refused('a validity that is over', author, fenceOf(author, { issuedAt: startSeconds - 48 * 3600 }), 'expired'),
    refused('a side-car that was swapped', author, { ...paper, urls: ['https://stolen.example', ...paper.urls.slice(1)] }, 'bad-side-car'),
    refused('a side-car out of order', author, { ...paper, urls: [...paper.urls].reverse() }, 'bad-side-car'),
    refused('a side-car that is missing', author, { ...paper, urls: [] }, 'bad-side-car'),
    refused('a URL over http', author, fenceOf(author, { urls: { primary: 'http://a.example' } }), 'bad-url'),
    refused('a delegate’s fence without its token', author, { ...published, delegations: [] }, 'bad-delegation'),
    refused('a delegate’s fence without `publish`', author, fenceOf(author, { token: writer, signer: author.key('writer') }), 'bad-delegation'),
    refused('a delegate’s fence after its token', author, fenceOf(author, { token: over, signer: author.key('publisher') }), 'expired'),
    refused('a token without a slot', author, { delegations: [tokenFor(author, 'writer', { slot: 0, rights: 16 })] }, 'bad-delegation'),
    refused('a revoked delegate’s fence', author, { ...published, revocations: [revocationOf(author, publisher)] }, 'revoked'),
    refused('a revocation with a chain it does not need', author, { revocations: [{ ...revocationOf(author, writer), chain: [writer] }] }, 'bad-revocation'),
    refused('an operation on another fence', author, { ...fenceOf(author), operations: [operationOn(author, paper.addr)] }, 'stale-base'),
    refused('an operation without its token', author, { ...full, delegations: [] }, 'bad-delegation'),
    refused('an operation outside its mask', author, { ...paper, delegations: [narrow], operations: [byWriter({ token: narrow })] }, 'bad-operation'),
    refused('a forged fence', author, fenceOf(author, { signer: author.key('thief') }), 'bad-signature'),
    refused('a forged token', author, { ...paper, delegations: [tokenFor(author, 'writer', { signer: author.key('thief') })] }, 'bad-signature'),
    refused('a forged operation', author, { ...full, operations: [byWriter({ signer: author.key('thief') })] }, 'bad-signature'),
    refused('a fence under the old key after a rotation', rotated, fenceOf(rotated, { signer: author.key('sign 0') }), 'bad-signature'),
  ];
}

function write(folder: 'valid' | 'invalid', name: string, rule: string, cases: readonly object[]): void {
  const directory = new URL(`./${folder}/record/`, import.meta.url);
  mkdirSync(directory, { recursive: true });
  const context = {
    agentId: formatAgentId(author.keyState.agentId),
    establishment: bytesToHex(author.keyState.establishment),
    signingKey: bytesToHex(author.context.signer.publicKey),
    nowSeconds: startSeconds,
  };
  writeFileSync(new URL(`${name}.json`, directory), `${JSON.stringify({ rule, ...context, cases }, null, 2)}\n`);
}

const controllerKey = author.context.signer.publicKey;
const writerKey = author.key('writer').publicKey;
const own = operationOn(author, paper.addr, { value: 'https://controller.example' });
const seen = byWriter({ value: 'https://writer.example', left: own.digest16 });

write('valid', 'agent-addrs', 'agent-addr', [
  addrCase('the paper’s Table 3: three URLs', paper.addr),
  addrCase('no pointers', fenceOf(author, { urls: {} }).addr),
  addrCase('one inline URL', inline),
  addrCase('blinded private facts', fenceOf(author, { urls: { primary: paperUrls.primary, private: blinded } }).addr),
  addrCase('the shortest ttl and validity', fenceOf(author, { ttlCode: 0, validityCode: 0 }).addr),
  addrCase('the longest ttl and validity', fenceOf(author, { ttlCode: 15, validityCode: 15 }).addr),
]);
write('valid', 'operations', 'operation', [
  operationCase('a URL by the controller', own, controllerKey),
  operationCase('a URL by a delegate on another operation', seen, writerKey),
  operationCase('blinded private facts', operationOn(author, paper.addr, { field: 'private', value: blinded }), controllerKey),
  operationCase('no adaptive resolver', byWriter({ field: 'adaptive', value: null, n: 8 }), writerKey),
  operationCase('a ttl', operationOn(author, paper.addr, { field: 'ttl', value: 15 }), controllerKey),
]);
write('valid', 'bundles', 'bundle', [
  bundleCase('an inception alone', author),
  bundleCase('a record', author, paper),
  bundleCase('a record with operations of two writers', author, { ...paper, delegations: [writer], operations: [own, byWriter()] }),
  bundleCase('a delegate’s record', author, published),
  bundleCase('a revoked delegate', author, { ...paper, revocations: [revocationOf(author, writer)] }),
  bundleCase('a record after a rotation', rotated, fenceOf(rotated)),
  bundleCase('a record after a fork and its recovery', recovered, fenceOf(recovered)),
  bundleCase('a fork', forked),
  bundleCase('a tombstone', ended),
]);
write('valid', 'merges', 'bundle', [
  mergeCase('the fence alone', []),
  mergeCase('one operation in each field', [
    own,
    byWriter({ field: 'private', value: blinded }),
    byWriter({ field: 'adaptive', value: null, n: 2 }),
    byPublisher({ field: 'ttl', value: 2 }),
  ]),
  mergeCase('the controller beats the delegates that have not seen it', [byWriter(), own, byPublisher()]),
  mergeCase('a delegate that has seen it wins', [byPublisher(), own, seen]),
  mergeCase('the controller’s next wins again', [own, seen, operationOn(author, paper.addr, { n: 2, left: own.digest16 })]),
  mergeCase('what it overwrites is not there', [byWriter({ left: new Uint8Array(16) }), byPublisher()]),
]);
write('valid', 'joins', 'bundle', [
  joinCase('two fences', [author, paper], [author, fenceOf(author, { issuedAt: startSeconds - 5 })]),
  joinCase('a delegate’s later fence', [author, { ...paper, delegations: [writer], operations: [byWriter()] }], [author, published]),
  joinCase('operations of two writers', [author, { ...paper, operations: [own] }], [author, { ...paper, delegations: [writer], operations: [byWriter()] }]),
  joinCase('two operations in one place', [author, { ...paper, operations: [own] }], [author, { ...paper, operations: [operationOn(author, paper.addr)] }]),
  joinCase('a revocation of the writer', [author, { ...paper, delegations: [writer], operations: [byWriter(), own] }], [author, { ...paper, revocations: [revocationOf(author, writer)] }]),
  joinCase('a rotation', [author, paper], [rotated, {}]),
  joinCase('a rotation with its record', [rotated, fenceOf(rotated)], [author, paper]),
  joinCase('two rotations: a fork', [rotated, fenceOf(rotated)], [authorWith('sign rival', rival), {}]),
  joinCase('a recovery from before the fork', [forked, {}], [authorWith('sign r', recovery), fenceOf(recovered)]),
  joinCase('a tombstone', [author, paper], [ended, {}]),
]);
write('invalid', 'agent-addrs', 'agent-addr', invalidAddrs());
write('invalid', 'operations', 'operation', invalidOperations());
write('invalid', 'bundles', 'bundle', invalidBundles());
