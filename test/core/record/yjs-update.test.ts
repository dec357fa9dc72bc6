/** §3: the hand-written V1 encoder against Yjs' own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { encodeYjsUpdate, rootMapName } from '../../../src/core/record/yjs-update.ts';

const numRuns = 1000;
const fields = ['primary', 'private', 'adaptive', 'ttl'] as const;

const client = fc.oneof(
  fc.integer({ min: 1, max: 4 }),
  fc.maxSafeInteger().map((value) => Math.abs(value)),
  fc.constantFrom(127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 48, 2 ** 53 - 1),
);
const value = fc.oneof(
  fc.webUrl(),
  fc.string({ maxLength: 255 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes)),
  fc.integer({ min: 0, max: 15 }),
  fc.constant(null),
);
const field = fc.constantFrom(...fields);

function documentOf(...updates: readonly Uint8Array[]): Y.Doc {
  const document = new Y.Doc();
  for (const update of updates) Y.applyUpdate(document, update);
  return document;
}

/** What Yjs itself emits when that client sets that field on top of a document. */
function yjsUpdateOf(base: Y.Doc, clientId: number, key: string, content: unknown): Uint8Array {
  const document = new Y.Doc();
  Y.applyUpdate(document, Y.encodeStateAsUpdate(base));
  document.clientID = clientId;
  let emitted: Uint8Array = new Uint8Array();
  document.on('update', (update: Uint8Array) => {
    emitted = update;
  });
  document.getMap(rootMapName).set(key, content);
  return emitted;
}

describe('§3 the canonical V1 encoder', () => {
  it('gives Yjs’ own bytes for the first item of a field', () => {
    fc.assert(
      fc.property(client, field, value, (id, key, content) => {
        const own = encodeYjsUpdate({ client: id, field: key, value: content, origin: null });
        expect(own).toEqual(yjsUpdateOf(new Y.Doc(), id, key, content));
      }),
      { numRuns },
    );
  });

  it('gives Yjs’ own bytes for an item with an origin, but for the delete set, which is empty', () => {
    fc.assert(
      fc.property(client, client, field, value, value, (first, second, key, before, after) => {
        fc.pre(first !== second);
        const base = documentOf(encodeYjsUpdate({ client: first, field: key, value: before, origin: null }));
        const own = encodeYjsUpdate({ client: second, field: key, value: after, origin: first });
        const theirs = yjsUpdateOf(base, second, key, after);
        expect(own.at(-1)).toBe(0);
        expect(theirs.slice(0, own.length - 1)).toEqual(own.slice(0, -1));
        expect(theirs.length).toBeGreaterThan(own.length);
        const merged = documentOf(Y.encodeStateAsUpdate(base), own);
        expect(merged.getMap(rootMapName).toJSON()).toEqual({ [key]: after });
        expect(Y.encodeStateAsUpdate(merged)).toEqual(
          Y.encodeStateAsUpdate(documentOf(Y.encodeStateAsUpdate(base), theirs)),
        );
      }),
      { numRuns },
    );
  });

  it('is one Item with clock 0 and nothing else', () => {
    fc.assert(
      fc.property(client, field, value, fc.option(client), (id, key, content, origin) => {
        const { structs, ds } = Y.decodeUpdate(
          encodeYjsUpdate({ client: id, field: key, value: content, origin }),
        );
        expect(structs).toHaveLength(1);
        const [item] = structs as [Y.Item];
        expect(item).toBeInstanceOf(Y.Item);
        expect([item.id.client, item.id.clock, item.length]).toEqual([id, 0, 1]);
        expect(item.origin?.client ?? null).toBe(origin);
        expect(item.content.getContent()).toEqual([content]);
        expect(ds.clients.size).toBe(0);
      }),
      { numRuns },
    );
  });
});
