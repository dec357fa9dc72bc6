/** What a zone makes of an agent: roots, thresholds, independence, cross-signing, chains, reputation; and attacks on each. */
import { describe, expect, it } from 'vitest';
import { hexToBytes } from '../../src/core/bytes.ts';
import { createRevocation } from '../../src/core/identity/revocation.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { digestMultibaseOf, readTrustCredential } from '../../src/trust/credential.ts';
import { judge } from '../../src/trust/judge.ts';
import { type ReputationProvider, reputationOfText } from '../../src/trust/reputation.ts';
import { ended, rotated, signingKeyOf, type TestAgent } from '../helpers/test-agent.ts';
import {
  agentOf,
  credentialByKey,
  credentialOf,
  crossSigning,
  didOf,
  factsOf,
  keyCredential,
  nowSeconds,
  policyOf,
  throwing,
  twoAudits,
  worldOf,
} from './scene.ts';

const [agent, other, root, second, auditor, third] = [
  'agent',
  'other',
  'root',
  'second',
  'auditor',
  'third',
].map(agentOf) as [TestAgent, TestAgent, TestAgent, TestAgent, TestAgent, TestAgent];
const world = worldOf([agent, other, root, second, auditor, third]);
const roots = [{ issuer: didOf(root) }, { issuer: didOf(second) }];
const strict = policyOf({ roots, rules: [twoAudits], facts: { required: false } });
const judged = (shown: readonly unknown[], policy = strict, context = world) =>
  judge(policy, agent.agentId, null, shown, context);
const digestOf = (document: JsonObject): string => readTrustCredential(document).digest;

describe('two independent audits', () => {
  const byRoot = credentialOf({ by: root, about: agent });
  const bySecond = credentialOf({ by: second, about: agent });

  it('of two roots are enough, and the verdict says which they were', async () => {
    const verdict = await judged([byRoot, bySecond]);
    expect(verdict).toMatchObject({
      trusted: true,
      zone: 'acme',
      rules: [{ rule: 'two-audits', passed: true, satisfy: null }],
    });
    expect(new Set(verdict.rules[0]!.by)).toEqual(new Set([digestOf(byRoot), digestOf(bySecond)]));
    expect(verdict.issuers).toEqual(expect.arrayContaining([didOf(root), didOf(second)]));
    expect(verdict.validUntil).toBe(nowSeconds - 60 + 86_400);
  });

  it('are not one audit, nor the same one twice, and the verdict says what is missing', async () => {
    for (const shown of [[byRoot], [byRoot, byRoot]]) {
      const verdict = await judged(shown);
      expect(verdict.trusted).toBe(false);
      expect(verdict.rules[0]).toMatchObject({ passed: false });
      expect(verdict.rules[0]!.found).toMatch(/^1 of 2 independent SecurityAuditCredential/);
      expect(verdict.rules[0]!.satisfy).toContain(`under another root than ${didOf(root)}`);
      expect(verdict.rules[0]!.satisfy).toContain('show 1 more');
    }
  });

  it('are not two audits of one root', async () => {
    expect(
      (await judged([byRoot, credentialOf({ by: root, about: agent, at: nowSeconds - 30 })])).trusted,
    ).toBe(false);
  });

  it('are not those of a root and of somebody whom it cross-signed', async () => {
    const policy = policyOf({
      roots,
      rules: [twoAudits],
      facts: { required: false },
      crossSigning: { depthMax: 2 },
    });
    const byAuditor = credentialOf({ by: auditor, about: agent });
    const vouched = crossSigning(root, auditor);
    const verdict = await judged([byRoot, byAuditor, vouched], policy);
    expect(verdict.trusted).toBe(false);
    expect(verdict.rules[0]!.found).toContain('1 more stand under the same root or issuer');
    expect((await judged([bySecond, byAuditor, vouched], policy)).trusted).toBe(true);
    expect((await judged([byRoot, byAuditor, vouched, crossSigning(second, auditor)], policy)).trusted).toBe(
      true,
    );
  });

  it('are never the agent’s own, also when it is a root, also under another name of its key', async () => {
    const own = credentialOf({ by: agent, about: agent });
    const named = credentialByKey(signingKeyOf(agent), agent);
    const policy = policyOf({
      roots: [...roots, { issuer: didOf(agent) }, { issuer: named.did }],
      rules: [twoAudits],
    });
    const facts = await factsOf(agent);
    const verdict = await judge(policy, agent.agentId, facts, [byRoot, own, named.document], world);
    expect(verdict.trusted).toBe(false);
    expect(verdict.rules.find(({ rule }) => rule === 'two-audits')!.found).toMatch(
      /the agent issued it itself.*the agent issued it itself/,
    );
  });

  it('are not one key under two names', async () => {
    const named = credentialByKey(signingKeyOf(root), agent);
    const policy = policyOf({
      roots: [...roots, { issuer: named.did }],
      rules: [twoAudits],
      facts: { required: false },
    });
    expect((await judged([byRoot, named.document], policy)).trusted).toBe(false);
  });

  it('may come from a key alone', async () => {
    const named = keyCredential('trust key issuer', agent);
    const policy = policyOf({
      roots: [...roots, { issuer: named.did }],
      rules: [twoAudits],
      facts: { required: false },
    });
    expect((await judged([byRoot, named.document], policy)).trusted).toBe(true);
  });
});

