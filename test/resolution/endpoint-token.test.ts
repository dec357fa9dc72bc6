/** Tokens of endpoints: what is taken, what is refused, and that others can read them. */
import { importJWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { formatAgentDid } from '../../src/core/identity/agent-id.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import {
  createTokenMemory,
  type EndpointToken,
  type EndpointTokenContext,
  issueEndpointToken,
  verifyEndpointToken,
} from '../../src/resolution/adaptive/endpoint-token.ts';
import { signStatement } from '../../src/resolution/adaptive/jws.ts';
import { nowSeconds, resolverOf } from '../facts/sample-facts.ts';
import { bornAgent, ended, rotated, signingKeyOf } from '../helpers/test-agent.ts';
import { throwing } from './world.ts';

const agent = bornAgent('token agent', nowSeconds - 1000);
const other = bornAgent('token other', nowSeconds - 1000);
const signer = signingKeyOf(agent);
const url = 'https://one.example/a2a';

const tokenOf = (changes: Partial<EndpointToken> = {}): EndpointToken => ({
  agentId: agent.agentId,
  audience: url,
  client: 'a reader',
  issuedAt: nowSeconds,
  expiresAt: nowSeconds + 45,
  id: 'id-1',
  skill: null,
  region: null,
  ...changes,
});
const context = (changes: Partial<EndpointTokenContext> = {}): EndpointTokenContext => ({
  audience: url,
  agent: agent.agentId,
  resolve: resolverOf(agent.state, other.state),
  check: createNodeCryptoVerifier().verify,
  nowSeconds: nowSeconds + 1,
  ...changes,
});
const text = (changes: Partial<EndpointToken> = {}) => issueEndpointToken(tokenOf(changes), signer);

