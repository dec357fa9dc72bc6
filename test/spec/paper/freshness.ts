/** §VII-D: what is signed ends, what is revoked stays revoked, and trust is looked at anew. */
import { expect } from 'vitest';
import { createNodeCryptoVerifier } from '../../../src/adapters/native/node-crypto-verifier.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { grantBelow } from '../../../src/core/author/subgrant.ts';
import { utf8ToBytes } from '../../../src/core/bytes.ts';
import { formatAgentDid } from '../../../src/core/identity/agent-id.ts';
import { rightBits } from '../../../src/core/identity/delegation.ts';
import { assertGrantHolds } from '../../../src/core/identity/delegation-standing.ts';
import { assertNameTimely } from '../../../src/core/name/admit.ts';
import { assertTimely } from '../../../src/core/place/signed-item.ts';
import { addrExpiresAt } from '../../../src/core/record/agent-addr.ts';
import { expireState } from '../../../src/core/record/agent-state.ts';
import type { JsonObject } from '../../../src/facts/bounded-json.ts';
import { issueFacts } from '../../../src/facts/issue-facts.ts';
import { methodOfAgent } from '../../../src/facts/issuer-keys.ts';
import { verifyFacts } from '../../../src/facts/verify-facts.ts';
import { issueEndpointToken, verifyEndpointToken } from '../../../src/resolution/adaptive/endpoint-token.ts';
import { checkRoute, signRoute } from '../../../src/resolution/adaptive/route.ts';
import { createBitstring } from '../../../src/trust/bitstring.ts';
import { readTrustCredential } from '../../../src/trust/credential.ts';
import { judge } from '../../../src/trust/judge.ts';
import { issueStatusList, verifyStatusList } from '../../../src/trust/status-list.ts';
import { statusTtlSecondsDefault } from '../../../src/trust/trust-limits.ts';
import { createTrustVerifier } from '../../../src/trust/verifier/trust-verifier.ts';
import { verifyCredential } from '../../../src/trust/verify-credential.ts';
import { present, verifyPresentation } from '../../../src/trust/views/presentation.ts';
import { announced } from '../../core/capability/fixtures.ts';
import { named } from '../../core/name/fixtures.ts';
import { contextOf, resolverOf, sampleFacts, signedFacts } from '../../facts/sample-facts.ts';
import { signingKeyOf, testSigner } from '../../helpers/test-agent.ts';
import { agentOf, credentialOf, didOf, nowSeconds, policyOf, twoAudits, worldOf } from '../../trust/scene.ts';
import type { Demand } from './demand.ts';
import type { PaperScene } from './paper-scene.ts';

const [agent, root, second] = ['vii-d agent', 'vii-d root', 'vii-d second'].map(agentOf) as [
  ReturnType<typeof agentOf>,
  ReturnType<typeof agentOf>,
  ReturnType<typeof agentOf>,
];
const all = [agent, root, second];
const roots = [{ issuer: didOf(root) }, { issuer: didOf(second) }];
const { verify: check } = createNodeCryptoVerifier();
const at = (now: number) => ({ ...worldOf(all), nowSeconds: now });
const agentSigner = signingKeyOf(agent);
const by = { issuer: didOf(agent), verificationMethod: methodOfAgent(agent.agentId, agentSigner.publicKey) };
const helper = testSigner('vii-d helper');
const born = nowSeconds - 60;

