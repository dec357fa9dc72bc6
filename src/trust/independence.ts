/**
 * How many credentials count as independent of one another: each has an issuer of its own and stands under a root of its
 * own, so that copies under one root, and one issuer with two names, count once. A maximum matching of issuers and roots.
 */

/** One issuer, by the key that it signs with, and the roots that vouch for it. */
export interface Vouched {
  readonly key: string;
  readonly roots: readonly string[];
}

/** Which keys are matched, each with a root that no other has. The more, the better; the order breaks ties. */
export function matchIndependent(issuers: readonly Vouched[]): ReadonlyMap<string, string> {
  const rootsByKey = new Map<string, Set<string>>();
  for (const { key, roots } of issuers) {
    const known = rootsByKey.get(key) ?? new Set<string>();
    for (const root of roots) known.add(root);
    rootsByKey.set(key, known);
  }
  const keyByRoot = new Map<string, string>();

  function place(key: string, tried: Set<string>): boolean {
    for (const root of rootsByKey.get(key) ?? []) {
      if (tried.has(root)) continue;
      tried.add(root);
      const holder = keyByRoot.get(root);
      if (holder === undefined || place(holder, tried)) {
        keyByRoot.set(root, key);
        return true;
      }
    }
    return false;
  }

  for (const key of rootsByKey.keys()) place(key, new Set());
  return new Map([...keyByRoot].map(([root, key]) => [key, root]));
}
