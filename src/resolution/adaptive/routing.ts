/** Reads a routing: held to its schema, its URLs in one form, every choice made. */
import { Ajv, type ValidateFunction } from 'ajv';
import { readJsonObject } from '../../facts/bounded-json.ts';
import { parseMultikey } from '../../facts/multikey.ts';
import { ResolutionError } from '../resolution-error.ts';
import { tokenSeconds } from '../resolution-limits.ts';
import { normalUrl } from './endpoint-token.ts';
import { type Routing, type RoutingDraft, routingSchema } from './routing-schema.ts';

let check: ValidateFunction | null = null;

/** @throws ResolutionError `bad-routing` */
export function readRouting(value: unknown): Routing {
  const draft = draftOf(value);
  const urls = draft.endpoints.map(({ url }) => normalUrl(url));
  if (new Set(urls).size < urls.length) throw bad('an endpoint stands there twice');
  const keys = draft.endpoints.flatMap(({ key }) => key ?? []);
  if (keys.some((key) => parseMultikey(key) === null)) throw bad('a key is not one of Ed25519');
  return {
    endpoints: draft.endpoints.map((place, index) => ({ ...place, url: urls[index]! })),
    policies: draft.policies ?? ['capability', 'geo', 'load'],
    ttlSeconds: draft.ttlSeconds ?? tokenSeconds.default,
    fallback: draft.fallback ?? ['rotating', 'static'],
    answers: draft.answers ?? 2,
    shield: draft.shield ?? { endpoints: 2, requestsPerMinute: 60 },
  };
}

function draftOf(value: unknown): RoutingDraft {
  let object: unknown;
  try {
    object = readJsonObject(value);
  } catch (error) {
    throw bad((error as Error).message);
  }
  check ??= new Ajv({ strict: false }).compile(routingSchema);
  if (check(object)) return object as RoutingDraft;
  const [error] = check.errors ?? [];
  throw bad(`${error?.instancePath || '/'} ${error?.message ?? 'does not fit the schema'}`);
}

function bad(what: string): ResolutionError {
  return new ResolutionError('bad-routing', `the routing cannot be followed: ${what}`);
}
