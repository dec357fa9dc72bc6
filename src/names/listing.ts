/**
 * Who is shown the labels of a namespace, and how many of them, by the policy that the namespace states: `open` a page at
 * a time, `throttled` a few a minute to each client, `hidden` none. Whoever holds the keys sees all of them.
 */
import type { NamePolicy } from '../core/name/name-record.ts';
import { NamesError } from './names-error.ts';

export interface ListingWish {
  readonly policy: NamePolicy;
  /** Whose keys they are: the policy is for others. */
  readonly isOwner: boolean;
  /** As the throttle counts it. */
  readonly client: string;
  /** Labels after this one. */
  readonly after: string;
  readonly limit: number;
}

export interface LabelPage<Name> {
  readonly names: readonly Name[];
  /** The label after which the next page begins; null: there is none. */
  readonly next: string | null;
}

/** Labels of one page. */
export const pageMax = 100;
/** Labels of throttled namespaces that one client is shown: at once, and each minute. */
const throttledLabels = 10;
const clientsMax = 10_000;

/** One for a whole API: its throttle remembers clients, at most 10,000. */
export function createListing(
  nowMs: () => number,
): <Name extends { readonly label: string }>(all: readonly Name[], wish: ListingWish) => LabelPage<Name> {
  const shownByClient = new Map<string, { labels: number; atMs: number }>();

  /** How many labels the client may be shown now. */
  function allowance(client: string): number {
    const bucket = shownByClient.get(client);
    if (bucket === undefined) return throttledLabels;
    const back = ((nowMs() - bucket.atMs) / 60_000) * throttledLabels;
    return Math.floor(Math.min(throttledLabels, Math.max(0, throttledLabels - bucket.labels + back)));
  }

  function show(client: string, count: number): void {
    const left = allowance(client) - count;
    shownByClient.delete(client);
    shownByClient.set(client, { labels: throttledLabels - left, atMs: nowMs() });
    if (shownByClient.size > clientsMax) shownByClient.delete(shownByClient.keys().next().value!);
  }

  return (all, { policy, isOwner, client, after, limit }) => {
    if (!isOwner && policy === 'hidden')
      throw new NamesError('not-listed', 'the namespace does not let others list its names');
    const isThrottled = !isOwner && policy === 'throttled';
    const most = isThrottled ? Math.min(limit, allowance(client)) : Math.min(limit, pageMax);
    if (most === 0)
      throw new NamesError(
        'listing-throttled',
        `${throttledLabels} names a minute are shown of this namespace`,
      );
    const rest = all.filter(({ label }) => label > after);
    const names = rest.slice(0, most);
    if (isThrottled) show(client, Math.max(1, names.length));
    return { names, next: rest.length > names.length ? names.at(-1)!.label : null };
  };
}
