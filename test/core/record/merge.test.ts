/** §3 of the protocol: what the operations on a fence come to. */
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { materialise, operationClient, placeOperations, yjsUpdates } from '../../../src/core/record/merge.ts';
import type { Operation } from '../../../src/core/record/operation.ts';
import { emptyRecord } from '../../../src/core/record/record-state.ts';
import { rootMapName } from '../../../src/core/record/yjs-update.ts';
import { authorNamed, codeOf, fenceOf, operationOn, stateFrom, tokenFor } from './fixtures.ts';

const author = authorNamed('merging');
const blinded = new Uint8Array(16).fill(5);
const fence = fenceOf(author, {
  urls: { primary: 'https://fence.example/p', private: blinded, adaptive: 'did:web:fence' },
});
const delegates = [1, 2, 3].map((slot) => tokenFor(author, `delegate ${slot}`, { slot }));
const [first, second] = delegates as [(typeof delegates)[0], (typeof delegates)[0]];

const byController = (value: string, options: Partial<Operation> = {}) =>
  operationOn(author, fence.addr, { value, ...options });
const byDelegate = (token: (typeof delegates)[0], value: string, options: Partial<Operation> = {}) =>
  operationOn(author, fence.addr, { value, token, signer: author.key(`delegate ${token.slot}`), ...options });

const merged = (...operations: readonly Operation[]) =>
  materialise(stateFrom(author, { ...fence, delegations: delegates, operations })).fields;