/** Everything that is signed somewhere: when it ends, and what looks at it at a second. */
function signedThings(): readonly (readonly [string, number, (now: number) => unknown])[] {
  const { agentId, state } = agent;
  const facts = signedFacts({ agentId, signer: agentSigner, at: born, validitySeconds: 600 });
  const credential = credentialOf({ by: root, about: agent, at: born, lasts: 600 });
  const url = 'https://list.example/1';
  const list = issueStatusList({
    ...{ ...by, url, signer: agentSigner, purpose: 'revocation' as const },
    ...{ bitstring: createBitstring(), nowSeconds: born, ttlSeconds: 300 },
  });
  const shown = present({
    ...{ credentials: [credential], signer: agentSigner, challenge: '1', nowSeconds: born },
    ...{ holder: didOf(agent), domain: didOf(root), verificationMethod: by.verificationMethod },
    validitySeconds: 300,
  });
  const times = { issuedAt: born, expiresAt: born + 60 };
  const ends = { skill: null, region: null, id: '1', client: 'c', audience: 'https://e.example/' };
  const token = issueEndpointToken({ agentId, ...ends, ...times }, agentSigner);
  const question = { agentId, client: 'c', nonce: 'n' };
  const route = signRoute({ ...question, ...times, policies: [], fallback: [], endpoints: [] }, agentSigner);
  const grant = grantBelow({
    ...{ state, parent: null, signer: agentSigner, audience: helper.publicKey },
    ...{ rights: rightBits.facts, notBefore: born, expiresAt: born + 300, nonce: new Uint8Array(8) },
    nowSeconds: born,
  });
  const helped = issueFacts(sampleFacts(agentId), {
    ...{ issuer: didOf(agent), verificationMethod: methodOfAgent(agentId, helper.publicKey), signer: helper },
    ...{ nowSeconds: born, validitySeconds: 86_400, grant },
  });
  const name = named(agent, 'shop', { agentId }, { issuedAt: born, hours: 1 });
  const tags = announced(agent, ['/a'], born, 1);
  const recordEnd = addrExpiresAt(state.addr!);
  return [
    ['record', recordEnd, (now) => assertStands(expireState(state, now).addr)],
    ['facts', born + 600, (now) => verifyFacts(facts, contextOf([state], { nowSeconds: now }))],
    [
      'facts by a delegate',
      born + 300,
      (now) => verifyFacts(helped, contextOf([state], { nowSeconds: now })),
    ],
    ['credential', born + 600, (now) => verifyCredential(credential, at(now))],
    ['status list', born + 600, (now) => verifyStatusList(utf8ToBytes(list.text), url, at(now))],
    ['presentation', born + 300, (now) => verifyPresentation(shown, didOf(root), at(now))],
    [
      'endpoint token',
      born + 60,
      (now) =>
        verifyEndpointToken(token, { audience: ends.audience, resolve: resolverOf(state), nowSeconds: now }),
    ],
    ['route', born + 60, (now) => checkRoute(route, question, { state, check, nowSeconds: now })],
    ['grant', born + 300, (now) => assertGrantHolds(grant.chain, state, now)],
    ['name', born + 3600, (now) => assertNameTimely(name, now)],
    ['announcement', born + 3600, (now) => assertTimely(tags, now)],
  ];
}

function assertStands(addr: unknown): void {
  if (addr === null) throw Object.assign(new Error('no record'), { code: 'expired' });
}

async function codeOf(task: () => unknown): Promise<string> {
  try {
    await task();
    return 'holds';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

async function issuedAt({ host, base }: PaperScene, status: readonly ('revocation' | 'suspension')[]) {
  const { agentId: issuerId } = await host.node.agents.register({});
  const { agentId: subjectId } = await host.node.agents.register({});
  const issuer = await host.node.trust.issuer();
  const wish = { types: ['SecurityAuditCredential'], subject: formatAgentDid(subjectId), claims: {}, status };
  const one = await issuer.issue(issuerId, { ...wish, validitySeconds: 3600 }, base);
  return { issuer, issuerId, one };
}

/** A verifier at the reader that asks hosts and hears no gossip. */
async function deafVerifier({ reader }: PaperScene) {
  const fetched: string[] = [];
  const verifier = await createTrustVerifier({
    network: {
      resolve: (agentId) => reader.node.resolve(agentId),
      watch: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }),
    },
    check,
    clock: createSystemClock(),
    async fetch(place) {
      fetched.push(place);
      const answer = await fetch(place, { headers: { connection: 'close' } });
      return new Uint8Array(await answer.arrayBuffer());
    },
  });
  return { verifier, fetched };
}

const ends: readonly Demand[] = [
  {
    section: 'VII-D',
    asks: 'everything that is signed carries its end, and counts until then and no longer',
    async holds() {
      const outcomes = await Promise.all(
        signedThings().map(async ([what, end, look]) => [
          what,
          await codeOf(() => look(end - 1)),
          await codeOf(() => look(end)),
        ]),
      );
      expect(outcomes).toEqual(signedThings().map(([what]) => [what, 'holds', 'expired']));
    },
  },
];

const revocations: readonly Demand[] = [
  {
    section: 'VII-D',
    asks: 'issuers serve revocation lists, and clients ask them when they look at a credential',
    async holds(scene) {
      const { issuer, issuerId, one } = await issuedAt(scene, ['suspension']);
      const { verifier, fetched } = await deafVerifier(scene);
      await verifier.accept(one.document);
      expect(fetched).toHaveLength(1);
      expect(fetched[0]!.startsWith(scene.base)).toBe(true);
      await issuer.suspend(issuerId, one.serial, true);
      const later = await deafVerifier(scene);
      expect(await codeOf(() => later.verifier.accept(one.document))).toBe('suspended');
      verifier.stop();
      later.verifier.stop();
    },
  },
  {
    section: 'VII-D',
    asks: 'a revocation reaches who holds the credential by itself, and is never forgotten there',
    async holds(scene) {
      const { issuer, issuerId, one } = await issuedAt(scene, ['revocation']);
      const verifier = await scene.reader.node.trust.verifier();
      await verifier.accept(one.document);
      const dropped = new Promise<string>((resolve) => {
        const end = verifier.onDropped(({ digest, why }) => {
          if (digest !== one.digest) return;
          end();
          resolve(why);
        });
      });
      await issuer.revoke(issuerId, [one.serial], 'keyCompromise');
      expect(await dropped).toBe('revoked');
      expect(await codeOf(() => verifier.accept(one.document))).toBe('revoked');
    },
  },
];