describe('a token', () => {
  it('says to the endpoint which agent let which client call it', async () => {
    const token = tokenOf({ skill: 'translate/en-es', region: 'eu' });
    expect(await verifyEndpointToken(issueEndpointToken(token, signer), context())).toEqual(token);
  });

  it('holds with the rule of the protocol in JavaScript, and for an agent that is not named', async () => {
    const { check: _check, agent: _agent, ...bare } = context();
    expect(await verifyEndpointToken(text(), bare)).toMatchObject({
      agentId: agent.agentId,
      client: 'a reader',
    });
  });

  it('may be for any of the URLs of the endpoint, in whatever spelling', async () => {
    const audience = ['https://two.example/', 'HTTPS://ONE.example:443/a2a'];
    expect(await verifyEndpointToken(text(), context({ audience }))).toMatchObject({ audience: url });
  });

  it('is a JWT to others: jose takes it with the key of the agent', async () => {
    const x = Buffer.from(signer.publicKey).toString('base64url');
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x, alg: 'EdDSA' });
    const { payload, protectedHeader } = await jwtVerify(text(), key, {
      audience: url,
      issuer: formatAgentDid(agent.agentId),
      typ: 'weft-endpoint+jwt',
      currentDate: new Date((nowSeconds + 1) * 1000),
    });
    expect(payload).toMatchObject({ sub: 'a reader', jti: 'id-1', exp: nowSeconds + 45 });
    expect(protectedHeader.kid).toBe(methodOfAgent(agent.agentId, signer.publicKey));
  });

  it.each<[string, Partial<EndpointToken>]>([
    ['wrong-audience', { audience: 'https://two.example/a2a' }],
    ['wrong-key', { agentId: other.agentId }],
    ['bad-token', { expiresAt: nowSeconds + 61 }],
    ['bad-token', { expiresAt: nowSeconds + 29 }],
    ['expired', { issuedAt: nowSeconds - 60, expiresAt: nowSeconds - 10 }],
    ['expired', { issuedAt: nowSeconds + 200, expiresAt: nowSeconds + 245 }],
    ['bad-token', { client: '' }],
    ['bad-token', { client: 'c'.repeat(129) }],
    ['bad-token', { skill: 's'.repeat(129) }],
    ['bad-token', { id: '' }],
  ])('is refused as %s: %j', async (code, changes) => {
    await expect(verifyEndpointToken(text(changes), context())).rejects.toThrow(throwing(code));
  });

  it('is refused at the second of its end, and taken a second before', async () => {
    await verifyEndpointToken(text(), context({ nowSeconds: nowSeconds + 44 }));
    await expect(verifyEndpointToken(text(), context({ nowSeconds: nowSeconds + 45 }))).rejects.toThrow(
      throwing('expired'),
    );
  });

  it('falls with the key that signed it, and with its agent', async () => {
    const after = rotated(agent, nowSeconds);
    for (const state of [after.state, ended(agent, nowSeconds).state])
      await expect(verifyEndpointToken(text(), context({ resolve: resolverOf(state) }))).rejects.toThrow(
        throwing('wrong-key'),
      );
    const anew = issueEndpointToken(tokenOf(), signingKeyOf(after));
    expect(await verifyEndpointToken(anew, context({ resolve: resolverOf(after.state) }))).toEqual(tokenOf());
    await expect(verifyEndpointToken(text(), context({ resolve: resolverOf() }))).rejects.toThrow(
      throwing('wrong-key'),
    );
  });

  it('is refused when any of its bytes is another, and when it is no token at all', async () => {
    const good = text();
    for (const at of [3, good.indexOf('.') + 9, good.length - 7]) {
      const altered = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1);
      await expect(verifyEndpointToken(altered, context())).rejects.toMatchObject({
        name: 'ResolutionError',
      });
    }
    for (const bad of ['', '..', 'a.b.c', `${good}.x`, `${good}=`, 'x'.repeat(5000)])
      await expect(verifyEndpointToken(bad, context())).rejects.toThrow(throwing('bad-token'));
  });

  it('of another type, algorithm or header is none', async () => {
    const kid = methodOfAgent(agent.agentId, signer.publicKey);
    const claims = JSON.parse(Buffer.from(text().split('.')[1]!, 'base64url').toString()) as object;
    const route = signStatement('weft-route+jwt', kid, claims as never, signer);
    await expect(verifyEndpointToken(route, context())).rejects.toThrow(throwing('bad-token'));
    const [, payload, signature] = text().split('.') as [string, string, string];
    for (const header of [
      { alg: 'none', kid, typ: 'weft-endpoint+jwt' },
      { alg: 'HS256', kid, typ: 'weft-endpoint+jwt' },
      { alg: 'EdDSA', kid, typ: 'weft-endpoint+jwt', jwk: { kty: 'OKP' } },
      { alg: 'EdDSA', kid, typ: 'weft-endpoint+jwt', crit: ['x'], x: 1 },
      { alg: 'EdDSA', typ: 'weft-endpoint+jwt' },
    ]) {
      const made = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.${signature}`;
      await expect(verifyEndpointToken(made, context())).rejects.toThrow(throwing('bad-token'));
    }
  });
});

describe('the memory of tokens', () => {
  it('refuses the second use, and forgets what has ended', async () => {
    const memory = createTokenMemory();
    await verifyEndpointToken(text(), context({ memory }));
    await expect(verifyEndpointToken(text(), context({ memory }))).rejects.toThrow(throwing('replayed'));
    const later = { issuedAt: nowSeconds + 50, expiresAt: nowSeconds + 95, id: 'id-2' };
    await verifyEndpointToken(text(later), context({ memory, nowSeconds: nowSeconds + 51 }));
    expect(memory.size).toBe(1);
  });

  it('does not remember what does not hold: nobody spends the token of another', async () => {
    const memory = createTokenMemory();
    const forged = issueEndpointToken(tokenOf(), signingKeyOf(other));
    await expect(verifyEndpointToken(forged, context({ memory }))).rejects.toThrow(throwing('wrong-key'));
    await verifyEndpointToken(text(), context({ memory }));
  });

  it('is closed when it is full', () => {
    const memory = createTokenMemory(3);
    for (let index = 0; index < 3; index++) memory.use(tokenOf({ id: `${index}` }), nowSeconds);
    expect(() => memory.use(tokenOf({ id: 'more' }), nowSeconds)).toThrow(throwing('busy'));
    memory.use(tokenOf({ id: 'more', expiresAt: nowSeconds + 90 }), nowSeconds + 45);
    expect(memory.size).toBe(1);
  });
});
