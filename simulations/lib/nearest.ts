import { compareDistance, type KadId } from '../../src/core/overlay/distance.ts';

/** The `count` nearest to the target, nearest first. */
export function nearestOf<Place extends { readonly kadId: KadId }>(
  places: readonly Place[],
  target: KadId,
  count: number,
): Place[] {
  const nearest: Place[] = [];
  for (const place of places) {
    const isFull = nearest.length === count;
    if (isFull && compareDistance(target, place.kadId, nearest[count - 1]!.kadId) >= 0) continue;
    if (isFull) nearest.pop();
    let index = nearest.length;
    while (index > 0 && compareDistance(target, place.kadId, nearest[index - 1]!.kadId) < 0) index--;
    nearest.splice(index, 0, place);
  }
  return nearest;
}
