/** Regions as labels from the general to the special: `eu`, `eu-west`, `eu-west-1`, `eu/de/fra`. */

/** How much of the way two regions share: 0 none, or one of them is not said. Case does not count. */
export function nearness(left: string | null, right: string | null): number {
  if (left === null || right === null) return 0;
  const [one, other] = [partsOf(left), partsOf(right)];
  let shared = 0;
  while (shared < one.length && shared < other.length && one[shared] === other[shared]) shared++;
  // The very same place is nearer than one inside it.
  return shared === one.length && shared === other.length ? shared + 0.5 : shared;
}

function partsOf(region: string): string[] {
  return region
    .toLowerCase()
    .split(/[-/._:]+/)
    .filter((part) => part !== '');
}