describe('§3 materialise', () => {
  it('shows the fence’s own values where there is no operation', () => {
    expect(merged()).toEqual({
      primary: { kind: 'url', value: 'https://fence.example/p', origin: null },
      private: { kind: 'blinded', value: blinded, origin: null },
      adaptive: { kind: 'url', value: 'did:web:fence', origin: null },
      ttl: { code: 10, origin: null },
    });
    const inline = {
      ...fence.addr,
      pointers: { ...fence.addr.pointers, adaptive: { kind: 'inline', url: 'did:a:b' } },
    } as const;
    const bare = { ...emptyRecord, addr: inline, urls: fence.urls };
    expect(materialise(bare).fields.adaptive).toEqual({ kind: 'url', value: 'did:a:b', origin: null });
    expect(codeOf(() => materialise(emptyRecord))).toBe('bad-argument');
  });

  it('shows an operation’s value with the operation as its origin: URLs, blinded pointers, null and ttl codes', () => {
    const operations = [
      byController('https://changed.example'),
      operationOn(author, fence.addr, { n: 2, field: 'private', value: new Uint8Array(16).fill(1) }),
      operationOn(author, fence.addr, { n: 3, field: 'adaptive', value: null }),
      operationOn(author, fence.addr, { n: 4, field: 'ttl', value: 3 }),
    ] as const;
    expect(merged(...operations)).toEqual({
      primary: { kind: 'url', value: 'https://changed.example', origin: operations[0] },
      private: { kind: 'blinded', value: new Uint8Array(16).fill(1), origin: operations[1] },
      adaptive: { kind: 'none', value: null, origin: operations[2] },
      ttl: { code: 3, origin: operations[3] },
    });
  });

  it('names the operations that took part', () => {
    const operations = [byController('https://a'), byDelegate(first, 'https://b')];
    const record = stateFrom(author, { ...fence, delegations: delegates, operations });
    expect(materialise(record).counted).toEqual(operations.map((operation) => operation.key));
  });

  it('gives clientID = (31 − slot)·2^48 + the first 48 bits of H(op), the fence 1..4', () => {
    for (const operation of [byController('https://a'), byDelegate(first, 'https://b')]) {
      const bits = BigInt(`0x${operation.key.slice(0, 12)}`);
      expect(BigInt(operationClient(operation))).toBe(BigInt(31 - operation.slot) * 2n ** 48n + bits);
      expect(Number.isSafeInteger(operationClient(operation))).toBe(true);
    }
    const highest = operationClient({ slot: 0, digest: new Uint8Array(32).fill(255) });
    expect(highest).toBe(Number.MAX_SAFE_INTEGER);
    expect(operationClient({ slot: 7, digest: new Uint8Array(32) })).toBe(24 * 2 ** 48);
  });

  it('lets the controller beat every delegate that has not seen it', () => {
    const own = byController('https://controller');
    expect(
      merged(byDelegate(first, 'https://a'), own, byDelegate(second, 'https://b')).primary.origin,
    ).toEqual(own);
  });

  it('lets a delegate’s causally later write win over the controller’s', () => {
    const own = byController('https://controller');
    const later = byDelegate(second, 'https://later', { left: own.digest16 });
    expect(merged(own, later, byDelegate(first, 'https://concurrent')).primary.origin).toEqual(later);
  });

  it('lets the controller’s next write win over a delegate’s on its previous one, seen or not', () => {
    const own = byController('https://controller');
    const later = byDelegate(second, 'https://later', { left: own.digest16 });
    const next = byController('https://next', { n: 2, left: own.digest16 });
    expect(merged(own, later, next).primary.origin).toEqual(next);
  });

  it('lets the lower slot win among concurrent delegates, and the higher hash within a slot', () => {
    const [a, b] = [byDelegate(first, 'https://a'), byDelegate(second, 'https://b')];
    expect(merged(b, a).primary.origin).toEqual(a);
    const twin = byDelegate(first, 'https://c', { n: 2 });
    expect(merged(a, twin).primary.origin).toEqual(a.key > twin.key ? a : twin);
  });

  it('takes the fence’s value as the origin when `left` is not a counted operation of its field', () => {
    const gone = byDelegate(first, 'https://gone');
    const orphan = byDelegate(second, 'https://orphan', { left: gone.digest16 });
    const elsewhere = byDelegate(second, 'https://elsewhere', {
      n: 2,
      left: byController('https://x').digest16,
    });
    const other = operationOn(author, fence.addr, { n: 5, field: 'adaptive', value: null });
    const wrongField = byDelegate(second, 'https://wrong-field', { n: 3, left: other.digest16 });
    const placed = placeOperations([orphan, elsewhere, other, wrongField]);
    expect(placed.filter((item) => item.operation.field === 'primary').map((item) => item.origin)).toEqual([
      1, 1, 1,
    ]);
    expect(merged(orphan).primary.origin).toEqual(orphan);
  });

  it('keeps what was built on a revoked writer’s operation, and only that', () => {
    const revoked = byDelegate(first, 'https://revoked');
    const built = byDelegate(second, 'https://built', { left: revoked.digest16 });
    expect(merged(revoked, built).primary.origin).toEqual(built);
    expect(merged(built).primary).toEqual({ kind: 'url', value: 'https://built', origin: built });
  });

  it('lets a slot 0 operation overwrite the controller’s own previous one or the fence, never a delegate’s', () => {
    const delegated = byDelegate(first, 'https://a');
    const under = byController('https://under', { left: delegated.digest16 });
    expect(placeOperations([delegated, under]).find((item) => item.operation === under)?.origin).toBe(1);
    const rival = byDelegate(second, 'https://rival', { left: delegated.digest16 });
    expect(merged(delegated, rival, under).primary.origin).toEqual(under);
  });

  it('never leaves a struct pending, in one document with one root map', () => {
    const own = byController('https://a');
    const chain = [own];
    for (let n = 2; n <= 8; n++)
      chain.push(byController(`https://a/${n}`, { n, left: chain.at(-1)!.digest16 }));
    const document = new Y.Doc();
    for (const update of yjsUpdates(fence.addr, fence.urls, placeOperations([...chain].reverse()))) {
      Y.applyUpdate(document, update);
      expect(document.store.pendingStructs).toBeNull();
      expect(document.store.pendingDs).toBeNull();
    }
    expect([...document.share.keys()]).toEqual([rootMapName]);
    expect(document.getMap(rootMapName).get('primary')).toBe('https://a/8');
  });

  it('decides alike, whatever the order, when two hashes share their first 48 bits', () => {
    const operation = byController('https://a');
    const digest = operation.digest.slice();
    digest[31]! ^= 1;
    const twin = {
      ...operation,
      n: 2,
      value: 'https://twin',
      digest,
      key: Buffer.from(digest).toString('hex'),
    };
    const [lower] = [operation, twin].sort((left, right) => (left.key < right.key ? -1 : 1));
    for (const operations of [
      [operation, twin],
      [twin, operation],
    ]) {
      expect(materialise({ ...fence, operations }).fields.primary.value).toBe(lower!.value);
    }
  });

  it('does not touch what it is given, and gives the same every time', () => {
    const record = stateFrom(author, { ...fence, operations: [byController('https://a')] });
    expect(materialise(record)).toEqual(materialise(record));
  });
});
