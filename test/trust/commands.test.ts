/** `weft trust` and its routes, against a real API over a node that answers from memory. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { openTokenFile, writeAddressFile } from '../../src/api/token-file.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import type { JsonObject } from '../../src/facts/bounded-json.ts';
import { methodOfAgent } from '../../src/facts/issuer-keys.ts';
import { present } from '../../src/trust/views/presentation.ts';
import { createRecordedNode, type RecordedNode } from '../api/recorded-node.ts';
import { type CommandResult, runCommand } from '../cli/run-command.ts';
import { sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { bornAgent, signingKeyOf } from '../helpers/test-agent.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-cli-trust-'));
const file = (name: string): string => join(folder, name);
const now = Math.floor(Date.now() / 1000);
const node: RecordedNode = createRecordedNode();
const { agentId: issuer } = node.resolution;
const issuerText = formatAgentId(issuer);
const about = bornAgent('cli trust', now - 1000);
const aboutText = formatAgentId(about.agentId);
let api: ApiServer;
let token: string;

beforeAll(async () => {
  const tokenFile = file('api.token');
  token = openTokenFile(tokenFile);
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, connectionsMax: 20, token, onDefect };
  api = await startApi(node, { ...options, openReads: true });
  writeAddressFile(folder, { url: api.url, tokenFile, peer: node.peer, processId: process.pid });
  writeFileSync(file('config.json'), JSON.stringify({ keystore: { protection: 'none' } }));
  const own = node.resolution;
  node.resolve = async (wanted) =>
    bytesToHex(wanted) === bytesToHex(about.agentId)
      ? { ...own, agentId: about.agentId, state: about.state }
      : own;
});
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

const weft = (...args: readonly string[]): Promise<CommandResult> => runCommand([...args, '--data', folder]);
const issue = (...more: readonly string[]) =>
  weft(
    'trust',
    'issue',
    issuerText,
    '--about',
    aboutText,
    '--type',
    'SecurityAuditCredential',
    '--claim',
    'result=pass',
    'level=2',
    ...more,
  );

function writePolicy(changes: object = {}): string {
  const rules = [
    { id: 'audit', credential: 'SecurityAuditCredential', claims: { result: 'pass', level: 2 } },
  ];
  const policy = { version: 1, zone: 'acme', roots: [{ issuer: formatAgentDid(issuer) }], rules, ...changes };
  writeFileSync(file('zone.json'), JSON.stringify(policy));
  return file('zone.json');
}

describe('weft trust', { timeout: 30_000 }, () => {
  it('issues, verifies and lists a credential, suspends and resumes it, and revokes it for ever', async () => {
    const issued = await issue('--suspendable', '--valid', '1h', '--out', file('audit.json'));
    expect([issued.code, issued.stderr]).toEqual([0, expect.stringContaining('set api.publicUrl')]);
    const credential = JSON.parse(readFileSync(file('audit.json'), 'utf8')) as {
      credentialStatus: object[];
      id: string;
    };
    expect(credential.credentialStatus).toHaveLength(2);
    expect(credential).toMatchObject({
      credentialSubject: { id: formatAgentDid(about.agentId), result: 'pass', level: 2 },
    });
    expect(credential.id).toContain(api.url);
    const served = await fetch(credential.id);
    expect(await served.json()).toEqual(credential);
    const guarded = await weft('trust', 'verify', file('audit.json'), '--json');
    expect(guarded.json()).toMatchObject({ error: { code: 'status-unknown' } });
    const verified = await weft('trust', 'verify', file('audit.json'), '--allow-private');
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('SecurityAuditCredential')]);
    const { json } = await weft('trust', 'list', issuerText, '--json');
    const [{ serial }] = (json() as { credentials: { serial: string }[] }).credentials as [
      { serial: string },
    ];
    expect((await weft('trust', 'suspend', issuerText, serial)).stdout).toContain('suspended');
    expect(
      (await weft('trust', 'verify', file('audit.json'), '--allow-private', '--json')).json(),
    ).toMatchObject({ error: { code: 'suspended' } });
    expect((await weft('trust', 'resume', issuerText, serial)).stdout).toContain('stands');
    const revoked = await weft('trust', 'revoke', issuerText, serial, '--reason', 'keyCompromise');
    expect(revoked.stdout).toMatch(/revoked {2}1 credential\n.*each by name, at once; 5 peers hold it/);
    expect(node.calls.at(-1)![0]).toBe('revokeCredential');
    const after = await weft('trust', 'verify', file('audit.json'), '--allow-private', '--json');
    expect([after.code, after.json()]).toMatchObject([6, { error: { code: 'revoked' } }]);
    expect((await fetch(credential.id)).status).toBe(410);
    expect((await weft('trust', 'revoke', issuerText, 'ab'.repeat(16), '--json')).json()).toMatchObject({
      error: { code: 'not-issued' },
    });
  });

  it('says what a zone makes of an agent, and what would satisfy it', async () => {
    const signed = signedFacts(
      { agentId: about.agentId, signer: signingKeyOf(about), at: now - 10 },
      sampleFacts(about.agentId),
    );
    writeFileSync(file('facts.json'), JSON.stringify(signed));
    const policy = writePolicy();
    const without = await weft(
      'trust',
      'check',
      aboutText,
      '--policy',
      policy,
      '--facts',
      file('facts.json'),
    );
    expect(without.code).toBe(6);
    expect(without.stdout).toMatch(/not trusted/);
    expect(without.stdout).toMatch(/yes {2}facts: signed by the agent/);
    expect(without.stdout).toMatch(
      /no {3}audit: 0 of 1 SecurityAuditCredential\n +needs: show 1 more SecurityAuditCredential/,
    );
    expect((await issue('--no-status', '--out', file('plain.json'))).stderr).toBe('');
    const shown = ['--facts', file('facts.json'), '--credential', file('plain.json')];
    const with1 = await weft('trust', 'check', aboutText, '--policy', policy, ...shown);
    expect([with1.code, with1.stderr]).toEqual([0, '']);
    expect(with1.stdout).toMatch(/^trusted .*by the zone acme/);
    const strict = writePolicy({ reputation: { atLeast: 0.5, whenUnknown: 'refuse' } });
    writeFileSync(file('scores.json'), JSON.stringify({ [aboutText]: 0.2 }));
    const scored = await weft(
      'trust',
      'check',
      aboutText,
      '--policy',
      strict,
      ...shown,
      '--reputation',
      file('scores.json'),
      '--json',
    );
    expect(scored.json()).toMatchObject({
      trusted: false,
      reputation: { score: 0.2 },
      rules: [{}, { passed: true }, { rule: 'reputation', passed: false }],
    });
    const wrong = await weft('trust', 'check', aboutText, '--policy', file('facts.json'), '--json');
    expect(wrong.json()).toMatchObject({ error: { code: 'bad-policy', exitCode: 2 } });
    expect((await weft('trust', 'check', aboutText)).code).toBe(2);
    expect((await weft('trust', 'check', aboutText, '--zone', 'open')).stdout).toMatch(/^trusted/);
    expect((await weft('trust', 'check', aboutText, '--zone', 'nowhere', '--json')).json()).toMatchObject({
      error: { code: 'no-zone', exitCode: 4 },
    });
    expect((await weft('trust', 'schema', '--json')).json()).toMatchObject({ title: 'ZonePolicy' });
  });
});

describe('weft facts view', { timeout: 30_000 }, () => {
  let drawn = 0;
  /** What its holder shows to the agent. */
  function writeShown(credentials: readonly string[]): string {
    const signer = signingKeyOf(about);
    const shown = present({
      ...{ signer, challenge: `draw ${drawn++}`, nowSeconds: now },
      ...{ holder: formatAgentDid(about.agentId), domain: formatAgentDid(issuer) },
      credentials: credentials.map((one) => JSON.parse(readFileSync(file(one), 'utf8')) as JsonObject),
      verificationMethod: methodOfAgent(about.agentId, signer.publicKey),
    });
    writeFileSync(file('shown.json'), JSON.stringify(shown));
    return file('shown.json');
  }

  it('serves facts to who shows what the policy asks for, and to nobody else, until it is removed', async () => {
    const label = 'For partners';
    writeFileSync(file('partners.json'), JSON.stringify(sampleFacts(issuer, { label })));
    const set = ['facts', 'view', 'set', 'partners', file('partners.json'), '--policy', writePolicy()];
    const served = await weft(...set);
    const path = `/facts/${issuerText}/views/partners`;
    expect([served.code, served.stdout]).toEqual([
      0,
      expect.stringContaining(`${path} for whom the zone acme`),
    ]);
    const read = (url: string, ...credentials: readonly string[]) =>
      weft('facts', 'view', 'read', url, writeShown(credentials), '--json');
    await issue('--no-status', '--out', file('member.json'));
    expect((await read(`${api.url}${path}`)).json()).toMatchObject({ error: { code: 'bad-credential' } });
    expect((await read(`${api.url}${path}`, 'partners.json')).json()).toMatchObject({
      error: { code: 'not-admitted' },
    });
    expect((await read(`${api.url}${path}`, 'member.json')).json()).toMatchObject({
      valid: true,
      agentId: issuerText,
      facts: { label },
    });
    expect((await read(`${api.url}/v1/info`, 'member.json')).json()).toMatchObject({
      error: { code: 'usage' },
    });
    expect((await weft('facts', 'view', 'list', issuerText)).stdout).toMatch(/^partners {2}zone acme/);
    const remove = () => weft('facts', 'view', 'remove', issuerText, 'partners');
    expect([(await remove()).stdout, (await remove()).stdout]).toEqual([
      'removed\n',
      'there was nothing to remove\n',
    ]);
    expect((await weft('facts', 'view', 'list', issuerText)).stdout).toBe('none\n');
    expect((await read(`${api.url}${path}`, 'member.json')).json()).toMatchObject({
      error: { code: 'no-view' },
    });
  });
});

