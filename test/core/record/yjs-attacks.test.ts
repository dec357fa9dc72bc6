/**
 * §0.1: nothing that a stranger sends reaches Y.applyUpdate. Each attack on Yjs, shown on a bare document first where that
 * is cheap, then tried at every door of the record path: each is refused, or is a value and nothing more.
 */
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { type CborValue, encodeCanonical } from '../../../src/core/cbor.ts';
import { isProtocolError } from '../../../src/core/errors.ts';
import { keyEventValue } from '../../../src/core/identity/key-event-codec.ts';
import { decodeAgentAddr } from '../../../src/core/record/agent-addr-codec.ts';
import { encodeState } from '../../../src/core/record/agent-state.ts';
import { decodeBundle } from '../../../src/core/record/bundle-codec.ts';
import { materialise, operationClient, placeOperations, yjsUpdates } from '../../../src/core/record/merge.ts';
import {
  decodeOperation,
  operationBodyValue,
  operationValue,
} from '../../../src/core/record/operation-codec.ts';
import { rootMapName } from '../../../src/core/record/yjs-update.ts';
import { admit, authorNamed, bundleOf, fenceOf, operationOn, stateFrom, tokenFor } from './fixtures.ts';

const author = authorNamed('attacked');
const fence = fenceOf(author, {
  urls: { primary: 'https://a.example', private: new Uint8Array(16), adaptive: 'did:a:b' },
});
const operation = operationOn(author, fence.addr, { field: 'private', value: new Uint8Array(16) });
const held = stateFrom(author, { ...fence, operations: [operation] });
const victim = operationClient(operation);

const varUint = (value: number): number[] =>
  value < 128 ? [value] : [128 | (value % 128), ...varUint(Math.floor(value / 128))];
const ofClient = (client: number, change: (document: Y.Doc) => void, base?: Y.Doc): Uint8Array => {
  const document = new Y.Doc();
  if (base !== undefined) Y.applyUpdate(document, Y.encodeStateAsUpdate(base));
  document.clientID = client;
  change(document);
  return Y.encodeStateAsUpdate(document, base === undefined ? undefined : Y.encodeStateVector(base));
};

/** The document that materialise would make of the held state. */
function bareDocument(): Y.Doc {
  const document = new Y.Doc();
  for (const update of yjsUpdates(fence.addr, fence.urls, placeOperations(held.operations)))
    Y.applyUpdate(document, update);
  return document;
}

const set = (document: Y.Doc): unknown => document.getMap(rootMapName).set('private', 'stolen');
const nested = (depth: number): number[] => [...Array(depth).fill([117, 1]).flat(), 126];

const attacks: readonly { name: string; bytes: Uint8Array; works?: (document: Y.Doc) => boolean }[] = [
  {
    name: 'foreign client id: another writer’s id and next clock',
    bytes: ofClient(victim, set, bareDocument()),
    works: (document) => document.getMap(rootMapName).get('private') === 'stolen',
  },
  {
    name: 'clock gap: pends for ever',
    bytes: Uint8Array.of(1, 1, 9, 7, 0x28, 1, 1, 97, 1, 98, 1, 126, 0),
    works: (document) => document.store.pendingStructs !== null,
  },
  {
    name: 'delete set: wipes a field in a few bytes',
    bytes: Uint8Array.of(0, 1, ...varUint(victim), 1, 0, 1),
    works: (document) => document.getMap(rootMapName).get('private') === undefined,
  },
  {
    name: 'future delete set: deletes what is not written yet',
    bytes: Uint8Array.of(0, 1, 9, 1, 0, 127),
    works: (document) => document.store.pendingDs !== null,
  },
  {
    name: 'unknown roots: grows the document beside the map',
    bytes: ofClient(9, (document) => document.getMap('elsewhere').set('x', 'y')),
    works: (document) => document.share.has('elsewhere'),
  },
  {
    name: 'nested bomb: 20,000 arrays deep',
    bytes: Uint8Array.of(1, 1, 9, 0, 0x28, 1, 1, 97, 1, 98, 1, ...nested(20_000), 0),
  },
  {
    name: '7-byte header bomb: says 29 million structs',
    bytes: Uint8Array.of(1, ...varUint(29_000_000), 1, 0),
  },
  {
    name: 'V2 bomb: 20,000 structs in about a hundred bytes',
    bytes: (() => {
      const document = new Y.Doc();
      document.clientID = 9;
      document.transact(() => {
        for (let index = 0; index < 20_000; index++) document.getArray('x').insert(0, [new Y.Array()]);
      });
      return Y.encodeStateAsUpdateV2(document);
    })(),
  },
  {
    name: 'clientID reuse: a second history for a known client',
    bytes: ofClient(victim, set),
  },
];

