/**
 * The only Yjs bytes that this project makes (§3): a V1 update with exactly one Item and an empty delete set. Written
 * by hand so that nothing but a checked operation can shape it; a differential test holds it against Yjs' own encoder.
 *
 * | field          | encoding                                                                                  |
 * |----------------|-------------------------------------------------------------------------------------------|
 * | clients        | varuint 1                                                                                 |
 * | structs        | varuint 1                                                                                 |
 * | client, clock  | varuint client, varuint 0                                                                 |
 * | info           | content reference, 0x20 (has a parentSub), 0x80 when it has an origin                     |
 * | origin         | varuint client, varuint 0                    (with an origin: parent and key follow it)   |
 * | parent         | varuint 1 (a root type), string `addr`, string field          (only without an origin)   |
 * | content        | reference 8 (any): varuint 1, value; reference 3 (binary): varuint length, bytes          |
 * | delete set     | varuint 0                                                                                 |
 *
 * Source: yjs 13.6 src/structs/Item.js `write`, src/utils/encoding.js; lib0 encoding `writeAny`.
 */
import { utf8ToBytes } from '../bytes.ts';

/** The root map of the one document of an agent. */
export const rootMapName = 'addr';

export interface YjsItem {
  /** Client id, a safe integer; the clock is always 0. */
  readonly client: number;
  /** Key in the root map. */
  readonly field: string;
  readonly value: string | number | Uint8Array | null;
  /** Client of the item that it overwrites (clock 0); null: it is the first. */
  readonly origin: number | null;
}

const contentBinary = 3;
const contentAny = 8;
const hasOrigin = 0x80;
const hasParentSub = 0x20;

/** The update in Yjs' V1 format. Numbers in it are whole and in 0..63 (ttl codes). */
export function encodeYjsUpdate(item: YjsItem): Uint8Array {
  const { client, field, value, origin } = item;
  const reference = value instanceof Uint8Array ? contentBinary : contentAny;
  const output: number[] = [1, 1];
  pushVarUint(output, client);
  output.push(0, reference | hasParentSub | (origin === null ? 0 : hasOrigin));
  if (origin === null) {
    output.push(1);
    pushString(output, rootMapName);
    pushString(output, field);
  } else {
    pushVarUint(output, origin);
    output.push(0);
  }
  pushContent(output, value);
  output.push(0);
  return Uint8Array.from(output);
}

function pushContent(output: number[], value: YjsItem['value']): void {
  if (value instanceof Uint8Array) {
    pushVarUint(output, value.length);
    output.push(...value);
    return;
  }
  output.push(1);
  if (value === null) output.push(126);
  else if (typeof value === 'number') output.push(125, value);
  else {
    output.push(119);
    pushString(output, value);
  }
}

/** lib0: 7 bits a byte, least significant first, 0x80 while more follow. Divides: 53 bits do not fit into shifts. */
function pushVarUint(output: number[], value: number): void {
  let rest = value;
  while (rest > 127) {
    output.push(0x80 | (rest % 128));
    rest = Math.floor(rest / 128);
  }
  output.push(rest);
}

function pushString(output: number[], text: string): void {
  const bytes = utf8ToBytes(text);
  pushVarUint(output, bytes.length);
  output.push(...bytes);
}
