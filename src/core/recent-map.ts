/**
 * A bounded map that forgets what was not asked for lately: two generations, the older one dropped when the younger
 * is full. Holds at least the last `entriesMax / 2` distinct keys asked for and never more than `entriesMax`.
 */
export interface RecentMap<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
}

/** An empty map of at most that many entries (2 or more). */
export function createRecentMap<Value>(entriesMax: number): RecentMap<Value> {
  const generationMax = Math.floor(entriesMax / 2);
  let younger = new Map<string, Value>();
  let older = new Map<string, Value>();

  function put(key: string, value: Value): void {
    younger.set(key, value);
    older.delete(key);
    if (younger.size < generationMax) return;
    older = younger;
    younger = new Map();
  }

  return {
    get(key) {
      const value = younger.get(key);
      if (value !== undefined) return value;
      const kept = older.get(key);
      if (kept !== undefined) put(key, kept);
      return kept;
    },
    set: put,
  };
}