/** Every place of the record path where a stranger's bytes come in, with these bytes in it. */
function doors(bytes: Uint8Array): readonly (readonly [string, () => unknown])[] {
  const body = operationBodyValue(operation);
  const withValue = (value: CborValue, field: number): Uint8Array =>
    encodeCanonical([
      body.map((item, index) => (index === 5 ? value : index === 4 ? field : item)),
      operation.signature,
    ]);
  const keyEvents = author.keyEvents.map(keyEventValue);
  const items = (operations: CborValue, addr: CborValue = fence.addr.bytes): Uint8Array =>
    encodeCanonical([1, addr, fence.urls, keyEvents, [], operations, []]);
  expect(decodeBundle(items([]))).toEqual(bundleOf(author, fence));
  return [
    ['as a bundle', () => decodeBundle(bytes)],
    ['as an operation', () => decodeOperation(bytes)],
    ['as an AgentAddr', () => decodeAgentAddr(bytes)],
    ['as a value', () => decodeOperation(withValue(bytes, 1))],
    ['as a value of a URL field', () => decodeOperation(withValue(bytes, 0))],
    ['as a text', () => decodeOperation(withValue(Buffer.from(bytes).toString('latin1'), 0))],
    ['as a body', () => decodeOperation(encodeCanonical([bytes, operation.signature]))],
    ['as a bundle’s operation', () => decodeBundle(items([bytes]))],
    ['as a bundle’s operations', () => decodeBundle(items(bytes))],
    ['as a bundle’s fence', () => decodeBundle(items([], bytes))],
    ['behind a bundle', () => decodeBundle(Uint8Array.of(...encodeState(held), ...bytes.subarray(0, 1000)))],
    [
      'behind an operation',
      () => decodeOperation(Uint8Array.of(...operation.bytes, ...bytes.subarray(0, 100))),
    ],
  ];
}

describe('§0.1 an attack on Yjs', () => {
  it.each(attacks.filter((attack) => attack.works))('works on a bare document: $name', ({ bytes, works }) => {
    const document = bareDocument();
    expect(works!(document)).toBe(false);
    Y.applyUpdate(document, bytes);
    expect(works!(document)).toBe(true);
  });

  it.each(attacks)('is refused at every door, in no time: $name', ({ bytes }) => {
    const start = performance.now();
    for (const [, open] of doors(bytes)) {
      let error: unknown = null;
      try {
        open();
      } catch (thrown) {
        error = thrown;
      }
      expect(isProtocolError(error)).toBe(true);
    }
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it.each(attacks)('is a blinded pointer and nothing else when cut to 16 bytes: $name', ({ bytes }) => {
    const value = new Uint8Array(16);
    value.set(bytes.subarray(0, 16));
    const carried = operationOn(author, fence.addr, {
      field: 'private',
      value,
      n: 2,
      left: operation.digest16,
    });
    const { state } = admit(author, { ...fence, operations: [operation, carried] }, { held });
    const { fields } = materialise(state);
    expect(fields.private).toEqual({ kind: 'blinded', value, origin: carried });
    expect(fields.primary).toEqual({ kind: 'url', value: 'https://a.example', origin: null });
    const document = new Y.Doc();
    for (const update of yjsUpdates(fence.addr, fence.urls, placeOperations(state.operations)))
      Y.applyUpdate(document, update);
    expect([document.store.pendingStructs, document.store.pendingDs]).toEqual([null, null]);
    expect([...document.share.keys()]).toEqual([rootMapName]);
  });
});

describe('§3 an operation cannot', () => {
  it('choose its client: the id follows from its hash, the slot from its token', () => {
    const token = tokenFor(author, 'writer', { slot: 7 });
    const { state } = admit(author, {
      ...fence,
      delegations: [token],
      operations: [operationOn(author, fence.addr, { token })],
    });
    const [placed] = placeOperations(state.operations);
    expect(Math.floor(placed!.client / 2 ** 48)).toBe(31 - 7);
    expect(Object.keys(decodeOperation(operation.bytes))).not.toContain('client');
  });

  it('name an origin that is not there: `left` of nothing is the fence’s value', () => {
    const left = new Uint8Array(16).fill(0xee);
    const orphan = operationOn(author, fence.addr, { left });
    expect(decodeOperation(encodeCanonical(operationValue(orphan))).left).toEqual(left);
    const { state } = admit(author, { ...fence, operations: [orphan] });
    expect(placeOperations(state.operations).map(({ origin }) => origin)).toEqual([1]);
    expect(materialise(state).fields.primary.origin).toEqual(orphan);
  });

  it('delete: there is no operation that does, null is a value like any other', () => {
    const cleared = operationOn(author, fence.addr, { value: null });
    const { state } = admit(author, { ...fence, operations: [cleared] });
    const updates = yjsUpdates(fence.addr, fence.urls, placeOperations(state.operations));
    for (const update of updates) expect(Y.decodeUpdate(update).ds.clients.size).toBe(0);
    expect(materialise(state).fields.primary).toEqual({ kind: 'none', value: null, origin: cleared });
  });
});
