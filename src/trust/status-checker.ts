/**
 * Looks statuses up: fetches lists through whoever may fetch, verifies them, keeps each for its ttl, and refuses whatever
 * it cannot tell. Bounds: lists kept, fetches under way, and how often a list that failed is asked for.
 */
import { isProtocolError } from '../core/errors.ts';
import { FactsError } from '../facts/facts-error.ts';
import type { StatusCheck } from '../facts/status-entry.ts';
import { hasBit } from './bitstring.ts';
import { type StatusList, verifyStatusList } from './status-list.ts';
import { statusListsKeptMax } from './trust-limits.ts';
import type { CredentialContext } from './verify-credential.ts';

const fetchesMax = 8;
/** A list that failed is not asked for again at once. */
const failedSecondsMax = 5;

export interface StatusChecker {
  readonly check: StatusCheck;
  /** That version of a list is over. The URL of the list; null: it is none that was looked at. */
  drop(digest: string): string | null;
  /** Whatever that issuer signed. */
  dropIssuer(issuer: string): void;
  readonly size: number;
}

export interface StatusCheckerParts {
  /** The bytes at a URL that a stranger chose, past a guard. @throws FactsError */
  readonly fetch: (url: string) => Promise<Uint8Array>;
  /** What verifying stands on, now. */
  readonly context: () => Omit<CredentialContext, 'checkStatus'>;
}

export function createStatusChecker({ fetch, context }: StatusCheckerParts): StatusChecker {
  /** The longest unused first. */
  const lists = new Map<string, StatusList>();
  const failures = new Map<string, { readonly error: FactsError; readonly until: number }>();
  /** Which form of each was seen last, and when it was signed: no host brings an older one back. */
  const newest = new Map<string, Pick<StatusList, 'validFrom' | 'digest'>>();
  const underWay = new Map<string, Promise<StatusList>>();

  async function load(url: string): Promise<StatusList> {
    const list = await verifyStatusList(await fetch(url), url, context());
    if (list.validFrom < (newest.get(url)?.validFrom ?? 0))
      throw new FactsError('status-unknown', 'the host shows an older list than it did before', { url });
    const { validFrom, digest } = list;
    keep(newest, url, { validFrom, digest }, 4 * statusListsKeptMax);
    keep(lists, url, list, statusListsKeptMax);
    return list;
  }

  async function fetched(url: string): Promise<StatusList> {
    const now = context().nowSeconds;
    const failed = failures.get(url);
    if (failed !== undefined && failed.until > now) throw failed.error;
    const running = underWay.get(url);
    if (running !== undefined) return running;
    if (underWay.size >= fetchesMax)
      throw new FactsError('status-unknown', 'too many status lists are being fetched: try again');
    const loading = load(url).finally(() => underWay.delete(url));
    underWay.set(url, loading);
    try {
      return await loading;
    } catch (error) {
      const refusal = refusalOf(error, url);
      keep(failures, url, { error: refusal, until: now + failedSecondsMax }, statusListsKeptMax);
      throw refusal;
    }
  }

  async function listOf(url: string): Promise<StatusList> {
    const { nowSeconds, isRevoked } = context();
    const kept = lists.get(url);
    const isOver =
      kept === undefined || kept.freshUntil <= nowSeconds || isRevoked?.(kept.digest, kept.issuer) === true;
    if (isOver) {
      lists.delete(url);
      return fetched(url);
    }
    keep(lists, url, kept, statusListsKeptMax);
    return kept;
  }

  return {
    async check(entry, issuer) {
      const list = await listOf(entry.list);
      if (list.issuer !== issuer)
        throw new FactsError('bad-status', 'the status list is signed by another than the credential', {
          issuer: list.issuer,
        });
      if (!list.purposes.includes(entry.purpose))
        throw new FactsError('bad-status', `the list is not for ${entry.purpose}`);
      if (entry.index >= list.bitstring.length * 8)
        throw new FactsError('bad-status', 'statusListIndex lies outside the list', { index: entry.index });
      if (!hasBit(list.bitstring, entry.index)) return;
      if (entry.purpose === 'revocation')
        throw new FactsError('revoked', 'the credential was revoked: its status list says so');
      throw new FactsError('suspended', 'the credential is suspended: its status list says so');
    },
    drop(digest) {
      const [url] = [...newest].find(([, form]) => form.digest === digest) ?? [];
      if (url === undefined) return null;
      lists.delete(url);
      failures.delete(url);
      return url;
    },
    dropIssuer(issuer) {
      for (const [url, list] of lists) if (list.issuer === issuer) lists.delete(url);
    },
    get size() {
      return lists.size;
    },
  };
}

/** What was wrong with the list stays what it is; that it was not to be had is one thing. */
function refusalOf(error: unknown, url: string): FactsError {
  if (error instanceof FactsError) {
    const { code } = error;
    if (code === 'bad-status' || code === 'status-unknown') return error;
    return new FactsError('status-unknown', `the status list does not help (${code}): ${error.message}`, {
      url,
    });
  }
  if (isProtocolError(error)) return new FactsError('status-unknown', error.message, { url });
  throw error;
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}
