/**
 * Structured constraints on catalog entries (ARD 0.9, §7.1): paths with dots into an entry, values of which one must fit
 * for each path. Text compares without regard to case; a path that leads nowhere matches nothing.
 */
import type { Json, JsonObject } from '../views.ts';

export type EntryFilter = Readonly<Record<string, readonly string[]>>;

/** All values at a path, through lists. `publisher` is the host in the identifier (§7.1). */
export function valuesAt(entry: JsonObject, path: string): string[] {
  if (path === 'publisher') return [String(entry['identifier']).split(':')[2] ?? ''];
  let found: readonly Json[] = [entry];
  for (const part of path.split('.')) {
    found = found
      .flatMap((value) => (Array.isArray(value) ? (value as readonly Json[]) : [value]))
      .flatMap((value) => (isObject(value) && Object.hasOwn(value, part) ? [value[part]!] : []));
  }
  return found
    .flatMap((value) => (Array.isArray(value) ? (value as readonly Json[]) : [value]))
    .filter((value) => value !== null && typeof value !== 'object')
    .map(String);
}

/** True when each path has one of its values. */
export function fits(entry: JsonObject, filter: EntryFilter): boolean {
  return Object.entries(filter).every(([path, wanted]) => {
    const found = new Set(valuesAt(entry, path).map((value) => value.toLowerCase()));
    return wanted.some((value) => found.has(value.toLowerCase()));
  });
}

/** How often each value stands at a path, the most frequent first. */
export function countValues(
  entries: readonly JsonObject[],
  path: string,
): readonly { readonly value: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const entry of entries) {
    for (const value of new Set(valuesAt(entry, path))) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((left, right) => right.count - left.count || (left.value < right.value ? -1 : 1));
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