describe('the routes of trust', { timeout: 30_000 }, () => {
  const call = async (method: string, path: string, body?: object, authorization = `Bearer ${token}`) => {
    const answer = await fetch(api.url + path, {
      method,
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const wish = { types: ['NoteCredential'], subject: formatAgentDid(about.agentId), claims: { a: 1 } };

  it('need the token where they sign, judge or tell what was issued', async () => {
    const paths = [
      ['POST', `/v1/agents/${issuerText}/credentials`],
      ['GET', `/v1/agents/${issuerText}/credentials`],
      ['POST', '/v1/trust/verify'],
      ['POST', '/v1/trust/check'],
      ['GET', '/v1/trust/zones'],
      ['GET', `/v1/agents/${issuerText}/views`],
    ] as const;
    for (const [method, path] of paths)
      expect((await call(method, path, method === 'POST' ? {} : undefined, 'Bearer wrong')).status).toBe(401);
  });

  it('sign, find, verify and refuse', async () => {
    const made = await call('POST', `/v1/agents/${issuerText}/credentials`, wish);
    expect(made).toMatchObject({
      status: 201,
      body: { types: ['NoteCredential'], hasStatus: true, revoked: null },
    });
    const { digest, credential } = made.body;
    expect(await call('GET', `/v1/agents/${issuerText}/credentials/${digest}`)).toMatchObject({
      status: 200,
      body: { digest },
    });
    expect((await call('GET', `/v1/agents/${issuerText}/credentials/${'0'.repeat(64)}`)).status).toBe(404);
    expect(await call('POST', '/v1/trust/verify', { credential: credential as object })).toMatchObject({
      status: 200,
      body: { valid: true, digest },
    });
    const altered = { ...(credential as object), credentialSubject: { id: wish.subject, a: 2 } };
    expect(await call('POST', '/v1/trust/verify', { credential: altered })).toMatchObject({
      status: 422,
      body: { code: 'bad-proof' },
    });
    expect(
      await call('POST', `/v1/agents/${issuerText}/credentials`, { ...wish, types: ['no type'] }),
    ).toMatchObject({ status: 422, body: { code: 'bad-credential' } });
    expect(
      (await call('POST', `/v1/agents/${issuerText}/credentials`, { ...wish, subject: 'https://a.example' }))
        .status,
    ).toBe(400);
    expect(
      (await call('POST', `/v1/agents/${issuerText}/credentials`, { ...wish, validitySeconds: 1 })).status,
    ).toBe(400);
    expect(await call('GET', '/v1/trust/zones')).toMatchObject({
      status: 200,
      body: { zones: [{ zone: 'open' }] },
    });
    expect((await call('POST', '/v1/trust/check', { agent: aboutText })).status).toBe(400);
    const list = await fetch(`${api.url}/status/${issuerText}/0`);
    expect([list.status, list.headers.get('content-type')]).toEqual([200, 'application/vc+json']);
    expect(await list.json()).toMatchObject({
      type: ['VerifiableCredential', 'BitstringStatusListCredential'],
      id: `${api.url}/status/${issuerText}/0`,
    });
    expect((await fetch(`${api.url}/status/${issuerText}/99`)).status).toBe(404);
  });
});
