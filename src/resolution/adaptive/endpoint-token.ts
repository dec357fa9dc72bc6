/**
 * Tokens of endpoints: an agent says for 30 to 60 seconds that this client may call this endpoint of it. Issued by the
 * agent's resolver with its key, checked by the client that is given one and by the endpoint that is shown it.
 *
 * Claims: iss the agent's DID, aud the URL of the endpoint, sub the client, iat, exp, jti, and skill or region where asked.
 */
import {
  isAdmissiblePublicKey,
  type SignatureCheck,
  type Signer,
  verifyAdmitted,
} from '../../core/ed25519.ts';
import { type AgentId, agentKey, formatAgentDid, parseAgentId } from '../../core/identity/agent-id.ts';
import { clockSkewSecondsMax } from '../../core/limits.ts';
import type { Resolution } from '../../core/peer/effects.ts';
import { methodOfAgent } from '../../facts/issuer-keys.ts';
import { ResolutionError } from '../resolution-error.ts';
import { rememberedTokensMax, shortTextMax, tokenBytesMax, tokenSeconds } from '../resolution-limits.ts';
import { type Authority, assertSpeaks, speakingState } from './authority.ts';
import { readStatement, type Statement, secondsClaim, signStatement, textClaim } from './jws.ts';

const tokenType = 'weft-endpoint+jwt';
const urlLengthMax = 2048;

/** What a token says. */
export interface EndpointToken {
  readonly agentId: AgentId;
  /** The endpoint that it is for. */
  readonly audience: string;
  /** Who it was given to, in that one's own words. */
  readonly client: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly id: string;
  readonly skill: string | null;
  readonly region: string | null;
}

/** Signs one. The times are the caller's to bound: what is out of bounds is refused by whoever reads it. */
export function issueEndpointToken(token: EndpointToken, signer: Signer): string {
  const { agentId, audience, client, issuedAt, expiresAt, id, skill, region } = token;
  const claims = {
    iss: formatAgentDid(agentId),
    aud: audience,
    sub: client,
    iat: issuedAt,
    exp: expiresAt,
    jti: id,
    ...(skill !== null && { skill }),
    ...(region !== null && { region }),
  };
  return signStatement(tokenType, methodOfAgent(agentId, signer.publicKey), claims, signer);
}

/** What an endpoint checks a token against. */
export interface EndpointTokenContext {
  /** The URLs under which this endpoint is called; a token for another is refused. */
  readonly audience: string | readonly string[];
  /** Whose endpoint this is; left out: the agent that the token names, which the caller must then look at. */
  readonly agent?: AgentId | string;
  /** The index: `node.resolve` of a full or a light node. */
  readonly resolve: (agentId: AgentId) => Promise<Resolution>;
  /** Left out: the rule of the protocol in JavaScript. */
  readonly check?: (check: SignatureCheck) => boolean;
  /** Left out: the system's clock. */
  readonly nowSeconds?: number;
  /** Refuses a second use; left out: a token may be used until it ends. */
  readonly memory?: TokenMemory;
}

/**
 * For an endpoint, whatever serves it: the token that a caller showed, if it holds.
 * @throws ResolutionError `bad-token`, `wrong-audience`, `expired`, `wrong-key`, `replayed`, and what the index throws
 */
export async function verifyEndpointToken(
  text: string,
  context: EndpointTokenContext,
): Promise<EndpointToken> {
  const { audience, agent, resolve, check = checkByRule, memory } = context;
  const nowSeconds = context.nowSeconds ?? Math.floor(Date.now() / 1000);
  const { token, statement } = readEndpointToken(text);
  const wanted = [audience].flat().map(normalUrl);
  if (!wanted.includes(token.audience))
    throw new ResolutionError('wrong-audience', 'the token is for another endpoint', { for: token.audience });
  const own = agent === undefined ? null : typeof agent === 'string' ? parseAgentId(agent) : agent;
  if (own !== null && agentKey(own) !== agentKey(token.agentId))
    throw new ResolutionError('wrong-key', 'the token is from another agent');
  assertInTime(token, nowSeconds);
  const state = speakingState(token.agentId, await resolve(token.agentId));
  assertSpeaks(statement, token.issuedAt, { state, check, nowSeconds });
  memory?.use(token, nowSeconds);
  return token;
}