describe('a credential does not count', () => {
  const one = policyOf({
    roots,
    rules: [{ id: 'audit', credential: 'SecurityAuditCredential' }],
    facts: { required: false },
  });
  const good = credentialOf({ by: root, about: agent });
  const proof = good['proof'] as JsonObject;
  const cases: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['about another agent', () => credentialOf({ by: root, about: other }), /speaks of another agent/],
    [
      'by somebody unknown to the zone',
      () => credentialOf({ by: third, about: agent }),
      /no root of the zone/,
    ],
    [
      'by an agent that nobody knows',
      () => credentialOf({ by: agentOf('stranger'), about: agent }),
      /issuer-unknown/,
    ],
    [
      'that has ended',
      () => credentialOf({ by: root, about: agent, at: nowSeconds - 7200, lasts: 3600 }),
      /expired/,
    ],
    [
      'from the future',
      () => credentialOf({ by: root, about: agent, at: nowSeconds + 7200 }),
      /not-yet-valid/,
    ],
    [
      'that was altered',
      () => ({ ...good, credentialSubject: { id: didOf(agent), result: 'better' } }),
      /bad-proof/,
    ],
    [
      'whose proof is another’s',
      () => ({ ...good, proof: credentialOf({ by: second, about: agent })['proof'] }),
      /wrong-issuer/,
    ],
    ['whose issuer was swapped', () => ({ ...good, issuer: didOf(second) }), /wrong-issuer/],
    ['with two proofs', () => ({ ...good, proof: [proof, proof] }), /unsupported-proof/],
    [
      'larger than is taken',
      () => ({ ...good, name: Array.from({ length: 9 }, () => 'x'.repeat(4000)) }),
      /too-large/,
    ],
    [
      'with a status that nobody can check',
      () =>
        credentialOf({
          by: root,
          about: agent,
          status: [{ purpose: 'revocation', index: 1, list: 'https://a.example/s' }],
        }),
      /unsupported-status/,
    ],
  ];
  it.each(cases)('%s', async (_what, make, why) => {
    const verdict = await judged([make()], one);
    expect(verdict.trusted).toBe(false);
    const [finding] = verdict.credentials;
    const said = `${finding!.code}: ${finding!.why} ${verdict.rules[0]!.found}`;
    expect(said).toMatch(why);
  });

  it('of another type, or with another result', async () => {
    expect(
      (await judged([credentialOf({ by: root, about: agent, types: ['OtherCredential'] })], one)).trusted,
    ).toBe(false);
    const passing = policyOf({
      roots,
      rules: [{ id: 'audit', credential: 'SecurityAuditCredential', claims: { 'result.grade': 'A' } }],
      facts: { required: false },
    });
    expect((await judged([good], passing)).rules[0]!.found).toContain('its result.grade is not A');
    const graded = credentialOf({ by: root, about: agent, claims: { result: { grade: 'A' } } });
    expect((await judged([graded], passing)).trusted).toBe(true);
  });

  it('older or longer-lived than the rule takes; one of two minutes does', async () => {
    const rule = {
      id: 'fresh',
      credential: 'SecurityAuditCredential',
      maxAgeSeconds: 120,
      maxLifetimeSeconds: 300,
    };
    const policy = policyOf({ roots, rules: [rule], facts: { required: false } });
    expect(
      (await judged([credentialOf({ by: root, about: agent, at: nowSeconds - 200, lasts: 300 })], policy))
        .rules[0]!.found,
    ).toContain('older than 120');
    expect((await judged([good], policy)).rules[0]!.found).toContain('lives longer than 300');
    expect(
      (await judged([credentialOf({ by: root, about: agent, at: nowSeconds - 20, lasts: 120 })], policy))
        .trusted,
    ).toBe(true);
  });

  it('once its issuer revokes it, after signing', async () => {
    const { keyState } = root.state;
    const revoke = (target: JsonObject, by: TestAgent) =>
      createRevocation({
        ...{
          agentId: by.agentId,
          kind: 'credential',
          establishment: by.state.keyState.establishment,
          depth: 0,
          chain: [],
        },
        ...{ target: hexToBytes(digestOf(target)), reason: 'privilegeWithdrawn', signer: signingKeyOf(by) },
        ...{ issuedAt: nowSeconds - 10, expiresAt: nowSeconds + 86_400 },
      });
    expect(keyState.status).toBe('active');
    const revoked = { ...root, state: { ...root.state, revocations: [revoke(good, root)] } };
    const verdict = await judged([good], one, worldOf([agent, revoked]));
    expect(verdict.credentials[0]).toMatchObject({ holds: false, code: 'revoked' });
    // Somebody else's revocation of it says nothing.
    const meddling = { ...other, state: { ...other.state, revocations: [revoke(good, other)] } };
    expect((await judged([good], one, worldOf([agent, root, meddling]))).trusted).toBe(true);
  });

  it('once its issuer is revoked, or has other keys; signed anew it does', async () => {
    const over = ended(root, nowSeconds - 10);
    expect((await judged([good], one, worldOf([agent, over]))).credentials[0]).toMatchObject({
      code: 'issuer-not-active',
    });
    const turned = rotated(root, nowSeconds - 50_000);
    expect((await judged([good], one, worldOf([agent, turned]))).credentials[0]).toMatchObject({
      code: 'key-not-current',
    });
    expect(
      (await judged([credentialOf({ by: turned, about: agent })], one, worldOf([agent, turned]))).trusted,
    ).toBe(true);
  });

  it('among more than are judged at once', async () => {
    await expect(
      judged(
        Array.from({ length: 65 }, () => good),
        one,
      ),
    ).rejects.toThrow(throwing('too-many-credentials'));
    expect((await judged([null, 7, 'x', [], {}, good], one)).trusted).toBe(true);
  });
});

