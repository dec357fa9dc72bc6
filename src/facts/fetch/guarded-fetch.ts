/**
 * One GET, or POST, of a URL that a stranger chose. Each hop is judged: scheme, user information, and every address that its name
 * resolves to; the connection goes to those very addresses, so that a name cannot change its mind in between. Bounded in
 * hops, bytes and time.
 */
import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { FactsError } from '../facts-error.ts';
import { isPublicAddress } from './address-rules.ts';

export interface FetchRules {
  /** Also addresses of this machine and of private networks. */
  readonly allowPrivate: boolean;
  readonly bytesMax: number;
  /** For all hops together. */
  readonly timeoutMs: number;
  readonly accept: string;
  readonly userAgent: string;
  /** What is posted, as JSON; it goes to that URL alone, and no redirect is followed. Left out: a GET. */
  readonly body?: string;
  /** Ends it sooner. */
  readonly signal?: AbortSignal;
  /** Left out: the system's. */
  readonly lookup?: typeof systemLookup;
}

export interface Fetched {
  /** Of the last hop. */
  readonly url: string;
  readonly bytes: Uint8Array;
  /** Lower case, without parameters. */
  readonly contentType: string;
}

const redirectsMax = 3;
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const timeoutCodes: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** @throws FactsError `bad-url`, `unsafe-address`, `unreachable`, `too-slow`, `too-large`, `bad-answer` */
export async function guardedFetch(url: string, rules: FetchRules): Promise<Fetched> {
  const agent = new Agent({
    connect: { lookup: guardedLookup(rules), timeout: rules.timeoutMs },
    headersTimeout: rules.timeoutMs,
    bodyTimeout: rules.timeoutMs,
    // One answer is read: nothing that a server keeps open outlives it.
    pipelining: 0,
  });
  const timeout = AbortSignal.timeout(Math.ceil(rules.timeoutMs));
  const signal = rules.signal === undefined ? timeout : AbortSignal.any([timeout, rules.signal]);
  try {
    let place = checkedUrl(url, rules);
    for (let hop = 0; hop <= redirectsMax; hop++) {
      const next = await oneHop(place, agent, rules, signal);
      if ('bytes' in next) return next;
      if (rules.body !== undefined) throw new FactsError('bad-answer', 'a redirect of what was posted');
      place = redirected(place, next.location, rules);
    }
    throw new FactsError('bad-answer', `more than ${redirectsMax} redirects`);
  } catch (error) {
    throw factsErrorOf(error, url);
  } finally {
    await agent.destroy();
  }
}

async function oneHop(
  place: URL,
  agent: Agent,
  { accept, userAgent, bytesMax, body: posted }: FetchRules,
  signal: AbortSignal,
): Promise<Fetched | { readonly location: string }> {
  const answer = await request(place, {
    dispatcher: agent,
    signal,
    // Nothing compressed: what is small on the wire could be large here.
    headers: {
      ...{ accept, 'user-agent': userAgent, 'accept-encoding': 'identity' },
      ...(posted !== undefined && { 'content-type': 'application/json' }),
    },
    ...(posted !== undefined && { method: 'POST', body: posted }),
  });
  const { statusCode, headers, body } = answer;
  // Whoever reads the body is told of its failures; one that is thrown away tells nobody.
  body.on('error', () => undefined);
  if (redirectStatuses.has(statusCode)) {
    body.destroy();
    const { location } = headers;
    if (typeof location !== 'string') throw new FactsError('bad-answer', 'a redirect without a target');
    return { location };
  }
  if (statusCode !== 200) {
    body.destroy();
    throw new FactsError('bad-answer', `the host answered ${statusCode}`, { status: statusCode });
  }
  const contentType = String(headers['content-type'] ?? '')
    .split(';')[0]!
    .trim()
    .toLowerCase();
  return { url: place.href, bytes: await readBounded(body, bytesMax), contentType };
}

async function readBounded(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > bytesMax)
      throw new FactsError('too-large', `the answer has more than ${bytesMax} bytes`, { most: bytesMax });
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function redirected(from: URL, location: string, rules: FetchRules): URL {
  if (!URL.canParse(location, from.href)) throw new FactsError('bad-answer', 'a redirect to what is no URL');
  const place = checkedUrl(new URL(location, from.href).href, rules);
  if (from.protocol === 'https:' && place.protocol !== 'https:')
    throw new FactsError('bad-url', 'a redirect from https to http');
  return place;
}

/** What can be judged before a name is resolved: an address in its place is never resolved at all. */
function checkedUrl(text: string, rules: FetchRules): URL {
  const place = URL.canParse(text) ? new URL(text) : null;
  if (place === null || (place.protocol !== 'https:' && place.protocol !== 'http:'))
    throw new FactsError('bad-url', 'not a URL of http or https');
  if (place.username !== '' || place.password !== '')
    throw new FactsError('bad-url', 'a URL with user information');
  const host = place.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0) assertAllowed(host, host, rules);
  return place;
}

/** The system's answer, refused as a whole when one of its addresses is not allowed. */
function guardedLookup(rules: FetchRules): LookupFunction {
  const lookup = rules.lookup ?? systemLookup;
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '');
        return;
      }
      try {
        if (addresses.length === 0) throw new FactsError('unreachable', `${host} has no address`);
        for (const { address } of addresses) assertAllowed(address, host, rules);
      } catch (refusal) {
        callback(refusal as NodeJS.ErrnoException, '');
        return;
      }
      const [first] = addresses;
      if (options.all) callback(null, addresses);
      else callback(null, first!.address, first!.family);
    });
  };
}

function assertAllowed(address: string, host: string, { allowPrivate }: FetchRules): void {
  if (allowPrivate || isPublicAddress(address)) return;
  throw new FactsError('unsafe-address', `${host} is not an address of the public Internet`, { host });
}

function factsErrorOf(error: unknown, url: string): unknown {
  if (error instanceof FactsError) return error;
  const { code = '', name = '', cause } = error as { code?: string; name?: string; cause?: unknown };
  if (cause instanceof FactsError) return cause;
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  if (name === 'TimeoutError' || timeoutCodes.has(code))
    return new FactsError('too-slow', `${host} takes too long`, { host });
  return new FactsError('unreachable', `${host} does not answer (${code === '' ? name : code})`, { host });
}