/** For a client: the token in a route, if it is what the route says. @throws ResolutionError */
export function checkGivenToken(
  text: string,
  wanted: Pick<EndpointToken, 'agentId' | 'audience' | 'client'>,
  authority: Authority,
): EndpointToken {
  const { token, statement } = readEndpointToken(text);
  if (agentKey(token.agentId) !== agentKey(wanted.agentId))
    throw new ResolutionError('wrong-key', 'a token in the route is from another agent');
  if (token.audience !== normalUrl(wanted.audience))
    throw new ResolutionError('wrong-audience', 'a token in the route is for another endpoint');
  if (token.client !== wanted.client)
    throw new ResolutionError('wrong-audience', 'a token in the route is for another client');
  assertInTime(token, authority.nowSeconds);
  assertSpeaks(statement, token.issuedAt, authority);
  return token;
}

/** Tokens that were used, until they end; bounded, and closed to new ones when it is full. */
export interface TokenMemory {
  /** @throws ResolutionError `replayed`, or `busy` when it can remember no more */
  use(token: EndpointToken, nowSeconds: number): void;
  readonly size: number;
}

export function createTokenMemory(tokensMax = rememberedTokensMax): TokenMemory {
  const endById = new Map<string, number>();
  return {
    use({ agentId, id, expiresAt }, nowSeconds) {
      const key = `${agentKey(agentId)} ${id}`;
      if (endById.has(key)) throw new ResolutionError('replayed', 'the token was used before');
      // Nearly in the order of their ends: none lives longer than a minute.
      for (const [old, end] of endById) {
        if (end > nowSeconds) break;
        endById.delete(old);
      }
      if (endById.size >= tokensMax)
        throw new ResolutionError('busy', 'more tokens are in use than can be remembered');
      endById.set(key, expiresAt);
    },
    get size() {
      return endById.size;
    },
  };
}

/** A URL as tokens name it. @throws ResolutionError `bad-token` */
export function normalUrl(text: string): string {
  if (!URL.canParse(text)) throw new ResolutionError('bad-token', 'what should be an endpoint is no URL');
  return new URL(text).href;
}

function readEndpointToken(text: string): { readonly token: EndpointToken; readonly statement: Statement } {
  const statement = readStatement(text, tokenType, tokenBytesMax);
  const { claims } = statement;
  const optional = (name: string): string | null =>
    claims[name] === undefined ? null : textClaim(claims, name, shortTextMax);
  const token = {
    agentId: agentOfIssuer(textClaim(claims, 'iss', shortTextMax)),
    audience: normalUrl(textClaim(claims, 'aud', urlLengthMax)),
    client: textClaim(claims, 'sub', shortTextMax),
    issuedAt: secondsClaim(claims, 'iat'),
    expiresAt: secondsClaim(claims, 'exp'),
    id: textClaim(claims, 'jti', shortTextMax),
    skill: optional('skill'),
    region: optional('region'),
  };
  return { token, statement };
}

/** The agent of an `iss`. @throws ResolutionError `bad-token` */
export function agentOfIssuer(did: string): AgentId {
  try {
    const agentId = parseAgentId(did);
    if (formatAgentDid(agentId) === did) return agentId;
  } catch {
    // No agent id: the same answer as for another spelling of one.
  }
  throw new ResolutionError('bad-token', 'the issuer is not the DID of an agent');
}

/** @throws ResolutionError `expired`, `bad-token` for a life of less than 30 or more than 60 seconds */
export function assertInTime(
  { issuedAt, expiresAt }: Pick<EndpointToken, 'issuedAt' | 'expiresAt'>,
  nowSeconds: number,
): void {
  const life = expiresAt - issuedAt;
  if (life < tokenSeconds.min || life > tokenSeconds.max)
    throw new ResolutionError(
      'bad-token',
      `it stands for ${life} seconds: ${tokenSeconds.min} to ${tokenSeconds.max} are taken`,
    );
  if (expiresAt <= nowSeconds) throw new ResolutionError('expired', 'it has ended', { expiresAt });
  if (issuedAt > nowSeconds + clockSkewSecondsMax)
    throw new ResolutionError('expired', 'it begins in the future', { issuedAt });
}

function checkByRule(check: SignatureCheck): boolean {
  return isAdmissiblePublicKey(check.publicKey) && verifyAdmitted(check);
}