describe('cross-signing between zones', () => {
  const rule = { id: 'audit', credential: 'SecurityAuditCredential' };
  const zone = (crossing: object | undefined) =>
    policyOf({
      roots: [{ issuer: didOf(root) }],
      rules: [rule],
      facts: { required: false },
      ...(crossing && { crossSigning: crossing }),
    });
  const byThird = credentialOf({ by: third, about: agent });
  const open = zone({ depthMax: 2 });

  it('makes an issuer count, and the verdict shows the way', async () => {
    const verdict = await judged([byThird, crossSigning(root, third)], open);
    expect(verdict.trusted).toBe(true);
    expect(verdict.credentials[0]!.path).toEqual([didOf(root), didOf(third)]);
  });

  it('goes as deep as the policy and every signature on the way allow', async () => {
    const deep = [byThird, crossSigning(root, second, { depth: 1 }), crossSigning(second, third)];
    expect((await judged(deep, open)).trusted).toBe(true);
    expect((await judged(deep, zone({ depthMax: 1 }))).trusted).toBe(false);
    expect(
      (await judged([byThird, crossSigning(root, second, { depth: 0 }), crossSigning(second, third)], open))
        .trusted,
    ).toBe(false);
  });

  it.each<readonly [string, readonly JsonObject[], object | undefined]>([
    ['is not wanted', [crossSigning(root, third)], undefined],
    ['is for another zone', [crossSigning(root, third, { zone: 'other' })], { depthMax: 2 }],
    ['is for other types', [crossSigning(root, third, { types: ['OtherCredential'] })], { depthMax: 2 }],
    ['names no types', [crossSigning(root, third, { types: 'SecurityAuditCredential' })], { depthMax: 2 }],
    ['is by somebody who is not trusted', [crossSigning(second, third)], { depthMax: 2 }],
    ['is the issuer’s own', [crossSigning(third, third)], { depthMax: 2 }],
    [
      'goes in a circle',
      [crossSigning(second, third, { depth: 4 }), crossSigning(third, second, { depth: 4 })],
      { depthMax: 4 },
    ],
    [
      'is not for these types by the policy',
      [crossSigning(root, third)],
      { depthMax: 2, types: ['OtherCredential'] },
    ],
  ])('counts for nothing where it %s', async (_what, signings, crossing) => {
    expect((await judged([byThird, ...signings], zone(crossing))).trusted).toBe(false);
  });

  it('ends with the cross-signing', async () => {
    const short = credentialOf({
      by: root,
      about: third,
      types: ['CrossSigningCredential'],
      claims: { zone: 'acme', types: ['SecurityAuditCredential'], depth: 0 },
      lasts: 120,
    });
    const verdict = await judged([byThird, short], open);
    expect(verdict.validUntil).toBe(nowSeconds - 60 + 120);
    expect(verdict.issuers).toContain(didOf(root));
  });

  it('lets a root of one type vouch for that type alone', async () => {
    const narrow = policyOf({
      roots: [{ issuer: didOf(root), types: ['OtherCredential'] }],
      rules: [rule],
      facts: { required: false },
      crossSigning: { depthMax: 2 },
    });
    expect(
      (await judged([credentialOf({ by: root, about: agent }), crossSigning(root, third), byThird], narrow))
        .trusted,
    ).toBe(false);
  });
});

