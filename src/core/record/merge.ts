/**
 * The record that a fence and the operations on it come to (§3), merged by Yjs. Pure: one document for each call, made
 * of updates that this project encodes itself, in an order that does not depend on how the operations came.
 * Decides clients and origins; the operations are those that count already (projection). Without operations no document
 * is made. Content-derived ids: Kleppmann, "Making CRDTs Byzantine fault tolerant" (2022).
 */
import * as Y from 'yjs';
import { bytesToHex } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { AgentAddr } from './agent-addr.ts';
import { type FieldName, fieldNames, type PointerField } from './field.ts';
import type { Operation, OperationValue } from './operation.ts';
import type { RecordState } from './record-state.ts';
import { sideCarUrl } from './side-car.ts';
import { encodeYjsUpdate, rootMapName } from './yjs-update.ts';

/** A pointer as readers see it. */
export interface MergedPointer {
  /** `blinded`: 16 bytes in place of the URL. */
  readonly kind: 'none' | 'url' | 'blinded';
  readonly value: string | Uint8Array | null;
  /** The operation that wrote it; null: the fence. */
  readonly origin: Operation | null;
}

export interface MergedTtl {
  readonly code: number;
  readonly origin: Operation | null;
}

export interface Materialised {
  readonly fields: Readonly<Record<PointerField, MergedPointer>> & { readonly ttl: MergedTtl };
  /** Keys of the operations that took part, in the record's order. */
  readonly counted: readonly string[];
}

/** An operation in the document. */
export interface PlacedOperation {
  readonly operation: Operation;
  readonly client: number;
  /** Client of the item that it overwrites: an operation's, or the fence's of its field. */
  readonly origin: number;
}

/** One client for each field of the fence: 1 primary, 2 private, 3 adaptive, 4 ttl. */
const fenceClient = (field: FieldName): number => fieldNames.indexOf(field) + 1;
const clientSlotUnit = 2 ** 48;
/** Slot 0 has the highest clients, and so wins among the concurrent. */
const clientSlotTop = 31;

/** The merged fields. @throws ProtocolError `bad-argument` for a record without a fence. */
export function materialise(record: RecordState): Materialised {
  const { addr, urls, operations } = record;
  if (addr === null) throw new ProtocolError('bad-argument', 'without a fence there are no fields');
  const winners = operations.length === 0 ? noWinners : mergeOperations(addr, urls, operations);
  const pointer = (field: PointerField): MergedPointer => {
    const origin = winners.get(field) ?? null;
    const value = origin === null ? fencePointerValue(addr, urls, field) : origin.value;
    if (value === null || typeof value === 'number') return { kind: 'none', value: null, origin };
    return { kind: typeof value === 'string' ? 'url' : 'blinded', value, origin };
  };
  const ttlOrigin = winners.get('ttl') ?? null;
  return {
    fields: {
      primary: pointer('primary'),
      private: pointer('private'),
      adaptive: pointer('adaptive'),
      ttl: { code: ttlOrigin === null ? addr.ttlCode : (ttlOrigin.value as number), origin: ttlOrigin },
    },
    counted: operations.map((operation) => operation.key),
  };
}

/** (31 − slot) · 2^48 + the first 48 bits of the operation's hash: below 2^53, above the fence's clients. */
export function operationClient(operation: Pick<Operation, 'slot' | 'digest'>): number {
  let hashBits = 0;
  for (let index = 0; index < 6; index++) hashBits = hashBits * 256 + operation.digest[index]!;
  return (clientSlotTop - operation.slot) * clientSlotUnit + hashBits;
}

/**
 * The updates of the one document: the fence's fields, then each operation after what it overwrites.
 * Never leaves a pending struct: every origin is in the list before the items that name it.
 */
export function yjsUpdates(
  addr: AgentAddr,
  urls: readonly string[],
  placed: readonly PlacedOperation[],
): Uint8Array[] {
  const fence = fieldNames.map((field) =>
    encodeYjsUpdate({
      client: fenceClient(field),
      field,
      value: fenceValue(addr, urls, field),
      origin: null,
    }),
  );
  const items = placed.map(({ operation, client, origin }) =>
    encodeYjsUpdate({ client, field: operation.field, value: operation.value, origin }),
  );
  return [...fence, ...items];
}

const noWinners: ReadonlyMap<string, Operation> = new Map();

/** By field the operation whose item the document shows; none where the fence's own stands. */
function mergeOperations(
  addr: AgentAddr,
  urls: readonly string[],
  operations: readonly Operation[],
): ReadonlyMap<string, Operation> {
  const document = new Y.Doc({ guid: rootMapName });
  const placed = placeOperations(operations);
  for (const update of yjsUpdates(addr, urls, placed)) Y.applyUpdate(document, update);
  const operationByClient = new Map(placed.map(({ client, operation }) => [client, operation]));
  const winners = new Map<string, Operation>();
  for (const [field, item] of document.getMap(rootMapName)._map) {
    const operation = operationByClient.get(item.id.client);
    if (operation !== undefined) winners.set(field, operation);
  }
  document.destroy();
  return winners;
}

/**
 * Every operation with its client and origin, each after the one that it overwrites, else by hash: no update of the
 * list names an item that is not there yet, so Yjs never keeps one pending.
 */
export function placeOperations(operations: readonly Operation[]): readonly PlacedOperation[] {
  const byClient = new Map<number, Operation>();
  for (const operation of [...operations].sort((left, right) => (left.key < right.key ? -1 : 1))) {
    // 48 bits can be made to collide by whoever signs both; the lower hash stands, everywhere.
    const client = operationClient(operation);
    if (!byClient.has(client)) byClient.set(client, operation);
  }
  const byDigest16 = new Map(
    [...byClient.values()].map((operation) => [bytesToHex(operation.digest16), operation]),
  );
  const placed: PlacedOperation[] = [];
  const seen = new Set<Operation>();
  const place = (operation: Operation): void => {
    if (seen.has(operation)) return;
    seen.add(operation);
    const left = overwrittenBy(operation, byDigest16);
    if (left !== null) place(left);
    const origin = left === null ? fenceClient(operation.field) : operationClient(left);
    placed.push({ operation, client: operationClient(operation), origin });
  };
  for (const operation of byClient.values()) place(operation);
  return placed;
}

/** The counted operation of its field that `left` names; the controller's overwrite the controller's only (§3). */
function overwrittenBy(operation: Operation, byDigest16: ReadonlyMap<string, Operation>): Operation | null {
  if (operation.left === null) return null;
  const left = byDigest16.get(bytesToHex(operation.left));
  if (left === undefined || left.field !== operation.field) return null;
  return operation.slot === 0 && left.slot !== 0 ? null : left;
}

function fenceValue(addr: AgentAddr, urls: readonly string[], field: FieldName): OperationValue {
  return field === 'ttl' ? addr.ttlCode : fencePointerValue(addr, urls, field);
}

function fencePointerValue(
  addr: AgentAddr,
  urls: readonly string[],
  field: PointerField,
): string | Uint8Array | null {
  const pointer = addr.pointers[field];
  switch (pointer.kind) {
    case 'none':
      return null;
    case 'inline':
      return pointer.url;
    case 'blinded':
      return pointer.digest;
    case 'digest':
      return sideCarUrl(addr, urls, field);
  }
}