const chains: readonly Demand[] = [
  {
    section: 'VII-D',
    asks: 'credentials of several issuers are linked by hash: one falls with what it leads to',
    async holds() {
      const build = credentialOf({ by: second, about: agent, types: ['BuildAttestationCredential'] });
      const links = [{ url: 'https://b.example/', digest: readTrustCredential(build).digest }];
      const bill = credentialOf({ by: root, about: agent, types: ['SoftwareBillCredential'], links });
      const chain = { credential: 'BuildAttestationCredential' };
      const policy = policyOf({
        roots,
        rules: [{ id: 'built', credential: 'SoftwareBillCredential', chain }],
        facts: { required: false },
      });
      const other = credentialOf({
        ...{ by: second, about: agent, types: ['BuildAttestationCredential'] },
        at: nowSeconds - 30,
      });
      const isTrusted = async (shown: readonly JsonObject[]) =>
        (await judge(policy, agent.agentId, null, shown, worldOf(all))).trusted;
      expect(await isTrusted([bill, build])).toBe(true);
      expect(await isTrusted([bill, other])).toBe(false);
      expect(await isTrusted([bill])).toBe(false);
    },
  },
];

const sessions: readonly Demand[] = [
  {
    section: 'VII-D',
    asks: 'the reputation of an agent is asked for anew in each session',
    async holds() {
      const policy = policyOf({
        facts: { required: false },
        reputation: { atLeast: 0.5, whenUnknown: 'refuse' },
      });
      const scores = [0.9, 0.2];
      const reputation = { source: 'ours', scoreOf: () => scores.shift() ?? null };
      const isTrusted = async () =>
        (await judge(policy, agent.agentId, null, [], { ...worldOf(all), reputation })).trusted;
      expect([await isTrusted(), await isTrusted(), await isTrusted()]).toEqual([true, false, false]);
    },
  },
  {
    section: 'VII-D',
    asks: 'caches are short: a status list lives for minutes, and so does a verdict that stands on one',
    async holds() {
      expect(statusTtlSecondsDefault).toBe(300);
      const status = [{ purpose: 'revocation' as const, list: 'https://list.example/1', index: 1 }];
      const shown = credentialOf({ by: root, about: agent, status });
      const policy = policyOf({
        roots,
        rules: [{ id: 'audit', credential: 'SecurityAuditCredential', status: true }],
        facts: { required: false },
      });
      const context = { ...worldOf(all), checkStatus: async () => undefined };
      const verdict = await judge(policy, agent.agentId, null, [shown], context);
      expect(verdict).toMatchObject({ trusted: true, validUntil: nowSeconds + 300 });
    },
  },
  {
    section: 'VII-D',
    asks: 'credentials may live for less than five minutes, signed again for who asks, until they are revoked',
    async holds({ host, base }) {
      const { agentId } = await host.node.agents.register({});
      const issuer = await host.node.trust.issuer();
      const wish = { types: ['AccessCredential'], subject: formatAgentDid(agentId), claims: {} };
      const one = await issuer.issue(agentId, { ...wish, validitySeconds: 120, renews: true }, base);
      expect(one.validUntil - one.validFrom).toBe(120);
      expect(one.renews).toBe(true);
      expect((await fetch(one.url, { headers: { connection: 'close' } })).status).toBe(200);
      await issuer.revoke(agentId, [one.serial], 'privilegeWithdrawn');
      const after = await fetch(one.url, { headers: { connection: 'close' } });
      expect(after.status).toBe(410);
    },
  },
  {
    section: 'VII-D',
    asks: 'where much is at stake several sources are asked: two independent audits, and no two of one',
    async holds() {
      const policy = policyOf({ roots, rules: [twoAudits], facts: { required: false } });
      const isTrusted = async (...issuers: readonly (typeof root)[]) => {
        const shown = issuers.map((one, index) =>
          credentialOf({ by: one, about: agent, at: nowSeconds - 60 + index }),
        );
        return (await judge(policy, agent.agentId, null, shown, worldOf(all))).trusted;
      };
      expect([await isTrusted(root), await isTrusted(root, root), await isTrusted(root, second)]).toEqual([
        false,
        false,
        true,
      ]);
    },
  },
];

export const freshnessDemands: readonly Demand[] = [...ends, ...revocations, ...chains, ...sessions];