describe('chains by hash', () => {
  const build = credentialOf({
    by: second,
    about: agent,
    types: ['BuildAttestationCredential'],
    claims: { sbom: digestMultibaseOf('ab'.repeat(32)) },
  });
  const rule = {
    id: 'sbom',
    credential: 'SoftwareBillCredential',
    chain: { credential: 'BuildAttestationCredential', depthMax: 2 },
  };
  const policy = policyOf({ roots, rules: [rule], facts: { required: false } });
  const linkTo = (document: JsonObject) => [{ url: 'https://a.example/build', digest: digestOf(document) }];
  const bill = credentialOf({
    by: root,
    about: agent,
    types: ['SoftwareBillCredential'],
    links: linkTo(build),
  });

  it('lead to what they name, when it is shown and holds', async () => {
    expect((await judged([bill, build], policy)).trusted).toBe(true);
    expect((await judged([bill], policy)).rules[0]!.found).toContain(
      'does not lead to a BuildAttestationCredential',
    );
  });

  it('break with a link that is another, that does not hold, or that nobody trusts', async () => {
    const later = credentialOf({
      by: second,
      about: agent,
      types: ['BuildAttestationCredential'],
      at: nowSeconds - 30,
    });
    expect((await judged([bill, later], policy)).trusted).toBe(false);
    const untrusted = credentialOf({ by: third, about: agent, types: ['BuildAttestationCredential'] });
    const toUntrusted = credentialOf({
      by: root,
      about: agent,
      types: ['SoftwareBillCredential'],
      links: linkTo(untrusted),
    });
    expect((await judged([toUntrusted, untrusted], policy)).trusted).toBe(false);
  });

  it('go over others, as far as the rule says', async () => {
    const middle = credentialOf({ by: third, about: agent, types: ['NoteCredential'], links: linkTo(build) });
    const long = credentialOf({
      by: root,
      about: agent,
      types: ['SoftwareBillCredential'],
      links: linkTo(middle),
    });
    expect((await judged([long, middle, build], policy)).trusted).toBe(true);
    const short = policyOf({
      roots,
      rules: [{ ...rule, chain: { ...rule.chain, depthMax: 1 } }],
      facts: { required: false },
    });
    expect((await judged([long, middle, build], short)).trusted).toBe(false);
  });
});

