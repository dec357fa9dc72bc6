/**
 * JSON from outside, read within bounds: bytes, depth, width, number of values, text that has a UTF-8 form, and no key
 * that means something to JavaScript. What passes can be canonicalised, and cannot be mistaken for something else.
 */
import { utf8FromBytes } from '../core/bytes.ts';
import { FactsError } from './facts-error.ts';
import { factsBytesMax, jsonDepthMax, jsonValuesMax, jsonWidthMax } from './facts-limits.ts';

/** What JSON can say. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** The object that the bytes spell. @throws FactsError `too-large`, `not-json` */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  if (bytes.length > factsBytesMax) throw tooLarge('bytes', bytes.length, factsBytesMax);
  let value: unknown;
  try {
    value = JSON.parse(utf8FromBytes(bytes));
  } catch {
    throw new FactsError('not-json', 'the document is not JSON in UTF-8');
  }
  return readJsonObject(value);
}

/** A value that was parsed already, held to the same bounds but that of bytes. @throws FactsError */
export function readJsonObject(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FactsError('not-json', 'the document is not a JSON object');
  const left = { values: jsonValuesMax };
  assertBounded(value, 1, left);
  return value as JsonObject;
}

function assertBounded(value: unknown, depth: number, left: { values: number }): void {
  if (--left.values < 0) throw tooLarge('values', jsonValuesMax + 1, jsonValuesMax);
  if (typeof value === 'string') {
    assertText(value);
    return;
  }
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value === 'boolean' || value === null) return;
  if (typeof value !== 'object') throw new FactsError('not-json', 'the document holds what JSON cannot say');
  if (depth > jsonDepthMax) throw tooLarge('levels', depth, jsonDepthMax);
  const keys = Object.keys(value);
  if (keys.length > jsonWidthMax) throw tooLarge('members', keys.length, jsonWidthMax);
  const isList = Array.isArray(value);
  for (const key of keys) {
    if (!isList) assertKey(key);
    assertBounded((value as Record<string, unknown>)[key], depth + 1, left);
  }
}

function assertKey(key: string): void {
  if (forbiddenKeys.has(key)) throw new FactsError('not-json', `the member ${key} is refused`, { key });
  assertText(key);
}

function assertText(text: string): void {
  if (!text.isWellFormed()) throw new FactsError('not-json', 'a text of the document has half a character');
}

function tooLarge(unit: string, found: number, most: number): FactsError {
  return new FactsError('too-large', `the document has ${found} ${unit}, at most ${most} are taken`, {
    found,
    most,
  });
}
