/** `weft facts` against a real API over a node that answers from memory. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../src/api/server.ts';
import { openTokenFile, writeAddressFile } from '../../src/api/token-file.ts';
import { bytesToHex } from '../../src/core/bytes.ts';
import { formatAgentDid, formatAgentId } from '../../src/core/identity/agent-id.ts';
import { openOwnKeys } from '../../src/node/offline-keys.ts';
import { createRecordedNode, type RecordedNode } from '../api/recorded-node.ts';
import { sampleFacts, signedFacts } from '../facts/sample-facts.ts';
import { bornAgent, signingKeyOf, type TestAgent } from '../helpers/test-agent.ts';
import { type CommandResult, runCommand } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-cli-facts-'));
const now = Math.floor(Date.now() / 1000);
const file = (name: string): string => join(folder, name);
const node: RecordedNode = createRecordedNode();
const { agentId } = node.resolution;
const id = formatAgentId(agentId);
let hosted: TestAgent;
let api: ApiServer;

beforeAll(async () => {
  const tokenFile = file('api.token');
  const token = openTokenFile(tokenFile);
  const onDefect = (error: unknown): never => {
    throw error;
  };
  const options = { host: '127.0.0.1', port: 0, remote: false, connectionsMax: 10, token, onDefect };
  api = await startApi(node, { ...options, openReads: true });
  writeAddressFile(folder, { url: api.url, tokenFile, peer: node.peer, processId: process.pid });
  writeFileSync(file('config.json'), JSON.stringify({ keystore: { protection: 'none' } }));
  const { agentId: hostedId } = bornAgent('cli facts', now - 1000);
  hosted = bornAgent('cli facts', now - 1000, { primary: `${api.url}/facts/${formatAgentId(hostedId)}` });
  const own = node.resolution;
  node.resolve = async (wanted) =>
    bytesToHex(wanted) === bytesToHex(hostedId) ? { ...own, agentId: hostedId, state: hosted.state } : own;
});
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

const weft = (argv: readonly string[], stdin = ''): Promise<CommandResult> =>
  runCommand(['facts', ...argv, '--data', folder], stdin);
const least = [
  ...['--label', 'Translator', '--description', 'Translates', '--provider', 'Acme'],
  ...['--provider-url', 'https://acme.example', '--skill', 'translate/en-es=English to Spanish'],
];

describe('weft facts new', () => {
  it('takes it all from an agent card, of a file or of stdin', async () => {
    const card = {
      ...{
        name: 'Planner',
        description: 'Plans',
        version: '2.0.0',
        skills: [{ id: 'plan', name: 'P', tags: [] }],
      },
      supportedInterfaces: [
        { url: 'https://p.example/a2a', protocolBinding: 'GRPC', protocolVersion: '1.0' },
      ],
    };
    writeFileSync(file('card.json'), JSON.stringify(card));
    const fromFile = await weft(['new', id, '--from-card', file('card.json'), '--json']);
    expect(fromFile.json()).toMatchObject({
      ...{ id: formatAgentDid(agentId), label: 'Planner', version: '2.0.0', skills: [{ id: 'plan' }] },
      endpoints: { static: [{ url: 'https://p.example/a2a', protocol: 'GRPC' }] },
    });
    const fromStdin = await weft(['new', id, '--from-card', '-', '--json'], JSON.stringify(card));
    expect(fromStdin.stdout).toBe(fromFile.stdout);
    expect(await weft(['new', id, '--from-card', '-', '--json'], '{}')).toMatchObject({ code: 5 });
  });

  it('writes facts that fit, with what was said', async () => {
    const { code, json } = await weft([
      'new',
      id,
      ...least,
      '--endpoint',
      'https://acme.example/a2a',
      '--ttl',
      '10m',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      id: formatAgentDid(agentId),
      label: 'Translator',
      version: '1.0.0',
      ttl: 600,
      endpoints: { static: ['https://acme.example/a2a'] },
      skills: [{ id: 'translate/en-es', description: 'English to Spanish', inputModes: ['text'] }],
    });
  });

  it('says what is wrong, with 2 for the command line and 5 for the facts', async () => {
    expect(await weft(['new', id])).toMatchObject({ code: 2 });
    const wrong = await weft(['new', id, ...least, '--skill', 'nonsense']);
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toMatch(/--skill: "nonsense" is not id=description/);
    const unfit = await weft(['new', id, ...least, '--endpoint', 'ftp://acme.example', '--json']);
    expect(unfit.code).toBe(5);
    expect(unfit.json()).toMatchObject({
      error: { code: 'bad-facts', message: expect.stringMatching(/endpoints/) },
    });
  });
});

describe('weft facts sign, verify and publish', () => {
  it('go from facts to a credential that is served', async () => {
    expect((await weft(['new', id, ...least, '--out', file('facts.json')])).code).toBe(0);
    expect(
      (await weft(['sign', file('facts.json'), '--valid', '2h', '--out', file('facts.vc.json')])).code,
    ).toBe(0);
    const verified = await weft(['verify', file('facts.vc.json'), '--agent', id]);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toMatch(
      /^valid {2}Translator 1\.0\.0\n[\s\S]*the agent itself\n {2}ends {5}in 1 h/,
    );
    const published = await weft(['publish', file('facts.vc.json'), '--json']);
    expect(published.json()).toMatchObject({ agentId: id, isSignedHere: false, url: `/facts/${id}` });
    const served = await fetch(`${api.url}/facts/${id}`);
    expect(await served.json()).toEqual(JSON.parse(readFileSync(file('facts.vc.json'), 'utf8')));
    const own = await weft(['publish', '--json'], readFileSync(file('facts.json'), 'utf8'));
    expect(own.json()).toMatchObject({ isSignedHere: true });
    expect((await weft(['publish', file('facts.json')])).stdout).toMatch(
      /^served {2}\/facts\/nanda:[\s\S]*weft update/,
    );
    expect((await weft(['remove', id])).stdout).toBe('removed\n');
    expect((await weft(['remove', id])).stdout).toBe('there was nothing to remove\n');
  });

  it('sign with the keys of a file, and with no others', async () => {
    const keys = await openOwnKeys({ path: file('agent.keys'), passphrase: null });
    const seed = new Uint8Array(32).fill(1);
    await keys.add(agentId, { signing: seed });
    await weft(['new', id, ...least, '--out', file('facts.json')]);
    const signed = await weft(['sign', file('facts.json'), '--keys', file('agent.keys'), '--json']);
    expect(signed.code).toBe(0);
    expect((await weft(['verify', '-', '--json'], signed.stdout)).json()).toMatchObject({
      valid: true,
      issuerKind: 'self',
      agentId: id,
    });
    const other = sampleFacts(hosted.agentId);
    const refused = await weft(['sign', '--keys', file('agent.keys')], JSON.stringify(other));
    expect(refused).toMatchObject({ code: 5 });
    expect(refused.stderr).toMatch(/holds no signing key/);
  });

  it('refuse what does not hold with 5, what holds no more with 6', async () => {
    const signed = signedFacts({ agentId: hosted.agentId, signer: signingKeyOf(hosted), at: now });
    const cases: readonly (readonly [object | string, readonly string[], number, string])[] = [
      [{ ...signed, name: 'x' }, [], 5, 'bad-proof'],
      [signed, ['--agent', id], 5, 'wrong-subject'],
      [sampleFacts(hosted.agentId), [], 5, 'bad-credential'],
      ['{', [], 5, 'not-json'],
      [`"${'x'.repeat(70_000)}"`, [], 5, 'too-large'],
      [
        signedFacts({
          agentId: hosted.agentId,
          signer: signingKeyOf(hosted),
          at: now - 900,
          validitySeconds: 60,
        }),
        [],
        6,
        'expired',
      ],
    ];
    for (const [given, options, code, name] of cases) {
      const text = typeof given === 'string' ? given : JSON.stringify(given);
      const result = await weft(['verify', '-', ...options, '--json'], text);
      expect(result.code, name).toBe(code);
      expect(result.json()).toMatchObject({ error: { code: name, hint: expect.any(String) } });
    }
    expect(await weft(['verify', file('nothing.json')])).toMatchObject({ code: 5 });
  });
});

describe('weft facts fetch', () => {
  it('follows the record, verifies, and tells its steps', async () => {
    const signed = signedFacts({ agentId: hosted.agentId, signer: signingKeyOf(hosted), at: now });
    await node.facts.publish(hosted.agentId, signed);
    const hostedId = formatAgentId(hosted.agentId);
    const { code, stdout, stderr } = await weft(['fetch', hostedId, '--allow-private']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^valid {2}Acme Translator/);
    expect(stderr).toMatch(/^resolved .*\nfetched .*\nverified .*\n$/);
    const json = await weft(['fetch', hostedId, '--allow-private', '--json']);
    expect(json.json()).toMatchObject({ valid: true, servedFrom: `${api.url}/facts/${hostedId}` });
    const raw = await weft(['fetch', hostedId, '--allow-private', '--raw', '--json']);
    expect(raw.json()).toEqual(signed);
  });

  it('does not go into the own network unasked', async () => {
    const { code, json } = await weft(['fetch', formatAgentId(hosted.agentId), '--json']);
    expect(code).toBe(5);
    expect(json()).toMatchObject({
      error: { code: 'unsafe-address', hint: expect.stringMatching(/--allow-private/) },
    });
  });
});

it('weft facts schema prints a JSON Schema', async () => {
  const { code, json } = await weft(['schema', '--json']);
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    type: 'object',
    title: 'AgentFacts',
    required: expect.arrayContaining(['skills']),
  });
});
