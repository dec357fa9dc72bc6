/**
 * A route: the answer of an adaptive resolver, signed by the agent. It declares its ttl, names its endpoints with a token
 * for each, and says what to fall back to; it is bound to the client that asked and to its question.
 *
 * Claims: iss the agent's DID, aud the client, nonce that of the question, iat, exp, ttl = exp − iat, policies, fallback,
 * endpoints [{url, token, region?, protocol?, version?}].
 */
import type { Signer } from '../../core/ed25519.ts';
import { type AgentId, agentKey, formatAgentDid } from '../../core/identity/agent-id.ts';
import type { JsonObject, JsonValue } from '../../facts/bounded-json.ts';
import { methodOfAgent } from '../../facts/issuer-keys.ts';
import { ResolutionError } from '../resolution-error.ts';
import { routeBytesMax, routeEndpointsMax, shortTextMax } from '../resolution-limits.ts';
import type { FallbackClass } from '../resolution-types.ts';
import { type Authority, assertSpeaks } from './authority.ts';
import { agentOfIssuer, assertInTime, checkGivenToken, normalUrl } from './endpoint-token.ts';
import { readStatement, secondsClaim, signStatement, textClaim } from './jws.ts';

const routeType = 'weft-route+jwt';
/** The media type of a route over HTTP. */
export const routeMediaType = 'application/jwt';
const urlLengthMax = 2048;

export interface RoutedEndpoint {
  readonly url: string;
  readonly token: string;
  readonly region: string | null;
  readonly protocol: string | null;
  readonly version: string | null;
}

export interface Route {
  readonly agentId: AgentId;
  readonly client: string;
  readonly nonce: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Those that were followed, in their order. */
  readonly policies: readonly string[];
  /** In this order, where none of the endpoints can be used; empty: nothing else may be. */
  readonly fallback: readonly FallbackClass[];
  /** The best first. */
  readonly endpoints: readonly RoutedEndpoint[];
}

export function signRoute(route: Route, signer: Signer): string {
  const { agentId, client, nonce, issuedAt, expiresAt, policies, fallback, endpoints } = route;
  const claims = {
    iss: formatAgentDid(agentId),
    aud: client,
    nonce,
    iat: issuedAt,
    exp: expiresAt,
    ttl: expiresAt - issuedAt,
    policies,
    fallback,
    endpoints: endpoints.map(({ url, token, region, protocol, version }) => ({
      url,
      token,
      ...(region !== null && { region }),
      ...(protocol !== null && { protocol }),
      ...(version !== null && { version }),
    })),
  };
  return signStatement(routeType, methodOfAgent(agentId, signer.publicKey), claims, signer);
}

/**
 * The route that the text is, if it answers that question. The cheapest checks come first. One that a delegate signed
 * ends with its grant where that is sooner.
 * @throws ResolutionError `bad-token`, `wrong-key`, `wrong-audience`, `replayed`, `expired`
 */
export function checkRoute(
  text: string,
  question: Pick<Route, 'agentId' | 'client' | 'nonce'>,
  authority: Authority,
): Route {
  const statement = readStatement(text, routeType, routeBytesMax);
  const { claims } = statement;
  const { agentId, client, nonce } = question;
  if (agentKey(agentOfIssuer(textClaim(claims, 'iss', shortTextMax))) !== agentKey(agentId))
    throw new ResolutionError('wrong-key', 'the route is that of another agent');
  if (textClaim(claims, 'aud', shortTextMax) !== client)
    throw new ResolutionError('wrong-audience', 'the route was made for another client');
  if (textClaim(claims, 'nonce', shortTextMax) !== nonce)
    throw new ResolutionError('replayed', 'the route answers another question');
  const times = { issuedAt: secondsClaim(claims, 'iat'), expiresAt: secondsClaim(claims, 'exp') };
  if (secondsClaim(claims, 'ttl') !== times.expiresAt - times.issuedAt)
    throw new ResolutionError('bad-token', 'the route declares another ttl than its times');
  assertInTime(times, authority.nowSeconds);
  const policies = listClaim(claims, 'policies').map(shortText);
  const fallback = listClaim(claims, 'fallback').map(fallbackClass);
  const given = listClaim(claims, 'endpoints').map(routedEndpoint);
  if (given.length > routeEndpointsMax)
    throw new ResolutionError('bad-token', `the route has more than ${routeEndpointsMax} endpoints`);
  const until = assertSpeaks(statement, times.issuedAt, authority);
  for (const { url, token } of given) {
    const held = checkGivenToken(token, { agentId, audience: url, client }, authority);
    if (held.expiresAt > times.expiresAt)
      throw new ResolutionError('bad-token', 'a token in the route outlives it');
  }
  const expiresAt = Math.min(times.expiresAt, until);
  return { ...question, ...times, expiresAt, policies, fallback, endpoints: given };
}

function listClaim(claims: JsonObject, name: string): readonly JsonValue[] {
  const value = claims[name];
  if (Array.isArray(value) && value.length <= 16) return value as readonly JsonValue[];
  throw new ResolutionError('bad-token', `the route declares no ${name}`);
}

function fallbackClass(value: JsonValue): FallbackClass {
  if (value === 'rotating' || value === 'static') return value;
  throw new ResolutionError('bad-token', 'the route falls back to what is neither rotating nor static');
}

function shortText(value: JsonValue): string {
  if (typeof value === 'string' && value.length <= shortTextMax) return value;
  throw new ResolutionError('bad-token', 'the route has a policy that is no short text');
}

function routedEndpoint(value: JsonValue): RoutedEndpoint {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ResolutionError('bad-token', 'the route has an endpoint that is none');
  const claims = value as JsonObject;
  const optional = (name: string): string | null =>
    claims[name] === undefined ? null : textClaim(claims, name, shortTextMax);
  const url = normalUrl(textClaim(claims, 'url', urlLengthMax));
  if (!/^(https?|wss?):$/.test(new URL(url).protocol))
    throw new ResolutionError('bad-token', 'the route has an endpoint of another scheme than https or wss');
  return {
    url,
    token: textClaim(claims, 'token', routeBytesMax),
    region: optional('region'),
    protocol: optional('protocol'),
    version: optional('version'),
  };
}
