/** The policy file of a zone: what it may say, and that everything else is a typed error that names the place. */
import { describe, expect, it } from 'vitest';
import { readZones } from '../../src/trust/zone-folder.ts';
import { parseZonePolicy, readZonePolicy } from '../../src/trust/zone-policy.ts';
import { throwing } from './scene.ts';

const key = 'did:key:z6MkpJySvETLnxhQG9DzEdmKJtysBDjuuTeDfUj1uNNCUqcj';
const agent = `did:nanda:${'a'.repeat(52)}`;
const full = {
  ...{ version: 1, zone: 'acme/production', presentedMax: 16 },
  roots: [{ issuer: key, name: 'Acme Audit', types: ['SecurityAuditCredential'] }, { issuer: agent }],
  rules: [
    {
      ...{
        id: 'two-audits',
        credential: 'SecurityAuditCredential',
        atLeast: 2,
        independent: true,
        status: true,
      },
      ...{
        claims: { result: 'pass', 'report.level': 2, open: true },
        maxAgeSeconds: 86_400,
        maxLifetimeSeconds: 300,
      },
      chain: { credential: 'BuildAttestationCredential', depthMax: 2 },
    },
  ],
  crossSigning: { depthMax: 2, types: ['SecurityAuditCredential'] },
  facts: { required: true, selfSigned: false, maxAgeSeconds: 3600 },
  reputation: { atLeast: 0.5, whenUnknown: 'refuse' },
};

describe('a zone policy', () => {
  it('may say all of this, or next to nothing', () => {
    expect(parseZonePolicy(JSON.stringify(full))).toEqual(full);
    expect(readZonePolicy({ version: 1, zone: 'a', roots: [], rules: [] })).toBeDefined();
  });

  const rule = full.rules[0]!;
  it.each<readonly [string, unknown, RegExp]>([
    ['no object', [], /not a JSON object/],
    ['another version', { ...full, version: 2 }, /\/version/],
    ['no zone', { ...full, zone: undefined }, /zone/],
    ['a member that nobody knows', { ...full, root: [] }, /has no member root/],
    ['a rule with a typing mistake', { ...full, rules: [{ ...rule, atleast: 1 }] }, /has no member atleast/],
    ['a root that is a web site', { ...full, roots: [{ issuer: 'did:web:acme.example' }] }, /did:nanda/],
    ['a root twice', { ...full, roots: [{ issuer: key }, { issuer: key }] }, /twice/],
    ['two rules of one name', { ...full, rules: [rule, rule] }, /two-audits/],
    ['a rule called facts', { ...full, rules: [{ ...rule, id: 'facts' }] }, /facts is taken/],
    ['a threshold of none', { ...full, rules: [{ ...rule, atLeast: 0 }] }, /atLeast/],
    ['a cross-signing without end', { ...full, crossSigning: { depthMax: 100 } }, /depthMax/],
    ['a reputation above 1', { ...full, reputation: { atLeast: 2, whenUnknown: 'refuse' } }, /atLeast/],
    ['nothing for who is unknown', { ...full, reputation: { atLeast: 0.5 } }, /whenUnknown/],
    ['claims that are objects', { ...full, rules: [{ ...rule, claims: { a: {} } }] }, /claims/],
    ['a key of a prototype', JSON.parse(`{"__proto__": {}, ${JSON.stringify(full).slice(1)}`), /__proto__/],
  ])('is refused with %s', (_what, value, why) => {
    const reading = (): unknown => readZonePolicy(JSON.parse(JSON.stringify(value)));
    expect(reading).toThrow(throwing('bad-policy'));
    expect(reading).toThrow(why);
  });

  it('is refused when it is no JSON, or larger than is read', () => {
    expect(() => parseZonePolicy('{')).toThrow(throwing('bad-policy'));
    expect(() => parseZonePolicy(`${JSON.stringify(full)}${' '.repeat(70_000)}`)).toThrow(/65536 bytes/);
  });

  it('of a folder are known by their zones; a bad file names itself', () => {
    const text = JSON.stringify(full);
    expect([...readZones([{ file: 'a.json', text }]).keys()]).toEqual(['acme/production']);
    expect(() =>
      readZones([
        { file: 'a.json', text },
        { file: 'b.json', text },
      ]),
    ).toThrow(/b\.json/);
    expect(() => readZones([{ file: 'c.json', text: '{}' }])).toThrow(/c\.json/);
  });
});