describe('facts', () => {
  it('are needed unless the policy says otherwise, and must be the agent’s', async () => {
    const policy = policyOf({});
    expect((await judge(policy, agent.agentId, null, [], world)).rules[0]).toMatchObject({
      rule: 'facts',
      passed: false,
    });
    expect((await judge(policy, agent.agentId, await factsOf(agent), [], world)).trusted).toBe(true);
    expect((await judge(policy, agent.agentId, await factsOf(other), [], world)).rules[0]!.found).toContain(
      'another agent',
    );
  });

  it('that the agent signed may not be enough', async () => {
    const policy = policyOf({ roots, facts: { selfSigned: false } });
    expect((await judge(policy, agent.agentId, await factsOf(agent), [], world)).rules[0]!.satisfy).toContain(
      'signed by a root',
    );
  });

  it('carry credentials with their hash; one whose hash does not fit is not there', async () => {
    const audit = credentialOf({ by: root, about: agent });
    const policy = policyOf({ roots, rules: [{ id: 'audit', credential: 'SecurityAuditCredential' }] });
    const reference = { digestMultibase: digestMultibaseOf(digestOf(audit)), credential: audit };
    const facts = await factsOf(agent, { certification: { level: 'audited', credential: reference } });
    expect((await judge(policy, agent.agentId, facts, [], world)).trusted).toBe(true);
    const wrong = { ...reference, digestMultibase: digestMultibaseOf('00'.repeat(32)) };
    const swapped = await factsOf(agent, { credentials: [wrong] });
    expect((await judge(policy, agent.agentId, swapped, [], world)).credentials).toEqual([]);
  });
});

describe('reputation', () => {
  const policy = policyOf({
    facts: { required: false },
    reputation: { atLeast: 0.5, whenUnknown: 'refuse' },
  });
  const by = (reputation: ReputationProvider) =>
    judge(policy, agent.agentId, null, [], { ...world, reputation });

  it('is asked for anew in each session, and once in it', async () => {
    let score = 0.9;
    let asked = 0;
    const scoreOf = (): number => {
      asked++;
      return score;
    };
    const provider = { source: 'ours', scoreOf };
    expect(await by(provider)).toMatchObject({ trusted: true, reputation: { score: 0.9, source: 'ours' } });
    score = 0.1;
    const later = await by(provider);
    expect(later).toMatchObject({
      trusted: false,
      rules: [{ found: '0.1 by ours, 0.5 is needed', satisfy: 'a score of at least 0.5 by ours' }],
    });
    expect(asked).toBe(2);
  });

  it('that is unknown, or no number from 0 to 1, raises nobody', async () => {
    for (const score of [null, Number.NaN, 7, -1])
      expect((await by({ source: 'ours', scoreOf: async () => score })).trusted).toBe(false);
    expect((await judged([], policy)).rules[0]!.found).toBe('no source of reputation is given');
    const lenient = policyOf({
      facts: { required: false },
      reputation: { atLeast: 0.5, whenUnknown: 'accept' },
    });
    expect((await judged([], lenient)).trusted).toBe(true);
  });

  it('comes from a file of scores', () => {
    const provider = reputationOfText(JSON.stringify({ [didOf(agent)]: 0.7 }), 'scores.json');
    expect([provider.scoreOf(agent.agentId), provider.scoreOf(other.agentId)]).toEqual([0.7, null]);
    for (const text of ['[]', '{', '{"a": 2}', '{"a": "1"}'])
      expect(() => reputationOfText(text, 'scores.json')).toThrow(throwing('bad-policy'));
  });
});
